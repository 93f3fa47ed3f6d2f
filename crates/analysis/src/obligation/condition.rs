//! What is known of variables on the ways that are followed, and which way a condition leads then.

use std::collections::BTreeMap;

use crate::flow::Flow;
use crate::ir::{BlockId, CompareOp, Const, ItemFacts, Op, PlaceId, Step, Val, VarId};

/// Something that can be known of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Question {
    /// Whether it is true.
    Truth,
    /// Whether it is `None`.
    IsNone,
    /// Whether it equals a constant, by the hash of that.
    Equals(u64),
}

/// What is known of variables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    answers: BTreeMap<(PlaceId, Question), bool>,
}

impl Known {
    /// What is known where a block is entered, and then up to an instruction of it.
    pub(super) fn at(facts: &ItemFacts, flow: &Flow<'_>, block: BlockId, until: Val) -> Self {
        let mut known = Self::default();
        for (from, guard) in flow.way_to(block).into_iter().rev() {
            facts.body.values(from).for_each(|at| known.update(facts, at));
            if let Some(guard) = guard {
                known.assume(facts, guard.condition, guard.holds);
            }
        }
        facts.body.values(block).take_while(|at| *at < until).for_each(|at| known.update(facts, at));
        // `own = stream is None` says later what is known of `stream` now.
        for var in (0..facts.vars.len()).map(VarId::new) {
            let truth = facts.only_value(var).and_then(|value| known.truth(facts, value));
            if let Some(truth) = truth {
                known.learn(facts, var, truth, false);
            }
        }
        known
    }

