//! Open documents.
//!
//! A document has an inbox, which notifications fill in no time, and a core, which only the worker
//! that analyses it touches. Between the two there is nothing to wait for: a notification never waits
//! for an analysis.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dashmap::DashMap;
use leakwright_engine::Analysis;
use leakwright_syntax::{Change, Refusal, Text};
use tokio::sync::watch;

use crate::lsp::Url;

/// The open documents, by address.
#[derive(Default)]
pub(crate) struct Documents {
    open: DashMap<Url, Arc<Document>>,
}

/// An open document.
pub(crate) struct Document {
    /// Its address, as the client writes it.
    pub(crate) uri: Url,
    /// Its path; `None` for one that was never saved.
    pub(crate) path: Option<PathBuf>,
    inbox: Mutex<Inbox>,
    /// What the worker keeps from one version to the next.
    pub(crate) core: Mutex<crate::workers::Core>,
    latest: watch::Sender<Option<Arc<Snapshot>>>,
}

/// Changes that no worker has seen yet.
pub(crate) struct Inbox {
    /// The version after all changes.
    pub(crate) version: i32,
    /// The changes, in order.
    pub(crate) changes: Vec<Change>,
    /// Something asks for an analysis.
    pub(crate) is_due: bool,
    /// The next parse shall start afresh.
    pub(crate) is_fresh: bool,
    /// A worker has it, or will.
    pub(crate) is_queued: bool,
    /// The client has closed it.
    pub(crate) is_closed: bool,
}

/// One version of a document, analysed.
pub(crate) struct Snapshot {
    pub(crate) version: i32,
    pub(crate) text: Text,
    /// What was found, or why nothing was looked for.
    pub(crate) analysis: Result<Analysis, Refusal>,
}

impl Documents {
    /// Opens a document, in the place of one that may be open under its address.
    pub(crate) fn open(&self, uri: Url, text: String, version: i32) -> Arc<Document> {
        let document = Arc::new(Document {
            path: uri.to_file_path().ok(),
            uri: uri.clone(),
            inbox: Mutex::new(Inbox {
                version,
                changes: vec![Change::Whole(text)],
                is_due: true,
                is_fresh: false,
                is_queued: false,
                is_closed: false,
            }),
            core: Mutex::default(),
            latest: watch::Sender::new(None),
        });
        let replaced = self.open.insert(uri, Arc::clone(&document));
        if let Some(replaced) = replaced {
            replaced.inbox().is_closed = true;
        }
        document
    }

    /// The document open under an address.
    pub(crate) fn get(&self, uri: &Url) -> Option<Arc<Document>> {
        self.open.get(uri).map(|entry| Arc::clone(&entry))
    }

    /// Closes a document.
    pub(crate) fn close(&self, uri: &Url) {
        if let Some((_, document)) = self.open.remove(uri) {
            document.inbox().is_closed = true;
        }
    }
}

impl Document {
    /// Changes that no worker has seen yet.
    pub(crate) fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes changes that lead to a version.
    pub(crate) fn change(&self, changes: Vec<Change>, version: i32) {
        let mut inbox = self.inbox();
        if version <= inbox.version {
            tracing::warn!("{}: version {version} after {}", self.uri, inbox.version);
        }
        inbox.changes.extend(changes);
        inbox.version = version;
        inbox.is_due = true;
    }

    /// Makes a version known to those who wait for it.
    pub(crate) fn finish(&self, snapshot: Arc<Snapshot>) {
        self.latest.send_replace(Some(snapshot));
    }

    /// The analysis of the text as it is now; waits for it. `None` if the document is closed meanwhile.
    pub(crate) async fn snapshot(&self) -> Option<Arc<Snapshot>> {
        let wanted = self.inbox().version;
        let mut latest = self.latest.subscribe();
        loop {
            let current = latest.borrow_and_update().clone();
            if let Some(snapshot) = current.filter(|snapshot| snapshot.version >= wanted) {
                return Some(snapshot);
            }
            if self.inbox().is_closed {
                return None;
            }
            // Waking up for a document that is closed: the sender lives as long as we hold it.
            let wake = tokio::time::timeout(std::time::Duration::from_secs(1), latest.changed());
            if let Ok(Err(_)) = wake.await {
                return None;
            }
        }
    }
}
