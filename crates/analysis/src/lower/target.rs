//! What assignments, loops and `del` write to.

use leakwright_syntax::{Field, FlatNode, Kind};

use super::builder::Builder;
use crate::ir::{ArgKind, Name, Op, REST, Val, VarId};

/// A place that can be read and written, its parts evaluated already.
#[derive(Clone, Copy)]
pub(super) enum Place {
    Var(VarId),
    Attr {
        base: Val,
        name: Name,
    },
    Index {
        base: Val,
        key: Val,
    },
    /// Not a place that Python can assign to.
    Nothing,
}

impl<'f> Builder<'f> {
    /// Evaluates the parts of a place.
    pub(super) fn place(&mut self, node: FlatNode<'f>) -> Place {
        match node.kind() {
            Kind::Identifier => {
                let name = self.intern(node);
                Place::Var(self.scopes.bind(self.scope, name))
            }
            Kind::Attribute => {
                let (Some(object), Some(attribute)) =
                    (node.field(Field::Object), node.field(Field::Attribute))
                else {
                    return Place::Nothing;
                };
                let base = self.expression(object);
                Place::Attr { base, name: self.intern(attribute) }
            }
            Kind::Subscript => {
                let Some(object) = node.field(Field::Value) else { return Place::Nothing };
                let base = self.expression(object);
                Place::Index { base, key: self.subscript_key(node) }
            }
            Kind::Parenthesized | Kind::AsPatternTarget => match node.children().next() {
                Some(inner) => self.place(inner),
                None => Place::Nothing,
            },
            _ => Place::Nothing,
        }
    }

    pub(super) fn read_place(&mut self, place: Place, node: FlatNode<'f>) -> Val {
        match place {
            Place::Var(var) => self.emit(Op::Load(var), node),
            Place::Attr { base, name } => self.emit(Op::Attr { base, name }, node),
            Place::Index { base, key } => self.emit(Op::Index { base, key }, node),
            Place::Nothing => self.emit_none(node),
        }
    }

    pub(super) fn write_place(&mut self, place: Place, value: Val, node: FlatNode<'f>) {
        match place {
            Place::Var(var) => self.emit(Op::Store { var, value }, node),
            Place::Attr { base, name } => self.emit(Op::StoreAttr { base, name, value }, node),
            Place::Index { base, key } => self.emit(Op::StoreIndex { base, key, value }, node),
            Place::Nothing => return,
        };
    }

    /// Binds a target of an assignment, taking the value apart as the target asks for.
    pub(super) fn bind_target(&mut self, target: FlatNode<'f>, value: Val) {
        match target.kind() {
            Kind::PatternList
            | Kind::TuplePattern
            | Kind::ListPattern
            | Kind::Tuple
            | Kind::List
            | Kind::ExpressionList => {
                if self.bind_each(target, value) {
                    return;
                }
                for (index, part) in target.children().enumerate() {
                    let starred = matches!(part.kind(), Kind::ListSplatPattern | Kind::ListSplat);
                    let index = if starred { REST } else { index as u16 };
                    let part_value = self.emit(Op::Unpack { value, index }, part);
                    let inner = part.children().next().filter(|_| starred).unwrap_or(part);
                    self.bind_target(inner, part_value);
                }
            }
            Kind::AsPatternTarget | Kind::Parenthesized => {
                if let Some(inner) = target.children().next() {
                    self.bind_target(inner, value);
                }
            }
            _ => {
                let place = self.place(target);
                self.write_place(place, value, target);
            }
        }
    }

    /// `a, b = c, d` binds each target to its value, without a tuple in between.
    fn bind_each(&mut self, target: FlatNode<'f>, value: Val) -> bool {
        let Op::Display { args, .. } = self.body.op(value) else { return false };
        let is_plain = |node: FlatNode<'_>| !matches!(node.kind(), Kind::ListSplatPattern | Kind::ListSplat);
        let values: Vec<Val> = self.body.args(args).iter().map(|arg| arg.value).collect();
        let starred = self.body.args(args).iter().any(|arg| arg.kind == ArgKind::Star);
        if starred || target.children().count() != values.len() || !target.children().all(is_plain) {
            return false;
        }
        for (part, value) in target.children().zip(values) {
            self.bind_target(part, value);
        }
        true
    }

    /// `del target`
    pub(super) fn delete_target(&mut self, target: FlatNode<'f>) {
        match target.kind() {
            Kind::ExpressionList
            | Kind::Tuple
            | Kind::List
            | Kind::Parenthesized
            | Kind::AsPatternTarget
            | Kind::PatternList
            | Kind::TuplePattern
            | Kind::ListPattern => {
                target.children().for_each(|part| self.delete_target(part));
            }
            _ => {
                let op = match self.place(target) {
                    Place::Var(var) => Op::Delete(var),
                    Place::Attr { base, name } => Op::DeleteAttr { base, name },
                    Place::Index { base, key } => Op::DeleteIndex { base, key },
                    Place::Nothing => return,
                };
                self.emit(op, target);
            }
        }
    }
}
