//! Publishing diagnostics, in order.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};

use serde::Serialize;
use tokio::sync::Notify;
use tower_lsp::Client as Connection;

use crate::capabilities::Client;
use crate::documents::{Document, Snapshot};
use crate::lsp::{Diagnostic, PublishDiagnosticsParams, Url};
use crate::output::Output;
use crate::settings::{Current, Settings};
use crate::trace::Tracer;
use crate::{pull, to_proto};

/// Sends diagnostics to the client. Cloning gives another handle to the same.
#[derive(Clone)]
pub(crate) struct Publisher {
    output: Output,
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

/// What is published.
#[derive(Serialize)]
struct Notification {
    jsonrpc: &'static str,
    method: &'static str,
    params: PublishDiagnosticsParams,
}

impl Publisher {
    /// Must be called within the runtime.
    pub(crate) fn start(connection: Connection, output: Output, settings: Current, tracer: Tracer) -> Self {
        let asked = Arc::<Asked>::default();
        let ask_again = async move || connection.workspace_diagnostic_refresh().await;
        tokio::spawn(pull::refresh(Arc::clone(&asked.again), ask_again));
        Self { output, asked, settings, tracer }
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

    /// Makes what was found in a version known, and publishes it unless it is superseded; waits for a client that does
    /// not read. In the place of what was known of the same version it is published only if it says something else.
    pub(crate) fn publish(
        &self,
        document: &Document,
        snapshot: Snapshot,
        replaced: Option<&Arc<Snapshot>>,
        client: Client,
    ) {
        if self.put(document, snapshot, replaced, client) {
            // This is what somebody who types waits for.
            self.output.write();
        }
    }

    /// The same, but for writing it. Whether there is anything to write.
    fn put(
        &self,
        document: &Document,
        snapshot: Snapshot,
        replaced: Option<&Arc<Snapshot>>,
        client: Client,
    ) -> bool {
        let snapshot = Arc::new(snapshot);
        let mut published = document.published.lock().unwrap_or_else(PoisonError::into_inner);
        let is_current = {
            let inbox = document.inbox();
            inbox.version == snapshot.version && !inbox.is_closed
        };
        if !is_current || !document.finish(Arc::clone(&snapshot), replaced) {
            return false;
        }
        // For what it changes itself the client asks by itself.
        let note_news = || {
            if replaced.is_some() && self.settings().code_lens {
                self.refresh_lenses();
            }
        };
        if let Some(notebook) = &document.notebook {
            let found = self.diagnostics(document, &snapshot, client);
            let news = notebook.news(snapshot.version, &document.uri, &found);
            if !news.is_empty() {
                note_news();
            }
            for (uri, found, version) in news {
                self.send(uri, found, version);
            }
            return false;
        }
        let is_known = published.as_ref().is_some_and(|(version, _)| *version == snapshot.version);
        if self.documents_are_pulled() && !is_known {
            // The client will ask.
            note_news();
            return false;
        }
        let now = Some((snapshot.version, self.diagnostics(document, &snapshot, client)));
        if (replaced.is_some() || self.documents_are_pulled()) && *published == now {
            return false;
        }
        note_news();
        if self.documents_are_pulled() {
            self.asked.again.notify_one();
            return false;
        }
        published.clone_from(&now);
        let Some((version, diagnostics)) = now else { return false };
        let message = self.message(document.uri.clone(), diagnostics, Some(version));
        message.map(|message| self.output.put(message)).is_some()
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
        if let Some(message) = self.message(uri, diagnostics, version) {
            self.output.send(message);
        }
    }

    fn message(&self, uri: Url, diagnostics: Vec<Diagnostic>, version: Option<i32>) -> Option<Vec<u8>> {
        self.tracer.tell(
            || "Sending notification 'textDocument/publishDiagnostics'.".to_owned(),
            || format!("{} diagnostics of {uri}, version {version:?}", diagnostics.len()),
        );
        let params = PublishDiagnosticsParams { uri, diagnostics, version };
        let method = "textDocument/publishDiagnostics";
        let body = serde_json::to_vec(&Notification { jsonrpc: "2.0", method, params });
        let body = body.map_err(|error| tracing::error!("diagnostics cannot be written: {error}")).ok()?;
        let mut message = format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes();
        message.extend_from_slice(&body);
        Some(message)
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
