//! Large values that a function leaves in a variable of the module or of a class, where nothing else looks at them.

use super::large::is_large;
use crate::examined::{Examined, leaks};
use crate::growth::{Repeats, function_repeats};
use crate::ir::{Const, Op, UseKind, Val};
use crate::project::{CodeId, Holder, Project};

/// A large value that stays behind.
#[derive(Clone, Debug)]
pub struct GlobalTemporary {
    /// The function that leaves it.
    pub code: CodeId,
    /// Where it does.
    pub at: Val,
    /// What it is left in.
    pub holder: Holder,
}

/// Why a large value in a shared variable is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemporaryReason {
    /// Other code uses it, or the function empties it or looks at it first.
    Used,
    /// The function runs once, or nothing is known of how often.
    Once,
}

/// The large values that functions leave behind, in the order of the source.
pub fn global_temporaries(project: &Project, items: impl Iterator<Item = CodeId>) -> Vec<GlobalTemporary> {
    leaks(examined_temporaries(project, items))
}

/// The large values that functions bind to variables of modules and classes, in the order of the source.
pub fn examined_temporaries(
    project: &Project,
    items: impl Iterator<Item = CodeId>,
) -> Vec<Examined<GlobalTemporary, TemporaryReason>> {
    let mut found = Vec::new();
    for code in items {
        let facts = project.facts(code);
        if project.is_broken(code) || !facts.is_function() {
            continue;
        }
        for used in &facts.uses {
            let UseKind::Bind(value) = used.kind else { continue };
            let left = || left_in(project, code, used.place, used.at);
            if let Some(verdict) = is_large(project, code, value).then(left).flatten() {
                let verdict = verdict.map(|holder| GlobalTemporary { code, at: used.at, holder });
                found.push(Examined::new(code, used.at, verdict));
            }
        }
    }
    found
}

/// The variable of a module or class that a function leaves something in, if only this function uses it.
fn left_in(
    project: &Project,
    code: CodeId,
    place: crate::ir::PlaceId,
    at: Val,
) -> Option<Result<Holder, TemporaryReason>> {
    let located = project.locate(code, place).filter(|located| located.rest.is_empty())?;
    let holder = located.holder;
    let is_shared = match holder {
        Holder::Global { .. } => true,
        Holder::Attribute { .. } => is_of_class(project, code, at),
        Holder::Local { .. } => false,
    };
    is_shared.then(|| {
        if !is_used_here_only(project, code, holder, at) {
            return Err(TemporaryReason::Used);
        }
        match function_repeats(project, code) {
            Repeats::Once | Repeats::Unknown => Err(TemporaryReason::Once),
            _ => Ok(holder),
        }
    })
}

/// `cls.last = …`, `Reader.last = …`
fn is_of_class(project: &Project, code: CodeId, at: Val) -> bool {
    let facts = project.facts(code);
    let Op::StoreAttr { base, .. } = facts.body.op(at) else { return false };
    let Op::Load(var) = facts.body.op(base) else { return false };
    project.self_class(code, var).map_or_else(
        || matches!(project.entity(code, base), Some(crate::project::Entity::Class(_))),
        |(_, is_class)| is_class,
    )
}

/// Whether nothing but a function, and what binds a first value, has to do with a holder; and the function neither
/// empties it nor looks at what is in it before it binds it, as one that continues or remembers does.
fn is_used_here_only(project: &Project, code: CodeId, holder: Holder, at: Val) -> bool {
    let is_named_elsewhere = match holder {
        Holder::Attribute { name, .. } | Holder::Global { name, .. } => {
            !project.unresolved_sites(name).is_empty()
        }
        Holder::Local { .. } => true,
    };
    !is_named_elsewhere
        && project.sites(holder).iter().all(|site| {
            let facts = project.facts(site.code);
            let used = site.find(project);
            match used.kind {
                UseKind::Unbind => false,
                UseKind::Bind(value) if site.code == code => {
                    !matches!(facts.body.op(value), Op::Const(Const::None))
                }
                UseKind::Bind(_) => !facts.is_function(),
                _ => site.code == code && used.at > at,
            }
        })
}
