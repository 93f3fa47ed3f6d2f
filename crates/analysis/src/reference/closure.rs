//! Closures that are kept for long, and keep something large of which they need little.
//!
//! A closure keeps each variable that it uses, whole. One that only asks how long a buffer is keeps the buffer
//! as long as itself: in a list of handlers, at a registry, on an object.

use super::large::{holds_large, is_only_measured};
use crate::bindings::Binding;
use crate::capture::{self, Callback};
use crate::examined::Examined;
use crate::ir::{Op, Step, UseKind, Val, VarId};
use crate::project::{CodeId, Holder, Project};
use crate::subscription::{Sink, keeper};

/// A closure that keeps something large.
#[derive(Clone, Debug)]
pub struct LargeCapture {
    /// The function that makes it.
    pub code: CodeId,
    /// Where it is kept from.
    pub at: Val,
    /// Who keeps it.
    pub keeper: Keeper,
    /// The variable that it keeps.
    pub var: VarId,
    /// Where that is bound.
    pub bound: Val,
    /// Where the closure uses it.
    pub used: (CodeId, Val),
}

/// Who keeps a closure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keeper {
    /// Something that lives as long as the process, by its name.
    Process(String),
    /// Something that the function was given, by its name.
    Argument(String),
    /// An attribute of the object.
    Attribute(String),
}

/// The closures that items keep with something large of which they need little, in the order of the source.
pub fn large_captures(project: &Project, items: impl Iterator<Item = CodeId>) -> Vec<LargeCapture> {
    let mut found = Vec::new();
    for code in items {
        let facts = project.facts(code);
        if !facts.is_function() || project.is_broken(code) || !makes_closures(project, code) {
            continue;
        }
        for at in facts.body.originals().flat_map(|block| facts.body.values(block)) {
            found.extend(kept(project, code, at));
        }
    }
    found
}

/// Why a closure that is kept does not hold too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptureReason {
    /// It uses nothing that is large.
    Small,
    /// It needs what it holds, whole.
    Needed,
}

/// The closures that items keep for longer than they run, in the order of the source.
pub fn examined_captures(
    project: &Project,
    items: impl Iterator<Item = CodeId>,
) -> Vec<Examined<LargeCapture, CaptureReason>> {
    let mut found = Vec::new();
    let items = items.filter(|code| project.facts(*code).is_function() && !project.is_broken(*code));
    for code in items.filter(|code| makes_closures(project, *code)) {
        let body = &project.facts(code).body;
        for at in body.originals().flat_map(|block| body.values(block)) {
            let Some((value, callback)) = given_closure(project, code, at) else { continue };
            if kept_by(project, code, at).is_none() {
                continue;
            }
            let captured = capture::captured(project, code, (value, &callback));
            let mut own = captured.into_iter().filter(|(item, _)| *item == code.item);
            let verdict = kept(project, code, at).ok_or_else(|| {
                let is_large = own.any(|(_, var)| holds_large(project, code, var));
                if is_large { CaptureReason::Needed } else { CaptureReason::Small }
            });
            found.push(Examined::new(code, at, verdict));
        }
    }
    found
}

fn makes_closures(project: &Project, code: CodeId) -> bool {
    let facts = project.facts(code);
    facts.body.insts.iter().any(|inst| matches!(inst.op, Op::Lambda(_) | Op::Define(_)))
}

/// The closure that an instruction stores or passes.
fn given_closure(project: &Project, code: CodeId, at: Val) -> Option<(Val, Callback)> {
    let facts = project.facts(code);
    let given: Vec<Val> = match facts.body.op(at) {
        Op::Call { args, .. } => facts.body.args(args).iter().map(|arg| arg.value).collect(),
        Op::StoreAttr { value, .. } | Op::StoreIndex { value, .. } | Op::Store { value, .. } => vec![value],
        _ => return None,
    };
    given.into_iter().find_map(|value| closure(project, code, value))
}

fn kept(project: &Project, code: CodeId, at: Val) -> Option<LargeCapture> {
    let facts = project.facts(code);
    let (value, callback) = given_closure(project, code, at)?;
    let (var, used) = little_used(project, code, value, &callback)?;
    let keeper = kept_by(project, code, at)?;
    let bound = *facts.stores(var).first()?;
    Some(LargeCapture { code, at, keeper, var, bound, used })
}

