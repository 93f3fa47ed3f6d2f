//! The protocol's messages, each handed to the module that deals with it.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use leakwright_syntax::{Change, PositionRange};
use serde_json::Value;
use tokio::runtime::Handle;
use tower_lsp::jsonrpc::{Error, ErrorCode, Result};
use tower_lsp::{Client as Connection, LanguageServer};

use crate::actions::Later;
use crate::capabilities::{self, Client};
use crate::documents::{Document, Documents, Snapshot};
use crate::lsp::{
    CodeAction, CodeActionParams, CodeActionResponse, ConfigurationItem, DidChangeConfigurationParams,
    DidChangeTextDocumentParams, DidChangeWatchedFilesParams, DidChangeWorkspaceFoldersParams,
    DidCloseTextDocumentParams, DidOpenTextDocumentParams, DidSaveTextDocumentParams,
    DocumentDiagnosticParams, DocumentDiagnosticReportResult, ExecuteCommandParams, Hover, HoverParams,
    InitializeParams, InitializeResult, InitializedParams, Position, Registration, ServerInfo,
    ShowDocumentParams, TextDocumentContentChangeEvent, WorkDoneProgressCancelParams,
    WorkspaceDiagnosticParams, WorkspaceDiagnosticReportResult, WorkspaceFolder,
};
use crate::order::Lifecycle;
use crate::projects::Projects;
use crate::publish::Publisher;
use crate::pull::Pull;
use crate::settings::{SECTION, Settings};
use crate::settle::Settler;
use crate::survey::Survey;
use crate::unopened::Unopened;
use crate::workers::Workers;
use crate::{actions, hover, parent, select, to_proto};

/// How long a request waits for the project to be linked.
pub(crate) const SETTLES_WITHIN: Duration = Duration::from_secs(5);

/// The server's state.
pub(crate) struct Backend {
    documents: Arc<Documents>,
    projects: Projects,
    workers: Workers,
    connection: Connection,
    publisher: Publisher,
    unopened: Arc<Unopened>,
    pull: Pull,
    /// What was set when the client started us.
    initial: OnceLock<Settings>,
    lifecycle: Arc<Lifecycle>,
}

impl Backend {
    pub(crate) fn new(connection: Connection, lifecycle: Arc<Lifecycle>) -> Self {
        let publisher = Publisher::start(connection.clone());
        let (documents, projects) = (Arc::<Documents>::default(), Projects::default());
        let workers = Workers::start(publisher.clone(), projects.clone());
        let unopened = Arc::new(Unopened::new(publisher.clone(), Arc::clone(&documents)));
        let pull =
            Pull::new(Arc::clone(&documents), projects.clone(), Arc::clone(&unopened), connection.clone());
        let survey =
            Survey::new(projects.clone(), Arc::clone(&documents), Arc::clone(&unopened), connection.clone());
        Settler::start(projects.clone(), Arc::clone(&documents), workers.clone(), survey);
        let initial = OnceLock::new();
        Self { documents, projects, workers, connection, publisher, unopened, pull, initial, lifecycle }
    }

    /// `window/workDoneProgress/cancel`.
    #[expect(clippy::unused_async, reason = "handlers are asynchronous")]
    pub(crate) async fn cancel_progress(&self, params: WorkDoneProgressCancelParams) {
        self.projects.cancel(&params.token);
    }

    /// What is set, as far as the client has said.
    fn settings(&self) -> Settings {
        self.projects.settings().or_else(|| self.initial.get().copied()).unwrap_or_default()
    }

    /// Asks the client what is set. Never waited for by a handler, and never given up: the library fails
    /// on late answers.
    fn ask_for_settings(&self) {
        let (connection, projects) = (self.connection.clone(), self.projects.clone());
        let initial = self.initial.get().copied().unwrap_or_default();
        tokio::spawn(async move {
            let item = ConfigurationItem { scope_uri: None, section: Some(SECTION.to_owned()) };
            let answer = connection.configuration(vec![item]).await;
            let answer = answer.inspect_err(|error| tracing::warn!("no settings: {error}"));
            let value = answer.ok().and_then(|answer| answer.into_iter().next()).unwrap_or_default();
            projects.set(initial.with(&value));
            projects.tell(&connection, &Handle::current());
        });
    }

    fn register(&self, registration: Registration) {
        let connection = self.connection.clone();
        tokio::spawn(async move {
            let method = registration.method.clone();
            if let Err(error) = connection.register_capability(vec![registration]).await {
                tracing::warn!("{method} is not registered: {error}");
            }
        });
    }
}

