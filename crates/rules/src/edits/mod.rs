//! Building blocks of fixes: where statements and lines begin and end, indentation, imports.

mod annotation;
mod import;
mod indent;
mod lines;
mod names;

use leakwright_syntax::{Node, TextRange, Tree};

pub(crate) use annotation::list_to_deque;
pub(crate) use import::{Imported, import_name};
pub(crate) use indent::{dedent_lines, indent_lines};
pub(crate) use lines::{
    has_comment, indentation, is_alone_on_lines, line_break, line_end, line_start, statement_lines,
    unit_of_indentation,
};
pub(crate) use names::unused_name;

/// The innermost node at just this range.
pub(crate) fn exact(tree: &Tree, range: TextRange) -> Option<Node<'_>> {
    tree.root().covering(range).filter(|node| node.range() == range)
}
