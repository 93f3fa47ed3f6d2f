//! # LW307 unreleased-handle
//!
//! ## What it does
//!
//! Finds figures, video captures, serial lines, memory maps, shared memory, browsers, event loops,
//! temporary directories, log handlers and other handles that are never released.
//!
//! ## Why it leaks
//!
//! What is behind such a handle is not memory of Python: a camera, a browser, a segment of shared
//! memory, a figure that `pyplot` keeps until it is told to close it. Dropping the last reference does
//! not always let go of it.
//!
//! ## Example
//!
//! ```python
//! import mmap
//!
//!
//! def first_line(file):
//!     mapped = mmap.mmap(file.fileno(), 0)  # error: [LW307]
//!     return mapped.readline()
//! ```
//!
//! ## Use instead
//!
//! ```python
//! import mmap
//!
//!
//! def first_line(file):
//!     with mmap.mmap(file.fileno(), 0) as mapped:
//!         return mapped.readline()
//! ```
//!
//! ## Fix safety
//!
//! A handle with a context manager is put into `with`, one with `close()` into `with closing(…)`; both
//! release it earlier than before, so the fix is *unsafe*.
//!
//! ## Known limits
//!
//! A figure at the top level of a script is not reported where it is shown. A resource that is
//! returned, stored in an attribute or a container, captured by a function or given to code that cannot
//! be seen is somebody else's to release, and silent. In test code only what outlives its last
//! reference is reported.
//!
//! ## References
//!
//! - [`matplotlib.pyplot.close`](https://matplotlib.org/stable/api/_as_gen/matplotlib.pyplot.close.html)

use leakwright_catalogue::Family as Kind;

use crate::context::Context;
use crate::finding::{Finding, LeakType, Severity};
use crate::fix::{Fix, Sources};
use crate::registry::docs;
use crate::releasing;
use crate::rule::{Family, Metadata, Rule};

pub(crate) struct UnreleasedHandle;

static METADATA: Metadata = Metadata {
    code: "LW307",
    name: "unreleased-handle",
    summary: "a figure, device, memory map or other handle is opened and never released",
    family: Family::Resource,
    severity: Severity::Warning,
    leak_type: LeakType::Resource,
    is_default: true,
    docs: docs::LW307,
};

impl Rule for UnreleasedHandle {
    fn metadata(&self) -> &'static Metadata {
        &METADATA
    }

    fn check(&self, context: &Context<'_>, findings: &mut Vec<Finding>) {
        let kinds = [
            Kind::Figure,
            Kind::Device,
            Kind::Memory,
            Kind::Browser,
            Kind::Loop,
            Kind::Directory,
            Kind::Handler,
            Kind::Handle,
        ];
        releasing::forgotten(&METADATA, &kinds, context, findings);
    }

    fn fixes(&self, finding: &Finding, context: &Context<'_>, sources: &dyn Sources) -> Vec<Fix> {
        releasing::fixes(finding, context, sources)
    }
}
