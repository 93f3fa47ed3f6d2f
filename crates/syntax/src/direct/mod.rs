//! Whole files without errors, straight to flat trees.
//!
//! Making the concrete tree of a file takes several times as long as everything that is done with it, and of a
//! file that is not being edited nothing but the flat trees of its definitions is needed. So they are made here
//! from the text in one pass: the same nodes, in the same places, as [`FlatTree::new`] copies from the concrete
//! tree. What is not plain Python 3 without a doubt is left to the parser, which knows what to do with errors, with
//! old syntax and with names that are keywords in some places: then the answer is `None`.
//!
//! The grammar is that of tree-sitter-python, its oddities included: `&` binds less than `^`, `await a ** b` waits
//! for the power. That both ways give the same trees is tested on the standard library.

mod builder;
mod compound;
mod display;
mod expression;
mod lexer;
mod operator;
mod parameter;
mod simple;
mod string;
mod token;

use crate::{FlatTree, TextRange};
use builder::Builder;
use lexer::Lexer;
use token::Token;

/// The definitions of a file, each as a flat tree, and its comments.
#[derive(Debug)]
pub struct Definitions {
    /// The module, and every class and function in it, in source order.
    pub items: Vec<Definition>,
    /// All comments, in source order.
    pub comments: Vec<TextRange>,
}

/// A definition, or the module.
#[derive(Debug)]
pub struct Definition {
    /// Where it stands, decorators included.
    pub range: TextRange,
    /// Its name; empty for a module.
    pub name: TextRange,
    /// Index of the definition that it is nested in; `None` for the module.
    pub parent: Option<usize>,
    /// Its own code, as [`FlatTree::new`] would give it.
    pub tree: FlatTree,
}

/// The deepest nesting that is followed: the stack is limited.
const MAX_LEVELS: u32 = 100;

/// Nodes lie no deeper than this, so that [`FlatTree::new`] would copy them all.
const MAX_HEIGHT: u32 = 900;

/// The definitions of a file; `None` where the parser has to be asked.
pub fn definitions(text: &str) -> Option<Definitions> {
    read(text).ok()
}

/// About where in a text the parser has to be asked, if it has to.
pub fn doubtful_place(text: &str) -> Option<u32> {
    read(text).err().map(|stop| stop.end)
}

/// One definition, with what is nested in it, as [`definitions`] of its file would give it, in ranges of `text`.
///
/// The text begins with the definition, which is indented by so many columns, and goes on at least to the first
/// token behind it, or to the end of the file.
pub fn definition(text: &str, indent: u32) -> Result<Definitions, Unread> {
    if has_lone_return(text) {
        return Err(Unread::Doubtful);
    }
    let (lexer, builder) = (Lexer::new(text), Builder::new(text.len()));
    let mut direct = Direct { lexer, builder, levels: 0 };
    if direct.lexer.first_token().is_some() {
        (direct.lexer.indent, direct.lexer.block_indent) = (indent, indent);
        if direct.statement().is_none() {
            return Err(Unread::because(text, &direct.lexer.stop()));
        }
    }
    let Direct { lexer, builder, .. } = direct;
    let mut items = builder.finish();
    // What stands around it.
    items.remove(0);
    if items.first().is_none_or(|first| first.range.start > 0) {
        return Err(Unread::Doubtful);
    }
    for item in &mut items {
        item.parent = item.parent.and_then(|parent| parent.checked_sub(1));
    }
    Ok(Definitions { items, comments: lexer.comments })
}

/// The definitions of a file, or why they cannot be read.
pub fn try_definitions(text: &str) -> Result<Definitions, Unread> {
    read(text).map_err(|stop| Unread::because(text, &stop))
}

/// Why the parser has to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// As it seems, the text is wrong.
    Wrong,
    /// The same, and the text up to the end of some brackets is part of it: the line before may be meant.
    WrongInBrackets,
    /// It may be right all the same.
    Doubtful,
}

impl Unread {
    /// Of a text that could be read up to a token.
    fn because(text: &str, stop: &Stop) -> Self {
        let place = (stop.end as usize).min(text.len());
        let bytes = text.as_bytes();
        let start = bytes[..place].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let end = memchr::memchr(b'\n', &bytes[place..]).map_or(text.len(), |length| place + length);
        let line = &bytes[start..end];
        let trimmed = line.trim_ascii_start();
        let word = trimmed.iter().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(trimmed.len());
        // Words that begin statements only in some places, and what is read in two ways or not at all.
        let is_soft = matches!(
            &trimmed[..word],
            b"match" | b"case" | b"type" | b"print" | b"exec" | b"with" | b"async"
        );
        let is_odd = |byte: &u8| !byte.is_ascii() || matches!(byte, b'\\' | b'`' | b'\x0c' | 0);
        let has_old_sign = line.windows(2).any(|pair| pair == b"<>");
        let has_long_quote = line.windows(3).any(|quote| quote == b"\"\"\"" || quote == b"'''");
        // What blocks look like is seen in many ways.
        let is_first = text.get(start..stop.start as usize).is_none_or(|before| before.trim().is_empty());
        if is_soft || has_old_sign || has_long_quote || line.iter().any(is_odd) {
            Self::Doubtful
        } else if !is_first {
            Self::Wrong
        } else if stop.is_in_brackets {
            Self::WrongInBrackets
        } else {
            Self::Doubtful
        }
    }
}

fn has_lone_return(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'\r', bytes).any(|at| bytes.get(at + 1) != Some(&b'\n'))
}

/// The token that could not be read.
#[derive(Default)]
struct Stop {
    start: u32,
    end: u32,
    is_in_brackets: bool,
}

/// The definitions of a text, or where it could not be read.
fn read(text: &str) -> Result<Definitions, Stop> {
    if text.starts_with('\u{feff}') || has_lone_return(text) {
        return Err(Stop::default());
    }
    let (lexer, builder) = (Lexer::new(text), Builder::new(text.len()));
    let mut direct = Direct { lexer, builder, levels: 0 };
    if direct.module().is_none() {
        return Err(direct.lexer.stop());
    }
    let Direct { lexer, builder, .. } = direct;
    Ok(Definitions { items: builder.finish(), comments: lexer.comments })
}

/// The state of reading one file. Each function reads one construct, gives it a role within its parent, and
/// returns how high the tree of it is.
struct Direct<'s> {
    lexer: Lexer<'s>,
    builder: Builder,
    levels: u32,
}

impl Direct<'_> {
    fn token(&self) -> Token {
        self.lexer.token
    }

    fn is(&self, token: Token) -> bool {
        self.lexer.token == token
    }

    fn advance(&mut self) -> Option<()> {
        self.lexer.advance()
    }

    /// Passes a token that has to be there.
    fn expect(&mut self, token: Token) -> Option<()> {
        if self.is(token) { self.advance() } else { None }
    }

    /// Passes a token if it is there.
    fn accept(&mut self, token: Token) -> Option<bool> {
        let is_there = self.is(token);
        if is_there {
            self.advance()?;
        }
        Some(is_there)
    }

    /// Where the last token that was passed ends.
    fn behind(&self) -> u32 {
        self.lexer.before
    }

    /// Goes one level deeper for what `inner` reads.
    fn nested<R>(&mut self, inner: impl FnOnce(&mut Self) -> Option<R>) -> Option<R> {
        if self.levels >= MAX_LEVELS {
            return None;
        }
        self.levels += 1;
        let result = inner(self);
        self.levels -= 1;
        result
    }
}
