//! Subscriptions: callbacks that something longer-lived keeps, and with them the objects they belong to.
//!
//! A finding needs a sink that outlives the object (the process, or something the object was given), a
//! callback that holds the object strongly, and nothing in the project that takes this callback back.

mod emitter;
mod once;
mod registration;
mod removal;
mod repeated;
mod sink;

use leakwright_catalogue::{Holds, Words};
use rustc_hash::FxHashSet;

use crate::bindings::Binding;
use crate::capture::{self, Callback, Outer};
use crate::examined::{Examined, leaks};
use crate::growth::Sign;
use crate::growth::holder::is_initializer;
use crate::ir::{ArgKind, Args, BlockId, Const, Display, ItemFacts, Op, UseKind, Val};
use crate::project::{ClassId, CodeId, Project, ValueId};

pub(crate) use registration::keeper;
pub use removal::Removal;
pub use repeated::{Registered, RepeatedRegistration, examined_repeated, repeated};
pub use sink::Sink;

use once::{is_made_with, is_once, making_calls, runs_once, takes_process};
use registration::{Registration, registration};

/// A callback that is never taken back from something that outlives it.
#[derive(Clone, Debug)]
pub struct LeakedSubscription {
    /// Where it is handed over.
    pub code: CodeId,
    /// The call that does.
    pub call: Val,
    /// What is handed over.
    pub callback: Callback,
    /// The class of the object that stays.
    pub class: ClassId,
    /// What keeps it.
    pub sink: Sink,
    /// Where the project's own emitter stores it.
    pub stored: Option<ValueId>,
    /// What takes callbacks back, by name.
    pub undo: Vec<String>,
    /// What takes back too late, or something else.
    pub removal: Removal,
    /// Whether it is a closure on a signal of a Qt object.
    pub is_qt: bool,
    /// What speaks for and against it.
    pub signs: Vec<Sign>,
    /// More of the same in the same function.
    pub others: Vec<Val>,
    /// The method of the class that lets go of what its objects hold.
    pub teardown: Option<CodeId>,
    /// Whether the project's own emitter calls what it keeps and then what that gives, as one does that keeps weak
    /// references.
    pub is_dereferenced: bool,
}

/// Why a callback that is handed over is sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallbackReason {
    /// It is held weakly, or called once.
    Weak,
    /// It is handed over once.
    Once,
    /// What the call gives takes it back, and is used.
    Handle,
    /// It is taken back.
    TakenBack,
    /// What keeps it goes with the object, or the objects are few.
    Few,
    /// The function looks first at what is registered.
    Looked,
}

/// A callback that is handed over.
pub type Handed = Examined<LeakedSubscription, CallbackReason>;

/// The subscriptions of a file that leak, in the order of the source.
pub fn leaked(project: &Project, items: impl Iterator<Item = CodeId>) -> Vec<LeakedSubscription> {
    leaks(examined(project, items))
}

/// The callbacks that hold their object and are handed to something that may outlive it, in the order of the source. Those
/// of one function that leak to the same keeper are one.
pub fn examined(project: &Project, items: impl Iterator<Item = CodeId>) -> Vec<Handed> {
    let mut found: Vec<Handed> = Vec::new();
    for code in items {
        let facts = project.facts(code);
        if !facts.is_function() || project.is_broken(code) || project.enclosing_class(code).is_none() {
            continue;
        }
        for block in facts.body.originals() {
            for call in facts.body.values(block) {
                let Some(verdict) = judge(project, code, block, call) else { continue };
                let same = verdict.as_ref().ok().and_then(|leak| {
                    found.iter_mut().filter_map(|known| known.verdict.as_mut().ok()).find(|known| {
                        known.code == leak.code && known.sink == leak.sink && known.is_qt == leak.is_qt
                    })
                });
                match same {
                    Some(known) => known.others.push(call),
                    None => found.push(Examined::new(code, call, verdict)),
                }
            }
        }
    }
    found
}

