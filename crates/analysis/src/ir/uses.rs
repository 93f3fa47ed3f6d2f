//! What an item does with its places: the neutral raw material of the growth analysis.

use serde::{Deserialize, Serialize};

use super::{ArgKind, BinaryOp, BlockId, ItemFacts, Name, Op, PlaceId, Step, Terminator, Val};

/// One thing done with a place.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Use {
    /// The place.
    pub place: PlaceId,
    /// What is done.
    pub kind: UseKind,
    /// The instruction that does it.
    pub at: Val,
    /// The block of the instruction.
    pub block: BlockId,
}

/// What is done with a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UseKind {
    /// One of its methods is called.
    Call(Name),
    /// An element or slice of it is read.
    ReadElement,
    /// An element or slice of it is assigned.
    StoreElement,
    /// An element of it is assigned anew by an operator such as `+=`.
    AugmentElement,
    /// An element or slice of it is deleted.
    DeleteElement,
    /// It is bound to a value.
    Bind(Val),
    /// It is bound to a value made from itself by an operator such as `+=`.
    Augment(BinaryOp),
    /// It is unbound.
    Unbind,
    /// It is iterated over, spread into a call or display, or unpacked.
    Iterate,
    /// Its truth is tested, or it is compared; `in` with the place on the right included.
    Test,
    /// It is an operand, or part of a string.
    Operand,
    /// It is passed to a call.
    Argument,
    /// It is called.
    Invoke,
    /// It is returned or yielded.
    Return,
    /// It is kept somewhere else: in a container, another variable or attribute.
    Keep,
    /// Its context is entered.
    Enter,
    /// It is awaited.
    Await,
}

/// Finds what an item does with its places, in the order of the source; code that stands in several
/// copies counts once.
pub(crate) fn find(facts: &ItemFacts) -> Vec<Use> {
    let mut finder = Finder { facts, uses: Vec::new(), block: BlockId::new(0) };
    for block in facts.body.originals() {
        finder.block = block;
        for value in facts.body.values(block) {
            finder.inst(value);
        }
        if let Terminator::Branch { condition, .. } = facts.body.block(block).exit {
            finder.operand(condition, UseKind::Test, condition);
        }
    }
    finder.uses
}

struct Finder<'f> {
    facts: &'f ItemFacts,
    uses: Vec<Use>,
    block: BlockId,
}

