//! What is handed to something that lives as long as the process anew each time the code runs: handlers of a
//! logger, closures and methods of new objects at exit.

use super::sink::{self, Sink};
use super::{CallbackReason, is_once, keyword, making_calls, runs_once};
use crate::capture::{self, Callback};
use crate::examined::{Examined, leaks};
use crate::growth::{Repeats, Sign, function_repeats};
use crate::ir::{BlockId, Const, ItemFacts, Op, Val};
use crate::project::{ClassId, CodeId, Entity, Holder, ModuleId, Project, Symbol};

/// Something that a registry gets one more of each time the code runs.
#[derive(Clone, Debug)]
pub struct RepeatedRegistration {
    /// The function that registers it.
    pub code: CodeId,
    /// The call that does.
    pub call: Val,
    /// What is registered.
    pub what: Registered,
    /// What keeps it.
    pub sink: Sink,
    /// Why the code repeats.
    pub repeats: Repeats,
    /// What takes it back, by name.
    pub undo: Vec<String>,
    /// What speaks for and against it.
    pub signs: Vec<Sign>,
}

/// What is registered again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Registered {
    /// A new object of a class.
    Object(String),
    /// A method of a new object.
    Method(String),
    /// A lambda or inner function with what it uses.
    Closure,
}

/// The registrations of a file that add one more each time, in the order of the source.
pub fn repeated(project: &Project, items: impl Iterator<Item = CodeId>) -> Vec<RepeatedRegistration> {
    leaks(examined_repeated(project, items))
}