fn judge(
    project: &Project,
    code: CodeId,
    block: BlockId,
    call: Val,
) -> Option<Result<LeakedSubscription, CallbackReason>> {
    let facts = project.facts(code);
    let Op::Call { callee, args } = facts.body.op(call) else { return None };
    if args.is_empty() {
        return None;
    }
    let owner = owner(project, code, callee, args);
    let mut given = given(facts, args, owner.is_some());
    let (value, callback) = given.find_map(|value| capture::callback(project, code, value))?;
    let captured = capture::captured(project, code, (value, &callback));
    let class = capture::kept_class(project, code, &captured)?;
    if owner.is_some_and(|owner| !is_captured(project, code, owner, &captured)) {
        return None;
    }
    let registration = registration(project, code, call, callee, &callback, class)?;
    let is_kept = match (registration.holds, &callback) {
        (Holds::Weak, _) | (Holds::WeakMethods, Callback::Method(_)) => says_strong(project, code, call),
        _ => !says_weak(project, code, call),
    };
    if !is_kept {
        return Some(Err(CallbackReason::Weak));
    }
    if is_once(project, code, Some(class), block) {
        return Some(Err(CallbackReason::Once));
    }
    // What is handed out takes the callback back, if somebody keeps it.
    if is_result_used(project, code, call) || (registration.gives_undo && registration.undo.is_empty()) {
        return Some(Err(CallbackReason::Handle));
    }
    let Some(removal) =
        removal::find(project, class, &callback, &registration.undo, &registration.sink, code)
    else {
        return Some(Err(CallbackReason::TakenBack));
    };
    let Some(signs) = signs(project, code, class, &registration, &removal) else {
        return Some(Err(CallbackReason::Few));
    };
    Some(Ok(LeakedSubscription {
        code,
        call,
        callback,
        class,
        sink: registration.sink,
        stored: registration.stored,
        undo: registration.undo,
        removal,
        is_qt: registration.is_qt,
        signs,
        others: Vec::new(),
        teardown: crate::obligation::teardown(project, class),
        is_dereferenced: registration.is_dereferenced,
    }))
}

/// What a call is given that may be a callback: its arguments, and what is in a list of them.
fn given(facts: &ItemFacts, args: Args, is_owner_first: bool) -> impl Iterator<Item = Val> {
    let body = &facts.body;
    let args = body.args(args).iter().skip(usize::from(is_owner_first));
    args.flat_map(|arg| {
        let (own, listed) = match body.op(arg.value) {
            Op::Display { kind: Display::List | Display::Tuple, args } => (None, body.args(args)),
            _ => (Some(arg.value), &[][..]),
        };
        own.into_iter().chain(listed.iter().map(|arg| arg.value))
    })
}

/// The object whose end a callback waits for, where a call is given one.
fn owner(project: &Project, code: CodeId, callee: Val, args: Args) -> Option<Val> {
    let facts = project.facts(code);
    let known = &project.catalogue().subscriptions;
    let name = match facts.body.op(callee) {
        Op::Attr { name, .. } => facts.str(name),
        Op::Load(var) => facts.var_name(var),
        _ => return None,
    };
    if !known.may_be_owner_first(name) {
        return None;
    }
    let entry = known.function(&project.import_path(code, callee)?)?;
    entry.owner_first.then(|| facts.body.args(args).first().map(|arg| arg.value))?
}

/// Whether a value is in a variable that a callback holds.
fn is_captured(project: &Project, code: CodeId, value: Val, captured: &FxHashSet<Outer>) -> bool {
    let Op::Load(var) = project.facts(code).body.op(value) else { return false };
    match project.file(code.module).binding(code.item, var) {
        Binding::Local(item, var) => captured.contains(&(item, var)),
        _ => false,
    }
}

/// `weak=False`
fn says_strong(project: &Project, code: CodeId, call: Val) -> bool {
    keyword(project, code, call, "weak") == Some(false)
}

/// `weak=True`
fn says_weak(project: &Project, code: CodeId, call: Val) -> bool {
    keyword(project, code, call, "weak") == Some(true) || keyword(project, code, call, "once") == Some(true)
}

fn keyword(project: &Project, code: CodeId, call: Val, wanted: &str) -> Option<bool> {
    let facts = project.facts(code);
    let Op::Call { args, .. } = facts.body.op(call) else { return None };
    facts.body.args(args).iter().find_map(|arg| match (arg.kind, facts.body.op(arg.value)) {
        (ArgKind::Keyword(name), Op::Const(Const::True)) if facts.str(name) == wanted => Some(true),
        (ArgKind::Keyword(name), Op::Const(Const::False)) if facts.str(name) == wanted => Some(false),
        _ => None,
    })
}

