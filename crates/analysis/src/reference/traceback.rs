//! Exceptions and tracebacks that are kept: each holds the frames it passed, and all their variables.

use super::caught::{is_caught, is_cleared, is_exception_class, is_given_caught, is_of_triple};
use crate::examined::{Examined, leaks};
use crate::flow::Flow;
use crate::growth::holder::is_initializer;
use crate::ir::{ArgKind, Const, Op, UseKind, Val};
use crate::project::{CodeId, Entity, Holder, Project, Symbol};

/// An exception or traceback that is kept.
#[derive(Clone, Debug)]
pub struct StoredTraceback {
    /// The function that keeps it.
    pub code: CodeId,
    /// Where it does.
    pub at: Val,
    /// The exception or traceback.
    pub value: Val,
    /// How it is kept.
    pub kind: TracebackKind,
    /// What keeps it, by its name.
    pub name: String,
    /// Where it is used later.
    pub used: Vec<(CodeId, Val)>,
}

/// How an exception or traceback is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TracebackKind {
    /// A variable holds the traceback of the frame it belongs to.
    OwnFrame,
    /// An attribute of the object whose method is in the traceback.
    Attribute,
    /// A module variable, or an attribute that all objects of a class share.
    Lasting,
    /// A field of an object that is handed on.
    Field,
    /// A context variable: as long as the thread, or the task, in whose context it is set.
    Context,
}

/// Why an exception or traceback that is bound to something is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TracebackReason {
    /// Its traceback is dropped.
    Cleared,
    /// It is let go of: deleted, replaced or reset.
    LetGo,
    /// No exception is handled there.
    NotHandled,
    /// An exception or a library has a place for it.
    Meant,
    /// The record that holds it goes with the call.
    ShortLived,
    /// It is referred to weakly.
    Weak,
}

/// An exception or traceback that is bound to something.
type Looked = Examined<StoredTraceback, TracebackReason>;

/// The exceptions and tracebacks that the code of items keeps, in their order.
pub fn stored_tracebacks(project: &Project, items: impl Iterator<Item = CodeId>) -> Vec<StoredTraceback> {
    leaks(examined_tracebacks(project, items))
}

/// The exceptions and tracebacks that the code of items binds to something that may keep them, in their order.
pub fn examined_tracebacks(project: &Project, items: impl Iterator<Item = CodeId>) -> Vec<Looked> {
    let mut found = Vec::new();
    for code in items {
        let facts = project.facts(code);
        if !facts.is_function() || project.is_broken(code) {
            continue;
        }
        for at in facts.body.originals().flat_map(|block| facts.body.values(block)) {
            found.extend(own_frame(project, code, at));
            found.extend(kept(project, code, at));
            found.extend(in_field(project, code, at));
            found.extend(in_context(project, code, at));
        }
    }
    found
}

/// `tb = sys.exc_info()[2]`, in the frame where the exception was caught.
fn own_frame(project: &Project, code: CodeId, at: Val) -> Option<Looked> {
    let facts = project.facts(code);
    let Op::Store { var, value } = facts.body.op(at) else { return None };
    if !facts.is_local(var) || facts.var(var).is_parameter {
        return None;
    }
    let call = traceback_source(project, code, value)?;
    let sound = |reason| Some(Examined::new(code, at, Err(reason)));
    let is_cleared = facts.stores(var).iter().any(|store| {
        facts.stored(*store).is_some_and(|value| matches!(facts.body.op(value), Op::Const(Const::None)))
    });
    if is_cleared || facts.var(var).is_deleted {
        return sound(TracebackReason::LetGo);
    }
    if !Flow::new(&facts.body).is_in_handler(facts.body.block_of(call)?) {
        return sound(TracebackReason::NotHandled);
    }
    let (kind, name) = (TracebackKind::OwnFrame, facts.var_name(var).to_owned());
    let stored = StoredTraceback { code, at, value, kind, name, used: Vec::new() };
    Some(Examined::new(code, at, Ok(stored)))
}

/// The call of `sys.exc_info` whose traceback a value is, or holds.
fn traceback_source(project: &Project, code: CodeId, value: Val) -> Option<Val> {
    let facts = project.facts(code);
    let is_source = |value: Val| match facts.body.op(value) {
        Op::Call { callee, .. } => project.import_path(code, callee).as_deref() == Some("sys.exc_info"),
        _ => false,
    };
    match facts.body.op(value) {
        Op::Call { .. } => is_source(value).then_some(value),
        Op::Index { base, key } if is_source(base) => {
            let is_traceback = matches!(facts.body.op(key), Op::Const(Const::Int(2)) | Op::Unary(_));
            is_traceback.then_some(base)
        }
        Op::Unpack { value: whole, index } => match facts.body.op(whole) {
            Op::Call { .. } => (index == 2 && is_source(whole)).then_some(whole),
            // `error, traceback = sys.exc_info()[1:]`
            Op::Index { base, key } if is_source(base) && matches!(facts.body.op(key), Op::Slice(_)) => {
                let last = facts.body.insts.iter().filter_map(|inst| match inst.op {
                    Op::Unpack { value, index } if value == whole => Some(index),
                    _ => None,
                });
                (last.max() == Some(index)).then_some(base)
            }
            _ => None,
        },
        _ => None,
    }
}

