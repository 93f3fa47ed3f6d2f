//! Publishing diagnostics, in order, by one task.

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

    /// Publishes what was found in a version.
    pub(crate) fn publish(&self, document: &Document, snapshot: &Snapshot, client: Client) {
        let diagnostics = match &snapshot.analysis {
            Ok(analysis) => analysis
                .findings
                .iter()
                .map(|finding| to_proto::diagnostic(finding, &snapshot.text, &document.uri, client))
                .collect(),
            Err(refusal) => {
                tracing::warn!("{}: {refusal}", document.uri);
                Vec::new()
            }
        };
        self.send(document.uri.clone(), diagnostics, Some(snapshot.version));
    }

    /// Takes the diagnostics of a closed document away.
    pub(crate) fn clear(&self, uri: Url) {
        self.send(uri, Vec::new(), None);
    }

    fn send(&self, uri: Url, diagnostics: Vec<Diagnostic>, version: Option<i32>) {
        if self.queue.send(Message { uri, diagnostics, version }).is_err() {
            tracing::debug!("the client is gone");
        }
    }
}
