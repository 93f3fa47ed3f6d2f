//! Decorators that remember results.

use serde::Deserialize;

/// A decorator that remembers results.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Cache {
    /// The decorator, by its import path.
    pub decorator: String,
    /// Other import paths of the same decorator.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Keyword that limits the number of results.
    #[serde(default)]
    pub bound: Option<String>,
    /// Position of that argument.
    #[serde(default)]
    pub bound_at: Option<usize>,
    /// The limit when it is called without that argument.
    #[serde(default)]
    pub default: Option<u32>,
    /// The limit when it is not called.
    #[serde(default)]
    pub bare: Option<u32>,
    /// Keyword that makes results expire.
    #[serde(default)]
    pub expiry: Option<String>,
    /// Position of that argument.
    #[serde(default)]
    pub expiry_at: Option<usize>,
    /// Keyword of what keeps the results.
    #[serde(default)]
    pub store: Option<String>,
    /// Position of that argument.
    #[serde(default)]
    pub store_at: Option<usize>,
    /// Whether results stay in this process if the store is not given.
    #[serde(default)]
    pub store_kept: bool,
    /// Whether it is meant for `async def`.
    #[serde(default, rename = "async")]
    pub is_async: bool,
    /// Whether it keeps `self` alive when it decorates a method.
    #[serde(default)]
    pub per_method: bool,
    /// Whether, on a method, each object has a cache of its own that goes with it.
    #[serde(default)]
    pub per_object: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    cache: Vec<Cache>,
}

/// Caching decorators by import path.
#[derive(Clone, Debug)]
pub struct Caches {
    entries: Vec<Cache>,
}

impl Caches {
    pub(crate) fn new(file: File) -> Self {
        Self { entries: file.cache }
    }

    /// The cache that the decorator at an import path adds.
    pub fn get(&self, path: &str) -> Option<&Cache> {
        self.entries
            .iter()
            .find(|entry| entry.decorator == path || entry.aliases.iter().any(|alias| alias == path))
    }
}
