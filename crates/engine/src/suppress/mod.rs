//! Suppression comments.
//!
//! `# leakwright: ignore[LW101] reason` silences a finding on its line, or on the line below if it
//! stands alone; without brackets it silences all rules. `# leakwright: ignore-file[LW101] reason` on a line of its own
//! does so for the whole file. `# noqa: LW101` works on its own line.

mod comment;
mod lines;
mod placing;
mod unused;

use leakwright_rules::{Finding, RuleId};
use leakwright_syntax::{Kind, Replaced, TextRange, Tree};
use serde::{Deserialize, Serialize};

use crate::selector;
use comment::{Directive, Form, directive};
use lines::{joined, line_around, next_code_line};

pub(crate) use placing::{remove, silence};
pub(crate) use unused::Uses;
pub use unused::{UnusedSuppression, Useless};

/// What a comment silences.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Suppression {
    /// The remark, from its `#` to its end. Other remarks may stand in the same comment.
    pub(crate) range: TextRange,
    /// What it says.
    directive: Directive,
    /// The bytes of the lines it covers.
    covers: TextRange,
}

/// The suppressions of a file, in the order of the text.
pub(crate) fn suppressions(tree: &Tree) -> Vec<Suppression> {
    let text = tree.text();
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = find_marker(&text[from..]) {
        let offset = (from + at) as u32;
        from += at + 1;
        let comment =
            tree.root().covering(TextRange::empty(offset)).filter(|node| node.kind() == Kind::Comment);
        let Some(comment) = comment else { continue };
        from = from.max(comment.range().end as usize);
        for range in placing::remark_ranges(comment.text(), comment.range().start) {
            let Some(directive) = directive(range.of(text)) else { continue };
            let Some(covers) = covers(tree, comment.range().start, directive.form) else { continue };
            found.push(Suppression { range, directive, covers });
        }
    }
    found
}

/// Whether some comment of a text may silence findings.
pub(crate) fn may_silence(text: &str, comments: &[TextRange]) -> bool {
    let is_ours = |comment: &TextRange| {
        let own = comment.of(text);
        find_marker(own).is_some()
            && placing::remark_ranges(own, comment.start).any(|range| directive(range.of(text)).is_some())
    };
    find_marker(text).is_some() && comments.iter().any(is_ours)
}

/// Whether some comment in a text may be one.
pub(crate) fn has_marker(text: &str) -> bool {
    find_marker(text).is_some()
}

/// The text that a comment is about, given where the comment starts.
fn covers(tree: &Tree, start: u32, form: Form) -> Option<TextRange> {
    let text = tree.text();
    let line = line_around(text, start);
    let stands_alone = text[line.start as usize..start as usize].trim().is_empty();
    match form {
        Form::File => stands_alone.then(|| TextRange::new(0, u32::MAX)),
        Form::Line if stands_alone => Some(line.cover(joined(tree, next_code_line(text, line.end)))),
        Form::Line | Form::Noqa => Some(joined(tree, start)),
    }
}

fn find_marker(text: &str) -> Option<usize> {
    let own = text.find("leakwright:");
    let noqa = text.find("noqa");
    match (own, noqa) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (found, None) | (None, found) => found,
    }
}

impl Suppression {
    /// Whether it stands in a part of the text, or is about part of it but not about the whole file.
    pub(crate) fn is_about_part_of(&self, range: TextRange) -> bool {
        self.range.touches(range) || self.directive.form != Form::File && self.covers.touches(range)
    }

    /// The same after a change of a part of the text that it is not about.
    pub(crate) fn moved(&self, change: Replaced) -> Self {
        let moved = |range: TextRange| TextRange::new(change.moved(range.start), change.moved(range.end));
        let covers = if self.directive.form == Form::File { self.covers } else { moved(self.covers) };
        Self { range: moved(self.range), covers, directive: self.directive.clone() }
    }

