//! Does a piece of code run again and again?

use leakwright_catalogue::Words;

use super::binding::Creation;
use super::command_line;
use super::guard;
use super::holder::{HolderKind, is_initializer, is_teardown};
use crate::ir::{BlockId, Const, ItemFacts, ItemKind, LoopKind, Op, ParamKind, Terminator, Val};
use crate::project::{ClassId, CodeId, Project, Reference, ReferenceKind, Site};

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
    /// A loop that does not end calls it.
    Looped,
    /// It stands in a loop that does not end.
    Endless,
}

/// How deep callers are followed.
const MAX_DEPTH: u32 = 6;

/// Whether the code at a site repeats, seen from a holder of a kind.
pub(super) fn repeats(project: &Project, creation: &Creation, site: Site) -> Repeats {
    let facts = project.facts(site.code);
    if let Some(id) = endless_loop(facts, site.find(project).block) {
        let made_inside = creation.values.iter().any(|made| {
            let block = facts.body.block_of(made.value).filter(|_| made.code == site.code);
            block.is_some_and(|block| facts.body.loops_around(block).any(|around| around == id))
        });
        // One that each round makes anew goes with the round.
        return if made_inside { Repeats::Once } else { Repeats::Endless };
    }
    if creation.kind == HolderKind::Local {
        return Repeats::Once;
    }
    function(project, creation.kind, site.code, MAX_DEPTH)
}

/// Whether a function runs again and again, as far as what it leaves behind outlives it.
pub(crate) fn function_repeats(project: &Project, code: CodeId) -> Repeats {
    function(project, HolderKind::Module, code, MAX_DEPTH)
}

/// The loop around a block that goes on for ever.
pub(crate) fn endless_loop(facts: &ItemFacts, block: BlockId) -> Option<crate::ir::LoopId> {
    facts.body.loops_around(block).find(|id| {
        let found = facts.body.loops[id.index()];
        let ends = found.has_break || found.has_return || is_left_by_exception(facts, *id);
        match found.kind {
            LoopKind::Forever => !ends,
            LoopKind::For(value) => !ends && is_endless_iterator(facts, value),
            _ => false,
        }
    })
}

/// Whether an exception raised in a loop has a handler outside of it, in the same function.
fn is_left_by_exception(facts: &ItemFacts, id: crate::ir::LoopId) -> bool {
    let body = &facts.body;
    let inside = |block: BlockId| body.loops_around(block).any(|around| around == id);
    (0..body.blocks.len()).map(BlockId::new).filter(|block| inside(*block)).any(|block| {
        let mut handler = body.block(block).on_raise;
        while let Some(current) = handler.filter(|current| inside(*current)) {
            handler = body.block(current).on_raise;
        }
        // Cleanup passes the exception on; a handler may end it.
        handler.is_some_and(|outside| leads_to_handler(facts, outside))
    })
}

fn leads_to_handler(facts: &ItemFacts, mut block: BlockId) -> bool {
    let body = &facts.body;
    for _ in 0..body.blocks.len() {
        match (&body.block(block).exit, body.block(block).on_raise) {
            (exit @ Terminator::Dispatch { .. }, outer) => {
                if exit.handlers().any(|handler| !catches_end(facts, handler)) {
                    return true;
                }
                let Some(outer) = outer else { return false };
                block = outer;
            }
            (_, Some(outer)) => block = outer,
            (_, None) => return false,
        }
    }
    false
}

