//! A compact copy of a part of the tree, for one pass of analysis.
//!
//! Nodes lie in source order in one vector; a node knows where its subtree ends. Comments and
//! punctuation are left out, of a nested definition there is only its name, and nothing lies deeper
//! than [`MAX_DEPTH`], so code that recurses over a flat tree cannot overflow its stack.

use tree_sitter::TreeCursor;

use crate::{Field, Kind, Node, TextRange};

/// Deepest nesting that is copied. CPython's own parser gives up at about 200 nested brackets; only
/// long chains of operators or attributes go beyond.
pub const MAX_DEPTH: usize = 1000;

/// A flat copy of a subtree.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct FlatTree {
    nodes: Vec<Entry>,
    truncated: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) kind: Kind,
    pub(crate) field: Field,
    pub(crate) range: TextRange,
    /// Number of nodes in the subtree, itself included.
    pub(crate) size: u32,
}

/// One node of a flat tree. Copying is free.
#[derive(Clone, Copy)]
pub struct FlatNode<'f> {
    tree: &'f FlatTree,
    index: u32,
}

impl FlatTree {
    /// Copies the subtree below `root`. Of definitions inside it only the name is copied.
    pub fn new(root: Node<'_>) -> Self {
        let mut tree = Self::default();
        tree.fill(&mut root.raw.walk(), root.kind());
        tree
    }

    /// A tree of these nodes.
    pub(crate) fn of(nodes: &[Entry]) -> Self {
        Self { nodes: nodes.to_vec(), truncated: false }
    }

    /// The node the copy was made from; `None` for a copy of nothing.
    pub fn root(&self) -> Option<FlatNode<'_>> {
        (!self.nodes.is_empty()).then_some(FlatNode { tree: self, index: 0 })
    }

    /// Whether something was left out because it lay too deep.
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }

    fn fill(&mut self, cursor: &mut TreeCursor<'_>, root: Kind) {
        // Open nodes: their indices. The definition of a decorated root is part of the root.
        let mut open: Vec<u32> = Vec::new();
        self.push(cursor, root, Field::None);
        loop {
            let last = self.nodes.len() - 1;
            let descend = self.may_descend(last, open.len(), root);
            if descend && cursor.goto_first_child() {
                open.push(last as u32);
            } else {
                self.close_leaf(last, cursor);
                if !self.next_sibling(cursor, &mut open) {
                    return;
                }
            }
            // Skip what has no meaning here: punctuation and comments.
            while !self.keep(cursor) {
                if !self.next_sibling(cursor, &mut open) {
                    return;
                }
            }
        }
    }

    /// Ends a node that is not entered. A definition keeps its name.
    fn close_leaf(&mut self, index: usize, cursor: &TreeCursor<'_>) {
        if self.nodes[index].kind.is_definition() {
            let node = cursor.node();
            let definition = Field::Definition.id().and_then(|id| node.child_by_field_id(id)).unwrap_or(node);
            if let Some(name) = Field::Name.id().and_then(|id| definition.child_by_field_id(id)) {
                let (kind, field) = (Kind::Identifier, Field::Name);
                self.nodes.push(Entry { kind, field, range: name.byte_range().into(), size: 1 });
            }
        }
        self.nodes[index].size = (self.nodes.len() - index) as u32;
    }

    /// Moves on to the next node that is not below the current one; false behind the last.
    fn next_sibling(&mut self, cursor: &mut TreeCursor<'_>, open: &mut Vec<u32>) -> bool {
        while !open.is_empty() {
            if cursor.goto_next_sibling() {
                return true;
            }
            cursor.goto_parent();
            if let Some(index) = open.pop() {
                self.nodes[index as usize].size = self.nodes.len() as u32 - index;
            }
        }
        false
    }

    fn may_descend(&mut self, index: usize, depth: usize, root: Kind) -> bool {
        let entry = self.nodes[index];
        match entry.kind {
            kind if kind.is_definition() && index > 0 => {
                root == Kind::Decorated && entry.field == Field::Definition && depth == 1
            }
            Kind::Comment | Kind::Identifier | Kind::Integer | Kind::Float => false,
            _ if depth >= MAX_DEPTH => {
                self.truncated = true;
                false
            }
            _ => true,
        }
    }

    /// Adds the node under the cursor if it has meaning.
    fn keep(&mut self, cursor: &TreeCursor<'_>) -> bool {
        let node = cursor.node();
        let field = Field::of(cursor.field_id());
        let kind = Kind::of(&node);
        let matters = if node.is_named() {
            !matches!(
                kind,
                Kind::Comment
                    | Kind::LineContinuation
                    | Kind::StringStart
                    | Kind::StringEnd
                    | Kind::StringContent
            )
        } else {
            field != Field::None || matches!(kind, Kind::AsyncKeyword | Kind::FromKeyword | Kind::Underscore)
        };
        if matters {
            self.push(cursor, kind, field);
        }
        matters
    }

    fn push(&mut self, cursor: &TreeCursor<'_>, kind: Kind, field: Field) {
        let range = cursor.node().byte_range().into();
        self.nodes.push(Entry { kind, field, range, size: 1 });
    }
}

