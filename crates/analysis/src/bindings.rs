//! Where the variables of a file's items come from, once all items are seen together.

use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::file::{Item, ItemId};
use crate::ir::{ItemFacts, ItemKind, ScopeId, ScopeKind, Var, VarId, VarKind};

/// What a variable of an item stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Binding {
    /// A variable of a function: the item itself or one around it.
    Local(ItemId, VarId),
    /// A variable of a class body: a class attribute.
    Class(ItemId, VarId),
    /// A variable of the module.
    Global(GlobalId),
    /// Bound nowhere in the file: a builtin, or something a star import brings.
    Builtin,
}

/// A variable of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GlobalId(pub u32);

/// A variable of a module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Global {
    /// Its name.
    pub name: Box<str>,
    /// The module's own variable, unless only `global` statements in functions bind it.
    pub var: Option<VarId>,
}

/// The variables of a file. Cloning costs little: versions of a file have in common what is the same.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Bindings {
    globals: Arc<Globals>,
    items: Box<[Arc<[Binding]>]>,
}

/// The variables of a module.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Globals {
    all: Box<[Global]>,
    /// The modules, as written, from which it imports all names.
    stars: Box<[Box<str>]>,
    /// The same in the order of their names.
    by_name: Box<[GlobalId]>,
}

impl Bindings {
    /// What a variable of an item stands for.
    pub fn of(&self, item: ItemId, var: VarId) -> Binding {
        self.items[item.0 as usize][var.index()]
    }

    /// The variables of the module.
    pub fn globals(&self) -> impl Iterator<Item = (GlobalId, &Global)> {
        self.globals.all.iter().enumerate().map(|(index, global)| (GlobalId(index as u32), global))
    }

    /// A variable of the module.
    pub fn global(&self, id: GlobalId) -> &Global {
        &self.globals.all[id.0 as usize]
    }

    /// The variable of the module with a name.
    pub fn global_named(&self, name: &str) -> Option<GlobalId> {
        self.globals.named(name)
    }

    /// Whether the variables of an item stand for the same as in other bindings.
    pub(crate) fn is_same_for(&self, other: &Self, item: ItemId) -> bool {
        let [own, others] = [self, other].map(|bindings| &bindings.items[item.0 as usize]);
        Arc::ptr_eq(own, others) || own == others
    }

    /// The modules, as written, from which the module imports all names.
    pub(crate) fn stars(&self) -> impl Iterator<Item = &str> {
        self.globals.stars.iter().map(|from| &**from)
    }

