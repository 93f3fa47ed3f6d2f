//! Obligations: what was acquired and has to be released.
//!
//! For each call that hands out a resource, a forward analysis over the control-flow graph follows
//! the value through the variables that hold it until it is released, leaves the function, or is
//! dropped. This is the scheme of the Checker Framework's Resource Leak Checker (Kellogg, Shadab,
//! Sridharan and Ernst, ESEC/FSE 2021) for one function at a time, with summaries for the functions of
//! the project that a resource is passed to.

mod acquire;
mod fate;
mod step;

use crate::ir::{BlockId, Val, VarId};
use crate::project::{CodeId, Project};

pub use acquire::{Acquisition, acquisitions};

/// What becomes of an acquired resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fate {
    /// Where it is released, on some way.
    pub released: Vec<Val>,
    /// Where it is handed on, on some way, to something that may release it.
    pub escaped: Vec<Val>,
    /// Where the function is left, or the last name of the resource goes, while it is open.
    pub dropped: Vec<Drop>,
    /// The variables that hold it at some time.
    pub variables: Vec<VarId>,
    /// Whether it is what a module variable holds that functions use.
    pub is_process_wide: bool,
}

/// A place where an open resource is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drop {
    /// At the end of the function or module, on a way that ends in this block.
    AtExit(BlockId),
    /// Its last name is bound to something else or deleted.
    Overwritten(Val),
}

impl Fate {
    /// Whether nothing in the function releases it or hands it on.
    pub fn is_forgotten(&self) -> bool {
        self.released.is_empty()
            && self.escaped.is_empty()
            && !self.is_process_wide
            && !self.dropped.is_empty()
    }
}

/// Follows a resource from where it is acquired.
pub fn fate(project: &Project, code: CodeId, acquisition: &Acquisition<'_>) -> Fate {
    fate::follow(project, code, acquisition)
}
