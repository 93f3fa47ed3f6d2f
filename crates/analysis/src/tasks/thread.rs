//! Threads that are started again and again, or by an object that is closed, and never end.
//!
//! A thread that ends by itself is gone. One whose function never returns stays, with its stack and all
//! that it refers to, unless the process ends. So a thread is reported where its function is in view and
//! has a loop without a way out, and the code that starts it repeats or is meant to be stopped.

use leakwright_catalogue::Words;
use rustc_hash::FxHashSet;

use super::teardown::{all_methods, attributes, ends_life};
use crate::examined::{Examined, leaks};
use crate::growth::{Repeats, endless_loop, function_repeats};
use crate::ir::{Arg, ArgKind, ItemKind, Op, UseKind, Val};
use crate::project::{ClassId, CodeId, Entity, Holder, ModuleId, Project, ReferenceKind, Symbol, ValueId};

/// A thread or process that is never joined and does not end.
#[derive(Clone, Debug)]
pub struct UnjoinedThread {
    /// The call that makes it.
    pub made: ValueId,
    /// The function that it runs.
    pub target: CodeId,
    /// Where in that the loop begins.
    pub in_loop: crate::ir::LoopId,
    /// Why it is too many.
    pub reason: Unended,
}

/// Why a thread that does not end is a leak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unended {
    /// The code that starts it repeats.
    Repeats(Repeats),
    /// This method closes the object, and leaves the thread running.
    Closed(CodeId),
}

/// The threads in items of a file that are never joined and do not end, in their order.
pub fn unjoined_threads(
    project: &Project,
    module: ModuleId,
    items: impl Iterator<Item = CodeId>,
) -> Vec<UnjoinedThread> {
    if project.module(module).is_test {
        return Vec::new();
    }
    leaks(threads(project, items.filter(|code| starts(project, *code))))
}

/// Why a thread is sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThreadReason {
    /// It is not started where it is made.
    NotStarted,
    /// What it runs is not in view.
    NotInView,
    /// What it runs comes to an end.
    Ends,
    /// It is joined, told to end, or handed on.
    Handled,
    /// It reads from what is closed by others, which ends it.
    Interrupted,
    /// It ends with the process that it runs in.
    InProcess,
    /// It is started once, or told to end where its object is closed.
    Few,
}

/// The threads and processes that functions make, in their order.
pub fn examined_threads(
    project: &Project,
    module: ModuleId,
    items: impl Iterator<Item = CodeId>,
) -> Vec<Examined<UnjoinedThread, ThreadReason>> {
    if project.module(module).is_test { Vec::new() } else { threads(project, items) }
}

fn threads(
    project: &Project,
    items: impl Iterator<Item = CodeId>,
) -> Vec<Examined<UnjoinedThread, ThreadReason>> {
    let mut found = Vec::new();
    for code in items {
        let facts = project.facts(code);
        if project.is_broken(code) || !facts.is_function() {
            continue;
        }
        for at in facts.body.originals().flat_map(|block| facts.body.values(block)) {
            let Op::Call { callee, .. } = facts.body.op(at) else { continue };
            if is_thread_class(project, code, callee) {
                found.push(Examined::new(code, at, unjoined(project, code, at)));
            }
        }
    }
    found
}

/// Whether an item starts anything.
fn starts(project: &Project, code: CodeId) -> bool {
    project.facts(code).names.iter().any(|name| name == "start")
}

fn unjoined(project: &Project, code: CodeId, at: Val) -> Result<UnjoinedThread, ThreadReason> {
    if !starts(project, code) {
        return Err(ThreadReason::NotStarted);
    }
    let target = target(project, code, at).ok_or(ThreadReason::NotInView)?;
    let facts = project.facts(target);
    let in_loop = facts.body.originals().find_map(|block| endless_loop(facts, block));
    let in_loop = in_loop.ok_or(ThreadReason::Ends)?;
    if !is_only_started(project, code, at) {
        return Err(ThreadReason::Handled);
    }
    if raises_at_end(project, target) {
        return Err(ThreadReason::Interrupted);
    }
    if runs_in_process(project, code) {
        return Err(ThreadReason::InProcess);
    }
    let reason = reason(project, code, target).ok_or(ThreadReason::Few)?;
    Ok(UnjoinedThread { made: code.value(at), target, in_loop, reason })
}

/// Whether a value is a class whose objects run on their own once started.
pub(super) fn is_thread_class(project: &Project, code: CodeId, callee: Val) -> bool {
    let tasks = &project.catalogue().tasks;
    match project.entity(code, callee) {
        Some(Entity::External(path)) => tasks.is_thread(&path),
        Some(Entity::Class(class)) => project.external_bases(class).iter().any(|base| tasks.is_thread(base)),
        _ => false,
    }
}

/// The function of the project that a thread runs: `target=`, or `run` of its class.
fn target(project: &Project, code: CodeId, at: Val) -> Option<CodeId> {
    let facts = project.facts(code);
    let Op::Call { callee, args } = facts.body.op(at) else { return None };
    if let Some(Entity::Class(class)) = project.entity(code, callee) {
        return project.class_member(class, "run");
    }
    let args = facts.body.args(args);
    let named =
        args.iter().find(|arg| matches!(arg.kind, ArgKind::Keyword(name) if facts.str(name) == "target"));
    let positional = args.get(1).filter(|arg| arg.kind == ArgKind::Positional);
    let target = project.callable(code, named.or(positional)?.value)?;
    let is_sync =
        matches!(project.facts(target).kind, ItemKind::Function { is_async: false, is_generator: false });
    is_sync.then_some(target)
}

