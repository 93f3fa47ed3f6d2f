//! # LW306 unreaped-process
//!
//! ## What it does
//!
//! Finds processes that are started and neither waited for, polled, killed nor communicated with.
//!
//! ## Why it leaks
//!
//! A process that has ended stays in the table of processes until its parent waits for it, and its
//! pipes stay open as long as its object is kept for that.
//!
//! ## Example
//!
//! ```python
//! import subprocess
//!
//!
//! def convert(path):
//!     process = subprocess.Popen(["convert", path])  # error: [LW306]
//!     print("started", process.pid)
//! ```
//!
//! ## Use instead
//!
//! ```python
//! import subprocess
//!
//!
//! def convert(path):
//!     process = subprocess.Popen(["convert", path])
//!     try:
//!         process.wait(timeout=60)
//!     except subprocess.TimeoutExpired:
//!         process.kill()
//!         process.wait()
//! ```
//!
//! ## Fix safety
//!
//! No fix is applied: whether and how long to wait is for you to say.
//!
//! ## Known limits
//!
//! A process that is started in one expression and never named is meant to be on its own, and silent, and
//! so is one that is started in a session of its own. A process that is returned, stored in an attribute
//! or a container, or given to code that cannot be seen is somebody else's to wait for. Test code is not
//! checked.
//!
//! ## References
//!
//! - [`subprocess.Popen`](https://docs.python.org/3/library/subprocess.html#popen-constructor)

use leakwright_catalogue::Family as Kind;

use crate::context::Context;
use crate::finding::{Finding, LeakType, Severity};
use crate::fix::{Fix, Sources};
use crate::registry::docs;
use crate::releasing;
use crate::rule::{Family, Metadata, Rule};

pub(crate) struct UnreapedProcess;

static METADATA: Metadata = Metadata {
    code: "LW306",
    name: "unreaped-process",
    summary: "a process is started and never waited for",
    family: Family::Resource,
    severity: Severity::Warning,
    leak_type: LeakType::Resource,
    is_default: true,
    docs: docs::LW306,
};

impl Rule for UnreapedProcess {
    fn metadata(&self) -> &'static Metadata {
        &METADATA
    }

    fn check(&self, context: &Context<'_>, findings: &mut Vec<Finding>) {
        let kinds = [Kind::Process];
        releasing::forgotten(&METADATA, &kinds, context, findings);
    }

    fn fixes(&self, finding: &Finding, context: &Context<'_>, sources: &dyn Sources) -> Vec<Fix> {
        releasing::fixes(finding, context, sources)
    }
}
