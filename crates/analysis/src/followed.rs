//! From the facts of a file to those after an edit within one item.
//!
//! Where an edit touches the own text of one item only, everything else is as it was, only elsewhere. What the item
//! is now is read from its own text, in which the definitions nested in it are replaced by short ones. While it cannot
//! be read it is broken, and keeps the facts that it had: whoever writes `self.items.` on the way to
//! `self.items.clear()` does not want to see the rest of the file change.

use std::ops::Range;
use std::sync::Arc;

use leakwright_syntax::{Definitions, Replaced, Text, TextRange, Unread, definition, try_definitions};

use crate::file::{FileFacts, Item, ItemId, broken};
use crate::ir::{ItemFacts, Layout, LayoutBuilder};
use crate::lower::{discover_direct, lower};

/// The own text of an item, so that it can be read by itself.
pub struct OwnSource {
    /// The text, with a short definition in the place of each that is nested in the item, up to the first code
    /// behind the item.
    pub text: String,
    /// Where the item lies in it.
    range: TextRange,
    /// Where the nested definitions lie in it.
    nested: Vec<TextRange>,
    /// Columns that the item is indented by; `None` for a module.
    indent: Option<u32>,
}

/// What the own text of an item says.
pub enum Reading {
    /// The item is still what it was, with the same items in it.
    Same(Definitions),
    /// It cannot be read, and as it seems nothing can make it readable but another change of it.
    Broken {
        /// A line within brackets begins with what makes no sense there: as long as the brackets are those that
        /// there were, the fault is in them.
        in_brackets: bool,
    },
    /// Anything else.
    Other,
}

impl OwnSource {
    /// What it says.
    pub fn read(&self) -> Reading {
        let read = match self.indent {
            Some(indent) => definition(&self.text, indent),
            None => try_definitions(&self.text),
        };
        match read {
            Ok(definitions) if self.has_its_place(&definitions) => Reading::Same(definitions),
            Err(Unread::Wrong) => Reading::Broken { in_brackets: false },
            Err(Unread::WrongInBrackets) => Reading::Broken { in_brackets: true },
            _ => Reading::Other,
        }
    }

    /// Whether the item and what is nested in it lie where they should.
    fn has_its_place(&self, definitions: &Definitions) -> bool {
        let mut found = definitions.items.iter();
        let is_whole = found.next().is_some_and(|own| own.range == self.range && own.parent.is_none());
        let nested = found.map(|item| (item.range, item.parent));
        is_whole && nested.eq(self.nested.iter().map(|range| (*range, Some(0))))
    }
}

impl FileFacts {
    /// The item whose own text a change lies within; `None` if it touches anything else.
    pub fn changed_item(&self, range: TextRange) -> Option<ItemId> {
        let contains = |item: &Item| item.range.start < range.start && range.end <= item.range.end;
        let next = self.items.partition_point(|item| item.range.start < range.start);
        let mut id = ItemId(next.saturating_sub(1) as u32);
        while id != ItemId::MODULE && !contains(self.item(id)) {
            id = self.item(id).parent?;
        }
        let touches = |child: &ItemId| self.item(*child).range.touches(range);
        (!self.item(id).children.iter().any(touches)).then_some(id)
    }

    /// Whether a change stands between a nested definition and the next code, so that what is new may belong to either.
    pub fn may_extend_nested(&self, id: ItemId, before: &Text, change: Replaced) -> bool {
        let ends = self.item(id).children.iter().map(|child| self.item(*child).range.end);
        let Some(end) = ends.take_while(|end| *end <= change.range.start).last() else { return false };
        match before.end_of_next_code_line(end, u32::MAX) {
            Some(line) => change.range.start <= line,
            None => true,
        }
    }

    /// The own text of an item, given the text of the file, or that after a change in the item. `None` if it is
    /// longer than a limit in bytes.
    pub fn own_source(
        &self,
        id: ItemId,
        text: &Text,
        change: Option<Replaced>,
        limit: u32,
    ) -> Option<OwnSource> {
        let now = |offset: u32| change.map_or(offset, |change| change.moved(offset));
        let item = self.item(id);
        let (start, end) = (item.range.start, now(item.range.end));
        let mut source = String::new();
        let mut nested = Vec::with_capacity(item.children.len());
        let mut from = start;
        for &child in item.children.iter() {
            let (begin, behind) = (now(self.item(child).range.start), now(self.item(child).range.end));
            source.push_str(&text.slice(TextRange::new(from, begin)));
            nested.push(self.push_short(child, &mut source)?);
            from = behind;
            if source.len() > limit as usize {
                return None;
            }
        }
        if end - from.min(end) > limit {
            return None;
        }
        source.push_str(&text.slice(TextRange::new(from, end)));
        let range = TextRange::new(0, source.len() as u32);
        if id == ItemId::MODULE {
            return Some(OwnSource { text: source, range, nested, indent: None });
        }
        source.push_str(&text.slice(TextRange::new(end, text.end_of_next_code_line(end, limit)?)));
        let indent = columns(&text.line_before(start))?;
        Some(OwnSource { text: source, range, nested, indent: Some(indent) })
    }