/// Whether a thread is started, and nothing else that could end it or wait for it is done with it.
fn is_only_started(project: &Project, code: CodeId, made: Val) -> bool {
    let facts = project.facts(code);
    let users = |value: Val| {
        facts.body.insts.iter().enumerate().filter_map(move |(index, inst)| {
            let mut is_used = false;
            facts.body.operands(inst.op, |operand| is_used |= operand == value);
            is_used.then(|| (Val::new(index), inst.op))
        })
    };
    let is_harmless = |op: Op| match op {
        Op::Attr { name, .. } => {
            matches!(facts.str(name), "start" | "daemon" | "name" | "setDaemon" | "setName")
        }
        Op::StoreAttr { name, .. } => matches!(facts.str(name), "daemon" | "name"),
        _ => false,
    };
    users(made).all(|(_, op)| match op {
        Op::Store { var, .. } if facts.is_local(var) => {
            let holder = Holder::Local { code, var };
            let loads = (0..facts.body.insts.len())
                .map(Val::new)
                .filter(|at| matches!(facts.body.op(*at), Op::Load(loaded) if loaded == var));
            project.sites(holder).iter().all(|site| site.code == code)
                && loads.into_iter().all(|load| users(load).all(|(_, op)| is_harmless(op)))
        }
        Op::StoreAttr { base, name, value } if value == made => {
            let Op::Load(var) = facts.body.op(base) else { return false };
            let Some((class, false)) = project.self_class(code, var) else { return false };
            is_attribute_only_started(project, class, facts.str(name))
        }
        op => is_harmless(op),
    })
}

fn is_attribute_only_started(project: &Project, class: ClassId, name: &str) -> bool {
    let name = Symbol::of(name);
    let sites = project.sites(project.attribute(class, name)).iter();
    sites.chain(project.unresolved_sites(name)).all(|site| {
        let facts = project.facts(site.code);
        match site.find(project).kind {
            UseKind::Call(name) if site.depth == 0 => {
                matches!(facts.str(name), "start" | "is_alive" | "isAlive" | "setDaemon" | "setName")
            }
            UseKind::Bind(_) | UseKind::Test => true,
            _ => false,
        }
    })
}

/// Whether a function lets exceptions through that end it: what it works with is closed by others.
fn raises_at_end(project: &Project, target: CodeId) -> bool {
    let facts = project.facts(target);
    let is_asked = |name: &str| {
        matches!(name, "recv" | "accept" | "read" | "readline" | "recvfrom" | "recv_bytes" | "receive")
    };
    facts.names.iter().any(is_asked)
}

/// Whether a function is what a process runs: its threads end with that.
fn runs_in_process(project: &Project, code: CodeId) -> bool {
    project.references(code).iter().filter(|found| found.kind == ReferenceKind::Value).any(|found| {
        let facts = project.facts(found.code);
        facts.body.insts.iter().any(|inst| {
            let Op::Call { callee, args } = inst.op else { return false };
            let name = match facts.body.op(callee) {
                Op::Attr { name, .. } => facts.str(name),
                Op::Load(var) => facts.var_name(var),
                _ => return false,
            };
            let is_target = |arg: &Arg| {
                arg.value == found.at
                    && matches!(arg.kind, ArgKind::Keyword(name) if facts.str(name) == "target")
            };
            name.to_lowercase().contains("process") && facts.body.args(args).iter().any(is_target)
        })
    })
}

/// Why a thread that does not end is one too many.
fn reason(project: &Project, code: CodeId, target: CodeId) -> Option<Unended> {
    let class = project.enclosing_class(code);
    if let Some(class) = class {
        let closing = all_methods(project, class).into_iter().find(|method| {
            let name = project.own_name(*method);
            ends_life(project, *method) && *method != code && name != "__del__" && ends_all(name)
        });
        if let Some(closing) = closing {
            return (!is_told(project, class, target)).then_some(Unended::Closed(closing));
        }
    }
    let has_few = class.is_some_and(|class| {
        Words::last(&project.catalogue().words.long_lived_class, project.own_name(class.0))
    });
    match function_repeats(project, code) {
        Repeats::PerObject if has_few => None,
        repeats @ (Repeats::PerObject | Repeats::Handler | Repeats::Looped | Repeats::Endless) => {
            Some(Unended::Repeats(repeats))
        }
        _ => None,
    }
}

/// Whether a method ends all of its object, by its name: `cancel_request` ends something else.
fn ends_all(name: &str) -> bool {
    let own = [
        "all",
        "self",
        "thread",
        "threads",
        "worker",
        "workers",
        "loop",
        "async",
        "now",
        "sync",
        "gracefully",
        "listening",
        "polling",
        "monitoring",
        "running",
        "background",
        "down",
    ];
    leakwright_catalogue::split_words(name).skip(1).all(|word| own.contains(&word.as_str()))
}

/// Whether a method that ends the object touches anything that the thread's function works with.
fn is_told(project: &Project, class: ClassId, target: CodeId) -> bool {
    let methods = all_methods(project, class);
    let touched: FxHashSet<Symbol> = methods
        .iter()
        .filter(|method| ends_life(project, **method))
        .flat_map(|method| attributes(project, *method))
        .map(|(name, _)| name)
        .collect();
    attributes(project, target).iter().any(|(name, _)| touched.contains(name))
}
