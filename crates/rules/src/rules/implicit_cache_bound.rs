//! # LW204 implicit-cache-bound
//!
//! ## What it does
//!
//! Points out `@lru_cache` without an argument. It is bounded, at 128 results: not a leak, and off by
//! default. Select it where the limit should be a decision that readers can see.
//!
//! ## Why it leaks
//!
//! It does not. Readers often take a bare `@lru_cache` for an unbounded one, and others pick 128 by
//! accident where another limit was meant.
//!
//! ## Example
//!
//! ```python
//! from functools import lru_cache
//!
//!
//! @lru_cache  # error: [LW204]
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
//! @lru_cache(maxsize=128)
//! def compute(x):
//!     return x * 2
//! ```
//!
//! ## Fix safety
//!
//! *Safe*: the fix writes out the limit that holds already.
//!
//! ## Known limits
//!
//! Functions without parameters are silent: there is one result to remember.
//!
//! ## References
//!
//! - [`functools.lru_cache`](https://docs.python.org/3/library/functools.html#functools.lru_cache)

use crate::cached;
use crate::caching;
use crate::context::Context;
use crate::finding::{Finding, Growth, LeakType, RiskLevel, Severity};
use crate::fix::{Applicability, Fix, Sources};
use crate::registry::docs;
use crate::rule::{Family, Metadata, Rule, RuleId};
use crate::subject::Subject;

pub(crate) struct ImplicitCacheBound;

static METADATA: Metadata = Metadata {
    code: "LW204",
    name: "implicit-cache-bound",
    summary: "a caching decorator is bounded by a default that is not written out",
    family: Family::Cache,
    severity: Severity::Hint,
    leak_type: LeakType::Cache,
    is_default: false,
    docs: docs::LW204,
};

impl Rule for ImplicitCacheBound {
    fn metadata(&self) -> &'static Metadata {
        &METADATA
    }

    fn check(&self, context: &Context<'_>, findings: &mut Vec<Finding>) {
        let Some(rule) = RuleId::from_code(METADATA.code) else { return };
        for cached in cached::cached_functions(context) {
            let Some(limit) = cached.limit.filter(|_| !cached.is_explicit) else { continue };
            if context.project.facts(cached.function).params.is_empty() {
                continue;
            }
            let name = cached.name(context);
            let written = cached.written(context);
            let mut finding = cached.finding(
                context,
                rule,
                format!("`{written}` on `{name}` is bounded, at {limit} results"),
                format!("@{written} without maxsize"),
                format!("write out maxsize={limit}, or the limit that is meant"),
            );
            finding.growth = Growth::Constant;
            finding.risk.level = RiskLevel::Low;
            finding.risk.reason = format!("bounded at {limit}");
            finding.impact = format!("at most {limit} results");
            findings.push(finding);
        }
    }

    fn fixes(&self, finding: &Finding, context: &Context<'_>, sources: &dyn Sources) -> Vec<Fix> {
        let Subject::Decorator { function, place, source } = finding.subject else { return Vec::new() };
        let cached = cached::asked(context.project, function, place, source);
        let limit = cached.and_then(|cached| cached.limit);
        let parts = (function, place, source);
        let fix = limit.and_then(|limit| caching::limit_fix(context, sources, parts, limit));
        fix.map(|fix| Fix { applicability: Applicability::Safe, ..fix }).into_iter().collect()
    }
}
