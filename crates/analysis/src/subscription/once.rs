//! Whether a registration, or an object, is the only one of its kind in a process.

use crate::growth::HolderKind;
use crate::growth::guard;
use crate::growth::holder::is_teardown;
use crate::ir::{BlockId, ItemFacts, Op, Val};
use crate::project::{ClassId, CodeId, Project, ReferenceKind};

/// Whether a registration runs once for the whole process: behind a flag that all objects share, in a
/// class with one object, or in code that says so by its name.
pub(super) fn is_once(project: &Project, code: CodeId, class: Option<ClassId>, block: BlockId) -> bool {
    let name = project.own_name(code);
    if name.ends_with("_once") || name == "main" || is_teardown(project, name) || is_remembered(project, code)
    {
        return true;
    }
    class.is_some_and(|class| has_one_object(project, class))
        || guard::runs_once(project, HolderKind::Module, code, block)
}

/// Whether a decorator keeps a function from running again: it remembers the result.
fn is_remembered(project: &Project, code: CodeId) -> bool {
    let facts = project.facts(code);
    let name = |value: Val| match facts.body.op(value) {
        Op::Load(var) => Some(facts.var_name(var)),
        Op::Attr { name, .. } => Some(facts.str(name)),
        _ => None,
    };
    facts.decorators.iter().any(|decorator| {
        let called = match facts.body.op(*decorator) {
            Op::Call { callee, .. } => name(callee),
            _ => name(*decorator),
        };
        matches!(
            called,
            Some("cache" | "lru_cache" | "cached" | "once" | "run_once" | "call_once" | "cached_property")
        )
    })
}

/// Whether a class is made to have one object.
fn has_one_object(project: &Project, class: ClassId) -> bool {
    let hands_out_kept =
        project.class_member(class, "__new__").is_some_and(|new| !makes_each_time(project.facts(new)));
    let is_metaclass = project.external_bases(class).contains(&"type");
    if hands_out_kept || is_metaclass || is_made_by_accessor(project, class) {
        return true;
    }
    let decorated = |name: &str| name.contains("singleton");
    let facts = project.facts(class.0);
    let is_singleton = facts.decorators.iter().any(|decorator| match facts.body.op(*decorator) {
        Op::Load(var) => decorated(&facts.var_name(var).to_lowercase()),
        Op::Attr { name, .. } => decorated(&facts.str(name).to_lowercase()),
        _ => false,
    });
    let of_meta = facts.body.args(facts.bases).iter().any(|arg| {
        project.import_path(class.0, arg.value).is_some_and(|path| path.to_lowercase().contains("singleton"))
    });
    is_singleton || of_meta
}

/// Whether a class makes its objects itself, where its one object is asked for: `instance()`.
fn is_made_by_accessor(project: &Project, class: ClassId) -> bool {
    let known = &project.catalogue().subscriptions;
    let has_accessor = project.own_members(class).any(|member| known.is_singleton(project.own_name(member)));
    let calls = making_calls(project, class);
    has_accessor
        && !calls.is_empty()
        && calls.iter().all(|code| project.enclosing_class(*code) == Some(class))
}

/// Whether objects of a class take hold of the whole process: they make it a daemon, or handle its signals.
pub(super) fn takes_process(project: &Project, class: ClassId) -> bool {
    project.own_members(class).any(|member| {
        let facts = project.facts(member);
        let handles_signals = || {
            facts.body.insts.iter().any(|inst| match inst.op {
                Op::Call { callee, .. } => {
                    project.import_path(member, callee).as_deref() == Some("signal.signal")
                }
                _ => false,
            })
        };
        facts.names.find("setsid").is_some() || facts.names.find("signal").is_some() && handles_signals()
    })
}

/// Whether a `__new__` returns nothing but what it makes: it does not hand out one object again and again.
fn makes_each_time(new: &ItemFacts) -> bool {
    let mut returned = new.body.insts.iter().filter_map(|inst| match inst.op {
        Op::Return(Some(value)) => Some(value),
        _ => None,
    });
    let is_made = |value: Val| match new.body.op(value) {
        Op::Call { callee, .. } => {
            matches!(new.body.op(callee), Op::Attr { name, .. } if new.str(name) == "__new__")
        }
        _ => false,
    };
    returned.all(|value| match new.body.op(value) {
        Op::Load(var) if !new.var(var).is_parameter => {
            let mut stored = new.stores(var).iter().filter_map(|store| new.stored(*store));
            let is_kept = new.body.insts.iter().any(|inst| match inst.op {
                Op::StoreAttr { base, value, .. } => {
                    matches!(new.body.op(value), Op::Load(kept) if kept == var)
                        && !matches!(new.body.op(base), Op::Load(object) if object == var)
                }
                Op::StoreIndex { value, .. } => matches!(new.body.op(value), Op::Load(kept) if kept == var),
                _ => false,
            });
            !is_kept && stored.all(is_made)
        }
        _ => is_made(value),
    })
}

/// The items that make objects of a class, or of one derived from it, outside tests.
pub(super) fn making_calls(project: &Project, class: ClassId) -> Vec<CodeId> {
    let classes = project.descendants(class).into_iter();
    let made = classes.flat_map(|class| project.references(class.0));
    made.filter(|found| found.kind == ReferenceKind::Call && !project.module(found.code.module).is_test)
        .map(|found| found.code)
        .collect()
}

/// Whether what keeps the callbacks of a class is made together with each object, wherever one is seen to be made: both go
/// together.
pub(super) fn is_made_with(project: &Project, class: ClassId, init: CodeId, emitter: &str) -> bool {
    is_made_within(project, class, init, emitter, 3)
}

/// The same, looked for up to this many makers away: what an initialiser is given may be made with its object.
fn is_made_within(project: &Project, class: ClassId, init: CodeId, emitter: &str, fuel: u32) -> bool {
    let Some(fuel) = fuel.checked_sub(1) else { return false };
    let facts = project.facts(init);
    let Some(param) = facts.params.iter().find(|param| facts.var_name(param.var) == emitter) else {
        return false;
    };
    let mut calls = project
        .references(class.0)
        .iter()
        .filter(|found| found.kind == ReferenceKind::Call && !project.module(found.code.module).is_test)
        .peekable();
    calls.peek().is_some()
        && calls.all(|found| {
            let caller = project.facts(found.code);
            let Op::Call { args, .. } = caller.body.op(found.at) else { return false };
            caller.body.args(args).iter().any(|arg| {
                let is_it = project.parameter_for(found.code, found.at, arg.value, init) == Some(param.var);
                let Op::Load(var) = caller.body.op(arg.value) else { return false };
                let made = caller.only_value(var).filter(|_| caller.is_local(var));
                let outer = project.class_of(found.code).filter(|_| caller.own_name() == "__init__");
                is_it
                    && (made.is_some_and(|made| project.constructed_class(found.code, made).is_some())
                        || outer.is_some_and(|outer| {
                            caller.var(var).is_parameter
                                && is_made_within(project, outer, found.code, caller.var_name(var), fuel)
                        }))
            })
        })
}

/// Whether an item runs once in a process: module and class bodies, what starts the program, and what sets a part of it
/// up.
pub(super) fn runs_once(project: &Project, code: CodeId) -> bool {
    let facts = project.facts(code);
    let name = facts.own_name();
    let sets_up = project.catalogue().subscriptions.is_setup(name) && project.class_of(code).is_none();
    !facts.is_function() || matches!(name, "main" | "_main" | "run") || sets_up
}
