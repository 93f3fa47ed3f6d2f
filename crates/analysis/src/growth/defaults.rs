//! Mutable defaults: made once with the function, shared by all calls that leave the argument out.

use super::binding::Creation;
use super::confidence::{Sign, key_sign, repetition_sign};
use super::effect::{self, Effect};
use super::{Freshness, Growing, HolderKind, holder, memo};
use crate::ir::{ArgKind, BinaryOp, Op, Param, UseKind, Val};
use crate::project::{CodeId, Holder, Project, Reference, ReferenceKind};
use leakwright_catalogue::ContainerKind;

/// The defaults of functions that grow from call to call, in the order of the items.
pub fn growing_defaults(project: &Project, items: impl Iterator<Item = CodeId>) -> Vec<Growing> {
    let mut found = Vec::new();
    for code in items {
        let facts = project.facts(code);
        // A function that another one makes has its defaults anew each time.
        let is_nested = || project.parent(code).is_some_and(|outer| project.is_function(outer));
        if !facts.is_function() || project.is_broken(code) || facts.params.is_empty() {
            continue;
        }
        let with_default = facts.params.iter().filter(|param| param.default.is_some());
        found.extend(with_default.filter(|_| !is_nested()).filter_map(|param| grown(project, code, *param)));
    }
    found
}

fn grown(project: &Project, function: CodeId, param: Param) -> Option<Growing> {
    let default = param.default?;
    let container = project.created_container(function, default)?;
    if container.is_bounded
        || container.kind == ContainerKind::Weak
        || !keeps_its_default(project, function, param)
    {
        return None;
    }
    let holder = Holder::Local { code: function, var: param.var };
    let creation = Creation { kind: HolderKind::Default, container, values: vec![function.value(default)] };
    let (mut growth, mut other) = (Vec::new(), Vec::new());
    for site in holder::all_sites(project, holder) {
        let effect = effect::effect(project, holder, &creation, site);
        match effect {
            // Which keys another function adds is not known.
            Effect::Grow { .. }
                if container.kind.is_mapping() && site.find(project).kind == UseKind::Argument =>
            {
                return None;
            }
            Effect::Grow { form, key } => growth.push((site, form, key)),
            Effect::Shrink | Effect::Replace | Effect::Check | Effect::Escape => return None,
            Effect::Create | Effect::Read | Effect::Handout => other.push((site, effect)),
        }
    }
    if growth.is_empty() {
        return None;
    }
    let growth = super::repeating(project, holder, &creation, growth).ok()?;
    let memo = memo::find(project, holder, &growth, &other);
    let best = growth.first()?;
    let mut signs =
        vec![Sign::new(2, "the default is made once, for all calls"), repetition_sign(best.repeats)];
    signs.extend(key_sign(&creation, best, memo.is_some()));
    match left_out(project, function, param) {
        // By a key that may be there already, that says little.
        Some(true) if best.key.is_none() || best.freshness == Freshness::Fresh => {
            signs.push(Sign::new(1, "there are calls that leave the argument out"));
        }
        Some(true) | None => {}
        Some(false) => return None,
    }
    let (holder_kind, container, created) = (creation.kind, container.kind, creation.values);
    Some(Growing {
        holder,
        holder_kind,
        container,
        created,
        growth,
        signs,
        memo,
        removals: Vec::new(),
        other,
    })
}

/// Whether a parameter is never bound to anything else; `items += …` goes on with the same list.
fn keeps_its_default(project: &Project, function: CodeId, param: Param) -> bool {
    let facts = project.facts(function);
    let is_in_place = |store: &Val| {
        facts.stored(*store).is_some_and(|value| {
            matches!(facts.body.op(value), Op::InPlace { op: BinaryOp::Add | BinaryOp::Or, left, .. }
                if matches!(facts.body.op(left), Op::Load(loaded) if loaded == param.var))
        })
    };
    !facts.var(param.var).is_deleted && facts.stores(param.var).iter().all(is_in_place)
}

/// Whether a call that is seen leaves the argument out; `None` where no call is seen, or it cannot be told.
fn left_out(project: &Project, function: CodeId, param: Param) -> Option<bool> {
    let mut seen = false;
    for found in project.references(function) {
        if found.kind != ReferenceKind::Call {
            return None;
        }
        // A function that calls itself passes on what it was given.
        if found.code == function {
            continue;
        }
        seen = true;
        if !passes(project, function, param, found)? {
            return Some(true);
        }
    }
    seen.then_some(false)
}

fn passes(project: &Project, function: CodeId, param: Param, found: &Reference) -> Option<bool> {
    let body = &project.facts(found.code).body;
    let Op::Call { args, .. } = body.op(found.at) else { return None };
    let args = body.args(args);
    if args.iter().any(|arg| matches!(arg.kind, ArgKind::Star | ArgKind::DoubleStar)) {
        return None;
    }
    Some(
        args.iter()
            .any(|arg| project.parameter_for(found.code, found.at, arg.value, function) == Some(param.var)),
    )
}
