//! What takes a callback back.

use std::collections::BTreeSet;

use super::Sink;
use super::sink::is_holder_in;
use crate::capture::{self, Callback};
use crate::growth::holder::is_teardown;
use crate::ir::{ItemFacts, Op, Val};
use crate::project::{ClassId, CodeId, ModuleId, Project};

/// What takes back too late, or something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// Nothing does.
    Never,
    /// Only the finaliser of the object, which does not run while the callback is held.
    Finalizer(CodeId),
    /// The same method takes other callbacks back, here, and not this one.
    Others(CodeId),
}

/// What is known of taking a callback back; `None` where something does.
pub(super) fn find(
    project: &Project,
    class: ClassId,
    callback: &Callback,
    undo: &[String],
    sink: &Sink,
    registered_in: CodeId,
) -> Option<Removal> {
    let mut family = project.ancestry(class);
    family.extend(project.descendants(class));
    let is_own = |code: &CodeId| project.enclosing_class(*code).is_some_and(|own| family.contains(&own));
    if is_taken_back_elsewhere(project, callback, undo, is_own) {
        return None;
    }
    let modules: BTreeSet<ModuleId> = family.iter().map(|class| class.0.module).collect();
    let modules = modules.into_iter().filter(|module| !project.module(*module).is_test);
    let mut found = Removal::Never;
    for code in modules.flat_map(|module| project.items(module)).filter(is_own) {
        for call in (0..project.facts(code).body.insts.len()).map(Val::new) {
            // A lambda is taken from a signal with all that is connected, or not at all.
            if *sink == Sink::Own && *callback == Callback::Lambda && has_arguments(project, code, call) {
                continue;
            }
            match takes_back(project, code, call, callback, undo, true) {
                Some(true) if project.own_name(code) == "__del__" => found = Removal::Finalizer(code),
                Some(true) => return None,
                Some(false) => found = Removal::Others(code),
                None => {}
            }
            if code != registered_in && ends(project, code, call, sink) {
                return None;
            }
        }
    }
    Some(found)
}

/// Whether code that is not the own hands the method to something that takes it back.
fn is_taken_back_elsewhere(
    project: &Project,
    callback: &Callback,
    undo: &[String],
    is_own: impl Fn(&CodeId) -> bool,
) -> bool {
    let Callback::Method(method) = callback else { return false };
    let takes_back = |code, call| takes_back(project, code, call, callback, undo, false) == Some(true);
    let passing = project.items_passing(project.own_name(*method)).into_iter();
    let mut others = passing.filter(|code| !project.module(code.module).is_test && !is_own(code));
    others.any(|code| {
        let mut calls = (0..project.facts(code).body.insts.len()).map(Val::new);
        calls.any(|call| takes_back(code, call))
    })
}

fn has_arguments(project: &Project, code: CodeId, call: Val) -> bool {
    matches!(project.facts(code).body.op(call), Op::Call { args, .. } if !args.is_empty())
}

fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// Whether a call takes the callback back, or another one of the kind; `None` if it takes nothing back.
fn takes_back(
    project: &Project,
    code: CodeId,
    call: Val,
    callback: &Callback,
    undo: &[String],
    is_own: bool,
) -> Option<bool> {
    let facts = project.facts(code);
    // `weakref.finalize(self, bus.remove_listener, …)`, `stack.callback(bus.unsubscribe, self.on_event)`
    if let Op::Attr { name, .. } = facts.body.op(call)
        && is_own
        && undo.iter().any(|undo| undo == facts.str(name))
        && !is_called(facts, call)
    {
        return Some(true);
    }
    let method = match callback {
        Callback::Method(method) => Some(project.own_name(*method)),
        _ => None,
    };
    let Op::Call { callee, args } = facts.body.op(call) else { return None };
    let called = match facts.body.op(callee) {
        Op::Attr { name, .. } => facts.str(name),
        Op::Load(var) => facts.var_name(var),
        _ => return None,
    };
    let is_known = undo.iter().any(|undo| last(undo) == called);
    if !is_known && !undoes_by_name(called) {
        return None;
    }
    let given: Vec<&str> = facts
        .body
        .args(args)
        .iter()
        .filter_map(|arg| match facts.body.op(arg.value) {
            // A method of the same name of another class is another.
            Op::Attr { base, name } if is_own || !is_receiver(project, code, base) => {
                is_method(project, code, arg.value).then(|| facts.str(name))
            }
            _ => None,
        })
        .collect();
    match method {
        Some(method) if given.contains(&method) => Some(true),
        _ if !is_known => None,
        Some(_) if !given.is_empty() => Some(false),
        // A lambda is no method.
        None if *callback == Callback::Lambda && !given.is_empty() => None,
        _ => is_own.then_some(true),
    }
}

/// Whether a function takes something back, by its name.
fn undoes_by_name(name: &str) -> bool {
    let verb = leakwright_catalogue::split_words(name).next().unwrap_or_default();
    let verbs = [
        "remove",
        "unregister",
        "deregister",
        "unsubscribe",
        "detach",
        "disconnect",
        "discard",
        "unlisten",
        "unobserve",
        "unbind",
        "dispose",
        "off",
        "cancel",
        "unhook",
        "delete",
    ];
    verbs.contains(&verb.as_str())
}

fn is_receiver(project: &Project, code: CodeId, value: Val) -> bool {
    matches!(project.facts(code).body.op(value), Op::Load(var) if project.self_class(code, var).is_some())
}

fn is_method(project: &Project, code: CodeId, value: Val) -> bool {
    let facts = project.facts(code);
    let Op::Attr { base, .. } = facts.body.op(value) else { return false };
    match facts.body.op(base) {
        Op::Load(var) if project.self_class(code, var).is_some() => {
            matches!(capture::callback(project, code, value), Some((_, Callback::Method(_))))
        }
        _ => true,
    }
}

fn is_called(facts: &ItemFacts, value: Val) -> bool {
    facts.body.insts.iter().any(|inst| matches!(inst.op, Op::Call { callee, .. } if callee == value))
}

/// Whether a call ends what keeps the callback: `self.bus.close()`.
fn ends(project: &Project, code: CodeId, call: Val, sink: &Sink) -> bool {
    let Sink::Argument(name) = sink else { return false };
    let facts = project.facts(code);
    let Op::Call { callee, .. } = facts.body.op(call) else { return false };
    let Op::Attr { base, name: method } = facts.body.op(callee) else { return false };
    let ends = is_teardown(project, facts.str(method)) || facts.str(method).starts_with("clear");
    ends && is_holder_in(project, code, base, name)
}