#[tower_lsp::async_trait]
impl LanguageServer for Backend {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        let client = Client::new(&params.capabilities);
        self.workers.initialize(client);
        if client.pulls {
            self.publisher.pull_documents();
        }
        let options = params.initialization_options.clone().unwrap_or_default();
        let _ = self.initial.set(Settings::default().with(&options));
        self.projects.change_folders(roots(&params), &[]);
        if let Some(id) = params.process_id {
            parent::watch(id, Arc::clone(&self.lifecycle));
        }
        Ok(InitializeResult {
            capabilities: capabilities::server(client),
            server_info: Some(ServerInfo {
                name: "leakwright".to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            }),
        })
    }

    async fn initialized(&self, _: InitializedParams) {
        let client = self.workers.client();
        if client.watches_files {
            self.register(capabilities::watched_files());
        }
        if client.registers_settings {
            self.register(capabilities::changed_settings());
        }
        if client.has_settings {
            self.ask_for_settings();
        } else {
            self.projects.set(self.settings());
            self.projects.tell(&self.connection, &Handle::current());
        }
    }

    async fn did_change_configuration(&self, params: DidChangeConfigurationParams) {
        if self.workers.client().has_settings {
            self.ask_for_settings();
        } else {
            self.projects.set(self.settings().with(&params.settings));
        }
    }

    async fn shutdown(&self) -> Result<()> {
        self.pull.end();
        Ok(())
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        let document = params.text_document;
        let document = self.documents.open(document.uri, document.text, document.version);
        self.workers.analyze(&document);
        if let Some(path) = &document.path {
            self.unopened.open(path, &document.uri);
        }
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        let Some(document) = self.documents.get(&params.text_document.uri) else {
            tracing::warn!("{}: changed but not open", params.text_document.uri);
            return;
        };
        let client = self.workers.client();
        let changes = params.content_changes.into_iter().map(|change| from_proto(change, client)).collect();
        document.change(changes, params.text_document.version);
        self.workers.analyze(&document);
    }

    async fn did_save(&self, params: DidSaveTextDocumentParams) {
        // What is on disk is what is open: a good time to parse it afresh.
        let Some(document) = self.documents.get(&params.text_document.uri) else { return };
        {
            let mut inbox = document.inbox();
            (inbox.is_due, inbox.is_fresh) = (true, true);
        }
        self.workers.analyze(&document);
        // A client that watches no files says only this of what is on disk.
        let is_blind = !self.workers.client().watches_files;
        self.projects.look_at_disk(document.path.iter().cloned().collect(), is_blind);
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        let uri = params.text_document.uri;
        let Some(document) = self.documents.close(&uri) else { return };
        let shown = document.take_published();
        let Some(path) = &document.path else { return self.publisher.clear_document(uri) };
        let folder = self.projects.folder_of(path);
        match &folder {
            Some(folder) if self.projects.looks_everywhere() && folder.has_file(path) => {
                self.unopened.close(path, folder.root(), uri, shown);
            }
            _ => self.publisher.clear_document(uri),
        }
        if let Some(folder) = folder {
            folder.close(path, document.owner);
        }
        self.projects.look_at_disk(vec![path.clone()], false);
    }

    async fn did_change_watched_files(&self, params: DidChangeWatchedFilesParams) {
        let paths = params.changes.iter().filter_map(|change| change.uri.to_file_path().ok());
        let paths: Vec<PathBuf> = paths.collect();
        let reads_configuration =
            paths.iter().any(|path| path.extension().is_some_and(|ending| ending == "toml"));
        self.projects.look_at_disk(paths, reads_configuration);
    }

    async fn did_change_workspace_folders(&self, params: DidChangeWorkspaceFoldersParams) {
        let paths = |folders: &[WorkspaceFolder]| -> Vec<PathBuf> {
            folders.iter().filter_map(|folder| folder.uri.to_file_path().ok()).collect()
        };
        self.projects.change_folders(paths(&params.event.added), &paths(&params.event.removed));
        self.documents.all().iter().for_each(|document| self.workers.analyze_again(document));
    }

    async fn diagnostic(&self, params: DocumentDiagnosticParams) -> Result<DocumentDiagnosticReportResult> {
        self.pull.document(params, self.workers.client()).await
    }

    async fn workspace_diagnostic(
        &self,
        params: WorkspaceDiagnosticParams,
    ) -> Result<WorkspaceDiagnosticReportResult> {
        self.pull.workspace(params).await
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        let Some(document) = self.documents.get(&params.text_document.uri) else { return Ok(None) };
        let Some(snapshot) = self.settled(&document).await else { return Ok(None) };
        let client = self.workers.client();
        let actions = tokio::task::spawn_blocking(move || {
            actions::code_actions(&document, &snapshot, params.range, &params.context, client)
        });
        Ok(actions.await.ok())
    }

    async fn code_action_resolve(&self, action: CodeAction) -> Result<CodeAction> {
        let later = action.data.clone().and_then(|data| serde_json::from_value::<Later>(data).ok());
        let Some(later) = later else { return Ok(action) };
        let document = self.documents.get(&later.uri).ok_or_else(modified)?;
        let snapshot = self.settled(&document).await.ok_or_else(modified)?;
        let client = self.workers.client();
        let resolved = tokio::task::spawn_blocking(move || {
            actions::resolve(&document, &snapshot, &later, action, client)
        });
        resolved.await.ok().flatten().ok_or_else(modified)
    }

    async fn execute_command(&self, params: ExecuteCommandParams) -> Result<Option<Value>> {
        let argument = params.arguments.into_iter().next().unwrap_or_default();
        let show = |uri, external, selection| ShowDocumentParams {
            uri,
            external: Some(external),
            take_focus: Some(true),
            selection,
        };
        let show = match params.command.as_str() {
            actions::OPEN_PAGE => argument.as_str().and_then(to_proto::page).map(|uri| show(uri, true, None)),
            select::SELECT => serde_json::from_value::<select::Selection>(argument)
                .ok()
                .map(|found| show(found.uri, false, Some(found.range))),
            _ => None,
        };
        let Some(show) = show else { return Err(Error::invalid_params("no such command")) };
        let connection = self.connection.clone();
        tokio::spawn(async move {
            if let Err(error) = connection.show_document(show).await {
                tracing::warn!("the client did not show what it was asked to: {error}");
            }
        });
        Ok(None)
    }

    async fn hover(&self, params: HoverParams) -> Result<Option<Hover>> {
        let place = params.text_document_position_params;
        let Some(document) = self.documents.get(&place.text_document.uri) else { return Ok(None) };
        let Some(snapshot) = document.snapshot(Duration::ZERO, |_| true).await else { return Ok(None) };
        Ok(hover::hover(&snapshot, place.position, self.workers.client()))
    }
}

