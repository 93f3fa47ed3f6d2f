//! Which values are modules: objects whose call gives outputs that carry a graph.
//!
//! A module is known by its class, by the annotation of a parameter, or by what is done with it: nothing
//! else is asked for its `parameters()` or told to `train()`.

use super::local::{bases, is_given_model};
use crate::ir::{ItemFacts, Op, PlaceId, UseKind, Val, VarId};
use crate::project::{ClassId, CodeId, Entity, Project};

/// How many steps of wrapping (`.to(device)`, `compile(…)`) are looked through.
const MAX_STEPS: u32 = 6;

/// Whether a class is one of modules.
pub(super) fn is_module_class(project: &Project, class: ClassId) -> bool {
    let tensors = &project.catalogue().tensors;
    bases(project, class).iter().any(|base| tensors.is_module(base))
}

/// Whether a value is a module.
pub(super) fn is_module(project: &Project, code: CodeId, value: Val) -> bool {
    is_module_within(project, code, value, MAX_STEPS)
}

fn is_module_within(project: &Project, code: CodeId, value: Val, fuel: u32) -> bool {
    let Some(fuel) = fuel.checked_sub(1) else { return false };
    let facts = project.facts(code);
    match facts.body.op(value) {
        Op::Call { callee, args } => match project.entity(code, callee) {
            Some(Entity::Class(class)) => is_module_class(project, class),
            Some(Entity::External(path)) => {
                project.catalogue().tensors.is_module(&path)
                    || path == "torch.compile"
                        && facts
                            .body
                            .args(args)
                            .first()
                            .is_some_and(|arg| is_module_within(project, code, arg.value, fuel))
            }
            _ => match facts.body.op(callee) {
                Op::Attr { base, name } => {
                    matches!(facts.str(name), "to" | "cuda" | "cpu" | "train" | "eval" | "half" | "float")
                        && is_module_within(project, code, base, fuel)
                }
                _ => false,
            },
        },
        Op::Load(var) => {
            is_module_variable(project, code, var, fuel) || is_used_as_module(project, code, value, fuel)
        }
        Op::Attr { .. } => is_used_as_module(project, code, value, fuel),
        _ => false,
    }
}

fn is_module_variable(project: &Project, code: CodeId, var: VarId, fuel: u32) -> bool {
    if let Some((class, is_class)) = project.self_class(code, var) {
        return !is_class && is_module_class(project, class);
    }
    let facts = project.facts(code);
    if let Some(param) = facts.params.iter().find(|param| param.var == var) {
        return param.annotation.is_some_and(|annotation| names_module(project, code, annotation, fuel))
            || is_given_model(project, code, var);
    }
    let stores = facts.stores(var);
    !stores.is_empty()
        && stores.iter().filter_map(|store| facts.stored(*store)).any(|value| {
            matches!(facts.body.op(value), Op::Call { .. }) && is_module_within(project, code, value, fuel)
        })
}

/// Whether an annotation names a class of modules, alone or as one of several.
fn names_module(project: &Project, code: CodeId, annotation: Val, fuel: u32) -> bool {
    let Some(fuel) = fuel.checked_sub(1) else { return false };
    match project.entity(code, annotation) {
        Some(Entity::Class(class)) => return is_module_class(project, class),
        Some(Entity::External(path)) => return project.catalogue().tensors.is_module(&path),
        _ => {}
    }
    let facts = project.facts(code);
    match facts.body.op(annotation) {
        // `Optional[nn.Module]`, but not `list[nn.Module]`.
        Op::Index { base, key } => {
            let path = project.import_path(code, base).unwrap_or_default();
            matches!(path.as_str(), "typing.Optional" | "typing.Union")
                && names_module(project, code, key, fuel)
        }
        Op::Display { args, .. } => {
            facts.body.args(args).iter().any(|arg| names_module(project, code, arg.value, fuel))
        }
        Op::Binary { left, right, .. } => {
            names_module(project, code, left, fuel) || names_module(project, code, right, fuel)
        }
        _ => false,
    }
}

/// Whether something is done with what holds a value that is done with modules only.
fn is_used_as_module(project: &Project, code: CodeId, value: Val, fuel: u32) -> bool {
    let facts = project.facts(code);
    let Some(place) = facts.places.of(value) else { return false };
    if is_asked_here(project, facts, place) {
        return true;
    }
    let Some(located) = project.locate(code, place).filter(|located| located.rest.is_empty()) else {
        return false;
    };
    project.sites(located.holder).iter().filter(|site| site.depth == 0).any(|site| {
        let used = site.find(project);
        match used.kind {
            UseKind::Call(_) => is_asked(project, project.facts(site.code), used.at),
            UseKind::Bind(bound) => {
                matches!(project.facts(site.code).body.op(bound), Op::Call { .. })
                    && is_module_within(project, site.code, bound, fuel.min(2))
                    || is_annotated(project, site.code, bound)
            }
            _ => false,
        }
    })
}

/// `self.model = model`, where `model` is annotated.
fn is_annotated(project: &Project, code: CodeId, bound: Val) -> bool {
    let facts = project.facts(code);
    let Op::Load(var) = facts.body.op(bound) else { return false };
    let param = facts.params.iter().find(|param| param.var == var);
    param
        .and_then(|param| param.annotation)
        .is_some_and(|annotation| names_module(project, code, annotation, MAX_STEPS))
}

fn is_asked_here(project: &Project, facts: &ItemFacts, place: PlaceId) -> bool {
    facts
        .uses
        .iter()
        .filter(|used| used.place == place && matches!(used.kind, UseKind::Call(_)))
        .any(|used| is_asked(project, facts, used.at))
}

/// `x.parameters()`, `x.train()`
fn is_asked(project: &Project, facts: &ItemFacts, call: Val) -> bool {
    let Op::Call { callee, args } = facts.body.op(call) else { return false };
    let Op::Attr { name, .. } = facts.body.op(callee) else { return false };
    args.is_empty() && project.catalogue().tensors.is_module_method(facts.str(name))
}
