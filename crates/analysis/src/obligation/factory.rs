//! What the project acquires, and which of its functions and classes hand out a resource.
//!
//! A function that acquires a resource and does nothing with it but return it hands it out: its caller
//! owes the release. A class that keeps a resource in an attribute and has a method that releases it is
//! itself something to be released. Both are found in rounds: the callers of what one round finds are what
//! the next one looks at.

use std::sync::Arc;

use leakwright_catalogue::Resource;
use rustc_hash::FxHashMap;

use super::acquire::{Acquisition, acquisitions, owes};
use super::owner::{self, Owned};
use super::{Fate, Recipient, follow};
use crate::flow::Flow;
use crate::ir::{BlockId, Body, Const, FrameKind, ItemKind, Op, Step, UseKind};
use crate::project::{CodeId, Project, ReferenceKind};

/// How far a resource is followed from one factory to the next.
const MAX_ROUNDS: usize = 4;

/// What the items of a project acquire.
#[derive(Default)]
pub(crate) struct Obligations {
    acquired: FxHashMap<CodeId, Vec<(Acquisition, Fate)>>,
    handed_out: FxHashMap<CodeId, Arc<Resource>>,
}

impl Obligations {
    /// Works it out for a project whose calls and summaries are known.
    pub(crate) fn solve(project: &mut Project) {
        let items: Vec<CodeId> = project
            .modules()
            .map(|(module, _)| module)
            .collect::<Vec<_>>()
            .into_iter()
            .flat_map(|module| project.items(module))
            .collect();
        let mut fresh: Vec<(CodeId, Acquisition)> = items
            .iter()
            .flat_map(|code| acquisitions(project, *code).into_iter().map(|found| (*code, found)))
            .collect();
        for _ in 0..MAX_ROUNDS {
            if fresh.is_empty() {
                break;
            }
            let mut changed = Vec::new();
            for (code, acquisition) in std::mem::take(&mut fresh) {
                let fate = follow::follow(project, code, &acquisition);
                let known = project.obligations_mut().acquired.entry(code).or_default();
                if known
                    .iter()
                    .all(|(other, _)| (other.call, other.part) != (acquisition.call, acquisition.part))
                {
                    known.push((acquisition, fate));
                    known.sort_by_key(|(acquisition, _)| (acquisition.call, acquisition.part));
                    changed.push(code);
                }
            }
            changed.dedup();
            for (target, resource) in new_factories(project, &changed) {
                let resource = Arc::new(resource);
                fresh.extend(calls_of(project, target, &resource));
                project.obligations_mut().handed_out.insert(target, resource);
            }
        }
    }

    pub(super) fn of(&self, code: CodeId) -> &[(Acquisition, Fate)] {
        self.acquired.get(&code).map_or(&[], Vec::as_slice)
    }

    /// What calling a function or class of the project hands out.
    pub(super) fn handed_out(&self, code: CodeId) -> Option<&Arc<Resource>> {
        self.handed_out.get(&code)
    }
}

/// The functions and classes that turn out to hand out a resource, because of what some items acquire.
fn new_factories(project: &Project, changed: &[CodeId]) -> Vec<(CodeId, Resource)> {
    let mut found: Vec<(CodeId, Resource)> = Vec::new();
    let mut note = |target: CodeId, resource: Resource| {
        let is_known = project.obligations().handed_out(target).is_some();
        if !is_known && found.iter().all(|(known, _)| *known != target) {
            found.push((target, resource));
        }
    };
    for &code in changed {
        if let Some(resource) = returned(project, code) {
            note(code, resource);
        }
        for (owned, resource) in owning_class(project, code) {
            note(owned.class.0, resource);
        }
    }
    found
}

/// The resource that a function hands to its caller.
fn returned(project: &Project, code: CodeId) -> Option<Resource> {
    let facts = project.facts(code);
    let is_plain = matches!(facts.kind, ItemKind::Function { is_generator: false, .. });
    let is_decorated = facts.decorators.iter().any(|decorator| {
        !matches!(project.import_path(code, *decorator).as_deref(), Some("staticmethod" | "classmethod"))
    });
    let is_special = facts.own_name().starts_with("__");
    if !is_plain || is_decorated || is_special {
        return None;
    }
    if returns_other_things(project, code) {
        return None;
    }
    let found = project.obligations().of(code).iter().find(|(acquisition, fate)| {
        if !is_in_body(&facts.body, acquisition.block) {
            return false;
        }
        let returned = fate.escaped.iter().all(|escape| escape.to == Recipient::Caller);
        acquisition.part.is_none() && !fate.escaped.is_empty() && returned && !fate.is_process_wide
    });
    found.map(|(acquisition, _)| named_after(project, code, acquisition))
}

