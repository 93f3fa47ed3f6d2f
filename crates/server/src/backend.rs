//! The protocol's messages, each handed to the module that deals with it.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use serde_json::Value;
use tower_lsp::jsonrpc::{Error, ErrorCode, Result};
use tower_lsp::{Client as Connection, LanguageServer};

use crate::actions::Later;
use crate::capabilities::{self, Client};
use crate::commands::Commands;
use crate::configure::{Configurer, Shared};
use crate::documents::{Document, Documents, Snapshot};
use crate::lsp::{
    CodeAction, CodeActionOrCommand, CodeActionParams, CodeActionResponse, CodeLens, CodeLensParams,
    CreateFilesParams, DeleteFilesParams, DidChangeConfigurationParams, DidChangeTextDocumentParams,
    DidChangeWatchedFilesParams, DidChangeWorkspaceFoldersParams, DidCloseTextDocumentParams,
    DidOpenTextDocumentParams, DidSaveTextDocumentParams, DocumentDiagnosticParams,
    DocumentDiagnosticReportResult, ExecuteCommandParams, Hover, HoverParams, InitializeParams,
    InitializeResult, InitializedParams, Registration, RenameFilesParams, ServerInfo, SetTraceParams, Url,
    WorkDoneProgressCancelParams, WorkspaceDiagnosticParams, WorkspaceDiagnosticReportResult,
    WorkspaceFolder,
};
use crate::notebook::Notebook;
use crate::order::Lifecycle;
use crate::output::Output;
use crate::projects::Projects;
use crate::publish::Publisher;
use crate::pull::Pull;
use crate::settings::Current;
use crate::settle::Settler;
use crate::shortcut::{Ends, Shortcut};
use crate::subject::Subject;
use crate::survey::Survey;
use crate::tell::Teller;
use crate::trace::Tracer;
use crate::unopened::Unopened;
use crate::workers::Workers;
use crate::{actions, from_proto, hover, lens, notebook, parent};

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
    configurer: Configurer,
    commands: Commands,
    tracer: Tracer,
    lifecycle: Arc<Lifecycle>,
}

impl Backend {
    pub(crate) fn new(
        connection: Connection,
        lifecycle: Arc<Lifecycle>,
        output: Output,
        shortcut: &Shortcut,
    ) -> Self {
        let current = Current::default();
        let teller = Teller::new(connection.clone());
        let tracer = Tracer::start(connection.clone());
        let publisher = Publisher::start(connection.clone(), output, current.clone(), tracer.clone());
        let (documents, projects) = (Arc::<Documents>::default(), Projects::default());
        projects.tell_with(teller.clone());
        let workers = Workers::start(publisher.clone(), projects.clone());
        let unopened = Arc::new(Unopened::new(publisher.clone(), Arc::clone(&documents)));
        let pull = Pull::new(
            Arc::clone(&documents),
            projects.clone(),
            publisher.clone(),
            Arc::clone(&unopened),
            connection.clone(),
        );
        let survey =
            Survey::new(projects.clone(), Arc::clone(&documents), Arc::clone(&unopened), connection.clone());
        Settler::start(projects.clone(), Arc::clone(&documents), workers.clone(), survey);
        let configurer = Configurer::new(Shared {
            connection: connection.clone(),
            documents: Arc::clone(&documents),
            projects: projects.clone(),
            workers: workers.clone(),
            unopened: Arc::clone(&unopened),
            current,
            teller,
            initial: OnceLock::new(),
            last: Mutex::default(),
            asked: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            turn: Mutex::default(),
        });
        shortcut.open(Ends {
            documents: Arc::clone(&documents),
            workers: workers.clone(),
            configurer: configurer.clone(),
            tracer: tracer.clone(),
            lifecycle: Arc::clone(&lifecycle),
        });
        let commands = Commands {
            connection: connection.clone(),
            documents: Arc::clone(&documents),
            projects: projects.clone(),
            workers: workers.clone(),
            unopened: Arc::clone(&unopened),
            configurer: configurer.clone(),
            started: Instant::now(),
        };
        Self {
            documents,
            projects,
            workers,
            connection,
            publisher,
            unopened,
            pull,
            configurer,
            commands,
            tracer,
            lifecycle,
        }
    }

    /// What tells the client what is said.
    pub(crate) fn tracer(&self) -> &Tracer {
        &self.tracer
    }

    /// `$/setTrace`.
    #[expect(clippy::unused_async, reason = "handlers are asynchronous")]
    pub(crate) async fn set_trace(&self, params: SetTraceParams) {
        self.tracer.set(params.value);
    }

