//! Simple statements.

use leakwright_syntax::{Field, FlatNode, Kind};

use super::builder::Builder;
use super::jump::Jump;
use crate::ir::{BinaryOp, Op, Terminator, Val, VarKind};

impl<'f> Builder<'f> {
    /// The statements of a block.
    pub(super) fn block(&mut self, block: FlatNode<'f>) {
        for statement in block.children() {
            self.statement(statement);
        }
    }

    pub(super) fn statement(&mut self, node: FlatNode<'f>) {
        match node.kind() {
            Kind::ExpressionStatement => self.expression_statement(node),
            Kind::Return => self.return_statement(node),
            Kind::Raise => self.raise_statement(node),
            Kind::Assert => self.assert_statement(node),
            Kind::Delete => node.children().for_each(|target| self.delete_target(target)),
            Kind::Break => self.jump(Jump::Break),
            Kind::Continue => self.jump(Jump::Continue),
            Kind::Global => self.declaration(node, VarKind::Global),
            Kind::Nonlocal => self.declaration(node, VarKind::Free),
            Kind::Import => self.import_statement(node),
            Kind::ImportFrom => self.import_from_statement(node),
            Kind::TypeAlias => self.type_alias(node),
            Kind::Print | Kind::Exec => {
                self.opaque(node);
            }
            Kind::If => self.if_statement(node),
            Kind::For => self.for_statement(node),
            Kind::While => self.while_statement(node),
            Kind::Try => self.try_statement(node),
            Kind::With => self.with_statement(node),
            Kind::Match => self.match_statement(node),
            Kind::Function | Kind::Class | Kind::Decorated => self.definition(node),
            // What could not be parsed is searched for statements that could.
            Kind::Error | Kind::Block => self.block(node),
            _ => {}
        }
    }

    fn expression_statement(&mut self, node: FlatNode<'f>) {
        for expression in node.children() {
            match expression.kind() {
                Kind::Assignment => {
                    self.assignment(expression);
                }
                Kind::AugmentedAssignment => {
                    self.augmented_assignment(expression);
                }
                // A docstring does nothing.
                Kind::String if expression.children().next().is_none() => {}
                _ => {
                    self.expression(expression);
                }
            }
        }
    }

    /// `a = b = value`, right to left for the value and left to right for the targets. Returns the
    /// value, or nothing for a bare annotation.
    pub(super) fn assignment(&mut self, node: FlatNode<'f>) -> Option<Val> {
        let mut targets = Vec::new();
        let mut current = node;
        let value = loop {
            targets.extend(current.field(Field::Left));
            match current.field(Field::Right) {
                Some(right) if right.kind() == Kind::Assignment => current = right,
                Some(right) if right.kind() == Kind::AugmentedAssignment => {
                    break self.augmented_assignment(right);
                }
                Some(right) => break Some(self.expression(right)),
                None => break None,
            }
        };
        for target in targets {
            match value {
                Some(value) => self.bind_target(target, value),
                None => self.annotate(target),
            }
        }
        value
    }

    /// `name: type` makes the name a variable of the scope without binding it.
    fn annotate(&mut self, target: FlatNode<'f>) {
        if target.kind() == Kind::Identifier {
            let name = self.intern(target);
            self.scopes.bind(self.scope, name);
        }
    }

    fn augmented_assignment(&mut self, node: FlatNode<'f>) -> Option<Val> {
        let (left, right) = (node.field(Field::Left)?, node.field(Field::Right)?);
        let op = node.field(Field::Operator).map_or(BinaryOp::Other, |operator| binary_op(operator.kind()));
        let place = self.place(left);
        let old = self.read_place(place, left);
        let right = self.expression(right);
        let value = self.emit(Op::InPlace { op, left: old, right }, node);
        self.write_place(place, value, node);
        Some(value)
    }

    fn return_statement(&mut self, node: FlatNode<'f>) {
        let value = self.all_children(node);
        self.emit(Op::Return(value), node);
        self.jump(Jump::Return);
    }

    fn raise_statement(&mut self, node: FlatNode<'f>) {
        let mut raised = None;
        for part in node.children().filter(|child| child.kind() != Kind::FromKeyword) {
            let value = self.expression(part);
            raised = raised.or(Some(value));
        }
        self.emit(Op::Raise(raised), node);
        self.leave(Terminator::Raise);
    }

    fn assert_statement(&mut self, node: FlatNode<'f>) {
        let mut parts = node.children();
        let Some(condition) = parts.next() else { return };
        let (holds, fails) = (self.new_block(), self.new_block());
        self.condition(condition, holds, fails);
        self.start(fails);
        for message in parts {
            self.expression(message);
        }
        self.emit(Op::Raise(None), node);
        self.leave(Terminator::Raise);
        self.start(holds);
    }

    fn declaration(&mut self, node: FlatNode<'f>, kind: VarKind) {
        for identifier in node.children().filter(|child| child.kind() == Kind::Identifier) {
            let name = self.intern(identifier);
            self.scopes.declare(self.scope, name, kind);
        }
    }

    fn type_alias(&mut self, node: FlatNode<'f>) {
        if let Some(name) = node.field(Field::Left).and_then(|left| left.child(Kind::Identifier)) {
            let value = self.emit_none(node);
            self.bind_target(name, value);
        }
    }

    /// A nested function or class: its body is an item of its own.
    fn definition(&mut self, node: FlatNode<'f>) {
        let number = self.child_number(node);
        let value = self.emit(Op::Define(number), node);
        if let Some(name) = node.field(Field::Name) {
            let name = self.intern(name);
            self.bind_name(name, value, node.range());
        }
    }

    /// Lowers all parts of a node, for a statement that may hold a bare tuple.
    fn all_children(&mut self, node: FlatNode<'f>) -> Option<Val> {
        let values: Vec<Val> = node.children().map(|child| self.expression(child)).collect();
        match values.as_slice() {
            [] => None,
            [only] => Some(*only),
            _ => {
                let args = self.pool_values(&values);
                Some(self.emit(Op::Opaque(args), node))
            }
        }
    }

    /// Something made of its parts that is not looked into.
    pub(super) fn opaque(&mut self, node: FlatNode<'f>) -> Val {
        let values: Vec<Val> = node.children().map(|child| self.expression(child)).collect();
        let args = self.pool_values(&values);
        self.emit(Op::Opaque(args), node)
    }
}

/// The operation of a binary or augmented operator.
pub(super) fn binary_op(operator: Kind) -> BinaryOp {
    match operator {
        Kind::Plus | Kind::PlusEq => BinaryOp::Add,
        Kind::Minus | Kind::MinusEq => BinaryOp::Sub,
        Kind::Star | Kind::StarEq => BinaryOp::Mul,
        Kind::Pipe | Kind::PipeEq => BinaryOp::Or,
        Kind::Ampersand | Kind::AmpersandEq => BinaryOp::And,
        Kind::Caret | Kind::CaretEq => BinaryOp::Xor,
        Kind::Percent | Kind::PercentEq => BinaryOp::Mod,
        Kind::Slash | Kind::SlashEq => BinaryOp::Div,
        _ => BinaryOp::Other,
    }
}
