//! All entries: those of the packs that are there, and those that are new.

use std::io;

use rustc_hash::{FxHashMap, FxHashSet};

use super::Key;
use super::folder::Folder;
use super::pack::{ENDING, Pack, Row, Writer};

/// How many packs there may be before they become one.
const MAX_PACKS: usize = 8;

/// Bytes of entries that are kept although the run that made one pack of many did not need them.
const SPARE: u64 = 16 << 20;

/// The entries of a cache.
#[derive(Default)]
pub(super) struct Packs {
    packs: Vec<Pack>,
    entries: FxHashMap<Key, (usize, Row)>,
    used: FxHashSet<Key>,
    new: Option<Writer>,
}

impl Packs {
    /// What is there. What is no pack, or not any more, goes.
    pub(super) fn open(folder: &Folder) -> Self {
        let mut all = Self::default();
        for path in folder.files(ENDING) {
            let Some(pack) = Pack::open(&path) else {
                let _ = std::fs::remove_file(&path);
                continue;
            };
            let index = all.packs.len();
            all.entries.extend(pack.rows.iter().map(|row| (row.key, (index, *row))));
            all.packs.push(pack);
        }
        all
    }

    /// An entry.
    pub(super) fn get(&mut self, key: Key) -> Option<Vec<u8>> {
        let (pack, row) = *self.entries.get(&key)?;
        let found = self.packs.get_mut(pack)?.read(row);
        match found {
            Some(_) => self.used.insert(key),
            // It is made anew, and is not to be taken along.
            None => self.entries.remove(&key).is_some(),
        };
        found
    }

    /// Adds an entry, unless it has been added.
    pub(super) fn add(&mut self, folder: &Folder, key: Key, bytes: &[u8]) -> io::Result<()> {
        let writer = match &mut self.new {
            Some(writer) => writer,
            None => self.new.insert(Writer::new(folder)?),
        };
        if !self.used.insert(key) {
            return Ok(());
        }
        writer.add(key, bytes)
    }

    /// Puts what is new into a pack, and all packs into one where there are many.
    pub(super) fn save(&mut self, folder: &Folder) -> io::Result<()> {
        let Some(mut writer) = self.new.take() else { return Ok(()) };
        let is_crowded = self.packs.len() >= MAX_PACKS;
        if is_crowded {
            self.take_along(&mut writer)?;
        }
        writer.finish(folder)?;
        if is_crowded {
            for pack in self.packs.drain(..) {
                let _ = std::fs::remove_file(&pack.path);
            }
            self.entries.clear();
        }
        folder.tidy();
        Ok(())
    }

    /// Copies what this run used, and of the rest not more than is worth it, what was written last first.
    fn take_along(&mut self, writer: &mut Writer) -> io::Result<()> {
        let mut rows: Vec<(usize, Row)> = self.entries.values().copied().collect();
        rows.sort_by_key(|(pack, row)| (!self.used.contains(&row.key), std::cmp::Reverse(*pack), row.key));
        let mut needed = writer.size();
        for (pack, row) in rows {
            let is_used = self.used.contains(&row.key);
            if !is_used && writer.size() > 2 * needed + SPARE {
                break;
            }
            if let Some(bytes) = self.packs.get_mut(pack).and_then(|pack| pack.read(row)) {
                writer.add(row.key, &bytes)?;
                needed += if is_used { u64::from(row.length) } else { 0 };
            }
        }
        Ok(())
    }
}
