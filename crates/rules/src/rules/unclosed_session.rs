//! # LW304 unclosed-session
//!
//! ## What it does
//!
//! Finds HTTP sessions and clients that are never closed, responses that are still being streamed
//! (`stream=True`), and releases that have to be awaited and are not: `session.close()` of `aiohttp`
//! makes a coroutine that does nothing by itself.
//!
//! ## Why it leaks
//!
//! A session keeps its connections open for the next request. One session per call means one pool of
//! idle connections per call; a streamed response that is neither read to its end nor closed keeps its
//! connection for ever.
//!
//! ## Example
//!
//! ```python
//! import requests
//!
//!
//! def fetch(url):
//!     session = requests.Session()  # error: [LW304]
//!     return session.get(url).text
//! ```
//!
//! ## Use instead
//!
//! ```python
//! import requests
//!
//!
//! def fetch(url):
//!     with requests.Session() as session:
//!         return session.get(url).text
//! ```
//!
//! ## Fix safety
//!
//! Putting a session into `with` or `async with` closes its connections earlier, so it is *unsafe*.
//! `await` before a release that was never awaited is *safe*.
//!
//! ## Known limits
//!
//! A response that is not streamed has been read and owes nothing. A resource that is returned, stored
//! in an attribute or a container, captured by a function or given to code that cannot be seen is
//! somebody else's to release, and silent. In test code only what outlives its last reference is
//! reported.
//!
//! ## References
//!
//! - [Session objects](https://requests.readthedocs.io/en/latest/user/advanced/#session-objects)

use leakwright_catalogue::Family as Kind;

use crate::context::Context;
use crate::finding::{Finding, LeakType, Severity};
use crate::fix::{Fix, Sources};
use crate::registry::docs;
use crate::releasing;
use crate::rule::{Family, Metadata, Rule};

pub(crate) struct UnclosedSession;

static METADATA: Metadata = Metadata {
    code: "LW304",
    name: "unclosed-session",
    summary: "an HTTP session or a streamed response is opened and never closed",
    family: Family::Resource,
    severity: Severity::Warning,
    leak_type: LeakType::Resource,
    is_default: true,
    docs: docs::LW304,
};

impl Rule for UnclosedSession {
    fn metadata(&self) -> &'static Metadata {
        &METADATA
    }

    fn check(&self, context: &Context<'_>, findings: &mut Vec<Finding>) {
        let kinds = [Kind::Http];
        releasing::forgotten(&METADATA, &kinds, context, findings);
    }

    fn fixes(&self, finding: &Finding, context: &Context<'_>, sources: &dyn Sources) -> Vec<Fix> {
        releasing::fixes(finding, context, sources)
    }
}
