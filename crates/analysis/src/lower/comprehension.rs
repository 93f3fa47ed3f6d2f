//! Comprehensions, as the loops they are.

use leakwright_syntax::{Field, FlatNode, Kind};

use super::builder::Builder;
use crate::ir::{Arg, ArgKind, BlockId, Comprehension, LoopId, LoopKind, Op, ScopeKind, Terminator, Val};

/// One open `for` of a comprehension.
struct Open {
    id: LoopId,
    header: BlockId,
    done: BlockId,
}

impl<'f> Builder<'f> {
    pub(super) fn comprehension(&mut self, node: FlatNode<'f>) -> Val {
        let kind = match node.kind() {
            Kind::SetComprehension => Comprehension::Set,
            Kind::DictionaryComprehension => Comprehension::Dict,
            Kind::GeneratorExpression => Comprehension::Generator,
            _ => Comprehension::List,
        };
        let outer = self.scope;
        let inner = self.scopes.open(ScopeKind::Comprehension, Some(outer));
        let mut open: Vec<Open> = Vec::new();
        let mut operands = Vec::new();
        self.ensure_block();
        for clause in node.children() {
            match clause.kind() {
                Kind::ForInClause => {
                    // The first iterable is evaluated in the scope around.
                    self.scope = if open.is_empty() { outer } else { inner };
                    let (value, entry) = self.for_clause(clause, inner);
                    operands.push(value);
                    open.push(entry);
                }
                Kind::IfClause => self.if_clause(clause, &open),
                _ => {}
            }
        }
        self.scope = inner;
        operands.extend(self.element(node));
        for entry in open.into_iter().rev() {
            self.goto(entry.header);
            self.close_loop(entry.id);
            self.start(entry.done);
        }
        self.scope = outer;
        let args = self.pool(&operands);
        self.emit(Op::Comprehension { kind, args }, node)
    }

    fn for_clause(&mut self, clause: FlatNode<'f>, inner: crate::ir::ScopeId) -> (Arg, Open) {
        let is_async = clause.has(Kind::AsyncKeyword);
        let value = match clause.field(Field::Right) {
            Some(right) => self.expression(right),
            None => self.emit_none(clause),
        };
        let iterator = self.emit(Op::Iterate { value, is_async }, clause);
        let (header, body, done) = (self.new_block(), self.new_block(), self.new_block());
        self.goto(header);
        let id = self.open_loop(LoopKind::Comprehension, header, clause);
        self.start(header);
        self.leave(Terminator::ForEach { iterator, body, done });
        self.start(body);
        self.scope = inner;
        let element = self.emit(Op::Next(iterator), clause);
        if let Some(left) = clause.field(Field::Left) {
            self.bind_target(left, element);
        }
        (Arg { kind: ArgKind::Positional, value }, Open { id, header, done })
    }

    fn if_clause(&mut self, clause: FlatNode<'f>, open: &[Open]) {
        let (Some(condition), Some(innermost)) = (clause.children().next(), open.last()) else { return };
        let (then, otherwise) = (self.new_block(), innermost.header);
        self.condition(condition, then, otherwise);
        self.start(then);
    }

    /// What makes up an element: one value, or key and value.
    fn element(&mut self, node: FlatNode<'f>) -> Vec<Arg> {
        let Some(body) = node.field(Field::Body) else { return Vec::new() };
        let parts: Vec<FlatNode<'f>> = match body.kind() {
            Kind::Pair => body.children().collect(),
            _ => vec![body],
        };
        parts
            .into_iter()
            .map(|part| Arg { kind: ArgKind::Positional, value: self.expression(part) })
            .collect()
    }
}
