//! Obligations: what was acquired and has to be released.
//!
//! For each call that hands out a resource, a forward analysis over the control-flow graph follows
//! the value through the variables that hold it until it is released, handed on, or dropped, on ways
//! that an exception leads to and on others. This is the scheme of the Checker Framework's Resource Leak
//! Checker (Kellogg, Shadab, Sridharan and Ernst, ESEC/FSE 2021) for one function at a time. What
//! functions do with their parameters, which functions hand out a resource of theirs (`factory`), and
//! which attributes own one (`owner`) is worked out over the whole project.

mod acquire;
mod class;
mod condition;
mod factory;
mod follow;
mod keeping;
mod openness;
mod owner;
mod parameter;
mod raising;
mod replaced;
mod step;
mod unfinished;

use leakwright_catalogue::{Family, OnDrop};

use crate::flow::Flow;
use crate::ir::{BlockId, ItemFacts, Name, Op, Terminator, Val, VarId};
use crate::project::{CodeId, Project};

pub use acquire::{Acquisition, Share};
pub(crate) use factory::Obligations;
pub use factory::Timing;
pub(crate) use owner::teardown;
pub use owner::{Owned, Ownership, SkippedBase, Teardown, owned, ownership, skipped_bases};
pub use parameter::{ReleasedParameter, released_parameters};
pub use replaced::{Replaced, replaced};
pub use unfinished::{Unfinished, unfinished};

/// What becomes of an acquired resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fate {
    /// Where it is released, on some way.
    pub released: Vec<Val>,
    /// Where it is handed on, on some way.
    pub escaped: Vec<Escape>,
    /// Where the function is left, or the last name of the resource goes, while it is open.
    pub dropped: Vec<Drop>,
    /// The variables that hold it at some time.
    pub variables: Vec<VarId>,
    /// Methods that are called on it.
    pub calls: Vec<Name>,
    /// Calls of a release that has to be awaited, and is not.
    pub unawaited: Vec<Val>,
    /// Whether some way that an exception leads to releases it or hands it on.
    pub handles_errors: bool,
    /// Whether it is what a module variable holds that functions use.
    pub is_process_wide: bool,
}

/// A place where a resource is handed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Escape {
    /// The instruction.
    pub at: Val,
    /// Whom to.
    pub to: Recipient,
}

/// Who gets a resource that is handed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// The caller.
    Caller,
    /// Another resource, which takes it over: `os.fdopen(fd)`, `context.wrap_socket(sock)`.
    Wrapper,
    /// Whoever iterates over the generator.
    Consumer,
    /// An attribute.
    Attribute,
    /// Code that is called with it.
    Callee,
    /// An object of the project that keeps it and never lets go of it.
    Forgetful,
    /// A container, a nested function, or another scope.
    Other,
}

/// A place where an open resource is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drop {
    /// At the end of the function or module, on a way that ends in this block.
    AtExit(BlockId),
    /// Its last name is bound to something else or deleted.
    Overwritten(Val),
    /// An exception that is raised here leads out of the function, or past the release.
    OnError(Val),
}

/// What is to be said of an acquisition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing: with the reason.
    Sound(Soundness),
    /// Nothing ever releases it.
    Forgotten,
    /// It is released on some ways and not on others.
    Conditional,
    /// Its last name is bound to something else while it is open.
    Overwritten,
    /// It is released, unless an exception comes between.
    OnError,
}

/// Why an acquisition is sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Soundness {
    /// Released on every way that is followed.
    Released,
    /// Returned to the caller.
    Returned,
    /// Handed to code that may release it.
    HandedOn,
    /// Stored in an attribute, which is judged by itself.
    Owned,
    /// Open as long as the process is meant to use it.
    ProcessWide,
    /// Never started, so there is nothing to release.
    NotStarted,
    /// No way leads out of the function.
    Endless,
}

impl Fate {
    /// Whether an instruction calls a method of the resource.
    fn is_own_call(&self, facts: &ItemFacts, at: Val) -> bool {
        let Op::Call { callee, .. } = facts.body.op(at) else { return false };
        let Op::Attr { base, .. } = facts.body.op(callee) else { return false };
        matches!(facts.body.op(base), Op::Load(var) if self.variables.contains(&var))
    }

    /// Whether the code that hands it on stands in a loop: that it may run no times at all is not thought
    /// of.
    fn is_handed_on_in_a_loop(&self, facts: &ItemFacts, acquisition: &Acquisition) -> bool {
        self.escaped.iter().any(|escape| {
            let block = facts.body.block_of(escape.at);
            block.is_none_or(|block| {
                block != acquisition.block && Flow::is_in_loop_without(&facts.body, block, acquisition.block)
            })
        })
    }

