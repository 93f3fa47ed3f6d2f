//! # LW102 unbounded-collection-in-loop
//!
//! ## What it does
//!
//! Finds local and module variables that hold a container which only grows inside a loop that does
//! not end: `while True` with no way out, or a `for` over an endless iterator.
//!
//! ## Why it leaks
//!
//! The loop runs as long as the process, and so does the container. Each round adds to it, and no
//! round takes anything away.
//!
//! ## Example
//!
//! ```python
//! def get_data():
//!     return object()
//!
//!
//! results = []
//! while True:
//!     results.append(get_data())  # error: [LW102]
//! ```
//!
//! ## Use instead
//!
//! ```python
//! from collections import deque
//!
//!
//! def get_data():
//!     return object()
//!
//!
//! results = deque(maxlen=1000)
//! while True:
//!     results.append(get_data())
//! ```
//!
//! ## Fix safety
//!
//! As for LW101: both fixes drop old elements, so both are *unsafe*.
//!
//! ## Known limits
//!
//! A loop that `break` or `return` can leave counts as one that ends.
//!
//! ## References
//!
//! - [`collections.deque`](https://docs.python.org/3/library/collections.html#collections.deque)

use leakwright_analysis::growth::Growing;

use crate::bounding;
use crate::context::Context;
use crate::finding::{Finding, LeakType, Severity};
use crate::fix::{Fix, Sources};
use crate::growing::{Words, is_fed_by_endless_loop};
use crate::registry::docs;
use crate::rule::{Family, Metadata, Rule, RuleId};
use crate::subject::Subject;

pub(crate) struct UnboundedCollectionInLoop;

static METADATA: Metadata = Metadata {
    code: "LW102",
    name: "unbounded-collection-in-loop",
    summary: "a loop that does not end adds to a container and never removes from it",
    family: Family::Growth,
    severity: Severity::Warning,
    leak_type: LeakType::UnboundedCollection,
    is_default: true,
    docs: docs::LW102,
};

/// Whether a growing container is this rule's to report.
pub(super) fn applies(growing: &Growing) -> bool {
    is_fed_by_endless_loop(growing)
}

impl Rule for UnboundedCollectionInLoop {
    fn metadata(&self) -> &'static Metadata {
        &METADATA
    }

    fn check(&self, context: &Context<'_>, findings: &mut Vec<Finding>) {
        let Some(rule) = RuleId::from_code(METADATA.code) else { return };
        for growing in context.growing().iter().filter(|growing| applies(growing)) {
            let words = Words::new(context, growing);
            findings.push(words.finding(
                rule,
                format!("`{}` grows in a loop that does not end", words.symbol()),
                format!("{} in every round, nothing removes or bounds it", words.operation()),
                format!("use deque(maxlen={}), or remove what is done with", context.settings.deque_maxlen),
            ));
        }
    }

    fn fixes(&self, finding: &Finding, context: &Context<'_>, sources: &dyn Sources) -> Vec<Fix> {
        match &finding.subject {
            Subject::Growing(growing) => bounding::fixes(growing, context, sources),
            _ => Vec::new(),
        }
    }
}
