//! Parameters, annotations, and the targets of assignments.

use super::Direct;
use super::builder::At;
use super::expression::above;
use super::token::Token;
use crate::{Field, Kind};

impl Direct<'_> {
    /// `(…)` behind the name of a function.
    pub(super) fn parameters(&mut self) -> Option<()> {
        let at = self.builder.open(Kind::Parameters, Field::Parameters, self.lexer.start);
        self.expect(Token::Open)?;
        self.parameter_list(Token::Close, true)?;
        self.expect(Token::Close)?;
        self.builder.close(at, self.behind());
        Some(())
    }

    /// Parameters up to what closes them; those of a lambda have no annotations.
    pub(super) fn parameter_list(&mut self, closing: Token, is_annotated: bool) -> Option<u32> {
        let mut height = 1;
        while !self.is(closing) {
            height = height.max(self.parameter(is_annotated)?);
            if !self.accept(Token::Comma)? {
                break;
            }
        }
        if self.is(closing) { Some(height) } else { None }
    }

    fn parameter(&mut self, is_annotated: bool) -> Option<u32> {
        let at = self.builder.here();
        let start = self.lexer.start;
        match self.token() {
            Token::Slash => return self.leaf(Kind::PositionalSeparator, Field::None).map(|()| 1),
            Token::Star | Token::StarStar => {
                let is_single = self.is(Token::Star);
                let kind = if is_single { Kind::ListSplatPattern } else { Kind::DictionarySplatPattern };
                self.advance()?;
                if is_single && !self.is(Token::Name) {
                    let range = crate::TextRange::new(start, self.behind());
                    self.builder.leaf(Kind::KeywordSeparator, Field::None, range);
                    return Some(1);
                }
                self.builder.open(kind, Field::None, start);
                self.identifier(Field::None)?;
                self.builder.close(at, self.behind());
            }
            _ => self.identifier(Field::None)?,
        }
        let is_splat = self.builder.kind(at) != Kind::Identifier;
        let mut height = 2;
        if self.is(Token::Colon) && is_annotated {
            self.builder.wrap(at, Kind::TypedParameter, Field::None);
            self.advance()?;
            height = self.annotation(Field::Type)?;
        }
        if self.is(Token::Equal) && !is_splat {
            let is_typed = self.builder.kind(at) == Kind::TypedParameter;
            if is_typed {
                self.builder.set_kind(at, Kind::TypedDefaultParameter);
                self.builder.set_role(at.first_part(), Field::Name);
            } else {
                self.builder.wrap(at, Kind::DefaultParameter, Field::Name);
            }
            self.advance()?;
            height = height.max(self.expression(Field::Value)?);
        }
        if self.builder.kind(at) != Kind::Identifier {
            self.builder.close(at, self.behind());
        }
        above(&[height])
    }

    /// A type, where one is written: an expression, or a name with types in brackets.
    pub(super) fn annotation(&mut self, role: Field) -> Option<u32> {
        self.nested(|this| this.annotation_here(role))
    }

    fn annotation_here(&mut self, role: Field) -> Option<u32> {
        let at = self.builder.open(Kind::Type, role, self.lexer.start);
        let inner = self.builder.here();
        let is_generic = self.begins_generic();
        let mut height = self.type_itself()?;
        while is_generic && self.is(Token::Pipe) {
            height = self.union(inner, height)?;
        }
        if !matches!(
            self.token(),
            Token::Comma
                | Token::Close
                | Token::CloseSquare
                | Token::Equal
                | Token::Colon
                | Token::Newline
                | Token::Semicolon
                | Token::End
        ) {
            return None;
        }
        self.builder.close(at, self.behind());
        above(&[height])
    }

    fn begins_generic(&self) -> bool {
        self.is(Token::Name) && self.lexer.is_before(b'[')
    }

    fn type_itself(&mut self) -> Option<u32> {
        if self.begins_generic() { self.generic() } else { self.expression(Field::None) }
    }

    /// `list[int] | None`, once its left side is read. Without brackets on the left it is an expression.
    fn union(&mut self, left: At, height: u32) -> Option<u32> {
        self.builder.wrap(left, Kind::Type, Field::None);
        self.builder.close(left, self.behind());
        self.builder.wrap(left, Kind::UnionType, Field::None);
        self.advance()?;
        let right = self.builder.open(Kind::Type, Field::None, self.lexer.start);
        let inner = self.type_itself()?;
        self.builder.close(right, self.behind());
        self.builder.close(left, self.behind());
        above(&[height + 1, inner + 1])
    }

    /// `list[int]`
    fn generic(&mut self) -> Option<u32> {
        let at = self.builder.open(Kind::GenericType, Field::None, self.lexer.start);
        self.identifier(Field::None)?;
        let height = self.type_parameters(Field::None)?;
        self.builder.close(at, self.behind());
        above(&[height])
    }

    /// Types in brackets.
    pub(super) fn type_parameters(&mut self, role: Field) -> Option<u32> {
        let at = self.builder.open(Kind::TypeParameter, role, self.lexer.start);
        self.expect(Token::OpenSquare)?;
        let mut height = 1;
        loop {
            height = height.max(self.annotation(Field::None)?);
            if !self.accept(Token::Comma)? || self.is(Token::CloseSquare) {
                break;
            }
        }
        self.expect(Token::CloseSquare)?;
        self.builder.close(at, self.behind());
        above(&[height])
    }

    /// What a `for` binds: one target, or several with commas.
    pub(super) fn targets(&mut self, role: Field) -> Option<u32> {
        let at = self.builder.here();
        let mut height = self.target(role)?;
        if !self.is(Token::Comma) {
            return Some(height);
        }
        self.builder.wrap(at, Kind::PatternList, Field::None);
        while self.accept(Token::Comma)? && !self.is(Token::In) {
            height = height.max(self.target(Field::None)?);
        }
        self.builder.close(at, self.behind());
        above(&[height])
    }

    fn target(&mut self, role: Field) -> Option<u32> {
        let at = self.builder.here();
        let height = if self.is(Token::Star) {
            self.builder.open(Kind::ListSplat, role, self.lexer.start);
            self.advance()?;
            let height = self.primary(Field::None)?;
            self.builder.close(at, self.behind());
            above(&[height])?
        } else {
            self.primary(role)?
        };
        self.make_pattern(at)?;
        Some(height)
    }

    /// What was read as an expression is the target of an assignment.
    pub(super) fn make_pattern(&mut self, at: At) -> Option<()> {
        let kind = match self.builder.kind(at) {
            Kind::Identifier | Kind::Attribute | Kind::Subscript => return Some(()),
            Kind::Tuple | Kind::Parenthesized => Kind::TuplePattern,
            Kind::List => Kind::ListPattern,
            Kind::ExpressionList => Kind::PatternList,
            Kind::ListSplat => Kind::ListSplatPattern,
            _ => return None,
        };
        self.builder.set_kind(at, kind);
        for part in self.builder.parts(at) {
            let is_plain =
                matches!(self.builder.kind(part), Kind::Identifier | Kind::Attribute | Kind::Subscript);
            if kind == Kind::ListSplatPattern && !is_plain {
                return None;
            }
            self.make_pattern(part)?;
        }
        Some(())
    }
}
