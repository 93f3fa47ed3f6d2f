//! Arrays, frames and tensors: what copies them into larger ones.

use rustc_hash::FxHashSet;
use serde::Deserialize;

/// What is known of arrays.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arrays {
    joins: FxHashSet<String>,
    frames: FxHashSet<String>,
}

impl Arrays {
    /// Whether a call of an import path copies what it is given into a new and larger array.
    pub fn joins(&self, path: &str) -> bool {
        self.joins.contains(path)
    }

    /// Whether a call of an import path makes a frame, whose `append` gives a copy.
    pub fn makes_frame(&self, path: &str) -> bool {
        self.frames.contains(path)
    }
}
