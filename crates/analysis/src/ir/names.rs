//! Names and strings of one item, each stored once.

use rustc_hash::FxHashMap;

use super::Name;

/// An append-only table of strings.
#[derive(Clone, Debug, Default)]
pub struct Names {
    text: String,
    ends: Vec<u32>,
}

impl Names {
    /// The string with an id.
    pub fn get(&self, name: Name) -> &str {
        let index = name.index();
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.text[start as usize..self.ends[index] as usize]
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
        (0..self.ends.len()).map(|index| self.get(Name::new(index)))
    }
}

/// Fills a table of names.
#[derive(Default)]
pub(crate) struct NamesBuilder {
    names: Names,
    ids: FxHashMap<Box<str>, Name>,
}

impl NamesBuilder {
    pub(crate) fn intern(&mut self, text: &str) -> Name {
        if let Some(&name) = self.ids.get(text) {
            return name;
        }
        let name = Name::new(self.names.ends.len());
        self.names.text.push_str(text);
        self.names.ends.push(self.names.text.len() as u32);
        self.ids.insert(text.into(), name);
        name
    }

    pub(crate) fn finish(self) -> Names {
        self.names
    }
}
