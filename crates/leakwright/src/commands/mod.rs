//! The commands.

mod asking;
pub(crate) mod check;
pub(crate) mod config;
pub(crate) mod explain;
pub(crate) mod fix;
pub(crate) mod rules;
pub(crate) mod server;
pub(crate) mod undo;

use leakwright_engine::{Checked, FileError, Problem};

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

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Clean => 0,
            Exit::Found => 1,
            Exit::Failed => 2,
        })
    }
}

/// Says on standard error what went wrong, and what comments silence nothing.
fn report_problems(checked: &Checked) {
    checked.errors.iter().for_each(report_problem);
    for unused in &checked.unused_suppressions {
        terminal::warn(&format!(
            "{}:{}: `{}` silences nothing",
            unused.path.display(),
            unused.line,
            unused.comment
        ));
    }
}

fn report_problem(error: &FileError) {
    if error.problem.is_fatal() {
        terminal::complain(&error.to_string());
    } else {
        terminal::warn(&error.to_string());
    }
}

/// How a check ends: what could not be checked comes before what was found.
fn exit_of(checked: &Checked) -> Exit {
    if checked.errors.iter().any(|error| error.problem.is_fatal()) {
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

/// Whether anything that was asked for exists.
fn nothing_to_do(checked: &Checked) -> bool {
    checked.files_checked == 0 && checked.errors.iter().any(|error| error.problem == Problem::Missing)
}
