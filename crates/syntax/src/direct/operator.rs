//! Operators, by how tightly the grammar binds them.

use super::Direct;
use super::builder::At;
use super::expression::above;
use super::token::Token;
use crate::{Field, Kind, TextRange};

const OR: u8 = 1;
const AND: u8 = 2;
const NOT: u8 = 3;
const COMPARE: u8 = 4;
const BITWISE_OR: u8 = 5;
const BITWISE_AND: u8 = 6;
const BITWISE_XOR: u8 = 7;
const SHIFT: u8 = 8;
const PLUS: u8 = 9;
const TIMES: u8 = 10;
const POWER: u8 = 12;

/// How tightly an operator between two operands binds, and what it is.
fn infix(token: Token) -> Option<(u8, Kind)> {
    Some(match token {
        Token::Or => (OR, Kind::Or),
        Token::And => (AND, Kind::And),
        Token::In => (COMPARE, Kind::In),
        Token::Not => (COMPARE, Kind::NotIn),
        Token::Is => (COMPARE, Kind::Is),
        Token::Less => (COMPARE, Kind::Less),
        Token::LessEqual => (COMPARE, Kind::LessEq),
        Token::Greater => (COMPARE, Kind::Greater),
        Token::GreaterEqual => (COMPARE, Kind::GreaterEq),
        Token::EqualEqual => (COMPARE, Kind::Eq),
        Token::NotEqual => (COMPARE, Kind::NotEq),
        Token::Pipe => (BITWISE_OR, Kind::Pipe),
        Token::Ampersand => (BITWISE_AND, Kind::Ampersand),
        Token::Caret => (BITWISE_XOR, Kind::Caret),
        Token::ShiftLeft => (SHIFT, Kind::ShiftLeft),
        Token::ShiftRight => (SHIFT, Kind::ShiftRight),
        Token::Plus => (PLUS, Kind::Plus),
        Token::Minus => (PLUS, Kind::Minus),
        Token::Star => (TIMES, Kind::Star),
        Token::Slash => (TIMES, Kind::Slash),
        Token::SlashSlash => (TIMES, Kind::SlashSlash),
        Token::Percent => (TIMES, Kind::Percent),
        Token::At => (TIMES, Kind::At),
        Token::StarStar => (POWER, Kind::StarStar),
        _ => return None,
    })
}

impl Direct<'_> {
    /// What binds an operation without `if` and `:=`.
    pub(super) const LOOSEST: u8 = OR;

    /// Operands with operators that bind at least as tightly as `level`.
    pub(super) fn operation(&mut self, level: u8, role: Field) -> Option<u32> {
        let at = self.builder.here();
        let mut height = self.operand(level, role)?;
        while let Some((own, kind)) = infix(self.token()).filter(|(own, _)| *own >= level) {
            if own == COMPARE {
                height = self.comparison(at, height)?;
                continue;
            }
            let node = if own <= AND { Kind::BooleanOperator } else { Kind::BinaryOperator };
            self.builder.wrap(at, node, Field::Left);
            self.leaf(kind, Field::Operator)?;
            // Only the power binds to the right.
            let right = if own == POWER { own } else { own + 1 };
            let right = self.nested(|this| this.operation(right, Field::Right))?;
            self.builder.close(at, self.behind());
            height = above(&[height, right])?;
        }
        Some(height)
    }

    fn operand(&mut self, level: u8, role: Field) -> Option<u32> {
        let (kind, sign) = match self.token() {
            Token::Not if level <= NOT => {
                return self.prefixed(Kind::NotOperator, NOT, role, Field::Argument);
            }
            Token::Lambda if level <= NOT => return self.nested(|this| this.lambda(role)),
            Token::Await => return self.prefixed(Kind::Await, POWER, role, Field::None),
            Token::Plus => (Kind::UnaryOperator, Kind::Plus),
            Token::Minus => (Kind::UnaryOperator, Kind::Minus),
            Token::Tilde => (Kind::UnaryOperator, Kind::Tilde),
            _ => return self.primary(role),
        };
        let at = self.builder.open(kind, role, self.lexer.start);
        self.leaf(sign, Field::Operator)?;
        let height = self.nested(|this| this.operation(POWER, Field::Argument))?;
        self.builder.close(at, self.behind());
        above(&[height])
    }

    /// A keyword and the operand behind it.
    fn prefixed(&mut self, kind: Kind, level: u8, role: Field, inner: Field) -> Option<u32> {
        let at = self.builder.open(kind, role, self.lexer.start);
        self.advance()?;
        let height = self.nested(|this| this.operation(level, inner))?;
        self.builder.close(at, self.behind());
        above(&[height])
    }

    /// A chain of comparisons behind an operand: all of them are one node.
    fn comparison(&mut self, at: At, mut height: u32) -> Option<u32> {
        self.builder.wrap(at, Kind::ComparisonOperator, Field::None);
        while let Some((COMPARE, kind)) = infix(self.token()) {
            let start = self.lexer.start;
            let first = self.token();
            self.advance()?;
            let kind = match first {
                Token::Not => {
                    self.expect(Token::In)?;
                    kind
                }
                Token::Is if self.accept(Token::Not)? => Kind::IsNot,
                _ => kind,
            };
            self.builder.leaf(kind, Field::Operators, TextRange::new(start, self.behind()));
            height = height.max(self.nested(|this| this.operation(COMPARE + 1, Field::None))?);
        }
        self.builder.close(at, self.behind());
        above(&[height])
    }
}
