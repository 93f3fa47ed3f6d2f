//! Tokens of Python, one at a time.

use super::Stop;
use super::token::{Token, keyword};
use crate::TextRange;

/// A comment on a line of its own, between two logical lines.
#[derive(Clone, Copy)]
struct LooseComment {
    indent: u32,
    end: u32,
}

/// Reads tokens. Where it is in doubt it gives up, which is `None` of every function that returns an option.
pub(super) struct Lexer<'s> {
    bytes: &'s [u8],
    /// Behind the current token.
    at: usize,
    /// Brackets that are open.
    brackets: u32,
    /// The current token.
    pub(super) token: Token,
    /// Where it begins.
    pub(super) start: u32,
    /// Where the token before it ends.
    pub(super) before: u32,
    /// Where the last logical line ends, a comment behind it included.
    pub(super) line_end: u32,
    /// Indentation of the current logical line.
    pub(super) indent: u32,
    /// Indentation of the innermost open block.
    pub(super) block_indent: u32,
    loose: Vec<LooseComment>,
    /// All comments.
    pub(super) comments: Vec<TextRange>,
}

impl<'s> Lexer<'s> {
    /// Where it stands, for what cannot be read.
    pub(super) fn stop(&self) -> Stop {
        Stop { start: self.start, end: self.end(), is_in_brackets: self.brackets > 0 }
    }

    pub(super) fn new(text: &'s str) -> Self {
        Self {
            bytes: text.as_bytes(),
            at: 0,
            brackets: 0,
            token: Token::Newline,
            start: 0,
            before: 0,
            line_end: 0,
            indent: 0,
            block_indent: 0,
            loose: Vec::new(),
            comments: Vec::new(),
        }
    }

    fn byte(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// Where the current token ends.
    pub(super) fn end(&self) -> u32 {
        self.at as u32
    }

    /// The source of the current token.
    pub(super) fn source(&self) -> &'s [u8] {
        &self.bytes[self.start as usize..self.at]
    }

    /// Whether a byte stands behind the current token, with or without blanks between.
    pub(super) fn is_before(&self, byte: u8) -> bool {
        let mut rest = self.bytes.get(self.at..).unwrap_or_default().iter();
        rest.find(|next| !matches!(next, b' ' | b'\t')) == Some(&byte)
    }

    /// Moves to the next token.
    pub(super) fn advance(&mut self) -> Option<()> {
        self.before = self.at as u32;
        self.skip_blank()?;
        self.start = self.at as u32;
        let byte = self.byte(0);
        self.token = match CLASS[usize::from(byte)] {
            Class::Name => self.name()?,
            Class::Digit => self.number()?,
            Class::Quote => self.quote(),
            Class::Sign => self.sign(byte)?,
            Class::End if self.at >= self.bytes.len() => Token::End,
            _ => return None,
        };
        match self.token {
            Token::Open | Token::OpenSquare | Token::OpenBrace => self.brackets += 1,
            Token::Close | Token::CloseSquare | Token::CloseBrace => {
                self.brackets = self.brackets.checked_sub(1)?;
            }
            Token::End if self.brackets > 0 => return None,
            _ => {}
        }
        Some(())
    }

    /// Skips what has no meaning between the tokens of a logical line.
    fn skip_blank(&mut self) -> Option<()> {
        loop {
            match self.byte(0) {
                b' ' | b'\t' | b'\x0c' => self.at += 1,
                b'\n' | b'\r' if self.brackets > 0 => self.continued()?,
                b'#' => self.comment(),
                b'\\' => {
                    self.at += if self.byte(1) == b'\r' { 2 } else { 1 };
                    if self.byte(0) != b'\n' {
                        return None;
                    }
                    self.at += 1;
                }
                _ => return Some(()),
            }
        }
    }

    /// Goes on to the next line within brackets. Where no bracket can close, the grammar takes a line that is
    /// indented less than the block for the end of it.
    fn continued(&mut self) -> Option<()> {
        let mut indent = 0;
        loop {
            match self.byte(0) {
                b' ' => indent += 1,
                b'\t' => indent += 8,
                b'\n' | b'\r' | b'\x0c' => indent = 0,
                _ => break,
            }
            self.at += 1;
        }
        let is_inside = indent >= self.block_indent
            || matches!(
                self.token,
                Token::Comma
                    | Token::Open
                    | Token::OpenSquare
                    | Token::OpenBrace
                    | Token::Close
                    | Token::CloseSquare
                    | Token::CloseBrace
                    | Token::Name
                    | Token::Integer
                    | Token::Float
                    | Token::Quote
                    | Token::True
                    | Token::False
                    | Token::None
                    | Token::Ellipsis
            );
        is_inside.then_some(())
    }

