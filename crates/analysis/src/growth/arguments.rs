//! What happens to a container that is passed to a call.

use super::effect::{Effect, GrowthForm};
use crate::ir::{CompareOp, Const, Op, Use, Val};
use crate::project::{CodeId, Project, Site, Symbol};

/// The effect of passing the container of a site to a call.
pub(super) fn passed(project: &Project, site: Site, used: Use) -> Effect {
    let facts = project.facts(site.code);
    let Op::Call { callee, .. } = facts.body.op(used.at) else { return Effect::Escape };
    let known = project.import_path(site.code, callee);
    match known.as_deref() {
        Some("len") => return measured(project, site.code, used.at),
        Some(
            "heapq.heappush"
            | "_heapq.heappush"
            | "bisect.insort"
            | "bisect.insort_left"
            | "bisect.insort_right",
        ) => {
            return Effect::Grow { form: GrowthForm::AddOne, key: None };
        }
        Some(
            "heapq.heappop" | "_heapq.heappop" | "heapq.heapreplace" | "heapq.heappushpop"
            | "_heapq.heapreplace",
        ) => {
            return Effect::Shrink;
        }
        Some(
            "asyncio.wait"
            | "asyncio.gather"
            | "asyncio.as_completed"
            | "concurrent.futures.wait"
            | "concurrent.futures.as_completed",
        ) => return Effect::Read,
        Some(path) if borrows(project, path) => return Effect::Read,
        _ => {}
    }
    if let Op::Attr { name, .. } = facts.body.op(callee)
        && project.catalogue().borrowers.is_method(facts.str(name))
    {
        return Effect::Read;
    }
    match project.callable(site.code, callee) {
        Some(function) if project.is_function(function) => passed_to(project, site, used, function),
        _ => Effect::Escape,
    }
}

fn borrows(project: &Project, path: &str) -> bool {
    let borrowers = &project.catalogue().borrowers;
    borrowers.is_function(path) || borrowers.is_view(path)
}

/// A size that is compared with a limit bounds the container.
fn measured(project: &Project, code: CodeId, length: Val) -> Effect {
    let body = &project.facts(code).body;
    let is_limit = |value: Val| !matches!(body.op(value), Op::Const(Const::Int(..=1)));
    // The length itself, or a variable that it is kept in.
    let is_length = |value: Val| {
        value == length
            || matches!(body.op(value), Op::Load(var) if project.facts(code).only_value(var) == Some(length))
    };
    let compared = body.insts.iter().any(|inst| match inst.op {
        Op::Compare { op, left, right } => {
            let ordering = !matches!(op, CompareOp::Is | CompareOp::IsNot | CompareOp::In | CompareOp::NotIn);
            ordering && ((is_length(left) && is_limit(right)) || (is_length(right) && is_limit(left)))
        }
        _ => false,
    });
    if compared { Effect::Check } else { Effect::Read }
}

/// What a function of the project does with the container it is given.
fn passed_to(project: &Project, site: Site, used: Use, function: CodeId) -> Effect {
    let facts = project.facts(site.code);
    let Op::Call { args, .. } = facts.body.op(used.at) else { return Effect::Escape };
    let passed = facts.body.args(args).iter().find(|arg| facts.places.of(arg.value) == Some(used.place));
    let summary = passed
        .and_then(|arg| project.parameter_for(site.code, used.at, arg.value, function))
        .and_then(|param| project.param_summary(function, param));
    let Some(summary) = summary else { return Effect::Escape };
    let calls = |names: &[&str]| names.iter().any(|name| summary.methods.contains(&Symbol::of(name)));
    let empties = summary.functions.iter().any(|path| path.starts_with("heapq.heappop"));
    if calls(&super::effect::REMOVALS) || summary.changes_elements || empties {
        return Effect::Shrink;
    }
    if summary.is_lost() {
        return Effect::Escape;
    }
    if calls(&["append", "add", "extend", "update", "setdefault", "insert", "appendleft"]) {
        return Effect::Grow { form: GrowthForm::AddOne, key: None };
    }
    Effect::Read
}