    /// Takes an instruction into account.
    pub(super) fn update(&mut self, facts: &ItemFacts, at: Val) {
        match facts.body.op(at) {
            Op::Delete(var) => self.forget(facts.places.find_step(None, Step::Var(var))),
            Op::StoreAttr { base, name, .. } => {
                let object = facts.places.of(base);
                self.forget(object.and_then(|object| facts.places.find_step(Some(object), Step::Attr(name))));
            }
            Op::Store { var, value } => {
                self.forget(facts.places.find_step(None, Step::Var(var)));
                match facts.body.op(value) {
                    Op::Const(Const::None) => self.learn(facts, var, false, true),
                    Op::Const(Const::True) => self.learn(facts, var, true, false),
                    Op::Const(Const::False) => self.learn(facts, var, false, false),
                    Op::Const(Const::Int(number)) => self.learn(facts, var, number != 0, false),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// Takes into account whether a variable is true, and whether it is `None`.
    pub(super) fn learn(&mut self, facts: &ItemFacts, var: VarId, truth: bool, is_none: bool) {
        if let Some(place) = facts.places.find_step(None, Step::Var(var)) {
            self.answers.insert((place, Question::Truth), truth);
            self.answers.insert((place, Question::IsNone), is_none);
        }
    }

    fn forget(&mut self, place: Option<PlaceId>) {
        if let Some(place) = place {
            self.answers.retain(|(known, _), _| *known != place);
        }
    }

    /// Takes into account that a condition is true or false.
    pub(super) fn assume(&mut self, facts: &ItemFacts, condition: Val, holds: bool) {
        match facts.body.op(condition) {
            Op::Not(inner) => self.assume(facts, inner, !holds),
            Op::Compare { .. } => {
                if let Some((value, is_none)) = none_test(facts, condition)
                    && let Some(place) = facts.places.of(value)
                {
                    self.answers.insert((place, Question::IsNone), holds == is_none);
                    if holds == is_none {
                        self.answers.insert((place, Question::Truth), false);
                    }
                } else if let Some((place, constant, is_equal)) = constant_test(facts, condition) {
                    self.answers.insert((place, Question::Equals(constant)), holds == is_equal);
                }
            }
            Op::Call { .. } => {
                if let Some((place, test)) = predicate(facts, condition) {
                    self.answers.insert((place, Question::Equals(test)), holds);
                }
            }
            _ => {
                let Some(place) = facts.places.of(condition) else { return };
                self.answers.insert((place, Question::Truth), holds);
                if holds {
                    self.answers.insert((place, Question::IsNone), false);
                }
            }
        }
    }

    /// Whether a condition is true, if that is known. One that is tested for `None` in one place and for
    /// its truth in another is taken to be the same test.
    pub(super) fn truth(&self, facts: &ItemFacts, condition: Val) -> Option<bool> {
        match facts.body.op(condition) {
            Op::Not(inner) => self.truth(facts, inner).map(|truth| !truth),
            Op::Compare { .. } => {
                let Some((value, is_none)) = none_test(facts, condition) else {
                    let (place, constant, is_equal) = constant_test(facts, condition)?;
                    return self.answer(place, Question::Equals(constant)).map(|equal| equal == is_equal);
                };
                let place = facts.places.of(value)?;
                let known = self.answer(place, Question::IsNone);
                let tested = || self.answer(place, Question::Truth).map(|truth| !truth);
                known.or_else(tested).map(|known| known == is_none)
            }
            Op::Call { .. } => {
                let (place, test) = predicate(facts, condition)?;
                self.answer(place, Question::Equals(test))
            }
            _ => {
                let place = facts.places.of(condition)?;
                let tested = || self.answer(place, Question::IsNone).map(|is_none| !is_none);
                self.answer(place, Question::Truth).or_else(tested)
            }
        }
    }

    fn answer(&self, place: PlaceId, question: Question) -> Option<bool> {
        self.answers.get(&(place, question)).copied()
    }

    /// Keeps what is known on both of two ways; says whether something went.
    pub(super) fn meet(&mut self, other: &Self) -> bool {
        let before = self.answers.len();
        self.answers.retain(|key, answer| other.answers.get(key) == Some(answer));
        before != self.answers.len()
    }
}

/// The value that a comparison tests for `None`, and whether it is true if it is.
pub(super) fn none_test(facts: &ItemFacts, condition: Val) -> Option<(Val, bool)> {
    let Op::Compare { op, left, right } = facts.body.op(condition) else { return None };
    let is_none = match op {
        CompareOp::Is | CompareOp::Eq => true,
        CompareOp::IsNot | CompareOp::NotEq => false,
        _ => return None,
    };
    let none = |value: Val| matches!(facts.body.op(value), Op::Const(Const::None));
    if none(right) {
        Some((left, is_none))
    } else if none(left) {
        Some((right, is_none))
    } else {
        None
    }
}

/// The place that a comparison tests against a constant, the constant's hash, and whether it is true if
/// they are equal.
fn constant_test(facts: &ItemFacts, condition: Val) -> Option<(PlaceId, u64, bool)> {
    let Op::Compare { op, left, right } = facts.body.op(condition) else { return None };
    let is_equal = match op {
        CompareOp::Is | CompareOp::Eq => true,
        CompareOp::IsNot | CompareOp::NotEq => false,
        _ => return None,
    };
    let Op::Const(constant) = facts.body.op(right) else { return None };
    let text = match constant {
        Const::Str(name) => format!("'{}'", facts.str(name)),
        Const::Int(number) => number.to_string(),
        Const::True | Const::False => format!("{constant:?}"),
        _ => return None,
    };
    Some((facts.places.of(left)?, xxhash_rust::xxh3::xxh3_64(text.as_bytes()), is_equal))
}

/// The place that a predicate such as `hasattr(place, …)` or `is_open(place)` is asked of, and the hash of
/// the question. Asked twice, it has the same answer.
fn predicate(facts: &ItemFacts, condition: Val) -> Option<(PlaceId, u64)> {
    let Op::Call { callee, args } = facts.body.op(condition) else { return None };
    let Op::Load(function) = facts.body.op(callee) else { return None };
    let name = facts.var_name(function);
    let (tested, against) = match facts.body.args(args) {
        [tested] => (tested, ""),
        [tested, against] => match facts.body.op(against.value) {
            Op::Const(Const::Str(text)) => (tested, facts.str(text)),
            Op::Load(var) => (tested, facts.var_name(var)),
            _ => return None,
        },
        _ => return None,
    };
    let is_predicate = name.starts_with("is") || name.starts_with("has") || name == "callable";
    let question = xxhash_rust::xxh3::xxh3_64(format!("{name} {against}").as_bytes());
    is_predicate.then_some((facts.places.of(tested.value)?, question))
}
