//! Queues: what calls make them, and what limits them.

use rustc_hash::FxHashMap;
use serde::Deserialize;

/// A call that makes a queue.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Queue {
    /// The call, by its import path.
    pub constructor: String,
    /// Other import paths of the same call.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Keyword that limits its size.
    #[serde(default)]
    pub bound: Option<String>,
    /// Position of that argument.
    #[serde(default)]
    pub bound_at: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    queue: Vec<Queue>,
}

/// Queues by import path.
#[derive(Clone, Debug)]
pub struct Queues {
    entries: Vec<Queue>,
    by_path: FxHashMap<String, usize>,
}

impl Queues {
    pub(crate) fn new(file: File) -> Self {
        let mut by_path = FxHashMap::default();
        for (index, entry) in file.queue.iter().enumerate() {
            for path in std::iter::once(&entry.constructor).chain(&entry.aliases) {
                by_path.insert(path.clone(), index);
            }
        }
        Self { entries: file.queue, by_path }
    }

    /// The queue that a call of an import path makes.
    pub fn get(&self, path: &str) -> Option<&Queue> {
        self.by_path.get(path).map(|&index| &self.entries[index])
    }
}
