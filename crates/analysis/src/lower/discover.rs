//! Finds the items of a file: the module, and every class and function in it, in source order.

use leakwright_syntax::{Definition, Definitions, Field, FlatTree, Kind, Node, TextRange, Tree};
use xxhash_rust::xxh3::Xxh3;

use crate::ir::{Layout, LayoutBuilder};

/// An item of a file, not lowered yet.
pub(crate) struct Found<'t> {
    /// Its definition, decorators included.
    pub(crate) source: Source<'t>,
    /// Where it stands in the file.
    pub(crate) range: TextRange,
    /// Index of the item it is nested in; `None` for the module.
    pub(crate) parent: Option<usize>,
    /// Indices of the items nested directly in it.
    pub(crate) children: Vec<usize>,
    /// Where its own text lies.
    pub(crate) layout: Layout,
    /// Whether something of its own could not be parsed.
    pub(crate) is_broken: bool,
    /// Hash of its own text. Equal hashes mean equal facts, unless it is broken.
    pub(crate) hash: u64,
}

/// What an item is lowered from.
#[derive(Clone, Copy)]
pub(crate) enum Source<'t> {
    /// A node of the concrete tree.
    Node(Node<'t>),
    /// A flat tree that was made without one.
    Flat(&'t FlatTree),
}

/// All items of a tree.
pub(crate) fn discover(tree: &Tree) -> Vec<Found<'_>> {
    let whole = TextRange::new(0, tree.text().len() as u32);
    let mut nodes = vec![(tree.root(), found(Source::Node(tree.root()), whole, None))];
    collect(tree.root(), &mut nodes);
    let names: Vec<&str> = nodes.iter().map(|(node, _)| defined_name(*node)).collect();
    let (nodes, mut items): (Vec<Node<'_>>, Vec<Found<'_>>) = nodes.into_iter().unzip();
    for (index, node) in nodes.iter().enumerate() {
        let nested = measure(index, &mut items, &names, node.kind(), tree.text());
        items[index].is_broken = has_own_error(*node, &nested);
    }
    items
}

/// All items of a file whose flat trees are known.
pub(crate) fn discover_direct<'t>(definitions: &'t Definitions, text: &str) -> Vec<Found<'t>> {
    let item = |definition: &'t Definition| {
        found(Source::Flat(&definition.tree), definition.range, definition.parent)
    };
    let mut items: Vec<Found<'t>> = definitions.items.iter().map(item).collect();
    for index in 1..items.len() {
        if let Some(parent) = items[index].parent {
            items[parent].children.push(index);
        }
    }
    let names: Vec<&str> = definitions.items.iter().map(|definition| definition.name.of(text)).collect();
    for (index, definition) in definitions.items.iter().enumerate() {
        let kind = definition.tree.root().map_or(Kind::Other, leakwright_syntax::FlatNode::kind);
        measure(index, &mut items, &names, kind, text);
    }
    items
}

fn found(source: Source<'_>, range: TextRange, parent: Option<usize>) -> Found<'_> {
    let (children, layout) = (Vec::new(), Layout::default());
    Found { source, range, parent, children, layout, is_broken: false, hash: 0 }
}

/// Adds the definitions below `root`, outer ones first, without recursion.
fn collect<'t>(root: Node<'t>, items: &mut Vec<(Node<'t>, Found<'t>)>) {
    // Nodes still to be entered, with the item each belongs to; last in, first out.
    let mut pending = vec![(root, 0_usize)];
    let mut batch = Vec::new();
    while let Some((node, owner)) = pending.pop() {
        let owner =
            if node.kind().is_definition() && node != root { enter(node, owner, items) } else { owner };
        batch.extend(node.children().filter(|child| holds_statements(child.kind())));
        for child in batch.drain(..).rev() {
            let is_definition_of_decorated = node.kind() == Kind::Decorated && child.kind().is_definition();
            if is_definition_of_decorated {
                let body = child.children().filter(|part| holds_statements(part.kind()));
                pending.extend(body.map(|part| (part, owner)));
            } else {
                pending.push((child, owner));
            }
        }
    }
}

fn enter<'t>(node: Node<'t>, owner: usize, items: &mut Vec<(Node<'t>, Found<'t>)>) -> usize {
    let index = items.len();
    items[owner].1.children.push(index);
    items.push((node, found(Source::Node(node), node.range(), Some(owner))));
    index
}

fn holds_statements(kind: Kind) -> bool {
    kind.is_definition()
        || matches!(
            kind,
            Kind::Block
                | Kind::If
                | Kind::Elif
                | Kind::Else
                | Kind::For
                | Kind::While
                | Kind::Try
                | Kind::Except
                | Kind::Finally
                | Kind::With
                | Kind::Match
                | Kind::Case
                | Kind::Error
        )
}

