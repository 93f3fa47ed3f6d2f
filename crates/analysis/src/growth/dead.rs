//! Removals whose condition cannot hold: an element is tested for being empty by its truth, and objects
//! of its class are always true.

use super::effect::GrowthForm;
use super::removal::GrowthSite;
use crate::flow::Flow;
use crate::ir::{Op, Step, Val};
use crate::project::{CodeId, Holder, Project, Site};

/// Whether a removal runs only if an element is false, and elements never are.
pub(super) fn never_runs(project: &Project, holder: Holder, growth: &[GrowthSite], site: Site) -> bool {
    if growth.is_empty() || !growth.iter().all(|(site, form, _)| adds_truth(project, *site, *form)) {
        return false;
    }
    let facts = project.facts(site.code);
    let guards = Flow::new(&facts.body).guards(site.find(project).block);
    guards
        .first()
        .is_some_and(|guard| !guard.holds && is_element(project, holder, site.code, guard.condition))
}

/// Whether a value is an element of the container: read from it, or from a copy of its items.
fn is_element(project: &Project, holder: Holder, code: CodeId, value: Val) -> bool {
    let facts = project.facts(code);
    let of = |place, steps: &[Step]| {
        project.locate(code, place).is_some_and(|found| found.holder == holder && found.rest == steps)
    };
    if facts.places.of(value).is_some_and(|place| of(place, &[Step::Element])) {
        return true;
    }
    let Op::Load(var) = facts.body.op(value) else { return false };
    let Some(Op::Unpack { value: pair, index: 1 }) =
        facts.only_value(var).map(|stored| facts.body.op(stored))
    else {
        return false;
    };
    let Op::Next(iterator) = facts.body.op(pair) else { return false };
    let Op::Iterate { value: iterated, .. } = facts.body.op(iterator) else { return false };
    let Op::Call { args, .. } = facts.body.op(iterated) else { return false };
    let copied = facts.body.args(args).first().and_then(|arg| facts.places.of(arg.value));
    copied.is_some_and(|place| of(place, &[Step::Items]))
}

/// Whether what a site adds is an object that has no truth of its own.
fn adds_truth(project: &Project, site: Site, form: GrowthForm) -> bool {
    let body = &project.facts(site.code).body;
    let value = match (body.op(site.find(project).at), form) {
        (Op::StoreIndex { value, .. }, GrowthForm::AssignKey) => Some(value),
        (Op::Call { args, .. }, GrowthForm::SetDefault) => body.args(args).get(1).map(|arg| arg.value),
        _ => None,
    };
    let Some(Op::Call { callee, .. }) = value.map(|value| body.op(value)) else { return false };
    project.import_path(site.code, callee).is_some_and(|path| {
        matches!(
            path.as_str(),
            "asyncio.Queue"
                | "asyncio.queues.Queue"
                | "asyncio.LifoQueue"
                | "asyncio.PriorityQueue"
                | "queue.Queue"
                | "queue.LifoQueue"
                | "queue.PriorityQueue"
                | "queue.SimpleQueue"
                | "multiprocessing.Queue"
                | "asyncio.Event"
                | "asyncio.Lock"
                | "threading.Event"
                | "threading.Lock"
        )
    })
}
