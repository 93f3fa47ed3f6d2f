//! Variables and the scopes they live in.

use serde::{Deserialize, Serialize};

use super::{Name, ScopeId};

/// A scope within an item.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Scope {
    /// What makes it.
    pub kind: ScopeKind,
    /// The scope around it within the item.
    pub parent: Option<ScopeId>,
}

/// What makes a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScopeKind {
    /// The module.
    Module,
    /// A class body: nested functions do not see its names.
    Class,
    /// A function.
    Function,
    /// A lambda.
    Lambda,
    /// A comprehension.
    Comprehension,
    /// The scope around the item, for decorators, defaults, annotations and bases.
    Outer,
}

/// A variable: a name in a scope of the item, or one that the item uses and does not bind.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Var {
    /// Its name.
    pub name: Name,
    /// The scope it belongs to.
    pub scope: ScopeId,
    /// Where its value comes from.
    pub kind: VarKind,
    /// Whether it is a parameter.
    pub is_parameter: bool,
    /// Whether `del` unbinds it somewhere.
    pub is_deleted: bool,
    /// Where in the item's stores those lie that bind it.
    pub(crate) stores: Run,
}

/// A run of entries of a list.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) start: u16,
    pub(crate) length: u16,
}

/// Where the value of a variable comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VarKind {
    /// Bound in the scope.
    Bound,
    /// Declared `global`.
    Global,
    /// Not bound in the item, or declared `nonlocal`: the scopes around decide.
    Free,
}
