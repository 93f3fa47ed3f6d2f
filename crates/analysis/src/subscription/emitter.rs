//! Emitters of the project: functions that store what they are given in something that lives long.

use super::Sink;
use super::sink;
use crate::growth::holder_name;
use crate::ir::{Op, Step, UseKind, Val, VarId};
use crate::project::{CodeId, Holder, Project, ValueId};

/// A call of an emitter of the project.
pub(super) struct Emitted {
    pub sink: Sink,
    /// Where the emitter stores the callback.
    pub stored: ValueId,
    pub undo: Vec<String>,
    pub gives_undo: bool,
    /// Whether what is kept is called, and then what that gives: the emitter keeps weak references.
    pub is_dereferenced: bool,
}

/// What a call registers with, if it calls a function of the project that stores an argument.
pub(super) fn registration(project: &Project, code: CodeId, call: Val, callee: Val) -> Option<Emitted> {
    let facts = project.facts(code);
    let Op::Call { args, .. } = facts.body.op(call) else { return None };
    // `subscribe("event")(self.on_event)`: what the outer call hands out takes the callback.
    let function = match facts.body.op(callee) {
        Op::Call { callee: maker, .. } => returned_function(project, project.callable(code, maker)?)?,
        _ => project.callable(code, callee)?,
    };
    if !project.is_function(function)
        || project.class_of(function).is_some_and(|class| Some(class) == project.enclosing_class(code))
    {
        return None;
    }
    let value = facts
        .body
        .args(args)
        .iter()
        .find_map(|arg| crate::capture::callback(project, code, arg.value).map(|_| arg.value))?;
    let param = project.parameter_for(code, call, value, function)?;
    let (holder, stored) = stored_in(project, function, param)?;
    let sink = match holder {
        Holder::Global { .. } => Sink::Global(holder_name(project, holder)?),
        Holder::Attribute { class, .. } if is_on_class(project, holder) => {
            Sink::Global(format!("{}.{}", project.own_name(class.0), holder_name(project, holder)?))
        }
        Holder::Attribute { .. } => {
            let Op::Attr { base, .. } = facts.body.op(callee) else { return None };
            sink::sink(project, code, base)?
        }
        Holder::Local { .. } => return None,
    };
    let undo = undoing(project, function, holder);
    let gives_undo =
        returned_function(project, function).is_some() && !matches!(facts.body.op(callee), Op::Call { .. });
    let is_dereferenced = is_dereferenced(project, holder);
    Some(Emitted { sink, stored: function.value(stored), undo, gives_undo, is_dereferenced })
}

/// Whether each place that calls what a holder keeps calls what comes out of that again: `reference()(event)`.
fn is_dereferenced(project: &Project, holder: Holder) -> bool {
    let calls = project.sites(holder).iter().filter(|site| site.depth > 0).filter_map(|site| {
        let used = site.find(project);
        (used.kind == UseKind::Invoke).then_some((site.code, used.at))
    });
    let mut calls = calls.map(|(code, call)| {
        let facts = project.facts(code);
        let is_it = |value: Val| {
            value == call
                || matches!(facts.body.op(value), Op::Load(var) if facts.only_value(var) == Some(call))
        };
        facts.body.insts.iter().any(|inst| matches!(inst.op, Op::Call { callee, .. } if is_it(callee)))
    });
    calls.next() == Some(true) && calls.all(|again| again)
}

/// The inner function that a function returns.
fn returned_function(project: &Project, function: CodeId) -> Option<CodeId> {
    let facts = project.facts(function);
    let returned = facts.body.insts.iter().find_map(|inst| match inst.op {
        Op::Return(Some(value)) => Some(value),
        _ => None,
    })?;
    match crate::capture::callback(project, function, returned)? {
        (_, crate::Callback::Inner(inner)) => Some(inner),
        _ => None,
    }
}