/// `self.error = error`, `self.errors.append(error)`, in a handler or in what a handler calls.
fn kept(project: &Project, code: CodeId, at: Val) -> Option<Looked> {
    let facts = project.facts(code);
    let (base, value) = match facts.body.op(at) {
        Op::StoreAttr { value, .. } | Op::Store { value, .. } => (None, value),
        Op::Call { callee, args } => match (facts.body.op(callee), facts.body.args(args)) {
            (Op::Attr { base, name }, [given]) if facts.str(name) == "append" => (Some(base), given.value),
            _ => return None,
        },
        _ => return None,
    };
    let is_exception =
        is_caught(project, code, value) || (base.is_some() && is_given_caught(project, code, value));
    if !is_exception {
        return None;
    }
    let place = match base {
        Some(base) => facts.places.of(base)?,
        None => facts.uses.iter().find(|used| used.at == at && matches!(used.kind, UseKind::Bind(_)))?.place,
    };
    let located = project.locate(code, place).filter(|located| located.rest.is_empty())?;
    if matches!(located.holder, Holder::Local { .. }) {
        return None;
    }
    let sound = |reason| Some(Examined::new(code, at, Err(reason)));
    if is_cleared(project, code, value) {
        return sound(TracebackReason::Cleared);
    }
    if is_let_go(project, located.holder, (code, at)) {
        return sound(TracebackReason::LetGo);
    }
    if let Holder::Attribute { class, .. } = located.holder
        && (is_exception_class(project, class) || is_of_library(project, code, at, located.holder))
    {
        return sound(TracebackReason::Meant);
    }
    let on_class = matches!(located.holder, Holder::Attribute { class, .. }
    if project.sites(located.holder).iter().any(|site| {
        site.depth == 0
            && site.code == class.0
            && matches!(site.find(project).kind, UseKind::Bind(value) if !project.is_field_factory(class.0, value))
    }));
    let kind = match located.holder {
        Holder::Global { .. } => TracebackKind::Lasting,
        // A default in the class body is no more than that.
        _ if on_class && base.is_some() => TracebackKind::Lasting,
        _ => TracebackKind::Attribute,
    };
    let used =
        project.sites(located.holder).iter().filter(|site| (site.code, site.find(project).at) != (code, at));
    let used = used
        .filter(|site| matches!(site.find(project).kind, UseKind::Argument | UseKind::Return))
        .map(|site| (site.code, site.find(project).at))
        .collect();
    let name = symbol(project, located.holder)?;
    Some(Examined::new(code, at, Ok(StoredTraceback { code, at, value, kind, name, used })))
}

/// Whether an attribute of another object is one that the classes of the project do not have themselves: a library
/// gives it a meaning.
fn is_of_library(project: &Project, code: CodeId, at: Val, holder: Holder) -> bool {
    let facts = project.facts(code);
    let Op::StoreAttr { base, .. } = facts.body.op(at) else { return false };
    if matches!(facts.body.op(base), Op::Load(var) if project.self_class(code, var).is_some()) {
        return false;
    }
    !project.sites(holder).iter().any(|site| {
        site.depth == 0
            && matches!(site.find(project).kind, UseKind::Bind(_))
            && project.enclosing_class(site.code) == holder.class()
    })
}

/// `last_seen.set(error)`, where it is a context variable.
fn in_context(project: &Project, code: CodeId, at: Val) -> Option<Looked> {
    let facts = project.facts(code);
    let Op::Call { callee, args } = facts.body.op(at) else { return None };
    let Op::Attr { base, name } = facts.body.op(callee) else { return None };
    let [given] = facts.body.args(args) else { return None };
    if facts.str(name) != "set" {
        return None;
    }
    let value = given.value;
    let is_exception = is_caught(project, code, value) || is_of_triple(project, code, value);
    let refers_weakly = || facts.names.iter().any(|name| matches!(name, "weakref" | "ref"));
    let name = is_exception.then(|| context_variable(project, code, base))??;
    let verdict = if is_cleared(project, code, value) {
        Err(TracebackReason::Cleared)
    } else if refers_weakly() {
        Err(TracebackReason::Weak)
    } else if is_reset(project, code, at) {
        Err(TracebackReason::LetGo)
    } else {
        Ok(StoredTraceback { code, at, value, kind: TracebackKind::Context, name, used: Vec::new() })
    };
    Some(Examined::new(code, at, verdict))
}