/// The answer to a request about a text that is another one by now.
fn modified() -> Error {
    Error { code: ErrorCode::ContentModified, message: "the document has changed".into(), data: None }
}

impl Backend {
    /// A document, judged with all files as they are.
    async fn settled(&self, document: &Document) -> Option<Arc<Snapshot>> {
        let generation = self.generation_around(document).await;
        self.projects.hurry();
        document.snapshot(SETTLES_WITHIN, |snapshot| snapshot.is_settled(generation)).await
    }

    /// The state of the project around a document, once all open documents are part of it as they are now.
    async fn generation_around(&self, document: &Document) -> u64 {
        let folder =
            |document: &Document| document.path.as_deref().and_then(|path| self.projects.folder_of(path));
        let Some(own) = folder(document) else { return 0 };
        for other in self.documents.all() {
            if folder(&other).is_some_and(|other| Arc::ptr_eq(&own, &other)) {
                other.snapshot(Duration::ZERO, |_| true).await;
            }
        }
        own.generation()
    }
}

/// The folders that are open in the editor.
fn roots(params: &InitializeParams) -> Vec<PathBuf> {
    let folders = params.workspace_folders.iter().flatten().map(|folder| &folder.uri);
    let mut roots: Vec<PathBuf> = folders.filter_map(|uri| uri.to_file_path().ok()).collect();
    if roots.is_empty() {
        roots.extend(params.root_uri.as_ref().and_then(|uri| uri.to_file_path().ok()));
    }
    roots
}

/// A change as the client describes it.
fn from_proto(change: TextDocumentContentChangeEvent, client: Client) -> Change {
    let Some(range) = change.range else { return Change::Whole(change.text) };
    let position = |place: Position| leakwright_syntax::Position::new(place.line, place.character);
    Change::Range(
        PositionRange::new(position(range.start), position(range.end)),
        client.encoding,
        change.text,
    )
}
