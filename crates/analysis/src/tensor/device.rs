//! Outputs of modules that are collected on the device, batch by batch.
//!
//! Without a graph an output is still as large as it is, and memory of a device is short. Only places are
//! shown where the project itself says that the device is not where they are needed: all are moved away
//! together afterwards, or a trainer's evaluating hook keeps them until its epoch ends.

use leakwright_catalogue::Hook;

use super::keep::{Keep, keeps};
use super::local::{hook, name_of};
use super::retained::{is_reset_in, steps_in};
use super::trace::{Carries, Tracer};
use super::uses_tensors;
use crate::ir::{FrameKind, ItemFacts, LoopId, LoopKind, Op, Val, VarId};
use crate::project::{CodeId, Entity, Holder, ModuleId, Project, ValueId};

/// Outputs that are collected on the device.
#[derive(Clone, Debug)]
pub struct CollectedOnDevice {
    /// The function that collects them.
    pub code: CodeId,
    /// The operation that does.
    pub at: Val,
    /// What they are collected in.
    pub holder: Holder,
    /// The output.
    pub tensor: Val,
    /// Where it comes from.
    pub source: ValueId,
    /// Why it need not stay on the device.
    pub kind: Collecting,
}

/// Why what is collected need not stay on the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collecting {
    /// In this loop; afterwards all of it is moved away here.
    MovedLater(LoopId, Val),
    /// In a hook that a trainer calls for each batch.
    Hook,
}

/// The outputs that items of a file collect on the device, in their order.
pub fn collected_on_device(
    project: &Project,
    module: ModuleId,
    items: impl Iterator<Item = CodeId>,
) -> Vec<CollectedOnDevice> {
    if !uses_tensors(project, module) {
        return Vec::new();
    }
    let mut tracer = Tracer::of_devices(project);
    let mut found = Vec::new();
    for code in items.filter(|code| !project.is_class(*code)) {
        for keep in keeps(project, code) {
            found.extend(collected(&mut tracer, code, keep));
        }
    }
    found
}

fn collected(tracer: &mut Tracer<'_>, code: CodeId, keep: Keep) -> Option<CollectedOnDevice> {
    let project = tracer.project;
    let facts = project.facts(code);
    let is_body = facts.body.frames[facts.body.block(keep.block).frame.index()].kind == FrameKind::Body;
    if keep.is_summed || !is_body || is_number(facts, keep.value) {
        return None;
    }
    let kind = match keep.holder {
        Holder::Local { code: owner, var } if owner == code => moved_later(tracer, code, keep, var)?,
        Holder::Attribute { .. } if hook(project, code) == Some(Hook::Evaluating) => Collecting::Hook,
        _ => return None,
    };
    let frame = tracer.outermost(code);
    let Carries::Graph(source) = tracer.ask(&frame, keep.value) else { return None };
    Some(CollectedOnDevice { code, at: keep.at, holder: keep.holder, tensor: keep.value, source, kind })
}

/// Whether a value is a single number, by what it is called: a loss, a score.
fn is_number(facts: &ItemFacts, value: Val) -> bool {
    name_of(facts, value).is_some_and(|name| {
        let last = leakwright_catalogue::split_words(name).last().unwrap_or_default();
        matches!(last.as_str(), "loss" | "acc" | "accuracy" | "metric" | "error" | "score" | "cost" | "norm")
    })
}

/// Whether a container is filled in a loop that moves its batches to a device, and afterwards moved away as a
/// whole.
fn moved_later(tracer: &mut Tracer<'_>, code: CodeId, keep: Keep, var: VarId) -> Option<Collecting> {
    let facts = tracer.project.facts(code);
    let local = tracer.local(code);
    let round = facts.body.loops_around(keep.block).last()?;
    let is_plain = facts.body.loops_around(keep.block).all(|round| {
        !matches!(facts.body.loops[round.index()].kind, LoopKind::Comprehension)
            && !is_reset_in(tracer, code, &local, keep, round)
    });
    if !is_plain || steps_in(tracer, code, &local, round) {
        return None;
    }
    let values = facts.body.originals().flat_map(|block| facts.body.values(block));
    let (inside, outside): (Vec<Val>, Vec<Val>) = values
        .filter(|at| matches!(facts.body.op(*at), Op::Call { .. }))
        .partition(|at| local.is_in(facts, *at, round));
    let to_device = inside.into_iter().any(|at| moves_to_device(facts, at));
    let away = |at: &Val| moves_away(facts, *at) && is_made_of(tracer.project, code, *at, var, 6);
    let away = outside.into_iter().find(away)?;
    to_device.then_some(Collecting::MovedLater(round, away))
}

/// `batch.to(device)`, `batch.cuda()`
fn moves_to_device(facts: &ItemFacts, call: Val) -> bool {
    let Op::Call { callee, args } = facts.body.op(call) else { return false };
    let Op::Attr { name, .. } = facts.body.op(callee) else { return false };
    let of_device = |value: Val| match facts.body.op(value) {
        Op::Const(_) => facts.string(value).is_some_and(|text| text.starts_with("cuda")),
        _ => name_of(facts, value).is_some_and(|name| name.ends_with("device")),
    };
    match facts.str(name) {
        "cuda" => true,
        "to" => facts.body.args(args).iter().any(|arg| of_device(arg.value)),
        _ => false,
    }
}

/// `all.cpu()`, `all.numpy()`
fn moves_away(facts: &ItemFacts, call: Val) -> bool {
    let Op::Call { callee, .. } = facts.body.op(call) else { return false };
    matches!(facts.body.op(callee), Op::Attr { name, .. } if matches!(facts.str(name), "cpu" | "numpy" | "tolist"))
}

/// Whether a value is made of all that a container holds, by functions and methods of tensors.
fn is_made_of(project: &Project, code: CodeId, value: Val, var: VarId, fuel: u32) -> bool {
    let Some(fuel) = fuel.checked_sub(1) else { return false };
    let facts = project.facts(code);
    match facts.body.op(value) {
        Op::Load(loaded) if loaded == var => true,
        Op::Load(loaded) => facts
            .only_value(loaded)
            .is_some_and(|stored| stored < value && is_made_of(project, code, stored, var, fuel)),
        Op::Call { callee, args } => match project.entity(code, callee) {
            Some(Entity::External(path)) if path.starts_with("torch.") => {
                let first = facts.body.args(args).first();
                first.is_some_and(|arg| is_made_of(project, code, arg.value, var, fuel))
            }
            Some(_) => false,
            None => match facts.body.op(callee) {
                Op::Attr { base, .. } => is_made_of(project, code, base, var, fuel),
                _ => false,
            },
        },
        _ => false,
    }
}
