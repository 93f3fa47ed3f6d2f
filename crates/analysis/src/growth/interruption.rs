//! Removals that an exception passes by, or that have lost the name of what they are to remove.

use super::effect::Effect;
use super::key::same_value;
use super::removal::GrowthSite;
use crate::flow::{Flow, reaching};
use crate::ir::{BlockId, FrameKind, ItemFacts, ItemKind, ItemRange, Op, Val};
use crate::project::{Project, Site};

/// Whether something is added, then waited for, then removed in one coroutine, and the way on which the
/// waiting is cancelled or fails leads past every removal. Where some of the waiting is covered, what is waited for on the
/// way into the `try` or within the `finally` is no leak that anyone would meet.
pub(super) fn is_passed_by(
    project: &Project,
    growth: &[GrowthSite],
    removals: &[(Site, Effect)],
    site: Site,
    key: Val,
) -> bool {
    let facts = project.facts(site.code);
    if !matches!(facts.kind, ItemKind::Function { is_async: true, .. }) {
        return false;
    }
    let removed_at = site.find(project).at;
    let added = growth.iter().filter(|(added, _, _)| added.code == site.code).filter_map(|(added, _, by)| {
        let at = added.find(project).at;
        let element = by.or_else(|| super::removal::removed_key(project, *added))?;
        (at < removed_at && same_value(project, site.code, element, key)).then_some(at)
    });
    let Some(first) = added.min() else { return false };
    let (Some(adding), leads) = (facts.body.block_of(first), reaching(&facts.body, site.find(project).block))
    else {
        return false;
    };
    if is_left_to_others(project, site, key) {
        return false;
    }
    let removing: Vec<ItemRange> = removals
        .iter()
        .filter(|(other, _)| other.code == site.code)
        .map(|(other, _)| facts.body.insts[other.find(project).at.index()].range)
        .collect();
    let mut waits = waits_between(facts, first, removed_at)
        .filter(|block| leads[block.index()] && reaching(&facts.body, *block)[adding.index()])
        .peekable();
    waits.peek().is_some() && !waits.any(|block| is_reached(facts, block, &removing))
}

/// Whether a removal is made by whoever comes last, as another container counts under the same key: what a call leaves
/// behind that is cancelled is then for the others to remove.
fn is_left_to_others(project: &Project, site: Site, key: Val) -> bool {
    let facts = project.facts(site.code);
    let used = site.find(project);
    let counts = |value: Val| match facts.body.op(value) {
        Op::Index { base, key: counted } => {
            facts.places.of(base).is_some_and(|place| place != used.place)
                && same_value(project, site.code, counted, key)
        }
        _ => false,
    };
    Flow::new(&facts.body).guards(used.block).into_iter().any(|guard| match facts.body.op(guard.condition) {
        Op::Compare { left, right, .. } => counts(left) || counts(right),
        Op::Not(value) => counts(value),
        _ => counts(guard.condition),
    })
}

/// The blocks that wait between two instructions.
fn waits_between(facts: &ItemFacts, first: Val, last: Val) -> impl Iterator<Item = BlockId> {
    let waits = |at: &Val| match facts.body.op(*at) {
        Op::Await(awaited) => !is_closing(facts, awaited),
        Op::Enter { is_async: true, .. } | Op::Iterate { is_async: true, .. } => true,
        _ => false,
    };
    (first.index()..last.index())
        .map(Val::new)
        .filter(waits)
        .filter_map(|at| facts.body.block_of(at))
        .filter(|block| facts.body.frames[facts.body.block(*block).frame.index()].kind == FrameKind::Body)
}

/// `await connection.close()`, `await stream.wait_closed()`: what is removed after it is being taken down already.
fn is_closing(facts: &ItemFacts, awaited: Val) -> bool {
    let Op::Call { callee, .. } = facts.body.op(awaited) else { return false };
    let name = match facts.body.op(callee) {
        Op::Attr { name, .. } => facts.str(name),
        Op::Load(var) => facts.var_name(var),
        _ => return false,
    };
    leakwright_catalogue::split_words(name).any(|word| {
        matches!(
            word.as_str(),
            "close" | "aclose" | "closed" | "stop" | "shutdown" | "cancel" | "terminate" | "release"
        )
    })
}

/// Whether an exception raised in a block leads to one of the instructions at the given places, in whichever
/// copy of a `finally`.
fn is_reached(facts: &ItemFacts, from: BlockId, places: &[ItemRange]) -> bool {
    let body = &facts.body;
    let mut seen = vec![false; body.blocks.len()];
    let mut pending: Vec<BlockId> = body.block(from).on_raise.into_iter().collect();
    while let Some(block) = pending.pop() {
        if std::mem::replace(&mut seen[block.index()], true) {
            continue;
        }
        let found = body.block(block);
        if body.values(block).any(|at| places.contains(&body.insts[at.index()].range)) {
            return true;
        }
        pending.extend(found.exit.successors());
        pending.extend(found.on_raise);
    }
    false
}

/// Whether a removal stands in a lambda that is registered in a loop, and what it removes is a variable that
/// the loop binds anew: every one of them removes the last element.
pub(super) fn is_bound_late(project: &Project, site: Site, key: Val) -> bool {
    let facts = project.facts(site.code);
    let body = &facts.body;
    let frame = body.block(site.find(project).block).frame;
    if body.frames[frame.index()].kind != FrameKind::Lambda {
        return false;
    }
    let Op::Load(var) = body.op(key) else { return false };
    if facts.var(var).is_parameter || facts.var(var).scope.index() != ItemFacts::OWN_SCOPE {
        return false;
    }
    let made =
        (0..body.insts.len()).map(Val::new).find(|at| matches!(body.op(*at), Op::Lambda(of) if of == frame));
    let Some(lambda) = made.filter(|lambda| is_registered(facts, *lambda)) else { return false };
    let Some(block) = body.block_of(lambda) else { return false };
    body.loops_around(block).any(|id| {
        facts
            .stores(var)
            .iter()
            .filter_map(|store| body.block_of(*store))
            .any(|stored| body.loops_around(stored).any(|around| around == id))
    })
}

/// Whether a lambda is handed to something that calls it later.
fn is_registered(facts: &ItemFacts, lambda: Val) -> bool {
    facts.body.insts.iter().any(|inst| match inst.op {
        Op::Call { callee, args } => {
            let Op::Attr { name, .. } = facts.body.op(callee) else { return false };
            let verb = leakwright_catalogue::split_words(facts.str(name)).next();
            let defers = matches!(
                verb.as_deref(),
                Some(
                    "add"
                        | "call"
                        | "on"
                        | "register"
                        | "connect"
                        | "subscribe"
                        | "finalize"
                        | "then"
                        | "submit"
                )
            );
            defers && facts.body.args(args).iter().any(|arg| arg.value == lambda)
        }
        _ => false,
    })
}
