//! Lines as comments see them.
//!
//! A comment can only end a line whose end is neither inside a string nor behind a backslash. What is written over
//! several such lines counts as one: a comment at its end, or above it, is about all of it.

use leakwright_syntax::{Kind, Node, TextRange, Tree};

/// The line around an offset, with its line break.
pub(super) fn line_around(text: &str, offset: u32) -> TextRange {
    let offset = (offset as usize).min(text.len());
    let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    let end = text[offset..].find('\n').map_or(text.len(), |at| offset + at + 1);
    TextRange::new(start as u32, end as u32)
}

/// A line without its line break.
pub(super) fn content(text: &str, line: TextRange) -> TextRange {
    let content = line.of(text).trim_end_matches(['\n', '\r']);
    TextRange::new(line.start, line.start + content.len() as u32)
}

/// The line around an offset, with those that it is joined to.
pub(super) fn joined(tree: &Tree, offset: u32) -> TextRange {
    let text = tree.text();
    let mut lines = line_around(text, offset);
    while lines.start > 0 {
        let above = line_around(text, lines.start - 1);
        if !goes_on(tree, above) {
            break;
        }
        lines = above.cover(lines);
    }
    let mut last = line_around(text, offset);
    while goes_on(tree, last) && (last.end as usize) < text.len() {
        last = line_around(text, last.end);
        lines = lines.cover(last);
    }
    lines
}

/// Whether the next line belongs to a line.
fn goes_on(tree: &Tree, line: TextRange) -> bool {
    let content = content(tree.text(), line);
    if is_in_string(tree, line.end) {
        return true;
    }
    content.of(tree.text()).ends_with('\\') && comment_at_end(tree, content).is_none()
}

/// The comment that ends a line, given without its line break.
pub(super) fn comment_at_end(tree: &Tree, content: TextRange) -> Option<Node<'_>> {
    let last = content.end.checked_sub(1).filter(|last| *last >= content.start)?;
    tree.root().covering(TextRange::empty(last)).filter(|node| node.kind() == Kind::Comment)
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

/// Offset of the next line that is neither blank nor a comment.
pub(super) fn next_code_line(text: &str, from: u32) -> u32 {
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
