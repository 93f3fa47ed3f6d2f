//! Variables and the scopes they live in.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::{Name, ScopeId, Val};

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
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Var {
    /// Its name.
    pub name: Name,
    /// The scope it belongs to.
    pub scope: ScopeId,
    /// Where its value comes from.
    pub kind: VarKind,
    /// Whether it is a parameter.
    pub is_parameter: bool,
    /// The [`super::Op::Store`] instructions that bind it, copies left out.
    pub stores: SmallVec<[Val; 8]>,
    /// Whether `del` unbinds it somewhere.
    pub is_deleted: bool,
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
