//! What is large as a rule, and what only looks at it.

use rustc_hash::FxHashSet;
use serde::Deserialize;

/// What is known of large values.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Large {
    functions: FxHashSet<String>,
    prefixes: Vec<String>,
    methods: FxHashSet<String>,
    arrays: FxHashSet<String>,
    matrices: FxHashSet<String>,
    tensors: String,
    views: FxHashSet<String>,
    measures: FxHashSet<String>,
    measured: FxHashSet<String>,
}

impl Large {
    /// Whether a call of an import path gives something large.
    pub fn is_function(&self, path: &str) -> bool {
        self.functions.contains(path) || self.prefixes.iter().any(|prefix| path.starts_with(prefix.as_str()))
    }

    /// Whether a method of a name, called without arguments, gives something large.
    pub fn is_method(&self, name: &str) -> bool {
        self.methods.contains(name)
    }

    /// Whether a call of an import path makes an array, whose slices are views of it.
    pub fn makes_array(&self, path: &str) -> bool {
        self.arrays.contains(path)
    }

    /// Whether an element of such an array is a view of it too: it has two dimensions or more, or is a tensor.
    pub fn makes_matrix(&self, path: &str) -> bool {
        self.matrices.contains(path) || self.is_tensor(path)
    }

    /// Whether a call of an import path makes a tensor.
    pub fn is_tensor(&self, path: &str) -> bool {
        path.starts_with(self.tensors.as_str())
    }

    /// Whether a method of a name gives another view of the array it is called on.
    pub fn is_view(&self, name: &str) -> bool {
        self.views.contains(name)
    }

    /// Whether a function only measures what it is given, by its name.
    pub fn measures(&self, function: &str) -> bool {
        self.measures.contains(function)
    }

    /// Whether an attribute tells of its object without needing its content.
    pub fn is_measure(&self, attribute: &str) -> bool {
        self.measured.contains(attribute)
    }
}
