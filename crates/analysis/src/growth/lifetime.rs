//! How sure a finding is: what speaks for a long life of the holder, and what against.
//!
//! No single sign decides. Each is worth some points; what adds up is shown as confidence. The signs
//! and their order come from reading real leaks beside sound code that looks the same.

use leakwright_catalogue::{ContainerKind, Words};

use super::binding::Creation;
use super::effect::Effect;
use super::holder::HolderKind;
use super::key::Freshness;
use super::repetition::{Repeats, method_duty};
use super::{Growth, Reason};
use crate::ir::{ItemKind, Op, UseKind};
use crate::project::{ClassId, CodeId, Holder, Project, ReferenceKind, Site, Symbol};

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// More against it than for it.
    Low,
    /// As likely as not, or better.
    Medium,
    /// Most signs are there.
    High,
}

/// Adds the signs up.
pub(super) fn confidence(
    project: &Project,
    holder: Holder,
    creation: &Creation,
    growth: &[Growth],
    other: &[(Site, Effect)],
    is_memo: bool,
) -> Result<Confidence, Reason> {
    let Some(best) = growth.first() else { return Err(Reason::NeverGrows) };
    let mut points = growth_points(project, creation, best, is_memo);
    points += match holder {
        Holder::Attribute { class, .. } if creation.kind == HolderKind::Instance => {
            object_points(project, class, growth)?
        }
        Holder::Attribute { .. } | Holder::Global { .. } => 2,
        Holder::Local { .. } if best.repeats == Repeats::Endless => 3,
        Holder::Local { code, .. } => closure_points(project, code, best.site.code),
    };
    points += name_points(project, holder, creation);
    if other.iter().any(|(site, _)| is_joined(project, *site)) {
        // Pieces of a text that is put together in the end.
        points -= 3;
    }
    if other.iter().any(|(_, effect)| *effect == Effect::Handout) && !is_memo {
        points -= 1;
    }
    Ok(match points {
        3.. => Confidence::High,
        0.. => Confidence::Medium,
        _ => Confidence::Low,
    })
}

/// What the growth itself says.
fn growth_points(project: &Project, creation: &Creation, best: &Growth, is_memo: bool) -> i32 {
    let mut points = match best.repeats {
        Repeats::Endless => 2,
        Repeats::Handler | Repeats::PerObject => 1,
        Repeats::Callable => 0,
        Repeats::Unknown | Repeats::Once => -2,
    };
    points += match best.freshness {
        Freshness::Fresh => 1,
        // A dict or set under keys of which nothing is known is often a table of some kind.
        Freshness::Neutral if keyed(creation.container.kind) && !is_memo && creation.kind != HolderKind::Instance => -1,
        _ => 0,
    };
    let name = project.facts(best.site.code).own_name();
    points += match method_duty(project, name) {
        Some(true) => 1,
        Some(false) if best.repeats < Repeats::Handler => -2,
        _ => 0,
    };
    points
}

const fn keyed(kind: ContainerKind) -> bool {
    kind.is_mapping() || matches!(kind, ContainerKind::Set)
}

/// What the class of an instance attribute says about the life of its objects.
fn object_points(project: &Project, class: ClassId, growth: &[Growth]) -> Result<i32, Reason> {
    let facts = project.facts(class.0);
    let words = &project.catalogue().words;
    let name = facts.own_name();
    let mut points = 0;
    if Words::last(&words.short_lived_class, name) {
        points -= 3;
    } else if Words::last(&words.long_lived_class, name) {
        points += 1;
    }
    points += base_points(project, class);
    if !facts.decorators.is_empty() {
        points -= 1;
    }
    if is_data_structure(project, class) {
        points -= 2;
    }
    points += creation_points(project, class, growth)?;
    Ok(points)
}

fn base_points(project: &Project, class: ClassId) -> i32 {
    let words = &project.catalogue().words;
    let mut points = 0;
    for base in project.external_bases(class) {
        let last = base.rsplit('.').next().unwrap_or(base);
        let serves = ["Thread", "Process", "Protocol", "Server", "Handler", "Service", "Consumer", "Actor"];
        if base == "typing.Protocol" || matches!(last, "object" | "ABC" | "Generic" | "NamedTuple" | "TypedDict") {
            continue;
        }
        if serves.iter().any(|suffix| last.ends_with(suffix)) {
            points += 1;
        } else if Words::last(&words.short_lived_class, last) || last.ends_with("Exception") {
            points -= 3;
        }
    }
    points
}

