//! Attributes that are bound to a new resource while the one before is open.

use leakwright_catalogue::OnDrop;

use super::openness;
use super::owner::{self, Effect, Owned, effect};
use crate::ir::{BlockId, Body, FrameKind, Op, UseKind};
use crate::project::{CodeId, Project, Site};

/// An attribute that gets a new resource in the place of one that is open.
#[derive(Clone, Debug)]
pub struct Replaced {
    /// The attribute, and the store that replaces.
    pub owned: Owned,
    /// Where the resource before is stored.
    pub before: Site,
}

/// The attributes that a method binds to a new resource without having released the one before.
///
/// What CPython closes with its last reference is closed by that, and not looked for.
pub fn replaced(project: &Project, code: CodeId) -> Vec<Replaced> {
    let name = project.own_name(code);
    if name == "__init__" {
        return Vec::new();
    }
    let mut found = Vec::new();
    for owned in owner::owned(project, code) {
        if owned.acquisition.resource.on_drop == OnDrop::Closed {
            continue;
        }
        let Some(before) = stored_before(project, code, &owned) else { continue };
        if is_let_go(project, code, &owned) || is_let_go_by_callers(project, code, &owned) {
            continue;
        }
        found.push(Replaced { owned, before });
    }
    found
}

/// Where a method that has run before stores a resource in the attribute: the constructor, or, for a method
/// whose name says that it does something again, any other.
fn stored_before(project: &Project, code: CodeId, owned: &Owned) -> Option<Site> {
    let repeats = is_named_for_again(project.own_name(code));
    let sites = project.sites(owned.holder(project)).iter().filter(|site| site.code != code);
    sites.copied().find(|site| {
        let UseKind::Bind(_) = site.find(project).kind else { return false };
        let is_constructor = project.own_name(site.code) == "__init__";
        (is_constructor || repeats)
            && owner::owned(project, site.code).iter().any(|other| {
                other.name == owned.name
                    && other.acquisition.factory == owned.acquisition.factory
                    && other.acquisition.resource.constructor == owned.acquisition.resource.constructor
            })
    })
}

fn is_named_for_again(name: &str) -> bool {
    leakwright_catalogue::split_words(name).any(|word| {
        matches!(
            word.as_str(),
            "reconnect"
                | "reopen"
                | "restart"
                | "reload"
                | "rotate"
                | "renew"
                | "refresh"
                | "respawn"
                | "relaunch"
        )
    })
}

/// Whether a method looks at the attribute, hands it on, or releases it on every way to where it is bound.
fn is_let_go(project: &Project, code: CodeId, owned: &Owned) -> bool {
    let resource = &owned.acquisition.resource;
    let own = || project.sites(owned.holder(project)).iter().filter(|site| site.code == code);
    let is_looked_at = own().any(|site| {
        let kind = site.find(project).kind;
        let is_method = matches!(kind, UseKind::Call(_));
        let is_store = site.find(project).at == owned.store.value;
        let is_released = matches!(effect(project, *site, resource), Effect::Release);
        let rest = site.rest(project);
        rest.is_empty() && !is_method && !is_store && !is_released
            || openness::is_asked(project.facts(site.code), site.find(project), &rest)
    });
    if is_looked_at {
        return true;
    }
    let store = project.facts(code).body.block_of(owned.store.value);
    store.is_none_or(|store| is_let_go_before(project, code, owned, store))
}

/// Whether all code that calls the method has the resource released first.
fn is_let_go_by_callers(project: &Project, code: CodeId, owned: &Owned) -> bool {
    let callers = project.references(code);
    !callers.is_empty()
        && callers.iter().all(|caller| is_let_go_before(project, caller.code, owned, caller.block))
}

/// Whether every way to a block releases the attribute.
fn is_let_go_before(project: &Project, code: CodeId, owned: &Owned, block: BlockId) -> bool {
    let body = &project.facts(code).body;
    let sites = project.sites(owned.holder(project)).iter().filter(|site| site.code == code);
    let mut letting_go: Vec<BlockId> = sites
        .filter(|site| !matches!(effect(project, **site, &owned.acquisition.resource), Effect::Nothing))
        .filter_map(|site| body.block_of(site.find(project).at))
        .collect();
    letting_go.extend(calls_of_releasing_methods(project, code, owned));
    let Some(frame) = body.frames.iter().find(|frame| frame.kind == FrameKind::Body) else { return true };
    !leads_past(body, frame.entry, block, &letting_go)
}

/// The blocks in which a method calls others of its object that release the attribute.
fn calls_of_releasing_methods(project: &Project, code: CodeId, owned: &Owned) -> Vec<BlockId> {
    let releasing = releasing_methods(project, owned);
    let facts = project.facts(code);
    let mut found = Vec::new();
    for block in facts.body.originals() {
        for at in facts.body.values(block) {
            let Op::Call { callee, .. } = facts.body.op(at) else { continue };
            let Op::Attr { name, .. } = facts.body.op(callee) else { continue };
            if releasing.iter().any(|known| known == facts.str(name)) {
                found.push(block);
            }
        }
    }
    found
}

/// Names of the other methods that release the attribute, themselves or through one that does.
fn releasing_methods(project: &Project, owned: &Owned) -> Vec<String> {
    let name_of = |code: CodeId| project.own_name(code).to_owned();
    let mut found: Vec<String> = project
        .sites(owned.holder(project))
        .iter()
        .filter(|site| matches!(effect(project, **site, &owned.acquisition.resource), Effect::Release))
        .map(|site| name_of(site.code))
        .collect();
    let callers = project.own_members(owned.class);
    let more: Vec<String> =
        callers.filter(|member| owner::calls_always(project, *member, &found)).map(name_of).collect();
    found.extend(more);
    found.retain(|name| name != project.own_name(owned.store.code));
    found
}

/// Whether some way from one block to another, exceptions included, passes none of those given.
fn leads_past(body: &Body, from: BlockId, to: BlockId, without: &[BlockId]) -> bool {
    let mut seen = vec![false; body.blocks.len()];
    let mut pending = vec![from];
    while let Some(block) = pending.pop() {
        if without.contains(&block) || std::mem::replace(&mut seen[block.index()], true) {
            continue;
        }
        if block == to {
            return true;
        }
        pending.extend(body.block(block).exit.successors());
        pending.extend(body.block(block).on_raise);
    }
    false
}
