//! Changes of documents, dealt with by the thread that has read them.
//!
//! Somebody who types waits for what is found in the new text, and waking a thread takes as long as finding it. So the
//! thread that reads a change deals with it itself, while another one goes on reading. That is done only where all
//! messages before it have taken effect, and where nobody wants to be told of it; otherwise it goes the way of all
//! messages.

use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

use leakwright_syntax::Parser;
use serde::Deserialize;

use crate::configure::Configurer;
use crate::documents::{Document, Documents};
use crate::from_proto;
use crate::lsp::DidChangeTextDocumentParams;
use crate::order::Lifecycle;
use crate::trace::Tracer;
use crate::workers::Workers;

/// The method of the messages that may be dealt with at once.
pub(crate) const METHOD: &str = "textDocument/didChange";

/// The way from the input to the documents. Cloning gives another handle to the same.
#[derive(Clone, Default)]
pub(crate) struct Shortcut(Arc<OnceLock<Ends>>);

/// What it leads to.
pub(crate) struct Ends {
    pub(crate) documents: Arc<Documents>,
    pub(crate) workers: Workers,
    pub(crate) configurer: Configurer,
    pub(crate) tracer: Tracer,
    pub(crate) lifecycle: Arc<Lifecycle>,
}

#[derive(Deserialize)]
struct Message {
    params: DidChangeTextDocumentParams,
}

impl Shortcut {
    /// Says what it leads to. Before that nothing goes this way.
    pub(crate) fn open(&self, ends: Ends) {
        let _ = self.0.set(ends);
    }

    /// Notes what a message changes, as its handler would. The document, which is to be analysed; `None` if the
    /// message has to go the way of all messages, and nothing was done.
    pub(crate) fn take(&self, body: &[u8]) -> Option<Arc<Document>> {
        let ends = self.0.get()?;
        let is_watched = ends.tracer.is_heard() || ends.lifecycle.was_shut_down.load(Ordering::SeqCst);
        if is_watched || !ends.configurer.current().debounce.is_zero() {
            return None;
        }
        let Message { params } = serde_json::from_slice(body).ok()?;
        let document = ends.documents.get(&params.text_document.uri)?;
        if document.notebook.is_some() {
            return None;
        }
        let encoding = ends.workers.client().encoding;
        let changes = params.content_changes.into_iter();
        let changes = changes.map(|change| from_proto::change(change, encoding)).collect();
        document.change(changes, params.text_document.version);
        Some(document)
    }

    /// Has a worker analyse a document.
    pub(crate) fn hand_on(&self, document: &Arc<Document>) {
        if let Some(ends) = self.0.get() {
            ends.workers.analyze(document);
        }
    }

    /// Analyses a document on this thread, unless a worker has it.
    pub(crate) fn analyze(&self, document: &Arc<Document>, parser: &mut Parser) {
        if let Some(ends) = self.0.get() {
            ends.workers.analyze_here(document, parser);
        }
    }
}
