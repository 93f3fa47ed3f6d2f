//! `workspace/executeCommand`: what the server does when it is told to by name.

mod cache;
mod report;
mod scan;
mod show;
mod state;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use serde::de::DeserializeOwned;
use serde_json::Value;
use tower_lsp::Client as Connection;
use tower_lsp::jsonrpc::{Error, Result};

pub(crate) use show::{OPEN_PAGE, Places, SELECT, SHOW_FINDINGS, Selection};

use crate::configure::Configurer;
use crate::documents::Documents;
use crate::lsp::{ExecuteCommandParams, MessageType, Url};
use crate::projects::Projects;
use crate::unopened::Unopened;
use crate::workers::Workers;

/// Looks through every folder afresh.
const SCAN: &str = "leakwright.scanWorkspace";
/// Writes up what is found.
const WRITE_REPORT: &str = "leakwright.writeReport";
/// Forgets what is kept on disk.
const CLEAR_CACHE: &str = "leakwright.clearCache";
/// Says how the server is.
const SHOW_STATE: &str = "leakwright.showState";

/// All commands.
pub(crate) const NAMES: [&str; 7] =
    [OPEN_PAGE, SELECT, SHOW_FINDINGS, SCAN, WRITE_REPORT, CLEAR_CACHE, SHOW_STATE];

/// What commands work on.
pub(crate) struct Commands {
    pub(crate) connection: Connection,
    pub(crate) documents: Arc<Documents>,
    pub(crate) projects: Projects,
    pub(crate) workers: Workers,
    pub(crate) unopened: Arc<Unopened>,
    pub(crate) configurer: Configurer,
    pub(crate) started: Instant,
}

impl Commands {
    /// Does what is asked for by name.
    pub(crate) async fn run(&self, params: ExecuteCommandParams) -> Result<Option<Value>> {
        let token = params.work_done_progress_params.work_done_token;
        let arguments = Arguments { command: &params.command, values: params.arguments };
        match &*params.command {
            OPEN_PAGE => self.open_page(&arguments),
            SELECT => self.select(&arguments),
            SHOW_FINDINGS => self.show_findings(&arguments),
            SCAN => {
                arguments.none()?;
                Ok(Some(self.scan(token).await))
            }
            WRITE_REPORT => self.write_report(arguments.one()?).await.map(Some),
            CLEAR_CACHE => {
                arguments.none()?;
                self.clear_cache().await.map(Some)
            }
            SHOW_STATE => {
                arguments.none()?;
                Ok(Some(self.state()))
            }
            other => Err(Error::invalid_params(format!("there is no command `{other}`"))),
        }
    }

    /// Tells the user something.
    fn tell(&self, text: String) {
        let connection = self.connection.clone();
        tokio::spawn(async move { connection.show_message(MessageType::INFO, text).await });
    }
}

/// What a command is given.
struct Arguments<'c> {
    command: &'c str,
    values: Vec<Value>,
}

impl Arguments<'_> {
    fn wrong(&self, what: impl std::fmt::Display) -> Error {
        Error::invalid_params(format!("`{}`: {what}", self.command))
    }

    /// There is to be none. Clients that always send something send `null`.
    fn none(&self) -> Result<()> {
        if self.values.iter().all(Value::is_null) { Ok(()) } else { Err(self.wrong("it takes no arguments")) }
    }

    /// The only one; the default if there is none.
    fn one<T: DeserializeOwned + Default>(&self) -> Result<T> {
        match self.values.as_slice() {
            [] | [Value::Null] => Ok(T::default()),
            [only] => self.read(only),
            _ => Err(self.wrong("it takes one argument at most")),
        }
    }

    /// One of them, which has to be there.
    fn at<T: DeserializeOwned>(&self, index: usize, what: &str) -> Result<T> {
        let value = self.values.get(index).ok_or_else(|| self.wrong(format_args!("{what} is missing")))?;
        self.read(value)
    }

    fn read<T: DeserializeOwned>(&self, value: &Value) -> Result<T> {
        serde_json::from_value(value.clone()).map_err(|error| self.wrong(error))
    }
}

/// A path as commands are given it: plain, or as the address of a file.
fn path(text: &str) -> Option<PathBuf> {
    if text.starts_with("file:") {
        Url::parse(text).ok()?.to_file_path().ok()
    } else {
        Some(PathBuf::from(text))
    }
}

/// What went wrong, beside the arguments.
fn failed(what: impl std::fmt::Display) -> Error {
    let mut error = Error::internal_error();
    error.message = what.to_string().into();
    error
}
