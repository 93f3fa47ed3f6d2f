//! What the class of an attribute says about the life of its objects.

use leakwright_catalogue::Words;

use super::command_line;
use super::confidence::Sign;
use super::repetition::{Repeats, endless_loop};
use super::{Growth, Reason};
use crate::ir::{ItemFacts, ItemKind, Op, Val, VarId};
use crate::project::{ClassId, CodeId, Project, ReferenceKind};

/// The signs that a class gives, by its name, its bases, its shape and where its objects are made.
pub(super) fn object_signs(
    project: &Project,
    class: ClassId,
    growth: &[Growth],
) -> Result<Vec<Sign>, Reason> {
    let facts = project.facts(class.0);
    let words = &project.catalogue().words;
    let name = facts.own_name();
    let mut signs = Vec::new();
    if Words::last(&words.short_lived_class, name) {
        signs.push(Sign::new(-3, "the class is made for one piece of work, by its name"));
    } else if Words::last(&words.long_lived_class, name) {
        signs.push(Sign::new(1, "objects of the class live long, by its name"));
    }
    signs.extend(base_signs(project, class));
    let is_of_work = |base: &ClassId| Words::last(&words.short_lived_class, project.own_name(base.0));
    if signs.iter().all(|sign| sign.points == 0) && project.ancestry(class)[1..].iter().any(is_of_work) {
        signs.push(Sign::new(-2, "the base class is made for one piece of work, by its name"));
    }
    if is_record(project, class) {
        signs.push(Sign::new(-3, "the class is a record"));
    } else if !facts.decorators.is_empty() {
        signs.push(Sign::new(-1, "the class is decorated: it may be a record"));
    }
    if command_line::is_part(project, class) {
        signs.push(Sign::new(-2, "it is part of a command line, whose run ends"));
    }
    if is_data_structure(project, class) {
        signs.push(Sign::new(-2, "the class is a container itself"));
    }
    signs.extend(creation_sign(project, class, growth)?);
    Ok(signs)
}

/// Whether a class is declared by its fields: a dataclass, or one of the libraries like it.
fn is_record(project: &Project, class: ClassId) -> bool {
    let facts = project.facts(class.0);
    let decorated = facts.decorators.iter().any(|decorator| {
        let callee = match facts.body.op(*decorator) {
            Op::Call { callee, .. } => callee,
            _ => *decorator,
        };
        project.import_path(class.0, callee).is_some_and(|path| {
            matches!(
                path.as_str(),
                "dataclasses.dataclass"
                    | "attr.s"
                    | "attr.attrs"
                    | "attr.define"
                    | "attr.mutable"
                    | "attr.dataclass"
                    | "attrs.define"
                    | "attrs.mutable"
                    | "pydantic.dataclasses.dataclass"
            )
        })
    });
    decorated || project.external_bases(class).iter().any(|base| base.ends_with(".BaseModel"))
}

/// Endings of bases whose objects serve for long.
const SERVING: [&str; 8] =
    ["Thread", "Process", "Protocol", "Server", "Handler", "Service", "Consumer", "Actor"];

fn base_signs(project: &Project, class: ClassId) -> Vec<Sign> {
    let words = &project.catalogue().words;
    let mut signs = Vec::new();
    for base in project.external_bases(class) {
        let last = base.rsplit('.').next().unwrap_or(base);
        if base == "typing.Protocol"
            || matches!(last, "object" | "ABC" | "Generic" | "NamedTuple" | "TypedDict")
        {
            continue;
        }
        if SERVING.iter().any(|suffix| last.ends_with(suffix)) {
            signs.push(Sign::new(1, "the base class serves for long"));
        } else if Words::last(&words.short_lived_class, last) || last.ends_with("Exception") {
            signs.push(Sign::new(-3, "the base class is made for one piece of work, by its name"));
        }
    }
    signs
}

/// Whether a class is a container or record itself: how long it lives is its user's affair.
fn is_data_structure(project: &Project, class: ClassId) -> bool {
    let has = |name: &str| project.class_member(class, name).is_some();
    has("__iter__") || has("__getitem__") || has("__next__") || (has("__len__") && has("__contains__"))
}

