//! The facts of one file: its items, and where their text lies now.

use std::sync::Arc;

use leakwright_syntax::{Definitions, TextRange, Tree};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::bindings::Bindings;
use crate::ir::{ItemFacts, ItemRange, Layout, Op, Val};
use crate::lower::{Found, discover, discover_direct, lower};

/// An item of a file, by its number in source order; the module is the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ItemId(pub u32);

impl ItemId {
    /// The module's own code.
    pub const MODULE: Self = Self(0);
}

/// What is known of one file by looking at nothing else.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FileFacts {
    /// Items in source order, the module first.
    pub items: Box<[Item]>,
    /// Where their variables come from.
    pub bindings: Bindings,
    /// Those that could not be parsed.
    pub(crate) broken: Box<[ItemId]>,
}

/// An item in its place.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Item {
    /// Its facts, shared with other versions of the file in which it is the same.
    pub facts: Arc<ItemFacts>,
    /// The item it is nested in.
    pub parent: Option<ItemId>,
    /// The items nested in it, in the order of [`Op::Define`].
    pub children: Arc<[ItemId]>,
    /// Where its text lies.
    pub layout: Layout,
    /// Its whole definition, decorators included.
    pub range: TextRange,
    /// Hash of the own text that the facts are of.
    pub(crate) hash: u64,
    /// The facts are those from before it could not be parsed.
    pub(crate) is_outdated: bool,
}

impl Item {
    /// Whether its facts are those from before it could not be parsed.
    pub fn is_outdated(&self) -> bool {
        self.is_outdated
    }

    /// Whether it could not be parsed.
    pub fn is_broken(&self) -> bool {
        self.is_outdated || self.facts.has_error
    }
}

/// The items that could not be parsed.
pub(crate) fn broken(items: &[Item]) -> Box<[ItemId]> {
    let numbered = items.iter().enumerate();
    numbered.filter(|(_, item)| item.is_broken()).map(|(index, _)| ItemId(index as u32)).collect()
}

impl FileFacts {
    /// Maps a file. Items whose own text is that of an item of `previous` keep its facts.
    pub fn map(tree: &Tree, previous: Option<&Self>) -> Self {
        Self::lowered(discover(tree), tree.text(), previous)
    }

    /// The same for a file whose definitions were read without making a tree.
    pub fn map_direct(definitions: &Definitions, text: &str, previous: Option<&Self>) -> Self {
        Self::lowered(discover_direct(definitions, text), text, previous)
    }

