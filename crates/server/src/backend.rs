//! The protocol's messages, each handed to the module that deals with it.

use std::path::PathBuf;
use std::sync::Arc;

use leakwright_syntax::{Change, PositionRange};
use tower_lsp::jsonrpc::Result;
use tower_lsp::{Client as Connection, LanguageServer};

use crate::capabilities::{self, Client};
use crate::documents::Documents;
use crate::lsp::{
    CodeActionParams, CodeActionResponse, DidChangeTextDocumentParams, DidCloseTextDocumentParams,
    DidOpenTextDocumentParams, DidSaveTextDocumentParams, Hover, HoverParams, InitializeParams,
    InitializeResult, InitializedParams, Position, ServerInfo, TextDocumentContentChangeEvent,
};
use crate::order::Lifecycle;
use crate::publish::Publisher;
use crate::workers::Workers;
use crate::{actions, hover, parent};

/// The server's state.
pub(crate) struct Backend {
    documents: Documents,
    workers: Workers,
    publisher: Publisher,
    lifecycle: Arc<Lifecycle>,
}

impl Backend {
    pub(crate) fn new(connection: Connection, lifecycle: Arc<Lifecycle>) -> Self {
        let publisher = Publisher::start(connection);
        let workers = Workers::start(publisher.clone());
        Self { documents: Documents::default(), workers, publisher, lifecycle }
    }
}

#[tower_lsp::async_trait]
impl LanguageServer for Backend {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        let client = Client::new(&params.capabilities);
        self.workers.initialize(client, roots(&params));
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

    async fn initialized(&self, _: InitializedParams) {}

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
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        self.documents.close(&params.text_document.uri);
        self.publisher.clear(params.text_document.uri);
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        let Some(document) = self.documents.get(&params.text_document.uri) else { return Ok(None) };
        let Some(snapshot) = document.snapshot().await else { return Ok(None) };
        let client = self.workers.client();
        let actions = tokio::task::spawn_blocking(move || {
            actions::code_actions(&document, &snapshot, params.range, &params.context, client)
        });
        Ok(actions.await.ok())
    }

    async fn hover(&self, params: HoverParams) -> Result<Option<Hover>> {
        let place = params.text_document_position_params;
        let Some(document) = self.documents.get(&place.text_document.uri) else { return Ok(None) };
        let Some(snapshot) = document.snapshot().await else { return Ok(None) };
        Ok(hover::hover(&snapshot, place.position, self.workers.client()))
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
