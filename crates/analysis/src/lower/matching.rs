//! `match` statements.

use leakwright_syntax::{Field, FlatNode, Kind};

use super::builder::Builder;
use crate::ir::{BlockId, Op, Terminator, Val};

impl<'f> Builder<'f> {
    pub(super) fn match_statement(&mut self, node: FlatNode<'f>) {
        let subjects: Vec<Val> =
            node.fields(Field::Subject).map(|subject| self.expression(subject)).collect();
        let subject = match subjects.as_slice() {
            [only] => *only,
            _ => {
                let args = self.pool_values(&subjects);
                self.emit(Op::Opaque(args), node)
            }
        };
        let after = self.new_block();
        let cases = node.field(Field::Body).into_iter().flat_map(FlatNode::children);
        for case in cases.filter(|child| child.kind() == Kind::Case) {
            self.case(case, subject, after);
        }
        self.goto(after);
        self.start(after);
    }

    /// One case; goes on where it does not match.
    fn case(&mut self, case: FlatNode<'f>, subject: Val, after: BlockId) {
        let (then, otherwise) = (self.new_block(), self.new_block());
        let patterns: Vec<FlatNode<'f>> =
            case.children().filter(|child| child.kind() == Kind::CasePattern).collect();
        self.ensure_block();
        if matches!(patterns.as_slice(), [only] if self.takes_anything(*only)) {
            self.leave(Terminator::Goto(then));
        } else {
            let args = self.pool_values(&[subject]);
            let condition = self.emit(Op::Opaque(args), case);
            self.leave(Terminator::Branch { condition, then, otherwise });
        }
        self.start(then);
        for pattern in patterns {
            self.captures(pattern, subject);
        }
        if let Some(guard) = case.field(Field::Guard).and_then(|guard| guard.children().next()) {
            let passed = self.new_block();
            self.condition(guard, passed, otherwise);
            self.start(passed);
        }
        if let Some(body) = case.field(Field::Consequence) {
            self.block(body);
        }
        self.goto(after);
        self.start(otherwise);
    }

    /// `_` or a bare name.
    fn takes_anything(&self, pattern: FlatNode<'f>) -> bool {
        let mut parts = pattern.children();
        match (parts.next(), parts.next()) {
            (None, _) => self.source(pattern) == "_",
            (Some(only), None) => match only.kind() {
                Kind::Underscore => true,
                Kind::DottedName => !self.source(only).contains('.'),
                _ => false,
            },
            _ => false,
        }
    }

    /// Binds the names a pattern captures, each to some part of the subject.
    fn captures(&mut self, pattern: FlatNode<'f>, subject: Val) {
        let mut pending = vec![pattern];
        while let Some(part) = pending.pop() {
            match part.kind() {
                Kind::DottedName if !self.source(part).contains('.') => self.capture(part, subject),
                Kind::SplatPattern => {
                    part.children().filter(|child| child.kind() == Kind::Identifier).for_each(|name| {
                        self.capture(name, subject);
                    });
                }
                Kind::AsPattern => {
                    for child in part.children() {
                        match child.kind() {
                            Kind::Identifier => self.capture(child, subject),
                            _ => pending.push(child),
                        }
                    }
                }
                // The name of a class is looked up, the keyword of an argument is neither.
                Kind::ClassPattern => pending.extend(part.children().skip(1)),
                Kind::KeywordPattern => pending.extend(part.children().skip(1)),
                _ => pending.extend(part.children()),
            }
        }
    }

    fn capture(&mut self, name: FlatNode<'f>, subject: Val) {
        if self.source(name) == "_" {
            return;
        }
        let args = self.pool_values(&[subject]);
        let value = self.emit(Op::Opaque(args), name);
        self.bind_target_name(name, value);
    }

    fn bind_target_name(&mut self, node: FlatNode<'f>, value: Val) {
        let name = self.intern(node);
        self.bind_name(name, value, node.range());
    }
}
