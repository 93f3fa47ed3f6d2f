//! # LW201 unbounded-cache
//!
//! ## What it does
//!
//! Finds dicts that a function uses to remember its results (look the key up, compute what is
//! missing, store it, return it) and that have no limit: nothing is evicted, nothing expires, and the
//! keys do not come from a finite set.
//!
//! ## Why it leaks
//!
//! Every key that was ever asked for stays, with its result, for as long as the dict lives. For keys
//! from outside, such as ids, addresses or text, that is as many as there are requests.
//!
//! ## Example
//!
//! ```python
//! def expensive_operation(key):
//!     return key * 2
//!
//!
//! cache = {}
//!
//!
//! def get_data(key):
//!     if key not in cache:
//!         cache[key] = expensive_operation(key)  # error: [LW201]
//!     return cache[key]
//! ```
//!
//! ## Use instead
//!
//! ```python
//! from functools import lru_cache
//!
//!
//! def expensive_operation(key):
//!     return key * 2
//!
//!
//! @lru_cache(maxsize=1024)
//! def get_data(key):
//!     return expensive_operation(key)
//! ```
//!
//! ## Fix safety
//!
//! The fix takes the dict away and puts `@lru_cache(maxsize=…)` on the function. It is offered only for a
//! plain function (no `async def`, generator or method) whose key is all its parameters, where the dict is
//! used nowhere else, tests included, all results are kept, and a call does nothing besides. It is *unsafe*: results may be computed again after they were evicted, and keys
//! such as `1` and `1.0` are told apart no better than the dict did.
//!
//! ## Known limits
//!
//! Keys that are names, types, codes or settings are taken to be finite, by what they are called and
//! how they are annotated.
//!
//! ## References
//!
//! - [`functools.lru_cache`](https://docs.python.org/3/library/functools.html#functools.lru_cache)

use leakwright_analysis::growth::{Growing, Repeats};

use crate::context::Context;
use crate::finding::{Finding, LeakType, Severity};
use crate::fix::{Fix, Sources};
use crate::growing::Words;
use crate::memoizing;
use crate::registry::docs;
use crate::rule::{Family, Metadata, Rule, RuleId};
use crate::subject::Subject;

pub(crate) struct UnboundedCache;

static METADATA: Metadata = Metadata {
    code: "LW201",
    name: "unbounded-cache",
    summary: "a dict remembers results for ever",
    family: Family::Cache,
    severity: Severity::Warning,
    leak_type: LeakType::Cache,
    is_default: true,
    docs: docs::LW201,
};

/// Whether a growing container is this rule's to report.
pub(super) fn applies(growing: &Growing) -> bool {
    growing.memo.is_some() && growing.growth[0].repeats != Repeats::Endless
}

impl Rule for UnboundedCache {
    fn metadata(&self) -> &'static Metadata {
        &METADATA
    }

    fn check(&self, context: &Context<'_>, findings: &mut Vec<Finding>) {
        let Some(rule) = RuleId::from_code(METADATA.code) else { return };
        let caches = context.growing().iter().chain(context.growing_defaults());
        for growing in caches.filter(|growing| applies(growing)) {
            let words = Words::new(context, growing);
            findings.push(words.finding(
                rule,
                format!("`{}` remembers every result of `{}` for ever", words.symbol(), words.grower()),
                format!("{} for every key not seen before, nothing is ever evicted", words.operation()),
                format!(
                    "use @lru_cache(maxsize={}), or evict the oldest entries",
                    context.settings.cache_maxsize
                ),
            ));
        }
    }

    fn fixes(&self, finding: &Finding, context: &Context<'_>, sources: &dyn Sources) -> Vec<Fix> {
        let Subject::Growing(growing) = &finding.subject else { return Vec::new() };
        let maxsize = context.settings.cache_maxsize;
        match memoizing::fix(growing, context, sources) {
            Some(fix) => vec![fix],
            None => vec![Fix::display(
                "bound",
                format!("Evict the oldest entries beyond {maxsize}, or use a bounded cache"),
            )],
        }
    }
}
