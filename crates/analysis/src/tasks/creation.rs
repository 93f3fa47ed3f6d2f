//! Calls that make a task.

use crate::ir::{ItemKind, Op, Val};
use crate::project::{CodeId, ModuleId, Project, ValueId};

/// Whether the code of a file names anything that makes tasks: a quick look before the long one.
pub(super) fn may_make_tasks(project: &Project, module: ModuleId) -> bool {
    project.items(module).any(|code| names_creator(project, code))
}

pub(super) fn names_creator(project: &Project, code: CodeId) -> bool {
    let tasks = &project.catalogue().tasks;
    project.facts(code).names.iter().any(|name| tasks.may_create(name))
}

/// The calls of an item that make a task, in the order of the source.
pub(super) fn created(project: &Project, code: CodeId) -> Vec<ValueId> {
    let facts = project.facts(code);
    // What a module starts while it is imported, it starts once.
    if project.is_broken(code) || facts.kind == ItemKind::Module {
        return Vec::new();
    }
    let body = &facts.body;
    let calls = body.originals().flat_map(|block| body.values(block));
    calls.filter(|at| makes_task(project, code, *at)).map(|at| code.value(at)).collect()
}

/// Whether an instruction is a call that makes a task. `ensure_future(task)` gives the task back.
pub(super) fn makes_task(project: &Project, code: CodeId, at: Val) -> bool {
    let facts = project.facts(code);
    let Op::Call { callee, args } = facts.body.op(at) else { return false };
    let is_task = |given: Val| {
        let Op::Load(var) = facts.body.op(given) else { return false };
        facts.only_value(var).is_some_and(|made| made < given && makes_task(project, code, made))
    };
    is_creator(project, code, callee)
        && !facts.body.args(args).first().is_some_and(|given| is_task(given.value))
}

/// Whether a value is a function that makes a task.
pub(super) fn is_creator(project: &Project, code: CodeId, callee: Val) -> bool {
    let facts = project.facts(code);
    let tasks = &project.catalogue().tasks;
    match facts.body.op(callee) {
        Op::Attr { base, name } if tasks.may_create(facts.str(name)) => {
            if let Some(path) = project.import_path(code, callee) {
                return tasks.creates(&path);
            }
            tasks.is_creating_method(facts.str(name))
                && project.callable(code, callee).is_none()
                && is_loop(project, code, base)
        }
        Op::Load(_) => project.import_path(code, callee).is_some_and(|path| tasks.creates(&path)),
        _ => false,
    }
}

/// Whether a value is an event loop: what hands one out, what is annotated as one, or what is called a
/// loop. Groups of tasks, which keep what they make, are called something else.
fn is_loop(project: &Project, code: CodeId, value: Val) -> bool {
    let facts = project.facts(code);
    let tasks = &project.catalogue().tasks;
    match facts.body.op(value) {
        Op::Call { callee, .. } => {
            project.import_path(code, callee).is_some_and(|path| tasks.gives_loop(&path))
        }
        Op::Attr { name, .. } => is_called_loop(facts.str(name)),
        Op::Load(var) => {
            let annotated =
                facts.params.iter().find(|param| param.var == var).and_then(|param| param.annotation);
            let is_annotated = annotated
                .and_then(|annotation| project.import_path(code, annotation))
                .is_some_and(|path| tasks.is_loop_type(&path));
            let assigned = facts.only_value(var).filter(|made| made.index() < value.index());
            is_annotated
                || is_called_loop(facts.var_name(var))
                || assigned.is_some_and(|made| is_loop(project, code, made))
        }
        _ => false,
    }
}

/// `loop`, `_loop`, `event_loop`, `io_loop`
fn is_called_loop(name: &str) -> bool {
    let name = name.trim_matches('_');
    name == "loop" || name.ends_with("_loop") || name == "eventloop"
}
