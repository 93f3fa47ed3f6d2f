//! What keeps a callback, and how long that lives.

use super::bound_to;
use crate::bindings::Binding;
use crate::ir::{Op, Step, Val};
use crate::project::{ClassId, CodeId, Entity, Holder, Project, Symbol};

/// What keeps a callback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sink {
    /// The process: by what it is called.
    Process(String),
    /// Something that belongs to a module or a class, by its name.
    Global(String),
    /// Something that the object was given, by its name.
    Argument(String),
    /// Something that the object has itself.
    Own,
}

/// What keeps what is registered with a value; `None` where that may go with the object, or cannot be told.
pub(super) fn sink(project: &Project, code: CodeId, base: Val) -> Option<Sink> {
    of_value(project, code, base, 4)
}

fn of_value(project: &Project, code: CodeId, value: Val, fuel: u32) -> Option<Sink> {
    let fuel = fuel.checked_sub(1)?;
    let facts = project.facts(code);
    match facts.body.op(value) {
        Op::Call { callee, .. } => of_call(project, code, callee),
        Op::Await(inner) => of_value(project, code, inner, fuel),
        Op::Load(var) => match project.file(code.module).binding(code.item, var) {
            Binding::Global(_) => of_global(project, code, value),
            Binding::Local(item, var) => {
                let owner = CodeId { item, ..code };
                let facts = project.facts(owner);
                if facts.var(var).is_parameter {
                    return of_parameter(project, owner, var);
                }
                of_value(project, owner, facts.only_value(var)?, fuel)
            }
            _ => None,
        },
        Op::Attr { base, name } => {
            if let Op::Load(var) = facts.body.op(base)
                && let Some((class, _)) = project.self_class(code, var)
            {
                return of_attribute(project, class, facts.str(name), fuel);
            }
            // A part of something that outlives the object does so as well, as far as can be told.
            of_value(project, code, base, fuel)
        }
        _ => None,
    }
}

fn of_call(project: &Project, code: CodeId, callee: Val) -> Option<Sink> {
    let facts = project.facts(code);
    let known = &project.catalogue().subscriptions;
    if let Some(path) = project.import_path(code, callee)
        && known.is_registry(&path)
    {
        return Some(Sink::Process(path));
    }
    let Op::Attr { base, name } = facts.body.op(callee) else { return None };
    known.is_singleton(facts.str(name)).then_some(())?;
    let path = project.import_path(code, base)?;
    Some(Sink::Process(path.rsplit('.').next().unwrap_or(&path).to_owned()))
}

fn of_global(project: &Project, code: CodeId, value: Val) -> Option<Sink> {
    let name = match project.entity(code, value)? {
        Entity::External(path) if project.catalogue().subscriptions.is_registry(&path) => {
            return Some(Sink::Process(path));
        }
        Entity::External(path) => path.rsplit('.').next()?.to_owned(),
        Entity::Global(module, global) => {
            let own = project.module_code(CodeId { module, ..code });
            let global = project.file(module).global(global);
            // A name that functions bind now and then means another object each time.
            let made = project.facts(own).only_value(global.var?)?;
            if let Op::Call { callee, .. } = project.facts(own).body.op(made)
                && let Some(Sink::Process(path)) = of_call(project, own, callee)
            {
                return Some(Sink::Process(path));
            }
            global.name.to_string()
        }
        Entity::Class(class) => project.own_name(class.0).to_owned(),
        Entity::Module(_) | Entity::Function(_) => return None,
    };
    // The modules of a library are no emitters.
    let is_module =
        matches!(project.entity(code, value), Some(Entity::External(ref path)) if !path.contains('.'));
    (!is_module).then_some(Sink::Global(name))
}

