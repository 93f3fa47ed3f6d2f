//! Tensors that are kept with their graph from step to step.

use leakwright_catalogue::Hook;
use rustc_hash::FxHashSet;

use super::keep::{Keep, keeps};
use super::local::{Local, hook};
use super::trace::{Carries, Frame, Tracer};
use super::{Life, RetainedGraph, uses_tensors};
use crate::ir::{FrameKind, LoopId, LoopKind, Op, PlaceId, UseKind, Val};
use crate::project::{CodeId, Holder, ModuleId, Project, Reference, ReferenceKind};

/// How many operations a value is followed back through, to see whether something is part of it.
const MAX_SLICE: usize = 600;
/// How far calls are followed to see whether one propagates back.
const MAX_CALLS: u32 = 3;

/// The places in items of a file that keep tensors with their graph from step to step, in their order.
pub fn retained_graphs(
    project: &Project,
    module: ModuleId,
    items: impl Iterator<Item = CodeId>,
) -> Vec<RetainedGraph> {
    if !uses_tensors(project, module) {
        return Vec::new();
    }
    let mut tracer = Tracer::new(project);
    let mut found = Vec::new();
    for code in items {
        if project.is_broken(code) || project.is_class(code) {
            continue;
        }
        for keep in keeps(project, code) {
            found.extend(retained(&mut tracer, code, keep));
        }
    }
    found
}

fn retained(tracer: &mut Tracer<'_>, code: CodeId, keep: Keep) -> Option<RetainedGraph> {
    let project = tracer.project;
    let facts = project.facts(code);
    if facts.body.frames[facts.body.block(keep.block).frame.index()].kind != FrameKind::Body {
        return None;
    }
    let frame = tracer.outermost(code);
    let Carries::Graph(source) = tracer.ask(&frame, keep.value) else { return None };
    let life = match keep.holder {
        Holder::Local { code: owner, .. } if owner == code => in_loop(tracer, code, keep)?,
        Holder::Global { .. } if code.item == crate::file::ItemId::MODULE => in_loop(tracer, code, keep)?,
        _ => in_loop(tracer, code, keep).or_else(|| by_step(tracer, &frame, keep))?,
    };
    if is_called_without_graph(tracer, code, 2) {
        return None;
    }
    let Keep { at, holder, value: tensor, is_summed, .. } = keep;
    Some(RetainedGraph { code, at, holder, tensor, source, is_summed, life })
}

/// Whether a holder is kept over the rounds of a loop in which something is propagated back.
fn in_loop(tracer: &mut Tracer<'_>, code: CodeId, keep: Keep) -> Option<Life> {
    let project = tracer.project;
    let facts = project.facts(code);
    let local = tracer.local(code);
    let mut survived = None;
    for round in facts.body.loops_around(keep.block) {
        if facts.body.loops[round.index()].kind == LoopKind::Comprehension {
            return None;
        }
        if is_reset_in(tracer, code, &local, keep, round) {
            break;
        }
        if steps_in(tracer, code, &local, round) {
            survived = Some(round);
        }
    }
    let round = survived?;
    let is_used = local.roots.iter().any(|root| depends(tracer, code, *root, keep))
        || (is_passed_on(tracer, code, &local, keep, round) && !is_propagated(tracer, code, &local, keep));
    (!is_used).then_some(Life::Loop(round))
}

/// Whether a holder outlives a function that runs once a step and propagates back what it keeps.
fn by_step(tracer: &mut Tracer<'_>, frame: &Frame, keep: Keep) -> Option<Life> {
    let project = tracer.project;
    let code = frame.code;
    let facts = project.facts(code);
    let local = tracer.local(code);
    let class = project.class_of(code)?;
    let hook = hook(project, code);
    let receives = !frame.params.is_empty();
    if hook == Some(Hook::Evaluating) {
        return None;
    }
    let steps =
        hook.is_some() || receives || !local.backward.is_empty() && is_propagated(tracer, code, &local, keep);
    if !steps || is_reset_here(project, code, keep) {
        return None;
    }
    // Another method may propagate back what this one collects.
    let methods = project.ancestry(class).into_iter().chain(project.descendants(class));
    let methods: FxHashSet<CodeId> =
        methods.flat_map(|class| project.own_members(class)).filter(|method| *method != code).collect();
    let is_used = methods.into_iter().any(|method| {
        let local = tracer.local(method);
        local.roots.iter().any(|root| depends(tracer, method, *root, keep))
    });
    let is_used = is_used
        || hook == Some(Hook::Training)
            && super::reaching::returned(facts).any(|value| depends(tracer, code, value, keep));
    (!is_used).then_some(Life::Step)
}

/// Whether the value that is kept is what is propagated back, or made of it.
fn is_propagated(tracer: &mut Tracer<'_>, code: CodeId, local: &Local, keep: Keep) -> bool {
    let facts = tracer.project.facts(code);
    slice(tracer, code, keep.value).into_iter().any(|value| match facts.body.op(value) {
        Op::Load(var) => local
            .ways
            .stores(&facts.body, var, value)
            .stores
            .iter()
            .any(|store| local.propagated.contains(store)),
        _ => false,
    })
}

/// Whether a holder is given something else, or emptied, in each round of a loop.
pub(super) fn is_reset_in(
    tracer: &Tracer<'_>,
    code: CodeId,
    local: &Local,
    keep: Keep,
    round: LoopId,
) -> bool {
    let facts = tracer.project.facts(code);
    resets(tracer.project, code, keep).any(|at| local.is_in(facts, at, round))
}

