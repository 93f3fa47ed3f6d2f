//! Leakwright as a server of the Model Context Protocol, on standard input and output.
//!
//! An assistant finds, explains and mends leaks through its tools, writes a report through its prompt, and
//! keeps and finds what the team learnt. The server reads and writes nothing outside of the folders it was
//! started with, whatever paths and links lead there, and changes files only where it is told to apply a fix or
//! to keep a note.

mod answer;
mod folders;
mod prompts;
mod server;
mod tools;

use std::path::{Path, PathBuf};

use rmcp::ServiceExt;
use rmcp::service::ServerInitializeError;
use rmcp::transport::stdio_pipes;

use crate::folders::Folders;
use crate::server::Server;

/// Why the server cannot run.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A folder cannot be opened.
    #[error("{}: {}", .0.display(), .1)]
    Folder(PathBuf, String),
    /// The system does not give what is needed.
    #[error("cannot start: {0}")]
    System(#[from] std::io::Error),
    /// The client does not speak the protocol.
    #[error("no session: {0}")]
    Session(String),
}

/// Serves until the input ends. Relative paths, in requests and in results, are relative to the first of the
/// folders.
pub fn run(folders: &[PathBuf]) -> Result<(), StartError> {
    let folders = Folders::open(folders)?;
    std::env::set_current_dir(folders.first())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let served = runtime.block_on(async {
        let session = match Server::new(folders).serve(stdio_pipes()).await {
            Ok(session) => session,
            // It went away before it said anything.
            Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
            Err(error) => return Err(StartError::Session(error.to_string())),
        };
        session.waiting().await.map(drop).map_err(|error| StartError::Session(error.to_string()))
    });
    // A pending read of the input cannot be cancelled, and nothing is left to be written.
    runtime.shutdown_background();
    served
}

/// A path with forward slashes.
fn slashed(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}
