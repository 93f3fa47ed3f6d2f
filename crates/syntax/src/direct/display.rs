//! What stands in brackets: tuples, lists, sets, dicts, comprehensions, arguments, subscripts.

use super::Direct;
use super::builder::At;
use super::expression::above;
use super::token::Token;
use crate::{Field, Kind};

impl Direct<'_> {
    /// `(…)`: an expression in parentheses, a tuple, or a generator.
    pub(super) fn parenthesis(&mut self, role: Field) -> Option<u32> {
        let at = self.builder.open(Kind::Parenthesized, role, self.lexer.start);
        self.advance()?;
        let height = match self.token() {
            Token::Close => {
                self.builder.set_kind(at, Kind::Tuple);
                1
            }
            Token::Yield => self.yield_expression(Field::None)?,
            _ => {
                let is_starred = self.is(Token::Star);
                let first = self.builder.here();
                let height = self.element(Field::None)?;
                match self.token() {
                    Token::For | Token::Async if !is_starred => {
                        self.comprehension(at, first, Kind::GeneratorExpression, height)?
                    }
                    Token::Comma => {
                        self.builder.set_kind(at, Kind::Tuple);
                        self.more_elements(Token::Close, height)?
                    }
                    Token::Close if !is_starred => height,
                    _ => return None,
                }
            }
        };
        self.bracket(at, Token::Close, height)
    }

    /// `[…]`: a list or a comprehension.
    pub(super) fn square(&mut self, role: Field) -> Option<u32> {
        let at = self.builder.open(Kind::List, role, self.lexer.start);
        self.advance()?;
        let mut height = 1;
        if !self.is(Token::CloseSquare) {
            let is_starred = self.is(Token::Star);
            let first = self.builder.here();
            height = self.element(Field::None)?;
            height = if matches!(self.token(), Token::For | Token::Async) && !is_starred {
                self.comprehension(at, first, Kind::ListComprehension, height)?
            } else {
                self.check_only_star(first, is_starred, Token::CloseSquare)?;
                self.more_elements(Token::CloseSquare, height)?
            };
        }
        self.bracket(at, Token::CloseSquare, height)
    }

    /// `{…}`: a dict, a set, or a comprehension of either.
    pub(super) fn brace(&mut self, role: Field) -> Option<u32> {
        let at = self.builder.open(Kind::Dictionary, role, self.lexer.start);
        self.advance()?;
        let mut height = 1;
        match self.token() {
            Token::CloseBrace => {}
            Token::StarStar => height = self.pairs()?,
            _ => {
                let is_starred = self.is(Token::Star);
                let first = self.builder.here();
                height = self.element(Field::None)?;
                let is_pair = self.is(Token::Colon) && !is_starred;
                if is_pair {
                    height = self.pair_value(first, height)?;
                }
                let is_comprehension = matches!(self.token(), Token::For | Token::Async) && !is_starred;
                height = match (is_pair, is_comprehension) {
                    (true, true) => self.comprehension(at, first, Kind::DictionaryComprehension, height)?,
                    (false, true) => self.comprehension(at, first, Kind::SetComprehension, height)?,
                    (true, false) if self.accept(Token::Comma)? => height.max(self.pairs()?),
                    (true, false) => height,
                    (false, false) => {
                        self.check_only_star(first, is_starred, Token::CloseBrace)?;
                        self.builder.set_kind(at, Kind::Set);
                        self.more_elements(Token::CloseBrace, height)?
                    }
                };
            }
        }
        self.bracket(at, Token::CloseBrace, height)
    }

    /// Passes a closing bracket and ends the node that it closes.
    fn bracket(&mut self, at: At, closing: Token, height: u32) -> Option<u32> {
        self.expect(closing)?;
        self.builder.close(at, self.behind());
        above(&[height])
    }

    /// Gives up where the only element has a star and is not a name: the grammar takes the star for a part of
    /// the name that it begins with.
    fn check_only_star(&self, first: At, is_starred: bool, closing: Token) -> Option<()> {
        let is_taken = is_starred && self.is(closing) && !self.is_name(first.first_part());
        (!is_taken).then_some(())
    }

    /// Elements behind the first, each after a comma.
    fn more_elements(&mut self, closing: Token, mut height: u32) -> Option<u32> {
        while self.accept(Token::Comma)? && !self.is(closing) {
            height = height.max(self.element(Field::None)?);
        }
        Some(height)
    }

    /// The pairs of a dict, up to its end.
    fn pairs(&mut self) -> Option<u32> {
        let mut height = 1;
        while !self.is(Token::CloseBrace) {
            let at = self.builder.here();
            if self.is(Token::StarStar) {
                height = height.max(self.double_star()?);
            } else {
                let key = self.expression(Field::None)?;
                height = height.max(self.pair_value(at, key)?);
            }
            if !self.accept(Token::Comma)? {
                break;
            }
        }
        Some(height)
    }

    /// The colon and the value behind a key.
    fn pair_value(&mut self, key: At, height: u32) -> Option<u32> {
        self.expect(Token::Colon)?;
        self.builder.wrap(key, Kind::Pair, Field::Key);
        let value = self.expression(Field::Value)?;
        self.builder.close(key, self.behind());
        above(&[height, value])
    }

    fn double_star(&mut self) -> Option<u32> {
        let at = self.builder.open(Kind::DictionarySplat, Field::None, self.lexer.start);
        self.advance()?;
        let height = self.expression(Field::None)?;
        self.builder.close(at, self.behind());
        above(&[height])
    }

    /// The clauses of a comprehension, whose first part is its body.
    fn comprehension(&mut self, at: At, body: At, kind: Kind, mut height: u32) -> Option<u32> {
        self.builder.set_kind(at, kind);
        self.builder.set_role(body, Field::Body);
        loop {
            let start = self.lexer.start;
            let inner = match self.token() {
                Token::For | Token::Async => self.for_clause(start)?,
                Token::If => {
                    let clause = self.builder.open(Kind::IfClause, Field::None, start);
                    self.advance()?;
                    let inner = self.operation(Self::LOOSEST, Field::None)?;
                    self.builder.close(clause, self.behind());
                    inner + 1
                }
                Token::Close | Token::CloseSquare | Token::CloseBrace => return Some(height),
                _ => return None,
            };
            height = height.max(inner);
        }
    }

    fn for_clause(&mut self, start: u32) -> Option<u32> {
        let at = self.builder.open(Kind::ForInClause, Field::None, start);
        if self.is(Token::Async) {
            self.leaf(Kind::AsyncKeyword, Field::None)?;
        }
        self.expect(Token::For)?;
        let left = self.targets(Field::Left)?;
        self.expect(Token::In)?;
        let right = self.nested(|this| this.operation(Self::LOOSEST, Field::Right))?;
        self.builder.close(at, self.behind());
        above(&[left, right])
    }

    /// The arguments of a call, or the generator that is its only one.
    pub(super) fn arguments(&mut self, role: Field) -> Option<u32> {
        let at = self.builder.open(Kind::ArgumentList, role, self.lexer.start);
        self.advance()?;
        let mut height = 1;
        let mut is_first = true;
        while !self.is(Token::Close) {
            let argument = self.builder.here();
            let inner = match self.token() {
                Token::StarStar => self.double_star()?,
                Token::Star => self.element(Field::None)?,
                _ => self.argument(argument)?,
            };
            height = height.max(inner);
            if is_first && matches!(self.token(), Token::For | Token::Async) {
                height = self.comprehension(at, argument, Kind::GeneratorExpression, height)?;
                break;
            }
            is_first = false;
            if !self.accept(Token::Comma)? {
                break;
            }
        }
        self.bracket(at, Token::Close, height)
    }

    /// An argument, with its name or without.
    fn argument(&mut self, at: At) -> Option<u32> {
        let height = self.expression(Field::None)?;
        if !self.is(Token::Equal) {
            return Some(height);
        }
        if !self.is_name(at) {
            return None;
        }
        self.builder.wrap(at, Kind::KeywordArgument, Field::Name);
        self.advance()?;
        let value = self.expression(Field::Value)?;
        self.builder.close(at, self.behind());
        above(&[value])
    }

    /// What stands in the brackets of a subscript.
    pub(super) fn subscripts(&mut self) -> Option<u32> {
        self.expect(Token::OpenSquare)?;
        let mut height = 1;
        loop {
            height = height.max(self.index()?);
            if !self.accept(Token::Comma)? || self.is(Token::CloseSquare) {
                break;
            }
        }
        self.expect(Token::CloseSquare)?;
        Some(height)
    }

    /// A key or a slice.
    fn index(&mut self) -> Option<u32> {
        let at = self.builder.here();
        let mut height = 1;
        if self.is(Token::Colon) {
            self.builder.open(Kind::Slice, Field::Subscript, self.lexer.start);
        } else {
            height = self.open_element(Field::Subscript)?;
            if !self.is(Token::Colon) {
                return Some(height);
            }
            self.builder.wrap(at, Kind::Slice, Field::None);
        }
        self.advance()?;
        let is_end = |this: &Self| matches!(this.token(), Token::Comma | Token::CloseSquare);
        if !is_end(self) && !self.is(Token::Colon) {
            height = height.max(self.expression(Field::None)?);
        }
        if self.accept(Token::Colon)? && !is_end(self) {
            height = height.max(self.expression(Field::None)?);
        }
        self.builder.close(at, self.behind());
        above(&[height])
    }
}
