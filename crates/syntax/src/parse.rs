//! Parsing within limits.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tree_sitter::{ParseOptions, ParseState};

use crate::{Limits, Node, Refusal};

/// A parser for one thread. Reuse it: making one costs more than parsing a small file.
pub struct Parser {
    inner: tree_sitter::Parser,
}

/// How much a parse may take before it is given up.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Limits on the text itself.
    pub limits: Limits,
    /// Wall-clock time.
    pub time: Duration,
}

impl Budget {
    /// For a document being edited: the next keystroke is near.
    pub const INTERACTIVE: Self = Self { limits: Self::LIMITS, time: Duration::from_millis(250) };
    /// For a document whose interactive budget was not enough, in the background.
    pub const BACKGROUND: Self = Self { limits: Self::LIMITS, time: Duration::from_secs(5) };
    /// For one file of a batch.
    pub const BATCH: Self = Self { limits: Self::LIMITS, time: Duration::from_secs(10) };

    const LIMITS: Limits = Limits { file_bytes: 4 << 20, line_bytes: 100 << 10, indent_levels: 380 };
}

/// A concrete syntax tree with the text it was made from. Cloning is cheap.
#[derive(Clone)]
pub struct Tree {
    pub(crate) raw: tree_sitter::Tree,
    text: Arc<str>,
}

impl Parser {
    /// A new parser.
    #[expect(
        clippy::expect_used,
        reason = "grammar and parser are pinned together; a unit test parses with them"
    )]
    pub fn new() -> Self {
        let mut inner = tree_sitter::Parser::new();
        inner.set_language(&tree_sitter_python::LANGUAGE.into()).expect("the grammar fits the parser");
        Self { inner }
    }

    /// Parses a whole text.
    pub fn parse(&mut self, text: Arc<str>, budget: Budget) -> Result<Tree, Refusal> {
        self.reparse(text, None, budget, &|| false)?.ok_or(Refusal::OverBudget { millis: 0 })
    }

    /// Parses a text given the tree of an earlier one, edited to fit the new text. `None` if that is not wanted any
    /// more before it is done.
    pub(crate) fn reparse(
        &mut self,
        text: Arc<str>,
        old: Option<&tree_sitter::Tree>,
        budget: Budget,
        is_unwanted: &dyn Fn() -> bool,
    ) -> Result<Option<Tree>, Refusal> {
        budget.limits.check(&text)?;
        let start = Instant::now();
        let mut was_unwanted = false;
        let mut check = |_: &ParseState| {
            was_unwanted = is_unwanted();
            let goes_on = !was_unwanted && start.elapsed() <= budget.time;
            if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        let options = ParseOptions::new().progress_callback(&mut check);
        let bytes = text.as_bytes();
        let mut input = |offset: usize, _| bytes.get(offset..).unwrap_or_default();
        let raw = self.inner.parse_with_options(&mut input, old, Some(options));
        let Some(raw) = raw else {
            // A stopped parse is resumed by the next call unless it is reset.
            self.inner.reset();
            let refusal = Refusal::OverBudget { millis: budget.time.as_millis() as u64 };
            return if was_unwanted { Ok(None) } else { Err(refusal) };
        };
        Ok(Some(Tree { raw, text }))
    }
}

impl Default for Parser {
    fn default() -> Self {
        Self::new()
    }
}

impl Tree {
    /// The module.
    pub fn root(&self) -> Node<'_> {
        Node::new(self.raw.root_node(), self)
    }

    /// The text that was parsed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text that was parsed, shared.
    pub fn shared_text(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }

    /// The first place that could not be parsed, in source order.
    pub fn first_error(&self) -> Option<crate::TextRange> {
        let mut node = self.root();
        if !node.has_error() {
            return None;
        }
        loop {
            if node.kind() == crate::Kind::Error || node.is_missing() {
                return Some(node.range());
            }
            node = node.children().find(|child| child.has_error() || child.is_missing())?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sexp(parser: &mut Parser, text: &str) -> String {
        parser.parse(text.into(), Budget::BATCH).unwrap().raw.root_node().to_sexp()
    }

    #[test]
    fn a_stopped_parse_leaves_nothing_behind() {
        let mut parser = Parser::new();
        let hard: String = "[(".repeat(50_000);
        let none = Budget { time: Duration::ZERO, ..Budget::BATCH };
        assert!(matches!(parser.parse(hard.as_str().into(), none), Err(Refusal::OverBudget { .. })));
        assert_eq!(sexp(&mut parser, "x = 1"), sexp(&mut Parser::new(), "x = 1"));
    }

    #[test]
    fn an_open_string_does_not_reach_into_the_next_text() {
        let mut parser = Parser::new();
        for open in ["f'{", "f'''{x", "'''", "f\"{x!r:{"] {
            parser.parse(open.into(), Budget::BATCH).unwrap();
            assert_eq!(sexp(&mut parser, "x = f'{a}'"), sexp(&mut Parser::new(), "x = f'{a}'"), "{open}");
        }
    }

    #[test]
    fn nesting_that_aborts_the_scanner_is_refused() {
        let deep: String = (0..512).map(|level| format!("{}if x:\n", " ".repeat(level))).collect();
        let text = format!("{deep}{}'s'\n", " ".repeat(512));
        assert!(matches!(Parser::new().parse(text.into(), Budget::BATCH), Err(Refusal::TooDeep { .. })));
    }

    #[test]
    fn errors_are_found_where_they_are() {
        let mut parser = Parser::new();
        let tree = parser.parse("x = 1\ndef f(:\n    pass\n".into(), Budget::BATCH).unwrap();
        assert!(tree.first_error().is_some_and(|range| range.start >= 6));
        assert_eq!(parser.parse("x = 1\n".into(), Budget::BATCH).unwrap().first_error(), None);
    }
}
