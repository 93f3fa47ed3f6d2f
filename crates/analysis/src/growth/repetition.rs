//! Does a piece of code run again and again?

use leakwright_catalogue::Words;

use super::holder::{HolderKind, is_initializer, is_teardown};
use crate::ir::{BlockId, Const, ItemFacts, ItemKind, LoopKind, Op, Val};
use crate::project::{CodeId, Project, ReferenceKind, Site};

/// Why code repeats. Later ones are the stronger reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Repeats {
    /// It does not: it runs while a module is imported or an object is made.
    Once,
    /// It is not seen to be called; something may call it.
    Unknown,
    /// Anybody may call it any number of times.
    Callable,
    /// Each new object runs it, and the holder outlives them.
    PerObject,
    /// Events, requests or messages run it.
    Handler,
    /// It stands in a loop that does not end.
    Endless,
}

/// How deep callers are followed.
const MAX_DEPTH: u32 = 6;

/// Whether the code at a site repeats, seen from a holder of a kind.
pub(super) fn repeats(project: &Project, kind: HolderKind, site: Site) -> Repeats {
    let block = site.find(project).block;
    if endless_loop(project.facts(site.code), block).is_some() {
        return Repeats::Endless;
    }
    if kind == HolderKind::Local {
        return Repeats::Once;
    }
    function(project, kind, site.code, MAX_DEPTH)
}

/// The loop around a block that goes on for ever.
pub(crate) fn endless_loop(facts: &ItemFacts, block: BlockId) -> Option<crate::ir::LoopId> {
    facts.body.loops_around(block).find(|id| {
        let found = facts.body.loops[id.index()];
        let ends = found.has_break || found.has_return;
        match found.kind {
            LoopKind::Forever => !ends,
            LoopKind::For(value) => !ends && is_endless_iterator(facts, value),
            _ => false,
        }
    })
}

/// `itertools.count()`, `iter(f, sentinel)` that never ends, and the like, by what is called.
fn is_endless_iterator(facts: &ItemFacts, value: Val) -> bool {
    let Op::Call { callee, args } = facts.body.op(value) else { return false };
    let name = match facts.body.op(callee) {
        Op::Attr { name, .. } => facts.str(name),
        Op::Load(var) => facts.var_name(var),
        _ => return false,
    };
    match name {
        "count" | "cycle" => args.len() <= 2,
        "iter" => matches!(
            facts.body.args(args),
            [_, sentinel] if matches!(facts.body.op(sentinel.value), Op::Const(Const::None))
        ),
        _ => false,
    }
}

fn function(project: &Project, kind: HolderKind, code: CodeId, fuel: u32) -> Repeats {
    let facts = project.facts(code);
    let ItemKind::Function { is_async, .. } = facts.kind else { return Repeats::Once };
    let name = facts.own_name();
    if project.class_of(code).is_some() && is_initializer(name) {
        let outlives = matches!(kind, HolderKind::Module | HolderKind::Class);
        return if outlives && name != "__init_subclass__" { Repeats::PerObject } else { Repeats::Once };
    }
    if is_import_hook(project, code) || (is_teardown(project, name) && name != "__exit__") {
        return Repeats::Once;
    }
    let called = callers(project, kind, code, fuel);
    if is_handler(facts, name) {
        return Repeats::Handler;
    }
    let is_public = !name.starts_with('_') || (name.starts_with("__") && name.ends_with("__"));
    match called {
        Some(found) if !is_public => found,
        Some(found) => found.max(Repeats::Callable),
        None if is_public || is_async => Repeats::Callable,
        // A closure lives and repeats as what it is handed to does.
        None if project.parent(code).is_some_and(|outer| project.facts(outer).is_function()) => Repeats::Callable,
        None => Repeats::Unknown,
    }
}

/// `__set_name__`, metaclass methods and decorators of classes: they run while modules are imported.
fn is_import_hook(project: &Project, code: CodeId) -> bool {
    let facts = project.facts(code);
    if matches!(facts.own_name(), "__set_name__" | "__prepare__" | "__init_subclass__") {
        return true;
    }
    let is_metaclass = project
        .class_of(code)
        .is_some_and(|class| project.external_bases(class).iter().any(|base| *base == "type" || base.ends_with("Meta")));
    if is_metaclass && matches!(facts.own_name(), "__new__" | "__init__") {
        return true;
    }
    let references = project.references(code);
    !references.is_empty() && references.iter().all(|found| found.kind == ReferenceKind::Decorator)
}

/// How often the callers of a function run, if it is seen to be called at all.
fn callers(project: &Project, kind: HolderKind, code: CodeId, fuel: u32) -> Option<Repeats> {
    let fuel = fuel.checked_sub(1)?;
    project
        .references(code)
        .iter()
        .filter(|found| found.code != code)
        .map(|found| match found.kind {
            // Handed to somebody as a callback.
            ReferenceKind::Value => Repeats::Handler,
            ReferenceKind::Decorator => Repeats::Once,
            ReferenceKind::Call => {
                let caller = project.facts(found.code);
                if endless_loop(caller, found.block).is_some() {
                    Repeats::Endless
                } else {
                    function(project, kind, found.code, fuel)
                }
            }
        })
        .max()
}

/// Whether events run a function: by its name, its decorators, or the name of what it is given.
fn is_handler(facts: &ItemFacts, name: &str) -> bool {
    let word = name.trim_start_matches('_');
    if word.starts_with("on_") || word.starts_with("handle") || word.ends_with("_callback") || word.ends_with("_handler") {
        return true;
    }
    if matches!(name, "data_received" | "datagram_received" | "do_GET" | "do_POST") {
        return true;
    }
    facts.decorators.iter().any(|decorator| is_route(facts, *decorator))
}

/// `@app.route(…)`, `@bot.event`, `@client.on("message")`
fn is_route(facts: &ItemFacts, decorator: Val) -> bool {
    let callee = match facts.body.op(decorator) {
        Op::Call { callee, .. } => callee,
        _ => decorator,
    };
    match facts.body.op(callee) {
        Op::Attr { name, .. } => matches!(
            facts.str(name),
            "route" | "get" | "post" | "put" | "delete" | "patch" | "websocket" | "event" | "on" | "on_event" | "listen"
                | "subscribe" | "task" | "command" | "middleware" | "message_handler" | "consumer" | "handler" | "receiver"
        ),
        _ => false,
    }
}

/// Whether a method is called for each piece of work, by its name; `None` where the name says nothing.
pub(super) fn method_duty(project: &Project, name: &str) -> Option<bool> {
    let words = &project.catalogue().words;
    let mut parts = leakwright_catalogue::split_words(name);
    let verb = parts.next()?;
    let has_noun = parts.next().is_some();
    if matches!(verb.as_str(), "add" | "append" | "insert" | "put" | "push" | "set" | "get") {
        if !has_noun {
            return None;
        }
        if Words::last(&words.descriptive, name) {
            return Some(false);
        }
        return Words::last(&words.accumulating, name).then_some(true);
    }
    if Words::first(&words.repeated, name) {
        Some(true)
    } else if Words::first(&words.configuring, name) {
        Some(false)
    } else {
        None
    }
}
