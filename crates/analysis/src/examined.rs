//! What analyses looked at, whatever came of it.

use crate::ir::Val;
use crate::project::CodeId;

/// A place that was looked at: it leaks, or there is a reason why it does not.
#[derive(Clone, Debug)]
pub struct Examined<Leak, Reason> {
    /// The item that it is in, or that it is.
    pub code: CodeId,
    /// Where in the item; nowhere if it is the item itself.
    pub at: Option<Val>,
    /// What came of it.
    pub verdict: Result<Leak, Reason>,
}

impl<Leak, Reason> Examined<Leak, Reason> {
    pub(crate) fn new(code: CodeId, at: Val, verdict: Result<Leak, Reason>) -> Self {
        Self { code, at: Some(at), verdict }
    }
}

/// What leaks among what was looked at.
pub(crate) fn leaks<Leak, Reason>(examined: Vec<Examined<Leak, Reason>>) -> Vec<Leak> {
    examined.into_iter().filter_map(|found| found.verdict.ok()).collect()
}
