//! Publishing diagnostics, in order, by one task.

use std::sync::{Arc, PoisonError};

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tower_lsp::Client as Connection;

use crate::capabilities::Client;
use crate::documents::{Document, Snapshot};
use crate::lsp::{Diagnostic, Url};
use crate::to_proto;

/// Sends diagnostics to the client. Cloning gives another handle to the same task.
#[derive(Clone)]
pub(crate) struct Publisher {
    queue: UnboundedSender<Message>,
}

struct Message {
    uri: Url,
    diagnostics: Vec<Diagnostic>,
    version: Option<i32>,
}

impl Publisher {
    /// Starts the task. Must be called within the runtime.
    pub(crate) fn start(connection: Connection) -> Self {
        let (queue, mut messages) = unbounded_channel::<Message>();
        tokio::spawn(async move {
            while let Some(Message { uri, diagnostics, version }) = messages.recv().await {
                connection.publish_diagnostics(uri, diagnostics, version).await;
            }
        });
        Self { queue }
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
        let diagnostics = match &snapshot.analysis {
            Ok(analysis) => analysis
                .findings
                .iter()
                .map(|found| to_proto::diagnostic(found, &snapshot.text, &document.uri, client))
                .collect(),
            Err(refusal) => {
                tracing::warn!("{}: {refusal}", document.uri);
                Vec::new()
            }
        };
        let now = Some((snapshot.version, diagnostics));
        if replaced.is_some() && *published == now {
            return;
        }
        published.clone_from(&now);
        if let Some((version, diagnostics)) = now {
            self.send(document.uri.clone(), diagnostics, Some(version));
        }
    }

    /// Publishes the diagnostics of a file that is not open.
    pub(crate) fn show(&self, uri: Url, diagnostics: Vec<Diagnostic>) {
        self.send(uri, diagnostics, None);
    }

    /// Takes the diagnostics of a file away.
    pub(crate) fn clear(&self, uri: Url) {
        self.send(uri, Vec::new(), None);
    }

    fn send(&self, uri: Url, diagnostics: Vec<Diagnostic>, version: Option<i32>) {
        if self.queue.send(Message { uri, diagnostics, version }).is_err() {
            tracing::debug!("the client is gone");
        }
    }
}
