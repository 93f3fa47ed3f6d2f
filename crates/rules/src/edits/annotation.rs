//! Annotations that change with the value.

use leakwright_analysis::project::ModuleId;
use leakwright_syntax::{Field, Kind, Node};

use crate::fix::Edit;

/// Rewrites the annotation of an assignment from a list to a deque: `list[X]` to `deque[X]`, also where
/// `None` is allowed besides. Nothing where there is no annotation, or one that a deque fits as well;
/// `None` where it is of another shape.
pub(crate) fn list_to_deque(file: ModuleId, assignment: Node<'_>, deque: &str) -> Option<Vec<Edit>> {
    let Some(annotation) = assignment.field(Field::Type) else { return Some(Vec::new()) };
    let mut edits = Vec::new();
    let mut pending: Vec<Node<'_>> = annotation.named_children().collect();
    while let Some(node) = pending.pop() {
        match node.kind() {
            Kind::None => {}
            Kind::Type => pending.extend(node.named_children()),
            Kind::UnionType | Kind::BinaryOperator => pending.extend(node.named_children()),
            Kind::Identifier | Kind::Attribute => edits.extend(renamed(file, node, deque)?),
            Kind::GenericType | Kind::Subscript => {
                let mut parts = node.named_children();
                let name = parts.next()?;
                if matches!(name.text(), "Optional" | "typing.Optional" | "Union" | "typing.Union") {
                    // Their parameters are what it may be.
                    let parameters = parts.flat_map(|part| match part.kind() {
                        Kind::TypeParameter => part.named_children().collect(),
                        _ => vec![part],
                    });
                    pending.extend(parameters);
                } else {
                    edits.extend(renamed(file, name, deque)?);
                }
            }
            _ => return None,
        }
    }
    Some(edits)
}

/// The edit for the name of a type; nothing for one that a deque is as well.
fn renamed(file: ModuleId, name: Node<'_>, deque: &str) -> Option<Vec<Edit>> {
    match name.text().rsplit('.').next()? {
        "list" | "List" => Some(vec![Edit::replace(file, name.range(), deque)]),
        "Iterable" | "Collection" | "Sequence" | "MutableSequence" | "Any" | "None" | "object" => {
            Some(Vec::new())
        }
        _ => None,
    }
}
