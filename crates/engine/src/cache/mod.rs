//! What is known of files and runs, kept on disk from one run to the next.
//!
//! A folder `.leakwright_cache` holds, for each build of this program, *packs* with the facts of many files each,
//! by the hash of their bytes, and *answers* of whole runs, by the hash of everything that they rest on. Nothing in
//! it is ever needed: what cannot be read, or does not read back as it was written, is worked out anew, and what
//! cannot be written is not. Files appear whole, under names of their own, so that processes can use it together.

mod answers;
mod folder;
mod pack;
mod packs;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use folder::Folder;
use packs::Packs;

pub use folder::clear_cache;

/// What an entry is known by: a hash that no two contents share.
pub(crate) type Key = u128;

/// The code that facts and findings are worked out by: another build reads nothing of this one.
pub(crate) const BUILD: u128 = parsed(env!("LEAKWRIGHT_SOURCES"));

/// What is kept on disk of a project.
pub struct Cache {
    folder: Option<Folder>,
    packs: Mutex<Packs>,
    reused: AtomicUsize,
    mapped: AtomicUsize,
    trouble: OnceLock<String>,
}

/// What a cache was good for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// How many files were read from it.
    pub reused: usize,
    /// How many were not in it.
    pub mapped: usize,
    /// Why nothing can be kept, if nothing can.
    pub trouble: Option<String>,
}

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} files from the cache, {} mapped", self.reused, self.mapped)?;
        match &self.trouble {
            Some(trouble) => write!(f, "; nothing can be kept: {trouble}"),
            None => Ok(()),
        }
    }
}

impl Cache {
    /// One that keeps nothing.
    pub fn none() -> Self {
        Self {
            folder: None,
            packs: Mutex::default(),
            reused: AtomicUsize::new(0),
            mapped: AtomicUsize::new(0),
            trouble: OnceLock::new(),
        }
    }

    /// The one in a folder, which need not be there.
    pub fn at(path: &Path) -> Self {
        let folder = Folder::new(path, BUILD);
        let packs = Mutex::new(Packs::open(&folder));
        Self { folder: Some(folder), packs, ..Self::none() }
    }

    /// The one of what is checked: where the nearest configuration is, else in the folder itself. A file that no
    /// configuration is above has none, and nothing has one where `LEAKWRIGHT_NO_CACHE` is set.
    pub fn of(paths: &[PathBuf]) -> Self {
        folder::of(paths).map_or_else(Self::none, |path| Self::at(&path))
    }

    /// What it was good for until now.
    pub fn usage(&self) -> Usage {
        Usage {
            reused: self.reused.load(Ordering::Relaxed),
            mapped: self.mapped.load(Ordering::Relaxed),
            trouble: self.trouble.get().cloned(),
        }
    }

    /// What is kept under a key, or else what `make` makes, which is kept if it is worth it.
    pub(crate) fn entry<T: Serialize + DeserializeOwned, E>(
        &self,
        key: Key,
        make: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let Some(folder) = &self.folder else { return make() };
        let known = self.packs().get(key);
        if let Some(known) = known.and_then(|bytes| postcard::from_bytes(&bytes).ok()) {
            self.reused.fetch_add(1, Ordering::Relaxed);
            return Ok(known);
        }
        self.mapped.fetch_add(1, Ordering::Relaxed);
        let made = make()?;
        if self.trouble.get().is_none()
            && let Ok(bytes) = postcard::to_allocvec(&made)
        {
            let added = self.packs().add(folder, key, &bytes);
            self.note(added);
        }
        Ok(made)
    }

    /// Makes what was added known to later runs.
    pub(crate) fn save(&self) {
        if let Some(folder) = &self.folder {
            let saved = self.packs().save(folder);
            self.note(saved);
        }
    }

    /// The answer of a run that rested on the same.
    pub fn answer(&self, key: u128) -> Option<Vec<u8>> {
        answers::read(self.folder.as_ref()?, key)
    }

    /// Keeps the answer of a run.
    pub fn keep_answer(&self, key: u128, answer: &[u8]) {
        if let Some(folder) = &self.folder {
            self.note(answers::write(folder, key, answer));
        }
    }

    fn packs(&self) -> std::sync::MutexGuard<'_, Packs> {
        self.packs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, result: std::io::Result<()>) {
        if let Err(error) = result {
            // The first says it all.
            let _ = self.trouble.set(error.to_string());
        }
    }
}

/// The key of bytes.
pub(crate) fn key(bytes: &[u8]) -> Key {
    xxh3_128(bytes)
}

fn checksum(bytes: &[u8]) -> u64 {
    xxh3_64(bytes)
}

const fn parsed(digits: &str) -> u128 {
    match u128::from_str_radix(digits, 16) {
        Ok(number) => number,
        Err(_) => 0,
    }
}

#[cfg(test)]
mod tests;