/// Whether a class is a container or record itself: how long it lives is its user's affair.
fn is_data_structure(project: &Project, class: ClassId) -> bool {
    let has = |name: &str| project.class_member(class, name).is_some();
    has("__iter__") || has("__getitem__") || has("__next__") || (has("__len__") && has("__contains__"))
}

/// Where the objects of a class are made.
fn creation_points(project: &Project, class: ClassId, growth: &[Growth]) -> Result<i32, Reason> {
    let mut on_module = false;
    let mut kept = false;
    let mut dropped = 0;
    for made in project.descendants(class) {
        for found in project.references(made.0) {
            if found.kind != ReferenceKind::Call {
                kept = true;
                continue;
            }
            match project.facts(found.code).kind {
                ItemKind::Module | ItemKind::Class => on_module = true,
                ItemKind::Function { .. } if is_dropped(project, found.code, found.at) => dropped += 1,
                ItemKind::Function { .. } => kept = true,
            }
        }
    }
    if on_module {
        return Ok(1);
    }
    let certain = growth.iter().any(|growth| growth.repeats == Repeats::Endless);
    if dropped > 0 && !kept && !certain {
        return Err(Reason::ShortLived);
    }
    Ok(0)
}

/// Whether an object made by a call stays in the function that makes it.
fn is_dropped(project: &Project, code: CodeId, made: crate::ir::Val) -> bool {
    let facts = project.facts(code);
    let escapes = |value| {
        facts.body.insts.iter().any(|inst| match inst.op {
            Op::Return(Some(returned)) | Op::Yield(Some(returned)) => returned == value,
            Op::StoreAttr { value: stored, .. } | Op::StoreIndex { value: stored, .. } => stored == value,
            Op::Call { args, .. } | Op::Display { args, .. } => {
                facts.body.args(args).iter().any(|arg| arg.value == value)
            }
            _ => false,
        })
    };
    if escapes(made) {
        return false;
    }
    for inst in &facts.body.insts {
        let Op::Store { var, value } = inst.op else { continue };
        if value != made {
            continue;
        }
        if !facts.is_local(var) {
            return false;
        }
        let loads = (0..facts.body.insts.len()).map(crate::ir::Val::new);
        if loads.filter(|load| matches!(facts.body.op(*load), Op::Load(loaded) if loaded == var)).any(escapes) {
            return false;
        }
    }
    true
}

/// What the name of a holder says.
fn name_points(project: &Project, holder: Holder, creation: &Creation) -> i32 {
    let words = &project.catalogue().words;
    let Some(name) = holder_name(project, holder) else { return 0 };
    if Words::last(&words.accumulating, &name) {
        1
    } else if Words::last(&words.descriptive, &name) && creation.kind == HolderKind::Instance {
        -2
    } else if Words::last(&words.descriptive, &name) {
        -1
    } else {
        0
    }
}

/// The name of a holder, from any of its uses.
pub fn holder_name(project: &Project, holder: Holder) -> Option<String> {
    match holder {
        Holder::Local { code, var } => Some(project.facts(code).var_name(var).to_owned()),
        Holder::Global { module, name } => {
            let globals = &project.file(module).bindings;
            globals.globals().map(|(_, global)| &global.name).find(|found| Symbol::of(found) == name).cloned()
        }
        Holder::Attribute { name, .. } => project.sites(holder).iter().find_map(|site| {
            let facts = project.facts(site.code);
            facts.names.iter().find(|found| Symbol::of(found) == name).map(str::to_owned)
        }),
    }
}

/// An inner function that its outer function returns or hands on lives as long as the receiver.
fn closure_points(project: &Project, outer: CodeId, inner: CodeId) -> i32 {
    let file = project.file(outer.module);
    let child = std::iter::once(inner.item)
        .chain(file.ancestors(inner.item))
        .find(|item| file.item(*item).parent == Some(outer.item));
    let Some(child) = child else { return -3 };
    let code = CodeId { item: child, ..outer };
    let handed_on = project.references(code).iter().any(|found| found.kind == ReferenceKind::Value);
    if handed_on { 1 } else { -3 }
}

/// `"".join(pieces)`
fn is_joined(project: &Project, site: Site) -> bool {
    let used = site.find(project);
    let body = &project.facts(site.code).body;
    let Op::Call { callee, .. } = body.op(used.at) else { return false };
    used.kind == UseKind::Argument
        && matches!(body.op(callee), Op::Attr { name, .. } if project.facts(site.code).str(name) == "join")
}
