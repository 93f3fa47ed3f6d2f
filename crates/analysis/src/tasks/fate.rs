//! What becomes of a task in the function that makes it.

use crate::flow::reaching;
use crate::growth::endless_loop;
use crate::ir::{ArgKind, FrameKind, ItemFacts, ItemKind, Op, Val, VarId};
use crate::project::{CodeId, Holder, Project, ValueId};

/// What becomes of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Something refers to it, awaits it, or may do so.
    Kept,
    /// It goes to the caller and nowhere else.
    Returned,
    /// Nothing refers to it.
    Lost(Lost),
}

/// How a task is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// The result of the call is dropped.
    Dropped,
    /// It is bound to a local variable that nothing uses.
    Unused(VarId),
    /// Only `shield` waits for it: a cancelled wait leaves it to itself.
    Shielded,
    /// A callback makes it, and what calls that drops it.
    ByCallback,
    /// The function returns it, and callers drop it.
    ByCallers,
}

/// What uses of a task add up to.
#[derive(Clone, Copy, Default)]
struct Seen {
    kept: bool,
    returned: bool,
    shielded: bool,
    by_callback: bool,
    variable: Option<VarId>,
}

/// How deep variables and expressions are followed.
const MAX_DEPTH: u32 = 6;

/// What becomes of a task.
pub(super) fn fate(project: &Project, made: ValueId) -> Fate {
    let mut seen = Seen::default();
    follow(project, made.code, made.value, &mut seen, MAX_DEPTH);
    if seen.kept || is_held_while_running(project, made, seen.variable.is_some()) {
        return Fate::Kept;
    }
    match seen {
        Seen { returned: true, .. } => Fate::Returned,
        Seen { by_callback: true, .. } => Fate::Lost(Lost::ByCallback),
        Seen { shielded: true, .. } => Fate::Lost(Lost::Shielded),
        Seen { variable: Some(var), .. } => Fate::Lost(Lost::Unused(var)),
        _ => Fate::Lost(Lost::Dropped),
    }
}

/// The task that a call of a function which returns one gives: what is awaited, for a coroutine.
pub(super) fn result_of(project: &Project, function: CodeId, call: ValueId) -> Option<ValueId> {
    let ItemKind::Function { is_async: true, .. } = project.facts(function).kind else { return Some(call) };
    let body = &project.facts(call.code).body;
    let awaited = body.originals().flat_map(|block| body.values(block));
    let awaited =
        awaited.into_iter().find(|at| matches!(body.op(*at), Op::Await(value) if value == call.value));
    awaited.map(|at| call.code.value(at))
}

fn follow(project: &Project, code: CodeId, value: Val, seen: &mut Seen, fuel: u32) {
    let Some(fuel) = fuel.checked_sub(1) else {
        seen.kept = true;
        return;
    };
    let body = &project.facts(code).body;
    for block in body.originals() {
        for at in body.values(block) {
            let mut is_used = false;
            body.operands(body.op(at), |operand| is_used |= operand == value);
            if is_used {
                used(project, code, value, at, seen, fuel);
            }
        }
    }
}

/// Notes one use of a task.
fn used(project: &Project, code: CodeId, value: Val, at: Val, seen: &mut Seen, fuel: u32) {
    let facts = project.facts(code);
    match facts.body.op(at) {
        Op::Store { var, .. } => stored(project, code, var, seen, fuel),
        Op::Merge(_) => follow(project, code, at, seen, fuel),
        Op::Not(_) | Op::Compare { .. } | Op::Format(_) => {}
        Op::Return(_) => match dropping_lambda(project, code, at) {
            Some(true) => seen.by_callback = true,
            Some(false) => seen.kept = true,
            None => seen.returned = true,
        },
        Op::Attr { name, .. } if project.catalogue().tasks.is_neutral(facts.str(name)) => {
            // A bound method that is handed on keeps its task.
            seen.kept |= !is_only_called(facts, at);
        }
        Op::Call { callee, .. } if callee != value => passed(project, code, value, at, callee, seen, fuel),
        _ => seen.kept = true,
    }
}

