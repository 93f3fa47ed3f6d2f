//! Suppression comments.
//!
//! `# leakwright: ignore[LW101] reason` silences a finding on its line, or on the line below if it
//! stands alone; without brackets it silences all rules. `# noqa: LW101` works on its own line.

use std::path::PathBuf;

use leakwright_rules::Finding;
use leakwright_syntax::{Kind, TextRange, Tree};

/// A suppression comment of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Suppression {
    /// The comment.
    pub(crate) range: TextRange,
    /// Codes, in upper case; empty for all.
    codes: Vec<String>,
    /// The bytes of the lines it covers.
    covers: TextRange,
}

/// A suppression comment that silences nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnusedSuppression {
    /// The file.
    pub path: PathBuf,
    /// One-based line.
    pub line: u32,
    /// The comment.
    pub comment: String,
}

/// The suppression comments of a file.
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
        let is_own = comment.text().contains("leakwright:");
        let Some(codes) = codes(comment.text()) else { continue };
        let line = line_around(text, comment.range().start);
        let alone = text[line.start as usize..comment.range().start as usize].trim().is_empty();
        let covers = if alone && is_own {
            line.cover(line_around(text, next_code_line(text, line.end)))
        } else {
            line
        };
        found.push(Suppression { range: comment.range(), codes, covers });
    }
    found
}

/// What to put where, so that findings of a rule that start at an offset are silenced: into the comment at
/// the end of the line, behind it, or above the line. `None` where no comment can stand.
pub(crate) fn silence(tree: &Tree, offset: u32, code: &str) -> Option<(u32, String)> {
    let text = tree.text();
    let line = line_around(text, offset);
    let content = line.of(text).trim_end_matches(['\n', '\r']);
    if content.contains('\r') {
        return None;
    }
    let end = line.start + content.len() as u32;
    let comment = content.len().checked_sub(1).and_then(|last| {
        let node = tree.root().covering(TextRange::empty(line.start + last as u32))?;
        (node.kind() == Kind::Comment).then_some(node)
    });
    if let Some(comment) = comment {
        let list = comment.text().split_once("leakwright:").map(|(before, rest)| {
            let open = rest.trim_start().strip_prefix("ignore[").and_then(|list| list.find(']'));
            open.map(|close| {
                before.len() + comment.text()[before.len()..].find('[').unwrap_or_default() + 1 + close
            })
        });
        return match list {
            None => Some((end, format!("  # leakwright: ignore[{code}]"))),
            Some(Some(close)) => Some((comment.range().start + close as u32, format!(", {code}"))),
            // Something else is said to us there.
            Some(None) => None,
        };
    }
    if may_end_in_comment(tree, end, content) {
        return Some((end, format!("  # leakwright: ignore[{code}]")));
    }
    let before = text[..line.start as usize].trim_end_matches(['\n', '\r']);
    let is_continued = before.ends_with('\\') || is_in_string(tree, line.start);
    let indent = &content[..content.len() - content.trim_start().len()];
    let line_end = &line.of(text)[content.len()..];
    (!is_continued).then(|| (line.start, format!("{indent}# leakwright: ignore[{code}]{line_end}")))
}

fn may_end_in_comment(tree: &Tree, end: u32, content: &str) -> bool {
    !content.ends_with('\\') && !is_in_string(tree, end)
}

/// Whether a string goes on across an offset.
fn is_in_string(tree: &Tree, offset: u32) -> bool {
    let mut node = tree.root().covering(TextRange::empty(offset));
    while let Some(current) = node {
        let range = current.range();
        if current.kind() == Kind::String && range.start < offset && offset < range.end {
            return true;
        }
        node = current.parent();
    }
    false
}

fn find_marker(text: &str) -> Option<usize> {
    let own = text.find("leakwright:");
    let noqa = text.find("noqa");
    match (own, noqa) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (found, None) | (None, found) => found,
    }
}

/// The codes a comment names; empty for all of them, `None` if it is about something else.
fn codes(comment: &str) -> Option<Vec<String>> {
    let split = |list: &str| -> Vec<String> {
        list.split([',', ' ']).filter(|code| !code.is_empty()).map(str::to_ascii_uppercase).collect()
    };
    if let Some((_, rest)) = comment.split_once("leakwright:") {
        let rest = rest.trim_start().strip_prefix("ignore")?;
        return match rest.strip_prefix('[') {
            Some(list) => Some(split(list.split(']').next()?)).filter(|codes| !codes.is_empty()),
            None if rest.is_empty() || rest.starts_with(char::is_whitespace) => Some(Vec::new()),
            None => None,
        };
    }
    let (_, rest) = comment.split_once("noqa")?;
    let list = rest.trim_start().strip_prefix(':')?;
    // `# noqa: E501, LW101 reason`: codes until something that is none.
    let own: Vec<String> = split(list)
        .into_iter()
        .take_while(|code| is_code(code))
        .filter(|code| code.starts_with("LW"))
        .collect();
    (!own.is_empty()).then_some(own)
}

