//! What a removal is worth, by where it stands.
//!
//! A container that is emptied only when its owner goes, by code that an exception passes by, or under a
//! name that means something else by the time it runs, goes on growing in between. Such a removal does not make the
//! container sound; it is shown with the finding.

use leakwright_catalogue::split_words;

use super::binding::Creation;
use super::effect::{Effect, GrowthForm};
use super::holder::HolderKind;
use super::{Reason, dead, interruption, key, lookup, repetition, skipped};
use crate::ir::{ArgKind, FrameKind, LoopKind, Op, Step, UseKind, Val};
use crate::project::{CodeId, Holder, Project, ReferenceKind, Site};

/// Why a removal does not keep a container from growing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// It runs when the owner or the program ends.
    AtTheEnd,
    /// It would run when the object goes, but the container holds the object.
    Never,
    /// Waiting goes before it, and whoever is cancelled there passes it by.
    PassedBy,
    /// It removes what a loop variable means when it runs, not what it meant when it was registered.
    BoundLate,
    /// Its condition cannot hold.
    Dead,
    /// A state of the program lets the function that it stands in skip it.
    Skipped,
    /// It empties the whole on demand, and nothing in the project demands it.
    OnDemand,
    /// It empties what stands under a key, and leaves the key.
    Inner,
}

/// One place where a container grows: where, how, and by which key.
pub(super) type GrowthSite = (Site, GrowthForm, Option<Val>);

/// Ranks the removals of a container: all of them too weak, or the reason why it is sound.
pub(super) fn rank(
    project: &Project,
    holder: Holder,
    creation: &Creation,
    growth: &[GrowthSite],
    removals: &[(Site, Effect)],
) -> Result<Vec<(Site, Removal)>, Reason> {
    let mut ranked = Vec::new();
    let ranker = Ranker { project, holder, creation, growth, removals };
    for &(site, effect) in removals {
        match ranker.weakness(site, effect) {
            Some(weakness) => ranked.push((site, weakness)),
            None if effect == Effect::Replace => return Err(Reason::Replaced(site)),
            None => return Err(Reason::Removed(site)),
        }
    }
    // What is emptied on demand, or from inside, is sound unless something else shows that it is not.
    let is_gentle = |removal: Removal| matches!(removal, Removal::OnDemand | Removal::Inner);
    let is_broken = ranked
        .iter()
        .any(|(_, removal)| matches!(removal, Removal::PassedBy | Removal::BoundLate | Removal::Dead))
        || growth.iter().any(|(site, form, _)| lookup::adds_by_looking(project, *site, *form));
    match ranked.iter().find(|(_, removal)| is_gentle(*removal)) {
        Some((site, _)) if !is_broken => Err(Reason::Removed(*site)),
        _ => Ok(ranked),
    }
}

struct Ranker<'p> {
    project: &'p Project,
    holder: Holder,
    creation: &'p Creation,
    growth: &'p [GrowthSite],
    removals: &'p [(Site, Effect)],
}

impl Ranker<'_> {
    /// Why a removal is too weak; `None` for one that counts.
    fn weakness(&self, site: Site, effect: Effect) -> Option<Removal> {
        let project = self.project;
        let facts = project.facts(site.code);
        if !facts.is_function() {
            return None;
        }
        if site.rest(project).first() == Some(&Step::Element) {
            let nests = self.growth.iter().any(|(_, form, _)| *form == GrowthForm::Inner);
            return (!nests).then_some(Removal::Inner);
        }
        let block = site.find(project).block;
        if let Some(key) = removed_key(project, site) {
            if interruption::is_bound_late(project, site, key) {
                return Some(Removal::BoundLate);
            }
            if dead::never_runs(project, self.holder, self.growth, site) {
                return Some(Removal::Dead);
            }
            if interruption::is_passed_by(project, self.growth, self.removals, site, key) {
                return Some(Removal::PassedBy);
            }
            if self.is_apart(site) && skipped::is_skipped(project, site) {
                return Some(Removal::Skipped);
            }
            if facts.own_name() == "__del__" && self.holds_self(site.code) {
                return Some(Removal::Never);
            }
        }
        let in_lambda = facts.body.frames[facts.body.block(block).frame.index()].kind == FrameKind::Lambda;
        if in_lambda || !self.is_whole(site, effect) {
            return None;
        }
        if is_at_the_end(project, site.code, MAX_DEPTH) {
            return Some(Removal::AtTheEnd);
        }
        is_on_demand(project, site.code).then_some(Removal::OnDemand)
    }

    /// Whether a key is added in one function and removed in another, which events call.
    fn is_apart(&self, site: Site) -> bool {
        self.growth.iter().all(|(added, form, _)| added.code != site.code && *form == GrowthForm::AssignKey)
            && repetition::is_handler(self.project, site.code)
    }

    /// Whether what is added to a container of the module or class is the object whose `__del__` an item
    /// is: it never runs.
    fn holds_self(&self, finalizer: CodeId) -> bool {
        let project = self.project;
        let outlives = matches!(self.creation.kind, HolderKind::Module | HolderKind::Class);
        outlives
            && self.growth.iter().any(|(site, _, _)| {
                let is_own_class = project.class_of(site.code) == project.class_of(finalizer);
                is_own_class && added_values(project, *site).any(|value| is_self(project, site.code, value))
            })
    }

    /// Whether a removal leaves nothing.
    fn is_whole(&self, site: Site, effect: Effect) -> bool {
        let facts = self.project.facts(site.code);
        let used = site.find(self.project);
        match used.kind {
            UseKind::Bind(_) => effect == Effect::Replace,
            UseKind::Unbind => true,
            UseKind::Call(name) if facts.str(name) == "clear" => true,
            UseKind::Call(_) | UseKind::DeleteElement => match removed_key(self.project, site) {
                Some(key) => key::is_own(self.project, site, key),
                None => self.is_drained(site),
            },
            _ => false,
        }
    }

    /// `while items: items.pop()`
    fn is_drained(&self, site: Site) -> bool {
        let facts = self.project.facts(site.code);
        let used = site.find(self.project);
        facts.body.loops_around(used.block).any(|id| match facts.body.loops[id.index()].kind {
            LoopKind::While(condition) => facts.places.of(condition) == Some(used.place),
            _ => false,
        })
    }
}

