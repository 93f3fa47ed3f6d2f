//! What the project acquires, and which of its functions and classes hand out a resource.
//!
//! A function that acquires a resource and does nothing with it but return it hands it out: its caller
//! owes the release. A class that keeps a resource in an attribute and has a method that releases it is
//! itself something to be released. Both are found in rounds: the callers of what one round finds are what
//! the next one looks at.

use std::sync::Arc;
use std::time::{Duration, Instant};

use leakwright_catalogue::{OnDrop, Resource};
use rustc_hash::FxHashMap;

use super::acquire::{Acquisition, acquisitions, owes};
use super::owner::{self, Owned};
use super::{Fate, Recipient, Share, follow, keeping};
use crate::bindings::Binding;
use crate::flow::Flow;
use crate::ir::{BlockId, Body, Comprehension, Const, FrameKind, ItemKind, Op, Step, UseKind, Val};
use crate::project::{
    Cell, ClassId, CodeId, Entity, ModuleId, Notes, Project, Reference, ReferenceKind, Table,
};

/// How far a resource is followed from one factory to the next.
const MAX_ROUNDS: usize = 4;

/// Resources that are followed in one item. No function that people write comes near it.
const MAX_PER_ITEM: usize = 200;

/// What the items of a project acquire.
#[derive(Clone, Default)]
pub(crate) struct Obligations {
    acquired: Table<CodeId, Acquired>,
    /// What functions and classes hand out: what the first item that says so says.
    handed_out: Table<CodeId, Vec<Offer>>,
    timing: Timing,
}

/// How long following the resources of a project took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timing {
    /// Finding and following all of them.
    pub total: Duration,
    /// The item that took longest, and how long it took.
    pub slowest: Option<(CodeId, Duration)>,
}

/// What calling a function or class of the project hands out.
#[derive(Clone, Debug, PartialEq, Eq)]
struct HandedOut {
    resource: Arc<Resource>,
    is_doubtful: bool,
}

/// What an item says of what calling a function or class hands out: itself, or the class that it opens
/// something for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Offer {
    /// The round in which that turned out.
    round: usize,
    by: CodeId,
    /// What else the item says comes before.
    order: usize,
    handed_out: HandedOut,
}

/// What an item acquires, with what becomes of it.
type Acquired = Vec<(Acquisition, Fate)>;

/// What was found for the first time in a round.
type Found = Vec<(CodeId, Acquisition)>;

impl Obligations {
    /// Works it out for a project whose calls and summaries are known.
    pub(crate) fn solve(project: &mut Project, notes: &mut Notes<'_>) {
        let modules: Vec<ModuleId> = project.modules().map(|(module, _)| module).collect();
        let items = modules.into_iter().flat_map(|module| project.items(module));
        let start = Instant::now();
        let mut slowest: FxHashMap<CodeId, Duration> = FxHashMap::default();
        let mut fresh: Found = Vec::new();
        for code in items {
            let found = notes.add(Cell::Acquired(code), || acquisitions(project, code));
            fresh.extend(found.into_iter().map(|found| (code, found)));
        }
        let mut acquired: FxHashMap<CodeId, Acquired> = FxHashMap::default();
        for round in 0..MAX_ROUNDS {
            if fresh.is_empty() {
                break;
            }
            let mut all = std::mem::take(&mut fresh);
            all.sort_by_key(|(code, _)| *code);
            let mut changed = Vec::new();
            for found in all.chunk_by(|(code, _), (other, _)| code == other) {
                let code = found[0].0;
                let found: Vec<&Acquisition> = found.iter().map(|(_, acquisition)| acquisition).collect();
                let start = Instant::now();
                let known = acquired.entry(code).or_default();
                let more = notes.add(Cell::Acquired(code), || follow_all(project, code, &found, known));
                if let Some(more) = more {
                    fresh.extend(more.into_iter().map(|found| (code, found)));
                    changed.push(code);
                }
                *slowest.entry(code).or_default() += start.elapsed();
            }
            let mut targets = Vec::new();
            for &code in &changed {
                let known = acquired.get(&code).map_or(&[][..], Vec::as_slice);
                let offers = notes.add(Cell::Acquired(code), || offers(project, code, known));
                for (order, (target, handed_out)) in offers.into_iter().enumerate() {
                    let mut list = project.obligations().handed_out.list(target).to_vec();
                    if list.iter().any(|offer| offer.by == code) {
                        continue;
                    }
                    if list.is_empty() {
                        targets.push(target);
                    }
                    list.push(Offer { round, by: code, order, handed_out });
                    project.obligations_mut().handed_out.set_list(target, list);
                }
            }
            for target in targets {
                if let Some(offer) = project.obligations().handed_out.list(target).first() {
                    fresh.extend(calls_of(project, target, &offer.handed_out));
                }
            }
        }
        let slowest = slowest.into_iter().max_by_key(|(_, time)| *time);
        let obligations = project.obligations_mut();
        obligations.acquired = acquired.into();
        obligations.timing = Timing { total: start.elapsed(), slowest };
    }

