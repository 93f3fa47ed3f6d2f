//! Tensors that carry a computation graph: where they come from, and what leaves the graph behind.

use rustc_hash::FxHashSet;
use serde::Deserialize;

/// What is known of tensors and their graphs.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Tensors {
    frameworks: FxHashSet<String>,
    modules: FxHashSet<String>,
    module_prefixes: Vec<String>,
    not_modules: Vec<String>,
    module_methods: FxHashSet<String>,
    lightning: FxHashSet<String>,
    training_hooks: FxHashSet<String>,
    evaluating_hooks: FxHashSet<String>,
    receivers: Vec<Receiver>,
    graph: Graph,
    tensor: Tensor,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Receiver {
    base: String,
    method: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Graph {
    leaves: FxHashSet<String>,
    functions_only: FxHashSet<String>,
    leaving_attributes: FxHashSet<String>,
    contexts: FxHashSet<String>,
    backward: FxHashSet<String>,
    passes: FxHashSet<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tensor {
    methods: FxHashSet<String>,
}

/// The last name of an import path.
fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

impl Tensors {
    /// Whether importing a module says that a file works with tensors.
    pub fn is_framework(&self, module: &str) -> bool {
        self.frameworks.contains(module.split('.').next().unwrap_or(module))
    }

    /// Whether objects of a class give outputs that carry a graph.
    pub fn is_module(&self, path: &str) -> bool {
        let begins = |prefixes: &[String]| prefixes.iter().any(|prefix| path.starts_with(prefix.as_str()));
        self.modules.contains(path) || (begins(&self.module_prefixes) && !begins(&self.not_modules))
    }

    /// Whether only modules have a method of this name, where it is called without arguments.
    pub fn is_module_method(&self, name: &str) -> bool {
        self.module_methods.contains(name)
    }

    /// Whether a class is one whose steps a trainer calls, by its import path.
    pub fn has_hooks(&self, path: &str) -> bool {
        self.lightning.contains(last(path))
    }

    /// Whether a trainer propagates back what a method of this name returns.
    pub fn is_training_hook(&self, name: &str) -> bool {
        self.training_hooks.contains(name)
    }

    /// Whether a trainer calls a method of this name without gradients.
    pub fn is_evaluating_hook(&self, name: &str) -> bool {
        self.evaluating_hooks.contains(name)
    }

    /// Whether a method of a class derived from a base is given outputs of the model as they are.
    pub fn receives_outputs(&self, base: &str, method: &str) -> bool {
        self.receivers.iter().any(|receiver| receiver.base == base && receiver.method == method)
    }

    /// Whether what a method of this name returns carries no graph.
    pub fn method_leaves(&self, name: &str) -> bool {
        self.graph.leaves.contains(name) && !self.graph.functions_only.contains(name)
    }

    /// Whether what a function returns carries no graph, by its name or import path.
    pub fn function_leaves(&self, path: &str) -> bool {
        self.graph.leaves.contains(last(path))
    }

    /// Whether an attribute of a tensor carries no graph.
    pub fn attribute_leaves(&self, name: &str) -> bool {
        self.graph.leaving_attributes.contains(name)
    }

    /// Whether no graph is recorded under a context manager or decorator.
    pub fn is_without_graph(&self, path: &str) -> bool {
        self.graph.contexts.contains(last(path))
    }

    /// Whether a method of this name propagates back.
    pub fn is_backward(&self, name: &str) -> bool {
        self.graph.backward.contains(name)
    }

    /// Whether a function's result is as its arguments are.
    pub fn passes(&self, path: &str) -> bool {
        self.graph.passes.contains(path) || path.starts_with("torch.")
    }

    /// Whether what a method of this name is called on is a tensor.
    pub fn is_tensor_method(&self, name: &str) -> bool {
        self.tensor.methods.contains(name)
    }
}