    /// `window/workDoneProgress/cancel`.
    #[expect(clippy::unused_async, reason = "handlers are asynchronous")]
    pub(crate) async fn cancel_progress(&self, params: WorkDoneProgressCancelParams) {
        self.projects.cancel(&params.token);
    }

    /// `notebookDocument/didOpen`.
    #[expect(clippy::unused_async, reason = "handlers are asynchronous")]
    pub(crate) async fn notebook_did_open(&self, params: notebook::DidOpen) {
        let uri = params.notebook_document.uri.clone();
        let (notebook, text) = Notebook::open(params, self.workers.client().encoding);
        let document = self.documents.open(uri, text, 0, Some(notebook));
        self.workers.analyze(&document);
    }

    /// `notebookDocument/didChange`.
    #[expect(clippy::unused_async, reason = "handlers are asynchronous")]
    pub(crate) async fn notebook_did_change(&self, params: notebook::DidChange) {
        let uri = params.notebook_document.uri;
        let document = self.documents.get(&uri);
        let Some((document, notebook)) = document.as_ref().and_then(|it| Some((it, it.notebook.as_ref()?)))
        else {
            tracing::warn!("{uri}: changed but not open");
            return;
        };
        let (change, version) = notebook.change(params.change);
        document.change(vec![change], version);
        self.analyze(document, version);
    }

    /// `notebookDocument/didSave`.
    #[expect(clippy::unused_async, reason = "handlers are asynchronous")]
    pub(crate) async fn notebook_did_save(&self, params: notebook::DidSave) {
        if let Some(document) = self.documents.get(&params.notebook_document.uri) {
            self.workers.analyze_afresh(&document);
        }
    }

    /// `notebookDocument/didClose`.
    #[expect(clippy::unused_async, reason = "handlers are asynchronous")]
    pub(crate) async fn notebook_did_close(&self, params: notebook::DidClose) {
        let Some(document) = self.documents.close(&params.notebook_document.uri) else { return };
        // From now on nothing more is told of it.
        document.take_published();
        let told = document.notebook.as_ref().map(Notebook::told).unwrap_or_default();
        for cell in told {
            self.publisher.clear(cell);
        }
    }

    /// Has a changed document analysed, once edits pause if the user wants that.
    fn analyze(&self, document: &Arc<Document>, version: i32) {
        let debounce = self.configurer.current().debounce;
        if debounce.is_zero() {
            self.workers.analyze(document);
        } else {
            self.analyze_after(debounce, Arc::clone(document), version);
        }
    }

    /// Has a document analysed if it rests for a while.
    fn analyze_after(&self, pause: Duration, document: Arc<Document>, version: i32) {
        let workers = self.workers.clone();
        tokio::spawn(async move {
            tokio::time::sleep(pause).await;
            if document.inbox().version == version {
                workers.analyze(&document);
            }
        });
    }

