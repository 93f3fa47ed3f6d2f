//! A text that is being edited, with its syntax tree.

use std::sync::Arc;

use tree_sitter::InputEdit;

use crate::{Budget, Encoding, Parser, PositionRange, Refusal, Text, TextRange, Tree};

/// One change of a document.
#[derive(Clone, Debug)]
pub enum Change {
    /// The whole text is now this.
    Whole(String),
    /// The characters at a range of the text before the change are now these.
    Range(PositionRange, Encoding, String),
}

/// What a change put where: in the place of a range of the text before it, so many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// The bytes that are gone.
    pub range: TextRange,
    /// How many there are instead.
    pub length: u32,
}

impl Replaced {
    /// Where a place that does not lie within is in the text after the change; one that does is moved to its end.
    pub fn moved(self, offset: u32) -> u32 {
        if offset < self.range.end { offset.min(self.end()) } else { self.end() + (offset - self.range.end) }
    }

    /// What was put there.
    pub fn new_range(self) -> TextRange {
        TextRange::new(self.range.start, self.end())
    }

    /// Where what was put there ends.
    pub fn end(self) -> u32 {
        self.range.start + self.length
    }
}

/// A text under edit. It holds the tree of an earlier version, kept in step with the edits, so that
/// parsing again costs what changed. Cloning is cheap and gives an independent document.
#[derive(Clone, Default)]
pub struct Document {
    text: Text,
    /// Tree of the last parse with all later edits noted on it.
    basis: Option<tree_sitter::Tree>,
}

impl Document {
    /// A document holding `text`, not parsed yet.
    pub fn new(text: &str) -> Self {
        Self { text: Text::new(text), basis: None }
    }

    /// The text as it is now.
    pub fn text(&self) -> &Text {
        &self.text
    }

    /// Applies changes in order, each to the text the one before it left behind. A change of the
    /// whole text makes the earlier ones void.
    pub fn apply(&mut self, changes: &[Change]) {
        let first = changes.iter().rposition(|change| matches!(change, Change::Whole(_))).unwrap_or(0);
        for change in &changes[first..] {
            self.apply_one(change);
        }
    }

    /// Applies one change. `None` if the whole text is another one.
    pub fn apply_one(&mut self, change: &Change) -> Option<Replaced> {
        match change {
            Change::Whole(text) => {
                *self = Self::new(text);
                None
            }
            Change::Range(range, encoding, text) => {
                let range = self.text.range(*range, *encoding);
                Some(self.replace(range, text))
            }
        }
    }

    /// Replaces a range of bytes. Says what that came to.
    pub fn replace(&mut self, range: TextRange, new: &str) -> Replaced {
        let start_position = self.text.parser_point(range.start);
        let old_end_position = self.text.parser_point(range.end);
        let range = self.text.replace(range, new);
        let new_end = range.start + new.len() as u32;
        if let Some(tree) = &mut self.basis {
            tree.edit(&InputEdit {
                start_byte: range.start as usize,
                old_end_byte: range.end as usize,
                new_end_byte: new_end as usize,
                start_position,
                old_end_position,
                new_end_position: self.text.parser_point(new_end),
            });
        }
        Replaced { range, length: new.len() as u32 }
    }

    /// The tree of the text as it is now, made from the last one where that is possible.
    ///
    /// Where the new tree has no error it equals that of a fresh parse. Where it has errors, the
    /// parser may have recovered differently: [`Document::forget_tree`] first asks for a fresh one.
    pub fn parse(&mut self, parser: &mut Parser, budget: Budget) -> Result<Tree, Refusal> {
        let tree = self.parse_unless(parser, budget, &|| false)?;
        tree.ok_or(Refusal::OverBudget { millis: budget.time.as_millis() as u64 })
    }

