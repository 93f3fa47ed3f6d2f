//! # LW311 unreleased-attribute
//!
//! ## What it does
//!
//! Finds attributes that own a resource which no method of the class, of its bases or of other code of
//! the project releases: a class without any way to let go, or a `close()` that forgets one of several.
//!
//! ## Why it leaks
//!
//! Whoever uses the class calls its `close()` and believes that all is released. What was forgotten
//! stays open as long as the object, and often longer.
//!
//! ## Example
//!
//! ```python
//! import selectors
//! import socket
//!
//!
//! class Client:
//!     def __init__(self, host):
//!         self._selector = selectors.DefaultSelector()  # error: [LW311]
//!         self._socket = socket.create_connection((host, 80))
//!
//!     def close(self):
//!         self._socket.close()
//! ```
//!
//! ## Use instead
//!
//! ```python
//! import selectors
//! import socket
//!
//!
//! class Client:
//!     def __init__(self, host):
//!         self._selector = selectors.DefaultSelector()
//!         self._socket = socket.create_connection((host, 80))
//!
//!     def close(self):
//!         self._selector.close()
//!         self._socket.close()
//! ```
//!
//! ## Fix safety
//!
//! Where the class has a method that lets go, a call of the release is added at its end. It is
//! *unsafe*: code may use the object after that.
//!
//! ## Known limits
//!
//! Silent where the resource is handed to other code, where a base outside the project may release it,
//! and where attributes are reached by names made up at run time. A class that only owns what CPython
//! closes with the object, and has no method to let go, is information.
//!
//! ## References
//!
//! - [Context manager types](https://docs.python.org/3/library/stdtypes.html#context-manager-types)

use crate::context::Context;
use crate::finding::{Finding, LeakType, Severity};
use crate::fix::{Fix, Sources};
use crate::owning;
use crate::registry::docs;
use crate::rule::{Family, Metadata, Rule};

pub(crate) struct UnreleasedAttribute;

static METADATA: Metadata = Metadata {
    code: "LW311",
    name: "unreleased-attribute",
    summary: "a class keeps a resource that no method of it releases",
    family: Family::Resource,
    severity: Severity::Warning,
    leak_type: LeakType::Resource,
    is_default: true,
    docs: docs::LW311,
};

impl Rule for UnreleasedAttribute {
    fn metadata(&self) -> &'static Metadata {
        &METADATA
    }

    fn check(&self, context: &Context<'_>, findings: &mut Vec<Finding>) {
        owning::forgotten(&METADATA, context, findings);
        owning::skipped_bases(&METADATA, context, findings);
    }

    fn fixes(&self, finding: &Finding, context: &Context<'_>, sources: &dyn Sources) -> Vec<Fix> {
        owning::fixes(finding, context, sources)
    }
}
