//! Expressions: names, literals, and what stands behind them.

use super::token::Token;
use super::{Direct, MAX_HEIGHT};
use crate::{Field, Kind};

impl Direct<'_> {
    /// An expression without a comma.
    pub(super) fn expression(&mut self, role: Field) -> Option<u32> {
        self.nested(|this| this.expression_here(role))
    }

    fn expression_here(&mut self, role: Field) -> Option<u32> {
        let at = self.builder.here();
        let mut height = self.operation(Self::LOOSEST, role)?;
        if self.is(Token::ColonEqual) {
            if !self.is_name(at) {
                return None;
            }
            self.builder.wrap(at, Kind::NamedExpression, Field::Name);
            self.advance()?;
            // The grammar gives a condition behind it the whole, not the value.
            height = above(&[self.operation(Self::LOOSEST, Field::Value)?])?;
            self.builder.close(at, self.behind());
        }
        if !self.is(Token::If) {
            return Some(height);
        }
        self.builder.wrap(at, Kind::Conditional, Field::None);
        self.advance()?;
        let condition = self.operation(Self::LOOSEST, Field::None)?;
        self.expect(Token::Else)?;
        let otherwise = self.expression(Field::None)?;
        self.builder.close(at, self.behind());
        above(&[height, condition, otherwise])
    }

    /// Expressions with commas between them: a list of them if there is a comma.
    pub(super) fn expressions(&mut self, role: Field) -> Option<u32> {
        let at = self.builder.here();
        let mut height = self.open_element(role)?;
        if !self.is(Token::Comma) {
            return Some(height);
        }
        self.builder.wrap(at, Kind::ExpressionList, Field::None);
        while self.accept(Token::Comma)? && self.begins_expression() {
            height = height.max(self.open_element(Field::None)?);
        }
        self.builder.close(at, self.behind());
        above(&[height])
    }

    /// The same where no brackets stand around it: there the grammar takes the star for a part of the name
    /// behind it.
    pub(super) fn open_element(&mut self, role: Field) -> Option<u32> {
        let at = self.builder.here();
        let is_starred = self.is(Token::Star);
        let height = self.element(role)?;
        if is_starred && !self.is_name(at.first_part()) { None } else { Some(height) }
    }

    /// An expression, or one with a star before it.
    pub(super) fn element(&mut self, role: Field) -> Option<u32> {
        if !self.is(Token::Star) {
            return self.expression(role);
        }
        let at = self.builder.open(Kind::ListSplat, role, self.lexer.start);
        self.advance()?;
        let height = self.expression(Field::None)?;
        self.builder.close(at, self.behind());
        above(&[height])
    }

    /// Whether the current token can begin an expression or a starred one.
    fn begins_expression(&self) -> bool {
        matches!(
            self.token(),
            Token::Name
                | Token::Integer
                | Token::Float
                | Token::Quote
                | Token::True
                | Token::False
                | Token::None
                | Token::Ellipsis
                | Token::Open
                | Token::OpenSquare
                | Token::OpenBrace
                | Token::Not
                | Token::Minus
                | Token::Plus
                | Token::Tilde
                | Token::Star
                | Token::Lambda
                | Token::Await
        )
    }

    pub(super) fn yield_expression(&mut self, role: Field) -> Option<u32> {
        let at = self.builder.open(Kind::Yield, role, self.lexer.start);
        self.advance()?;
        let mut height = 1;
        if self.is(Token::From) {
            self.leaf(Kind::FromKeyword, Field::None)?;
            height = self.expression(Field::None)?;
        } else if self.begins_expression() {
            height = self.expressions(Field::None)?;
        }
        self.builder.close(at, self.behind());
        above(&[height])
    }

    pub(super) fn lambda(&mut self, role: Field) -> Option<u32> {
        let at = self.builder.open(Kind::Lambda, role, self.lexer.start);
        self.advance()?;
        let mut height = 1;
        if !self.is(Token::Colon) {
            let list = self.builder.open(Kind::LambdaParameters, Field::Parameters, self.lexer.start);
            height = self.parameter_list(Token::Colon, false)?;
            self.builder.close(list, self.behind());
        }
        self.expect(Token::Colon)?;
        let body = self.expression(Field::Body)?;
        self.builder.close(at, self.behind());
        above(&[height + 1, body])
    }

    /// An operand with the attributes, calls and subscripts behind it.
    pub(super) fn primary(&mut self, role: Field) -> Option<u32> {
        let at = self.builder.here();
        let mut height = self.atom(role)?;
        loop {
            let inner = match self.token() {
                Token::Dot => {
                    self.builder.wrap(at, Kind::Attribute, Field::Object);
                    self.advance()?;
                    self.identifier(Field::Attribute)?;
                    1
                }
                Token::Open => {
                    self.builder.wrap(at, Kind::Call, Field::Function);
                    self.arguments(Field::Arguments)?
                }
                Token::OpenSquare => {
                    self.builder.wrap(at, Kind::Subscript, Field::Value);
                    self.subscripts()?
                }
                _ => return Some(height),
            };
            self.builder.close(at, self.behind());
            height = above(&[height, inner])?;
        }
    }

    fn atom(&mut self, role: Field) -> Option<u32> {
        let kind = match self.token() {
            Token::Name => Kind::Identifier,
            Token::Integer => Kind::Integer,
            Token::Float => Kind::Float,
            Token::True => Kind::True,
            Token::False => Kind::False,
            Token::None => Kind::None,
            Token::Ellipsis => Kind::Ellipsis,
            Token::Quote => return self.strings(role),
            Token::Open => return self.parenthesis(role),
            Token::OpenSquare => return self.square(role),
            Token::OpenBrace => return self.brace(role),
            _ => return None,
        };
        self.leaf(kind, role)?;
        Some(1)
    }

    /// Whether a node is a name.
    pub(super) fn is_name(&self, at: super::builder::At) -> bool {
        self.builder.kind(at) == Kind::Identifier && self.builder.is_leaf(at)
    }

    /// Makes the current token a node and passes it.
    pub(super) fn leaf(&mut self, kind: Kind, role: Field) -> Option<()> {
        let range = crate::TextRange::new(self.lexer.start, self.lexer.end());
        self.builder.leaf(kind, role, range);
        self.advance()
    }

    /// A name.
    pub(super) fn identifier(&mut self, role: Field) -> Option<()> {
        if self.is(Token::Name) { self.leaf(Kind::Identifier, role) } else { None }
    }
}

/// The height of a node above others.
pub(super) fn above(inner: &[u32]) -> Option<u32> {
    let height = inner.iter().copied().max().unwrap_or(0) + 1;
    (height <= MAX_HEIGHT).then_some(height)
}
