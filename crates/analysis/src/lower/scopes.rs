//! Names to variables, by Python's rules of binding.
//!
//! A name belongs to the scope that binds it anywhere, even further down. So while an item is being
//! lowered each scope has its own variable for each name used in it, and when all is seen the
//! variables that turned out not to be bound are replaced by those of the scopes around.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::ir::{
    BodyBuilder, ItemFacts, MAX_ENTRIES, Name, Op, Run, Scope, ScopeId, ScopeKind, Val, Var, VarId, VarKind,
};

#[derive(Default)]
pub(super) struct Scopes {
    pub(super) scopes: Vec<Scope>,
    pub(super) vars: Vec<Var>,
    /// The instructions that bind each variable.
    pub(super) stores: Vec<SmallVec<[Val; 8]>>,
    declared: FxHashMap<(ScopeId, Name), VarKind>,
    ids: FxHashMap<(ScopeId, Name), VarId>,
}

impl Scopes {
    pub(super) fn open(&mut self, kind: ScopeKind, parent: Option<ScopeId>) -> ScopeId {
        self.scopes.push(Scope { kind, parent });
        ScopeId::new(self.scopes.len() - 1)
    }

    /// The variable that a name means in a scope, for the time being.
    pub(super) fn var(&mut self, scope: ScopeId, name: Name) -> VarId {
        *self.ids.entry((scope, name)).or_insert_with(|| {
            let kind = VarKind::Free;
            let stores = Run::default();
            self.vars.push(Var { name, scope, kind, is_parameter: false, is_deleted: false, stores });
            self.stores.push(SmallVec::new());
            VarId::new(self.vars.len() - 1)
        })
    }

    /// The variable that binding a name in a scope binds.
    pub(super) fn bind(&mut self, scope: ScopeId, name: Name) -> VarId {
        let var = self.var(scope, name);
        self.vars[var.index()].kind = VarKind::Bound;
        var
    }

    /// `global name` or `nonlocal name`.
    pub(super) fn declare(&mut self, scope: ScopeId, name: Name, kind: VarKind) {
        self.var(scope, name);
        self.declared.insert((scope, name), kind);
    }

    /// The scope that an assignment expression binds in: not a comprehension's.
    pub(super) fn binding_scope(&self, mut scope: ScopeId) -> ScopeId {
        while let Scope { kind: ScopeKind::Comprehension, parent: Some(parent) } = self.scopes[scope.index()]
        {
            scope = parent;
        }
        scope
    }

    /// Whether there is more of something than can be counted.
    pub(super) fn is_overfull(&self) -> bool {
        self.scopes.len().max(self.vars.len()) >= MAX_ENTRIES
    }

    /// Settles where each variable comes from and rewrites the code to the variables that remain.
    pub(super) fn settle(mut self, body: &mut BodyBuilder) -> (Vec<Scope>, Vec<Var>, Box<[Val]>) {
        for var in &mut self.vars {
            if let Some(kind) = self.declared.get(&(var.scope, var.name)) {
                var.kind = *kind;
            }
        }
        let targets: Vec<VarId> = (0..self.vars.len()).map(|index| self.target(VarId::new(index))).collect();
        for inst in &mut body.insts {
            if let Op::Load(var) | Op::Store { var, .. } | Op::Delete(var) = &mut inst.op {
                *var = targets[var.index()];
            }
        }
        for (index, target) in targets.iter().enumerate() {
            if target.index() != index {
                let stores = std::mem::take(&mut self.stores[index]);
                self.stores[target.index()].extend(stores);
                let is_deleted = self.vars[index].is_deleted;
                self.vars[target.index()].is_deleted |= is_deleted;
            }
        }
        let stores = self.pool_stores();
        (self.scopes, self.vars, stores)
    }

    /// Puts the instructions that bind each variable one behind the other.
    fn pool_stores(&mut self) -> Box<[Val]> {
        let short = |length: usize| u16::try_from(length).unwrap_or(u16::MAX);
        let mut all = Vec::with_capacity(self.stores.iter().map(SmallVec::len).sum());
        for (var, stores) in self.vars.iter_mut().zip(&self.stores) {
            var.stores = Run { start: short(all.len()), length: short(stores.len()) };
            all.extend_from_slice(stores);
        }
        all.into()
    }

    /// The variable that stands for `var` in the end.
    fn target(&self, var: VarId) -> VarId {
        let Var { name, scope, kind, .. } = self.vars[var.index()];
        if scope.index() == ItemFacts::OUTER_SCOPE {
            // A decorator or default looks names up elsewhere than the body does.
            return var;
        }
        if kind != VarKind::Free || self.declared.contains_key(&(scope, name)) {
            return self.canonical(name, kind).filter(|_| kind != VarKind::Bound).unwrap_or(var);
        }
        let mut around = self.scopes[scope.index()].parent;
        while let Some(outer) = around {
            // Names of a class body are not seen from the scopes within it.
            let hidden = self.scopes[outer.index()].kind == ScopeKind::Class;
            if let Some(&found) = self.ids.get(&(outer, name)).filter(|_| !hidden) {
                match self.vars[found.index()].kind {
                    VarKind::Bound => return found,
                    other if self.declared.contains_key(&(outer, name)) => {
                        return self.canonical(name, other).unwrap_or(found);
                    }
                    _ => {}
                }
            }
            around = self.scopes[outer.index()].parent;
        }
        self.canonical(name, VarKind::Free).unwrap_or(var)
    }

    /// The first variable of a name and kind: unbound names of one spelling are one variable.
    fn canonical(&self, name: Name, kind: VarKind) -> Option<VarId> {
        let alike = |var: &VarId| {
            let var = &self.vars[var.index()];
            var.kind == kind && var.scope.index() != ItemFacts::OUTER_SCOPE
        };
        let own = self.ids.get(&(ScopeId::new(ItemFacts::OWN_SCOPE), name)).copied();
        own.filter(alike).or_else(|| {
            (0..self.vars.len()).map(VarId::new).find(|var| self.vars[var.index()].name == name && alike(var))
        })
    }
}
