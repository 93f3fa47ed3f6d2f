//! # LW203 cached-method
//!
//! ## What it does
//!
//! Finds caching decorators on instance methods. The cache belongs to the class and has `self` in its
//! keys, so it keeps every object that the method was called on alive.
//!
//! ## Why it leaks
//!
//! Without a limit the objects are never freed: a warning. With a limit the last ones are kept: up to
//! `maxsize` objects, with all they refer to, stay long after everybody else has dropped them; that is
//! information.
//!
//! ## Example
//!
//! ```python
//! from functools import lru_cache
//!
//!
//! class Client:
//!     @lru_cache(maxsize=None)  # error: [LW203]
//!     def fetch(self, url):
//!         return url.upper()
//! ```
//!
//! ## Use instead
//!
//! ```python
//! from functools import lru_cache
//!
//!
//! class Client:
//!     def __init__(self):
//!         self.fetch = lru_cache(maxsize=1024)(self._fetch)
//!
//!     def _fetch(self, url):
//!         return url.upper()
//! ```
//!
//! ## Fix safety
//!
//! For a method without further parameters `cached_property` keeps the result on the object. That fix
//! is *unsafe*, since callers must drop their parentheses, and is offered only when every call in the
//! project can be seen and is rewritten with it. For other methods the fix is shown, not applied.
//!
//! ## Known limits
//!
//! Silent for static and class methods, enums, and classes whose objects are only made once, with a module
//! or a class: nothing is freed later than it would be. Silent as well where the project clears the cache,
//! and for bounded caches of values, which have `__eq__` and `__hash__`.
//!
//! ## References
//!
//! - [How do I cache method calls?](https://docs.python.org/3/faq/programming.html#faq-cache-method-calls)

use crate::cached::{self, CachedFunction};
use crate::caching;
use crate::context::Context;
use crate::finding::{Finding, LeakType, Risk, RiskLevel, Severity};
use crate::fix::{Fix, Sources};
use crate::keys;
use crate::registry::docs;
use crate::rule::{Family, Metadata, Rule, RuleId};
use crate::subject::Subject;

pub(crate) struct CachedMethod;

static METADATA: Metadata = Metadata {
    code: "LW203",
    name: "cached-method",
    summary: "a cache on an instance method keeps `self` alive",
    family: Family::Cache,
    severity: Severity::Warning,
    leak_type: LeakType::Cache,
    is_default: true,
    docs: docs::LW203,
};

/// Whether a cached function is this rule's to report, or to be silent about.
pub(super) fn applies(context: &Context<'_>, cached: &CachedFunction<'_>) -> bool {
    let facts = context.project.facts(cached.function);
    // A class, whatever hands it over: there are as many as were written.
    let is_of_class = facts
        .params
        .first()
        .is_some_and(|param| matches!(facts.var_name(param.var), "cls" | "klass" | "mcs" | "metacls"));
    cached.cache.per_method && !is_of_class && context.project.is_instance_method(cached.function)
}

impl Rule for CachedMethod {
    fn metadata(&self) -> &'static Metadata {
        &METADATA
    }

    fn check(&self, context: &Context<'_>, findings: &mut Vec<Finding>) {
        let Some(rule) = RuleId::from_code(METADATA.code) else { return };
        for cached in cached::cached_functions(context) {
            let is_silent =
                || caching::keeps_nothing_alive(context, &cached) || keys::is_cleared(context, &cached);
            if applies(context, &cached) && !is_silent() {
                findings.push(finding(context, rule, &cached));
            }
        }
    }

    fn fixes(&self, finding: &Finding, context: &Context<'_>, sources: &dyn Sources) -> Vec<Fix> {
        let Subject::Decorator { function, place, .. } = finding.subject else { return Vec::new() };
        match caching::property_fix(context, sources, function, place) {
            Some(fix) => vec![fix],
            None => vec![Fix::display(
                "per-object",
                "Cache on the object instead: wrap the bound method in `__init__`",
            )],
        }
    }
}

fn finding(context: &Context<'_>, rule: RuleId, cached: &CachedFunction<'_>) -> Finding {
    let name = cached.name(context);
    let class = name.rsplit_once('.').map_or("object", |(class, _)| class);
    let written = cached.written(context);
    let kept = match cached.limit {
        Some(u32::MAX) => format!("the last `{class}` objects"),
        Some(limit) => format!("up to {limit} `{class}` objects"),
        None => format!("every `{class}`"),
    };
    let mut finding = cached.finding(
        context,
        rule,
        format!("`{written}` on the method `{name}` keeps `self`: {kept} it was called on"),
        format!("@{written} on an instance method, `self` is part of each key"),
        "cache on the object, or make it a function of what it needs".to_owned(),
    );
    if cached.limit.is_some() {
        finding.severity = Severity::Information;
        let reason = "bounded, but the objects live longer than their users".to_owned();
        finding.risk = Risk { level: RiskLevel::Low, reason };
    }
    finding
}
