//! The language server: keeps a tree of every open document, analyses each version that is not
//! superseded, and publishes what it finds.
//!
//! This is the only crate that knows the protocol. Its rules, each kept by the type or module that it
//! names:
//!
//! * Messages take effect in the order they arrive: handlers run up to their first wait on the reader
//!   ([`order`]), and those of document notifications never wait.
//! * Requests wait for the analysis of the version they were sent for, never for the client.
//! * Analysis runs on threads of its own ([`workers`]); one at a time for a document.
//! * A panic ends one message or one analysis, not the server.

mod actions;
mod backend;
mod capabilities;
mod commands;
mod configure;
mod documents;
mod frames;
mod from_proto;
mod hover;
mod lens;
mod log;
mod lsp;
mod memory;
mod modern;
mod notebook;
mod order;
mod output;
mod parent;
mod progress;
mod projects;
mod publish;
mod pull;
mod quarantine;
mod select;
mod settings;
mod settle;
mod shortcut;
mod subject;
mod survey;
mod tally;
mod tell;
mod timings;
mod to_proto;
mod trace;
mod unopened;
mod workers;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tower_lsp::{LspService, Server};

use backend::Backend;
use frames::Input;
use order::{Lifecycle, Ordered};
use output::Output;
use shortcut::Shortcut;

/// How long responses may take to get out after `exit`.
const FLUSH: Duration = Duration::from_millis(100);

/// Handlers that may wait at the same time.
const CONCURRENCY: usize = 64;

/// Serves on standard input and output until the client says `exit` or goes away. True if it said
/// `shutdown` first, as it should.
pub fn run() -> std::io::Result<bool> {
    log::start();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let lifecycle = Arc::new(Lifecycle::default());
    let shortcut = Shortcut::default();
    let input = Input::start(std::io::stdin(), shortcut.clone())?;
    let output = Output::start(std::io::stdout())?;
    runtime.block_on(serve(Arc::clone(&lifecycle), input, output.clone(), &shortcut));
    runtime.shutdown_background();
    output.flush(FLUSH);
    Ok(lifecycle.was_shut_down.load(Ordering::SeqCst))
}

async fn serve(lifecycle: Arc<Lifecycle>, input: Input, output: Output, shortcut: &Shortcut) {
    let exits = Arc::clone(&lifecycle);
    let (service, socket) =
        LspService::build(|client| Backend::new(client, Arc::clone(&exits), output.clone(), shortcut))
            .custom_method("window/workDoneProgress/cancel", Backend::cancel_progress)
            .custom_method("$/setTrace", Backend::set_trace)
            .custom_method("notebookDocument/didOpen", Backend::notebook_did_open)
            .custom_method("notebookDocument/didChange", Backend::notebook_did_change)
            .custom_method("notebookDocument/didSave", Backend::notebook_did_save)
            .custom_method("notebookDocument/didClose", Backend::notebook_did_close)
            .finish();
    let tracer = service.inner().tracer().clone();
    let server = Server::new(input, output.sink(), socket).concurrency_level(CONCURRENCY);
    let serving = server.serve(Ordered::new(service, Arc::clone(&lifecycle), tracer));
    tokio::pin!(serving);
    tokio::select! {
        () = &mut serving => {}
        () = lifecycle.exit.notified() => {
            let _ = tokio::time::timeout(FLUSH, serving).await;
        }
    }
}
