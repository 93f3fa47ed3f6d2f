//! Expressions.

use leakwright_syntax::{Field, FlatNode, Kind, string_value};

use super::builder::Builder;
use super::statement::binary_op;
use crate::ir::{Arg, ArgKind, Args, BinaryOp, CompareOp, Const, Display, Op, Terminator, Val};

impl<'f> Builder<'f> {
    /// Evaluates an expression.
    pub(super) fn expression(&mut self, node: FlatNode<'f>) -> Val {
        match node.kind() {
            Kind::Identifier => self.name(node),
            Kind::Attribute => self.attribute(node),
            Kind::Subscript => self.subscript(node),
            Kind::Call => self.call(node),
            Kind::Integer => self.integer(node),
            Kind::Float => self.emit(Op::Const(Const::Number), node),
            Kind::True => self.emit(Op::Const(Const::True), node),
            Kind::False => self.emit(Op::Const(Const::False), node),
            Kind::None => self.emit(Op::Const(Const::None), node),
            Kind::Ellipsis => self.emit(Op::Const(Const::Ellipsis), node),
            Kind::String => self.string(node),
            Kind::ConcatenatedString => self.concatenated_string(node),
            Kind::Tuple | Kind::ExpressionList | Kind::PatternList => self.display(node, Display::Tuple),
            Kind::List => self.display(node, Display::List),
            Kind::Set => self.display(node, Display::Set),
            Kind::Dictionary => self.display(node, Display::Dict),
            Kind::ListComprehension
            | Kind::SetComprehension
            | Kind::DictionaryComprehension
            | Kind::GeneratorExpression => self.comprehension(node),
            Kind::BinaryOperator => self.binary(node),
            Kind::UnaryOperator => self.unary(node),
            Kind::NotOperator => {
                let value = self.only_child(node);
                self.emit(Op::Not(value), node)
            }
            Kind::BooleanOperator => self.boolean_operator(node),
            Kind::ComparisonOperator => self.comparison(node),
            Kind::Conditional => self.conditional(node),
            Kind::NamedExpression => self.named_expression(node),
            Kind::Await => {
                let value = self.only_child(node);
                self.emit(Op::Await(value), node)
            }
            Kind::Yield => self.yield_expression(node),
            Kind::Lambda => self.lambda(node),
            Kind::Slice => self.slice(node),
            Kind::GenericType => self.generic_type(node),
            Kind::UnionType => {
                let parts = self.operands(node);
                self.emit(Op::Opaque(parts), node)
            }
            Kind::Assignment => match self.assignment(node) {
                Some(value) => value,
                None => self.emit_none(node),
            },
            Kind::Parenthesized | Kind::Type | Kind::ListSplat | Kind::ParenthesizedListSplat => {
                self.only_child(node)
            }
            _ => self.opaque(node),
        }
    }

    fn only_child(&mut self, node: FlatNode<'f>) -> Val {
        match node.children().next() {
            Some(child) => self.expression(child),
            None => self.emit_none(node),
        }
    }

    fn name(&mut self, node: FlatNode<'f>) -> Val {
        let name = self.intern(node);
        let var = self.use_name(name);
        self.emit(Op::Load(var), node)
    }

    fn attribute(&mut self, node: FlatNode<'f>) -> Val {
        let (Some(object), Some(attribute)) = (node.field(Field::Object), node.field(Field::Attribute))
        else {
            return self.opaque(node);
        };
        let base = self.expression(object);
        let name = self.intern(attribute);
        self.emit(Op::Attr { base, name }, node)
    }

    fn subscript(&mut self, node: FlatNode<'f>) -> Val {
        let Some(object) = node.field(Field::Value) else { return self.opaque(node) };
        let base = self.expression(object);
        let key = self.subscript_key(node);
        self.emit(Op::Index { base, key }, node)
    }

    /// What stands between the brackets of a subscript.
    pub(super) fn subscript_key(&mut self, node: FlatNode<'f>) -> Val {
        let keys: Vec<FlatNode<'f>> = node.fields(Field::Subscript).collect();
        match keys.as_slice() {
            [] => self.emit_none(node),
            [only] => self.expression(*only),
            several => {
                let values: Vec<Val> = several.iter().map(|key| self.expression(*key)).collect();
                let args = self.pool_values(&values);
                self.emit(Op::Display { kind: Display::Tuple, args }, node)
            }
        }
    }

