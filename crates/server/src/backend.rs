//! The protocol's messages, each handed to the module that deals with it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use leakwright_syntax::{Change, PositionRange};
use tower_lsp::jsonrpc::Result;
use tower_lsp::{Client as Connection, LanguageServer};

use crate::capabilities::{self, Client};
use crate::documents::{Document, Documents};
use crate::lsp::{
    CodeActionParams, CodeActionResponse, DidChangeTextDocumentParams, DidChangeWatchedFilesParams,
    DidChangeWorkspaceFoldersParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
    DidSaveTextDocumentParams, Hover, HoverParams, InitializeParams, InitializeResult, InitializedParams,
    Position, ServerInfo, TextDocumentContentChangeEvent, WorkspaceFolder,
};
use crate::order::Lifecycle;
use crate::projects::Projects;
use crate::publish::Publisher;
use crate::settle::Settler;
use crate::workers::Workers;
use crate::{actions, hover, parent};

/// How long a request waits for the project to be linked.
const SETTLES_WITHIN: Duration = Duration::from_secs(5);

/// The server's state.
pub(crate) struct Backend {
    documents: Arc<Documents>,
    projects: Projects,
    workers: Workers,
    connection: Connection,
    publisher: Publisher,
    lifecycle: Arc<Lifecycle>,
}

impl Backend {
    pub(crate) fn new(connection: Connection, lifecycle: Arc<Lifecycle>) -> Self {
        let publisher = Publisher::start(connection.clone());
        let (documents, projects) = (Arc::<Documents>::default(), Projects::default());
        let workers = Workers::start(publisher.clone(), projects.clone());
        Settler::start(projects.clone(), Arc::clone(&documents), workers.clone());
        Self { documents, projects, workers, connection, publisher, lifecycle }
    }
}

#[tower_lsp::async_trait]
impl LanguageServer for Backend {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        let client = Client::new(&params.capabilities);
        self.workers.initialize(client);
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
        if self.workers.client().watches_files {
            let connection = self.connection.clone();
            // Never waited for by a handler, and never given up: the library fails on late answers.
            tokio::spawn(async move {
                if let Err(error) = connection.register_capability(vec![capabilities::watched_files()]).await
                {
                    tracing::warn!("files are not watched: {error}");
                }
            });
        }
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        let document = params.text_document;
        let document = self.documents.open(document.uri, document.text, document.version);
        self.workers.analyze(&document);
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
        let document = self.documents.close(&params.text_document.uri);
        self.publisher.clear(params.text_document.uri);
        if let Some((path, owner)) =
            document.and_then(|document| Some((document.path.clone()?, document.owner)))
        {
            if let Some(folder) = self.projects.folder_of(&path) {
                folder.close(&path, owner);
            }
            self.projects.look_at_disk(vec![path], false);
        }
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

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        let Some(document) = self.documents.get(&params.text_document.uri) else { return Ok(None) };
        let generation = self.generation_around(&document).await;
        self.projects.hurry();
        let settled = document.snapshot(SETTLES_WITHIN, |snapshot| snapshot.is_settled(generation));
        let Some(snapshot) = settled.await else { return Ok(None) };
        let client = self.workers.client();
        let actions = tokio::task::spawn_blocking(move || {
            actions::code_actions(&document, &snapshot, params.range, &params.context, client)
        });
        Ok(actions.await.ok())
    }

    async fn hover(&self, params: HoverParams) -> Result<Option<Hover>> {
        let place = params.text_document_position_params;
        let Some(document) = self.documents.get(&place.text_document.uri) else { return Ok(None) };
        let Some(snapshot) = document.snapshot(Duration::ZERO, |_| true).await else { return Ok(None) };
        Ok(hover::hover(&snapshot, place.position, self.workers.client()))
    }
}

impl Backend {
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
