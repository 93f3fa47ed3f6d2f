//! Names and strings of one item, each stored once.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::Name;
use super::ids::MAX_ENTRIES;

/// A table of strings.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Names {
    text: Box<str>,
    ends: Box<[u32]>,
}

impl Names {
    /// The string with an id.
    pub fn get(&self, name: Name) -> &str {
        entry(&self.text, &self.ends, name.index())
    }

    /// The id of a string, if the table has it.
    pub fn find(&self, text: &str) -> Option<Name> {
        let mut start = 0;
        // Most are told apart by their length.
        let is_it = |end: &u32| {
            let range = std::mem::replace(&mut start, *end as usize)..*end as usize;
            range.len() == text.len() && self.text.as_bytes().get(range) == Some(text.as_bytes())
        };
        self.ends.iter().position(is_it).map(Name::new)
    }

    /// All strings in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).map(|index| entry(&self.text, &self.ends, index))
    }
}

fn entry<'t>(text: &'t str, ends: &[u32], index: usize) -> &'t str {
    let start = if index == 0 { 0 } else { ends[index - 1] };
    &text[start as usize..ends[index] as usize]
}

/// Fills a table of names.
#[derive(Default)]
pub(crate) struct NamesBuilder {
    text: String,
    ends: Vec<u32>,
    /// Entries by the hash of their text; the first of those that have the same.
    ids: FxHashMap<u64, Name>,
}

impl NamesBuilder {
    pub(crate) fn intern(&mut self, text: &str) -> Name {
        let hash = xxh3_64(text.as_bytes());
        let known = self.ids.get(&hash).copied();
        if let Some(name) = known.filter(|name| entry(&self.text, &self.ends, name.index()) == text) {
            return name;
        }
        let name = Name::new(self.ends.len());
        self.text.push_str(text);
        self.ends.push(self.text.len() as u32);
        if known.is_none() {
            self.ids.insert(hash, name);
        }
        name
    }

    /// Whether there are more than can be counted.
    pub(crate) fn is_overfull(&self) -> bool {
        self.ends.len() >= MAX_ENTRIES
    }

    pub(crate) fn finish(self) -> Names {
        Names { text: self.text.as_str().into(), ends: self.ends.as_slice().into() }
    }
}