    fn comment(&mut self) {
        let start = self.at;
        let rest = &self.bytes[start..];
        self.at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        self.comments.push((start..self.at).into());
    }

    /// Ends a logical line and moves to the first token of the next one, whose indentation is known then.
    pub(super) fn next_line(&mut self) -> Option<()> {
        match self.token {
            Token::Newline | Token::End => {}
            _ => return None,
        }
        // A comment behind the line has been skipped on the way to the line break.
        self.line_end = match self.comments.last() {
            Some(comment) if comment.start >= self.before && comment.end <= self.start => comment.end,
            _ => self.before,
        };
        self.first_token()
    }

    /// Moves over blank lines and comments to the first token of a logical line.
    pub(super) fn first_token(&mut self) -> Option<()> {
        self.loose.clear();
        let mut indent = 0;
        loop {
            match self.byte(0) {
                b' ' => indent += 1,
                b'\t' => indent += 8,
                b'\n' | b'\r' | b'\x0c' => indent = 0,
                b'#' => {
                    self.comment();
                    self.loose.push(LooseComment { indent, end: self.at as u32 });
                    indent = 0;
                    continue;
                }
                b'\\' => return None,
                _ => break,
            }
            self.at += 1;
        }
        self.indent = if self.at >= self.bytes.len() { 0 } else { indent };
        self.advance()
    }

    /// Where a block that the current line ends has its end: comments that are indented like the block, or
    /// more, belong to it.
    pub(super) fn block_end(&mut self, indent: u32) -> u32 {
        let inside = self.loose.iter().take_while(|comment| comment.indent >= indent).count();
        for comment in self.loose.drain(..inside) {
            self.line_end = comment.end;
        }
        self.line_end
    }

    fn name(&mut self) -> Option<Token> {
        let start = self.at;
        self.at += 1;
        while matches!(CLASS[usize::from(self.byte(0))], Class::Name | Class::Digit) {
            self.at += 1;
        }
        let (next, name) = (self.byte(0), &self.bytes[start..self.at]);
        if matches!(next, b'"' | b'\'') && name.len() <= 2 && name.iter().all(|byte| is_prefix(*byte)) {
            return Some(self.quote());
        }
        if next >= 0x80 {
            return None;
        }
        Some(keyword(name))
    }

    fn number(&mut self) -> Option<Token> {
        let mut is_float = false;
        let radix = self.byte(0) == b'0' && matches!(self.byte(1) | 0x20, b'x' | b'o' | b'b');
        if radix {
            self.at += 2;
            let first = self.at;
            while self.byte(0).is_ascii_hexdigit() || self.byte(0) == b'_' {
                self.at += 1;
            }
            if self.at == first {
                return None;
            }
        } else {
            self.digits();
            if self.byte(0) == b'.' {
                is_float = true;
                self.at += 1;
                self.digits();
            }
            if self.byte(0) | 0x20 == b'e' {
                let signed = usize::from(matches!(self.byte(1), b'+' | b'-'));
                if self.byte(1 + signed).is_ascii_digit() {
                    is_float = true;
                    self.at += 1 + signed;
                    self.digits();
                }
            }
            if self.byte(0) | 0x20 == b'j' {
                self.at += 1;
            }
        }
        if matches!(CLASS[usize::from(self.byte(0))], Class::Name | Class::Digit) || self.byte(0) >= 0x80 {
            return None;
        }
        Some(if is_float { Token::Float } else { Token::Integer })
    }

    fn digits(&mut self) {
        while self.byte(0).is_ascii_digit() || self.byte(0) == b'_' {
            self.at += 1;
        }
    }

    /// The opening quote of a string.
    fn quote(&mut self) -> Token {
        let mark = self.byte(0);
        self.at += if self.byte(1) == mark && self.byte(2) == mark { 3 } else { 1 };
        Token::Quote
    }

