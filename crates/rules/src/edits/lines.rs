//! Lines of the source around a node.

use leakwright_syntax::{Kind, Node, TextRange, Tree};

/// Offset of the first byte of the line that `offset` lies in.
pub(crate) fn line_start(text: &str, offset: u32) -> u32 {
    let before = &text[..offset as usize];
    before.rfind(['\n', '\r']).map_or(0, |at| at as u32 + 1)
}

/// Offset behind the last byte of the line that `offset` lies in, without its line break.
pub(crate) fn line_end(text: &str, offset: u32) -> u32 {
    let after = &text[offset as usize..];
    offset + after.find(['\n', '\r']).unwrap_or(after.len()) as u32
}

/// The white space that the line of `offset` begins with.
pub(crate) fn indentation(text: &str, offset: u32) -> &str {
    let line = &text[line_start(text, offset) as usize..];
    let width = line.find(|c| c != ' ' && c != '\t' && c != '\x0c').unwrap_or(line.len());
    &line[..width]
}

/// The line break that the text uses.
pub(crate) fn line_break(text: &str) -> &'static str {
    match text.find(['\n', '\r']) {
        Some(at) if text[at..].starts_with("\r\n") => "\r\n",
        Some(at) if text[at..].starts_with('\r') => "\r",
        _ => "\n",
    }
}

/// What one more level of indentation adds inside the block that holds a node.
pub(crate) fn unit_of_indentation(tree: &Tree, node: Node<'_>) -> String {
    let text = tree.text();
    let own = indentation(text, node.range().start);
    if own.starts_with('\t') {
        return "\t".to_owned();
    }
    // A block that is indented already shows the width; another block of the file does as well.
    let inner = std::iter::once(node)
        .chain(node.ancestors())
        .find(|ancestor| ancestor.kind() == Kind::Block)
        .or_else(|| tree.root().descendants().find(|node| node.kind() == Kind::Block));
    let width = inner.and_then(|block| {
        let first = block.named_children().next()?;
        let inside = indentation(text, first.range().start);
        let outside = indentation(text, block.parent()?.range().start);
        (inside.len() > outside.len()).then(|| inside[outside.len()..].to_owned())
    });
    width.filter(|unit| unit.chars().all(|c| c == ' ' || c == '\t')).unwrap_or_else(|| "    ".to_owned())
}

/// Whether nothing but white space and comments shares the lines of a statement with it.
pub(crate) fn is_alone_on_lines(tree: &Tree, node: Node<'_>) -> bool {
    let text = tree.text();
    let range = node.range();
    let before = &text[line_start(text, range.start) as usize..range.start as usize];
    let after = text[range.end as usize..line_end(text, range.end) as usize].trim();
    before.trim().is_empty() && (after.is_empty() || after.starts_with('#'))
}

/// The whole lines of a statement, line break included.
pub(crate) fn statement_lines(tree: &Tree, node: Node<'_>) -> TextRange {
    let text = tree.text();
    let end = line_end(text, node.range().end);
    let rest = &text[end as usize..];
    let width = if rest.starts_with("\r\n") { 2 } else { u32::from(!rest.is_empty()) };
    TextRange::new(line_start(text, node.range().start), end + width)
}

/// Whether a comment stands in a range.
pub(crate) fn has_comment(tree: &Tree, range: TextRange) -> bool {
    let Some(covering) = tree.root().covering(range) else { return false };
    covering.descendants().any(|node| node.kind() == Kind::Comment && range.overlaps(node.range()))
}