/// Notes what is done with the local variable that holds a task.
fn stored(project: &Project, code: CodeId, var: VarId, seen: &mut Seen, fuel: u32) {
    let facts = project.facts(code);
    let holder = Holder::Local { code, var };
    let is_captured = project.sites(holder).iter().any(|site| site.code != code);
    if !facts.is_local(var) || facts.var(var).is_deleted || is_captured {
        seen.kept = true;
        return;
    }
    seen.variable = Some(var);
    for block in facts.body.originals() {
        let is_inner = facts.body.frames[facts.body.block(block).frame.index()].kind == FrameKind::Lambda;
        for at in facts.body.values(block) {
            match facts.body.op(at) {
                Op::Load(loaded) if loaded == var && is_inner => seen.kept = true,
                Op::Load(loaded) if loaded == var => follow(project, code, at, seen, fuel),
                _ => {}
            }
        }
    }
}

fn passed(project: &Project, code: CodeId, value: Val, at: Val, callee: Val, seen: &mut Seen, fuel: u32) {
    let tasks = &project.catalogue().tasks;
    if let Some(path) = project.import_path(code, callee) {
        if tasks.shields(&path) {
            seen.shielded = true;
            return;
        }
        if tasks.creates(&path) || path == "typing.cast" {
            // `ensure_future(task)` is the task.
            return follow(project, code, at, seen, fuel);
        }
    }
    let target = project.called_function(code, callee);
    let summary = target.and_then(|function| {
        project.param_summary(function, project.parameter_for(code, at, value, function)?)
    });
    let only_looks = summary.is_some_and(|summary| {
        let knows = |method: &crate::project::Symbol| {
            NEUTRAL.iter().any(|name| crate::project::Symbol::of(name) == *method)
        };
        !summary.is_lost()
            && !summary.is_entered
            && !summary.methods.is_empty()
            && summary.methods.iter().all(knows)
    });
    seen.kept |= !only_looks;
}

/// Methods that a helper may call on a task without keeping it.
const NEUTRAL: [&str; 3] = ["add_done_callback", "set_name", "get_name"];

fn is_only_called(facts: &ItemFacts, method: Val) -> bool {
    facts.body.insts.iter().all(|inst| {
        let mut is_used = false;
        facts.body.operands(inst.op, |operand| is_used |= operand == method);
        !is_used || matches!(inst.op, Op::Call { callee, .. } if callee == method)
    })
}

/// For a `return` that is the value of a lambda: whether what the lambda is given to drops what it
/// returns.
fn dropping_lambda(project: &Project, code: CodeId, at: Val) -> Option<bool> {
    let facts = project.facts(code);
    let frame = facts.body.block(facts.body.block_of(at)?).frame;
    if facts.body.frames[frame.index()].kind != FrameKind::Lambda {
        return None;
    }
    let is_it = |value: Val| matches!(facts.body.op(value), Op::Lambda(found) if found == frame);
    let given_to = facts.body.insts.iter().find_map(|inst| match inst.op {
        Op::Call { callee, args } => {
            let args = facts.body.args(args);
            args.iter().any(|arg| arg.kind == ArgKind::Positional && is_it(arg.value)).then_some(callee)
        }
        _ => None,
    });
    let drops = given_to.is_some_and(|callee| match facts.body.op(callee) {
        Op::Attr { name, .. } => project.catalogue().tasks.drops_result(facts.str(name)),
        _ => false,
    });
    Some(drops)
}

/// Whether the function that makes a task runs as long as the task may: it runs the loop itself, or
/// waits, with the task in a variable, for something that does not end.
fn is_held_while_running(project: &Project, made: ValueId, is_bound: bool) -> bool {
    let facts = project.facts(made.code);
    let tasks = &project.catalogue().tasks;
    let Some(from) = facts.body.block_of(made.value) else { return false };
    let later = |at: Val| {
        at.index() > made.value.index()
            && facts.body.block_of(at).is_some_and(|block| reaching(&facts.body, block)[from.index()])
    };
    let called = |at: Val| match facts.body.op(at) {
        Op::Call { callee, .. } => match facts.body.op(callee) {
            Op::Attr { name, .. } => Some(facts.str(name)),
            Op::Load(var) => Some(facts.var_name(var)),
            _ => None,
        },
        _ => None,
    };
    let values = || facts.body.originals().flat_map(|block| facts.body.values(block));
    let runs = values().any(|at| called(at).is_some_and(|name| tasks.runs_loop(name)) && later(at));
    let waits = is_bound
        && values().any(|at| match facts.body.op(at) {
            Op::Await(value) => called(value).is_some_and(|name| tasks.waits_for_long(name)) && later(at),
            _ => false,
        });
    let is_endless = is_bound
        && facts.body.originals().any(|block| {
            endless_loop(facts, block).is_some()
                && endless_loop(facts, from).is_none()
                && reaching(&facts.body, block)[from.index()]
        });
    runs || waits || is_endless
}
