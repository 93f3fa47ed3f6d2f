//! Subscriptions: calls that hand a callback to something that keeps it, and what takes it back.

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;

/// A call that hands over a callback.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Subscription {
    /// The call: with a dot its import path, without one the name of a method.
    pub register: String,
    /// Other paths or names of the same.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// What takes the callback back, by path or name.
    #[serde(default)]
    pub undo: Vec<String>,
    /// How the callback is held.
    #[serde(default)]
    pub holds: Holds,
    /// Whether the first argument names an event.
    #[serde(default)]
    pub event_first: bool,
    /// Whether the first argument is what keeps the callback.
    #[serde(default)]
    pub target_first: bool,
    /// Whether the first argument is the object whose end the callback waits for.
    #[serde(default)]
    pub owner_first: bool,
    /// What the object is called whose method this is, by its last word; empty where that says nothing.
    #[serde(default)]
    pub receivers: Vec<String>,
    /// Whether the call hands out what takes the callback back.
    #[serde(default)]
    pub gives_undo: bool,
    /// Names of what tells which callbacks are there already: who asks registers once.
    #[serde(default)]
    pub asks: Vec<String>,
}

/// How a callback is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holds {
    /// It stays until it is taken back.
    #[default]
    Strong,
    /// It goes with what it belongs to.
    Weak,
    /// A bound method goes with its object; anything else stays.
    WeakMethods,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    registries: FxHashSet<String>,
    singletons: FxHashSet<String>,
    emitters: FxHashSet<String>,
    signals: FxHashSet<String>,
    setups: FxHashSet<String>,
    subscription: Vec<Subscription>,
}

/// Subscriptions by import path and by name of the method.
#[derive(Clone, Debug)]
pub struct Subscriptions {
    registries: FxHashSet<String>,
    singletons: FxHashSet<String>,
    emitters: FxHashSet<String>,
    signals: FxHashSet<String>,
    setups: FxHashSet<String>,
    entries: Vec<Subscription>,
    by_name: FxHashMap<String, usize>,
    owner_first: FxHashSet<String>,
}

impl Subscriptions {
    pub(crate) fn new(file: File) -> Self {
        let File { registries, singletons, emitters, signals, setups, subscription } = file;
        let mut subscriptions = Self {
            registries,
            singletons,
            emitters,
            signals,
            setups,
            entries: Vec::new(),
            by_name: FxHashMap::default(),
            owner_first: FxHashSet::default(),
        };
        subscriptions.extend(subscription);
        subscriptions
    }

    /// Adds subscriptions, which win over those of the same path or name.
    pub(crate) fn extend(&mut self, own: Vec<Subscription>) {
        for entry in own {
            let index = self.entries.len();
            for name in std::iter::once(&entry.register).chain(&entry.aliases) {
                self.by_name.insert(name.clone(), index);
                if entry.owner_first {
                    self.owner_first.insert(name.rsplit('.').next().unwrap_or(name).to_owned());
                }
            }
            self.entries.push(entry);
        }
    }

    /// The subscription that a function makes, by its import path.
    pub fn function(&self, path: &str) -> Option<&Subscription> {
        self.get(path).filter(|_| path.contains('.'))
    }

    /// The subscription that a method of a name makes.
    pub fn method(&self, name: &str) -> Option<&Subscription> {
        self.get(name).filter(|_| !name.contains('.'))
    }

    fn get(&self, name: &str) -> Option<&Subscription> {
        self.by_name.get(name).map(|&index| &self.entries[index])
    }

    /// Whether the first argument of a function may be the object whose end its callback waits for, by the last part of
    /// its import path.
    pub fn may_be_owner_first(&self, name: &str) -> bool {
        self.owner_first.contains(name)
    }

    /// Whether what a call of an import path gives lives as long as the process.
    pub fn is_registry(&self, path: &str) -> bool {
        self.registries.contains(path)
    }

    /// Whether a method of a name hands out the one object of its class.
    pub fn is_singleton(&self, name: &str) -> bool {
        self.singletons.contains(name)
    }

    /// Whether importing a module says that a file works with signals of Qt.
    pub fn has_signals(&self, module: &str) -> bool {
        self.signals.contains(module.split('.').next().unwrap_or(module))
    }

    /// Whether a host program calls a function of a name once, to set up what its module adds.
    pub fn is_setup(&self, name: &str) -> bool {
        self.setups.contains(name)
    }

    /// Whether something of a name tells others of events, by its last word.
    pub fn is_emitter(&self, name: &str) -> bool {
        crate::Words::last(&self.emitters, name)
    }
}