    /// Files, or folders with what is in them, were made, renamed or removed by the editor itself.
    #[expect(single_use_lifetimes, reason = "`impl Trait` cannot elide it")]
    fn moved<'u>(&self, uris: impl Iterator<Item = &'u str>) {
        let paths = uris.filter_map(|uri| Url::parse(uri).ok()?.to_file_path().ok());
        let paths: Vec<PathBuf> = paths.collect();
        let may_configure = |path: &PathBuf| path.extension().is_none() || configures(path) || path.is_dir();
        let reads_configuration = paths.iter().any(may_configure);
        self.projects.look_at_disk(paths, reads_configuration);
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
        let client =
            Client::new(&params.capabilities, params.client_info.as_ref().map(|it| it.name.as_str()));
        self.workers.initialize(client);
        self.tracer.set(params.trace.unwrap_or_default());
        if client.refreshes_lenses {
            self.publisher.refresh_lenses_of(self.connection.clone());
        }
        if client.pulls {
            self.publisher.pull_documents();
        }
        self.configurer.start(params.initialization_options.clone().unwrap_or_default());
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
            self.configurer.ask();
        } else {
            self.configurer.told(Value::Null);
        }
    }

    async fn did_change_configuration(&self, params: DidChangeConfigurationParams) {
        if self.workers.client().has_settings {
            self.configurer.ask();
        } else {
            self.configurer.told(params.settings);
        }
    }

    async fn shutdown(&self) -> Result<()> {
        self.pull.end();
        Ok(())
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        let document = params.text_document;
        let document = self.documents.open(document.uri, document.text, document.version, None);
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
        let encoding = self.workers.client().encoding;
        let changes = params.content_changes.into_iter();
        let changes = changes.map(|change| from_proto::change(change, encoding)).collect();
        document.change(changes, params.text_document.version);
        self.analyze(&document, params.text_document.version);
    }

    async fn did_save(&self, params: DidSaveTextDocumentParams) {
        // What is on disk is what is open: a good time to parse it afresh.
        let Some(document) = self.documents.get(&params.text_document.uri) else { return };
        self.workers.analyze_afresh(&document);
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
            Some(folder) if self.projects.looks_into(folder.root()) && folder.has_file(path) => {
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
        let reads_configuration = paths.iter().any(|path| configures(path));
        self.projects.look_at_disk(paths, reads_configuration);
    }

    async fn did_create_files(&self, params: CreateFilesParams) {
        self.moved(params.files.iter().map(|file| &*file.uri));
    }

    async fn did_rename_files(&self, params: RenameFilesParams) {
        self.moved(params.files.iter().flat_map(|file| [&*file.old_uri, &*file.new_uri]));
    }

    async fn did_delete_files(&self, params: DeleteFilesParams) {
        self.moved(params.files.iter().map(|file| &*file.uri));
    }

    async fn did_change_workspace_folders(&self, params: DidChangeWorkspaceFoldersParams) {
        let paths = |folders: &[WorkspaceFolder]| -> Vec<PathBuf> {
            folders.iter().filter_map(|folder| folder.uri.to_file_path().ok()).collect()
        };
        self.projects.change_folders(paths(&params.event.added), &paths(&params.event.removed));
        if self.workers.client().has_settings {
            self.configurer.ask();
        } else {
            self.configurer.told_before();
        }
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
        let subject = Subject::find(&self.documents, &params.text_document.uri);
        let Some(subject) = subject else { return Ok(None) };
        let Some(snapshot) = self.settled(&subject.document).await else { return Ok(None) };
        let client = self.workers.client();
        let actions = tokio::task::spawn_blocking(move || {
            let view = subject.view(&snapshot)?;
            let range = view.range(params.range)?;
            let found = actions::code_actions(&subject.document, &snapshot, range, &params.context, client);
            let shown = found.into_iter().filter_map(|action| view.action(action));
            Some(shown.map(CodeActionOrCommand::CodeAction).collect())
        });
        Ok(actions.await.ok().flatten())
    }

    async fn code_action_resolve(&self, action: CodeAction) -> Result<CodeAction> {
        let later = action.data.clone().and_then(|data| serde_json::from_value::<Later>(data).ok());
        let Some(later) = later else { return Ok(action) };
        let subject = Subject::find(&self.documents, &later.uri).ok_or_else(modified)?;
        let snapshot = self.settled(&subject.document).await.ok_or_else(modified)?;
        let client = self.workers.client();
        let resolved = tokio::task::spawn_blocking(move || {
            let resolved = actions::resolve(&subject.document, &snapshot, &later, action, client)?;
            subject.view(&snapshot)?.action(resolved)
        });
        resolved.await.ok().flatten().ok_or_else(modified)
    }

    async fn execute_command(&self, params: ExecuteCommandParams) -> Result<Option<Value>> {
        self.commands.run(params).await
    }

    async fn code_lens(&self, params: CodeLensParams) -> Result<Option<Vec<CodeLens>>> {
        let uri = params.text_document.uri;
        let subject = Subject::find(&self.documents, &uri).filter(|_| self.configurer.current().code_lens);
        let Some(subject) = subject else { return Ok(None) };
        let Some(snapshot) = subject.document.snapshot(Duration::ZERO, |_| true).await else {
            return Ok(None);
        };
        let client = self.workers.client();
        let lenses = tokio::task::spawn_blocking(move || {
            let view = subject.view(&snapshot)?;
            Some(lens::lenses(&snapshot, &view, &uri, client))
        });
        Ok(lenses.await.ok().flatten())
    }

    async fn hover(&self, params: HoverParams) -> Result<Option<Hover>> {
        let place = params.text_document_position_params;
        let subject = Subject::find(&self.documents, &place.text_document.uri);
        let Some(subject) = subject else { return Ok(None) };
        let snapshot = subject.document.snapshot(Duration::ZERO, |_| true).await;
        let Some(snapshot) = snapshot else { return Ok(None) };
        let client = self.workers.client();
        let hover = tokio::task::spawn_blocking(move || {
            let view = subject.view(&snapshot)?;
            hover::hover(&snapshot, &view, place.position, client)
        });
        Ok(hover.await.ok().flatten())
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

/// Whether a file may be one that configures us, or a baseline, by its ending.
fn configures(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "toml" || ending == "json")
}
