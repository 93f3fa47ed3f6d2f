//! Where the variables of a file's items come from, once all items are seen together.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::file::{Item, ItemId};
use crate::ir::{ItemFacts, ItemKind, ScopeId, ScopeKind, VarId, VarKind};

/// What a variable of an item stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GlobalId(pub u32);

/// A variable of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Global {
    /// Its name.
    pub name: String,
    /// The module's own variable, unless only `global` statements in functions bind it.
    pub var: Option<VarId>,
}

/// The variables of a file. Cloning costs little: versions of a file have in common what is the same.
#[derive(Clone, Debug, Default)]
pub struct Bindings {
    globals: Arc<Globals>,
    items: Vec<Arc<[Binding]>>,
}

/// The variables of a module.
#[derive(Debug, Default)]
struct Globals {
    all: Vec<Global>,
    by_name: FxHashMap<String, GlobalId>,
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

    /// Whether the module has the same variables.
    pub(crate) fn has_same_globals(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.globals, &other.globals) || self.globals.all == other.globals.all
    }

    /// Settles the variables of all items of a file.
    pub(crate) fn new(items: &[Item]) -> Self {
        let mut globals = Globals::default();
        for item in items {
            for (index, var) in item.facts.vars.iter().enumerate() {
                let module_own = item.parent.is_none() && var.kind == VarKind::Bound && is_own(var.scope);
                if module_own || var.kind == VarKind::Global {
                    let name = item.facts.names.get(var.name);
                    globals.add(name, module_own.then(|| VarId::new(index)));
                }
            }
        }
        let mut bindings = Self { globals: Arc::new(globals), items: Vec::with_capacity(items.len()) };
        let scopes: Vec<FxHashMap<&str, VarId>> = items.iter().map(|item| own_names(&item.facts)).collect();
        for (index, item) in items.iter().enumerate() {
            let id = ItemId(index as u32);
            let of = |index| bindings.settle(items, &scopes, id, VarId::new(index));
            let settled = (0..item.facts.vars.len()).map(of).collect();
            bindings.items.push(settled);
        }
        bindings
    }

    fn settle(
        &self,
        items: &[Item],
        scopes: &[FxHashMap<&str, VarId>],
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
                    if let Some(&found) = scopes[outer.0 as usize].get(name).filter(|_| !hidden) {
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
    fn add(&mut self, name: &str, var: Option<VarId>) {
        match self.by_name.get(name) {
            Some(id) => {
                let global = &mut self.all[id.0 as usize];
                global.var = global.var.or(var);
            }
            None => {
                self.by_name.insert(name.to_owned(), GlobalId(self.all.len() as u32));
                self.all.push(Global { name: name.to_owned(), var });
            }
        }
    }

    fn named(&self, name: &str) -> Option<GlobalId> {
        self.by_name.get(name).copied()
    }

    /// What a name stands for that is bound in no function or class around.
    fn binding(&self, name: &str) -> Binding {
        self.named(name).map_or(Binding::Builtin, Binding::Global)
    }
}

fn is_own(scope: ScopeId) -> bool {
    scope.index() == ItemFacts::OWN_SCOPE
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
