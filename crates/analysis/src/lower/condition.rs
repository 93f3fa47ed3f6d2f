//! Conditions, with the short cuts that `and`, `or` and `not` take.

use leakwright_syntax::{Field, FlatNode, Kind};

use super::builder::Builder;
use crate::ir::{BlockId, Op, Terminator, Val};

impl<'f> Builder<'f> {
    /// Evaluates a condition and leaves the current block for one of two others.
    pub(super) fn condition(&mut self, node: FlatNode<'f>, then: BlockId, otherwise: BlockId) {
        match node.kind() {
            Kind::Parenthesized if node.children().count() == 1 => {
                if let Some(inner) = node.children().next() {
                    self.condition(inner, then, otherwise);
                }
            }
            Kind::NotOperator => match node.children().next() {
                Some(inner) => self.condition(inner, otherwise, then),
                None => self.branch(node, then, otherwise),
            },
            Kind::BooleanOperator => {
                let (Some(left), Some(right)) = (node.field(Field::Left), node.field(Field::Right)) else {
                    return self.branch(node, then, otherwise);
                };
                let next = self.new_block();
                if is_and(node) {
                    self.condition(left, next, otherwise);
                } else {
                    self.condition(left, then, next);
                }
                self.start(next);
                self.condition(right, then, otherwise);
            }
            Kind::True => self.leave(Terminator::Goto(then)),
            Kind::False => self.leave(Terminator::Goto(otherwise)),
            _ => self.branch(node, then, otherwise),
        }
    }

    fn branch(&mut self, node: FlatNode<'f>, then: BlockId, otherwise: BlockId) {
        let condition = self.expression(node);
        self.leave(Terminator::Branch { condition, then, otherwise });
    }

    /// `a and b`, `a or b` as a value.
    pub(super) fn boolean_operator(&mut self, node: FlatNode<'f>) -> Val {
        let (Some(left), Some(right)) = (node.field(Field::Left), node.field(Field::Right)) else {
            return self.opaque(node);
        };
        let (more, after) = (self.new_block(), self.new_block());
        let left = self.expression(left);
        let exit = if is_and(node) {
            Terminator::Branch { condition: left, then: more, otherwise: after }
        } else {
            Terminator::Branch { condition: left, then: after, otherwise: more }
        };
        self.leave(exit);
        self.start(more);
        let right = self.expression(right);
        self.goto(after);
        self.start(after);
        let args = self.pool_values(&[left, right]);
        self.emit(Op::Merge(args), node)
    }

    /// `a if c else b`
    pub(super) fn conditional(&mut self, node: FlatNode<'f>) -> Val {
        let mut parts = node.children();
        let (Some(then), Some(condition), Some(otherwise)) = (parts.next(), parts.next(), parts.next())
        else {
            return self.opaque(node);
        };
        let (on_true, on_false, after) = (self.new_block(), self.new_block(), self.new_block());
        self.condition(condition, on_true, on_false);
        self.start(on_true);
        let then = self.expression(then);
        self.goto(after);
        self.start(on_false);
        let otherwise = self.expression(otherwise);
        self.goto(after);
        self.start(after);
        let args = self.pool_values(&[then, otherwise]);
        self.emit(Op::Merge(args), node)
    }

    /// Whether a condition is always true.
    pub(super) fn is_always_true(&self, node: FlatNode<'f>) -> bool {
        match node.kind() {
            Kind::True => true,
            Kind::Integer => self.source(node).parse::<u64>() != Ok(0),
            Kind::Parenthesized => node.children().next().is_some_and(|inner| self.is_always_true(inner)),
            _ => false,
        }
    }
}

fn is_and(node: FlatNode<'_>) -> bool {
    node.field(Field::Operator).is_some_and(|operator| operator.kind() == Kind::And)
}