/// Fills in layout and hash of an item whose children are known. Gives where those lie.
fn measure(index: usize, items: &mut [Found<'_>], names: &[&str], kind: Kind, text: &str) -> Vec<TextRange> {
    let children = std::mem::take(&mut items[index].children);
    let nested: Vec<TextRange> = children.iter().map(|child| items[*child].range).collect();
    let mut hash = Xxh3::new();
    // The code around a definition binds its name.
    for &child in &children {
        hash.update(names[child].as_bytes());
        hash.update(&[0]);
    }
    let item = &mut items[index];
    let mut layout = LayoutBuilder::new(item.range.start);
    for range in &nested {
        hash.update(layout.nested(*range).of(text).as_bytes());
        // A byte that cannot occur in source marks the place of a nested definition.
        hash.update(&[0]);
    }
    let (layout, tail) = layout.finish(item.range.end);
    hash.update(tail.of(text).as_bytes());
    hash.update(&[kind as u8]);
    item.children = children;
    item.layout = layout;
    item.hash = hash.digest();
    nested
}

/// The name that a definition binds where it stands.
fn defined_name(node: Node<'_>) -> &str {
    let defined = if node.kind() == Kind::Decorated { node.field(Field::Definition) } else { Some(node) };
    defined.and_then(|inner| inner.field(Field::Name)).map_or("", Node::text)
}

/// Whether an error lies in the node but outside the nested definitions.
fn has_own_error(root: Node<'_>, nested: &[TextRange]) -> bool {
    let mut pending = vec![root];
    while let Some(node) = pending.pop() {
        if !node.has_error() && !node.is_missing() {
            continue;
        }
        if node.kind() == Kind::Error || node.is_missing() {
            return true;
        }
        let inside = |child: &Node<'_>| !(child.kind().is_definition() && nested.contains(&child.range()));
        pending.extend(node.children().filter(inside));
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use leakwright_syntax::{Budget, Parser};

    fn names(text: &str) -> Vec<(String, Option<usize>, bool)> {
        let tree = Parser::new().parse(text.into(), Budget::BATCH).unwrap();
        let name =
            |item: &Found<'_>| item.range.of(text).lines().next().unwrap_or_default().trim().to_owned();
        discover(&tree).iter().map(|item| (name(item), item.parent, item.is_broken)).collect()
    }

    #[test]
    fn items_come_in_source_order_with_their_parents() {
        let text = "class A:\n  @d\n  def m(self):\n    def n(): pass\n  x = 1\nif x:\n  async def f(): pass\nelse:\n  def g(): pass\n";
        let found: Vec<_> = names(text).into_iter().map(|(name, parent, _)| (name, parent)).collect();
        let expected = [
            ("class A:", None),
            ("class A:", Some(0)),
            ("@d", Some(1)),
            ("def n(): pass", Some(2)),
            ("async def f(): pass", Some(0)),
            ("def g(): pass", Some(0)),
        ];
        assert_eq!(found, expected.map(|(name, parent)| (name.to_owned(), parent)));
    }

    #[test]
    fn both_ways_find_the_same_items() {
        let text = "@d\nclass A:\n  @d\n  def m(self):\n    def n(): pass  # n\n  x = 1\nif x:\n  async def f(): pass\n";
        let tree = Parser::new().parse(text.into(), Budget::BATCH).unwrap();
        let definitions = leakwright_syntax::definitions(text).unwrap();
        let all = |items: Vec<Found<'_>>| -> Vec<_> {
            let known = |item: Found<'_>| (item.range, item.parent, item.children, item.layout, item.hash);
            items.into_iter().map(known).collect()
        };
        assert_eq!(all(discover(&tree)), all(discover_direct(&definitions, text)));
    }

    #[test]
    fn an_error_breaks_the_item_it_stands_in_and_no_other() {
        let broken: Vec<bool> = names("def f():\n    x = (1 +\n\ndef g():\n    return 1\n")
            .into_iter()
            .map(|item| item.2)
            .collect();
        assert!(broken.contains(&true));
        let nested =
            names("class A:\n    def f(self):\n        x = = 1\n    def g(self):\n        return 1\n");
        let state = |name: &str| nested.iter().find(|item| item.0.starts_with(name)).map(|item| item.2);
        assert_eq!(state("def f"), Some(true));
        assert_eq!(state("def g"), Some(false));
    }

    #[test]
    fn the_hash_of_an_item_ignores_what_is_nested_in_it() {
        let hashes = |text: &str| {
            let tree = Parser::new().parse(text.into(), Budget::BATCH).unwrap();
            discover(&tree).iter().map(|item| item.hash).collect::<Vec<_>>()
        };
        let before = hashes("x = 1\ndef f():\n    return 1\ny = 2\n");
        let after = hashes("x = 1\ndef f():\n    return 10\ny = 2\n");
        assert_eq!(before[0], after[0]);
        assert_ne!(before[1], after[1]);
        let renamed = hashes("x = 1\ndef g():\n    return 1\ny = 2\n");
        assert_ne!(before[0], renamed[0], "the name is bound around the definition");
    }
}
