//! Following what somebody types, without a tree.
//!
//! A tree of the whole text takes longer to bring up to date than all that follows from it. Most changes lie within
//! one function, or one class without its methods, of a file that is fine otherwise: then that is read by itself, and
//! nothing else. The tree comes later, and has to agree.

use leakwright_analysis::{FileFacts, ItemId, Reading};
use leakwright_syntax::{Replaced, Text};
use rustc_hash::FxHashSet;

use crate::suppress::{Suppression, has_marker};

/// Own texts that are longer, in bytes, are not read by themselves.
const MAX_LENGTH: u32 = 64 * 1024;

/// Whether a byte that comes or goes leaves brackets, strings and comments where they are.
fn keeps_brackets(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'_' | b' ' | b'.' | b',' | b'=' | b'+' | b'-' | b'*' | b'/')
}

/// What is known of a text from following its changes.
#[derive(Default)]
pub(crate) struct Follower {
    /// All that is wrong with the text lies in items which are known to be broken.
    is_sound: bool,
    /// The items that could be read by themselves.
    readable: FxHashSet<ItemId>,
}

impl Follower {
    /// Of a text that was mapped with its tree, which has no errors.
    pub(crate) fn new(is_sound: bool) -> Self {
        Self { is_sound, readable: FxHashSet::default() }
    }

    /// The facts after a change, and the suppressions if they are others now. `None` if the tree has to be asked.
    pub(crate) fn follow(
        &mut self,
        facts: &FileFacts,
        suppressions: &[Suppression],
        before: &Text,
        after: &Text,
        change: Replaced,
    ) -> Option<(FileFacts, Option<Vec<Suppression>>)> {
        if !self.is_sound {
            return None;
        }
        let id = facts.changed_item(change.range)?;
        let range = facts.item(id).range;
        if suppressions.iter().any(|known| known.is_about_part_of(range)) {
            return None;
        }
        let source = facts.own_source(id, after, Some(change), MAX_LENGTH);
        let source = source.filter(|source| !has_marker(&source.text))?;
        let followed = match source.read() {
            Reading::Same(read) => {
                self.readable.insert(id);
                facts.with_item(id, change, &source, &read)?
            }
            Reading::Broken { in_brackets } if self.was_readable(facts, id, before) => {
                let [gone, new] = [before.slice(change.range), after.slice(change.new_range())];
                let changed = gone + &new;
                let is_plain = changed.bytes().all(keeps_brackets);
                if in_brackets && !is_plain {
                    return None;
                }
                // Lines that begin elsewhere, or may belong elsewhere, make blocks into others.
                let is_in_line = is_plain && !before.line_before(change.range.start).trim().is_empty();
                let may_extend = || !is_in_line && facts.may_extend_nested(id, before, change);
                if changed.contains('\n') || may_extend() {
                    return None;
                }
                facts.with_broken_item(id, change)?
            }
            Reading::Broken { .. } | Reading::Other => return None,
        };
        let moved = || suppressions.iter().map(|known| known.moved(change)).collect();
        Some((followed, (!suppressions.is_empty()).then(moved)))
    }

    /// Whether an item could be read before it was changed, so that it is the change that made it unreadable.
    fn was_readable(&mut self, facts: &FileFacts, id: ItemId, before: &Text) -> bool {
        let reads = || {
            let source = facts.own_source(id, before, None, MAX_LENGTH);
            source.is_some_and(|source| matches!(source.read(), Reading::Same(_)))
        };
        let was_readable = self.readable.contains(&id) || reads();
        if was_readable {
            self.readable.insert(id);
        }
        was_readable
    }
}
