//! Dicts that remember the results of a function.

use super::confidence::Sign;
use super::effect::{Effect, GrowthForm};
use super::objects::object_signs;
use super::repetition::Repeats;
use super::{Growth, key};
use crate::flow::Flow;
use crate::ir::{CompareOp, Display, Op, Step, UseKind, Val};
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

/// Finds a function that looks a key up, stores what it computes where that is missing, and goes on with
/// what it has.
pub(super) fn find(
    project: &Project,
    holder: Holder,
    growth: &[Growth],
    other: &[(Site, Effect)],
) -> Option<Memo> {
    growth.iter().find_map(|growth| {
        let code = growth.site.code;
        let facts = project.facts(code);
        if !facts.is_function() {
            return None;
        }
        let store = growth.site.find(project).at;
        let (key, value) = stored(project, code, growth.form, store)?;
        // What a caller hands in to be kept is not a result.
        let is_given = matches!(facts.body.op(value), Op::Load(var) if facts.var(var).is_parameter && facts.stores(var).is_empty());
        let memo = Memo { function: code, store, key, value };
        if is_given {
            return None;
        }
        if growth.form == GrowthForm::SetDefault {
            let computes = matches!(facts.body.op(value), Op::Call { .. } | Op::Await(_));
            return (computes && is_returned(project, code, store)).then_some(memo);
        }
        let looks_up = other.iter().any(|(site, _)| site.code == code && is_lookup(project, *site, key));
        let answers = returns_result(project, holder, memo)
            || (fills_a_miss(project, growth.site) && depends_on(project, code, value, key));
        (looks_up && answers).then_some(memo)
    })
}

/// A cache on an object goes with it: it takes something that shows a long life of the object.
pub(super) fn life_sign(project: &Project, holder: Holder, growth: &[Growth]) -> Option<Sign> {
    let signs = object_signs(project, holder.class()?, growth).ok()?;
    let lives_long = signs.iter().any(|sign| sign.points > 0)
        || growth.first().is_some_and(|growth| growth.repeats >= Repeats::Looped);
    (!lives_long).then(|| Sign::new(-2, "nothing shows that its object lives long"))
}

/// Key and value of `cache[key] = value`, or of `cache.setdefault(key, value)`.
fn stored(project: &Project, code: CodeId, form: GrowthForm, at: Val) -> Option<(Val, Val)> {
    let body = &project.facts(code).body;
    match (form, body.op(at)) {
        (GrowthForm::AssignKey, Op::StoreIndex { key, value, .. }) => Some((key, value)),
        (GrowthForm::SetDefault, Op::Call { args, .. }) => match body.args(args) {
            [key, value] => Some((key.value, value.value)),
            _ => None,
        },
        _ => None,
    }
}

fn is_returned(project: &Project, code: CodeId, value: Val) -> bool {
    let body = &project.facts(code).body;
    body.insts.iter().any(|inst| matches!(inst.op, Op::Return(Some(returned)) if returned == value))
}

/// Whether a store stands in the handler for a key that is missing.
fn fills_a_miss(project: &Project, site: Site) -> bool {
    Flow::new(&project.facts(site.code).body).is_in_handler(site.find(project).block)
}

/// How many operands of a value are looked at for where it comes from.
const MAX_OPERANDS: usize = 32;

/// Whether a value is computed, by some call, from the key it is stored under or from a part of that.
fn depends_on(project: &Project, code: CodeId, value: Val, key: Val) -> bool {
    let facts = project.facts(code);
    let parts: Vec<Val> = match facts.body.op(key) {
        Op::Display { kind: Display::Tuple, args } => {
            facts.body.args(args).iter().map(|arg| arg.value).collect()
        }
        _ => vec![key],
    };
    let mut pending = vec![(value, false)];
    for _ in 0..MAX_OPERANDS {
        let Some((current, is_computed)) = pending.pop() else { return false };
        if is_computed && parts.iter().any(|part| key::same_value(project, code, current, *part)) {
            return true;
        }
        let op = facts.body.op(current);
        let is_computed = is_computed || matches!(op, Op::Call { .. });
        facts.body.operands(op, |operand| pending.push((operand, is_computed)));
        if let Op::Load(var) = op
            && facts.is_local(var)
        {
            let stores = facts.stores(var).iter().filter_map(|store| facts.stored(*store));
            pending.extend(stores.filter(|value| *value < current).map(|value| (value, is_computed)));
        }
    }
    false
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

/// Whether the function returns what it stored, or reads it back to return it, or a copy of it.
fn returns_result(project: &Project, holder: Holder, memo: Memo) -> bool {
    let facts = project.facts(memo.function);
    let is_result = |value: Val| {
        let is_stored = match facts.body.op(value) {
            Op::Load(var) => facts.stores(var).iter().any(|store| facts.stored(*store) == Some(memo.value)),
            _ => false,
        };
        if is_stored || key::same_value(project, memo.function, value, memo.value) {
            return true;
        }
        let place = facts.places.of(value);
        let located = place.and_then(|place| project.locate(memo.function, place));
        located
            .is_some_and(|located| located.holder == holder && located.rest.first() == Some(&Step::Element))
    };
    facts.body.insts.iter().any(|inst| match inst.op {
        Op::Return(Some(returned)) => {
            is_result(returned)
                || matches!(facts.body.op(returned), Op::Call { args, .. }
                    if matches!(facts.body.args(args), [only] if is_result(only.value)))
        }
        _ => false,
    })
}
