//! What is known of Python's libraries, as plain data: the files under `data/`, and types to read them.
//!
//! Nothing here decides anything. Facts are keyed by import path (`os.fdopen`), as code names them
//! after its imports are resolved. Projects add their own facts through configuration.

mod arrays;
mod borrowers;
mod caches;
mod classes;
mod containers;
mod large;
mod queues;
mod resources;
mod subscriptions;
mod tasks;
mod tensors;
mod words;

use std::sync::{Arc, OnceLock};

pub use arrays::Arrays;
pub use borrowers::Borrowers;
pub use caches::Cache;
pub use classes::Classes;
pub use containers::{Container, ContainerKind};
pub use large::Large;
pub use queues::Queue;
pub use resources::{Family, OnDrop, Resource, Resources, Unless, When};
pub use subscriptions::{Holds, Subscription, Subscriptions};
pub use tasks::Tasks;
pub use tensors::{Hook, Tensors};
pub use words::{Words, split_words};

/// All facts.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// Calls that hand out something to give back.
    pub resources: Resources,
    /// Calls that make containers.
    pub containers: containers::Containers,
    /// Callables that only look at what they are given.
    pub borrowers: Borrowers,
    /// Calls that make queues.
    pub queues: queues::Queues,
    /// What copies arrays into larger ones.
    pub arrays: Arrays,
    /// What is large as a rule.
    pub large: Large,
    /// Decorators that remember results.
    pub caches: caches::Caches,
    /// Which class functions return objects of.
    pub classes: Classes,
    /// What makes tasks and threads.
    pub tasks: Tasks,
    /// Tensors that carry a computation graph.
    pub tensors: Tensors,
    /// Calls that hand over callbacks.
    pub subscriptions: Subscriptions,
    /// What the words in names say.
    pub words: Words,
}

impl Catalogue {
    /// The facts that come with the program.
    pub fn builtin() -> Arc<Self> {
        static BUILTIN: OnceLock<Arc<Catalogue>> = OnceLock::new();
        Arc::clone(BUILTIN.get_or_init(|| Arc::new(Self::read())))
    }

    fn read() -> Self {
        Self {
            resources: Resources::new(parse::<resources::File>("resources", RESOURCES).resource),
            containers: containers::Containers::new(parse("containers", CONTAINERS)),
            borrowers: Borrowers::new(parse("borrowers", BORROWERS)),
            queues: queues::Queues::new(parse("queues", QUEUES)),
            arrays: parse("arrays", ARRAYS),
            large: parse("large", LARGE),
            caches: caches::Caches::new(parse("caches", CACHES)),
            classes: parse("classes", CLASSES),
            tasks: parse("tasks", TASKS),
            tensors: parse("tensors", TENSORS),
            subscriptions: Subscriptions::new(parse("subscriptions", SUBSCRIPTIONS)),
            words: Words::new(parse("words", WORDS)),
        }
    }

    /// Whether a function at an import path is known for what it does with its arguments.
    pub fn knows_function(&self, path: &str) -> bool {
        self.borrowers.is_function(path)
            || self.borrowers.is_view(path)
            || self.borrowers.is_container_function(path)
            || self.resources.takes(path)
    }

    /// These facts and a project's own resources, which win over built-in ones of the same path.
    #[must_use]
    pub fn with_resources(&self, own: Vec<Resource>) -> Self {
        let mut catalogue = self.clone();
        catalogue.resources.extend(own);
        catalogue
    }

    /// These facts and a project's own subscriptions, which win over built-in ones of the same name.
    #[must_use]
    pub fn with_subscriptions(&self, own: Vec<Subscription>) -> Self {
        let mut catalogue = self.clone();
        catalogue.subscriptions.extend(own);
        catalogue
    }
}

/// Whether a module belongs to Python's standard library, by the first part of its name. The list is
/// that of `sys.stdlib_module_names`.
pub fn is_standard_library(module: &str) -> bool {
    let first = module.split('.').next().unwrap_or(module);
    first == "__future__" || STANDARD_LIBRARY.lines().any(|name| name == first)
}

const STANDARD_LIBRARY: &str = include_str!("../data/stdlib_modules.txt");
const RESOURCES: &str = include_str!("../data/resources.toml");
const CONTAINERS: &str = include_str!("../data/containers.toml");
const BORROWERS: &str = include_str!("../data/borrowers.toml");
const QUEUES: &str = include_str!("../data/queues.toml");
const ARRAYS: &str = include_str!("../data/arrays.toml");
const LARGE: &str = include_str!("../data/large.toml");
const CACHES: &str = include_str!("../data/caches.toml");
const CLASSES: &str = include_str!("../data/classes.toml");
const TASKS: &str = include_str!("../data/tasks.toml");
const TENSORS: &str = include_str!("../data/tensors.toml");
const SUBSCRIPTIONS: &str = include_str!("../data/subscriptions.toml");
const WORDS: &str = include_str!("../data/words.toml");

/// Reads a data file that is part of the program.
#[expect(clippy::panic, reason = "the data is compiled in and a unit test reads all of it")]
fn parse<T: serde::de::DeserializeOwned>(name: &str, text: &str) -> T {
    toml::from_str(text).unwrap_or_else(|error| panic!("data/{name}.toml: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_files_are_read_and_found_by_every_path() {
        let catalogue = Catalogue::builtin();
        assert_eq!(catalogue.resources.get("io.open").map(|found| found.constructor.as_str()), Some("open"));
        assert!(catalogue.containers.get("collections.deque").is_some_and(|found| found.bound.is_some()));
        assert!(catalogue.borrowers.is_function("len"));
        assert!(catalogue.subscriptions.method("addListener").is_some_and(|found| !found.undo.is_empty()));
        assert!(catalogue.subscriptions.function("atexit.register").is_some());
        assert!(catalogue.caches.get("functools.cache").is_some_and(|found| found.default.is_none()));
    }

    #[test]
    fn own_resources_win() {
        let own: Resource =
            toml::from_str("constructor = 'open'\nrelease = ['shut']\nfamily = 'file'\non-drop = 'kept'")
                .unwrap();
        let catalogue = Catalogue::builtin().with_resources(vec![own]);
        assert_eq!(catalogue.resources.get("open").map(|found| found.on_drop), Some(OnDrop::Kept));
    }
}