    /// The verdict on an acquisition.
    pub fn verdict(&self, project: &Project, code: CodeId, acquisition: &Acquisition) -> Verdict {
        let facts = project.facts(code);
        let resource = &acquisition.resource;
        if self.is_process_wide {
            return Verdict::Sound(Soundness::ProcessWide);
        }
        if let Some(after) = &resource.after
            && !self.calls.iter().any(|name| facts.str(*name) == after)
        {
            return Verdict::Sound(Soundness::NotStarted);
        }
        if acquisition.is_doubtful && self.released.is_empty() {
            return Verdict::Sound(Soundness::HandedOn);
        }
        if acquisition.is_conditional {
            return Verdict::Sound(Soundness::HandedOn);
        }
        let at_exit = self.dropped.iter().any(|dropped| matches!(dropped, Drop::AtExit(_)));
        let overwritten = self.dropped.iter().any(|dropped| matches!(dropped, Drop::Overwritten(_)));
        // A handler ends by dropping what it caught.
        if resource.caught {
            let is_lost = (at_exit || overwritten) && self.released.is_empty();
            return if is_lost { Verdict::Forgotten } else { Verdict::Sound(Soundness::Released) };
        }
        // What a function does last, as in `return wrap(resource)`, is as good as returning it.
        let is_last = |at: Val| {
            let block = facts.body.block_of(at);
            block.is_some_and(|block| matches!(facts.body.block(block).exit, Terminator::Return))
        };
        let only_returned = self.escaped.iter().all(|escape| match escape.to {
            Recipient::Caller | Recipient::Wrapper => true,
            Recipient::Callee | Recipient::Other => is_last(escape.at) && at_exit,
            Recipient::Attribute | Recipient::Consumer | Recipient::Forgetful => false,
        });
        let on_error = self.dropped.iter().any(|dropped| matches!(dropped, Drop::OnError(_)));
        let is_rebound = self.dropped.iter().any(|dropped| {
            matches!(dropped, Drop::Overwritten(at) if matches!(facts.body.op(*at), Op::Store { .. }))
        });
        if is_rebound && only_returned {
            return Verdict::Overwritten;
        }
        let is_forgotten = |escape: &Escape| escape.to == Recipient::Forgetful;
        if self.released.is_empty() && !self.escaped.is_empty() && self.escaped.iter().all(is_forgotten) {
            return Verdict::Forgotten;
        }
        if self.released.is_empty() && self.escaped.is_empty() {
            return if overwritten || at_exit {
                Verdict::Forgotten
            } else {
                Verdict::Sound(Soundness::Endless)
            };
        }
        if !only_returned && at_exit && !self.is_handed_on_in_a_loop(facts, acquisition) {
            return Verdict::Conditional;
        }
        if !only_returned {
            let kept = self.escaped.iter().any(|escape| escape.to == Recipient::Attribute);
            return Verdict::Sound(if kept { Soundness::Owned } else { Soundness::HandedOn });
        }
        if overwritten && !self.released.is_empty() {
            return Verdict::Overwritten;
        }
        if at_exit {
            return Verdict::Conditional;
        }
        // What comes of a process that runs on is its own affair.
        // What CPython closes is let go of by whatever comes between; only its own failing calls, such as
        // that of `connect`, are reason to think of it.
        let fails_itself = self.dropped.iter().any(|dropped| match dropped {
            Drop::OnError(at) => self.is_own_call(facts, *at),
            _ => false,
        });
        let is_wrapped = self.escaped.iter().any(|escape| escape.to == Recipient::Wrapper);
        let is_let_go = resource.on_drop == OnDrop::Closed && !fails_itself && !is_wrapped;
        let is_factory = self.released.is_empty() && (resource.family == Family::Process || is_let_go);
        if on_error && !self.handles_errors && !is_factory {
            return Verdict::OnError;
        }
        Verdict::Sound(if self.escaped.is_empty() { Soundness::Released } else { Soundness::Returned })
    }
}

/// What an item acquires, with what becomes of it, in the order of the source.
pub fn acquired(project: &Project, code: CodeId) -> &[(Acquisition, Fate)] {
    project.note_acquired(code);
    project.obligations().of(code)
}

/// How long it took to follow the resources of a project.
pub fn timing(project: &Project) -> Timing {
    project.obligations().timing()
}

/// Whether dropping the last reference is enough for CPython to release a resource.
pub fn is_closed_on_drop(on_drop: OnDrop) -> bool {
    on_drop == OnDrop::Closed
}
