//! The facts of one item.

use serde::{Deserialize, Serialize};

use super::{Args, Const};
use super::{Body, ItemRange, Name, Names, Op, Places, Scope, ScopeId, ScopeKind, Use, Val, Var, VarId};

/// What is known of a module's own code, a class or a function by looking at nothing else.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ItemFacts {
    /// What it is.
    pub kind: ItemKind,
    /// Its name; `None` for a module.
    pub name: Option<Name>,
    /// Where its name stands; where it begins, for a module.
    pub name_range: ItemRange,
    /// Its names and strings.
    pub names: Names,
    /// Its scopes: its own first, the one around it second.
    pub scopes: Box<[Scope]>,
    /// Its variables.
    pub vars: Box<[Var]>,
    /// The [`Op::Store`] instructions that bind each of them, one variable after the other.
    pub(crate) stores: Box<[Val]>,
    /// Its code.
    pub body: Body,
    /// Parameters, for a function.
    pub params: Box<[Param]>,
    /// Decorators, outermost first.
    pub decorators: Box<[Val]>,
    /// Base classes and keywords of a class.
    pub bases: Args,
    /// Return annotation.
    pub returns: Option<Val>,
    /// The places its code names.
    pub places: Places,
    /// What its code does with them.
    pub uses: Box<[Use]>,
    /// Whether part of it could not be parsed or lay too deep: it gets no findings.
    pub has_error: bool,
}

/// What an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ItemKind {
    /// A module's own code.
    Module,
    /// A class body.
    Class,
    /// A function.
    Function {
        /// `async def`
        is_async: bool,
        /// Has a `yield` of its own.
        is_generator: bool,
    },
}

/// A parameter.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Param {
    /// The variable that holds it.
    pub var: VarId,
    /// How it is passed.
    pub kind: ParamKind,
    /// Its annotation.
    pub annotation: Option<Val>,
    /// Its default.
    pub default: Option<Val>,
}

/// How a parameter is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParamKind {
    /// By position, and by name unless it stands before `/`.
    Positional,
    /// By name only.
    Keyword,
    /// `*args`
    Rest,
    /// `**kwargs`
    Keywords,
}

impl ItemFacts {
    /// The scope of the item's own code.
    pub const OWN_SCOPE: usize = 0;
    /// The scope around the item.
    pub const OUTER_SCOPE: usize = 1;

    /// A name or string.
    pub fn str(&self, name: Name) -> &str {
        self.names.get(name)
    }

    /// Whether another item can stand in the place of this one: of the same kind, under the same name.
    pub fn is_alike(&self, other: &Self) -> bool {
        (self.is_class(), self.is_function(), self.own_name())
            == (other.is_class(), other.is_function(), other.own_name())
    }

    /// The name of the item; empty for a module.
    pub fn own_name(&self) -> &str {
        self.name.map_or("", |name| self.names.get(name))
    }

    /// A variable.
    pub fn var(&self, var: VarId) -> &Var {
        &self.vars[var.index()]
    }

    /// The [`Op::Store`] instructions that bind a variable, copies left out.
    pub fn stores(&self, var: VarId) -> &[Val] {
        let run = self.var(var).stores;
        let start = usize::from(run.start);
        self.stores.get(start..start + usize::from(run.length)).unwrap_or_default()
    }

    /// The name of a variable.
    pub fn var_name(&self, var: VarId) -> &str {
        self.names.get(self.var(var).name)
    }

    /// The variable of the item's own scope with a name.
    pub fn own_var(&self, name: &str) -> Option<VarId> {
        let own = ScopeId::new(Self::OWN_SCOPE);
        (0..self.vars.len())
            .map(VarId::new)
            .find(|var| self.var(*var).scope == own && self.var_name(*var) == name)
    }

    /// Whether a variable lives in a function, lambda or comprehension of this item, so that nothing
    /// but the item and what is nested in it can name it.
    pub fn is_local(&self, var: VarId) -> bool {
        let var = self.var(var);
        var.kind == super::VarKind::Bound
            && matches!(
                self.scopes[var.scope.index()].kind,
                ScopeKind::Function | ScopeKind::Lambda | ScopeKind::Comprehension
            )
    }

    /// The value that a store instruction binds.
    pub fn stored(&self, store: Val) -> Option<Val> {
        match self.body.op(store) {
            Op::Store { value, .. } => Some(value),
            _ => None,
        }
    }

    /// The one value that a variable is ever bound to, if there is just one.
    pub fn only_value(&self, var: VarId) -> Option<Val> {
        match self.stores(var) {
            [store] if !self.var(var).is_parameter => self.stored(*store),
            _ => None,
        }
    }

    /// The object and attribute that a value was read from, if it was.
    pub fn attribute_of(&self, value: Val) -> Option<(Val, Name)> {
        match self.body.op(value) {
            Op::Attr { base, name } => Some((base, name)),
            _ => None,
        }
    }

    /// Finds places and uses, once the code is complete.
    pub(crate) fn find_uses(&mut self) {
        self.places = Places::find(self);
        self.has_error |= self.places.is_overfull();
        self.uses = super::uses::find(self).as_slice().into();
    }

    /// The modules, as written, from which it imports all names.
    pub fn stars(&self) -> impl Iterator<Item = &str> {
        self.body.insts.iter().filter_map(|inst| match inst.op {
            Op::ImportStar(from) => Some(self.str(from)),
            _ => None,
        })
    }

    /// The string a value is, if it is a string literal.
    pub fn string(&self, value: Val) -> Option<&str> {
        match self.body.op(value) {
            Op::Const(Const::Str(name)) => Some(self.str(name)),
            _ => None,
        }
    }

    /// Whether the item is a function.
    pub fn is_class(&self) -> bool {
        self.kind == ItemKind::Class
    }

    /// Whether it is a function.
    pub fn is_function(&self) -> bool {
        matches!(self.kind, ItemKind::Function { .. })
    }
}