/// Whether a function returns something, on some way, that is not a resource it acquired: then its caller
/// cannot know whom it belongs to.
fn returns_other_things(project: &Project, code: CodeId) -> bool {
    let facts = project.facts(code);
    let acquired = project.obligations().of(code);
    facts.body.originals().filter(|block| is_in_body(&facts.body, *block)).any(|block| {
        facts.body.values(block).any(|at| {
            let Op::Return(Some(value)) = facts.body.op(at) else { return false };
            let is_none = matches!(facts.body.op(value), Op::Const(Const::None));
            let is_resource =
                acquired.iter().any(|(_, fate)| fate.escaped.iter().any(|escape| escape.at == at));
            !is_none && !is_resource
        })
    })
}

fn is_in_body(body: &Body, block: BlockId) -> bool {
    body.frames[body.block(block).frame.index()].kind == FrameKind::Body
}

fn named_after(project: &Project, code: CodeId, acquisition: &Acquisition) -> Resource {
    let resource = &*acquisition.resource;
    Resource {
        constructor: project.file(code.module).dotted_name(code.item),
        aliases: Vec::new(),
        parts: Vec::new(),
        unless: Vec::new(),
        when: resource.when.clone().filter(|_| acquisition.is_conditional),
        ..resource.clone()
    }
}

/// The classes that own what a method of theirs acquires, as resources.
fn owning_class(project: &Project, code: CodeId) -> Vec<(Owned, Resource)> {
    owner::owned(project, code)
        .into_iter()
        .filter(|owned| project.facts(owned.store.code).own_name() == "__init__")
        .filter(|owned| project.class_member(owned.class, "__new__").is_none())
        .filter(|owned| !hands_itself_on(project, owned.store.code))
        .filter(|owned| is_always_stored(project, owned))
        .filter_map(|owned| {
            let resource = owner::class_resource(project, &owned)?;
            Some((owned, resource))
        })
        .collect()
}

/// Whether every object of the class comes to own the resource.
fn is_always_stored(project: &Project, owned: &Owned) -> bool {
    let body = &project.facts(owned.store.code).body;
    let Some(block) = body.block_of(owned.store.value) else { return false };
    let entry = body.frames.iter().find(|frame| frame.kind == FrameKind::Body).map(|frame| frame.entry);
    let way = Flow::new(body).way_to(block);
    let is_first = Some(block) == entry || way.last().is_some_and(|(first, _)| Some(*first) == entry);
    is_first && way.iter().all(|(_, guard)| guard.is_none())
}

/// Whether a method hands the object it is called on to somebody else, who may keep it.
fn hands_itself_on(project: &Project, method: CodeId) -> bool {
    let facts = project.facts(method);
    let Some(this) = facts.params.first().map(|param| param.var) else { return true };
    facts.uses.iter().any(|used| {
        let (var, steps) = facts.places.path(used.place);
        let is_kept = matches!(used.kind, UseKind::Keep | UseKind::Argument | UseKind::Return);
        // A bound method has the object with it.
        let is_method = |step: &Step| {
            matches!(step, Step::Attr(name) if project.enclosing_class(method).is_some_and(|class| {
                project.class_member(class, facts.str(*name)).is_some()
            }))
        };
        let is_itself = steps.is_empty() || steps.len() == 1 && is_method(&steps[0]);
        var == this && is_itself && is_kept
    })
}

/// The places where a function or class of the project is called.
fn calls_of(project: &Project, target: CodeId, resource: &Arc<Resource>) -> Vec<(CodeId, Acquisition)> {
    project
        .references(target)
        .iter()
        .filter(|reference| reference.kind == ReferenceKind::Call)
        .filter_map(|reference| {
            let Op::Call { args, .. } = project.facts(reference.code).body.op(reference.at) else {
                return None;
            };
            let is_conditional = owes(project, reference.code, resource, args)?;
            let acquisition = Acquisition {
                call: reference.at,
                block: reference.block,
                resource: resource.clone(),
                part: None,
                factory: Some(target),
                is_conditional,
                is_guess: true,
            };
            Some((reference.code, acquisition))
        })
        .collect()
}
