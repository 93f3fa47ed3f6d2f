//! `leakwright report`.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};
use leakwright_engine::{Input, Problem, check};
use leakwright_report::{Audit, Document, is_own_document};

use super::{Exit, is_incomplete, report_problems};
use crate::args::{ReportArgs, ReportFormat};
use crate::progress::Bar;
use crate::terminal;

pub(crate) fn run(args: &ReportArgs) -> anyhow::Result<Exit> {
    let bar = Bar::new();
    let checked = check(&Input::Paths(args.paths.clone()), &args.selection.options(), &bar);
    bar.finish();
    report_problems(&checked);
    if checked.files_checked == 0 && checked.errors.iter().any(|error| error.problem == Problem::Missing) {
        return Ok(Exit::Failed);
    }
    let audit = Audit::new(&checked);
    match (args.format, &args.out) {
        (ReportFormat::Markdown, None) => terminal::print(&audit.markdown()),
        (ReportFormat::Markdown, Some(folder)) => write(folder, &audit.markdown_files())?,
        (ReportFormat::Html, None) => terminal::print(&audit.html()),
        (ReportFormat::Html, Some(folder)) => write(folder, &[audit.html_file()])?,
    }
    // A report is no check: what it says is its result.
    Ok(if is_incomplete(&checked) { Exit::Failed } else { Exit::Clean })
}

/// Writes the documents into a folder, each whole or not at all.
fn write(folder: &Path, documents: &[Document]) -> anyhow::Result<()> {
    let shown = folder.display();
    if folder.exists() && !folder.is_dir() {
        bail!("{shown}: not a folder");
    }
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {shown}"))?;
    for Document { name, text } in documents {
        let path = folder.join(name);
        if let Ok(there) = std::fs::read_to_string(&path)
            && !is_own_document(&path, &there)
        {
            bail!("{}: there is a file of that name which is no report", path.display());
        }
        let failed = || format!("cannot write {}", path.display());
        let mut file = tempfile::NamedTempFile::new_in(folder).with_context(failed)?;
        file.write_all(text.as_bytes()).with_context(failed)?;
        file.persist(&path).with_context(failed)?;
        terminal::print(&format!("{}\n", path.display()));
    }
    for stale in stale(folder, documents) {
        terminal::warn(&format!("{stale}: from an earlier run; nothing leaks there now"));
    }
    Ok(())
}

/// Documents of earlier runs, in the same form, that this one did not write.
fn stale(folder: &Path, documents: &[Document]) -> Vec<String> {
    let ending = |path: &Path| path.extension().map(ToOwned::to_owned);
    let own = documents.first().and_then(|document| ending(Path::new(&document.name)));
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let is_stale = |path: &std::path::PathBuf| {
        let is_new = documents
            .iter()
            .any(|document| path.file_name().is_some_and(|name| name == document.name.as_str()));
        !is_new
            && ending(path) == own
            && std::fs::read_to_string(path).is_ok_and(|text| is_own_document(path, &text))
    };
    let mut found: Vec<String> = paths.filter(is_stale).map(|path| path.display().to_string()).collect();
    found.sort();
    found
}