fn is_code(word: &str) -> bool {
    let digits = word.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    digits.len() < word.len() && !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn line_around(text: &str, offset: u32) -> TextRange {
    let offset = (offset as usize).min(text.len());
    let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    let end = text[offset..].find('\n').map_or(text.len(), |at| offset + at + 1);
    TextRange::new(start as u32, end as u32)
}

/// Offset of the next line that is neither blank nor a comment.
fn next_code_line(text: &str, from: u32) -> u32 {
    let mut offset = from as usize;
    for line in text[offset..].split_inclusive('\n') {
        let trimmed = line.trim_start();
        if !trimmed.is_empty() && !trimmed.starts_with('#') {
            break;
        }
        offset += line.len();
    }
    offset as u32
}

impl Suppression {
    /// Whether it silences a finding.
    pub(crate) fn silences(&self, finding: &Finding) -> bool {
        let code = finding.rule.metadata().code;
        self.covers.contains(finding.range.start)
            && (self.codes.is_empty() || self.codes.iter().any(|known| known == code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use leakwright_syntax::{Budget, Parser};

    fn found(text: &str) -> Vec<(Vec<String>, &str)> {
        let tree = Parser::new().parse(text.into(), Budget::BATCH).unwrap();
        suppressions(&tree).into_iter().map(|entry| (entry.codes, entry.covers.of(text))).collect()
    }

    #[test]
    fn comments_cover_their_line_or_the_next_one() {
        assert_eq!(
            found("x = 1  # leakwright: ignore[LW101, lw202] known\n"),
            [(
                vec!["LW101".to_owned(), "LW202".to_owned()],
                "x = 1  # leakwright: ignore[LW101, lw202] known\n"
            )]
        );
        let above = "# leakwright: ignore\n# more\ny = 2\nz = 3\n";
        assert_eq!(found(above), [(vec![], "# leakwright: ignore\n# more\ny = 2\n")]);
        assert_eq!(found("x = 1  # noqa: E501, LW301 reason\n")[0].0, ["LW301"]);
    }

    #[test]
    fn what_silences_a_line_fits_what_is_there() {
        let silenced = |text: &str, at: &str| {
            let tree = Parser::new().parse(text.into(), Budget::BATCH).unwrap();
            let offset = text.find(at).unwrap() as u32;
            let (place, comment) = silence(&tree, offset, "LW301")?;
            let mut text = text.to_owned();
            text.insert_str(place as usize, &comment);
            let tree = Parser::new().parse(text.as_str().into(), Budget::BATCH).unwrap();
            let at = text.find(at).unwrap() as u32;
            let covers = |entry: &Suppression| {
                entry.covers.contains(at) && entry.codes.iter().any(|code| code == "LW301")
            };
            assert!(suppressions(&tree).iter().any(covers), "{text}");
            Some(text)
        };
        for (text, expected) in [
            ("x = open(p)\n", "x = open(p)  # leakwright: ignore[LW301]\n"),
            ("x = open(p)", "x = open(p)  # leakwright: ignore[LW301]"),
            ("x = open(p)\r\n", "x = open(p)  # leakwright: ignore[LW301]\r\n"),
            ("x = open(p)  # kept\n", "x = open(p)  # kept  # leakwright: ignore[LW301]\n"),
            ("x = open(p)  # noqa: E501\n", "x = open(p)  # noqa: E501  # leakwright: ignore[LW301]\n"),
            (
                "x = open(p)  # [a] leakwright: ignore[LW101] why\n",
                "x = open(p)  # [a] leakwright: ignore[LW101, LW301] why\n",
            ),
            (
                "if a:\n    x = open(\"\"\"a\nb\"\"\")\n",
                "if a:\n    # leakwright: ignore[LW301]\n    x = open(\"\"\"a\nb\"\"\")\n",
            ),
            ("x = open(p) \\\n    .read()\n", "# leakwright: ignore[LW301]\nx = open(p) \\\n    .read()\n"),
            ("y = [\n    open(p),\n]\n", "y = [\n    open(p),  # leakwright: ignore[LW301]\n]\n"),
            ("y = '#', open(p)\n", "y = '#', open(p)  # leakwright: ignore[LW301]\n"),
            ("y = open('é')\n", "y = open('é')  # leakwright: ignore[LW301]\n"),
        ] {
            assert_eq!(silenced(text, "open").as_deref(), Some(expected));
        }
        for text in ["y = 1 + \\\n  open(p) \\\n  .x\n", "y = open(p)  # leakwright: off\n"] {
            assert_eq!(silenced(text, "open"), None, "{text}");
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
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }
}
