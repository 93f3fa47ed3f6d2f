//! Diagnostics that the client asks for: `textDocument/diagnostic` and `workspace/diagnostic`.
//!
//! A client that can be asked to ask again is told of its open documents only when it asks. Files that
//! are not open are published until it first asks for those of the whole workspace, and only told of from
//! then on. That request is answered when there is something that the client does not know, not before:
//! clients send it again as soon as they have the answer. The newest one ends those before it, so that
//! no more than one ever waits.
//!
//! What the client knows is named by hashes of it, so that the server need not remember what it said.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::{Notify, watch};
use tower_lsp::Client as Connection;
use tower_lsp::jsonrpc::{Error, ErrorCode, Result};

use crate::backend::SETTLES_WITHIN;
use crate::capabilities::Client;
use crate::documents::Documents;
use crate::lsp::{
    Diagnostic, DocumentDiagnosticParams, DocumentDiagnosticReport, DocumentDiagnosticReportResult,
    FullDocumentDiagnosticReport, ProgressToken, RelatedFullDocumentDiagnosticReport,
    RelatedUnchangedDocumentDiagnosticReport, UnchangedDocumentDiagnosticReport, Url,
    WorkspaceDiagnosticParams, WorkspaceDiagnosticReport, WorkspaceDiagnosticReportResult,
    WorkspaceDocumentDiagnosticReport, WorkspaceFullDocumentDiagnosticReport,
    WorkspaceUnchangedDocumentDiagnosticReport,
};
use crate::modern::PartialResult;
use crate::projects::Projects;
use crate::publish::Publisher;
use crate::unopened::Unopened;

/// The least time between two parts of an answer.
const PARTS_EVERY: Duration = Duration::from_millis(50);

/// How long what is known is kept back while files are still looked at, for clients that take no parts.
const WHOLE_WITHIN: Duration = Duration::from_secs(2);

/// The least time between two requests to ask again.
const REFRESHES_EVERY: Duration = Duration::from_millis(100);

/// Answers to what the client asks.
pub(crate) struct Pull {
    documents: Arc<Documents>,
    projects: Projects,
    publisher: Publisher,
    unopened: Arc<Unopened>,
    connection: Connection,
    /// Counts requests for the diagnostics of the workspace: the last one is answered.
    turn: watch::Sender<u64>,
}

/// Names what is found in a file, for the client to say that it knows it.
pub(crate) fn result_id(diagnostics: &[Diagnostic], salt: u64) -> String {
    let text = serde_json::to_vec(&(salt, diagnostics)).unwrap_or_default();
    leakwright_engine::content_hash(&text)[..16].to_owned()
}

impl Pull {
    pub(crate) fn new(
        documents: Arc<Documents>,
        projects: Projects,
        publisher: Publisher,
        unopened: Arc<Unopened>,
        connection: Connection,
    ) -> Self {
        Self { documents, projects, publisher, unopened, connection, turn: watch::Sender::new(0) }
    }

    /// What is found in the newest version of a document, or in a file that was closed.
    pub(crate) async fn document(
        &self,
        params: DocumentDiagnosticParams,
        client: Client,
    ) -> Result<DocumentDiagnosticReportResult> {
        let uri = params.text_document.uri;
        let diagnostics = match self.documents.get(&uri) {
            Some(document) => {
                document.snapshot(Duration::ZERO, |_| true).await;
                self.publisher.pulled(&document, client)
            }
            None => self.closed(&uri).await,
        };
        let id = result_id(&diagnostics, 0);
        let is_known = params.previous_result_id.as_ref() == Some(&id);
        Ok(DocumentDiagnosticReportResult::Report(if is_known {
            DocumentDiagnosticReport::Unchanged(RelatedUnchangedDocumentDiagnosticReport {
                related_documents: None,
                unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport { result_id: id },
            })
        } else {
            DocumentDiagnosticReport::Full(RelatedFullDocumentDiagnosticReport {
                related_documents: None,
                full_document_diagnostic_report: full(diagnostics, Some(id)),
            })
        }))
    }

    /// What is found in a file that is not open: asked for when one is closed.
    async fn closed(&self, uri: &Url) -> Vec<Diagnostic> {
        let Ok(path) = uri.to_file_path() else { return Vec::new() };
        let Some(folder) = self.projects.folder_of(&path) else { return Vec::new() };
        let mut changes = self.unopened.changes();
        let is_judged = async {
            while folder.has_file(&path) && !self.unopened.is_judged(&path) {
                if changes.changed().await.is_err() {
                    return;
                }
            }
        };
        let _ = tokio::time::timeout(SETTLES_WITHIN, is_judged).await;
        self.unopened.shown(&path)
    }