    pub(super) fn timing(&self) -> Timing {
        self.timing
    }

    pub(super) fn of(&self, code: CodeId) -> &[(Acquisition, Fate)] {
        self.acquired.list(code)
    }

    /// Everything, in order; for comparisons.
    pub(crate) fn describe(&self) -> Vec<String> {
        let mut lines: Vec<String> =
            self.acquired.entries().iter().map(|entry| format!("{entry:?}")).collect();
        lines.extend(self.handed_out.entries().iter().map(|entry| format!("{entry:?}")));
        lines
    }

    /// Works out anew what an item acquires, given what others hand out. Whether that is something else, and
    /// the functions and classes which do not hand out the same any more.
    pub(crate) fn update(project: &mut Project, code: CodeId) -> (bool, Vec<CodeId>) {
        let (acquired, offers) = alone(project, code);
        let is_different = project.obligations().of(code) != acquired.as_slice();
        if is_different {
            project.obligations_mut().acquired.set_list(code, acquired);
        }
        let targets = targets(project, code);
        (is_different, project.obligations_mut().set_offers(&targets, code, &offers))
    }

    /// Sets what an item says of what functions and classes hand out. Those for which the first offer is
    /// another one now.
    fn set_offers(&mut self, possible: &[CodeId], by: CodeId, offers: &[(CodeId, Offer)]) -> Vec<CodeId> {
        let mut different = Vec::new();
        for &target in possible {
            let known = self.handed_out.list(target);
            let mut list: Vec<Offer> = known.iter().filter(|offer| offer.by != by).cloned().collect();
            list.extend(offers.iter().filter(|(of, _)| *of == target).map(|(_, offer)| offer.clone()));
            list.sort_by_key(|offer| (offer.round, offer.by));
            if known.first() != list.first() {
                different.push(target);
            }
            if known != list.as_slice() {
                self.handed_out.set_list(target, list);
            }
        }
        different
    }
}

/// What an item can say something about: itself, and the classes around it.
fn targets(project: &Project, code: CodeId) -> Vec<CodeId> {
    let around = std::iter::successors(project.parent(code), |code| project.parent(*code));
    std::iter::once(code).chain(around.filter(|code| project.is_class(*code))).collect()
}

/// What an item acquires, and what it says of what is handed out, round by round as for a whole project.
fn alone(project: &Project, code: CodeId) -> (Acquired, Vec<(CodeId, Offer)>) {
    let called = project.called_by(code);
    let mut acquired = Vec::new();
    let mut said: Vec<(CodeId, Offer)> = Vec::new();
    let mut fresh = acquisitions(project, code);
    for round in 0..MAX_ROUNDS {
        let found: Vec<&Acquisition> = fresh.iter().collect();
        let mut next = Vec::new();
        if let Some(more) = follow_all(project, code, &found, &mut acquired) {
            next = more;
            for (order, (target, handed_out)) in offers(project, code, &acquired).into_iter().enumerate() {
                if said.iter().all(|(known, _)| *known != target) {
                    said.push((target, Offer { round, by: code, order, handed_out }));
                }
            }
        }
        let mut handing: Vec<(&Offer, CodeId)> = Vec::new();
        for &(target, _) in &called {
            let others = project.obligations().handed_out.list(target).iter();
            let own = said.iter().filter(|(of, _)| *of == target).map(|(_, offer)| offer);
            let all = others.filter(|offer| offer.by != code).chain(own);
            let first = all.min_by_key(|offer| (offer.round, offer.by));
            if let Some(first) = first.filter(|offer| offer.round == round)
                && handing.iter().all(|(_, known)| *known != target)
            {
                handing.push((first, target));
            }
        }
        handing.sort_by_key(|(offer, _)| (offer.by, offer.order));
        for (offer, target) in handing {
            let calls = called.iter().filter(|(known, _)| *known == target);
            let calls = calls.filter_map(|(_, call)| handed_out_by(project, target, &offer.handed_out, call));
            next.extend(calls);
        }
        fresh = next;
    }
    (acquired, said)
}

