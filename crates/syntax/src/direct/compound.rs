//! Statements with blocks.

use super::Direct;
use super::builder::At;
use super::token::Token;
use crate::{Field, Kind, TextRange};

impl Direct<'_> {
    pub(super) fn module(&mut self) -> Option<()> {
        let at = self.builder.open(Kind::Module, Field::None, 0);
        self.lexer.first_token()?;
        let comment = self.lexer.comments.first().map(|comment| comment.start);
        self.builder.set_start(at, comment.map_or(self.lexer.start, |start| start.min(self.lexer.start)));
        self.statements(0)?;
        if !self.is(Token::End) {
            return None;
        }
        self.builder.close(at, self.lexer.end());
        Some(())
    }

    /// The statements of a block whose first line is the current one.
    fn statements(&mut self, indent: u32) -> Option<()> {
        let outer = std::mem::replace(&mut self.lexer.block_indent, indent);
        while !self.is(Token::End) && self.lexer.indent == indent {
            self.nested(Self::statement)?;
        }
        self.lexer.block_indent = outer;
        let is_ended = self.is(Token::End) || self.lexer.indent < indent;
        is_ended.then_some(())
    }

    pub(super) fn statement(&mut self) -> Option<()> {
        let start = self.lexer.start;
        match self.token() {
            Token::If => self.if_statement(),
            Token::For => self.for_statement(start, None),
            Token::While => self.while_statement(),
            Token::Try => self.try_statement(),
            Token::With => self.with_statement(start, None),
            Token::At => self.decorated(),
            Token::Def | Token::Class => self.definition(start, None),
            Token::Async => {
                let keyword = TextRange::new(start, self.lexer.end());
                self.advance()?;
                match self.token() {
                    Token::Def => self.definition(start, Some(keyword)),
                    Token::For => self.for_statement(start, Some(keyword)),
                    Token::With => self.with_statement(start, Some(keyword)),
                    _ => None,
                }
            }
            _ => self.line(),
        }
    }

    /// A colon and the block behind it. Gives where the block ends.
    fn suite(&mut self, role: Field) -> Option<u32> {
        self.expect(Token::Colon)?;
        if !self.is(Token::Newline) {
            let at = self.builder.open(Kind::Block, role, self.lexer.start);
            self.line()?;
            self.builder.close(at, self.lexer.line_end);
            return Some(self.lexer.line_end);
        }
        self.lexer.next_line()?;
        let indent = self.lexer.indent;
        if indent <= self.lexer.block_indent || self.is(Token::End) {
            return None;
        }
        let at = self.builder.open(Kind::Block, role, self.lexer.start);
        self.statements(indent)?;
        let end = self.lexer.block_end(indent);
        self.builder.close(at, end);
        Some(end)
    }

    /// Whether a clause of the statement whose block has just ended begins here.
    fn is_clause(&self, token: Token) -> bool {
        self.is(token) && self.lexer.indent == self.lexer.block_indent
    }

    fn if_statement(&mut self) -> Option<()> {
        let at = self.builder.open(Kind::If, Field::None, self.lexer.start);
        let mut end = self.condition_and_block(Field::Consequence)?;
        while self.is_clause(Token::Elif) {
            let clause = self.builder.open(Kind::Elif, Field::Alternative, self.lexer.start);
            end = self.condition_and_block(Field::Consequence)?;
            self.builder.close(clause, end);
        }
        end = self.else_clause(Field::Alternative, end)?;
        self.builder.close(at, end);
        Some(())
    }

    fn while_statement(&mut self) -> Option<()> {
        let at = self.builder.open(Kind::While, Field::None, self.lexer.start);
        let end = self.condition_and_block(Field::Body)?;
        let end = self.else_clause(Field::Alternative, end)?;
        self.builder.close(at, end);
        Some(())
    }

    /// A keyword, a condition, and a block.
    fn condition_and_block(&mut self, role: Field) -> Option<u32> {
        self.advance()?;
        self.expression(Field::Condition)?;
        self.suite(role)
    }

    /// An `else`, if there is one behind what ends at `end`. Gives where all of it ends.
    fn else_clause(&mut self, role: Field, end: u32) -> Option<u32> {
        if !self.is_clause(Token::Else) {
            return Some(end);
        }
        let at = self.builder.open(Kind::Else, role, self.lexer.start);
        self.advance()?;
        let end = self.suite(Field::Body)?;
        self.builder.close(at, end);
        Some(end)
    }

    fn for_statement(&mut self, start: u32, is_async: Option<TextRange>) -> Option<()> {
        let at = self.open_async(Kind::For, start, is_async);
        self.advance()?;
        self.targets(Field::Left)?;
        self.expect(Token::In)?;
        self.expressions(Field::Right)?;
        let end = self.suite(Field::Body)?;
        let end = self.else_clause(Field::Alternative, end)?;
        self.builder.close(at, end);
        Some(())
    }

    fn open_async(&mut self, kind: Kind, start: u32, is_async: Option<TextRange>) -> At {
        let at = self.builder.open(kind, Field::None, start);
        if let Some(keyword) = is_async {
            self.builder.leaf(Kind::AsyncKeyword, Field::None, keyword);
        }
        at
    }

    fn try_statement(&mut self) -> Option<()> {
        let at = self.builder.open(Kind::Try, Field::None, self.lexer.start);
        self.advance()?;
        let mut end = self.suite(Field::Body)?;
        while self.is_clause(Token::Except) {
            end = self.except_clause()?;
        }
        end = self.else_clause(Field::None, end)?;
        if self.is_clause(Token::Finally) {
            let clause = self.builder.open(Kind::Finally, Field::None, self.lexer.start);
            self.advance()?;
            end = self.suite(Field::None)?;
            self.builder.close(clause, end);
        }
        self.builder.close(at, end);
        Some(())
    }

    fn except_clause(&mut self) -> Option<u32> {
        let at = self.builder.open(Kind::Except, Field::None, self.lexer.start);
        self.advance()?;
        self.accept(Token::Star)?;
        if !self.is(Token::Colon) {
            let value = self.builder.here();
            self.expression(Field::Value)?;
            self.alias(value)?;
        }
        let end = self.suite(Field::None)?;
        self.builder.close(at, end);
        Some(end)
    }

    /// `as name` behind a value, if it is there.
    fn alias(&mut self, value: At) -> Option<()> {
        if !self.is(Token::As) {
            return Some(());
        }
        self.builder.wrap(value, Kind::AsPattern, Field::None);
        self.advance()?;
        let target = self.builder.open(Kind::AsPatternTarget, Field::Alias, self.lexer.start);
        self.primary(Field::None)?;
        self.builder.close(target, self.behind());
        self.builder.close(value, self.behind());
        Some(())
    }

    fn with_statement(&mut self, start: u32, is_async: Option<TextRange>) -> Option<()> {
        let at = self.open_async(Kind::With, start, is_async);
        self.advance()?;
        let clause = self.builder.open(Kind::WithClause, Field::None, self.lexer.start);
        loop {
            let item = self.builder.open(Kind::WithItem, Field::None, self.lexer.start);
            let value = self.builder.here();
            self.expression(Field::Value)?;
            // Parentheses around all items look like an expression.
            let kind = self.builder.kind(value);
            if matches!(kind, Kind::Parenthesized | Kind::Tuple | Kind::GeneratorExpression) {
                return None;
            }
            self.alias(value)?;
            self.builder.close(item, self.behind());
            if !self.accept(Token::Comma)? {
                break;
            }
        }
        self.builder.close(clause, self.behind());
        let end = self.suite(Field::Body)?;
        self.builder.close(at, end);
        Some(())
    }

    fn decorated(&mut self) -> Option<()> {
        let start = self.lexer.start;
        self.builder.begin(start);
        let at = self.builder.open(Kind::Decorated, Field::None, start);
        while self.is(Token::At) {
            let decorator = self.builder.open(Kind::Decorator, Field::None, self.lexer.start);
            self.advance()?;
            self.expression(Field::None)?;
            if !self.is(Token::Newline) {
                return None;
            }
            self.lexer.next_line()?;
            self.builder.close(decorator, self.lexer.line_end);
            if self.lexer.indent != self.lexer.block_indent {
                return None;
            }
        }
        let begin = self.lexer.start;
        let keyword = TextRange::new(begin, self.lexer.end());
        let is_async = self.accept(Token::Async)?;
        let end = self.defined(Field::Definition, begin, is_async.then_some(keyword))?;
        self.builder.close(at, end);
        self.builder.end(end)
    }

    fn definition(&mut self, start: u32, is_async: Option<TextRange>) -> Option<()> {
        self.builder.begin(start);
        let end = self.defined(Field::None, start, is_async)?;
        self.builder.end(end)
    }

    /// A function or class without its decorators. Gives where it ends.
    fn defined(&mut self, role: Field, start: u32, is_async: Option<TextRange>) -> Option<u32> {
        let is_function = match self.token() {
            Token::Def => true,
            Token::Class if is_async.is_none() => false,
            _ => return None,
        };
        let at = self.builder.open(if is_function { Kind::Function } else { Kind::Class }, role, start);
        if let Some(keyword) = is_async {
            self.builder.leaf(Kind::AsyncKeyword, Field::None, keyword);
        }
        self.advance()?;
        self.builder.name(TextRange::new(self.lexer.start, self.lexer.end()));
        self.identifier(Field::Name)?;
        if self.is(Token::OpenSquare) {
            self.type_parameters(Field::TypeParameters)?;
        }
        if is_function {
            self.parameters()?;
            if self.accept(Token::Arrow)? {
                self.annotation(Field::ReturnType)?;
            }
        } else if self.is(Token::Open) {
            let bases = self.builder.here();
            self.arguments(Field::Superclasses)?;
            if self.builder.kind(bases) != Kind::ArgumentList {
                return None;
            }
        }
        let end = self.suite(Field::Body)?;
        self.builder.close(at, end);
        Some(end)
    }
}