/// The registrations of something new with what lives as long as the process, in the order of the source.
pub fn examined_repeated(
    project: &Project,
    items: impl Iterator<Item = CodeId>,
) -> Vec<Examined<RepeatedRegistration, CallbackReason>> {
    let mut found = Vec::new();
    for code in items {
        let facts = project.facts(code);
        if !facts.is_function() || project.is_broken(code) {
            continue;
        }
        for block in facts.body.originals() {
            for call in facts.body.values(block) {
                let verdict = judge(project, code, block, call);
                found.extend(verdict.map(|verdict| Examined::new(code, call, verdict)));
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
) -> Option<Result<RepeatedRegistration, CallbackReason>> {
    let facts = project.facts(code);
    let Op::Call { callee, args } = facts.body.op(call) else { return None };
    let (sink, entry) = registry(project, code, callee)?;
    let given = facts.body.args(args).first()?.value;
    let what = registered(project, code, given)?;
    let class = project.enclosing_class(code);
    let is_weak = keyword(project, code, call, "weak") == Some(true) || reaches_weakly(project, code, given);
    let sound = if is_weak {
        Some(CallbackReason::Weak)
    } else if is_once(project, code, class, block) {
        Some(CallbackReason::Once)
    } else if looks(facts, &entry.asks) {
        Some(CallbackReason::Looked)
    } else {
        takes_back(project, code, class, &entry.undo).then_some(CallbackReason::TakenBack)
    };
    if let Some(reason) = sound {
        return Some(Err(reason));
    }
    let repeats = function_repeats(project, code);
    let repeats_surely =
        matches!(repeats, Repeats::PerObject | Repeats::Handler | Repeats::Looped | Repeats::Endless);
    if !repeats_surely {
        return Some(Err(CallbackReason::Once));
    }
    let Some(signs) = signs(project, class, repeats) else { return Some(Err(CallbackReason::Few)) };
    let undo = entry.undo.clone();
    Some(Ok(RepeatedRegistration { code, call, what, sink, repeats, undo, signs }))
}

/// What a call registers with, if that lives as long as the process and holds strongly.
fn registry(
    project: &Project,
    code: CodeId,
    callee: Val,
) -> Option<(Sink, &leakwright_catalogue::Subscription)> {
    let facts = project.facts(code);
    let known = &project.catalogue().subscriptions;
    let is_strong = |entry: &&leakwright_catalogue::Subscription| {
        entry.holds == leakwright_catalogue::Holds::Strong && !entry.target_first && !entry.owner_first
    };
    if let Some(path) = project.import_path(code, callee)
        && let Some(entry) = known.function(&path)
    {
        return Some((Sink::Process(path), entry)).filter(|(_, entry)| is_strong(entry));
    }
    let Op::Attr { base, name } = facts.body.op(callee) else { return None };
    let entry = known.method(facts.str(name)).filter(is_strong).filter(|entry| !entry.event_first)?;
    let sink = sink::sink(project, code, base).filter(|sink| matches!(sink, Sink::Process(_)))?;
    Some((sink, entry))
}

/// What is registered, if each run of the code makes it anew. What belongs to `self` alone is told of elsewhere.
fn registered(project: &Project, code: CodeId, value: Val) -> Option<Registered> {
    let facts = project.facts(code);
    if let Some(class) = new_object(project, code, value) {
        return Some(Registered::Object(class));
    }
    if let Op::Attr { base, name } = facts.body.op(value) {
        let owner = new_object(project, code, base).or_else(|| own_object(project, code, base))?;
        return Some(Registered::Method(format!("{owner}.{}", facts.str(name))));
    }
    let (value, callback) = capture::callback(project, code, value)?;
    let captured = capture::captured(project, code, (value, &callback));
    let is_closure = matches!(callback, Callback::Lambda | Callback::Inner(_));
    let holds_self = capture::kept_class(project, code, &captured).is_some();
    (is_closure && !captured.is_empty() && !holds_self).then_some(Registered::Closure)
}

/// Whether a closure reaches what it is about by a weak reference. What stays of each is a few words.
fn reaches_weakly(project: &Project, code: CodeId, value: Val) -> bool {
    let Some((value, callback @ (Callback::Lambda | Callback::Inner(_)))) =
        capture::callback(project, code, value)
    else {
        return false;
    };
    capture::captured(project, code, (value, &callback)).into_iter().any(|(item, var)| {
        let owner = CodeId { item, ..code };
        let facts = project.facts(owner);
        let Some(made) = facts.only_value(var) else { return false };
        match facts.body.op(made) {
            Op::Call { callee, .. } => {
                project.import_path(owner, callee).is_some_and(|path| path.starts_with("weakref."))
            }
            _ => false,
        }
    })
}

/// The class of a value that the code makes by calling a class, in place or in a local variable.
fn new_object(project: &Project, code: CodeId, value: Val) -> Option<String> {
    let facts = project.facts(code);
    match facts.body.op(value) {
        Op::Call { callee, .. } => constructed(project, code, callee),
        Op::Load(var) if facts.is_local(var) && !facts.var(var).is_parameter => {
            let stored = facts.stores(var).iter().filter_map(|store| facts.stored(*store));
            let mut made = stored.filter(|value| !is_none(facts, *value)).map(|value| {
                let Op::Call { callee, .. } = facts.body.op(value) else { return None };
                constructed(project, code, callee)
            });
            let first = made.next()??;
            made.all(|other| other.is_some()).then_some(first)
        }
        _ => None,
    }
}

/// The class of what an attribute of `self` holds, where the class makes it.
fn own_object(project: &Project, code: CodeId, value: Val) -> Option<String> {
    let facts = project.facts(code);
    let Op::Attr { base, name } = facts.body.op(value) else { return None };
    let Op::Load(var) = facts.body.op(base) else { return None };
    let (class, _) = project.self_class(code, var).filter(|(_, is_class)| !is_class)?;
    let holder = project.attribute(class, Symbol::of(facts.str(name)));
    let mut made = super::bound_to(project, holder).into_iter().map(|(code, value)| {
        let Op::Call { callee, .. } = project.facts(code).body.op(value) else { return None };
        project.is_function(code).then(|| constructed(project, code, callee))?
    });
    let first = made.next()??;
    (matches!(holder, Holder::Attribute { .. }) && made.all(|other| other.is_some())).then_some(first)
}

/// The name of the class that a call makes an object of: one of the project, or one of a library by the way
/// it is written.
fn constructed(project: &Project, code: CodeId, callee: Val) -> Option<String> {
    match project.entity(code, callee)? {
        Entity::Class(class) => Some(project.own_name(class.0).to_owned()),
        Entity::External(path) => {
            let name = path.rsplit('.').next().unwrap_or(&path);
            name.trim_start_matches('_').starts_with(char::is_uppercase).then(|| name.to_owned())
        }
        _ => None,
    }
}

fn is_none(facts: &ItemFacts, value: Val) -> bool {
    matches!(facts.body.op(value), Op::Const(Const::None))
}

/// Whether the function looks at what is registered already.
fn looks(facts: &ItemFacts, asks: &[String]) -> bool {
    facts.names.iter().any(|name| asks.iter().any(|asked| asked == name))
}

/// Whether anything in the class, or else in the file, takes such things back.
fn takes_back(project: &Project, code: CodeId, class: Option<ClassId>, undo: &[String]) -> bool {
    let undoes = |code: CodeId| {
        let names = &project.facts(code).names;
        names.iter().any(|name| undo.iter().any(|undo| undo.rsplit('.').next() == Some(name)))
    };
    match class {
        Some(class) => {
            let mut family = project.ancestry(class);
            family.extend(project.descendants(class));
            let is_own =
                |code: CodeId| project.enclosing_class(code).is_some_and(|own| family.contains(&own));
            let modules: std::collections::BTreeSet<ModuleId> =
                family.iter().map(|class| class.0.module).collect();
            modules
                .into_iter()
                .flat_map(|module| project.items(module))
                .any(|code| is_own(code) && undoes(code))
        }
        None => project.items(code.module).any(undoes),
    }
}

/// The signs; `None` where the code is known to run once only.
fn signs(project: &Project, class: Option<ClassId>, repeats: Repeats) -> Option<Vec<Sign>> {
    let mut signs = vec![Sign::new(1, "what keeps it lives as long as the process")];
    match repeats {
        Repeats::PerObject => {
            let calls = making_calls(project, class?);
            if calls.iter().any(|code| !runs_once(project, *code)) {
                signs.push(Sign::new(1, "objects of the class are made in functions"));
            } else if !calls.is_empty() {
                return None;
            }
            signs.push(Sign::new(1, "each new object registers"));
            signs.extend(super::class_sign(project, class?));
        }
        _ => signs.push(Sign::new(1, "the code that registers it runs again and again")),
    }
    Some(signs)
}