    /// Whether it silences a finding. Where reasons are required, one without a reason silences nothing.
    pub(crate) fn silences(&self, finding: &Finding, requires_reason: bool) -> bool {
        self.is_about(finding) && (self.directive.has_reason || !requires_reason)
    }

    /// Whether it means a finding.
    fn is_about(&self, finding: &Finding) -> bool {
        let codes = &self.directive.codes;
        self.covers.contains(finding.range.start)
            && (codes.is_empty() || codes.iter().any(|code| is_named(finding.rule, code)))
    }
}

/// Whether a code, name or family names a rule.
fn is_named(rule: RuleId, code: &str) -> bool {
    selector::matches(rule, code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use leakwright_syntax::{Budget, Parser};

    fn found(text: &str) -> Vec<(Vec<String>, &str)> {
        let tree = Parser::new().parse(text.into(), Budget::BATCH).unwrap();
        suppressions(&tree).into_iter().map(|entry| (entry.directive.codes, entry.covers.of(text))).collect()
    }

    #[test]
    fn comments_cover_their_line_or_the_next_one() {
        assert_eq!(
            found("x = 1  # leakwright: ignore[LW101, lw202] known\n"),
            [(
                vec!["LW101".to_owned(), "lw202".to_owned()],
                "x = 1  # leakwright: ignore[LW101, lw202] known\n"
            )]
        );
        let above = "# leakwright: ignore\n# more\ny = 2\nz = 3\n";
        assert_eq!(found(above), [(vec![], "# leakwright: ignore\n# more\ny = 2\n")]);
        assert_eq!(found("x = 1  # noqa: E501, LW301 reason\n")[0].0, ["LW301"]);
        let over_lines = "z\nx = \"\"\"a\nb\"\"\", \\\n  1  # leakwright: ignore\ny\n";
        assert_eq!(found(over_lines)[0].1, "x = \"\"\"a\nb\"\"\", \\\n  1  # leakwright: ignore\n");
    }

    /// A text with what silences a finding of LW301, and one of LW101, at the first `open`.
    fn silenced(text: &str, reason: Option<&str>) -> String {
        let tree = Parser::new().parse(text.into(), Budget::BATCH).unwrap();
        let offset = text.find("open").unwrap() as u32;
        let edits = silence(&tree, &[(offset, "LW301"), (offset, "LW101"), (offset, "LW301")], reason);
        let edits: Vec<(TextRange, &str)> =
            edits.iter().map(|(range, text)| (*range, text.as_str())).collect();
        let text = crate::text_edit::apply_edits(text, &edits).unwrap();
        let tree = Parser::new().parse(text.as_str().into(), Budget::BATCH).unwrap();
        let at = text.find("open").unwrap() as u32;
        let covers = |entry: &Suppression| entry.covers.contains(at) && entry.directive.codes.len() >= 2;
        assert!(!tree.root().has_error() && suppressions(&tree).iter().any(covers), "{text}");
        text
    }

    #[test]
    fn what_silences_a_line_fits_what_is_there() {
        for (text, expected) in [
            ("x = open(p)\n", "x = open(p)  # leakwright: ignore[LW101, LW301]\n"),
            ("x = open(p)", "x = open(p)  # leakwright: ignore[LW101, LW301]"),
            ("x = open(p)\r\n", "x = open(p)  # leakwright: ignore[LW101, LW301]\r\n"),
            ("x = open(p)  # kept\n", "x = open(p)  # kept  # leakwright: ignore[LW101, LW301]\n"),
            (
                "x = open(p)  # noqa: E501\n",
                "x = open(p)  # noqa: E501  # leakwright: ignore[LW101, LW301]\n",
            ),
            (
                "x = open(p)  # [a] leakwright: ignore[LW101] why  # more\n",
                "x = open(p)  # [a] leakwright: ignore[LW101, LW301] why  # more\n",
            ),
            (
                "# leakwright: ignore[LW202]\nx = open(p)  # kept\n",
                "# leakwright: ignore[LW202, LW101, LW301]\nx = open(p)  # kept\n",
            ),
            (
                "if a:\n\tx = open(\"\"\"a\nb\"\"\")\n",
                "if a:\n\t# leakwright: ignore[LW101, LW301]\n\tx = open(\"\"\"a\nb\"\"\")\n",
            ),
            (
                "y = \"\"\"a\nb\"\"\", open(p)\n",
                "# leakwright: ignore[LW101, LW301]\ny = \"\"\"a\nb\"\"\", open(p)\n",
            ),
            (
                "x = open(p) \\\r\n    .read()\r\n",
                "# leakwright: ignore[LW101, LW301]\r\nx = open(p) \\\r\n    .read()\r\n",
            ),
            (
                "y = 1 + \\\n  open(p) \\\n  .x\n",
                "# leakwright: ignore[LW101, LW301]\ny = 1 + \\\n  open(p) \\\n  .x\n",
            ),
            (
                "y = 1 + \\\n  open(p)  # kept\n",
                "y = 1 + \\\n  open(p)  # kept  # leakwright: ignore[LW101, LW301]\n",
            ),
            ("y = [\n    open(p),\n]\n", "y = [\n    open(p),  # leakwright: ignore[LW101, LW301]\n]\n"),
            ("y = '#', open(p)\n", "y = '#', open(p)  # leakwright: ignore[LW101, LW301]\n"),
            ("y = open('é')\n", "y = open('é')  # leakwright: ignore[LW101, LW301]\n"),
            (
                "y = open(p)  # leakwright: off\n",
                "y = open(p)  # leakwright: off  # leakwright: ignore[LW101, LW301]\n",
            ),
        ] {
            assert_eq!(silenced(text, None), expected);
        }
        assert_eq!(
            silenced("x = open(p)  # leakwright: ignore[LW301]\n", Some("meant")),
            "x = open(p)  # leakwright: ignore[LW301, LW101] meant\n"
        );
    }

    #[test]
    fn suppressions_are_taken_away_with_what_belongs_to_them() {
        let removed = |text: &str, unused: &[&str]| {
            let tree = Parser::new().parse(text.into(), Budget::BATCH).unwrap();
            let unused: Vec<String> = unused.iter().map(|&code| code.to_owned()).collect();
            let (range, new) = remove(&tree, &suppressions(&tree)[0], &unused);
            crate::text_edit::apply_edits(text, &[(range, new.as_str())]).unwrap()
        };
        for (text, unused, expected) in [
            ("x = 1  # leakwright: ignore[LW101] why\ny\n", &["LW101"][..], "x = 1\ny\n"),
            (
                "x = 1  # leakwright: ignore[LW101, LW301] why\r\n",
                &["LW101"],
                "x = 1  # leakwright: ignore[LW301] why\r\n",
            ),
            ("if x:\n    # leakwright: ignore why\n    y\n", &[], "if x:\n    y\n"),
            ("x  # kept  # leakwright: ignore\n", &[], "x  # kept\n"),
            ("x  # leakwright: ignore  # kept\n", &[], "x  # kept\n"),
            ("x  # noqa: E501, LW101\n", &["LW101"], "x  # noqa: E501\n"),
            ("x  # noqa: LW101", &["LW101"], "x"),
            ("# leakwright: ignore-file[LW101]\nx\n", &["LW101"], "x\n"),
        ] {
            assert_eq!(removed(text, unused), expected, "{text}");
        }
    }

    #[test]
    fn other_comments_and_strings_are_not_suppressions() {
        for text in [
            "x = 1  # noqa\n",
            "x = 1  # noqa: E501\n",
            "s = '# leakwright: ignore'\n",
            "# leakwright: ignored\n",
            "# leakwright: ignore[]\n",
            "x = 1  # leakwright: ignore-file\n",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }
}