/// The container of a module, class or object in which a function stores a parameter, and where it does.
fn stored_in(project: &Project, function: CodeId, param: VarId) -> Option<(Holder, Val)> {
    let facts = project.facts(function);
    let is_param = |value: Val| matches!(facts.body.op(value), Op::Load(var) if var == param);
    for used in &facts.uses {
        let stored = match (used.kind, facts.body.op(used.at)) {
            (UseKind::Call(name), Op::Call { args, .. }) if adds(facts.str(name)) => facts
                .body
                .args(args)
                .iter()
                .any(|arg| is_param(arg.value) || is_in_tuple(project, function, arg.value, param)),
            (UseKind::StoreElement, Op::StoreIndex { value, key, .. }) => is_param(value) || is_param(key),
            _ => false,
        };
        if !stored {
            continue;
        }
        let located = project.locate(function, used.place)?;
        let is_plain = located.rest.iter().all(|step| matches!(step, Step::Element | Step::Iterated));
        if is_plain && is_strong(project, located.holder, used.place, function) {
            return Some((located.holder, used.at));
        }
        return None;
    }
    None
}

fn is_in_tuple(project: &Project, function: CodeId, value: Val, param: VarId) -> bool {
    let facts = project.facts(function);
    match facts.body.op(value) {
        Op::Display { args, .. } => facts
            .body
            .args(args)
            .iter()
            .any(|arg| matches!(facts.body.op(arg.value), Op::Load(var) if var == param)),
        _ => false,
    }
}

fn adds(method: &str) -> bool {
    matches!(method, "append" | "add" | "insert" | "appendleft" | "setdefault")
}

/// Whether a holder is a plain container, and so are its elements: one that the project makes itself may hold
/// weakly what it is given.
fn is_strong(project: &Project, holder: Holder, place: crate::ir::PlaceId, function: CodeId) -> bool {
    let plain = super::bound_to(project, holder).into_iter().all(|(code, value)| {
        project
            .created_container(code, value)
            .is_some_and(|made| made.kind != leakwright_catalogue::ContainerKind::Weak)
    });
    // `handlers.setdefault(event, Handlers()).append(handler)`
    let facts = project.facts(function);
    let made_elements = facts.body.insts.iter().filter_map(|inst| match inst.op {
        Op::Call { callee, args } => {
            let Op::Attr { base, name } = facts.body.op(callee) else { return None };
            let at = facts.places.of(base)?;
            (facts.str(name) == "setdefault" && facts.places.parent(place) == Some(at))
                .then(|| facts.body.args(args).get(1).map(|arg| arg.value))?
        }
        _ => None,
    });
    let mut made_elements = made_elements;
    plain
        && made_elements.all(|value| match project.constructed_class(function, value) {
            Some(class) => ["append", "add", "insert", "__setitem__"]
                .iter()
                .all(|method| project.class_member(class, method).is_none()),
            None => true,
        })
}

/// Whether an attribute is bound in the class body only: its objects share it.
fn is_on_class(project: &Project, holder: Holder) -> bool {
    let bound = super::bound_to(project, holder);
    !bound.is_empty() && bound.iter().all(|(code, _)| project.is_class(*code))
}

/// The functions that remove from a holder what they are given, by name.
fn undoing(project: &Project, function: CodeId, holder: Holder) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for site in project.sites(holder).iter().filter(|site| site.code != function) {
        let facts = project.facts(site.code);
        let removes = match site.find(project).kind {
            UseKind::Call(name) => {
                matches!(facts.str(name), "remove" | "discard" | "pop" | "clear" | "popitem")
            }
            UseKind::DeleteElement | UseKind::Unbind => true,
            UseKind::Bind(_) => {
                facts.is_function() && !crate::growth::holder::is_initializer(facts.own_name())
            }
            _ => false,
        };
        let name = facts.own_name();
        if removes && facts.is_function() && !found.iter().any(|known| known == name) {
            found.push(name.to_owned());
        }
    }
    found
}