    fn lowered(found: Vec<Found<'_>>, text: &str, previous: Option<&Self>) -> Self {
        let known: FxHashMap<u64, &Arc<ItemFacts>> = previous
            .into_iter()
            .flat_map(|file| &file.items)
            .filter(|item| !item.facts.has_error)
            .map(|item| (item.hash, &item.facts))
            .collect();
        let item = |found: Found<'_>| {
            let reused = known.get(&found.hash).filter(|_| !found.is_broken);
            let facts = reused.map_or_else(|| Arc::new(lower(&found, text)), |facts| Arc::clone(facts));
            Item {
                facts,
                parent: found.parent.map(|index| ItemId(index as u32)),
                children: found.children.iter().map(|index| ItemId(*index as u32)).collect(),
                layout: found.layout,
                range: found.range,
                hash: found.hash,
                is_outdated: false,
            }
        };
        let items: Box<[Item]> = found.into_iter().map(item).collect();
        let bindings = Bindings::new(&items);
        let broken = broken(&items);
        Self { items, bindings, broken }
    }

    /// What is known of an empty file.
    pub fn empty() -> Self {
        let mut parser = leakwright_syntax::Parser::new();
        match parser.parse("".into(), leakwright_syntax::Budget::BATCH) {
            Ok(tree) => Self::map(&tree, None),
            Err(_) => Self::default(),
        }
    }

    /// An item.
    pub fn item(&self, id: ItemId) -> &Item {
        &self.items[id.0 as usize]
    }

    /// The facts of an item.
    pub fn facts(&self, id: ItemId) -> &ItemFacts {
        &self.items[id.0 as usize].facts
    }

    /// The numbers of all items.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = ItemId> + use<> {
        (0..self.items.len() as u32).map(ItemId)
    }

    /// Where a range of an item lies in the file.
    pub fn range(&self, id: ItemId, range: ItemRange) -> TextRange {
        self.item(id).layout.to_file(range)
    }

    /// The innermost item with all of a range of the file, and where in it that is. Of a whole definition it is
    /// the item around it.
    pub fn own_range(&self, range: TextRange) -> (ItemId, ItemRange) {
        let next = self.items.partition_point(|item| item.range.start <= range.start);
        let mut id = ItemId(next.saturating_sub(1) as u32);
        while let Some(outer) = self.item(id).parent {
            let own = self.item(id).range;
            if own.contains_range(range) && own != range {
                break;
            }
            id = outer;
        }
        (id, self.item(id).layout.to_own(range))
    }

    /// Where the source of a value lies in the file.
    pub fn value_range(&self, id: ItemId, value: Val) -> TextRange {
        self.range(id, self.facts(id).body.insts[value.index()].range)
    }

    /// The items around an item, innermost first.
    pub fn ancestors(&self, id: ItemId) -> impl Iterator<Item = ItemId> + use<'_> {
        std::iter::successors(self.item(id).parent, |outer| self.item(*outer).parent)
    }

    /// The items that could not be parsed.
    pub fn broken(&self) -> impl Iterator<Item = ItemId> + use<'_> {
        self.broken.iter().copied()
    }

    /// The item that an [`Op::Define`] value defines.
    pub fn defined(&self, id: ItemId, value: Val) -> Option<ItemId> {
        match self.facts(id).body.op(value) {
            Op::Define(number) => self.item(id).children.get(number as usize).copied(),
            _ => None,
        }
    }

    /// The dotted name of an item within its module; empty for the module.
    pub fn dotted_name(&self, id: ItemId) -> String {
        let mut names: Vec<&str> = self.ancestors(id).map(|outer| self.facts(outer).own_name()).collect();
        names.reverse();
        names.push(self.facts(id).own_name());
        names.retain(|name| !name.is_empty());
        names.join(".")
    }

    /// The items that are not as in another map of the file. `None` if they are not the same items: others by
    /// number, nesting, kind or name.
    pub fn changed_since(&self, before: &Self) -> Option<Vec<ItemId>> {
        if self.items.len() != before.items.len() {
            return None;
        }
        let mut changed = Vec::new();
        for id in self.ids() {
            let (now, then) = (self.item(id), before.item(id));
            let is_same = Arc::ptr_eq(&now.facts, &then.facts);
            if !is_same && !now.facts.is_alike(&then.facts) || now.parent != then.parent {
                return None;
            }
            if now.is_broken() != then.is_broken() || !self.is_same_item(before, id) {
                changed.push(id);
            }
        }
        if !self.bindings.has_same_globals(&before.bindings) && changed.first() != Some(&ItemId::MODULE) {
            changed.insert(0, ItemId::MODULE);
        }
        Some(changed)
    }

    /// Whether the facts of an item, and what its variables stand for, are shared with another map.
    pub(crate) fn is_same_item(&self, other: &Self, id: ItemId) -> bool {
        Arc::ptr_eq(&self.item(id).facts, &other.item(id).facts)
            && self.bindings.is_same_for(&other.bindings, id)
    }

    /// Whether an item could not be parsed.
    pub fn is_broken(&self, id: ItemId) -> bool {
        self.item(id).is_broken()
    }

    /// Whether two maps of a file have the same facts for the same items in the same places.
    pub fn is_same(&self, other: &Self) -> bool {
        let same = |(a, b): (&Item, &Item)| {
            (a.hash, a.is_outdated, a.range, a.parent) == (b.hash, b.is_outdated, b.range, b.parent)
                && a.layout == b.layout
        };
        self.items.len() == other.items.len() && self.items.iter().zip(&other.items).all(same)
    }
}
