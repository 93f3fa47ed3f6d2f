//! The commands.

mod answer;
mod asking;
pub(crate) mod baseline;
pub(crate) mod check;
pub(crate) mod clean;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod explain;
pub(crate) mod fix;
pub(crate) mod man;
pub(crate) mod mcp;
pub(crate) mod notes;
pub(crate) mod report;
pub(crate) mod rules;
pub(crate) mod server;
pub(crate) mod undo;

use leakwright_engine::{Checked, FileError};

use crate::terminal;

/// How a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// No leaks.
    Clean,
    /// Leaks found.
    Found,
    /// Could not run, or not on all that was asked for.
    Failed,
}

impl Exit {
    /// The code of the process.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Found => 1,
            Self::Failed => 2,
        }
    }

    /// The end with a code.
    fn from_code(code: u8) -> Option<Self> {
        [Self::Clean, Self::Found, Self::Failed].into_iter().find(|exit| exit.code() == code)
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Says on standard error what went wrong, and what comments silence nothing.
fn report_problems(checked: &Checked) {
    problems(checked).iter().for_each(tell);
}

/// A problem: whether it is fatal, and what is said of it.
type Told = (bool, String);

/// What is wrong with what was checked.
fn problems(checked: &Checked) -> Vec<Told> {
    let errors = checked.errors.iter().map(|error| (error.problem.is_fatal(), error.to_string()));
    let unused = checked.unused_suppressions.iter();
    let unused = unused.map(|unused| format!("{}:{}: {unused}", unused.path.display(), unused.line));
    errors.chain(unused.map(|text| (false, text))).collect()
}

fn tell((is_fatal, text): &Told) {
    if *is_fatal { terminal::complain(text) } else { terminal::warn(text) }
}

fn report_problem(error: &FileError) {
    tell(&(error.problem.is_fatal(), error.to_string()));
}

/// Whether something that was asked for could not be checked.
fn is_incomplete(checked: &Checked) -> bool {
    checked.errors.iter().any(|error| error.problem.is_fatal())
}

/// How a run ends: what could not be checked comes before what was found.
fn exit_of(checked: &Checked) -> Exit {
    if is_incomplete(checked) {
        return Exit::Failed;
    }
    let is_leak =
        |judged: &leakwright_engine::Judged| judged.finding.severity >= leakwright_rules::Severity::Warning;
    if checked.active().any(is_leak) { Exit::Found } else { Exit::Clean }
}

/// A path relative to the working directory, where it is below it.
fn shown(path: &std::path::Path) -> String {
    let here = std::env::current_dir().ok().and_then(|here| here.canonicalize().ok());
    let relative = here.as_deref().and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path);
    let text = relative.to_string_lossy().replace('\\', "/");
    if text.is_empty() { ".".to_owned() } else { text }
}
