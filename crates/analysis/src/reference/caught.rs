//! Which values are exceptions that were caught, and which of them have lost their traceback.

use crate::ir::{Const, ItemFacts, Op, Val, VarId};
use crate::project::{ClassId, CodeId, Project, ReferenceKind};

/// Whether a variable is bound by `except … as`.
pub(super) fn is_caught(project: &Project, code: CodeId, value: Val) -> bool {
    let facts = project.facts(code);
    let Op::Load(var) = facts.body.op(value) else { return false };
    is_caught_variable(project, code, var)
}

fn is_caught_variable(project: &Project, code: CodeId, var: VarId) -> bool {
    let facts = project.facts(code);
    let stores = facts.stores(var);
    !stores.is_empty()
        && stores.iter().all(|store| {
            facts.stored(*store).is_some_and(|value| matches!(facts.body.op(value), Op::Caught(_)))
        })
}

/// A parameter that some caller fills with an exception that it caught.
pub(super) fn is_given_caught(project: &Project, code: CodeId, value: Val) -> bool {
    let facts = project.facts(code);
    let Op::Load(var) = facts.body.op(value) else { return false };
    facts.var(var).is_parameter
        && project.references(code).iter().filter(|found| found.kind == ReferenceKind::Call).any(|found| {
            let caller = project.facts(found.code);
            let Op::Call { args, .. } = caller.body.op(found.at) else { return false };
            caller.body.args(args).iter().any(|arg| {
                is_caught(project, found.code, arg.value)
                    && project.parameter_for(found.code, found.at, arg.value, code) == Some(var)
            })
        })
}

/// The exception of a triple: `sys.exc_info()[1]`, or the second of something called so.
pub(super) fn is_of_triple(project: &Project, code: CodeId, value: Val) -> bool {
    let facts = project.facts(code);
    let (whole, is_second) = match facts.body.op(value) {
        Op::Load(var) => match facts.only_value(var) {
            Some(stored) if facts.is_local(var) && !matches!(facts.body.op(stored), Op::Load(_)) => {
                return is_of_triple(project, code, stored);
            }
            _ => return false,
        },
        Op::Index { base, key } => (base, matches!(facts.body.op(key), Op::Const(Const::Int(1)))),
        Op::Unpack { value, index } => (value, index == 1),
        _ => return false,
    };
    let is_triple = match facts.body.op(whole) {
        Op::Load(var) => facts.var_name(var) == "exc_info",
        Op::Call { callee, .. } => project.import_path(code, callee).as_deref() == Some("sys.exc_info"),
        _ => false,
    };
    is_second && is_triple
}

/// Whether the function, or one that it gives the exception to, takes the traceback away.
pub(super) fn is_cleared(project: &Project, code: CodeId, value: Val) -> bool {
    let facts = project.facts(code);
    let Op::Load(var) = facts.body.op(value) else { return false };
    let is_it = |value: Val| matches!(facts.body.op(value), Op::Load(found) if found == var);
    clears(facts)
        || facts.body.insts.iter().any(|inst| {
            let Op::Call { callee, args } = inst.op else { return false };
            facts.body.args(args).iter().any(|arg| is_it(arg.value))
                && project.callable(code, callee).is_some_and(|called| clears(project.facts(called)))
        })
}

/// Whether a function takes tracebacks away from exceptions, or refers to them weakly.
fn clears(facts: &ItemFacts) -> bool {
    facts.body.insts.iter().any(|inst| match inst.op {
        Op::StoreAttr { name, .. } | Op::DeleteAttr { name, .. } => facts.str(name) == "__traceback__",
        Op::Attr { name, .. } => matches!(facts.str(name), "clear_frames" | "with_traceback"),
        _ => false,
    })
}

/// Whether a class is one of exceptions, by its name or that of a base.
pub(super) fn is_exception_class(project: &Project, class: ClassId) -> bool {
    let is_error = |name: &str| {
        ["Error", "Exception", "Warning", "Exit", "Interrupt"].iter().any(|ending| name.ends_with(ending))
    };
    let mut names = project.ancestry(class).into_iter().map(|class| project.own_name(class.0));
    names.any(is_error) || project.external_bases(class).into_iter().any(is_error)
}
