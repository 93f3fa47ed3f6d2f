//! A view of one node of the concrete syntax tree.

use crate::{Field, Kind, TextRange, Tree};

/// One node of a concrete syntax tree, tokens and comments included. Copying is free.
#[derive(Clone, Copy)]
pub struct Node<'t> {
    pub(crate) raw: tree_sitter::Node<'t>,
    tree: &'t Tree,
}

impl<'t> Node<'t> {
    pub(crate) fn new(raw: tree_sitter::Node<'t>, tree: &'t Tree) -> Self {
        Self { raw, tree }
    }

    /// What the node is.
    pub fn kind(self) -> Kind {
        Kind::of(&self.raw)
    }

    /// Where it stands.
    pub fn range(self) -> TextRange {
        self.raw.byte_range().into()
    }

    /// Its source text.
    pub fn text(self) -> &'t str {
        self.range().of(self.tree.text())
    }

    /// The node it is a part of.
    pub fn parent(self) -> Option<Self> {
        self.raw.parent().map(|raw| Self::new(raw, self.tree))
    }

    /// The part with a role; the first where several have it.
    pub fn field(self, field: Field) -> Option<Self> {
        self.raw.child_by_field_id(field.id()?).map(|raw| Self::new(raw, self.tree))
    }

    /// All parts in order, tokens and comments included.
    pub fn children(self) -> Children<'t> {
        let mut cursor = self.raw.walk();
        let more = cursor.goto_first_child();
        Children { cursor, more, tree: self.tree }
    }

    /// The parts that are not punctuation, keywords or comments.
    pub fn named_children(self) -> impl Iterator<Item = Self> {
        self.children().filter(|child| child.raw.is_named() && child.kind() != Kind::Comment)
    }

    /// The first part of a kind.
    pub fn child(self, kind: Kind) -> Option<Self> {
        self.children().find(|child| child.kind() == kind)
    }

    /// The nodes it is a part of, nearest first.
    pub fn ancestors(self) -> impl Iterator<Item = Self> {
        std::iter::successors(self.parent(), |node| node.parent())
    }

    /// This node and everything below it, in source order, without recursion.
    pub fn descendants(self) -> impl Iterator<Item = Self> {
        let mut cursor = self.raw.walk();
        let tree = self.tree;
        let mut depth = 0_u32;
        let mut next = Some(self.raw);
        std::iter::from_fn(move || {
            let current = next?;
            next = if cursor.goto_first_child() {
                depth += 1;
                Some(cursor.node())
            } else {
                loop {
                    if depth == 0 {
                        break None;
                    }
                    if cursor.goto_next_sibling() {
                        break Some(cursor.node());
                    }
                    cursor.goto_parent();
                    depth -= 1;
                }
            };
            Some(Self::new(current, tree))
        })
    }

    /// Whether it or something below it could not be parsed.
    pub fn has_error(self) -> bool {
        self.raw.has_error()
    }

    /// Whether the parser invented it to go on after an error.
    pub fn is_missing(self) -> bool {
        self.raw.is_missing()
    }

    /// The statement it stands in: the nearest node whose parent is a block or the module.
    pub fn statement(self) -> Option<Self> {
        std::iter::once(self).chain(self.ancestors()).find(|node| {
            node.parent().is_some_and(|parent| matches!(parent.kind(), Kind::Block | Kind::Module))
        })
    }

    /// The smallest node that covers `range`.
    pub fn covering(self, range: TextRange) -> Option<Self> {
        self.raw
            .descendant_for_byte_range(range.start as usize, range.end as usize)
            .map(|raw| Self::new(raw, self.tree))
    }
}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}@{}..{}", self.kind(), self.range().start, self.range().end)
    }
}

impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw
    }
}

/// Iterator over the parts of a node.
pub struct Children<'t> {
    cursor: tree_sitter::TreeCursor<'t>,
    more: bool,
    tree: &'t Tree,
}

impl<'t> Iterator for Children<'t> {
    type Item = Node<'t>;

    fn next(&mut self) -> Option<Self::Item> {
        if !self.more {
            return None;
        }
        let node = Node::new(self.cursor.node(), self.tree);
        self.more = self.cursor.goto_next_sibling();
        Some(node)
    }
}