    /// What is found in all files that are not open and is not what the client knows already; waits until
    /// there is something.
    pub(crate) async fn workspace(
        &self,
        params: WorkspaceDiagnosticParams,
    ) -> Result<WorkspaceDiagnosticReportResult> {
        let token = params.partial_result_params.partial_result_token;
        let before = params.previous_result_ids.into_iter().map(|known| (known.uri, known.value));
        let mut poll = Poll::new(before.collect());
        let own = *self.turn.borrow() + 1;
        self.turn.send_replace(own);
        let mut turn = self.turn.subscribe();
        let mut changes = self.unopened.pull();
        loop {
            changes.borrow_and_update();
            let is_whole = self.unopened.is_whole();
            poll.look(&self.unopened, &self.documents, is_whole);
            match token.as_ref().filter(|_| !poll.news.is_empty()) {
                // The answer must not overtake it: not before the next look.
                Some(token) => self.send_part(token, &mut poll).await,
                None if poll.is_due(is_whole) => return Ok(poll.answer().into()),
                None => {}
            }
            let wait = async {
                let limit = if poll.since.is_some() { PARTS_EVERY } else { Duration::MAX };
                let _ = tokio::time::timeout(limit, changes.changed()).await;
                tokio::time::sleep(PARTS_EVERY).await;
            };
            tokio::select! {
                _ = turn.wait_for(|turn| *turn != own) => return Err(superseded()),
                () = wait => {}
            }
        }
    }

    async fn send_part(&self, token: &ProgressToken, poll: &mut Poll) {
        let items = std::mem::take(&mut poll.news);
        poll.is_told = true;
        let part = json!({ "token": token, "value": WorkspaceDiagnosticReport { items } });
        self.connection.send_notification::<PartialResult>(part).await;
    }

    /// Ends the request that waits.
    pub(crate) fn end(&self) {
        self.turn.send_modify(|turn| *turn += 1);
    }
}

/// A request for what is found in the workspace.
struct Poll {
    /// What the client said that it knows of each file.
    before: BTreeMap<Url, String>,
    /// What it knows once it has the answer.
    known: BTreeMap<Url, String>,
    /// What it was not told yet.
    news: Vec<WorkspaceDocumentDiagnosticReport>,
    /// When the first of that was found.
    since: Option<Instant>,
    /// It was told something already.
    is_told: bool,
}

impl Poll {
    fn new(before: BTreeMap<Url, String>) -> Self {
        Self { known: before.clone(), before, news: Vec::new(), since: None, is_told: false }
    }

    /// Looks for what the client does not know. Open documents are asked for by themselves, and what is not
    /// found is gone only if all was looked at.
    fn look(&mut self, unopened: &Unopened, documents: &Documents, is_whole: bool) {
        let found = unopened.results();
        let is_gone = |uri: &&Url| is_whole && !found.contains_key(*uri) && documents.get(uri).is_none();
        let gone: Vec<Url> = self.known.keys().filter(is_gone).cloned().collect();
        for uri in gone {
            self.known.remove(&uri);
            self.news.push(news(uri, full(Vec::new(), None)));
        }
        for (uri, (id, path)) in found {
            if self.known.get(&uri) != Some(&id) {
                self.news.push(news(uri.clone(), full(unopened.shown(&path), Some(id.clone()))));
                self.known.insert(uri, id);
            }
        }
        if !self.news.is_empty() {
            self.since.get_or_insert_with(Instant::now);
        }
    }

    /// Whether it is time to answer.
    fn is_due(&self, is_whole: bool) -> bool {
        // A client that takes parts lacks nothing meanwhile.
        let has_waited =
            !self.news.is_empty() && self.since.is_some_and(|since| since.elapsed() >= WHOLE_WITHIN);
        has_waited || (is_whole && (self.is_told || !self.news.is_empty()))
    }

    /// All that is new, and the names of what is as it was.
    fn answer(self) -> WorkspaceDiagnosticReport {
        let mut items = self.news;
        let (before, mut known) = (self.before, self.known);
        known.retain(|uri, id| before.get(uri) == Some(id));
        items.extend(known.into_iter().map(|(uri, result_id)| {
            WorkspaceDocumentDiagnosticReport::Unchanged(WorkspaceUnchangedDocumentDiagnosticReport {
                uri,
                version: None,
                unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport { result_id },
            })
        }));
        WorkspaceDiagnosticReport { items }
    }
}

fn full(items: Vec<Diagnostic>, result_id: Option<String>) -> FullDocumentDiagnosticReport {
    FullDocumentDiagnosticReport { result_id, items }
}

fn news(uri: Url, report: FullDocumentDiagnosticReport) -> WorkspaceDocumentDiagnosticReport {
    WorkspaceDocumentDiagnosticReport::Full(WorkspaceFullDocumentDiagnosticReport {
        uri,
        version: None,
        full_document_diagnostic_report: report,
    })
}

/// The answer to a request in whose place another one waits: not to be sent again.
fn superseded() -> Error {
    Error {
        code: ErrorCode::ServerError(-32802),
        message: "another request takes its place".into(),
        data: Some(json!({ "retriggerRequest": false })),
    }
}

/// Has the client ask again, each time that it is woken.
pub(crate) async fn refresh(due: Arc<Notify>, ask_again: impl AsyncFn() -> Result<()> + Send) {
    loop {
        due.notified().await;
        tokio::time::sleep(REFRESHES_EVERY).await;
        if let Err(error) = ask_again().await {
            tracing::warn!("the client does not ask again: {error}");
        }
    }
}
