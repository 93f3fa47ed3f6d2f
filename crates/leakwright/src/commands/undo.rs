//! `leakwright undo`.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};
use leakwright_engine::{Journal, Run, UndoError};

use super::{Exit, shown};
use crate::args::UndoArgs;
use crate::terminal;

pub(crate) fn run(args: &UndoArgs) -> anyhow::Result<Exit> {
    if !args.path.exists() {
        bail!("{}: no such file or directory", args.path.display());
    }
    let journal = Journal::of(&Journal::home_of(&args.path, None));
    if args.list {
        terminal::print(&listing(&journal.runs()?, journal.home()));
        return Ok(Exit::Clean);
    }
    if args.forget {
        return forget(&journal);
    }
    let restoring = journal.restoring().map_err(worded)?;
    if args.diff {
        for (path, now, before) in restoring.changes() {
            terminal::print(&leakwright_report::unified_diff(&shown(path), &now, &before));
        }
        return Ok(Exit::Clean);
    }
    let when = ago(&restoring.run);
    let restored = restoring.restore().map_err(worded)?;
    terminal::print(&done(&restored, &when));
    if let Some(run) = journal.last()? {
        terminal::note(&format!("`leakwright undo` again takes back what was fixed {}.", ago(&run)));
    }
    Ok(Exit::Clean)
}

fn forget(journal: &Journal) -> anyhow::Result<Exit> {
    let run = journal.last()?.with_context(|| UndoError::Nothing(journal.home().to_owned()).to_string())?;
    journal.forget(&run)?;
    terminal::print(&format!("Forgot what was fixed {}; the files are left as they are.\n", ago(&run)));
    Ok(Exit::Clean)
}

/// What is wrong, with paths as the user knows them and the way out.
fn worded(error: UndoError) -> anyhow::Error {
    let UndoError::Changed(files) = error else { return error.into() };
    let lines: String = files.iter().map(|(path, what)| format!("\n  {} {what}", shown(path))).collect();
    anyhow::anyhow!(
        "nothing was undone, because not all files are as `fix` left them:{lines}\n\
         `leakwright undo --diff` shows what it takes back once they are; `--forget` gives it up."
    )
}

fn done(restored: &[PathBuf], when: &str) -> String {
    if restored.is_empty() {
        return format!("All files are as they were before they were fixed {when}.\n");
    }
    let plural = if restored.len() == 1 { "" } else { "s" };
    let mut out = format!("Restored {} file{plural}, fixed {when}:\n", restored.len());
    for path in restored {
        let _ = writeln!(out, "  {}", shown(path));
    }
    out
}

fn listing(runs: &[Run], home: &Path) -> String {
    if runs.is_empty() {
        return format!("No run of `fix` is recorded in {}.\n", shown(home));
    }
    let mut out = String::new();
    for run in runs {
        let (fixes, files) = (run.fixes.len(), run.files.len());
        let _ = writeln!(
            out,
            "\x1b[1m{}\x1b[0m: {fixes} fix{} in {files} file{}",
            ago(run),
            if fixes == 1 { "" } else { "es" },
            if files == 1 { "" } else { "s" },
        );
        for fix in &run.fixes {
            let _ = writeln!(out, "  {}:{}: [{}] {}", fix.path, fix.line, fix.code, fix.title);
        }
    }
    out
}

/// How long ago a run was, in words.
pub(super) fn ago(run: &Run) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let (number, unit) = match now.saturating_sub(run.time) {
        0..60 => return "just now".to_owned(),
        seconds @ 60..3600 => (seconds / 60, "minute"),
        seconds @ 3600..86400 => (seconds / 3600, "hour"),
        seconds => (seconds / 86400, "day"),
    };
    format!("{number} {unit}{} ago", if number == 1 { "" } else { "s" })
}