fn is_reset_here(project: &Project, code: CodeId, keep: Keep) -> bool {
    resets(project, code, keep).next().is_some()
}

/// Where a function gives a holder something else, or empties it.
fn resets(project: &Project, code: CodeId, keep: Keep) -> impl Iterator<Item = Val> {
    let facts = project.facts(code);
    facts.uses.iter().filter(move |used| used.at != keep.at).filter_map(move |used| {
        let is_reset = match used.kind {
            UseKind::Bind(_) | UseKind::Unbind | UseKind::DeleteElement => true,
            UseKind::Call(name) => {
                matches!(facts.str(name), "clear" | "pop" | "popleft" | "popitem" | "zero_")
            }
            _ => false,
        };
        let is_same = || {
            used.place == keep.place
                || is_prefix(project, code, used.place, keep.place)
                || project
                    .locate(code, used.place)
                    .is_some_and(|found| found.holder == keep.holder && found.rest.is_empty())
        };
        (is_reset && is_same()).then_some(used.at)
    })
}

fn is_prefix(project: &Project, code: CodeId, prefix: PlaceId, place: PlaceId) -> bool {
    let places = &project.facts(code).places;
    std::iter::successors(Some(place), |place| places.parent(*place)).any(|found| found == prefix)
}

/// Whether something is propagated back in each round of a loop, here or in a function that it calls.
pub(super) fn steps_in(tracer: &mut Tracer<'_>, code: CodeId, local: &Local, round: LoopId) -> bool {
    let facts = tracer.project.facts(code);
    if local.backward_in(facts, round).next().is_some() {
        return true;
    }
    let calls: Vec<Val> = facts
        .body
        .originals()
        .flat_map(|block| facts.body.values(block))
        .filter(|at| matches!(facts.body.op(*at), Op::Call { .. }) && local.is_in(facts, *at, round))
        .collect();
    calls.into_iter().any(|call| {
        let Op::Call { callee, .. } = facts.body.op(call) else { return false };
        let target = tracer.project.callable(code, callee);
        target.is_some_and(|target| propagates(tracer, target, MAX_CALLS))
    })
}

/// Whether a function propagates back, itself or through functions it calls.
fn propagates(tracer: &mut Tracer<'_>, code: CodeId, fuel: u32) -> bool {
    let Some(fuel) = fuel.checked_sub(1) else { return false };
    let facts = tracer.project.facts(code);
    if !facts.is_function() {
        return false;
    }
    if !tracer.local(code).backward.is_empty() {
        return true;
    }
    let called: FxHashSet<CodeId> = facts
        .body
        .insts
        .iter()
        .filter_map(|inst| match inst.op {
            Op::Call { callee, .. } => tracer.project.callable(code, callee),
            _ => None,
        })
        .collect();
    called.into_iter().any(|target| target != code && propagates(tracer, target, fuel))
}

/// Whether the holder is passed to a function in the loop, which may propagate it back.
fn is_passed_on(tracer: &Tracer<'_>, code: CodeId, local: &Local, keep: Keep, round: LoopId) -> bool {
    let facts = tracer.project.facts(code);
    facts.uses.iter().any(|used| {
        matches!(used.kind, UseKind::Argument | UseKind::Keep)
            && used.at != keep.at
            && tracer.project.locate(code, used.place).is_some_and(|found| found.holder == keep.holder)
            && local.is_in(facts, used.at, round)
    })
}

/// Whether a value is made of what a holder keeps.
fn depends(tracer: &mut Tracer<'_>, code: CodeId, value: Val, keep: Keep) -> bool {
    let project = tracer.project;
    let facts = project.facts(code);
    slice(tracer, code, value).into_iter().any(|value| {
        facts
            .places
            .of(value)
            .is_some_and(|place| project.locate(code, place).is_some_and(|found| found.holder == keep.holder))
    })
}

/// All values of a function that a value is made of.
fn slice(tracer: &mut Tracer<'_>, code: CodeId, value: Val) -> Vec<Val> {
    let facts = tracer.project.facts(code);
    let mut seen = FxHashSet::default();
    let mut pending = vec![value];
    let mut found = Vec::new();
    while let Some(current) = pending.pop() {
        if found.len() >= MAX_SLICE || !seen.insert(current) {
            continue;
        }
        found.push(current);
        if tracer.is_leaving(code, current) {
            continue;
        }
        let op = facts.body.op(current);
        facts.body.operands(op, |operand| pending.push(operand));
        if let Op::Load(var) = op {
            pending.extend(facts.stores(var).iter().filter_map(|store| facts.stored(*store)));
            // What is put into a container is part of it.
            if let Some(place) = facts.places.of(current) {
                let puts = facts.uses.iter().filter(|used| {
                    used.place == place
                        && matches!(
                            used.kind,
                            UseKind::Call(_) | UseKind::StoreElement | UseKind::AugmentElement
                        )
                });
                pending.extend(puts.map(|used| used.at));
            }
        }
    }
    found
}

/// Whether all calls of a function stand where no graph is recorded.
fn is_called_without_graph(tracer: &mut Tracer<'_>, code: CodeId, fuel: u32) -> bool {
    let Some(fuel) = fuel.checked_sub(1) else { return false };
    let calls: Vec<Reference> = tracer
        .project
        .references(code)
        .iter()
        .filter(|reference| reference.kind == ReferenceKind::Call)
        .copied()
        .collect();
    !calls.is_empty()
        && calls.into_iter().all(|call| {
            let facts = tracer.project.facts(call.code);
            tracer.local(call.code).records_none(facts, call.at)
                || is_called_without_graph(tracer, call.code, fuel)
        })
}
