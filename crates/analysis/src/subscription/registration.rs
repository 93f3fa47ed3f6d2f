//! Which calls hand a callback over, and to whom.

use leakwright_catalogue::{Holds, Subscription};

use super::emitter;
use super::says_strong;
use super::sink::{self, Sink};
use crate::capture::Callback;
use crate::ir::{ArgKind, Const, ItemFacts, Op, Val};
use crate::project::{ClassId, CodeId, Project, ValueId};

/// A call that hands a callback over.
pub(super) struct Registration {
    pub sink: Sink,
    pub stored: Option<ValueId>,
    pub undo: Vec<String>,
    pub holds: Holds,
    pub gives_undo: bool,
    pub is_qt: bool,
    pub is_dereferenced: bool,
}

/// What a call registers with, if it is a registration.
pub(super) fn registration(
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
    if let Some(sink) = foreign_signal(project, code, callee) {
        return Some(Registration {
            undo: vec!["disconnect".to_owned()],
            holds: Holds::WeakMethods,
            ..Registration::with(sink)
        });
    }
    plain_registration(project, code, call, callee)
}

/// What keeps what is connected to a signal of Qt that belongs to something else which lives long:
/// `QApplication.instance().aboutToQuit.connect`.
fn foreign_signal(project: &Project, code: CodeId, callee: Val) -> Option<Sink> {
    let facts = project.facts(code);
    let Op::Attr { base: signal, name } = facts.body.op(callee) else { return None };
    let Op::Attr { base, .. } = facts.body.op(signal) else { return None };
    let known = &project.catalogue().subscriptions;
    let module = project.facts(project.module_code(code));
    let imports_qt = || {
        module.body.insts.iter().any(|inst| match inst.op {
            Op::Import(path) => known.has_signals(module.str(path)),
            Op::ImportFrom { module: from, .. } => known.has_signals(module.str(from)),
            _ => false,
        })
    };
    let is_signal = facts.str(name) == "connect" && imports_qt();
    let sink = is_signal.then(|| sink::sink(project, code, base)).flatten()?;
    matches!(sink, Sink::Process(_) | Sink::Global(_)).then_some(sink)
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
            let sink = sink::sink(project, code, target).or_else(|| sink::given(project, code, target))?;
            return Some(of(entry, sink));
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
    // `signal.connect(self.on_saved, weak=False)` names no event.
    let is_other =
        entry.event_first && !names_event(project, code, call) && !says_strong(project, code, call);
    if is_other || !has_receiver(facts, base, &entry.receivers) {
        return None;
    }
    Some(of(entry, sink::sink(project, code, base)?))
}

/// Whether what has a method is called by one of some words.
fn has_receiver(facts: &ItemFacts, base: Val, words: &[String]) -> bool {
    let name = match facts.body.op(base) {
        Op::Load(var) => facts.var_name(var),
        Op::Attr { name, .. } => facts.str(name),
        _ => "",
    };
    let last = leakwright_catalogue::split_words(name).last().unwrap_or_default();
    words.is_empty() || words.contains(&last)
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