    /// `lower:upper:step`. The colons are not part of the flat tree; the source says where they are.
    fn slice(&mut self, node: FlatNode<'f>) -> Val {
        let mut parts = [None; 3];
        let mut colons = 0;
        let mut behind = node.range().start as usize;
        for child in node.children() {
            let gap = self.text.get(behind..child.range().start as usize).unwrap_or_default();
            colons += gap.matches(':').count();
            let value = self.expression(child);
            if let Some(part) = parts.get_mut(colons) {
                *part = Some(value);
            }
            behind = child.range().end as usize;
        }
        let parts = parts.map(|part| part.unwrap_or_else(|| self.emit_none(node)));
        let args = self.pool_values(&parts);
        self.emit(Op::Slice(args), node)
    }

    fn call(&mut self, node: FlatNode<'f>) -> Val {
        let Some(function) = node.field(Field::Function) else { return self.opaque(node) };
        let callee = self.expression(function);
        let arguments = node.field(Field::Arguments);
        let args = match arguments {
            Some(list) if list.kind() == Kind::ArgumentList => self.operands(list),
            Some(generator) => {
                let value = self.expression(generator);
                self.pool_values(&[value])
            }
            None => Args::default(),
        };
        self.emit(Op::Call { callee, args }, node)
    }

    /// The operands written in a call, class header or display.
    pub(super) fn operands(&mut self, node: FlatNode<'f>) -> Args {
        let mut operands = Vec::new();
        for (index, child) in node.children().enumerate() {
            if index >= MAX_LITERALS && is_literal(child) {
                continue;
            }
            let (kind, value) = match child.kind() {
                Kind::KeywordArgument => {
                    let (Some(name), Some(value)) = (child.field(Field::Name), child.field(Field::Value))
                    else {
                        continue;
                    };
                    (ArgKind::Keyword(self.intern(name)), value)
                }
                Kind::ListSplat | Kind::ParenthesizedListSplat => (ArgKind::Star, child),
                Kind::DictionarySplat => (ArgKind::DoubleStar, child.children().next().unwrap_or(child)),
                Kind::Pair => {
                    for part in child.children() {
                        let value = self.expression(part);
                        operands.push(Arg { kind: ArgKind::Positional, value });
                    }
                    continue;
                }
                _ => (ArgKind::Positional, child),
            };
            let value = self.expression(value);
            operands.push(Arg { kind, value });
        }
        self.pool(&operands)
    }

    fn display(&mut self, node: FlatNode<'f>, kind: Display) -> Val {
        let args = self.operands(node);
        self.emit(Op::Display { kind, args }, node)
    }

    fn integer(&mut self, node: FlatNode<'f>) -> Val {
        let digits = self.source(node).replace('_', "");
        let number = match digits.get(..2).map(str::to_ascii_lowercase).as_deref() {
            Some("0x") => i32::from_str_radix(&digits[2..], 16),
            Some("0o") => i32::from_str_radix(&digits[2..], 8),
            Some("0b") => i32::from_str_radix(&digits[2..], 2),
            _ => digits.parse(),
        };
        self.emit(Op::Const(number.map_or(Const::Number, Const::Int)), node)
    }

    fn string(&mut self, node: FlatNode<'f>) -> Val {
        if node.children().next().is_some() {
            return self.format(node);
        }
        let constant = match string_value(self.source(node)) {
            Some((prefix, _)) if prefix.bytes => Const::Bytes,
            Some((_, value)) => self.string_constant(&value),
            None => Const::Text,
        };
        self.emit(Op::Const(constant), node)
    }

    fn concatenated_string(&mut self, node: FlatNode<'f>) -> Val {
        let mut whole = String::new();
        for part in node.children() {
            match string_value(self.source(part)) {
                Some((prefix, value)) if !prefix.bytes && part.children().next().is_none() => whole += &value,
                _ => return self.format(node),
            }
        }
        let constant = self.string_constant(&whole);
        self.emit(Op::Const(constant), node)
    }

    /// A string with interpolations, which may lie nested in its parts.
    fn format(&mut self, node: FlatNode<'f>) -> Val {
        let mut values = Vec::new();
        let mut pending: Vec<FlatNode<'f>> = vec![node];
        while let Some(part) = pending.pop() {
            for child in part.children() {
                match child.kind() {
                    Kind::String | Kind::FormatSpecifier => pending.push(child),
                    Kind::Interpolation | Kind::FormatExpression => {
                        values.extend(child.field(Field::Expression).map(|inner| self.expression(inner)));
                        pending.extend(child.child(Kind::FormatSpecifier));
                    }
                    _ => {}
                }
            }
        }
        let args = self.pool_values(&values);
        self.emit(Op::Format(args), node)
    }

