//! Callables that look at what they are given and neither keep nor empty it.

use rustc_hash::FxHashSet;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    functions: Vec<String>,
    views: Vec<String>,
    methods: Vec<String>,
    containers: Vec<String>,
}

/// Borrowing callables.
#[derive(Clone, Debug)]
pub struct Borrowers {
    functions: FxHashSet<String>,
    views: FxHashSet<String>,
    methods: FxHashSet<String>,
    containers: FxHashSet<String>,
}

impl Borrowers {
    pub(crate) fn new(file: File) -> Self {
        let set = |names: Vec<String>| names.into_iter().collect();
        Self {
            functions: set(file.functions),
            views: set(file.views),
            methods: set(file.methods),
            containers: set(file.containers),
        }
    }

    /// Whether the function at an import path keeps nothing of its arguments.
    pub fn is_function(&self, path: &str) -> bool {
        self.functions.contains(path)
    }

    /// Whether the result of the function at an import path goes on reading from its argument.
    pub fn is_view(&self, path: &str) -> bool {
        self.views.contains(path)
    }

    /// Whether the function at an import path adds to or removes from the container it is given.
    pub fn is_container_function(&self, path: &str) -> bool {
        self.containers.contains(path)
    }

    /// Whether a method of this name reads its arguments, whatever object it belongs to.
    pub fn is_method(&self, name: &str) -> bool {
        self.methods.contains(name)
    }
}
