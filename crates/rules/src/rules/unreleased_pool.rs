//! # LW305 unreleased-pool
//!
//! ## What it does
//!
//! Finds executors and pools of threads or processes that are never shut down.
//!
//! ## Why it leaks
//!
//! The threads or processes of a pool wait for work. A pool per call leaves its workers behind per
//! call: until it is collected for threads, for processes often longer.
//!
//! ## Example
//!
//! ```python
//! from concurrent.futures import ThreadPoolExecutor
//!
//!
//! def lengths(texts):
//!     pool = ThreadPoolExecutor(max_workers=8)  # error: [LW305]
//!     return list(pool.map(len, texts))
//! ```
//!
//! ## Use instead
//!
//! ```python
//! from concurrent.futures import ThreadPoolExecutor
//!
//!
//! def lengths(texts):
//!     with ThreadPoolExecutor(max_workers=8) as pool:
//!         return list(pool.map(len, texts))
//! ```
//!
//! ## Fix safety
//!
//! The `with` block of an executor waits for all work that was submitted, so the fix is *unsafe*. That
//! of `multiprocessing.Pool` terminates its workers: no fix is applied there.
//!
//! ## Known limits
//!
//! A resource that is returned, stored in an attribute or a container, captured by a function or given
//! to code that cannot be seen is somebody else's to release, and silent. In test code only what
//! outlives its last reference is reported.
//!
//! ## References
//!
//! - [Executor objects](https://docs.python.org/3/library/concurrent.futures.html#executor-objects)

use leakwright_catalogue::Family as Kind;

use crate::context::Context;
use crate::finding::{Finding, LeakType, Severity};
use crate::fix::{Fix, Sources};
use crate::registry::docs;
use crate::releasing;
use crate::rule::{Family, Metadata, Rule};

pub(crate) struct UnreleasedPool;

static METADATA: Metadata = Metadata {
    code: "LW305",
    name: "unreleased-pool",
    summary: "a pool of threads or processes is started and never shut down",
    family: Family::Resource,
    severity: Severity::Warning,
    leak_type: LeakType::Resource,
    is_default: true,
    docs: docs::LW305,
};

impl Rule for UnreleasedPool {
    fn metadata(&self) -> &'static Metadata {
        &METADATA
    }

    fn check(&self, context: &Context<'_>, findings: &mut Vec<Finding>) {
        let kinds = [Kind::Pool];
        releasing::forgotten(&METADATA, &kinds, context, findings);
    }

    fn fixes(&self, finding: &Finding, context: &Context<'_>, sources: &dyn Sources) -> Vec<Fix> {
        releasing::fixes(finding, context, sources)
    }
}
