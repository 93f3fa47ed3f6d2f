//! Fixing: rounds of checking and rewriting in memory, writing what came of it, and taking it back.

mod comments;
mod consent;
mod journal;
mod rounds;
mod undo;
mod write;

pub use comments::silence_all;
pub use consent::{Answer, Change, Consent, Proposal};
pub use journal::{FileRecord, FixRecord, Journal, JournalError, Run};
pub(crate) use rounds::conflicts;
pub use rounds::{Applied, FixOptions, Fixed, Outcome, fix, fix_with};
pub use undo::{Restoring, UndoError};
pub use write::{Written, write, write_unrecorded};