impl Finder<'_> {
    fn add(&mut self, place: PlaceId, kind: UseKind, at: Val) {
        self.uses.push(Use { place, kind, at, block: self.block });
    }

    /// Notes what is done with a value, if it was read from a place.
    fn operand(&mut self, value: Val, kind: UseKind, at: Val) {
        if let Some(place) = self.facts.places.of(value) {
            self.add(place, kind, at);
        }
    }

    fn inst(&mut self, at: Val) {
        match self.facts.body.op(at) {
            Op::Store { var, value } => self.store(var, value, at),
            Op::Delete(var) => self.on_var(var, UseKind::Unbind, at),
            Op::StoreAttr { base, name, value } => {
                let kind = self.binding(value, |facts, old| facts.attribute_of(old) == Some((base, name)));
                self.on_attribute(base, name, kind, at);
                self.operand(value, UseKind::Keep, at);
            }
            Op::DeleteAttr { base, name } => self.on_attribute(base, name, UseKind::Unbind, at),
            Op::Index { base, .. } => self.operand(base, UseKind::ReadElement, at),
            Op::StoreIndex { base, value, .. } => {
                let in_place = matches!(self.facts.body.op(value), Op::InPlace { .. });
                let kind = if in_place { UseKind::AugmentElement } else { UseKind::StoreElement };
                self.operand(base, kind, at);
                self.operand(value, UseKind::Keep, at);
            }
            Op::DeleteIndex { base, .. } => self.operand(base, UseKind::DeleteElement, at),
            Op::Call { callee, args } => {
                self.callee(callee, at);
                for arg in self.facts.body.args(args) {
                    let spread = matches!(arg.kind, ArgKind::Star | ArgKind::DoubleStar);
                    self.operand(arg.value, if spread { UseKind::Iterate } else { UseKind::Argument }, at);
                }
            }
            Op::Iterate { value, .. } | Op::YieldFrom(value) => self.operand(value, UseKind::Iterate, at),
            Op::Unpack { value, .. } => self.operand(value, UseKind::Iterate, at),
            Op::Not(value) => self.operand(value, UseKind::Test, at),
            Op::Compare { left, right, .. } => {
                self.operand(left, UseKind::Test, at);
                self.operand(right, UseKind::Test, at);
            }
            Op::Return(Some(value)) | Op::Yield(Some(value)) => self.operand(value, UseKind::Return, at),
            Op::Enter { context, .. } => self.operand(context, UseKind::Enter, at),
            Op::Await(value) => self.operand(value, UseKind::Await, at),
            Op::Display { args, .. } => {
                for arg in self.facts.body.args(args) {
                    let kind = if arg.kind == ArgKind::Positional { UseKind::Keep } else { UseKind::Iterate };
                    self.operand(arg.value, kind, at);
                }
            }
            Op::Merge(_) if self.facts.places.of(at).is_some() => {}
            Op::Merge(_) => self.operands(at, UseKind::Keep),
            Op::Comprehension { kind, args } => {
                // What is iterated over has been seen; the element is what is kept.
                let element = if kind == super::Comprehension::Dict { 2 } else { 1 };
                let operands = self.facts.body.args(args);
                for arg in &operands[operands.len().saturating_sub(element)..] {
                    self.operand(arg.value, UseKind::Keep, at);
                }
            }
            // What is augmented is seen where the result is stored.
            Op::InPlace { right, .. } => self.operand(right, UseKind::Operand, at),
            Op::Binary { .. } | Op::Unary(_) | Op::Format(_) | Op::Slice(_) | Op::Opaque(_) => {
                self.operands(at, UseKind::Operand);
            }
            _ => {}
        }
    }

    fn operands(&mut self, at: Val, kind: UseKind) {
        let body = &self.facts.body;
        let mut operands: smallvec::SmallVec<[Val; 4]> = smallvec::SmallVec::new();
        body.operands(body.op(at), |value| operands.push(value));
        operands.into_iter().for_each(|value| self.operand(value, kind, at));
    }

    fn callee(&mut self, callee: Val, at: Val) {
        match self.facts.body.op(callee) {
            Op::Attr { base, name } => self.operand(base, UseKind::Call(name), at),
            _ => self.operand(callee, UseKind::Invoke, at),
        }
    }

    fn store(&mut self, var: super::VarId, value: Val, at: Val) {
        let kind =
            self.binding(value, |facts, old| matches!(facts.body.op(old), Op::Load(loaded) if loaded == var));
        self.on_var(var, kind, at);
        // A second name for a place is not a second holder.
        let is_alias = self.facts.is_local(var) && self.facts.only_value(var) == Some(value);
        if !is_alias {
            self.operand(value, UseKind::Keep, at);
        }
    }

    /// Binding to `value`, or augmenting where `value` is made in place from what `is_old` says.
    fn binding(&self, value: Val, is_old: impl Fn(&ItemFacts, Val) -> bool) -> UseKind {
        match self.facts.body.op(value) {
            Op::InPlace { op, left, .. } if is_old(self.facts, left) => UseKind::Augment(op),
            _ => UseKind::Bind(value),
        }
    }

    fn on_var(&mut self, var: super::VarId, kind: UseKind, at: Val) {
        if let Some(place) = self.facts.places.find_step(None, Step::Var(var)) {
            self.add(place, kind, at);
        }
    }

    fn on_attribute(&mut self, base: Val, name: Name, kind: UseKind, at: Val) {
        let Some(from) = self.facts.places.of(base) else { return };
        if let Some(place) = self.facts.places.find_step(Some(from), Step::Attr(name)) {
            self.add(place, kind, at);
        }
    }
}