    fn sign(&mut self, byte: u8) -> Option<Token> {
        let (second, third) = (self.byte(1), self.byte(2));
        let (token, length) = match (byte, second) {
            (b'\n', _) => (Token::Newline, 1),
            (b'\r', b'\n') => (Token::Newline, 2),
            (b'(', _) => (Token::Open, 1),
            (b')', _) => (Token::Close, 1),
            (b'[', _) => (Token::OpenSquare, 1),
            (b']', _) => (Token::CloseSquare, 1),
            (b'{', _) => (Token::OpenBrace, 1),
            (b'}', _) => (Token::CloseBrace, 1),
            (b',', _) => (Token::Comma, 1),
            (b':', b'=') => (Token::ColonEqual, 2),
            (b':', _) => (Token::Colon, 1),
            (b';', _) => (Token::Semicolon, 1),
            (b'.', b'.') if third == b'.' => (Token::Ellipsis, 3),
            (b'.', b'0'..=b'9') => return self.number(),
            (b'.', _) => (Token::Dot, 1),
            (b'-', b'>') => (Token::Arrow, 2),
            (b'=', b'=') => (Token::EqualEqual, 2),
            (b'=', _) => (Token::Equal, 1),
            (b'!', b'=') => (Token::NotEqual, 2),
            (b'!', _) => (Token::Bang, 1),
            (b'+', b'=') => (Token::PlusEqual, 2),
            (b'+', _) => (Token::Plus, 1),
            (b'-', b'=') => (Token::MinusEqual, 2),
            (b'-', _) => (Token::Minus, 1),
            (b'*', b'*') if third == b'=' => (Token::StarStarEqual, 3),
            (b'*', b'*') => (Token::StarStar, 2),
            (b'*', b'=') => (Token::StarEqual, 2),
            (b'*', _) => (Token::Star, 1),
            (b'/', b'/') if third == b'=' => (Token::SlashSlashEqual, 3),
            (b'/', b'/') => (Token::SlashSlash, 2),
            (b'/', b'=') => (Token::SlashEqual, 2),
            (b'/', _) => (Token::Slash, 1),
            (b'%', b'=') => (Token::PercentEqual, 2),
            (b'%', _) => (Token::Percent, 1),
            (b'@', b'=') => (Token::AtEqual, 2),
            (b'@', _) => (Token::At, 1),
            (b'|', b'=') => (Token::PipeEqual, 2),
            (b'|', _) => (Token::Pipe, 1),
            (b'&', b'=') => (Token::AmpersandEqual, 2),
            (b'&', _) => (Token::Ampersand, 1),
            (b'^', b'=') => (Token::CaretEqual, 2),
            (b'^', _) => (Token::Caret, 1),
            (b'~', _) => (Token::Tilde, 1),
            (b'<', b'<') if third == b'=' => (Token::ShiftLeftEqual, 3),
            (b'<', b'<') => (Token::ShiftLeft, 2),
            (b'<', b'=') => (Token::LessEqual, 2),
            (b'<', b'>') => return None,
            (b'<', _) => (Token::Less, 1),
            (b'>', b'>') if third == b'=' => (Token::ShiftRightEqual, 3),
            (b'>', b'>') => (Token::ShiftRight, 2),
            (b'>', b'=') => (Token::GreaterEqual, 2),
            (b'>', _) => (Token::Greater, 1),
            _ => return None,
        };
        self.at += length;
        Some(token)
    }
}