    /// Adds the shortest definition that can stand for a nested one. Says where.
    fn push_short(&self, child: ItemId, source: &mut String) -> Option<TextRange> {
        let facts = self.facts(child);
        let line = source.rfind('\n').map_or(0, |end| end + 1);
        let indent = source[line..].to_owned();
        columns(&indent)?;
        let start = source.len();
        if !facts.decorators.is_empty() {
            source.push_str("@d\n");
            source.push_str(&indent);
        }
        let name = facts.own_name();
        let head = if facts.is_class() { ["class ", name, ":\n"] } else { ["def ", name, "():\n"] };
        source.extend(head);
        // Comments behind it that a longer one would take in, this takes in as well.
        source.push_str(&indent);
        source.push_str(" pass");
        Some((start..source.len()).into())
    }

    /// The facts after a change in the own text of an item, which was read again. `None` if more is different than
    /// what is in it.
    pub fn with_item(
        &self,
        id: ItemId,
        change: Replaced,
        source: &OwnSource,
        read: &Definitions,
    ) -> Option<Self> {
        let found = discover_direct(read, &source.text);
        let found = found.first()?;
        let known = self.item(id);
        let mut items = self.moved(id, change);
        let mut bindings = None;
        if known.hash != found.hash {
            let facts = lower(found, &source.text);
            if facts.has_error || !facts.is_alike(&known.facts) {
                return None;
            }
            let has_same_variables =
                facts.has_same_variables(&known.facts) && facts.stars().eq(known.facts.stars());
            let item = &mut items[id.0 as usize];
            (item.facts, item.hash) = (Arc::new(facts), found.hash);
            if !has_same_variables {
                bindings = Some(self.bindings.updated(&items, self.extent(id), &self.items));
            }
        }
        let layout = layout_of(id, &items);
        let item = &mut items[id.0 as usize];
        (item.layout, item.is_outdated) = (layout, false);
        let broken = broken(&items);
        Some(Self { items, bindings: bindings.unwrap_or_else(|| self.bindings.clone()), broken })
    }

    /// The facts after a change in the own text of an item, which cannot be read any more. `None` if that went on for
    /// too long.
    pub fn with_broken_item(&self, id: ItemId, change: Replaced) -> Option<Self> {
        let layout = self.item(id).layout.changed(change)?;
        let mut items = self.moved(id, change);
        let item = &mut items[id.0 as usize];
        (item.layout, item.is_outdated) = (layout, true);
        let broken = broken(&items);
        Some(Self { items, bindings: self.bindings.clone(), broken })
    }

    /// An item, and how many items behind it are nested in it.
    fn extent(&self, id: ItemId) -> Range<usize> {
        let first = id.0 as usize;
        let end = self.item(id).range.end;
        let nested = self.items[first + 1..].iter().take_while(|item| item.range.start < end).count();
        first..first + 1 + nested
    }

    /// The items where they are after a change in the own text of one. What is known of that one itself is left.
    fn moved(&self, id: ItemId, change: Replaced) -> Box<[Item]> {
        let mut items = self.items.clone();
        for item in &mut items[id.0 as usize + 1..] {
            if item.range.start >= change.range.end {
                item.range = TextRange::new(change.moved(item.range.start), change.moved(item.range.end));
                item.layout = item.layout.at(item.range.start);
            }
        }
        items[id.0 as usize].range.end = change.moved(self.item(id).range.end);
        for outer in self.ancestors(id) {
            let item = &mut items[outer.0 as usize];
            item.range.end = change.moved(item.range.end);
            item.layout = item.layout.changed_within(change);
        }
        items
    }
}

/// Where the own text of an item lies, given where the items lie.
fn layout_of(id: ItemId, items: &[Item]) -> Layout {
    let item = &items[id.0 as usize];
    let mut layout = LayoutBuilder::new(item.range.start);
    for child in item.children.iter() {
        layout.nested(items[child.0 as usize].range);
    }
    layout.finish(item.range.end).0
}

impl ItemFacts {
    /// Whether it has the same variables, under the same numbers.
    fn has_same_variables(&self, other: &Self) -> bool {
        let of = |facts: &Self, index: usize| {
            let var = &facts.vars[index];
            (var.kind, var.scope, facts.scopes[var.scope.index()].kind)
        };
        let is_same = |index: usize| {
            of(self, index) == of(other, index)
                && self.str(self.vars[index].name) == other.str(other.vars[index].name)
        };
        self.vars.len() == other.vars.len() && (0..self.vars.len()).all(is_same)
    }
}

/// The columns that blanks at the beginning of a line come to; `None` if there is anything else.
fn columns(blanks: &str) -> Option<u32> {
    blanks.bytes().try_fold(0, |columns, byte| match byte {
        b' ' => Some(columns + 1),
        b'\t' => Some(columns + 8),
        _ => None,
    })
}
