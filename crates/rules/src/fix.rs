//! Fixes: rewrites of the source, as data.

use leakwright_analysis::project::ModuleId;
use leakwright_syntax::{TextRange, Tree};
use serde::Serialize;

/// One way to mend a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, in a word that tools can refer to.
    pub id: &'static str,
    /// What it does, in a line.
    pub title: String,
    /// Whether it can be applied without looking.
    pub applicability: Applicability,
    /// The rewrites; empty where only a person can write them.
    pub edits: Vec<Edit>,
}

/// Whether a fix can be applied without looking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Applicability {
    /// The program does what it did, and releases earlier.
    Safe,
    /// The program may do something else, under conditions that the rule's page names.
    Unsafe,
    /// It needs a decision; it is shown, not applied.
    Display,
}

/// One rewrite.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edit {
    /// The file.
    pub module: ModuleId,
    /// What is replaced.
    pub range: TextRange,
    /// By what.
    pub text: String,
    /// Whether other fixes may make the same rewrite, and it is then made once: an import.
    pub is_shared: bool,
}

impl Edit {
    /// Puts text at an offset.
    pub fn insert(module: ModuleId, offset: u32, text: impl Into<String>) -> Self {
        Self { module, range: TextRange::empty(offset), text: text.into(), is_shared: false }
    }

    /// Puts text in the place of other text.
    pub fn replace(module: ModuleId, range: TextRange, text: impl Into<String>) -> Self {
        Self { module, range, text: text.into(), is_shared: false }
    }

    /// The same rewrite, which other fixes may make as well.
    pub(crate) fn shared(self) -> Self {
        Self { is_shared: true, ..self }
    }

    /// Takes text away.
    pub fn delete(module: ModuleId, range: TextRange) -> Self {
        Self { module, range, text: String::new(), is_shared: false }
    }
}

impl Fix {
    /// A fix that only a person can write.
    pub(crate) fn display(id: &'static str, title: impl Into<String>) -> Self {
        Self { id, title: title.into(), applicability: Applicability::Display, edits: Vec::new() }
    }
}

/// Gives the syntax trees of the files that a finding speaks of.
pub trait Sources {
    /// The tree of a file, as it was when the project was linked.
    fn tree(&self, module: ModuleId) -> Option<&Tree>;
}