fn of_parameter(project: &Project, owner: CodeId, var: crate::ir::VarId) -> Option<Sink> {
    let facts = project.facts(owner);
    let name = facts.var_name(var);
    let last = leakwright_catalogue::split_words(name).last().unwrap_or_default();
    // What is made for one piece of work goes with it, callbacks and all.
    let is_short = matches!(
        last.as_str(),
        "future"
            | "fut"
            | "task"
            | "request"
            | "req"
            | "response"
            | "parser"
            | "process"
            | "proc"
            | "job"
            | "thread"
            | "reader"
            | "writer"
            | "socket"
            | "sock"
            | "module"
            | "layer"
            | "tensor"
            | "promise"
            | "deferred"
            | "button"
            | "action"
            | "widget"
            | "loop"
            | "connection"
            | "conn"
            | "cls"
            | "self"
            | "logger"
            | "builder"
            | "page"
            | "document"
            | "doc"
    );
    (!is_short).then(|| Sink::Argument(name.to_owned()))
}

fn of_attribute(project: &Project, class: ClassId, name: &str, fuel: u32) -> Option<Sink> {
    let holder = project.attribute(class, Symbol::of(name));
    let bound = bound_to(project, holder);
    let [(code, value)] = bound.as_slice() else { return None };
    if project.is_class(*code) {
        return None;
    }
    of_value(project, *code, *value, fuel)
}

/// What a base outside of the project gives to its objects, where it tells many of events by its name: `self.hass`.
pub(super) fn given(project: &Project, code: CodeId, value: Val) -> Option<Sink> {
    let facts = project.facts(code);
    let Op::Attr { base, name } = facts.body.op(value) else { return None };
    let Op::Load(var) = facts.body.op(base) else { return None };
    let (class, is_class) = project.self_class(code, var)?;
    let name = facts.str(name);
    let is_given = !is_class
        && bound_to(project, project.attribute(class, Symbol::of(name))).is_empty()
        && (project.has_unknown_base(class) || !project.external_bases(class).is_empty())
        && project.catalogue().subscriptions.is_emitter(name);
    is_given.then(|| Sink::Argument(name.to_owned()))
}

/// Whether a value is a signal of the object itself, and the object one of Qt's.
pub(super) fn is_qt_signal(project: &Project, code: CodeId, signal: Val, class: ClassId) -> bool {
    let facts = project.facts(code);
    let Op::Attr { base, .. } = facts.body.op(signal) else { return false };
    let Op::Load(var) = facts.body.op(base) else { return false };
    project.self_class(code, var).is_some_and(|(_, is_class)| !is_class) && is_qt_class(project, class)
}

/// Whether a base class is one of Qt's, by its name, in a file that imports Qt.
fn is_qt_class(project: &Project, class: ClassId) -> bool {
    let is_qt = |name: &str| {
        let mut letters = name.chars();
        letters.next() == Some('Q') && letters.next().is_some_and(char::is_uppercase)
    };
    project.ancestry(class).into_iter().any(|class| {
        let facts = project.facts(class.0);
        facts.body.args(facts.bases).iter().any(|arg| match facts.body.op(arg.value) {
            Op::Load(var) => is_qt(facts.var_name(var)),
            Op::Attr { name, .. } => is_qt(facts.str(name)),
            _ => false,
        })
    })
}

/// Whether a place of an item is an attribute of the same object that keeps what is registered.
pub(super) fn is_holder_in(project: &Project, code: CodeId, value: Val, name: &str) -> bool {
    let facts = project.facts(code);
    let Some(place) = facts.places.of(value) else { return false };
    let (var, steps) = facts.places.path(place);
    facts.var_name(var) == name
        || steps.iter().any(
            |step| matches!(step, Step::Attr(found) if facts.str(*found).trim_start_matches('_') == name),
        )
        || matches!(project.locate(code, place), Some(found) if matches!(found.holder, Holder::Attribute { .. })
        && bound_to(project, found.holder).iter().any(|(code, value)| {
            let facts = project.facts(*code);
            matches!(facts.body.op(*value), Op::Load(var) if facts.var_name(var) == name)
        }))
}
