//! Timers that start themselves anew without asking whether they were stopped.
//!
//! A timer that fires is done: `cancel()` on it has no effect any more. If its callback arms the next one
//! without looking at anything that the stopping method leaves behind, a stop between the two is lost, and
//! the timer goes on for ever.

use rustc_hash::FxHashSet;

use super::teardown::{all_methods, attributes, ends_life};
use super::thread::is_thread_class;
use crate::ir::{Op, UseKind, Val};
use crate::project::{ClassId, CodeId, ModuleId, Project, Symbol, ValueId};

/// A timer that arms itself again, whatever stopped it.
#[derive(Clone, Debug)]
pub struct RearmedTimer {
    /// The call that makes the next timer.
    pub made: ValueId,
    /// The method that is meant to stop it.
    pub teardown: CodeId,
}

/// The timers that methods of a file arm again, in the order of the items.
pub fn rearmed_timers(
    project: &Project,
    module: ModuleId,
    items: impl Iterator<Item = CodeId>,
) -> Vec<RearmedTimer> {
    if project.module(module).is_test {
        return Vec::new();
    }
    items.filter_map(|code| rearmed(project, code)).collect()
}

fn rearmed(project: &Project, method: CodeId) -> Option<RearmedTimer> {
    let class = project.class_of(method)?;
    let facts = project.facts(method);
    if project.is_broken(method) || !project.is_instance_method(method) || ends_life(project, method) {
        return None;
    }
    let body = &facts.body;
    let mut values = body.originals().flat_map(|block| body.values(block));
    // The last of several branches stands for all of them.
    let made = values.find(|at| arms(project, class, method, *at))?;
    let starts =
        facts.uses.iter().any(|used| matches!(used.kind, UseKind::Call(name) if facts.str(name) == "start"))
            || is_started_at_once(project, method, made);
    let teardown = all_methods(project, class)
        .into_iter()
        .find(|code| ends_life(project, *code) && !is_end_of_memory(project, *code))?;
    (starts && !asks(project, class, method)).then(|| RearmedTimer { made: method.value(made), teardown })
}

/// `__del__` cannot run while a timer holds the object.
fn is_end_of_memory(project: &Project, code: CodeId) -> bool {
    project.own_name(code) == "__del__"
}

/// Whether a call makes a timer that calls this very method.
fn arms(project: &Project, class: ClassId, method: CodeId, at: Val) -> bool {
    let facts = project.facts(method);
    let Op::Call { callee, args } = facts.body.op(at) else { return false };
    let calls_back = facts.body.args(args).iter().any(|arg| {
        let Op::Attr { base, name } = facts.body.op(arg.value) else { return false };
        let Op::Load(var) = facts.body.op(base) else { return false };
        facts.str(name) == facts.own_name() && project.self_class(method, var) == Some((class, false))
    });
    calls_back && is_thread_class(project, method, callee)
}

/// `Timer(…).start()`
fn is_started_at_once(project: &Project, method: CodeId, made: Val) -> bool {
    let facts = project.facts(method);
    facts
        .body
        .insts
        .iter()
        .any(|inst| matches!(inst.op, Op::Attr { base, name } if base == made && facts.str(name) == "start"))
}

/// Whether the method looks at an attribute that a stopping method sets.
fn asks(project: &Project, class: ClassId, method: CodeId) -> bool {
    let stopping = all_methods(project, class).into_iter().filter(|code| ends_life(project, *code));
    let sets = |method: CodeId, kind: UseKind| match kind {
        UseKind::Bind(_) | UseKind::Unbind | UseKind::Augment(_) => true,
        UseKind::Call(name) => matches!(project.facts(method).str(name), "set" | "clear" | "release" | "put"),
        _ => false,
    };
    let set: FxHashSet<Symbol> = stopping
        .flat_map(|code| {
            attributes(project, code)
                .into_iter()
                .filter(move |(_, kind)| sets(code, *kind))
                .map(|(name, _)| name)
        })
        .collect();
    let looks = |kind: UseKind| match kind {
        UseKind::Test => true,
        UseKind::Call(name) => {
            matches!(
                project.facts(method).str(name),
                "is_set" | "isSet" | "wait" | "acquire" | "locked" | "empty"
            )
        }
        _ => false,
    };
    attributes(project, method).iter().any(|(name, kind)| set.contains(name) && looks(*kind))
}
