//! `if`, `for` and `while`.

use leakwright_syntax::{Field, FlatNode, Kind};

use super::builder::Builder;
use super::jump::Context;
use crate::ir::{BlockId, LoopId, LoopKind, Op, Terminator, Val};

impl<'f> Builder<'f> {
    pub(super) fn if_statement(&mut self, node: FlatNode<'f>) {
        let after = self.new_block();
        self.alternative(node, after);
        for clause in node.fields(Field::Alternative) {
            match clause.kind() {
                Kind::Elif => self.alternative(clause, after),
                _ => self.clause_body(clause),
            }
        }
        self.goto(after);
        self.start(after);
    }

    /// One `if` or `elif`; goes on where its condition is false.
    fn alternative(&mut self, node: FlatNode<'f>, after: BlockId) {
        let (then, otherwise) = (self.new_block(), self.new_block());
        if let Some(condition) = node.field(Field::Condition) {
            self.condition(condition, then, otherwise);
        }
        self.start(then);
        if let Some(body) = node.field(Field::Consequence) {
            self.block(body);
        }
        self.goto(after);
        self.start(otherwise);
    }

    /// The block of an `else`, `except` or `finally` clause.
    pub(super) fn clause_body(&mut self, clause: FlatNode<'f>) {
        if let Some(body) = clause.child(Kind::Block) {
            self.block(body);
        }
    }

    pub(super) fn while_statement(&mut self, node: FlatNode<'f>) {
        let Some(test) = node.field(Field::Condition) else { return };
        let (header, body, done, after) =
            (self.new_block(), self.new_block(), self.new_block(), self.new_block());
        self.ensure_block();
        self.goto(header);
        let id = self.open_loop(LoopKind::Forever, header, node);
        self.start(header);
        if self.is_always_true(test) {
            self.goto(body);
        } else {
            let first = self.body.insts.len();
            self.condition(test, body, done);
            let last = self.body.insts.len();
            if last > first {
                self.body.loops[id.index()].kind = LoopKind::While(Val::new(last - 1));
            }
        }
        self.start(body);
        self.loop_body(node, id, header, after);
        self.finish_loop(node, id, done, after);
    }

    pub(super) fn for_statement(&mut self, node: FlatNode<'f>) {
        let (Some(left), Some(right)) = (node.field(Field::Left), node.field(Field::Right)) else { return };
        let is_async = node.has(Kind::AsyncKeyword);
        let value = self.expression(right);
        let iterator = self.emit(Op::Iterate { value, is_async }, right);
        let (header, body, done, after) =
            (self.new_block(), self.new_block(), self.new_block(), self.new_block());
        self.goto(header);
        let kind = if is_async { LoopKind::AsyncFor(value) } else { LoopKind::For(value) };
        let id = self.open_loop(kind, header, node);
        self.start(header);
        self.leave(Terminator::ForEach { iterator, body, done });
        self.start(body);
        let element = self.emit(Op::Next(iterator), left);
        self.bind_target(left, element);
        self.loop_body(node, id, header, after);
        self.finish_loop(node, id, done, after);
    }

    /// The statements of a loop, going back to its header.
    fn loop_body(&mut self, node: FlatNode<'f>, id: LoopId, header: BlockId, after: BlockId) {
        self.contexts.push(Context::Loop { id, on_break: after, on_continue: header });
        if let Some(statements) = node.field(Field::Body) {
            self.block(statements);
        }
        self.goto(header);
        self.contexts.pop();
    }

    /// The `else` of a loop, and what follows.
    fn finish_loop(&mut self, node: FlatNode<'f>, id: LoopId, done: BlockId, after: BlockId) {
        self.close_loop(id);
        self.start(done);
        if let Some(clause) = node.field(Field::Alternative) {
            self.clause_body(clause);
        }
        self.goto(after);
        self.start(after);
    }
}
