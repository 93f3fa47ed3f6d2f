//! Tasks and threads: what makes them, and what is done with one without keeping it.

use rustc_hash::FxHashSet;
use serde::Deserialize;

/// What is known of tasks and threads.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Tasks {
    creators: FxHashSet<String>,
    names: Vec<String>,
    loops: FxHashSet<String>,
    loop_types: FxHashSet<String>,
    methods: FxHashSet<String>,
    neutral: FxHashSet<String>,
    shields: FxHashSet<String>,
    droppers: FxHashSet<String>,
    runners: FxHashSet<String>,
    waits: FxHashSet<String>,
    threads: FxHashSet<String>,
    executors: FxHashSet<String>,
    submitters: FxHashSet<String>,
    throttles: FxHashSet<String>,
}

impl Tasks {
    /// Whether a call of an import path makes a task.
    pub fn creates(&self, path: &str) -> bool {
        self.creators.contains(path)
    }

    /// Whether a name may be that of something that makes a task, whatever it is imported from.
    pub fn may_create(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }

    /// Whether a call of an import path hands out an event loop.
    pub fn gives_loop(&self, path: &str) -> bool {
        self.loops.contains(path)
    }

    /// Whether a class of an import path is one of event loops.
    pub fn is_loop_type(&self, path: &str) -> bool {
        self.loop_types.contains(path)
    }

    /// Whether a method of a loop makes a task.
    pub fn is_creating_method(&self, name: &str) -> bool {
        self.methods.contains(name)
    }

    /// Whether a method of a task refers to it no longer than it runs.
    pub fn is_neutral(&self, name: &str) -> bool {
        self.neutral.contains(name)
    }

    /// Whether a call waits for a task without keeping it when the wait is cancelled.
    pub fn shields(&self, path: &str) -> bool {
        self.shields.contains(path)
    }

    /// Whether a method calls what it is given later, and drops what that returns.
    pub fn drops_result(&self, name: &str) -> bool {
        self.droppers.contains(name)
    }

    /// Whether a method runs a loop until it is stopped.
    pub fn runs_loop(&self, name: &str) -> bool {
        self.runners.contains(name)
    }

    /// Whether a coroutine that waits in a call of this name does so as long as its program runs.
    pub fn waits_for_long(&self, name: &str) -> bool {
        self.waits.contains(name)
    }

    /// Whether objects of a class run on a thread or process of their own.
    pub fn is_thread(&self, path: &str) -> bool {
        self.threads.contains(path)
    }

    /// Whether a call of an import path makes an executor, whose queue has no limit.
    pub fn is_executor(&self, path: &str) -> bool {
        self.executors.contains(path)
    }

    /// Whether a method of an executor puts one more into its queue and does not wait.
    pub fn submits(&self, name: &str) -> bool {
        self.submitters.contains(name)
    }

    /// Whether a call of this name slows down who feeds an executor.
    pub fn throttles(&self, name: &str) -> bool {
        self.throttles.contains(name)
    }
}
