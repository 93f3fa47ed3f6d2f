//! Resources: what has to be given back, and how.

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;

/// A call that hands out something which has to be given back.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Resource {
    /// The call, by its import path.
    pub constructor: String,
    /// Other import paths of the same call.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Class of the value, by which its methods are looked up.
    #[serde(default)]
    pub returns: Option<String>,
    /// Methods, any one of which gives it back.
    #[serde(default)]
    pub release: Vec<String>,
    /// Functions that take the value and give it back.
    #[serde(default)]
    pub release_by: Vec<String>,
    /// Functions that take the value over.
    #[serde(default)]
    pub transfer_to: Vec<String>,
    /// Whether leaving a `with` block gives it back.
    #[serde(default = "yes")]
    pub with: bool,
    /// Whether the release has to be awaited.
    #[serde(default, rename = "async")]
    pub is_async: bool,
    /// What it is.
    pub family: Family,
    /// What happens when it is forgotten.
    pub on_drop: OnDrop,
    /// Arguments with which it owns nothing.
    #[serde(default)]
    pub unless: Vec<Unless>,
    /// Indices of the result that are resources, if it is a tuple of several.
    #[serde(default)]
    pub parts: Vec<u32>,
}

fn yes() -> bool {
    true
}

/// What a resource is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// An open file.
    File,
    /// An open archive or compressed file.
    Archive,
    /// A temporary file.
    Temporary,
    /// A raw file descriptor.
    Descriptor,
}

/// What CPython does when the last reference to an open resource goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnDrop {
    /// Closes it at once. Other implementations do so some time later.
    Closed,
    /// Closes it when the cyclic collector comes by.
    Collected,
    /// Keeps it open for ever.
    Kept,
    /// Loses what was written.
    Lost,
}

/// An argument with which a constructor owns nothing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Unless {
    /// A keyword is given.
    Keyword(String),
    /// The argument at a position is an open stream, not a path.
    Stream(usize),
}

impl TryFrom<String> for Unless {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.split_once(':') {
            None => Ok(Self::Keyword(text)),
            Some((position, "stream")) => {
                position.parse().map(Self::Stream).map_err(|_| format!("`{position}` is not a position"))
            }
            Some(_) => Err(format!("`{text}` is neither a keyword nor `<position>:stream`")),
        }
    }
}

/// `resources.toml`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    pub(crate) resource: Vec<Resource>,
}

/// Resources by import path.
#[derive(Clone, Debug, Default)]
pub struct Resources {
    entries: Vec<Resource>,
    by_path: FxHashMap<String, usize>,
    takers: FxHashSet<String>,
}

impl Resources {
    pub(crate) fn new(entries: Vec<Resource>) -> Self {
        let mut resources = Self::default();
        resources.extend(entries);
        resources
    }

    pub(crate) fn extend(&mut self, more: Vec<Resource>) {
        for entry in more {
            let index = self.entries.len();
            for path in std::iter::once(&entry.constructor).chain(&entry.aliases) {
                self.by_path.insert(path.clone(), index);
            }
            self.takers.extend(entry.release_by.iter().chain(&entry.transfer_to).cloned());
            self.entries.push(entry);
        }
    }

    /// The resource that a call of an import path hands out.
    pub fn get(&self, path: &str) -> Option<&Resource> {
        self.by_path.get(path).map(|&index| &self.entries[index])
    }

    /// Whether the function at an import path gives back or takes over some resource.
    pub fn takes(&self, path: &str) -> bool {
        self.takers.contains(path)
    }

    /// All resources.
    pub fn iter(&self) -> impl Iterator<Item = &Resource> {
        self.entries.iter()
    }
}
