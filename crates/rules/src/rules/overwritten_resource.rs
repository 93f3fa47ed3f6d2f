//! # LW312 overwritten-resource
//!
//! ## What it does
//!
//! Finds resources whose last name is bound to something else while they are open, though the code
//! releases what the name holds at the end; and attributes that a method binds to a new resource without
//! having released the one before.
//!
//! ## Why it leaks
//!
//! The release at the end reaches the last resource only. The ones before it stay open: one per round
//! of the loop.
//!
//! ## Example
//!
//! ```python
//! def last_line(paths):
//!     line = None
//!     for path in paths:
//!         f = open(path)  # error: [LW312]
//!         line = f.readline()
//!     f.close()
//!     return line
//! ```
//!
//! ## Use instead
//!
//! ```python
//! def last_line(paths):
//!     line = None
//!     for path in paths:
//!         with open(path) as f:
//!             line = f.readline()
//!     return line
//! ```
//!
//! ## Fix safety
//!
//! No fix is applied: where the release belongs is for you to say.
//!
//! ## Known limits
//!
//! An attribute counts as open where the constructor opens it, or where the method is named for doing
//! something again (`reconnect`). What CPython closes with its last reference is not looked for in
//! attributes.
//!
//! ## References
//!
//! - [Reading and writing files](https://docs.python.org/3/tutorial/inputoutput.html#reading-and-writing-files)

use leakwright_analysis::obligation::Verdict;
use leakwright_catalogue::Family as Kind;

use crate::context::Context;
use crate::finding::{Finding, LeakType, Severity};
use crate::fix::{Fix, Sources};
use crate::holding;
use crate::registry::docs;
use crate::releasing;
use crate::rule::{Family, Metadata, Rule};

pub(crate) struct OverwrittenResource;

static METADATA: Metadata = Metadata {
    code: "LW312",
    name: "overwritten-resource",
    summary: "the last name of an open resource is bound to something else",
    family: Family::Resource,
    severity: Severity::Warning,
    leak_type: LeakType::Resource,
    is_default: true,
    docs: docs::LW312,
};

impl Rule for OverwrittenResource {
    fn metadata(&self) -> &'static Metadata {
        &METADATA
    }

    fn check(&self, context: &Context<'_>, findings: &mut Vec<Finding>) {
        releasing::each(&METADATA, context, |found| {
            let is_figure = found.acquisition.resource.family == Kind::Figure;
            if found.verdict != Verdict::Overwritten || is_figure {
                return;
            }
            let thing = found.noun();
            let name = found.name().unwrap_or_default();
            let message = format!("the {thing} `{name}` is open when its name is bound to another");
            let pattern = format!(
                "{}() again under the same name, released once",
                found.acquisition.resource.constructor
            );
            findings.push(found.finding(METADATA.severity, message, pattern));
        });
        holding::replaced(&METADATA, context, findings);
    }

    fn fixes(&self, finding: &Finding, context: &Context<'_>, sources: &dyn Sources) -> Vec<Fix> {
        releasing::fixes(finding, context, sources)
    }
}