/// Follows resources of an item that are not among those that are known, and adds them. What comes to hold
/// them in turn; `None` if all were known.
fn follow_all(
    project: &Project,
    code: CodeId,
    found: &[&Acquisition],
    known: &mut Acquired,
) -> Option<Vec<Acquisition>> {
    if found.is_empty() {
        return None;
    }
    let flow = Flow::new(&project.facts(code).body);
    let mut more = None;
    for &acquisition in found.iter().take(MAX_PER_ITEM) {
        let key = (acquisition.call, acquisition.share);
        if known.iter().any(|(known, _)| (known.call, known.share) == key) {
            continue;
        }
        let fate = follow::follow(project, code, acquisition, &flow, found.len());
        more.get_or_insert_with(Vec::new).extend(derived(project, code, acquisition, &fate));
        known.push((acquisition.clone(), fate));
        known.sort_by_key(|(acquisition, _)| (acquisition.call, acquisition.share));
    }
    more
}

/// What an item says of what calling it, or a class around it, hands out.
fn offers(project: &Project, code: CodeId, acquired: &[(Acquisition, Fate)]) -> Vec<(CodeId, HandedOut)> {
    let mut found: Vec<(CodeId, HandedOut)> = Vec::new();
    let mut note = |target: CodeId, handed_out: HandedOut| {
        if found.iter().all(|(known, _)| *known != target) {
            found.push((target, handed_out));
        }
    };
    if let Some(resource) = returned(project, code, acquired) {
        note(code, resource);
    }
    for (class, handed_out) in owning_class(project, code, acquired) {
        note(class.0, handed_out);
    }
    found
}

/// The resource that a function hands to its caller.
fn returned(project: &Project, code: CodeId, acquired: &[(Acquisition, Fate)]) -> Option<HandedOut> {
    let facts = project.facts(code);
    let is_plain = matches!(facts.kind, ItemKind::Function { is_generator: false, .. });
    let is_decorated = !facts.decorators.iter().all(|decorator| is_transparent(project, code, *decorator));
    let is_special = facts.own_name().starts_with("__");
    if !is_plain || is_decorated || is_special {
        return None;
    }
    if returns_other_things(project, code, acquired) {
        return None;
    }
    let found = acquired.iter().find(|(acquisition, fate)| {
        if !is_in_body(&facts.body, acquisition.block) {
            return false;
        }
        let returned = fate.escaped.iter().all(|escape| escape.to == Recipient::Caller);
        acquisition.share == Share::Whole && !fate.escaped.is_empty() && returned && !fate.is_process_wide
    });
    found.map(|(acquisition, _)| HandedOut {
        resource: Arc::new(named_after(project, code, acquisition)),
        is_doubtful: acquisition.is_doubtful,
    })
}

/// Whether calling a decorated function gives what the function itself gives.
fn is_transparent(project: &Project, code: CodeId, decorator: Val) -> bool {
    let callee = match project.facts(code).body.op(decorator) {
        Op::Call { callee, .. } => callee,
        _ => decorator,
    };
    match project.entity(code, callee) {
        Some(Entity::External(path)) => matches!(path.as_str(), "staticmethod" | "classmethod"),
        Some(Entity::Function(function)) => {
            let wrapper =
                if callee == decorator { Some(function) } else { returned_function(project, function) };
            wrapper.is_some_and(|function| passes_result_on(project, function))
        }
        _ => false,
    }
}

/// The nested function that a function returns, if it returns nothing else.
fn returned_function(project: &Project, code: CodeId) -> Option<CodeId> {
    let facts = project.facts(code);
    let mut found = None;
    for inst in &facts.body.insts {
        let Op::Return(Some(value)) = inst.op else { continue };
        // `functools.wraps(f)(wrapper)` and `wrapper` are the same.
        let value = match facts.body.op(value) {
            Op::Call { args, .. } if args.len() == 1 => facts.body.args(args)[0].value,
            _ => value,
        };
        let Some(Entity::Function(function)) = project.entity(code, value) else { return None };
        let is_nested = project.parent(function) == Some(code);
        if !is_nested || found.is_some_and(|known| known != function) {
            return None;
        }
        found = Some(function);
    }
    found
}

/// Whether the function that a decorator puts in the place of another returns what that returns.
fn passes_result_on(project: &Project, decorator: CodeId) -> bool {
    let Some(decorated) = project.facts(decorator).params.first().map(|param| param.var) else {
        return false;
    };
    let Some(wrapper) = returned_function(project, decorator) else { return false };
    let facts = project.facts(wrapper);
    let is_decorated = |callee: Val| {
        let Op::Load(var) = facts.body.op(callee) else { return false };
        project.file(wrapper.module).binding(wrapper.item, var) == Binding::Local(decorator.item, decorated)
    };
    let gives_result = |value: Val| {
        let value = match facts.body.op(value) {
            Op::Await(inner) => inner,
            Op::Load(var) => facts.only_value(var).unwrap_or(value),
            _ => value,
        };
        matches!(facts.body.op(value), Op::Call { callee, .. } if is_decorated(callee))
    };
    let mut returns = facts.body.insts.iter().filter_map(|inst| match inst.op {
        Op::Return(value) => Some(value),
        _ => None,
    });
    let first = returns.next();
    first.is_some_and(|first| first.is_some_and(gives_result))
        && returns.all(|value| value.is_some_and(gives_result))
}