/// How deep callers are followed.
const MAX_DEPTH: u32 = 3;

/// What a removal takes away: a key, an element.
pub(super) fn removed_key(project: &Project, site: Site) -> Option<Val> {
    let body = &project.facts(site.code).body;
    match body.op(site.find(project).at) {
        Op::DeleteIndex { key, .. } => Some(key),
        Op::Call { args, .. } => {
            let first = body.args(args).first()?;
            (first.kind == ArgKind::Positional).then_some(first.value)
        }
        _ => None,
    }
}

/// The values that a growth site keeps, keys included.
fn added_values(project: &Project, site: Site) -> impl Iterator<Item = Val> {
    let body = &project.facts(site.code).body;
    let values = match body.op(site.find(project).at) {
        Op::StoreIndex { key, value, .. } => vec![key, value],
        Op::Call { args, .. } => body.args(args).iter().map(|arg| arg.value).collect(),
        _ => Vec::new(),
    };
    values.into_iter()
}

fn is_self(project: &Project, code: CodeId, value: Val) -> bool {
    match project.facts(code).body.op(value) {
        Op::Load(var) => project.self_class(code, var).is_some_and(|(_, is_class)| !is_class),
        _ => false,
    }
}

/// Whether a function runs once, when its object or the program ends: by its name, unless a method of the same
/// class calls it while the object lives, or because only such functions call it.
pub(super) fn is_at_the_end(project: &Project, code: CodeId, fuel: u32) -> bool {
    let Some(fuel) = fuel.checked_sub(1) else { return false };
    let name = project.own_name(code);
    let callers = || {
        let references = project.references(code).iter();
        references.filter(|found| found.code != code && !project.module(found.code.module).is_test)
    };
    if says_end(name) {
        let class = project.class_of(code);
        return callers().all(|found| {
            let caller = project.own_name(found.code);
            let is_sibling = class.is_some() && project.class_of(found.code) == class;
            !is_sibling || found.kind != ReferenceKind::Call || says_end(caller) || is_leaving(caller)
        });
    }
    let mut seen = false;
    let all = callers().all(|found| {
        seen = true;
        found.kind == ReferenceKind::Call
            && (is_leaving(project.own_name(found.code)) || is_at_the_end(project, found.code, fuel))
    });
    all && seen
}

/// Whether a name says that something ends for good. `reset`, `cancel` and `cleanup` do not: they go
/// with a piece of work.
fn says_end(name: &str) -> bool {
    let verb = split_words(name).find(|word| !matches!(word.as_str(), "async" | "do" | "on"));
    let ends = verb.is_some_and(|verb| {
        matches!(
            verb.as_str(),
            "close"
                | "aclose"
                | "stop"
                | "shutdown"
                | "destroy"
                | "dispose"
                | "teardown"
                | "terminate"
                | "uninstrument"
                | "uninstall"
                | "quit"
                | "kill"
                | "disconnect"
                | "finalize"
                | "atexit"
                | "deinit"
                | "unload"
        )
    });
    // An event that something else ended is a piece of work.
    (ends && !name.trim_start_matches('_').starts_with("on_")) || split_words(name).any(|word| word == "fork")
}

fn is_leaving(name: &str) -> bool {
    matches!(name, "__del__" | "__exit__" | "__aexit__")
}

/// Whether a function empties something on demand, by its name, and nothing in the project calls it.
fn is_on_demand(project: &Project, code: CodeId) -> bool {
    let verb = split_words(project.own_name(code)).next();
    let asks = verb.is_some_and(|verb| {
        matches!(
            verb.as_str(),
            "clear" | "reset" | "flush" | "purge" | "wipe" | "empty" | "load" | "restore" | "forget"
        )
    });
    asks && project.references(code).iter().all(|found| {
        found.code == code || is_partial(project, found.code) || project.module(found.code.module).is_test
    })
}

/// Whether a caller empties a part only, by its name: `clear_domain` calls `clear` with a condition.
fn is_partial(project: &Project, caller: CodeId) -> bool {
    let mut words = split_words(project.own_name(caller));
    matches!(words.next().as_deref(), Some("clear" | "reset" | "flush" | "purge")) && words.next().is_some()
}
