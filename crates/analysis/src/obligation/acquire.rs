//! Where resources are acquired.

use std::sync::Arc;

use leakwright_catalogue::{Resource, Unless};

use super::class::library_class;
use crate::ir::{ArgKind, Args, BlockId, Const, Op, Val};
use crate::project::{CodeId, Project};

/// A call that hands out a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acquisition {
    /// The call.
    pub call: Val,
    /// Its block.
    pub block: BlockId,
    /// What it hands out.
    pub resource: Arc<Resource>,
    /// How much of the result it is.
    pub share: Share,
    /// The function or class of the project that hands it out, if it is one.
    pub factory: Option<CodeId>,
    /// Whether it depends on keywords that the caller passes through if anything is handed out.
    pub is_conditional: bool,
    /// Whether it is told by the name of a method and its arguments only, on an object whose class is not
    /// known.
    pub is_guess: bool,
    /// Whether that it has to be released is believed only of code which does so on some way.
    pub is_doubtful: bool,
}

/// How much of what a call returns is the resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Share {
    /// All of it.
    Whole,
    /// One part of a tuple.
    Part(u32),
    /// Each element of a list.
    Each,
}

/// The resources of libraries that an item acquires, in the order of the source.
pub(super) fn acquisitions(project: &Project, code: CodeId) -> Vec<Acquisition> {
    let facts = project.facts(code);
    let mut found = Vec::new();
    for block in facts.body.originals() {
        for call in facts.body.values(block) {
            let (callee, args) = match facts.body.op(call) {
                Op::Call { callee, args } => (callee, args),
                Op::Caught(types) => {
                    found.extend(caught(project, code, block, call, types));
                    continue;
                }
                _ => continue,
            };
            if !may_acquire(project, code, callee) {
                continue;
            }
            let Some(resource) = resource_within(project, code, callee, Some(args), MAX_STEPS) else {
                continue;
            };
            let Some(is_conditional) = owes(project, code, &resource, args) else { continue };
            // What a method of any object gives is a resource where somebody wants it.
            if resource.any_receiver && !is_used(project, code, call) {
                continue;
            }
            let acquisition = |share| Acquisition {
                call,
                block,
                resource: resource.clone(),
                share,
                factory: None,
                is_conditional,
                is_guess: is_guess(project, code, callee, &resource),
                is_doubtful: false,
            };
            match resource.parts.as_slice() {
                [] if resource.is_list => found.push(acquisition(Share::Each)),
                [] => found.push(acquisition(Share::Whole)),
                parts => found.extend(parts.iter().map(|&part| acquisition(Share::Part(part)))),
            }
        }
    }
    found
}

/// What a handler gets with the exception it catches: that of a failed request is a response, and open.
fn caught(project: &Project, code: CodeId, block: BlockId, at: Val, types: Args) -> Option<Acquisition> {
    let facts = project.facts(code);
    let [only] = facts.body.args(types) else { return None };
    let path = project.import_path(code, only.value)?;
    let resource = project.catalogue().resources.caught(&path)?.clone();
    // One that is not even looked at is gone at once.
    if !is_used(project, code, at) {
        return None;
    }
    Some(Acquisition {
        call: at,
        block,
        resource,
        share: Share::Whole,
        factory: None,
        is_conditional: false,
        is_guess: false,
        is_doubtful: false,
    })
}

/// How many steps back the class of an object is looked for.
const MAX_STEPS: u32 = 6;

/// Whether a callee is named like something that hands out a resource: most are not, and names are
/// cheap to compare.
fn may_acquire(project: &Project, code: CodeId, callee: Val) -> bool {
    let facts = project.facts(code);
    match facts.body.op(callee) {
        Op::Attr { name, .. } => project.catalogue().resources.is_last_name(facts.str(name)),
        Op::Load(var) => {
            // A name can be imported under another one.
            let stores = facts.stores(var);
            project.catalogue().resources.is_last_name(facts.var_name(var))
                || stores.is_empty()
                || stores.iter().any(|store| {
                    facts.stored(*store).is_some_and(|value| {
                        matches!(facts.body.op(value), Op::ImportFrom { .. } | Op::Attr { .. } | Op::Load(_))
                    })
                })
        }
        _ => false,
    }
}

/// The resource that calling a value hands out.
pub(super) fn resource(project: &Project, code: CodeId, callee: Val) -> Option<Arc<Resource>> {
    resource_within(project, code, callee, None, MAX_STEPS)
}

pub(super) fn resource_within(
    project: &Project,
    code: CodeId,
    callee: Val,
    args: Option<Args>,
    fuel: u32,
) -> Option<Arc<Resource>> {
    let resources = &project.catalogue().resources;
    if let Some(path) = project.import_path(code, callee) {
        return resources.get(&path).cloned();
    }
    // A method of an object whose class is known: `Path(name).open()`.
    let Op::Attr { base, name } = project.facts(code).body.op(callee) else { return None };
    let name = project.facts(code).str(name);
    if !resources.is_last_name(name) || project.callable(code, callee).is_some() {
        return None;
    }
    if let Some(class) = library_class(project, code, base, fuel) {
        return resources.get(&format!("{class}.{name}")).cloned();
    }
    if let Some(found) = resources.of_any_receiver(name) {
        return Some(found.clone());
    }
    // `something.open("w")`: what takes a mode and no name is a path.
    let is_mode = name == "open" && args.is_some_and(|args| takes_mode_first(project, code, args));
    is_mode.then(|| resources.get("pathlib.Path.open").cloned()).flatten()
}