/// Whether a handler catches only what ends a task or the program: until then the loop goes on.
fn catches_end(facts: &ItemFacts, handler: BlockId) -> bool {
    let caught = facts.body.values(handler).find_map(|at| match facts.body.op(at) {
        Op::Caught(types) => Some(types),
        _ => None,
    });
    let is_end = |value: Val| {
        let name = match facts.body.op(value) {
            Op::Load(var) => facts.var_name(var),
            Op::Attr { name, .. } => facts.str(name),
            _ => return false,
        };
        matches!(name, "CancelledError" | "KeyboardInterrupt" | "SystemExit" | "GeneratorExit")
    };
    caught.is_some_and(|types| {
        let types = facts.body.args(types);
        let is_end = |value: Val| match facts.body.op(value) {
            Op::Display { args, .. } => facts.body.args(args).iter().all(|arg| is_end(arg.value)),
            _ => is_end(value),
        };
        !types.is_empty() && types.iter().all(|arg| is_end(arg.value))
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
    if is_metaclass_method(project, code) {
        return Repeats::Once;
    }
    if project.class_of(code).is_some() && is_initializer(name) {
        let outlives = matches!(kind, HolderKind::Module | HolderKind::Class);
        return if outlives && name != "__init_subclass__" { Repeats::PerObject } else { Repeats::Once };
    }
    let is_import_time = is_import_hook(project, code) || is_decorator_shaped(project, code);
    if is_import_time
        || matches!(name, "main" | "_main")
        || command_line::is_command(project, code)
        || (is_teardown(project, name) && name != "__exit__")
    {
        return Repeats::Once;
    }
    if is_handler(project, code) {
        return Repeats::Handler;
    }
    let called = callers(project, kind, code, fuel);
    if called == Some(Repeats::Once) && kind != HolderKind::Instance && is_declaring(project, code) {
        return Repeats::Once;
    }
    let is_public = !name.starts_with('_') || (name.starts_with("__") && name.ends_with("__"));
    match called {
        Some(found) if !is_public => found,
        Some(found) => found.max(Repeats::Callable),
        None if is_public || is_async => Repeats::Callable,
        // A closure lives and repeats as what it is handed to does.
        None if project.parent(code).is_some_and(|outer| project.is_function(outer)) => Repeats::Callable,
        None => Repeats::Unknown,
    }
}

/// Whether all calls that are seen are statements of their own, as in `define("a", 1)`: the module sets
/// something up with it while it is imported, or a program as it starts.
fn is_declaring(project: &Project, code: CodeId) -> bool {
    project.references(code).iter().filter(|found| found.kind == ReferenceKind::Call).all(|found| {
        let body = &project.facts(found.code).body;
        !body.insts.iter().any(|inst| {
            let mut is_used = false;
            body.operands(inst.op, |operand| is_used |= operand == found.at);
            is_used
        })
    })
}

/// `__set_name__`, metaclass methods and decorators of classes: they run while modules are imported.
fn is_import_hook(project: &Project, code: CodeId) -> bool {
    let facts = project.facts(code);
    if matches!(facts.own_name(), "__set_name__" | "__prepare__" | "__init_subclass__") {
        return true;
    }
    // `del register` at the end of the module: nobody calls it later.
    let global = project.file(code.module).global_named(facts.own_name());
    let module = project.module_code(code);
    if project.parent(code) == Some(module)
        && global.is_some_and(|global| project.file(code.module).is_deleted(global))
    {
        return true;
    }
    let references = project.references(code);
    !references.is_empty()
        && references
            .iter()
            .all(|found| found.kind == ReferenceKind::Decorator && decorated_in(project, found).is_none())
}

/// Whether a method of a metaclass runs as classes are defined.
fn is_metaclass_method(project: &Project, code: CodeId) -> bool {
    project.class_of(code).is_some_and(|class| is_metaclass(project, class))
        && matches!(project.own_name(code), "__new__" | "__init__")
}

/// Whether the objects of a class are classes.
pub(super) fn is_metaclass(project: &Project, class: ClassId) -> bool {
    project.external_bases(class).iter().any(|base| *base == "type" || base.ends_with("Meta"))
}

/// The function inside which something is decorated: it does so each time it runs.
fn decorated_in(project: &Project, found: &Reference) -> Option<CodeId> {
    project.parent(found.code).filter(|outer| project.is_function(*outer))
}

/// The block of a function in which an item is defined.
fn defined_in(project: &Project, outer: CodeId, inner: CodeId) -> Option<BlockId> {
    let facts = project.facts(outer);
    let file = project.file(outer.module);
    let defined = |at: &Val| {
        matches!(facts.body.op(*at), Op::Define(_)) && file.defined(outer.item, *at) == Some(inner.item)
    };
    facts.body.block_of((0..facts.body.insts.len()).map(Val::new).find(defined)?)
}

/// The call by which each new object makes a container grow that outlives them, if that is in another function.
pub(super) fn through(
    project: &Project,
    kind: HolderKind,
    code: CodeId,
    repeats: Repeats,
) -> Option<Reference> {
    let is_other = repeats == Repeats::PerObject && !is_initializer(project.own_name(code));
    let calls = project.references(code).iter().filter(|found| is_other && found.code != code);
    calls.copied().find(|found| reference(project, kind, found, MAX_DEPTH - 1) == Repeats::PerObject)
}

/// Whether a function gives back what it is given, or a function made inside it: the shape of a
/// decorator, which runs where things are defined.
fn is_decorator_shaped(project: &Project, code: CodeId) -> bool {
    let facts = project.facts(code);
    let receiver = usize::from(project.is_instance_method(code));
    let Some(first) = facts.params.get(receiver) else { return false };
    let frame = crate::ir::FrameId::new(0);
    let returns: Vec<Val> = facts
        .body
        .originals()
        .filter(|block| facts.body.block(*block).frame == frame)
        .flat_map(|block| facts.body.values(block))
        .filter_map(|at| match facts.body.op(at) {
            Op::Return(value) => value,
            _ => None,
        })
        .collect();
    let is_inner = |value: Val| match facts.body.op(value) {
        Op::Load(var) => {
            facts.only_value(var).is_some_and(|stored| matches!(facts.body.op(stored), Op::Define(_)))
        }
        _ => false,
    };
    let is_first = |value: Val| matches!(facts.body.op(value), Op::Load(var) if var == first.var);
    // `return property(function)`, in a function that another one returns.
    let is_nested = project.parent(code).is_some_and(|outer| project.is_function(outer));
    let is_call_with_it = |value: Val| match facts.body.op(value) {
        Op::Call { args, .. }
            if is_nested && facts.params.len() == 1 && first.kind == ParamKind::Positional =>
        {
            facts.body.args(args).iter().any(|arg| is_first(arg.value))
        }
        _ => false,
    };
    // `route = Route(function)`, then `return route`: by the name of the parameter, which often is an event else.
    let wraps = |value: Val| match facts.body.op(value) {
        Op::Load(var) if is_named_for_code(facts.var_name(first.var)) => {
            facts.only_value(var).is_some_and(is_call_with_it)
        }
        _ => is_call_with_it(value),
    };
    !returns.is_empty() && returns.iter().all(|value| is_first(*value) || is_inner(*value) || wraps(*value))
}

/// Whether a parameter is a function or class, by its name.
fn is_named_for_code(name: &str) -> bool {
    matches!(
        name,
        "f" | "fn"
            | "fun"
            | "func"
            | "function"
            | "cls"
            | "klass"
            | "class_"
            | "method"
            | "meth"
            | "callable"
            | "coro"
    )
}

/// How often the callers of a function run, if it is seen to be called at all.
fn callers(project: &Project, kind: HolderKind, code: CodeId, fuel: u32) -> Option<Repeats> {
    let fuel = fuel.checked_sub(1)?;
    project
        .references(code)
        .iter()
        .filter(|found| found.code != code && !project.module(found.code.module).is_test)
        .map(|found| reference(project, kind, found, fuel))
        .max()
}

/// How often a reference to a function makes it run.
fn reference(project: &Project, kind: HolderKind, found: &Reference, fuel: u32) -> Repeats {
    match found.kind {
        // Handed to somebody as a callback.
        ReferenceKind::Value => Repeats::Handler,
        ReferenceKind::Decorator => match decorated_in(project, found) {
            Some(outer)
                if !defined_in(project, outer, found.code)
                    .is_some_and(|block| guard::runs_once(project, kind, outer, block)) =>
            {
                match function(project, kind, outer, fuel) {
                    Repeats::PerObject => Repeats::PerObject,
                    _ => Repeats::Once,
                }
            }
            _ => Repeats::Once,
        },
        ReferenceKind::Call => {
            let caller = project.facts(found.code);
            if endless_loop(caller, found.block).is_some() {
                return Repeats::Looped;
            }
            match function(project, kind, found.code, fuel) {
                Repeats::PerObject if guard::runs_once(project, kind, found.code, found.block) => {
                    Repeats::Once
                }
                // Far up every call chain there is some callback: that says little here.
                Repeats::Handler | Repeats::Looped | Repeats::PerObject if fuel < MAX_DEPTH - 1 => {
                    Repeats::Callable
                }
                found => found,
            }
        }
    }
}

/// Whether a function that is no handler by itself is handed to somebody who will call it.
pub fn is_callback(project: &Project, code: CodeId) -> bool {
    let is_handed_over =
        |found: &Reference| found.kind == ReferenceKind::Value && !project.module(found.code.module).is_test;
    !is_handler(project, code) && project.references(code).iter().any(is_handed_over)
}

/// Whether events run a function: by its name, its decorators, or the name of what it is given.
pub(super) fn is_handler(project: &Project, code: CodeId) -> bool {
    let facts = project.facts(code);
    let name = facts.own_name();
    let word = name.trim_start_matches('_');
    let sets_up =
        ["add", "register", "set", "remove", "unregister", "install", "get", "has", "make", "create"];
    let verb = leakwright_catalogue::split_words(name).next().unwrap_or_default();
    if sets_up.contains(&verb.as_str()) || method_duty(project, name) == Some(false) {
        return facts.decorators.iter().any(|decorator| is_route(facts, *decorator));
    }
    if word.starts_with("on_")
        || word.starts_with("handle")
        || word.ends_with("_callback")
        || word.ends_with("_handler")
    {
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
            "route"
                | "get"
                | "post"
                | "put"
                | "delete"
                | "patch"
                | "websocket"
                | "event"
                | "on"
                | "on_event"
                | "listen"
                | "subscribe"
                | "task"
                | "command"
                | "middleware"
                | "message_handler"
                | "consumer"
                | "handler"
                | "receiver"
        ),
        _ => false,
    }
}

/// Whether a method is called for each piece of work, by its name; `None` where the name says nothing.
pub(super) fn method_duty(project: &Project, name: &str) -> Option<bool> {
    let words = &project.catalogue().words;
    let mut parts: Vec<String> = leakwright_catalogue::split_words(name).collect();
    if parts.len() > 1 && matches!(parts[0].as_str(), "async" | "do" | "try" | "maybe" | "safe") {
        parts.remove(0);
    }
    let verb = parts.first()?.as_str();
    let noun = parts.get(1..)?.last().map(String::as_str).or_else(|| glued_noun(verb));
    let generic = ["add", "append", "insert", "put", "push", "set"];
    if generic.contains(&verb) || (parts.len() == 1 && noun.is_some()) {
        let noun = noun?;
        if Words::last(&words.accumulating, noun) {
            return Some(true);
        }
        let is_given = |set| Words::last(set, noun);
        let is_set_up = is_given(&words.descriptive) || is_given(&words.installed_key) || is_component(noun);
        return is_set_up.then_some(false);
    }
    if Words::first(&words.repeated, verb) {
        Some(true)
    } else if Words::first(&words.configuring, verb) {
        Some(false)
    } else {
        None
    }
}

/// `addheader`: verb and noun in one word.
fn glued_noun(word: &str) -> Option<&str> {
    ["add", "set", "register"]
        .into_iter()
        .find_map(|verb| word.strip_prefix(verb))
        .filter(|noun| noun.len() > 2)
}

/// Whether a noun names a part of a program, by its ending: handlers, listeners, providers. There are
/// as many as were written.
fn is_component(noun: &str) -> bool {
    let people_and_things = [
        "user", "order", "number", "error", "buffer", "letter", "customer", "player", "member", "transfer",
        "offer", "answer",
    ];
    (noun.ends_with("er") || noun.ends_with("or")) && !people_and_things.contains(&noun)
}
