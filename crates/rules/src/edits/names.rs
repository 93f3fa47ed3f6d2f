//! Names for what fixes introduce.

use leakwright_syntax::{Kind, Node};

/// The first of some names that no identifier in some parts of the source has.
pub(crate) fn unused_name(parts: &[Option<Node<'_>>], wanted: &[&'static str]) -> Option<&'static str> {
    let taken: Vec<&str> = parts
        .iter()
        .flatten()
        .flat_map(|part| part.descendants())
        .filter(|node| node.kind() == Kind::Identifier)
        .map(Node::text)
        .collect();
    wanted.iter().copied().find(|name| !taken.contains(name))
}