/// Whether the first argument of a call is the mode of a file.
fn takes_mode_first(project: &Project, code: CodeId, args: Args) -> bool {
    let facts = project.facts(code);
    let Some(first) = facts.body.args(args).first() else { return false };
    let is_first = match first.kind {
        ArgKind::Positional => true,
        ArgKind::Keyword(name) => facts.str(name) == "mode",
        _ => false,
    };
    let Op::Const(Const::Str(text)) = facts.body.op(first.value) else { return false };
    let mode = facts.str(text);
    let mut letters = mode.chars();
    is_first
        && letters.next().is_some_and(|letter| "rwax".contains(letter))
        && mode.len() <= 3
        && letters.all(|letter| "bt+".contains(letter))
}

/// Whether a resource was found by the name of a method alone.
fn is_guess(project: &Project, code: CodeId, callee: Val, resource: &Resource) -> bool {
    if project.import_path(code, callee).is_some() {
        return false;
    }
    let Op::Attr { base, .. } = project.facts(code).body.op(callee) else { return false };
    resource.any_receiver || library_class(project, code, base, MAX_STEPS).is_none()
}

/// Whether something is done with a value.
pub(super) fn is_used(project: &Project, code: CodeId, value: Val) -> bool {
    let body = &project.facts(code).body;
    body.insts[value.index() + 1..].iter().any(|inst| {
        let mut used = false;
        body.operands(inst.op, |operand| used |= operand == value);
        used
    })
}

/// Whether a call owes the release of a resource: `None` where the arguments leave the duty with somebody
/// else, `Some(true)` where that depends on keywords which are passed through.
pub(super) fn owes(project: &Project, code: CodeId, resource: &Resource, args: Args) -> Option<bool> {
    let facts = project.facts(code);
    let Some(when) = &resource.when else {
        return (!owns_nothing(project, code, resource, args)).then_some(false);
    };
    let args = facts.body.args(args);
    let given =
        args.iter().find(|arg| matches!(arg.kind, ArgKind::Keyword(name) if facts.str(name) == when.keyword));
    let expected = if when.value { Const::True } else { Const::False };
    match given.map(|arg| facts.body.op(arg.value)) {
        Some(Op::Const(value)) => (value == expected).then_some(false),
        Some(_) => None,
        None => args.iter().any(|arg| arg.kind == ArgKind::DoubleStar).then_some(true),
    }
}

/// Whether the arguments of a constructor leave the duty with somebody else.
fn owns_nothing(project: &Project, code: CodeId, resource: &Resource, args: Args) -> bool {
    let facts = project.facts(code);
    let args = facts.body.args(args);
    let named = |keyword: &str| {
        args.iter().find(|arg| matches!(arg.kind, ArgKind::Keyword(name) if facts.str(name) == keyword))
    };
    if resource.constructor == "open"
        && named("closefd").is_some_and(|arg| !matches!(facts.body.op(arg.value), Op::Const(Const::True)))
    {
        return true;
    }
    resource.unless.iter().any(|unless| match unless {
        Unless::Keyword(keyword) => named(keyword).is_some(),
        Unless::Stream(position) => {
            args.get(*position).is_some_and(|arg| is_stream(project, code, arg.value))
        }
        Unless::Connection(keyword) => {
            named(keyword).is_some_and(|arg| is_connection(project, code, arg.value))
        }
    })
}

/// Whether a value is a connection, by the method that gave it or by what it is called.
fn is_connection(project: &Project, code: CodeId, value: Val) -> bool {
    let facts = project.facts(code);
    let by_name = |name: &str| {
        let last = leakwright_catalogue::split_words(name).last().unwrap_or_default();
        matches!(last.as_str(), "connection" | "conn" | "bind")
    };
    match facts.body.op(value) {
        Op::Call { callee, .. } => matches!(facts.body.op(callee), Op::Attr { name, .. }
            if matches!(facts.str(name), "connect" | "get_bind" | "connection")),
        Op::Load(var) => match facts.only_value(var) {
            Some(made) if matches!(facts.body.op(made), Op::Call { .. }) => {
                is_connection(project, code, made)
            }
            _ => by_name(facts.var_name(var)),
        },
        Op::Attr { name, .. } => by_name(facts.str(name)),
        _ => false,
    }
}

/// Whether a value is an open stream rather than a path, as far as can be told.
fn is_stream(project: &Project, code: CodeId, value: Val) -> bool {
    let facts = project.facts(code);
    let named = |name: &str| {
        let last = leakwright_catalogue::split_words(name).last();
        last.is_some_and(|word| {
            matches!(
                word.as_str(),
                "fileobj"
                    | "obj"
                    | "stream"
                    | "fp"
                    | "fh"
                    | "f"
                    | "buf"
                    | "buffer"
                    | "io"
                    | "handle"
                    | "raw"
                    | "data"
                    | "response"
            )
        })
    };
    match facts.body.op(value) {
        Op::Call { callee, .. } => {
            let path = project.import_path(code, callee);
            resource(project, code, callee).is_some()
                || matches!(path.as_deref(), Some("io.BytesIO" | "io.StringIO" | "_io.BytesIO"))
        }
        Op::Load(var) if project.self_class(code, var).is_some() => true,
        Op::Load(var)
            if facts.stores(var).iter().any(|store| {
                facts.stored(*store).is_some_and(|value| matches!(facts.body.op(value), Op::Enter { .. }))
            }) =>
        {
            true
        }
        Op::Load(var) => match facts.only_value(var) {
            Some(value) if matches!(facts.body.op(value), Op::Call { .. }) => is_stream(project, code, value),
            _ => named(facts.var_name(var)),
        },
        Op::Attr { name, .. } => named(facts.str(name)),
        Op::Enter { context, .. } => is_stream(project, code, context),
        _ => false,
    }
}
