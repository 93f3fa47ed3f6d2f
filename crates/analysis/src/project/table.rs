//! Tables of a linked project that are cheap to take along from one version to the next.
//!
//! What was linked stays where it is, shared by all versions; each version has the entries that edits
//! have changed since.

use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use rustc_hash::{FxBuildHasher, FxHashMap};

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
    linked: Arc<Linked<K, V>>,
    /// Lists in the place of those.
    changed: FxHashMap<K, Arc<[V]>>,
}

struct Linked<K, V> {
    /// Numbers of keys, to be found by the keys.
    numbers: HashTable<u32>,
    keys: Box<[K]>,
    /// Where the list of each key ends; it begins where the one before it ends.
    ends: Box<[u32]>,
    values: Box<[V]>,
}

impl<K, V> Default for Lists<K, V> {
    fn default() -> Self {
        let (numbers, keys, ends, values) = Default::default();
        Self { linked: Arc::new(Linked { numbers, keys, ends, values }), changed: FxHashMap::default() }
    }
}

impl<K: Copy + Eq + Hash + Ord, V> Lists<K, V> {
    /// The list of a key; empty if it has none.
    pub(crate) fn list(&self, key: K) -> &[V] {
        if !self.changed.is_empty()
            && let Some(changed) = self.changed.get(&key)
        {
            return changed;
        }
        self.linked.number(&key).map_or(&[], |number| self.linked.list(number))
    }

    /// Sets the list of a key. An empty one is none.
    pub(crate) fn set_list(&mut self, key: K, list: Vec<V>) {
        if list.is_empty() && self.linked.number(&key).is_none() {
            self.changed.remove(&key);
        } else {
            self.changed.insert(key, list.into());
        }
    }

    /// All lists that are not empty, in the order of their keys.
    pub(crate) fn entries(&self) -> Vec<(K, &[V])> {
        let kept = self.linked.keys.iter().enumerate().filter(|(_, key)| !self.changed.contains_key(key));
        let kept = kept.map(|(number, key)| (*key, self.linked.list(number as u32)));
        let changed = self.changed.iter().map(|(key, list)| (*key, &**list));
        let mut entries: Vec<(K, &[V])> = kept.chain(changed).filter(|(_, list)| !list.is_empty()).collect();
        entries.sort_by_key(|entry| entry.0);
        entries
    }

    /// How many lists are not those that were linked.
    pub(crate) fn changes(&self) -> usize {
        self.changed.len()
    }

    /// The keys of the lists that were linked.
    pub(crate) fn linked_keys(&self) -> &[K] {
        &self.linked.keys
    }
}

impl<K: Eq + Hash, V> Linked<K, V> {
    fn number(&self, key: &K) -> Option<u32> {
        self.numbers.find(hash(key), |number| self.keys[*number as usize] == *key).copied()
    }

    fn list(&self, number: u32) -> &[V] {
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before as usize]);
        &self.values[start as usize..self.ends[number as usize] as usize]
    }
}

fn hash(key: &impl Hash) -> u64 {
    FxBuildHasher.hash_one(key)
}

/// Lists that are being made, all at once. What is added goes to one heap, to be sorted when all of it is there: that
/// takes less memory than a list for each key.
pub(crate) struct ListsBuilder<K, V> {
    numbers: HashTable<u32>,
    keys: Vec<K>,
    full: Vec<Vec<(u32, V)>>,
    last: Vec<(u32, V)>,
}

/// How many values lie together while lists are made.
const CHUNK: usize = 1 << 16;

impl<K, V> Default for ListsBuilder<K, V> {
    fn default() -> Self {
        Self { numbers: HashTable::new(), keys: Vec::new(), full: Vec::new(), last: Vec::new() }
    }
}

impl<K: Copy + Eq + Hash, V: Copy> ListsBuilder<K, V> {
    /// Adds to the end of the list of a key.
    pub(crate) fn push(&mut self, key: K, value: V) {
        let keys = &self.keys;
        let entry = self.numbers.entry(
            hash(&key),
            |number| keys[*number as usize] == key,
            |number| hash(&keys[*number as usize]),
        );
        let number = match entry {
            Entry::Occupied(entry) => *entry.get(),
            Entry::Vacant(entry) => {
                let number = self.keys.len() as u32;
                entry.insert(number);
                self.keys.push(key);
                number
            }
        };
        if self.last.len() == CHUNK {
            self.full.push(std::mem::replace(&mut self.last, Vec::with_capacity(CHUNK)));
        }
        self.last.push((number, value));
    }

    /// The lists, their keys in the order in which they were added first.
    pub(crate) fn finish(self) -> Lists<K, V> {
        self.finish_by(|_| ())
    }

    /// The lists, their keys in some order; those that come out the same in the order in which they were added first.
    pub(crate) fn finish_by<O: Ord>(mut self, order: impl Fn(&K) -> O) -> Lists<K, V> {
        let mut sorted: Vec<u32> = (0..self.keys.len() as u32).collect();
        sorted.sort_by_key(|number| order(&self.keys[*number as usize]));
        let mut place = vec![0; sorted.len()];
        for (new, old) in sorted.iter().enumerate() {
            place[*old as usize] = new as u32;
        }
        self.numbers.iter_mut().for_each(|number| *number = place[*number as usize]);
        let keys: Box<[K]> = sorted.into_iter().map(|number| self.keys[number as usize]).collect();
        drop(self.keys);

        let chunks = || self.full.iter().chain([&self.last]);
        let mut ends = vec![0_u32; keys.len()];
        chunks().flatten().for_each(|(number, _)| ends[place[*number as usize] as usize] += 1);
        let mut total = 0;
        for end in &mut ends {
            // Where the list begins, until its values are there.
            total += std::mem::replace(end, total);
        }
        let mut values: Vec<V> = match chunks().flatten().next() {
            Some((_, any)) => vec![*any; total as usize],
            None => Vec::new(),
        };
        // Each chunk goes as soon as its values are in their places.
        for (number, value) in self.full.into_iter().chain([self.last]).flatten() {
            let end = &mut ends[place[number as usize] as usize];
            values[*end as usize] = value;
            *end += 1;
        }
        let linked = Linked { numbers: self.numbers, keys, ends: ends.into(), values: values.into() };
        Lists { linked: Arc::new(linked), changed: FxHashMap::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_version_has_its_own_entries_and_keeps_none_that_are_gone() {
        let mut lists = ListsBuilder::default();
        lists.push(1, 'a');
        lists.push(2, 'b');
        let linked = lists.finish();
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

    #[test]
    fn lists_are_those_of_a_map_with_their_keys_in_order() {
        for count in [0, 1, 7, 1000, 3 * CHUNK as u32 + 5] {
            let mut map: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
            let mut lists = ListsBuilder::default();
            for value in 0..count {
                let key = value.wrapping_mul(2_654_435_761) % 997;
                map.entry(key).or_default().push(value);
                lists.push(key, value);
            }
            let lists = lists.finish_by(|key| key % 10);
            assert!(map.iter().all(|(key, list)| lists.list(*key) == list), "{count}");
            assert_eq!((lists.entries().len(), lists.list(997)), (map.len(), &[][..]));
            let keys = lists.linked_keys();
            assert!(keys.is_sorted_by_key(|key| (key % 10, map[key][0])), "{count}");
        }
    }
}
