//! Names for what fixes introduce.

use leakwright_syntax::{Kind, Node};

/// The first of some names that no identifier below a node has.
pub(crate) fn unused_name(scope: Node<'_>, wanted: &[&'static str]) -> Option<&'static str> {
    let taken: Vec<&str> =
        scope.descendants().filter(|node| node.kind() == Kind::Identifier).map(Node::text).collect();
    wanted.iter().copied().find(|name| !taken.contains(name))
}
