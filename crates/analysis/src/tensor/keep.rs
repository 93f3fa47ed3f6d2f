//! Operations that keep a value: they put it into a container, or add it to a sum.

use crate::ir::{BinaryOp, BlockId, ItemFacts, Op, PlaceId, Step, Val};
use crate::project::{CodeId, Holder, Project};

/// An operation that keeps a value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keep {
    pub at: Val,
    pub block: BlockId,
    pub value: Val,
    /// Where what keeps it stands.
    pub place: PlaceId,
    /// What keeps it.
    pub holder: Holder,
    pub is_summed: bool,
}

/// The operations of a function that keep a value and more each time, in the order of the source.
pub(super) fn keeps(project: &Project, code: CodeId) -> Vec<Keep> {
    let facts = project.facts(code);
    let body = &facts.body;
    let mut found = Vec::new();
    for block in body.originals() {
        for at in body.values(block) {
            let Some((place, value, is_summed)) = kept(facts, at) else { continue };
            let Some(located) = project.locate(code, place) else { continue };
            let at_element = located.rest.iter().all(|step| matches!(step, Step::Element | Step::Iterated));
            if at_element {
                found.push(Keep { at, block, value, place, holder: located.holder, is_summed });
            }
        }
    }
    found
}

fn kept(facts: &ItemFacts, at: Val) -> Option<(PlaceId, Val, bool)> {
    let body = &facts.body;
    match body.op(at) {
        Op::Call { callee, args } => {
            let Op::Attr { base, name } = body.op(callee) else { return None };
            let is_kept = matches!(facts.str(name), "append" | "appendleft");
            let [arg] = body.args(args) else { return None };
            is_kept.then(|| Some((facts.places.of(base)?, arg.value, false))).flatten()
        }
        Op::Store { var, value } => {
            let place = facts.places.find_step(None, Step::Var(var))?;
            Some((place, added(facts, value, place)?, true))
        }
        Op::StoreAttr { base, name, value } => {
            let place = facts.places.find_step(Some(facts.places.of(base)?), Step::Attr(name))?;
            Some((place, added(facts, value, place)?, true))
        }
        Op::StoreIndex { base, value, .. } => {
            let place = facts.places.find_step(Some(facts.places.of(base)?), Step::Element)?;
            Some((place, added(facts, value, place)?, true))
        }
        _ => None,
    }
}

/// What is added to a place by the value that is stored in it: `total += x`, `total = total + x`.
fn added(facts: &ItemFacts, value: Val, place: PlaceId) -> Option<Val> {
    let is_it = |value: Val| facts.places.of(value) == Some(place);
    match facts.body.op(value) {
        Op::InPlace { op: BinaryOp::Add, right, .. } => Some(right),
        Op::Binary { op: BinaryOp::Add, left, right } if is_it(left) => Some(right),
        Op::Binary { op: BinaryOp::Add, left, right } if is_it(right) => Some(left),
        _ => None,
    }
}
