//! Statements on one line.

use super::Direct;
use super::expression::above;
use super::token::Token;
use crate::{Field, Kind, TextRange};

impl Direct<'_> {
    /// The statements of a logical line, and its end.
    pub(super) fn line(&mut self) -> Option<()> {
        loop {
            self.simple_statement()?;
            if !self.accept(Token::Semicolon)? || self.is_end_of_line() {
                break;
            }
        }
        self.lexer.next_line()
    }

    fn is_end_of_line(&self) -> bool {
        matches!(self.token(), Token::Newline | Token::End)
    }

    fn is_end_of_statement(&self) -> bool {
        self.is_end_of_line() || self.is(Token::Semicolon)
    }

    fn simple_statement(&mut self) -> Option<()> {
        match self.token() {
            Token::Pass => self.leaf(Kind::Pass, Field::None),
            Token::Break => self.leaf(Kind::Break, Field::None),
            Token::Continue => self.leaf(Kind::Continue, Field::None),
            Token::Return => self.keyword_and_values(Kind::Return),
            Token::Del => self.keyword_and_values(Kind::Delete),
            Token::Raise => self.raise(),
            Token::Assert => self.assert(),
            Token::Global => self.names(Kind::Global),
            Token::Nonlocal => self.names(Kind::Nonlocal),
            Token::Import => self.import(),
            Token::From => self.import_from(),
            _ => self.expression_statement(),
        }
    }

    /// `return a, b` and `del a, b`
    fn keyword_and_values(&mut self, kind: Kind) -> Option<()> {
        let at = self.builder.open(kind, Field::None, self.lexer.start);
        self.advance()?;
        if !self.is_end_of_statement() {
            self.expressions(Field::None)?;
        }
        self.builder.close(at, self.behind());
        Some(())
    }

    fn raise(&mut self) -> Option<()> {
        let at = self.builder.open(Kind::Raise, Field::None, self.lexer.start);
        self.advance()?;
        if !self.is_end_of_statement() {
            self.expressions(Field::None)?;
        }
        if self.is(Token::From) {
            self.leaf(Kind::FromKeyword, Field::None)?;
            self.expression(Field::Cause)?;
        }
        self.builder.close(at, self.behind());
        Some(())
    }

    fn assert(&mut self) -> Option<()> {
        let at = self.builder.open(Kind::Assert, Field::None, self.lexer.start);
        self.advance()?;
        self.expression(Field::None)?;
        while self.accept(Token::Comma)? {
            self.expression(Field::None)?;
        }
        self.builder.close(at, self.behind());
        Some(())
    }

    /// `global a, b`
    fn names(&mut self, kind: Kind) -> Option<()> {
        let at = self.builder.open(kind, Field::None, self.lexer.start);
        self.advance()?;
        self.identifier(Field::None)?;
        while self.accept(Token::Comma)? {
            self.identifier(Field::None)?;
        }
        self.builder.close(at, self.behind());
        Some(())
    }

    fn import(&mut self) -> Option<()> {
        let at = self.builder.open(Kind::Import, Field::None, self.lexer.start);
        self.advance()?;
        self.imported(Token::Newline)?;
        self.builder.close(at, self.behind());
        Some(())
    }

    fn import_from(&mut self) -> Option<()> {
        let at = self.builder.open(Kind::ImportFrom, Field::None, self.lexer.start);
        self.leaf(Kind::FromKeyword, Field::None)?;
        match self.token() {
            Token::Dot | Token::Ellipsis => self.relative()?,
            Token::Name if self.lexer.source() == b"__future__" => {
                self.builder.set_kind(at, Kind::FutureImport);
                self.advance()?;
            }
            _ => self.dotted(Field::ModuleName)?,
        }
        self.expect(Token::Import)?;
        match self.token() {
            Token::Star if self.builder.kind(at) == Kind::ImportFrom => {
                self.leaf(Kind::WildcardImport, Field::None)?;
            }
            Token::Open => {
                self.advance()?;
                self.imported(Token::Close)?;
                self.expect(Token::Close)?;
            }
            _ => self.imported(Token::Newline)?,
        }
        self.builder.close(at, self.behind());
        Some(())
    }

    /// `.package`
    fn relative(&mut self) -> Option<()> {
        let start = self.lexer.start;
        let at = self.builder.open(Kind::RelativeImport, Field::ModuleName, start);
        while matches!(self.token(), Token::Dot | Token::Ellipsis) {
            self.advance()?;
        }
        self.builder.leaf(Kind::ImportPrefix, Field::None, TextRange::new(start, self.behind()));
        if self.is(Token::Name) {
            self.dotted(Field::None)?;
        }
        self.builder.close(at, self.behind());
        Some(())
    }

    /// The names that an import brings, up to what closes them.
    fn imported(&mut self, closing: Token) -> Option<()> {
        loop {
            let at = self.builder.here();
            self.dotted(Field::Name)?;
            if self.is(Token::As) {
                self.builder.wrap(at, Kind::AliasedImport, Field::Name);
                self.advance()?;
                self.identifier(Field::Alias)?;
                self.builder.close(at, self.behind());
            }
            if !self.accept(Token::Comma)? || self.is(closing) {
                return Some(());
            }
        }
    }

    fn dotted(&mut self, role: Field) -> Option<()> {
        let at = self.builder.open(Kind::DottedName, role, self.lexer.start);
        self.identifier(Field::None)?;
        while self.accept(Token::Dot)? {
            self.identifier(Field::None)?;
        }
        self.builder.close(at, self.behind());
        Some(())
    }

    /// An expression, or what is assigned to it.
    fn expression_statement(&mut self) -> Option<()> {
        let start = self.lexer.start;
        let soft = if self.is(Token::Name) { self.lexer.source() } else { b"" };
        let statement = self.builder.open(Kind::ExpressionStatement, Field::None, start);
        let at = self.builder.here();
        if self.is(Token::Yield) {
            self.yield_expression(Field::None)?;
        } else {
            self.open_element(Field::None)?;
            if soft == b"print" && self.may_be_print_statement(at) {
                return None;
            }
            let is_list = self.is(Token::Comma);
            while self.accept(Token::Comma)? && !self.is_end_of_statement() && !self.is(Token::Equal) {
                self.open_element(Field::None)?;
            }
            let is_assigned = self.is(Token::Equal) || self.is(Token::Colon) || self.is_augmented();
            // `match x:` and `type X = …` can begin like expressions.
            let is_name = self.builder.kind(at) == Kind::Identifier;
            if is_assigned && !is_name && matches!(soft, b"match" | b"type")
                || self.is(Token::Colon) && is_list
            {
                return None;
            }
            if is_assigned {
                if is_list {
                    self.builder.wrap(at, Kind::ExpressionList, Field::None);
                    self.builder.close(at, self.behind());
                }
                self.assigned(at)?;
            }
        }
        self.builder.close(statement, self.behind());
        Some(())
    }

    /// Whether what begins with `print` may be the statement of old: `print >>file`, and what has stars, which
    /// the grammar then takes for parts of names.
    fn may_be_print_statement(&self, at: super::builder::At) -> bool {
        match self.builder.kind(at) {
            Kind::Identifier => false,
            Kind::Call => self.builder.has(at, Kind::ListSplat),
            _ => true,
        }
    }

    fn is_augmented(&self) -> bool {
        augmented(self.token()).is_some()
    }

    /// What follows the first target of an assignment.
    fn assigned(&mut self, at: super::builder::At) -> Option<()> {
        self.make_pattern(at)?;
        if let Some(kind) = augmented(self.token()) {
            self.builder.wrap(at, Kind::AugmentedAssignment, Field::Left);
            self.leaf(kind, Field::Operator)?;
            self.value()?;
        } else {
            if self.is(Token::Colon) {
                let kind = self.builder.kind(at);
                if !matches!(kind, Kind::Identifier | Kind::Attribute | Kind::Subscript) {
                    return None;
                }
                self.builder.wrap(at, Kind::Assignment, Field::Left);
                self.advance()?;
                self.annotation(Field::Type)?;
            } else {
                self.builder.wrap(at, Kind::Assignment, Field::Left);
            }
            if self.accept(Token::Equal)? {
                self.value()?;
            }
        }
        self.builder.close(at, self.behind());
        Some(())
    }

    /// What is assigned; another assignment, if its value is assigned further.
    fn value(&mut self) -> Option<u32> {
        let at = self.builder.here();
        if self.is(Token::Yield) {
            return self.yield_expression(Field::Right);
        }
        let height = self.expressions(Field::Right)?;
        if self.is(Token::Equal) || self.is_augmented() {
            self.nested(|this| this.assigned(at))?;
        }
        above(&[height])
    }
}

/// The operator of an assignment that changes its target.
fn augmented(token: Token) -> Option<Kind> {
    Some(match token {
        Token::PlusEqual => Kind::PlusEq,
        Token::MinusEqual => Kind::MinusEq,
        Token::StarEqual => Kind::StarEq,
        Token::StarStarEqual => Kind::StarStarEq,
        Token::SlashEqual => Kind::SlashEq,
        Token::SlashSlashEqual => Kind::SlashSlashEq,
        Token::PercentEqual => Kind::PercentEq,
        Token::AtEqual => Kind::AtEq,
        Token::PipeEqual => Kind::PipeEq,
        Token::AmpersandEqual => Kind::AmpersandEq,
        Token::CaretEqual => Kind::CaretEq,
        Token::ShiftLeftEqual => Kind::ShiftLeftEq,
        Token::ShiftRightEqual => Kind::ShiftRightEq,
        _ => return None,
    })
}