fn closure(project: &Project, code: CodeId, value: Val) -> Option<(Val, Callback)> {
    capture::callback(project, code, value)
        .filter(|(_, callback)| matches!(callback, Callback::Lambda | Callback::Inner(_)))
}

/// A large local variable that a closure uses only to measure it, and where it does.
fn little_used(
    project: &Project,
    code: CodeId,
    value: Val,
    callback: &Callback,
) -> Option<(VarId, (CodeId, Val))> {
    let captured = capture::captured(project, code, (value, callback));
    let mut own: Vec<VarId> =
        captured.into_iter().filter(|(item, _)| *item == code.item).map(|(_, var)| var).collect();
    own.sort_unstable();
    own.into_iter().filter(|var| holds_large(project, code, *var)).find_map(|var| {
        let loads = loads(project, code, value, callback, var);
        let only = loads.iter().all(|(code, load)| is_only_measured(project, project.facts(*code), *load));
        only.then(|| loads.first().map(|load| (var, *load)))?
    })
}

/// Where a closure loads a variable of the function around it.
pub(super) fn loads(
    project: &Project,
    code: CodeId,
    value: Val,
    callback: &Callback,
    var: VarId,
) -> Vec<(CodeId, Val)> {
    let file = project.file(code.module);
    let is_it = |item, loaded| file.binding(item, loaded) == Binding::Local(code.item, var);
    match callback {
        Callback::Inner(inner) => file
            .ids()
            .filter(|item| *item == inner.item || file.ancestors(*item).any(|outer| outer == inner.item))
            .flat_map(|item| {
                let facts = file.facts(item);
                let all = (0..facts.body.insts.len()).map(Val::new);
                let loads = all
                    .filter(move |at| matches!(facts.body.op(*at), Op::Load(loaded) if is_it(item, loaded)));
                loads.map(move |at| (CodeId { item, ..code }, at)).collect::<Vec<_>>()
            })
            .collect(),
        _ => {
            let facts = project.facts(code);
            let Op::Lambda(frame) = facts.body.op(value) else { return Vec::new() };
            let blocks = facts.body.originals().filter(|block| facts.body.block(*block).frame == frame);
            let all = blocks.flat_map(|block| facts.body.values(block));
            all.filter(|at| matches!(facts.body.op(*at), Op::Load(loaded) if is_it(code.item, loaded)))
                .map(|at| (code, at))
                .collect()
        }
    }
}

/// Who keeps what an instruction stores or passes, for longer than the function runs.
fn kept_by(project: &Project, code: CodeId, at: Val) -> Option<Keeper> {
    let facts = project.facts(code);
    if let Op::Call { callee, .. } = facts.body.op(at) {
        if let Some(sink) = keeper(project, code, at, callee) {
            return match sink {
                Sink::Process(name) | Sink::Global(name) => Some(Keeper::Process(name)),
                Sink::Argument(name) => Some(Keeper::Argument(name)),
                Sink::Own => None,
            };
        }
        let Op::Attr { base, name } = facts.body.op(callee) else { return None };
        let adds = matches!(facts.str(name), "append" | "add" | "insert" | "appendleft" | "setdefault");
        return adds.then(|| container(project, code, facts.places.of(base)?)).flatten();
    }
    let used = facts
        .uses
        .iter()
        .find(|used| used.at == at && matches!(used.kind, UseKind::Bind(_) | UseKind::StoreElement))?;
    container(project, code, used.place)
}

/// A container or place that outlives the function.
fn container(project: &Project, code: CodeId, place: crate::ir::PlaceId) -> Option<Keeper> {
    let located = project.locate(code, place)?;
    let is_plain = located.rest.iter().all(|step| matches!(step, Step::Element | Step::Iterated));
    let name = crate::growth::holder_name(project, located.holder)?;
    match located.holder {
        _ if !is_plain => None,
        Holder::Global { .. } => Some(Keeper::Process(name)),
        Holder::Attribute { .. } if is_on_class(project, located.holder) => Some(Keeper::Process(name)),
        Holder::Attribute { .. } => Some(Keeper::Attribute(name)),
        Holder::Local { .. } => None,
    }
}

fn is_on_class(project: &Project, holder: Holder) -> bool {
    let mut bound = project
        .sites(holder)
        .iter()
        .filter(|site| site.depth == 0 && matches!(site.find(project).kind, UseKind::Bind(_)));
    bound.clone().next().is_some() && bound.all(|site| project.is_class(site.code))
}