    fn binary(&mut self, node: FlatNode<'f>) -> Val {
        let (Some(left), Some(right)) = (node.field(Field::Left), node.field(Field::Right)) else {
            return self.opaque(node);
        };
        let op = node.field(Field::Operator).map_or(BinaryOp::Other, |operator| binary_op(operator.kind()));
        let left = self.expression(left);
        let right = self.expression(right);
        self.emit(Op::Binary { op, left, right }, node)
    }

    /// A sign. A negative number is a number.
    fn unary(&mut self, node: FlatNode<'f>) -> Val {
        let Some(argument) = node.field(Field::Argument) else { return self.opaque(node) };
        let value = self.expression(argument);
        let negative = node.field(Field::Operator).is_some_and(|operator| operator.kind() == Kind::Minus);
        match self.body.op(value) {
            Op::Const(Const::Int(number)) if negative => {
                self.emit(Op::Const(Const::Int(number.saturating_neg())), node)
            }
            _ => self.emit(Op::Unary(value), node),
        }
    }

    /// `a < b < c`: each link is evaluated only if the one before it holds.
    fn comparison(&mut self, node: FlatNode<'f>) -> Val {
        let mut operators = node.fields(Field::Operators).map(|operator| compare_op(operator.kind()));
        let mut operands = node.children().filter(|child| child.role() != Field::Operators);
        let Some(first) = operands.next() else { return self.emit_none(node) };
        let mut left = self.expression(first);
        let mut links = Vec::new();
        let after = self.new_block();
        for operand in operands {
            if let Some(&condition) = links.last() {
                let next = self.new_block();
                self.leave(Terminator::Branch { condition, then: next, otherwise: after });
                self.start(next);
            }
            let right = self.expression(operand);
            let op = operators.next().unwrap_or(CompareOp::Eq);
            links.push(self.emit(Op::Compare { op, left, right }, node));
            left = right;
        }
        if let [only] = links.as_slice() {
            return *only;
        }
        self.goto(after);
        self.start(after);
        let args = self.pool_values(&links);
        self.emit(Op::Merge(args), node)
    }

    fn named_expression(&mut self, node: FlatNode<'f>) -> Val {
        let (Some(name), Some(value)) = (node.field(Field::Name), node.field(Field::Value)) else {
            return self.opaque(node);
        };
        let value = self.expression(value);
        let name = self.intern(name);
        let var = self.scopes.bind(self.scopes.binding_scope(self.scope), name);
        self.emit(Op::Store { var, value }, node);
        value
    }

    fn yield_expression(&mut self, node: FlatNode<'f>) -> Val {
        self.has_yield = true;
        let is_from = node.has(Kind::FromKeyword);
        let value = node.children().find(|child| child.kind() != Kind::FromKeyword);
        let value = value.map(|value| self.expression(value));
        match (is_from, value) {
            (true, Some(value)) => self.emit(Op::YieldFrom(value), node),
            _ => self.emit(Op::Yield(value), node),
        }
    }

    /// `list[int]` in an annotation.
    fn generic_type(&mut self, node: FlatNode<'f>) -> Val {
        let Some(base) = node.child(Kind::Identifier).or_else(|| node.children().next()) else {
            return self.emit_none(node);
        };
        let base = self.expression(base);
        let arguments = match node.child(Kind::TypeParameter) {
            Some(list) => self.operands(list),
            None => Args::default(),
        };
        let key = match self.body.args(arguments) {
            [only] => only.value,
            _ => self.emit(Op::Display { kind: Display::Tuple, args: arguments }, node),
        };
        self.emit(Op::Index { base, key }, node)
    }
}

/// How many literals of a display are looked at. Longer ones are tables, whose further lines say nothing new.
const MAX_LITERALS: usize = 512;

/// Whether an element is written out, all of it.
fn is_literal(node: FlatNode<'_>) -> bool {
    match node.kind() {
        Kind::Integer | Kind::Float | Kind::True | Kind::False | Kind::None => true,
        Kind::String => node.children().next().is_none(),
        Kind::Tuple | Kind::List | Kind::Pair | Kind::ConcatenatedString => node.children().all(is_literal),
        Kind::UnaryOperator => node.field(Field::Argument).is_some_and(is_literal),
        _ => false,
    }
}

fn compare_op(operator: Kind) -> CompareOp {
    match operator {
        Kind::Is => CompareOp::Is,
        Kind::IsNot => CompareOp::IsNot,
        Kind::In => CompareOp::In,
        Kind::NotIn => CompareOp::NotIn,
        Kind::NotEq | Kind::NotEqOld => CompareOp::NotEq,
        Kind::Less => CompareOp::Less,
        Kind::LessEq => CompareOp::LessEq,
        Kind::Greater => CompareOp::Greater,
        Kind::GreaterEq => CompareOp::GreaterEq,
        _ => CompareOp::Eq,
    }
}
