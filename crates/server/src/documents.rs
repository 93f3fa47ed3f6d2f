//! Open documents.
//!
//! A document has an inbox, which notifications fill in no time, and a core, which only the worker
//! that analyses it touches. Between the two there is nothing to wait for: a notification never waits
//! for an analysis.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use dashmap::DashMap;
use leakwright_engine::{Analysis, Linked, Owner, Settled};
use leakwright_syntax::{Change, Refusal, Text};
use tokio::sync::watch;

use crate::lsp::{Diagnostic, Url};
use crate::notebook::Notebook;

/// The open documents, by address.
#[derive(Default)]
pub(crate) struct Documents {
    open: DashMap<Url, Arc<Document>>,
    opened: AtomicU64,
}

/// An open document.
pub(crate) struct Document {
    /// Its address, as the client writes it.
    pub(crate) uri: Url,
    /// Its path; `None` for one that was never saved.
    pub(crate) path: Option<PathBuf>,
    /// Tells it from others that were open under its path.
    pub(crate) owner: Owner,
    /// The notebook that it is the module of.
    pub(crate) notebook: Option<Notebook>,
    inbox: Mutex<Inbox>,
    /// What the worker keeps from one version to the next.
    pub(crate) core: Mutex<crate::workers::Core>,
    latest: watch::Sender<Option<Arc<Snapshot>>>,
    /// What the client was told last, and of which version.
    pub(crate) published: Mutex<Option<(i32, Vec<Diagnostic>)>>,
    settled: Mutex<Option<Arc<Settled>>>,
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
    /// How often it is to be parsed afresh if it rests.
    pub(crate) heals: usize,
    /// The client has closed it.
    pub(crate) is_closed: bool,
}

/// One version of a document, analysed.
pub(crate) struct Snapshot {
    pub(crate) version: i32,
    pub(crate) text: Text,
    /// The state of the project that it was judged with; zero outside of projects.
    pub(crate) generation: u64,
    /// What was found, or why nothing was looked for.
    pub(crate) analysis: Result<Analysis, Refusal>,
}

impl Documents {
    /// Opens a document, in the place of one that may be open under its address.
    pub(crate) fn open(
        &self,
        uri: Url,
        text: String,
        version: i32,
        notebook: Option<Notebook>,
    ) -> Arc<Document> {
        let document = Arc::new(Document {
            path: uri.to_file_path().ok(),
            uri: uri.clone(),
            notebook,
            owner: Owner(self.opened.fetch_add(1, Ordering::Relaxed)),
            inbox: Mutex::new(Inbox {
                version,
                changes: vec![Change::Whole(text)],
                is_due: true,
                is_fresh: false,
                is_queued: false,
                heals: 0,
                is_closed: false,
            }),
            core: Mutex::default(),
            latest: watch::Sender::new(None),
            published: Mutex::default(),
            settled: Mutex::default(),
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

    /// The document of the notebook that has a cell.
    pub(crate) fn with_cell(&self, uri: &Url) -> Option<Arc<Document>> {
        let has_it = |document: &Document| document.notebook.as_ref().is_some_and(|own| own.has_cell(uri));
        self.open.iter().find(|entry| has_it(entry)).map(|entry| Arc::clone(&entry))
    }

    /// Whether a document is open under a path.
    pub(crate) fn is_open(&self, path: &Path) -> bool {
        self.open.iter().any(|entry| entry.path.as_deref() == Some(path))
    }

    /// All open documents.
    pub(crate) fn all(&self) -> Vec<Arc<Document>> {
        self.open.iter().map(|entry| Arc::clone(&entry)).collect()
    }

    /// Whether nothing is to be done about any of them.
    pub(crate) fn are_at_rest(&self) -> bool {
        self.open.iter().all(|entry| entry.inbox().is_at_rest())
    }

    /// Closes a document.
    pub(crate) fn close(&self, uri: &Url) -> Option<Arc<Document>> {
        let (_, document) = self.open.remove(uri)?;
        document.inbox().is_closed = true;
        Some(document)
    }
}

impl Inbox {
    fn is_at_rest(&self) -> bool {
        self.is_closed || !self.is_due && !self.is_queued && self.heals == 0
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

    /// Makes a version known to those who wait for it; in the place of another one only if that is still
    /// what is known last.
    pub(crate) fn finish(&self, snapshot: Arc<Snapshot>, replaced: Option<&Arc<Snapshot>>) -> bool {
        self.latest.send_if_modified(|latest| {
            let is_expected = |old| latest.as_ref().is_some_and(|latest| Arc::ptr_eq(latest, old));
            let fits = replaced.is_none_or(is_expected);
            if fits {
                *latest = Some(snapshot);
            }
            fits
        })
    }

    /// What is known last.
    pub(crate) fn latest(&self) -> Option<Arc<Snapshot>> {
        self.latest.borrow().clone()
    }

    /// Whether the text as it is now was judged with a state of its project.
    pub(crate) fn is_settled(&self, generation: u64) -> bool {
        self.latest().is_some_and(|latest| latest.is_settled(generation))
    }

    /// Whether it is judged in a project, in no other that is kept in memory for it.
    pub(crate) fn is_judged_in(&self, linked: &Arc<Linked>) -> bool {
        self.latest().is_some_and(|latest| match &latest.analysis {
            Ok(analysis) => Arc::ptr_eq(&analysis.linked, linked),
            Err(_) => true,
        })
    }

    /// What the client was told last, of a document that is closed: nothing more is published of it.
    pub(crate) fn take_published(&self) -> Vec<Diagnostic> {
        let published = self.published.lock().unwrap_or_else(PoisonError::into_inner).take();
        published.map(|(_, diagnostics)| diagnostics).unwrap_or_default()
    }

    /// What was known when the project was last linked.
    pub(crate) fn settled(&self) -> Option<Arc<Settled>> {
        self.settled.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes what is known now that the project is linked.
    pub(crate) fn remember(&self, settled: Option<Settled>) {
        *self.settled.lock().unwrap_or_else(PoisonError::into_inner) = settled.map(Arc::new);
    }

    /// The analysis of the text as it is now; waits for it, and within a limit for one that is good
    /// enough. `None` if the document is closed meanwhile.
    pub(crate) async fn snapshot(
        &self,
        limit: Duration,
        is_enough: impl Fn(&Snapshot) -> bool,
    ) -> Option<Arc<Snapshot>> {
        let wanted = self.inbox().version;
        let deadline = Instant::now() + limit;
        let mut latest = self.latest.subscribe();
        loop {
            let current = latest.borrow_and_update().clone();
            if let Some(snapshot) = current.filter(|snapshot| snapshot.version >= wanted)
                && (is_enough(&snapshot) || Instant::now() >= deadline)
            {
                return Some(snapshot);
            }
            if self.inbox().is_closed {
                return None;
            }
            // Waking up for a document that is closed: the sender lives as long as we hold it.
            let wake = tokio::time::timeout(Duration::from_secs(1), latest.changed());
            if let Ok(Err(_)) = wake.await {
                return None;
            }
        }
    }
}

impl Snapshot {
    /// Whether all that belongs to the project was looked at, in the given state or a later one.
    pub(crate) fn is_settled(&self, generation: u64) -> bool {
        match &self.analysis {
            Ok(analysis) => analysis.is_settled && (self.generation == 0 || self.generation >= generation),
            Err(_) => true,
        }
    }
}