/// Whether something is done with what a call gives.
fn is_result_used(project: &Project, code: CodeId, call: Val) -> bool {
    let body = &project.facts(code).body;
    body.insts.iter().any(|inst| {
        let mut is_used = false;
        body.operands(inst.op, |operand| is_used |= operand == call);
        is_used && !matches!(inst.op, Op::Await(_))
    })
}

/// The signs; `None` where the objects are known to be few.
fn signs(
    project: &Project,
    code: CodeId,
    class: ClassId,
    registration: &Registration,
    removal: &Removal,
) -> Option<Vec<Sign>> {
    if let Sink::Argument(name) = &registration.sink
        && is_initializer(project.own_name(code))
        && is_made_with(project, class, code, name)
    {
        return None;
    }
    let mut signs = Vec::new();
    match &registration.sink {
        Sink::Process(_) => signs.push(Sign::new(2, "what keeps the callback lives as long as the process")),
        Sink::Global(_) => signs.push(Sign::new(1, "what keeps the callback belongs to a module")),
        Sink::Argument(name) if project.catalogue().subscriptions.is_emitter(name) => {
            signs.push(Sign::new(0, "what keeps the callback tells many of events, by its name"));
        }
        Sink::Argument(_) => signs.push(Sign::new(-3, "what keeps the callback may go with the object")),
        Sink::Own => signs.push(Sign::new(1, "Qt keeps closures until the signal's object is destroyed")),
    }
    if is_initializer(project.own_name(code)) {
        signs.push(Sign::new(1, "each new object registers"));
    }
    match removal {
        Removal::Never => {}
        Removal::Finalizer(_) => signs.push(Sign::new(2, "it is taken back where that never runs")),
        Removal::Others(_) => signs.push(Sign::new(3, "others of the same kind are taken back")),
    }
    if registration.stored.is_some() {
        signs.push(Sign::new(1, "the code that keeps it is in view"));
    }
    signs.extend(class_sign(project, class));
    if matches!(registration.sink, Sink::Process(_)) && takes_process(project, class) {
        signs.push(Sign::new(-4, "its objects take hold of the whole process, as one in it does"));
    }
    let calls = making_calls(project, class);
    if calls.iter().any(|code| !runs_once(project, *code)) {
        signs.push(Sign::new(1, "objects of the class are made in functions"));
    } else if !calls.is_empty() {
        // All are made with a module.
        return None;
    }
    Some(signs)
}

/// What the name of a class says of how many of its objects there are.
fn class_sign(project: &Project, class: ClassId) -> Option<Sign> {
    let words = &project.catalogue().words;
    let name = project.own_name(class.0);
    if Words::last(&words.short_lived_class, name) {
        Some(Sign::new(1, "the class is made for one piece of work, by its name"))
    } else {
        let lasts = Words::last(&words.long_lived_class, name) || is_part(name);
        lasts.then(|| Sign::new(-3, "objects of the class live long, by its name"))
    }
}

/// Whether a class is a part of a program of which there are as many as are installed, by its name.
fn is_part(name: &str) -> bool {
    let last = leakwright_catalogue::split_words(name).last().unwrap_or_default();
    matches!(
        last.as_str(),
        "plugin"
            | "extension"
            | "addon"
            | "integration"
            | "middleware"
            | "component"
            | "main"
            | "gui"
            | "window"
            | "platform"
            | "driver"
            | "system"
            | "platforms"
            | "module"
            | "singleton"
            | "kernel"
            | "handler"
            | "provider"
            | "cog"
            | "core"
            | "runner"
            | "executor"
            | "instance"
    )
}

/// Whether an attribute is bound to a parameter of its method, and to which.
fn bound_to(project: &Project, holder: crate::project::Holder) -> Vec<(CodeId, Val)> {
    let sites = project.sites(holder).iter().filter(|site| site.depth == 0);
    sites
        .filter_map(|site| match site.find(project).kind {
            UseKind::Bind(value) => Some((site.code, value)),
            _ => None,
        })
        .filter(|(code, value)| !matches!(project.facts(*code).body.op(*value), Op::Const(Const::None)))
        .collect()
}
