//! Containers: what calls make them, and what bounds them.

use rustc_hash::FxHashMap;
use serde::Deserialize;

/// A call that makes a container.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Container {
    /// The call, by its import path.
    pub constructor: String,
    /// Other import paths of the same call.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// What it makes.
    pub kind: ContainerKind,
    /// Keyword that limits its size.
    #[serde(default)]
    pub bound: Option<String>,
    /// Position of that argument.
    #[serde(default)]
    pub bound_at: Option<usize>,
    /// Whether it has a limit of its own.
    #[serde(default)]
    pub always_bound: bool,
}

/// What a container is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ContainerKind {
    /// A list.
    List,
    /// A dict.
    Dict,
    /// A set.
    Set,
    /// A deque.
    Deque,
    /// A dict that reading a missing key adds to.
    DefaultDict,
    /// A dict of counts.
    Counter,
    /// A byte array.
    Bytes,
    /// A string or bytes, which is copied whole to be added to.
    Text,
    /// Holds its content weakly, or for a thread or context only.
    Weak,
}

impl ContainerKind {
    /// Whether it maps keys to values.
    pub const fn is_mapping(self) -> bool {
        matches!(self, Self::Dict | Self::DefaultDict | Self::Counter)
    }

    /// What Python calls it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Dict => "dict",
            Self::Set => "set",
            Self::Deque => "deque",
            Self::DefaultDict => "defaultdict",
            Self::Counter => "Counter",
            Self::Bytes => "bytearray",
            Self::Text => "str",
            Self::Weak => "weak container",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    container: Vec<Container>,
}

/// Containers by import path.
#[derive(Clone, Debug)]
pub struct Containers {
    entries: Vec<Container>,
    by_path: FxHashMap<String, usize>,
}

impl Containers {
    pub(crate) fn new(file: File) -> Self {
        let by_path = file
            .container
            .iter()
            .enumerate()
            .flat_map(|(index, entry)| {
                std::iter::once(&entry.constructor)
                    .chain(&entry.aliases)
                    .map(move |path| (path.clone(), index))
            })
            .collect();
        Self { entries: file.container, by_path }
    }

    /// The container that a call of an import path makes.
    pub fn get(&self, path: &str) -> Option<&Container> {
        self.by_path.get(path).map(|&index| &self.entries[index])
    }
}
