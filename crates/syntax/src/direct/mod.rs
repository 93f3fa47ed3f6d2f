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
    read(text).err()
}

fn read(text: &str) -> Result<Definitions, u32> {
    let has_lone_return = || {
        let bytes = text.as_bytes();
        memchr::memchr_iter(b'\r', bytes).any(|at| bytes.get(at + 1) != Some(&b'\n'))
    };
    if text.starts_with('\u{feff}') || has_lone_return() {
        return Err(0);
    }
    let (lexer, builder) = (Lexer::new(text), Builder::new(text.len()));
    let mut direct = Direct { lexer, builder, levels: 0 };
    if direct.module().is_none() {
        return Err(direct.lexer.end());
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
