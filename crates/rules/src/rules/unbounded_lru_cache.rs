//! # LW202 unbounded-lru-cache
//!
//! ## What it does
//!
//! Finds caching decorators without a limit: `lru_cache(maxsize=None)`, `functools.cache` and their
//! asynchronous kin, on functions whose arguments do not come from a finite set.
//!
//! ## Why it leaks
//!
//! The cache keeps every result, and every argument, for as long as the function lives.
//!
//! ## Example
//!
//! ```python
//! from functools import lru_cache
//!
//!
//! @lru_cache(maxsize=None)  # error: [LW202]
//! def compute(x):
//!     return x * 2
//! ```
//!
//! ## Use instead
//!
//! ```python
//! from functools import lru_cache
//!
//!
//! @lru_cache(maxsize=1024)
//! def compute(x):
//!     return x * 2
//! ```
//!
//! ## Fix safety
//!
//! The fix writes `maxsize=…`, and turns `cache` into `lru_cache`. It is *unsafe*: results beyond the limit
//! are computed again, so that a function whose result is compared by identity may give another object.
//!
//! ## Known limits
//!
//! Functions without parameters, and those whose parameters are all annotated with booleans, enums,
//! literals or types, checked against a given set, or passed constants only, are silent. So are functions
//! defined inside another one, whose cache goes with the call; those that make a class; and those whose
//! cache the project clears.
//!
//! ## References
//!
//! - [`functools.lru_cache`](https://docs.python.org/3/library/functools.html#functools.lru_cache)

use super::cached_method;
use crate::cached::{self, CachedFunction};
use crate::caching;
use crate::context::Context;
use crate::finding::{Finding, LeakType, Severity};
use crate::fix::{Fix, Sources};
use crate::keys;
use crate::registry::docs;
use crate::rule::{Family, Metadata, Rule, RuleId};
use crate::subject::Subject;

pub(crate) struct UnboundedLruCache;

static METADATA: Metadata = Metadata {
    code: "LW202",
    name: "unbounded-lru-cache",
    summary: "a caching decorator without a limit keeps every result",
    family: Family::Cache,
    severity: Severity::Warning,
    leak_type: LeakType::Cache,
    is_default: true,
    docs: docs::LW202,
};

impl Rule for UnboundedLruCache {
    fn metadata(&self) -> &'static Metadata {
        &METADATA
    }

    fn check(&self, context: &Context<'_>, findings: &mut Vec<Finding>) {
        let Some(rule) = RuleId::from_code(METADATA.code) else { return };
        for cached in cached::cached_functions(context) {
            if cached.limit.is_some() || cached_method::applies(context, &cached) {
                continue;
            }
            // Each object has a cache of its own.
            if cached.cache.per_object && context.project.is_instance_method(cached.function) {
                continue;
            }
            if caching::is_short_lived(context, &cached)
                || caching::has_finite_arguments(context, &cached)
                || keys::makes_classes(context.project, cached.function)
                || keys::is_cleared(context, &cached)
            {
                continue;
            }
            findings.push(finding(context, rule, &cached));
        }
    }

    fn fixes(&self, finding: &Finding, context: &Context<'_>, sources: &dyn Sources) -> Vec<Fix> {
        let Subject::Decorator { function, place, source } = finding.subject else { return Vec::new() };
        let limit = context.settings.cache_maxsize;
        match caching::limit_fix(context, sources, (function, place, source), limit) {
            Some(fix) => vec![fix],
            None => vec![Fix::display("maxsize", format!("Limit the cache to {limit} results"))],
        }
    }
}

fn finding(context: &Context<'_>, rule: RuleId, cached: &CachedFunction<'_>) -> Finding {
    let name = cached.name(context);
    let written = cached.written(context);
    cached.finding(
        context,
        rule,
        format!("`{name}` remembers every result for ever: `{written}` has no limit"),
        format!("@{written}, nothing is ever evicted"),
        format!("use @lru_cache(maxsize={})", context.settings.cache_maxsize),
    )
}
