//! # LW105 mutable-default-growth
//!
//! ## What it does
//!
//! Finds mutable defaults that grow from call to call: the list, dict or set is made once, with the
//! function, and every call that leaves the argument out adds to the same one. A list or set in a class
//! body that methods add to through `self` is the same mistake: all objects share it.
//!
//! ## Why it leaks
//!
//! The default lives as long as the function, which is as long as the process.
//!
//! ## Example
//!
//! ```python
//! def add_item(item, items=[]):
//!     items.append(item)  # error: [LW105]
//!     return items
//! ```
//!
//! ## Use instead
//!
//! ```python
//! def add_item(item, items=None):
//!     if items is None:
//!         items = []
//!     items.append(item)
//!     return items
//! ```
//!
//! ## Fix safety
//!
//! The fix makes the default `None`, and the container at the beginning of each call. It is *unsafe*: a
//! function that is meant to remember what it was given forgets it. For class bodies the fix is shown, not
//! applied.
//!
//! ## Known limits
//!
//! Defaults that are handed to code that cannot be seen, emptied or bound anew are passed over, and so are
//! parameters that every call in the project passes. A default that remembers results is an
//! unbounded-cache, LW201.
//!
//! ## References
//!
//! - [Default parameter values](https://docs.python.org/3/reference/compound_stmts.html#function-definitions)

use leakwright_analysis::growth::{self, Growing, GrowthForm, HolderKind};
use leakwright_analysis::ir::Step;
use leakwright_catalogue::ContainerKind;

use super::{unbounded_cache, unbounded_collection_in_loop};
use crate::context::Context;
use crate::defaulting;
use crate::finding::{Finding, LeakType, Severity};
use crate::fix::{Fix, Sources};
use crate::growing::Words;
use crate::registry::docs;
use crate::rule::{Family, Metadata, Rule, RuleId};
use crate::subject::Subject;

pub(crate) struct MutableDefaultGrowth;

static METADATA: Metadata = Metadata {
    code: "LW105",
    name: "mutable-default-growth",
    summary: "a mutable default is shared by all calls, and grows with them",
    family: Family::Growth,
    severity: Severity::Warning,
    leak_type: LeakType::UnboundedCollection,
    is_default: true,
    docs: docs::LW105,
};

/// Whether a container stands in a class body and methods add to it through `self`, as if each object
/// had its own.
pub(super) fn is_shared_by_accident(context: &Context<'_>, growing: &Growing) -> bool {
    let project = context.project;
    let through_self = |growth: &leakwright_analysis::growth::Growth| {
        let facts = project.facts(growth.site.code);
        let (var, steps) = facts.places.path(growth.site.find(project).place);
        let is_self = project.self_class(growth.site.code, var).is_some_and(|(_, is_class)| !is_class);
        is_self && matches!(steps.first(), Some(Step::Attr(_)))
    };
    // What is named like a constant is meant to be shared.
    let is_constant = growth::holder_name(project, growing.holder)
        .is_none_or(|name| name.chars().all(|c| !c.is_lowercase()));
    growing.holder_kind == HolderKind::Class
        && !is_made_anew(growing)
        && !is_constant
        && matches!(growing.container, ContainerKind::List | ContainerKind::Set)
        && !unbounded_cache::applies(growing)
        && !unbounded_collection_in_loop::applies(growing)
        && growing.growth.iter().all(through_self)
}

/// `self.options = self.options + [option]` on a container of the class body: the object has one of its own
/// then, and what all share stays as it is.
pub(super) fn is_made_anew(growing: &Growing) -> bool {
    growing.holder_kind == HolderKind::Class
        && growing.growth.iter().all(|growth| growth.form == GrowthForm::Rebuild)
}

impl Rule for MutableDefaultGrowth {
    fn metadata(&self) -> &'static Metadata {
        &METADATA
    }

    fn check(&self, context: &Context<'_>, findings: &mut Vec<Finding>) {
        let Some(rule) = RuleId::from_code(METADATA.code) else { return };
        for growing in context.growing_defaults() {
            if unbounded_cache::applies(growing) {
                continue;
            }
            let words = Words::new(context, growing);
            findings.push(words.finding(
                rule,
                format!("the default of `{}` is shared by all calls, and grows", words.symbol()),
                format!("{} on a mutable default, {}", words.operation(), words.unit()),
                "make the default None, and the container in the function".to_owned(),
            ));
        }
        for growing in context.growing() {
            if !is_shared_by_accident(context, growing) {
                continue;
            }
            let words = Words::new(context, growing);
            findings.push(words.finding(
                rule,
                format!("`{}` is shared by all objects of the class, and grows", words.symbol()),
                format!("{} through self on a container of the class body", words.operation()),
                "make it in `__init__`, for each object".to_owned(),
            ));
        }
    }

    fn fixes(&self, finding: &Finding, context: &Context<'_>, sources: &dyn Sources) -> Vec<Fix> {
        let Subject::Growing(growing) = &finding.subject else { return Vec::new() };
        match defaulting::fix(growing, context, sources) {
            Some(fix) => vec![fix],
            None => vec![Fix::display("none", "Make the container anew, for each call or object".to_owned())],
        }
    }
}
