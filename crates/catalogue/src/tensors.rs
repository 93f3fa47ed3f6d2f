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
    trainers: Vec<Trainer>,
    receivers: Vec<Receiver>,
    graph: Graph,
    tensor: Tensor,
    traced: Traced,
}

/// Classes whose methods a trainer calls.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Trainer {
    #[serde(default)]
    packages: Vec<String>,
    bases: Vec<String>,
    #[serde(default)]
    training: Vec<String>,
    #[serde(default)]
    stepping: Vec<String>,
    #[serde(default)]
    evaluating: Vec<String>,
    #[serde(default)]
    models: Vec<String>,
}

/// How a trainer calls a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    /// Once a batch, and it propagates back the loss that is returned.
    Training,
    /// Once a batch, and it drops what is returned.
    Stepping,
    /// Once a batch, without gradients.
    Evaluating,
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
    passing_methods: FxHashSet<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Traced {
    frameworks: FxHashSet<String>,
    transforms: FxHashSet<String>,
    methods: FxHashSet<String>,
    #[serde(rename = "static")]
    keeps_static: FxHashSet<String>,
    plain_attributes: FxHashSet<String>,
    plain_functions: FxHashSet<String>,
    tapes: FxHashSet<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tensor {
    methods: FxHashSet<String>,
}

impl Trainer {
    /// Whether a trainer calls the methods of classes derived from a base.
    fn calls(&self, base: &str) -> bool {
        let package = base.split('.').next().unwrap_or(base);
        let is_package = self.packages.is_empty() || self.packages.iter().any(|known| known == package);
        is_package && self.bases.iter().any(|known| last(base).ends_with(known.as_str()))
    }
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

    /// How a trainer calls a method of a class that is derived from a base, by the import path of the base; the plain
    /// name for a class of the project.
    pub fn hook(&self, base: &str, method: &str) -> Option<Hook> {
        let has = |names: &[String]| names.iter().any(|name| name == method);
        self.trainers.iter().filter(|trainer| trainer.calls(base)).find_map(|trainer| {
            let kinds = [
                (&trainer.training, Hook::Training),
                (&trainer.stepping, Hook::Stepping),
                (&trainer.evaluating, Hook::Evaluating),
            ];
            kinds.into_iter().find(|(names, _)| has(names)).map(|(_, hook)| hook)
        })
    }

    /// Whether a parameter of a method that a trainer calls is given the model.
    pub fn is_given_model(&self, base: &str, parameter: &str) -> bool {
        let mut trainers = self.trainers.iter().filter(|trainer| trainer.calls(base));
        trainers.any(|trainer| trainer.models.iter().any(|name| name == parameter))
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

    /// Whether a method of this name gives back what it is given.
    pub fn method_passes(&self, name: &str) -> bool {
        self.graph.passing_methods.contains(name)
    }

    /// Whether importing a module says that a file may have functions that are traced.
    pub fn may_trace(&self, module: &str) -> bool {
        self.traced.frameworks.contains(module.split('.').next().unwrap_or(module))
    }

    /// Whether a decorator or function traces the function that it is given, by its import path.
    pub fn traces(&self, path: &str) -> bool {
        self.traced.transforms.contains(path)
    }

    /// Whether what traces a method takes its object as it is.
    pub fn traces_methods(&self, path: &str) -> bool {
        self.traced.methods.contains(path)
    }

    /// Whether an argument of what traces a function says which parameters are taken as they are.
    pub fn says_static(&self, argument: &str) -> bool {
        self.traced.keeps_static.contains(argument)
    }

    /// Whether an attribute of what stands for an array is a plain value.
    pub fn is_plain_attribute(&self, name: &str) -> bool {
        self.traced.plain_attributes.contains(name)
    }

    /// Whether a function gives a plain value for what stands for an array, by its name or import path.
    pub fn gives_plain(&self, path: &str) -> bool {
        self.traced.plain_functions.contains(path)
    }

    /// Whether a call of an import path records operations for a gradient.
    pub fn is_tape(&self, path: &str) -> bool {
        self.traced.tapes.contains(path)
    }

    /// Whether what a method of this name is called on is a tensor.
    pub fn is_tensor_method(&self, name: &str) -> bool {
        self.tensor.methods.contains(name)
    }
}
