//! Asking before a fix is applied.

use std::path::PathBuf;

use leakwright_rules::Fix;

use crate::check::{Checked, Judged};

/// A fix that may be applied.
pub struct Proposal<'c> {
    /// The check that the finding is from, of the files as they are fixed so far.
    pub checked: &'c Checked,
    /// The finding.
    pub judged: &'c Judged,
    /// The fix.
    pub fix: &'c Fix,
    /// What it would change.
    pub changes: Vec<Change>,
}

/// A file that a fix would change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The path, as it is shown.
    pub path: PathBuf,
    /// The text as it is.
    pub before: String,
    /// The text as it would be.
    pub after: String,
}

/// What is decided about a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is applied.
    Yes,
    /// It is not; another fix of the finding may be proposed.
    No,
    /// It is applied, and so are all that would follow.
    All,
    /// It is not applied, and nothing that would follow.
    Quit,
}

/// Decides which fixes are applied.
pub trait Consent: Send {
    /// Called once for each fix that may be applied.
    fn ask(&mut self, proposal: &Proposal<'_>) -> Answer;
}

/// How decisions are made in the rest of a run.
pub(super) enum Decider<'c> {
    /// Everything is applied.
    All,
    /// It is asked each time.
    Ask(&'c mut dyn Consent),
    /// Nothing is applied any more.
    Nothing,
}

impl Decider<'_> {
    pub(super) fn is_done(&self) -> bool {
        matches!(self, Self::Nothing)
    }

    /// Whether a fix is applied. The proposal is made only if somebody is asked; a fix of which none can be
    /// made is not applied.
    pub(super) fn agrees<'p>(&mut self, proposal: impl FnOnce() -> Option<Proposal<'p>>) -> bool {
        let answer = match self {
            Self::All => return true,
            Self::Nothing => return false,
            Self::Ask(consent) => match proposal() {
                Some(proposal) => consent.ask(&proposal),
                None => return false,
            },
        };
        match answer {
            Answer::All => *self = Self::All,
            Answer::Quit => *self = Self::Nothing,
            Answer::Yes | Answer::No => {}
        }
        matches!(answer, Answer::Yes | Answer::All)
    }
}
