//! Dicts that remember the results of a function.

use super::effect::{Effect, GrowthForm};
use super::{Growth, key};
use crate::ir::{CompareOp, Op, Step, UseKind, Val};
use crate::project::{CodeId, Holder, Project, Site};

/// A function that keeps its results in a dict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memo {
    /// The function.
    pub function: CodeId,
    /// The assignment of a result.
    pub store: Val,
    /// The key it is stored under.
    pub key: Val,
    /// The result.
    pub value: Val,
}

/// Finds a function that looks a key up, stores a result under it and returns the result.
pub(super) fn find(
    project: &Project,
    holder: Holder,
    growth: &[Growth],
    other: &[(Site, Effect)],
) -> Option<Memo> {
    growth.iter().find_map(|growth| {
        let code = growth.site.code;
        if growth.form != GrowthForm::AssignKey || !project.facts(code).is_function() {
            return None;
        }
        let store = growth.site.find(project).at;
        let Op::StoreIndex { key, value, .. } = project.facts(code).body.op(store) else { return None };
        // What a caller hands in to be kept is not a result.
        let facts = project.facts(code);
        if matches!(facts.body.op(value), Op::Load(var) if facts.var(var).is_parameter && facts.var(var).stores.is_empty()) {
            return None;
        }
        let looks_up = other.iter().any(|(site, _)| site.code == code && is_lookup(project, *site, key));
        let memo = Memo { function: code, store, key, value };
        (looks_up && returns_result(project, holder, memo)).then_some(memo)
    })
}

/// `key in cache`, `cache[key]`, `cache.get(key)`
fn is_lookup(project: &Project, site: Site, key: Val) -> bool {
    let facts = project.facts(site.code);
    let used = site.find(project);
    let same = |other: Val| key::same_value(project, site.code, key, other);
    match (used.kind, facts.body.op(used.at)) {
        (UseKind::Test, Op::Compare { op: CompareOp::In | CompareOp::NotIn, left, .. }) => same(left),
        (UseKind::ReadElement, Op::Index { key, .. }) => same(key),
        (UseKind::Call(name), Op::Call { args, .. }) if facts.str(name) == "get" => {
            facts.body.args(args).first().is_some_and(|arg| same(arg.value))
        }
        _ => false,
    }
}

/// Whether the function returns what it stored, or reads it back to return it.
fn returns_result(project: &Project, holder: Holder, memo: Memo) -> bool {
    let facts = project.facts(memo.function);
    facts.body.insts.iter().any(|inst| {
        let Op::Return(Some(returned)) = inst.op else { return false };
        if key::same_value(project, memo.function, returned, memo.value) {
            return true;
        }
        let place = facts.places.of(returned);
        let located = place.and_then(|place| project.locate(memo.function, place));
        located
            .is_some_and(|located| located.holder == holder && located.rest.first() == Some(&Step::Element))
    })
}
