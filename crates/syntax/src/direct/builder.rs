//! Flat trees under construction.

use crate::flat::Entry;
use crate::{Field, FlatTree, Kind, TextRange};

use super::Definition;

/// The trees of the definitions that are open, and those that are complete.
pub(super) struct Builder {
    definitions: Vec<Definition>,
    /// Nodes of the innermost open definition.
    nodes: Vec<Entry>,
    /// The open definition, and the nodes of those around it.
    open: usize,
    outer: Vec<(usize, Vec<Entry>)>,
    /// Empty vectors to be used again.
    spare: Vec<Vec<Entry>>,
}

/// A node of the innermost open definition.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct At(usize);

impl At {
    /// The first part of the node, if it has any.
    pub(super) fn first_part(self) -> Self {
        Self(self.0 + 1)
    }
}

impl Builder {
    pub(super) fn new(length: usize) -> Self {
        let module = Definition {
            range: TextRange::new(0, length as u32),
            name: TextRange::default(),
            parent: None,
            tree: FlatTree::default(),
        };
        Self { definitions: vec![module], nodes: Vec::new(), open: 0, outer: Vec::new(), spare: Vec::new() }
    }

    /// The next node.
    pub(super) fn here(&self) -> At {
        At(self.nodes.len())
    }

    /// Adds a node whose end and parts are not known yet.
    pub(super) fn open(&mut self, kind: Kind, role: Field, start: u32) -> At {
        let at = self.here();
        self.nodes.push(Entry { kind, field: role, range: TextRange::empty(start), size: 1 });
        at
    }

    /// Ends a node: what was added since it was opened is part of it.
    pub(super) fn close(&mut self, at: At, end: u32) {
        let size = (self.nodes.len() - at.0) as u32;
        let node = &mut self.nodes[at.0];
        node.range.end = end;
        node.size = size;
    }

    /// Adds a node without parts.
    pub(super) fn leaf(&mut self, kind: Kind, role: Field, range: TextRange) {
        self.nodes.push(Entry { kind, field: role, range, size: 1 });
    }

    /// Opens a node around all nodes since `at`. It takes the role of the first of them, which gets another.
    pub(super) fn wrap(&mut self, at: At, kind: Kind, inner: Field) {
        let first = &mut self.nodes[at.0];
        let (role, start) = (std::mem::replace(&mut first.field, inner), first.range.start);
        self.nodes.insert(at.0, Entry { kind, field: role, range: TextRange::empty(start), size: 1 });
    }

    pub(super) fn kind(&self, at: At) -> Kind {
        self.nodes[at.0].kind
    }

    pub(super) fn set_kind(&mut self, at: At, kind: Kind) {
        self.nodes[at.0].kind = kind;
    }

    pub(super) fn set_start(&mut self, at: At, start: u32) {
        self.nodes[at.0].range.start = start;
    }

    pub(super) fn set_role(&mut self, at: At, role: Field) {
        self.nodes[at.0].field = role;
    }

    /// Whether a node has no parts.
    pub(super) fn is_leaf(&self, at: At) -> bool {
        self.nodes[at.0].size == 1
    }

    /// Whether a node of a kind is part of another, however deep.
    pub(super) fn has(&self, at: At, kind: Kind) -> bool {
        let end = at.0 + self.nodes[at.0].size as usize;
        self.nodes[at.0..end].iter().any(|node| node.kind == kind)
    }

    /// The parts of a node, in order.
    pub(super) fn parts(&self, at: At) -> Vec<At> {
        let end = at.0 + self.nodes[at.0].size as usize;
        let mut found = Vec::new();
        let mut next = at.0 + 1;
        while next < end {
            found.push(At(next));
            next += self.nodes[next].size as usize;
        }
        found
    }

    /// Begins a definition, whose nodes are added from now on.
    pub(super) fn begin(&mut self, start: u32) {
        let definition = Definition {
            range: TextRange::empty(start),
            name: TextRange::default(),
            parent: Some(self.open),
            tree: FlatTree::default(),
        };
        let nodes = std::mem::replace(&mut self.nodes, self.spare.pop().unwrap_or_default());
        self.outer.push((self.open, nodes));
        self.open = self.definitions.len();
        self.definitions.push(definition);
    }

    /// Names the open definition.
    pub(super) fn name(&mut self, name: TextRange) {
        self.definitions[self.open].name = name;
    }

    /// Ends the open definition. In the one around it stands its name.
    pub(super) fn end(&mut self, end: u32) -> Option<()> {
        let (open, nodes) = self.outer.pop()?;
        let mut own = std::mem::replace(&mut self.nodes, nodes);
        let ended = &mut self.definitions[self.open];
        ended.range.end = end;
        ended.tree = FlatTree::of(&own);
        let (range, name) = (ended.range, ended.name);
        let kind = own.first()?.kind;
        own.clear();
        self.spare.push(own);
        self.open = open;
        let at = self.open(kind, Field::None, range.start);
        self.leaf(Kind::Identifier, Field::Name, name);
        self.close(at, range.end);
        Some(())
    }

    /// All definitions, once the module is read.
    pub(super) fn finish(mut self) -> Vec<Definition> {
        self.definitions[0].tree = FlatTree::of(&self.nodes);
        self.definitions
    }
}
