//! # LW310 leak-on-error-path
//!
//! ## What it does
//!
//! Finds resources that are released, but not on every way: an exception, an early `return` or a
//! condition leads past the release. A constructor that opens something and then fails is one of them:
//! nobody gets the object, so nobody can close what it holds (information).
//!
//! ## Why it leaks
//!
//! The release stands where everything went well. When something between the acquisition and the
//! release raises, the resource stays open, and such code runs in bad times over and over.
//!
//! ## Example
//!
//! ```python
//! import os
//! import tempfile
//!
//!
//! def write_pid(path, pid):
//!     fd, name = tempfile.mkstemp()  # error: [LW310]
//!     os.write(fd, pid)
//!     os.rename(name, path)
//!     os.close(fd)
//! ```
//!
//! ## Use instead
//!
//! ```python
//! import os
//! import tempfile
//!
//!
//! def write_pid(path, pid):
//!     fd, name = tempfile.mkstemp()
//!     try:
//!         os.write(fd, pid)
//!         os.rename(name, path)
//!     finally:
//!         os.close(fd)
//! ```
//!
//! ## Fix safety
//!
//! Where the release stands on the same level as the acquisition, and nothing but an exception leads
//! out in between, a `with` block takes its place: it does the same, and releases after an exception
//! too. That is *safe*.
//!
//! ## Known limits
//!
//! Which calls may raise is judged by what fails in practice: calls, waiting and `raise`, not
//! arithmetic or lookups. A function that releases the resource in some handler has thought of
//! exceptions, and is silent. What CPython closes with the last reference is information if only an
//! exception leads past the release.
//!
//! ## References
//!
//! - [The `try` statement](https://docs.python.org/3/reference/compound_stmts.html#the-try-statement)

use leakwright_analysis::obligation::Verdict;
use leakwright_catalogue::Family as Kind;

use crate::context::Context;
use crate::finding::{Finding, LeakType, Severity, Tier};
use crate::fix::{Fix, Sources};
use crate::holding;
use crate::registry::docs;
use crate::releasing;
use crate::rule::{Family, Metadata, Rule};

pub(crate) struct LeakOnErrorPath;

static METADATA: Metadata = Metadata {
    code: "LW310",
    name: "leak-on-error-path",
    summary: "a resource is released, but not if something raises or returns in between",
    family: Family::Resource,
    severity: Severity::Warning,
    leak_type: LeakType::Resource,
    is_default: true,
    docs: docs::LW310,
};

impl Rule for LeakOnErrorPath {
    fn metadata(&self) -> &'static Metadata {
        &METADATA
    }

    fn check(&self, context: &Context<'_>, findings: &mut Vec<Finding>) {
        releasing::each(&METADATA, context, |found| {
            let thing = found.noun();
            let subject = found
                .name()
                .map_or_else(|| releasing::with_article(thing), |name| format!("the {thing} `{name}`"));
            let constructor = &found.acquisition.resource.constructor;
            let kind = found.acquisition.resource.family;
            match found.verdict {
                // Code that plots hardly ever fails in between, and shows under conditions.
                _ if kind == Kind::Figure => {}
                // A process that runs on mostly ends by itself.
                Verdict::OnError if found.is_test() || kind == Kind::Process => {}
                Verdict::OnError => {
                    let stays = found.tier == Tier::T1;
                    let severity = if stays { METADATA.severity } else { Severity::Information };
                    let message = format!("{subject} stays open if an exception comes before its release");
                    let pattern = format!("{constructor}(), released only where nothing raises");
                    findings.push(found.finding(severity, message, pattern));
                }
                Verdict::Conditional => {
                    let (done, pattern) = if found.fate.released.is_empty() {
                        ("handed on", format!("{constructor}(), handed on under a condition"))
                    } else {
                        ("released", format!("{constructor}(), released under a condition"))
                    };
                    let message = format!("{subject} is {done} only on some of the ways out of the function");
                    // Not to wait for a process is often meant.
                    let severity =
                        if kind == Kind::Process { Severity::Information } else { METADATA.severity };
                    findings.push(found.finding(severity, message, pattern));
                }
                _ => {}
            }
        });
        releasing::released_parameters(&METADATA, context, findings);
        holding::unfinished(&METADATA, context, findings);
    }

    fn fixes(&self, finding: &Finding, context: &Context<'_>, sources: &dyn Sources) -> Vec<Fix> {
        releasing::fixes(finding, context, sources)
    }
}