/// What comes to hold a resource, and so has to be released in its place: an object of the project that
/// takes it over, or a list of resources.
fn derived(project: &Project, code: CodeId, acquired: &Acquisition, fate: &Fate) -> Vec<Acquisition> {
    let facts = project.facts(code);
    let mut found = Vec::new();
    for escape in &fate.escaped {
        let Some(block) = facts.body.block_of(escape.at) else { continue };
        let at = Acquisition { call: escape.at, block, ..acquired.clone() };
        match (escape.to, facts.body.op(escape.at)) {
            (Recipient::Wrapper, Op::Call { callee, args }) => {
                let Some(class) = project.callable(code, callee).map(ClassId) else { continue };
                let resource = facts.body.args(args).iter().find_map(|arg| {
                    let owned = keeping::kept(project, code, escape.at, arg.value, class, acquired)?;
                    owner::class_resource(project, &owned)
                });
                found.extend(resource.map(|resource| Acquisition {
                    is_doubtful: acquired.is_doubtful || resource.on_drop == OnDrop::Closed,
                    resource: Arc::new(resource),
                    factory: Some(class.0),
                    is_guess: true,
                    ..at
                }));
            }
            (Recipient::Other, Op::Comprehension { kind: Comprehension::List, args }) => {
                let element = facts.body.args(args).last().map(|arg| arg.value);
                if element == Some(acquired.call) && acquired.share == Share::Whole {
                    found.push(Acquisition { share: Share::Each, ..at });
                }
            }
            _ => {}
        }
    }
    found
}

/// Whether a function returns something, on some way, that is not a resource it acquired: then its caller
/// cannot know whom it belongs to.
fn returns_other_things(project: &Project, code: CodeId, acquired: &[(Acquisition, Fate)]) -> bool {
    let facts = project.facts(code);
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
fn owning_class(
    project: &Project,
    code: CodeId,
    acquired: &[(Acquisition, Fate)],
) -> Vec<(ClassId, HandedOut)> {
    owner::owned_of(project, code, acquired)
        .into_iter()
        .filter(|owned| project.class_member(owned.class, "__new__").is_none())
        .filter_map(|owned| {
            let method = project.own_name(code);
            let is_made_with_it = method == "__init__" && is_always_stored(project, &owned);
            if !is_made_with_it && !opens(method) {
                return None;
            }
            let resource = owner::class_resource(project, &owned)?;
            let is_doubtful = resource.on_drop == OnDrop::Closed || hands_itself_on(project, code);
            let after = (!is_made_with_it).then(|| method.to_owned());
            // One that hands itself on may be released by whoever got it; one that opens on demand has
            // several ways to do so.
            if is_doubtful && is_made_with_it && resource.on_drop != OnDrop::Closed {
                return None;
            }
            Some((owned.class, HandedOut { resource: Arc::new(Resource { after, ..resource }), is_doubtful }))
        })
        .collect()
}

/// Whether a method is named for opening what its object works with.
fn opens(method: &str) -> bool {
    matches!(method, "open" | "connect" | "start" | "listen" | "bind" | "login" | "begin" | "launch")
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
fn calls_of(project: &Project, target: CodeId, handed_out: &HandedOut) -> Found {
    let calls = project.references(target).iter();
    let found = calls.filter_map(|call| Some((call.code, handed_out_by(project, target, handed_out, call)?)));
    found.collect()
}

/// What a reference to something that hands out a resource acquires, if it is a call.
fn handed_out_by(
    project: &Project,
    target: CodeId,
    handed_out: &HandedOut,
    reference: &Reference,
) -> Option<Acquisition> {
    let resource = &handed_out.resource;
    let Op::Call { args, .. } = project.facts(reference.code).body.op(reference.at) else { return None };
    if reference.kind != ReferenceKind::Call {
        return None;
    }
    let is_conditional = owes(project, reference.code, resource, args)?;
    Some(Acquisition {
        call: reference.at,
        block: reference.block,
        resource: resource.clone(),
        share: Share::Whole,
        factory: Some(target),
        is_conditional,
        is_guess: true,
        is_doubtful: handed_out.is_doubtful,
    })
}