/// The name of a context variable, if a value is one: a variable of a module, or an attribute that the file binds to one.
fn context_variable(project: &Project, code: CodeId, value: Val) -> Option<String> {
    let facts = project.facts(code);
    let makes = |code: CodeId, value: Val| match project.facts(code).body.op(value) {
        Op::Call { callee, .. } => project
            .import_path(code, callee)
            .is_some_and(|path| path.rsplit('.').next() == Some("ContextVar")),
        _ => false,
    };
    match facts.body.op(value) {
        Op::Attr { name: wanted, .. } => {
            let wanted = facts.str(wanted);
            let binds = project.items(code.module).any(|code| {
                let facts = project.facts(code);
                facts.body.insts.iter().any(|inst| match inst.op {
                    Op::StoreAttr { name, value, .. } => facts.str(name) == wanted && makes(code, value),
                    _ => false,
                })
            });
            binds.then(|| wanted.to_owned())
        }
        Op::Load(var) => {
            let Entity::Global(module, global) = project.entity(code, value)? else { return None };
            let own = project.module_code(CodeId { module, ..code });
            let made = project.facts(own).only_value(project.file(module).global(global).var?)?;
            makes(own, made).then(|| facts.var_name(var).to_owned())
        }
        _ => None,
    }
}

/// Whether what `set` gives is used: to reset the variable.
fn is_reset(project: &Project, code: CodeId, call: Val) -> bool {
    let body = &project.facts(code).body;
    body.insts.iter().any(|inst| {
        let mut is_used = false;
        body.operands(inst.op, |operand| is_used |= operand == call);
        is_used
    })
}

fn symbol(project: &Project, holder: Holder) -> Option<String> {
    let name = crate::growth::holder_name(project, holder)?;
    Some(match holder.class() {
        Some(class) => format!("{}.{name}", project.file(class.0.module).dotted_name(class.0.item)),
        None => name,
    })
}

/// Whether anything lets go of what a holder keeps: unbinds it, empties it or binds something else.
fn is_let_go(project: &Project, holder: Holder, stored: (CodeId, Val)) -> bool {
    project.sites(holder).iter().any(|site| {
        let facts = project.facts(site.code);
        let used = site.find(project);
        let is_initial = !facts.is_function() || is_initializer(facts.own_name());
        match used.kind {
            UseKind::Unbind | UseKind::DeleteElement => true,
            UseKind::Call(name) => {
                matches!(facts.str(name), "clear" | "pop" | "popleft" | "remove" | "popitem")
            }
            UseKind::Bind(_) => !is_initial && (site.code, used.at) != stored,
            _ => false,
        }
    })
}

/// `Outcome(error=error)`, where the class of the project is a record that keeps it, and the record is handed on.
fn in_field(project: &Project, code: CodeId, at: Val) -> Option<Looked> {
    let facts = project.facts(code);
    let Op::Call { args, .. } = facts.body.op(at) else { return None };
    let arg = facts.body.args(args).iter().find(|arg| is_caught(project, code, arg.value))?;
    let ArgKind::Keyword(field) = arg.kind else { return None };
    let class = project.constructed_class(code, at)?;
    let sound = |reason| Some(Examined::new(code, at, Err(reason)));
    if is_exception_class(project, class) {
        return sound(TracebackReason::Meant);
    }
    if is_cleared(project, code, arg.value) {
        return sound(TracebackReason::Cleared);
    }
    let field = facts.str(field).to_owned();
    let holder = project.attribute(class, Symbol::of(&field));
    let is_field = !project.sites(holder).is_empty() || project.facts(class.0).own_var(&field).is_some();
    let is_handed_on = facts.body.insts.iter().any(|inst| match inst.op {
        Op::Return(Some(value)) => value == at || is_in(project, code, value, at),
        Op::StoreAttr { value, .. } | Op::StoreIndex { value, .. } => value == at,
        Op::Call { callee, args } => {
            matches!(facts.body.op(callee), Op::Attr { name, .. } if facts.str(name) == "append")
                && facts.body.args(args).iter().any(|arg| arg.value == at)
        }
        _ => false,
    });
    if !is_field {
        return None;
    }
    if !is_handed_on {
        return sound(TracebackReason::ShortLived);
    }
    let stored = StoredTraceback {
        code,
        at,
        value: arg.value,
        kind: TracebackKind::Field,
        name: format!("{}.{field}", project.file(class.0.module).dotted_name(class.0.item)),
        used: Vec::new(),
    };
    Some(Examined::new(code, at, Ok(stored)))
}

fn is_in(project: &Project, code: CodeId, value: Val, part: Val) -> bool {
    let body = &project.facts(code).body;
    matches!(body.op(value), Op::Display { args, .. } if body.args(args).iter().any(|arg| arg.value == part))
}
