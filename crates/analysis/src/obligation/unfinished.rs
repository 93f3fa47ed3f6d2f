//! Objects that are never finished: a constructor, or the entry into a context, that raises after it has
//! opened something. Nobody has the object then, and nobody can close what it holds.

use leakwright_catalogue::OnDrop;

use super::owner::{self, Owned, Ownership};
use super::raising::is_fallible;
use crate::ir::{BlockId, FrameKind, Op, Val};
use crate::project::{CodeId, Project, Symbol};

/// An attribute that owns a resource whose object may never be finished.
#[derive(Clone, Debug)]
pub struct Unfinished {
    /// The attribute.
    pub owned: Owned,
    /// What may raise before the object is finished.
    pub errors: Vec<Val>,
}

/// Places that are named in a finding.
const MAX_ERRORS: usize = 2;

/// The attributes that a constructor, or the entry into a context, binds to a resource before something in it
/// may raise.
pub fn unfinished(project: &Project, code: CodeId) -> Vec<Unfinished> {
    let facts = project.facts(code);
    if !matches!(facts.own_name(), "__init__" | "__enter__" | "__aenter__") {
        return Vec::new();
    }
    let mut found = Vec::new();
    for owned in owner::owned(project, code) {
        let resource = &owned.acquisition.resource;
        // A pool starts nothing before it is used.
        if owned.acquisition.is_doubtful || resource.after.is_some() {
            continue;
        }
        let errors = errors(project, code, &owned);
        if !errors.is_empty() && owner::ownership(project, &owned) == Ownership::Released {
            found.push(Unfinished { owned, errors });
        }
    }
    found
}

/// What may raise behind the store, outside any `try`: calls of the resource itself, which fail as it does,
/// and, where nothing but a release helps, waiting and `raise` too.
fn errors(project: &Project, code: CodeId, owned: &Owned) -> Vec<Val> {
    let facts = project.facts(code);
    let body = &facts.body;
    let Some(first) = body.block_of(owned.store.value) else { return Vec::new() };
    let is_closed_on_drop = owned.acquisition.resource.on_drop == OnDrop::Closed;
    let is_own = |at: Val| {
        let Op::Call { callee, .. } = body.op(at) else { return false };
        let Op::Attr { base, .. } = body.op(callee) else { return false };
        matches!(body.op(base), Op::Attr { base: this, name }
            if Symbol::of(facts.str(name)) == owned.name
                && matches!(body.op(this), Op::Load(var) if project.self_class(code, var).is_some()))
    };
    // Reading and writing what was just opened hardly ever fails; connecting does.
    let may_fail = |at: Val| {
        let Op::Call { callee, .. } = body.op(at) else { return false };
        let Op::Attr { name, .. } = body.op(callee) else { return false };
        !is_closed_on_drop
            || matches!(
                facts.str(name),
                "connect" | "bind" | "listen" | "login" | "starttls" | "do_handshake"
            )
    };
    let mut found = Vec::new();
    for block in reached(project, code, first) {
        let is_main = body.frames[body.block(block).frame.index()].kind == FrameKind::Body;
        if !is_main || body.block(block).on_raise.is_some() {
            continue;
        }
        for at in body.values(block).filter(|at| block != first || *at > owned.store.value) {
            let raises = match body.op(at) {
                Op::Call { .. } => is_own(at) && is_fallible(project, code, at) && may_fail(at),
                // A failed `assert` raises nothing that is written down.
                Op::Await(_) | Op::Raise(Some(_)) => !is_closed_on_drop,
                _ => false,
            };
            if raises && found.len() < MAX_ERRORS {
                found.push(at);
            }
        }
    }
    found
}

/// The blocks that control reaches from one, itself included, in the order of the source.
fn reached(project: &Project, code: CodeId, from: BlockId) -> Vec<BlockId> {
    let body = &project.facts(code).body;
    let mut found = vec![from];
    let mut next = 0;
    while let Some(&block) = found.get(next) {
        next += 1;
        for target in body.block(block).exit.successors() {
            if !found.contains(&target) {
                found.push(target);
            }
        }
    }
    found.sort_unstable();
    found
}