impl<'f> FlatNode<'f> {
    fn entry(self) -> &'f Entry {
        &self.tree.nodes[self.index as usize]
    }

    /// What the node is.
    pub fn kind(self) -> Kind {
        self.entry().kind
    }

    /// Its role within its parent.
    pub fn role(self) -> Field {
        self.entry().field
    }

    /// Where it stands in the text.
    pub fn range(self) -> TextRange {
        self.entry().range
    }

    /// Its parts, in order.
    pub fn children(self) -> impl Iterator<Item = FlatNode<'f>> + Clone {
        let end = self.index + self.entry().size;
        let first = (self.index + 1 < end).then_some(Self { tree: self.tree, index: self.index + 1 });
        std::iter::successors(first, move |node| {
            let next = node.index + node.entry().size;
            (next < end).then_some(Self { tree: node.tree, index: next })
        })
    }

    /// The first part with a role.
    pub fn field(self, field: Field) -> Option<FlatNode<'f>> {
        self.children().find(|child| child.role() == field)
    }

    /// All parts with a role.
    pub fn fields(self, field: Field) -> impl Iterator<Item = FlatNode<'f>> + Clone {
        self.children().filter(move |child| child.role() == field)
    }

    /// The first part of a kind.
    pub fn child(self, kind: Kind) -> Option<FlatNode<'f>> {
        self.children().find(|child| child.kind() == kind)
    }

    /// Whether the node has a part of a kind.
    pub fn has(self, kind: Kind) -> bool {
        self.child(kind).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Budget, Parser};

    fn render(node: FlatNode<'_>) -> String {
        let inner: Vec<String> = node.children().map(|child| render(child)).collect();
        if inner.is_empty() {
            return format!("{:?}", node.kind());
        }
        format!("{:?}({})", node.kind(), inner.join(" "))
    }

    fn flat(text: &str) -> String {
        let tree = Parser::new().parse(text.into(), Budget::BATCH).unwrap();
        let flat = FlatTree::new(tree.root());
        render(flat.root().unwrap())
    }

    #[test]
    fn punctuation_comments_and_nested_code_are_left_out() {
        assert_eq!(
            flat("x = a.b(1)  # why\ndef f():\n    pass\ny\n"),
            "Module(ExpressionStatement(Assignment(Identifier Call(Attribute(Identifier Identifier) \
             ArgumentList(Integer)))) Function(Identifier) ExpressionStatement(Identifier))"
        );
        assert_eq!(flat("@d\ndef f(): pass"), "Module(Decorated(Identifier))");
        assert_eq!(flat("''"), "Module(ExpressionStatement(String))");
        assert_eq!(flat(""), "Module");
    }

    #[test]
    fn a_definition_as_the_root_is_entered_once() {
        let tree = Parser::new().parse("@d\ndef f():\n    def g(): pass\n".into(), Budget::BATCH).unwrap();
        let root = tree.root().children().next().unwrap();
        let flat = FlatTree::new(root);
        assert_eq!(
            render(flat.root().unwrap()),
            "Decorated(Decorator(Identifier) Function(Identifier Parameters Block(Function(Identifier))))"
        );
    }

    #[test]
    fn depth_is_limited_whatever_the_text_holds() {
        for text in [
            format!("x = {}1{}", "(".repeat(5000), ")".repeat(5000)),
            format!("x = {}y", "not ".repeat(5000)),
        ] {
            let tree = Parser::new().parse(text.as_str().into(), Budget::BATCH).unwrap();
            let flat = FlatTree::new(tree.root());
            assert!(flat.is_truncated());
            let mut node = flat.root().unwrap();
            let mut depth = 0;
            while let Some(child) = node.children().last() {
                (node, depth) = (child, depth + 1);
            }
            assert!(depth <= MAX_DEPTH, "{depth}");
        }
    }
}
