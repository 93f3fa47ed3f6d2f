//! Subscriptions: callbacks that something longer-lived keeps, and with them the objects they belong to.
//!
//! A finding needs a sink that outlives the object (the process, or something the object was given), a
//! callback that holds the object strongly, and nothing in the project that takes this callback back.

mod emitter;
mod once;
mod removal;
mod repeated;
mod sink;

use leakwright_catalogue::{Holds, Subscription, Words};

use crate::capture::{self, Callback};
use crate::growth::Sign;
use crate::growth::holder::is_initializer;
use crate::ir::{ArgKind, BlockId, Const, Op, UseKind, Val};
use crate::project::{ClassId, CodeId, Project, ValueId};

pub use removal::Removal;
pub use repeated::{Registered, RepeatedRegistration, repeated};
pub use sink::Sink;

use once::{is_once, making_calls, runs_once};

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

/// A call that hands a callback over.
struct Registration {
    sink: Sink,
    stored: Option<ValueId>,
    undo: Vec<String>,
    holds: Holds,
    gives_undo: bool,
    is_qt: bool,
    is_dereferenced: bool,
}

/// The subscriptions of a file that leak, in the order of the source.
pub fn leaked(project: &Project, items: impl Iterator<Item = CodeId>) -> Vec<LeakedSubscription> {
    let mut found: Vec<LeakedSubscription> = Vec::new();
    for code in items {
        let facts = project.facts(code);
        if !facts.is_function() || project.is_broken(code) || project.enclosing_class(code).is_none() {
            continue;
        }
        for block in facts.body.originals() {
            for call in facts.body.values(block) {
                let Some(leak) = judge(project, code, block, call) else { continue };
                match found.iter_mut().find(|known| {
                    known.code == leak.code && known.sink == leak.sink && known.is_qt == leak.is_qt
                }) {
                    Some(known) => known.others.push(call),
                    None => found.push(leak),
                }
            }
        }
    }
    found
}

fn judge(project: &Project, code: CodeId, block: BlockId, call: Val) -> Option<LeakedSubscription> {
    let facts = project.facts(code);
    let Op::Call { callee, args } = facts.body.op(call) else { return None };
    if args.is_empty() {
        return None;
    }
    let (value, callback) =
        facts.body.args(args).iter().find_map(|arg| capture::callback(project, code, arg.value))?;
    let captured = capture::captured(project, code, (value, &callback));
    let class = capture::kept_class(project, code, &captured)?;
    let registration = registration(project, code, call, callee, &callback, class)?;
    let is_kept = match (registration.holds, &callback) {
        (Holds::Weak, _) | (Holds::WeakMethods, Callback::Method(_)) => says_strong(project, code, call),
        _ => !says_weak(project, code, call),
    };
    if !is_kept || is_once(project, code, Some(class), block) {
        return None;
    }
    // What is handed out takes the callback back, if somebody keeps it.
    if is_result_used(project, code, call) || (registration.gives_undo && registration.undo.is_empty()) {
        return None;
    }
    let removal = removal::find(project, class, &callback, &registration.undo, &registration.sink, code)?;
    let signs = signs(project, code, class, &registration, &removal)?;
    Some(LeakedSubscription {
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
    })
}

/// What a call registers with, if it is a registration.
fn registration(
    project: &Project,
    code: CodeId,
    call: Val,
    callee: Val,
    callback: &Callback,
    class: ClassId,
) -> Option<Registration> {
    let facts = project.facts(code);
    if let Op::Attr { base, name } = facts.body.op(callee)
        && facts.str(name) == "connect"
        && sink::is_qt_signal(project, code, base, class)
    {
        let is_closure = !matches!(callback, Callback::Method(_) | Callback::Object);
        return is_closure.then(|| Registration {
            undo: vec!["disconnect".to_owned()],
            holds: Holds::WeakMethods,
            is_qt: true,
            ..Registration::with(Sink::Own)
        });
    }
    plain_registration(project, code, call, callee)
}

/// Who keeps a callback that a call is given, if it is a registration, for longer than the call.
pub(crate) fn keeper(project: &Project, code: CodeId, call: Val, callee: Val) -> Option<Sink> {
    plain_registration(project, code, call, callee).map(|found| found.sink)
}

/// What a call registers with, whatever it is given.
fn plain_registration(project: &Project, code: CodeId, call: Val, callee: Val) -> Option<Registration> {
    let facts = project.facts(code);
    let known = &project.catalogue().subscriptions;
    let of = |entry: &Subscription, sink| Registration {
        undo: entry.undo.clone(),
        holds: entry.holds,
        gives_undo: entry.gives_undo,
        ..Registration::with(sink)
    };
    if let Some(path) = project.import_path(code, callee)
        && let Some(entry) = known.function(&path)
    {
        if entry.target_first {
            let Op::Call { args, .. } = facts.body.op(call) else { return None };
            let target = facts.body.args(args).first()?.value;
            return Some(of(entry, sink::sink(project, code, target)?));
        }
        return Some(of(entry, Sink::Process(path)));
    }
    if let Some(found) = emitter::registration(project, code, call, callee) {
        return Some(Registration {
            stored: Some(found.stored),
            undo: found.undo,
            gives_undo: found.gives_undo,
            is_dereferenced: found.is_dereferenced,
            ..Registration::with(found.sink)
        });
    }
    let Op::Attr { base, name } = facts.body.op(callee) else { return None };
    // A class of the project whose code is in view, and that keeps nothing.
    if project.callable(code, callee).is_some_and(|found| project.is_final(found)) {
        return None;
    }
    let entry = known.method(facts.str(name))?;
    if entry.event_first && !names_event(project, code, call) {
        return None;
    }
    Some(of(entry, sink::sink(project, code, base)?))
}

impl Registration {
    /// One of which only is known who keeps the callback.
    fn with(sink: Sink) -> Self {
        Self {
            sink,
            stored: None,
            undo: Vec::new(),
            holds: Holds::Strong,
            gives_undo: false,
            is_qt: false,
            is_dereferenced: false,
        }
    }
}

/// Whether the first argument is a constant, or something written like one.
fn names_event(project: &Project, code: CodeId, call: Val) -> bool {
    let facts = project.facts(code);
    let Op::Call { args, .. } = facts.body.op(call) else { return false };
    let args = facts.body.args(args);
    let Some(first) = args.first().filter(|arg| arg.kind == ArgKind::Positional && args.len() > 1) else {
        return false;
    };
    let is_upper = |name: &str| name.chars().all(|c| !c.is_lowercase());
    match facts.body.op(first.value) {
        Op::Const(Const::Str(_)) | Op::Format(_) => true,
        Op::Load(var) => is_upper(facts.var_name(var)),
        Op::Attr { name, .. } => is_upper(facts.str(name)),
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
    if is_initializer(project.facts(code).own_name()) {
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
    let name = project.facts(class.0).own_name();
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