    /// Whether the module has the same variables.
    pub(crate) fn has_same_globals(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.globals, &other.globals)
            || (&self.globals.all, &self.globals.stars) == (&other.globals.all, &other.globals.stars)
    }

    /// Whether the module has the same names, under the same numbers.
    pub(crate) fn has_same_names(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.globals, &other.globals)
            || self.globals.stars == other.globals.stars
                && self.globals.all.len() == other.globals.all.len()
                && self.globals.all.iter().zip(&other.globals.all).all(|(a, b)| a.name == b.name)
    }

    /// Settles the variables of all items of a file.
    pub(crate) fn new(items: &[Item]) -> Self {
        let mut bindings = Self { globals: Arc::new(Globals::of(items)), items: Box::default() };
        let scopes: Vec<FxHashMap<&str, VarId>> = items.iter().map(|item| own_names(&item.facts)).collect();
        let named = |outer: ItemId, name: &str| scopes[outer.0 as usize].get(name).copied();
        let settled = (0..items.len()).map(|index| bindings.settle_item(items, ItemId(index as u32), &named));
        bindings.items = settled.collect();
        bindings
    }

    /// The variables after some items, and those nested in them, have got other facts.
    pub(crate) fn updated(&self, items: &[Item], ids: Range<usize>, before: &[Item]) -> Self {
        let declares = |item: &Item| item.facts.vars.iter().any(|var| var.kind == VarKind::Global);
        let touches_globals = |index: usize| declares(&items[index]) || declares(&before[index]);
        if ids.contains(&0) || ids.clone().any(touches_globals) {
            return Self::new(items);
        }
        let mut bindings = self.clone();
        // Names of the module are looked up where nothing else is left.
        let named = |outer: ItemId, name: &str| {
            if outer == ItemId::MODULE { None } else { own_name(&items[outer.0 as usize].facts, name) }
        };
        for index in ids {
            bindings.items[index] = self.settle_item(items, ItemId(index as u32), &named);
        }
        bindings
    }

    fn settle_item(
        &self,
        items: &[Item],
        id: ItemId,
        named: &dyn Fn(ItemId, &str) -> Option<VarId>,
    ) -> Arc<[Binding]> {
        let count = items[id.0 as usize].facts.vars.len();
        (0..count).map(|index| self.settle(items, named, id, VarId::new(index))).collect()
    }

    fn settle(
        &self,
        items: &[Item],
        named: &dyn Fn(ItemId, &str) -> Option<VarId>,
        id: ItemId,
        var_id: VarId,
    ) -> Binding {
        let item = &items[id.0 as usize];
        let var = item.facts.var(var_id);
        let name = item.facts.str(var.name);
        match var.kind {
            VarKind::Bound if !is_own(var.scope) => Binding::Local(id, var_id),
            VarKind::Bound => self.bound(item, id, var_id, name),
            VarKind::Global => self.globals.binding(name),
            VarKind::Free => {
                // Decorators, defaults and bases are evaluated in the scope around, be it a class.
                let mut class_is_visible = item.facts.scopes[var.scope.index()].kind == ScopeKind::Outer;
                let mut around = item.parent;
                while let Some(outer) = around {
                    let entry = &items[outer.0 as usize];
                    let hidden = entry.facts.kind == ItemKind::Class && !class_is_visible;
                    if let Some(found) = (!hidden).then(|| named(outer, name)).flatten() {
                        return match entry.facts.var(found).kind {
                            VarKind::Global => self.globals.binding(name),
                            _ => self.bound(entry, outer, found, name),
                        };
                    }
                    class_is_visible = false;
                    around = entry.parent;
                }
                self.globals.binding(name)
            }
        }
    }

    fn bound(&self, item: &Item, id: ItemId, var: VarId, name: &str) -> Binding {
        match item.facts.kind {
            ItemKind::Module => self.globals.binding(name),
            ItemKind::Class => Binding::Class(id, var),
            ItemKind::Function { .. } => Binding::Local(id, var),
        }
    }
}

impl Globals {
    /// In the order in which they first occur.
    fn of(items: &[Item]) -> Self {
        let mut all: Vec<Global> = Vec::new();
        let mut known: FxHashMap<&str, usize> = FxHashMap::default();
        for item in items {
            for (index, var) in item.facts.vars.iter().enumerate() {
                let module_own = item.parent.is_none() && var.kind == VarKind::Bound && is_own(var.scope);
                if !module_own && var.kind != VarKind::Global {
                    continue;
                }
                let name = item.facts.names.get(var.name);
                let at = *known.entry(name).or_insert_with(|| {
                    all.push(Global { name: name.into(), var: None });
                    all.len() - 1
                });
                all[at].var = all[at].var.or(module_own.then(|| VarId::new(index)));
            }
        }
        let mut by_name: Box<[GlobalId]> = (0..all.len() as u32).map(GlobalId).collect();
        by_name.sort_unstable_by_key(|id| &*all[id.0 as usize].name);
        let module = items.first().into_iter();
        let stars = module.flat_map(|module| module.facts.stars()).map(Box::from).collect();
        Self { all: all.into(), stars, by_name }
    }

    fn named(&self, name: &str) -> Option<GlobalId> {
        let found = self.by_name.binary_search_by_key(&name, |id| &*self.all[id.0 as usize].name);
        found.ok().map(|at| self.by_name[at])
    }

    /// What a name stands for that is bound in no function or class around.
    fn binding(&self, name: &str) -> Binding {
        self.named(name).map_or(Binding::Builtin, Binding::Global)
    }
}

fn is_own(scope: ScopeId) -> bool {
    scope.index() == ItemFacts::OWN_SCOPE
}

/// The variable of the item's own scope that [`own_names`] has under a name.
fn own_name(facts: &ItemFacts, name: &str) -> Option<VarId> {
    let is_it = |var: &Var| is_own(var.scope) && var.kind != VarKind::Free && facts.str(var.name) == name;
    facts.vars.iter().rposition(is_it).map(VarId::new)
}

/// Names that the item's own scope binds or declares `global`.
fn own_names(facts: &ItemFacts) -> FxHashMap<&str, VarId> {
    facts
        .vars
        .iter()
        .enumerate()
        .filter(|(_, var)| is_own(var.scope) && var.kind != VarKind::Free)
        .map(|(index, var)| (facts.str(var.name), VarId::new(index)))
        .collect()
}
