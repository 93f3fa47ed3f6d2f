//! Indenting whole lines of Python.

use leakwright_analysis::project::ModuleId;
use leakwright_syntax::{Kind, TextRange, Tree};

use crate::fix::Edit;

/// Edits that indent each line which begins in `range` by `unit`, or `None` where that would change
/// what the code says: a line that continues a string, or one that cannot be moved.
pub(crate) fn indent_lines(module: ModuleId, tree: &Tree, range: TextRange, unit: &str) -> Option<Vec<Edit>> {
    let text = tree.text();
    let strings = multi_line_strings(tree, range);
    let mut edits = Vec::new();
    let mut at = range.start;
    while at < range.end {
        let rest = &text[at as usize..range.end as usize];
        let length = rest.find('\n').map_or(rest.len(), |end| end + 1);
        let line = &rest[..length];
        if line.trim_end_matches(['\n', '\r']).contains('\r') {
            return None;
        }
        let in_string = strings.iter().any(|string| string.start < at && at < string.end);
        if !line.trim().is_empty() && !in_string {
            edits.push(Edit::insert(module, at, unit));
        }
        at += length as u32;
    }
    Some(edits)
}

/// String literals in a range that go over several lines: their text must stay as it is.
fn multi_line_strings(tree: &Tree, range: TextRange) -> Vec<TextRange> {
    let Some(covering) = tree.root().covering(range) else { return Vec::new() };
    covering
        .descendants()
        .filter(|node| node.kind() == Kind::String && range.overlaps(node.range()))
        .map(leakwright_syntax::Node::range)
        .filter(|string| string.of(tree.text()).contains('\n'))
        .collect()
}

/// Edits that move each line which begins in `range` from the indentation `inner` to `outer`, lines in
/// `gone` left out. Lines that begin with less go on with the one before, and stay.
pub(crate) fn dedent_lines(
    module: ModuleId,
    tree: &Tree,
    range: TextRange,
    (outer, inner): (&str, &str),
    gone: &[TextRange],
) -> Option<Vec<Edit>> {
    if !inner.starts_with(outer) {
        return None;
    }
    let text = tree.text();
    let strings = multi_line_strings(tree, range);
    let mut edits = Vec::new();
    let mut at = range.start;
    while at < range.end {
        let rest = &text[at as usize..];
        let length = rest.find('\n').map_or(rest.len(), |end| end + 1) as u32;
        let line = &rest[..length as usize];
        if line.trim_end_matches(['\n', '\r']).contains('\r') {
            return None;
        }
        let in_string = strings.iter().any(|string| string.start < at && at < string.end);
        let is_gone = gone.iter().any(|gone| gone.start <= at && at < gone.end);
        if line.starts_with(inner) && !line.trim().is_empty() && !in_string && !is_gone {
            let (from, to) = (at + outer.len() as u32, at + inner.len() as u32);
            edits.push(Edit::delete(module, TextRange::new(from, to)));
        }
        at += length;
    }
    Some(edits)
}