/// Where the objects of a class are made, and what becomes of them there.
fn creation_sign(project: &Project, class: ClassId, growth: &[Growth]) -> Result<Option<Sign>, Reason> {
    let mut fates = Vec::new();
    for made in project.descendants(class) {
        for found in project.references(made.0) {
            if project.module(found.code.module).is_test {
                continue;
            }
            fates.push(match (found.kind, project.facts(found.code).kind) {
                (ReferenceKind::Value | ReferenceKind::Decorator, _) => ObjectFate::Kept,
                (_, ItemKind::Module | ItemKind::Class) => {
                    return Ok(Some(Sign::new(1, "an object is made with the module")));
                }
                (_, ItemKind::Function { .. }) => fate(project, found.code, found.at),
            });
        }
    }
    let certain = growth.iter().any(|growth| growth.repeats == Repeats::Endless);
    match fates.into_iter().max() {
        Some(ObjectFate::Dropped) if !certain => Err(Reason::ShortLived),
        Some(ObjectFate::Dropped | ObjectFate::Passed) => {
            Ok(Some(Sign::new(-1, "objects are made in functions that do not keep them")))
        }
        Some(ObjectFate::Kept) | None => Ok(None),
    }
}

/// What becomes of an object in the function that makes it; later ones outweigh.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum ObjectFate {
    /// It goes with the call.
    Dropped,
    /// It is given to other functions, but neither returned nor stored.
    Passed,
    /// It is returned or stored, or a loop that does not end works with it.
    Kept,
}

/// What becomes of an object that a call makes.
fn fate(project: &Project, code: CodeId, made: Val) -> ObjectFate {
    let facts = project.facts(code);
    let of = |value: Val| {
        facts
            .body
            .insts
            .iter()
            .filter_map(|inst| match inst.op {
                Op::Return(Some(kept)) | Op::Yield(Some(kept)) if kept == value => Some(ObjectFate::Kept),
                Op::StoreAttr { value: kept, .. } | Op::StoreIndex { value: kept, .. } if kept == value => {
                    Some(ObjectFate::Kept)
                }
                Op::Display { args, .. } if facts.body.args(args).iter().any(|arg| arg.value == value) => {
                    Some(ObjectFate::Kept)
                }
                Op::Call { args, .. } if facts.body.args(args).iter().any(|arg| arg.value == value) => {
                    Some(ObjectFate::Passed)
                }
                _ => None,
            })
            .max()
            .unwrap_or(ObjectFate::Dropped)
    };
    let mut worst = of(made);
    for inst in &facts.body.insts {
        let Op::Store { var, value } = inst.op else { continue };
        let is_it = value == made || enters(facts, value, made);
        if is_it && is_used_without_end(facts, made, var) {
            return ObjectFate::Kept;
        }
        // What is entered as a context goes with that.
        if value != made {
            continue;
        }
        if !facts.is_local(var) {
            return ObjectFate::Kept;
        }
        let loads = (0..facts.body.insts.len()).map(Val::new);
        let fates =
            loads.filter(|load| matches!(facts.body.op(*load), Op::Load(loaded) if loaded == var)).map(of);
        worst = fates.fold(worst, Ord::max);
    }
    worst
}

/// Whether a value is what entering an object as a context gives.
fn enters(facts: &ItemFacts, value: Val, made: Val) -> bool {
    matches!(facts.body.op(value), Op::Enter { context, .. } if context == made)
}

/// Whether a loop that does not end works with an object that is made before it.
fn is_used_without_end(facts: &ItemFacts, made: Val, var: VarId) -> bool {
    let Some(from) = facts.body.block_of(made) else { return false };
    facts.body.originals().any(|block| {
        let uses = |at: Val| matches!(facts.body.op(at), Op::Load(loaded) if loaded == var);
        facts.body.values(block).any(uses)
            && endless_loop(facts, block)
                .is_some_and(|round| !facts.body.loops_around(from).any(|around| around == round))
    })
}
