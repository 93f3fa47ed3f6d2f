//! Telling the user what is wrong, once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Handle;
use tower_lsp::Client as Connection;

use crate::lsp::MessageType;

/// Tells the user what is wrong. Cloning gives another handle to the same.
#[derive(Clone)]
pub(crate) struct Teller {
    connection: Connection,
    runtime: Handle,
    /// What is wrong and was told, by what it is about.
    told: Arc<Mutex<BTreeMap<&'static str, BTreeSet<String>>>>,
}

impl Teller {
    /// Must be called within the runtime.
    pub(crate) fn new(connection: Connection) -> Self {
        Self { connection, runtime: Handle::current(), told: Arc::default() }
    }

    /// Tells all that is wrong about something now, but for what was told before and is still so.
    pub(crate) fn tell(&self, about: &'static str, problems: impl IntoIterator<Item = String>) {
        let problems: BTreeSet<String> = problems.into_iter().collect();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let before = told.insert(about, problems.clone()).unwrap_or_default();
        drop(told);
        problems.difference(&before).for_each(|problem| self.show(problem.clone()));
    }

    /// Tells something that is wrong, unless it was told before.
    pub(crate) fn tell_also(&self, about: &'static str, problem: String) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.entry(about).or_default().insert(problem.clone()) {
            self.show(problem);
        }
    }

    fn show(&self, problem: String) {
        tracing::warn!("{problem}");
        let connection = self.connection.clone();
        self.runtime.spawn(async move {
            connection.show_message(MessageType::WARNING, format!("Leakwright: {problem}")).await;
        });
    }
}
