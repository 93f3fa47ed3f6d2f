//! Publishing diagnostics, in order, by one task.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};

use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tower_lsp::Client as Connection;

use crate::capabilities::Client;
use crate::documents::{Document, Snapshot};
use crate::lsp::{Diagnostic, Url};
use crate::settings::{Current, Settings};
use crate::trace::Tracer;
use crate::{pull, to_proto};

/// Sends diagnostics to the client. Cloning gives another handle to the same task.
#[derive(Clone)]
pub(crate) struct Publisher {
    queue: UnboundedSender<Message>,
    asked: Arc<Asked>,
    settings: Current,
    tracer: Tracer,
}

/// What the client asks for, so that it is told nothing of it unasked.
#[derive(Default)]
struct Asked {
    documents: AtomicBool,
    files: AtomicBool,
    /// Wakes what makes the client ask again.
    again: Arc<Notify>,
    /// The same, for lenses.
    lenses: Arc<Notify>,
}

struct Message {
    uri: Url,
    diagnostics: Vec<Diagnostic>,
    version: Option<i32>,
}

impl Publisher {
    /// Starts the task. Must be called within the runtime.
    pub(crate) fn start(connection: Connection, settings: Current, tracer: Tracer) -> Self {
        let (queue, mut messages) = unbounded_channel::<Message>();
        let asked = Arc::<Asked>::default();
        let again = connection.clone();
        let ask_again = async move || again.workspace_diagnostic_refresh().await;
        tokio::spawn(pull::refresh(Arc::clone(&asked.again), ask_again));
        let own = tracer.clone();
        tokio::spawn(async move {
            while let Some(Message { uri, diagnostics, version }) = messages.recv().await {
                own.tell(
                    || "Sending notification 'textDocument/publishDiagnostics'.".to_owned(),
                    || format!("{} diagnostics of {uri}, version {version:?}", diagnostics.len()),
                );
                connection.publish_diagnostics(uri, diagnostics, version).await;
            }
        });
        Self { queue, asked, settings, tracer }
    }

    /// Tells a client that wants to hear of it what was done, and how long it took.
    pub(crate) fn trace(&self, message: impl FnOnce() -> String) {
        self.tracer.tell(message, String::new);
    }

    /// The client can be asked to ask for lenses again.
    pub(crate) fn refresh_lenses_of(&self, connection: Connection) {
        let ask_again = async move || connection.code_lens_refresh().await;
        tokio::spawn(pull::refresh(Arc::clone(&self.asked.lenses), ask_again));
    }

    /// Has the client ask for lenses again.
    pub(crate) fn refresh_lenses(&self) {
        self.asked.lenses.notify_one();
    }

    /// What is set.
    pub(crate) fn settings(&self) -> Arc<Settings> {
        self.settings.get()
    }

    /// Makes what was found in a version known, and publishes it unless it is superseded. In the place of
    /// what was known of the same version it is published only if it says something else.
    pub(crate) fn publish(
        &self,
        document: &Document,
        snapshot: Snapshot,
        replaced: Option<&Arc<Snapshot>>,
        client: Client,
    ) {
        let snapshot = Arc::new(snapshot);
        let mut published = document.published.lock().unwrap_or_else(PoisonError::into_inner);
        let is_current = {
            let inbox = document.inbox();
            inbox.version == snapshot.version && !inbox.is_closed
        };
        if !is_current || !document.finish(Arc::clone(&snapshot), replaced) {
            return;
        }
        // For what it changes itself the client asks by itself.
        if replaced.is_some() && self.settings().code_lens {
            self.refresh_lenses();
        }
        if let Some(notebook) = &document.notebook {
            let found = self.diagnostics(document, &snapshot, client);
            let news = notebook.news(snapshot.version, &document.uri, &found);
            return news.into_iter().for_each(|(uri, found, version)| self.send(uri, found, version));
        }
        let is_known = published.as_ref().is_some_and(|(version, _)| *version == snapshot.version);
        if self.documents_are_pulled() && !is_known {
            // The client will ask.
            return;
        }
        let now = Some((snapshot.version, self.diagnostics(document, &snapshot, client)));
        if (replaced.is_some() || self.documents_are_pulled()) && *published == now {
            return;
        }
        if self.documents_are_pulled() {
            self.asked.again.notify_one();
            return;
        }
        published.clone_from(&now);
        if let Some((version, diagnostics)) = now {
            self.send(document.uri.clone(), diagnostics, Some(version));
        }
    }

    /// The client asks for what is found in open documents.
    pub(crate) fn pull_documents(&self) {
        self.asked.documents.store(true, Ordering::SeqCst);
    }

    /// The client asks for what is found in files that are not open. Whether it did not before.
    pub(crate) fn pull_files(&self) -> bool {
        !self.asked.files.swap(true, Ordering::SeqCst)
    }

    /// Whether the client asks for what is found in open documents.
    pub(crate) fn documents_are_pulled(&self) -> bool {
        self.asked.documents.load(Ordering::SeqCst)
    }

    fn files_are_pulled(&self) -> bool {
        self.asked.files.load(Ordering::SeqCst)
    }

    /// Whether the client hears of open documents in the same way as of other files.
    pub(crate) fn is_told_alike(&self) -> bool {
        self.documents_are_pulled() == self.files_are_pulled()
    }

    /// Publishes the diagnostics of a file that is not open.
    pub(crate) fn show(&self, uri: Url, diagnostics: Vec<Diagnostic>) {
        if !self.files_are_pulled() {
            self.send(uri, diagnostics, None);
        }
    }

    /// Takes the diagnostics of a file that is not open away.
    pub(crate) fn clear_file(&self, uri: Url) {
        self.show(uri, Vec::new());
    }

    /// Takes the diagnostics of a document away.
    pub(crate) fn clear_document(&self, uri: Url) {
        if !self.documents_are_pulled() {
            self.clear(uri);
        }
    }

    /// Takes away what was published under an address.
    pub(crate) fn clear(&self, uri: Url) {
        self.send(uri, Vec::new(), None);
    }

    fn send(&self, uri: Url, diagnostics: Vec<Diagnostic>, version: Option<i32>) {
        if self.queue.send(Message { uri, diagnostics, version }).is_err() {
            tracing::debug!("the client is gone");
        }
    }

    /// What is known of a document, for the client that asks for it.
    pub(crate) fn pulled(&self, document: &Document, client: Client) -> Vec<Diagnostic> {
        let mut published = document.published.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(snapshot) = document.latest() else { return Vec::new() };
        let diagnostics = self.diagnostics(document, &snapshot, client);
        *published = Some((snapshot.version, diagnostics.clone()));
        diagnostics
    }

    /// What is found in a version of a document.
    fn diagnostics(&self, document: &Document, snapshot: &Snapshot, client: Client) -> Vec<Diagnostic> {
        match &snapshot.analysis {
            Ok(analysis) => {
                let most = self.settings().max_diagnostics_per_file;
                to_proto::diagnostics(&analysis.findings, &snapshot.text, &document.uri, client, most)
            }
            Err(refusal) => {
                tracing::warn!("{}: {refusal}", document.uri);
                Vec::new()
            }
        }
    }
}
