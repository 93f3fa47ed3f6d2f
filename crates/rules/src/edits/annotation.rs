//! Annotations that change with the value.

use leakwright_analysis::project::ModuleId;
use leakwright_syntax::{Field, Kind, Node};

use crate::fix::Edit;

/// Rewrites the annotation of an assignment from a list to a deque: `list[X]` to `deque[X]`. Nothing
/// where there is no annotation; `None` where it is of another shape.
pub(crate) fn list_to_deque(file: ModuleId, assignment: Node<'_>, deque: &str) -> Option<Vec<Edit>> {
    let Some(annotation) = assignment.field(Field::Type) else { return Some(Vec::new()) };
    let inner = annotation.named_children().next()?;
    let name = match inner.kind() {
        Kind::Identifier | Kind::Attribute => inner,
        Kind::GenericType | Kind::Subscript => inner.named_children().next()?,
        _ => return None,
    };
    matches!(name.text(), "list" | "List" | "typing.List" | "t.List")
        .then(|| vec![Edit::replace(file, name.range(), deque)])
}