/// Strings: the current token is their opening quote.
impl Lexer<'_> {
    /// What the opening quote says: whether the string is raw, and whether it has interpolations.
    pub(super) fn prefix(&self) -> Prefix {
        let source = self.source();
        let letters = source.iter().take_while(|byte| byte.is_ascii_alphabetic());
        let mut prefix = Prefix { mark: 0, is_triple: false, is_raw: false, is_format: false };
        let mut length = 0;
        for letter in letters {
            length += 1;
            match letter | 0x20 {
                b'r' => prefix.is_raw = true,
                b'f' | b't' => prefix.is_format = true,
                _ => {}
            }
        }
        prefix.mark = source.get(length).copied().unwrap_or(0);
        prefix.is_triple = source.len() - length == 3;
        prefix
    }

    /// Moves behind the closing quote of a string without interpolations.
    pub(super) fn plain_string(&mut self, prefix: Prefix) -> Option<()> {
        loop {
            let rest = self.bytes.get(self.at..)?;
            let found = if prefix.is_triple {
                memchr::memchr2(prefix.mark, b'\\', rest)?
            } else {
                memchr::memchr3(prefix.mark, b'\\', b'\n', rest)?
            };
            self.at += found;
            match self.byte(0) {
                b'\\' => self.escape(),
                b'\n' => return None,
                _ if self.closes(prefix) => return Some(()),
                _ => self.at += 1,
            }
        }
    }

    /// Moves over the text of a string with interpolations: to behind its closing quote, which is `false`, or to
    /// the brace of an interpolation.
    pub(super) fn text_to_brace(&mut self, prefix: Prefix) -> Option<bool> {
        loop {
            match self.byte(0) {
                0 => return None,
                b'\\' if !prefix.is_raw && self.byte(1) == b'N' && self.byte(2) == b'{' => {
                    let close = memchr::memchr(b'}', self.bytes.get(self.at..)?)?;
                    self.at += close + 1;
                }
                b'\\' if matches!(self.byte(1), b'{' | b'}') => self.at += 1,
                b'\\' => self.escape(),
                b'\n' if !prefix.is_triple => return None,
                b'{' if self.byte(1) == b'{' => self.at += 2,
                b'}' if self.byte(1) == b'}' => self.at += 2,
                b'{' => return Some(true),
                b'}' => return None,
                byte if byte == prefix.mark && self.closes(prefix) => return Some(false),
                _ => self.at += 1,
            }
        }
    }

    /// Moves over the text of a format specifier, to a brace: whether it opens.
    pub(super) fn specifier_to_brace(&mut self) -> Option<bool> {
        loop {
            match self.byte(0) {
                0 | b'\n' | b'\r' => return None,
                b'{' => return Some(true),
                b'}' => return Some(false),
                _ => self.at += 1,
            }
        }
    }

    /// Begins to read tokens at a brace, which becomes the current token.
    pub(super) fn enter_brace(&mut self) {
        self.start = self.at as u32;
        self.at += 1;
        self.brackets += 1;
        self.token = Token::OpenBrace;
    }

    /// Moves behind the letter of a conversion, `!` being the current token.
    pub(super) fn conversion(&mut self) -> Option<TextRange> {
        if !self.byte(0).is_ascii_lowercase() {
            return None;
        }
        self.at += 1;
        Some((self.start as usize..self.at).into())
    }

    /// Ends an interpolation at the brace that stands here, after a format specifier.
    pub(super) fn leave_brace(&mut self) -> Option<()> {
        self.at += 1;
        self.brackets = self.brackets.checked_sub(1)?;
        Some(())
    }

    fn escape(&mut self) {
        // What is escaped, be it a line break of two bytes, ends no string.
        self.at += if self.byte(1) == b'\r' && self.byte(2) == b'\n' { 3 } else { 2 };
    }

    fn closes(&mut self, prefix: Prefix) -> bool {
        let closes = !prefix.is_triple || self.byte(1) == prefix.mark && self.byte(2) == prefix.mark;
        if closes {
            self.at += if prefix.is_triple { 3 } else { 1 };
        }
        closes
    }
}

/// What the opening quote of a string says.
#[derive(Clone, Copy)]
pub(super) struct Prefix {
    mark: u8,
    is_triple: bool,
    is_raw: bool,
    pub(super) is_format: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Name,
    Digit,
    Quote,
    Sign,
    End,
    Other,
}

/// What a token that begins with a byte is.
const CLASS: [Class; 256] = {
    let mut table = [Class::Other; 256];
    let mut byte = 0_usize;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => Class::Name,
            b'0'..=b'9' => Class::Digit,
            b'"' | b'\'' => Class::Quote,
            0 => Class::End,
            b'\n' | b'\r' | b'!' | b'%'..=b'&' | b'('..=b'/' | b':'..=b'>' | b'@' | b'['..=b'^' => {
                Class::Sign
            }
            b'{'..=b'~' => Class::Sign,
            _ => Class::Other,
        };
        byte += 1;
    }
    table
};

/// Whether a letter may stand before the quote of a string.
fn is_prefix(byte: u8) -> bool {
    matches!(byte | 0x20, b'f' | b't' | b'r' | b'b' | b'u')
}
