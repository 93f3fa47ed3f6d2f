//! Tables of a linked project that are cheap to take along from one version to the next.
//!
//! What was linked stays where it is, shared by all versions; each version has the entries that edits
//! have changed since.

use std::hash::Hash;
use std::sync::Arc;

use rustc_hash::FxHashMap;

/// A map of which each version of a project has its own. Cloning costs as much as has changed since it
/// was made.
#[derive(Clone)]
pub(crate) struct Table<K, V> {
    linked: Arc<FxHashMap<K, V>>,
    /// Entries in the place of those; nothing for one that is gone.
    changed: FxHashMap<K, Option<Arc<V>>>,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self { linked: Arc::default(), changed: FxHashMap::default() }
    }
}

impl<K, V> From<FxHashMap<K, V>> for Table<K, V> {
    fn from(linked: FxHashMap<K, V>) -> Self {
        Self { linked: Arc::new(linked), changed: FxHashMap::default() }
    }
}

impl<K: Copy + Eq + Hash + Ord, V> Table<K, V> {
    /// The entry of a key.
    pub(crate) fn get(&self, key: K) -> Option<&V> {
        if !self.changed.is_empty()
            && let Some(changed) = self.changed.get(&key)
        {
            return changed.as_deref();
        }
        self.linked.get(&key)
    }

    /// Puts an entry in the place of what a key has, or takes that away.
    pub(crate) fn set(&mut self, key: K, value: Option<V>) {
        if value.is_none() && !self.linked.contains_key(&key) {
            self.changed.remove(&key);
        } else {
            self.changed.insert(key, value.map(Arc::new));
        }
    }

    /// All entries, in the order of their keys.
    pub(crate) fn entries(&self) -> Vec<(K, &V)> {
        let kept = self.linked.iter().filter(|(key, _)| !self.changed.contains_key(key));
        let changed = self.changed.iter().filter_map(|(key, value)| Some((*key, &**value.as_ref()?)));
        let mut entries: Vec<(K, &V)> = kept.map(|(key, value)| (*key, value)).chain(changed).collect();
        entries.sort_by_key(|entry| entry.0);
        entries
    }

    /// How many entries are not those that were linked.
    pub(crate) fn changes(&self) -> usize {
        self.changed.len()
    }
}

impl<K: Copy + Eq + Hash + Ord, V> Table<K, Vec<V>> {
    /// The list of a key; empty if it has none.
    pub(crate) fn list(&self, key: K) -> &[V] {
        self.get(key).map_or(&[], Vec::as_slice)
    }

    /// Sets the list of a key. An empty one is none.
    pub(crate) fn set_list(&mut self, key: K, list: Vec<V>) {
        self.set(key, Some(list).filter(|list| !list.is_empty()));
    }
}

/// Lists by their keys, each version with its own like those of a [`Table`]. There are many, most of them short: those
/// that were linked lie one behind the other.
#[derive(Clone)]
pub(crate) struct Lists<K, V> {
    /// Where the list of each key lies.
    spans: Arc<FxHashMap<K, Span>>,
    linked: Arc<[V]>,
    /// Lists in the place of those.
    changed: FxHashMap<K, Arc<[V]>>,
}

#[derive(Clone, Copy)]
struct Span {
    start: u32,
    end: u32,
}

impl<K, V> Default for Lists<K, V> {
    fn default() -> Self {
        Self { spans: Arc::default(), linked: Arc::new([]), changed: FxHashMap::default() }
    }
}

impl<K: Eq + Hash, V: Clone> From<FxHashMap<K, Vec<V>>> for Lists<K, V> {
    fn from(lists: FxHashMap<K, Vec<V>>) -> Self {
        let mut all = Vec::with_capacity(lists.values().map(Vec::len).sum());
        let lists = lists.into_iter().map(|(key, list)| {
            let start = all.len() as u32;
            all.extend(list);
            (key, Span { start, end: all.len() as u32 })
        });
        let spans = Arc::new(lists.collect());
        Self { spans, linked: all.into(), changed: FxHashMap::default() }
    }
}

impl<K: Copy + Eq + Hash + Ord, V: Clone> Lists<K, V> {
    /// The list of a key; empty if it has none.
    pub(crate) fn list(&self, key: K) -> &[V] {
        if !self.changed.is_empty()
            && let Some(changed) = self.changed.get(&key)
        {
            return changed;
        }
        self.spans.get(&key).map_or(&[], |span| self.at(*span))
    }

    /// Sets the list of a key. An empty one is none.
    pub(crate) fn set_list(&mut self, key: K, list: Vec<V>) {
        if list.is_empty() && !self.spans.contains_key(&key) {
            self.changed.remove(&key);
        } else {
            self.changed.insert(key, list.into());
        }
    }

    /// All lists that are not empty, in the order of their keys.
    pub(crate) fn entries(&self) -> Vec<(K, &[V])> {
        let kept = self.spans.iter().filter(|(key, _)| !self.changed.contains_key(key));
        let kept = kept.map(|(key, span)| (*key, self.at(*span)));
        let changed = self.changed.iter().map(|(key, list)| (*key, &**list));
        let mut entries: Vec<(K, &[V])> = kept.chain(changed).filter(|(_, list)| !list.is_empty()).collect();
        entries.sort_by_key(|entry| entry.0);
        entries
    }

    /// How many lists are not those that were linked.
    pub(crate) fn changes(&self) -> usize {
        self.changed.len()
    }

    fn at(&self, span: Span) -> &[V] {
        &self.linked[span.start as usize..span.end as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_version_has_its_own_entries_and_keeps_none_that_are_gone() {
        let linked = Lists::from(FxHashMap::from_iter([(1, vec!['a']), (2, vec!['b'])]));
        let mut edited = linked.clone();
        edited.set_list(1, vec!['A']);
        edited.set_list(2, Vec::new());
        edited.set_list(3, vec!['c']);
        assert_eq!((linked.list(1), linked.list(2), linked.list(3)), (&['a'][..], &['b'][..], &[][..]));
        assert_eq!((edited.list(1), edited.list(2), edited.list(3)), (&['A'][..], &[][..], &['c'][..]));
        let entries: Vec<i32> = edited.entries().into_iter().map(|(key, _)| key).collect();
        assert_eq!(entries, [1, 3]);
        edited.set_list(3, Vec::new());
        assert_eq!(edited.changes(), 2, "what was never linked leaves nothing behind");
    }
}
