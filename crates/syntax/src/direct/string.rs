//! String literals.

use super::Direct;
use super::expression::above;
use super::lexer::Prefix;
use super::token::Token;
use crate::{Field, Kind, TextRange};

impl Direct<'_> {
    /// A string, or several beside each other.
    pub(super) fn strings(&mut self, role: Field) -> Option<u32> {
        let at = self.builder.here();
        let mut height = self.string(role)?;
        if !self.is(Token::Quote) {
            return Some(height);
        }
        self.builder.wrap(at, Kind::ConcatenatedString, Field::None);
        while self.is(Token::Quote) {
            height = height.max(self.string(Field::None)?);
        }
        self.builder.close(at, self.behind());
        above(&[height])
    }

    fn string(&mut self, role: Field) -> Option<u32> {
        let prefix = self.lexer.prefix();
        let start = self.lexer.start;
        if !prefix.is_format {
            self.lexer.plain_string(prefix)?;
            self.builder.leaf(Kind::String, role, TextRange::new(start, self.lexer.end()));
            self.advance()?;
            return Some(1);
        }
        self.nested(|this| this.format_string(prefix, role, start))
    }

    fn format_string(&mut self, prefix: Prefix, role: Field, start: u32) -> Option<u32> {
        let at = self.builder.open(Kind::String, role, start);
        let mut height = 1;
        while self.lexer.text_to_brace(prefix)? {
            height = height.max(self.interpolation(Kind::Interpolation)?);
        }
        self.builder.close(at, self.lexer.end());
        self.advance()?;
        above(&[height])
    }

    /// `{expression=!r:specifier}`, up to behind its closing brace.
    fn interpolation(&mut self, kind: Kind) -> Option<u32> {
        self.lexer.enter_brace();
        let at = self.builder.open(kind, Field::None, self.lexer.start);
        self.advance()?;
        let expression = self.builder.here();
        let mut height = self.expression(Field::Expression)?;
        if self.builder.kind(expression) == Kind::NamedExpression {
            return None;
        }
        self.accept(Token::Equal)?;
        if self.is(Token::Bang) {
            let range = self.lexer.conversion()?;
            self.builder.leaf(Kind::Other, Field::None, range);
            self.advance()?;
        }
        match self.token() {
            Token::CloseBrace => {}
            Token::Colon => height = height.max(self.specifier()?),
            _ => return None,
        }
        self.builder.close(at, self.lexer.end());
        above(&[height])
    }

    /// `:…` in an interpolation, and the brace behind it.
    fn specifier(&mut self) -> Option<u32> {
        let at = self.builder.open(Kind::FormatSpecifier, Field::None, self.lexer.start);
        let mut height = 1;
        while self.lexer.specifier_to_brace()? {
            height = height.max(self.nested(|this| this.interpolation(Kind::FormatExpression))?);
        }
        self.builder.close(at, self.lexer.end());
        self.lexer.leave_brace()?;
        above(&[height])
    }
}
