//! # LW301 unclosed-file
//!
//! ## What it does
//!
//! Finds files, archives, temporary files and file descriptors that are opened and never closed: not
//! by `close()`, not by `with`, not by a function they are given to.
//!
//! ## Why it leaks
//!
//! CPython closes a file object when its last reference goes. Until then it stays open: as long as a
//! traceback, a cycle or a generator refers to it, and on other implementations until some later
//! collection. What was written may not have reached the disk. A raw descriptor is never closed by
//! itself.
//!
//! ## Example
//!
//! ```python
//! def read_file(path):
//!     f = open(path)  # error: [LW301]
//!     return f.read()
//! ```
//!
//! ## Use instead
//!
//! ```python
//! def read_file(path):
//!     with open(path) as f:
//!         return f.read()
//! ```
//!
//! ## Fix safety
//!
//! A file that is opened and used within one expression (`data = open(path).read()`) is information, and
//! the rewrite to `with` is *safe* there: it closes the file where it was dropped. A file bound to a name
//! is a warning; the `with` block reaches to the last use of the file and of whatever reads from it, and the
//! fix is *unsafe*, since the file is closed earlier than it was. No fix is offered where the extent
//! cannot be proven.
//!
//! ## Known limits
//!
//! A file that is returned, stored in an attribute or a container, captured by a function or given to
//! code that cannot be seen is somebody else's to close, and silent. So is one in a module variable that
//! functions use: it is meant to stay open. In test code only descriptors are reported.
//!
//! ## References
//!
//! - [Reading and writing files](https://docs.python.org/3/tutorial/inputoutput.html#reading-and-writing-files)

use leakwright_catalogue::Family as Kind;

use crate::context::Context;
use crate::finding::{Finding, LeakType, Severity};
use crate::fix::{Fix, Sources};
use crate::registry::docs;
use crate::releasing;
use crate::rule::{Family, Metadata, Rule};

pub(crate) struct UnclosedFile;

static METADATA: Metadata = Metadata {
    code: "LW301",
    name: "unclosed-file",
    summary: "a file, archive or descriptor is opened and never closed",
    family: Family::Resource,
    severity: Severity::Warning,
    leak_type: LeakType::Resource,
    is_default: true,
    docs: docs::LW301,
};

impl Rule for UnclosedFile {
    fn metadata(&self) -> &'static Metadata {
        &METADATA
    }

    fn check(&self, context: &Context<'_>, findings: &mut Vec<Finding>) {
        let kinds = [Kind::File, Kind::Archive, Kind::Temporary, Kind::Descriptor];
        releasing::forgotten(&METADATA, &kinds, context, findings);
    }

    fn fixes(&self, finding: &Finding, context: &Context<'_>, sources: &dyn Sources) -> Vec<Fix> {
        releasing::fixes(finding, context, sources)
    }
}