    /// The same, unless it is not wanted any more before it is there: then the tree of an earlier version is still
    /// kept in step with the edits.
    pub fn parse_unless(
        &mut self,
        parser: &mut Parser,
        budget: Budget,
        is_unwanted: &dyn Fn() -> bool,
    ) -> Result<Option<Tree>, Refusal> {
        let text = Arc::<str>::from(&self.text);
        let basis = self.basis.take().filter(|_| !has_lone_carriage_return(&text));
        let tree = parser.reparse(text, basis.as_ref(), budget, is_unwanted)?;
        self.basis = tree.as_ref().map_or(basis, |tree| Some(tree.raw.clone()));
        Ok(tree)
    }

    /// Makes the next parse a fresh one.
    pub fn forget_tree(&mut self) {
        self.basis = None;
    }
}

/// The parser ends rows at `\n` only. With a lone `\r` its rows are not ours, and a wrong row makes
/// incremental error recovery differ from a fresh parse.
fn has_lone_carriage_return(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(found) = bytes[from..].iter().position(|byte| *byte == b'\r') {
        let at = from + found;
        if bytes.get(at + 1) != Some(&b'\n') {
            return true;
        }
        from = at + 2;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Position;

    fn change(from: (u32, u32), to: (u32, u32), text: &str) -> Change {
        let range = PositionRange::new(Position::new(from.0, from.1), Position::new(to.0, to.1));
        Change::Range(range, Encoding::Utf16, text.to_owned())
    }

    #[test]
    fn changes_apply_in_order_and_a_whole_text_voids_earlier_ones() {
        let mut document = Document::new("a\u{1F40D}b\r\nc\n");
        document.apply(&[
            change((0, 3), (0, 4), "B"),
            change((0, 1), (0, 3), "-"),
            change((1, 0), (1, 1), ""),
        ]);
        assert_eq!(document.text().to_string(), "a-B\r\n\n");
        document.apply(&[
            change((9, 9), (9, 9), "lost"),
            Change::Whole("x".into()),
            change((0, 1), (0, 1), "y"),
        ]);
        assert_eq!(document.text().to_string(), "xy");
    }

    #[test]
    fn an_incremental_tree_equals_a_fresh_one() {
        let mut parser = Parser::new();
        let mut document = Document::new("def f(x):\r\n    return [x]\r\n\r\nclass A:\r\n    y = 1\r\n");
        document.parse(&mut parser, Budget::BATCH).unwrap();
        let edits = [
            change((1, 11), (1, 14), "g(x)"),
            change((4, 8), (4, 9), "'\u{1F40D}'"),
            change((0, 6), (0, 7), "x, y"),
        ];
        for edit in edits {
            document.apply(&[edit]);
            let tree = document.parse(&mut parser, Budget::BATCH).unwrap();
            let fresh = parser.parse(tree.shared_text(), Budget::BATCH).unwrap();
            assert!(!tree.root().has_error());
            assert_eq!(tree.raw.root_node().to_sexp(), fresh.raw.root_node().to_sexp());
        }
    }

    #[test]
    fn a_parse_that_is_not_wanted_any_more_leaves_what_the_next_one_starts_from() {
        let mut parser = Parser::new();
        let mut document = Document::new(&"def f(x):\n    return [x]\n".repeat(2000));
        document.parse(&mut parser, Budget::BATCH).unwrap();
        for (at, new) in [(0, 5, "class A(x)"), (40, 41, "y")].map(|(from, to, new)| ((from, to), new)) {
            document.replace(TextRange::new(at.0, at.1), new);
            assert!(document.parse_unless(&mut parser, Budget::BATCH, &|| true).unwrap().is_none());
            assert!(document.basis.is_some());
        }
        document.replace(TextRange::new(0, 10), "def f");
        let tree = document.parse_unless(&mut parser, Budget::BATCH, &|| false).unwrap().unwrap();
        let fresh = parser.parse(tree.shared_text(), Budget::BATCH).unwrap();
        assert_eq!(tree.raw.root_node().to_sexp(), fresh.raw.root_node().to_sexp());
    }

    #[test]
    fn lone_carriage_returns_are_seen() {
        assert!(has_lone_carriage_return("a\rb"));
        assert!(has_lone_carriage_return("a\r\n\r"));
        assert!(!has_lone_carriage_return("a\r\nb\r\n"));
    }
}
