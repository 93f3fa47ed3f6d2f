//! Writing fixed files: each as a whole or not at all, and none before the journal knows of it.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::journal::{Entry, FixRecord, Journal, JournalError, Run, shown};
use super::rounds::{Fixed, Outcome};
use crate::error::{FileError, Problem};
use crate::source::content_hash;

/// What writing gave.
#[derive(Debug, Default)]
pub struct Written {
    /// The files that were written, as they are shown.
    pub files: Vec<PathBuf>,
    /// What could not be written.
    pub errors: Vec<FileError>,
    /// The folders of the projects in whose journals it stands.
    pub homes: Vec<PathBuf>,
}

/// A file that is about to be written.
struct Ready<'o> {
    fixed: &'o Fixed,
    /// Where it really lies.
    target: PathBuf,
    before: Vec<u8>,
    after: &'o [u8],
}

/// Writes the files that fixing changed, with a record in the journals of the projects they are in: below
/// which of these folders a file lies says in which. If one of the journals cannot be written, nothing is.
/// A file that changed since it was read is left as it is.
pub fn write(outcome: &Outcome, homes: &[PathBuf]) -> Written {
    let (mut ready, mut written) = prepare(outcome);
    let mut by_home: BTreeMap<&Path, Vec<usize>> = BTreeMap::new();
    let homes = outermost(homes);
    ready.retain(|file| {
        let home = homes.iter().any(|home| file.target.starts_with(home));
        if !home {
            written.errors.push(FileError::new(&file.fixed.path, Problem::Outside));
        }
        home
    });
    for (index, file) in ready.iter().enumerate() {
        let home = homes.iter().find(|home| file.target.starts_with(home));
        by_home.entry(home.map_or(Path::new(""), PathBuf::as_path)).or_default().push(index);
    }
    let mut recorded: Vec<(Journal, Run)> = Vec::new();
    for (home, files) in by_home {
        let journal = Journal::of(home);
        let files: Vec<&Ready<'_>> = files.into_iter().map(|index| &ready[index]).collect();
        match record(&journal, &files, outcome) {
            Ok(run) => recorded.push((journal, run)),
            Err(error) => {
                for (journal, run) in &recorded {
                    let _ = journal.forget(run);
                }
                let problem = Problem::Unrecorded(error.message);
                written.errors.push(FileError::new(error.path, problem));
                return written;
            }
        }
    }
    let wrote = write_each(&ready, &mut written);
    for (journal, mut run) in recorded {
        let (home, planned) = (journal.home().to_owned(), run.files.len());
        run.files.retain(|file| wrote.contains(&home.join(&file.path)));
        let is_written = |fix: &FixRecord| written.files.iter().any(|path| shown(path) == fix.path);
        run.fixes.retain(is_written);
        if run.files.len() < planned
            && let Err(error) = journal.amend(&run)
        {
            written.errors.push(FileError::new(error.path, Problem::Unwritable(error.message)));
        }
        if !run.files.is_empty() {
            written.homes.push(home);
        }
    }
    written
}

/// Writes the files that fixing changed, with no record of it.
pub fn write_unrecorded(outcome: &Outcome) -> Written {
    let (ready, mut written) = prepare(outcome);
    write_each(&ready, &mut written);
    written
}

/// Without those that lie below another.
fn outermost(homes: &[PathBuf]) -> Vec<PathBuf> {
    let is_inner = |home: &&PathBuf| homes.iter().any(|other| other != *home && home.starts_with(other));
    let mut outer: Vec<PathBuf> = homes.iter().filter(|home| !is_inner(home)).cloned().collect();
    outer.sort();
    outer.dedup();
    outer
}

fn record(journal: &Journal, files: &[&Ready<'_>], outcome: &Outcome) -> Result<Run, JournalError> {
    let hashes: Vec<String> = files.iter().map(|file| content_hash(file.after)).collect();
    let entries: Vec<Entry<'_>> = files
        .iter()
        .zip(&hashes)
        .map(|(file, after_hash)| Entry {
            target: &file.target,
            before: &file.before,
            before_hash: &file.fixed.hash,
            after_hash,
        })
        .collect();
    let is_here = |path: &Path| files.iter().any(|file| file.fixed.path == path);
    let fixes = outcome.applied.iter().filter(|applied| is_here(&applied.path)).map(FixRecord::from);
    journal.record(&entries, fixes.collect())
}

/// Reads what is to be replaced, and finds out what cannot be.
fn prepare(outcome: &Outcome) -> (Vec<Ready<'_>>, Written) {
    let (mut ready, mut written): (Vec<Ready<'_>>, Written) = (Vec::new(), Written::default());
    for fixed in &outcome.changed {
        match prepare_one(fixed) {
            // Two links may lead to one file.
            Ok(file) if ready.iter().any(|other| other.target == file.target) => {}
            Ok(file) => ready.push(file),
            Err(problem) => written.errors.push(FileError::new(&fixed.path, problem)),
        }
    }
    (ready, written)
}

fn prepare_one(fixed: &Fixed) -> Result<Ready<'_>, Problem> {
    let Some(after) = &fixed.bytes else {
        return Err(Problem::Unwritable(
            "the fix needs a character that the file's encoding lacks".to_owned(),
        ));
    };
    // A link is written through, not replaced.
    let target = fs::canonicalize(&fixed.absolute).map_err(failed)?;
    let before = fs::read(&target).map_err(failed)?;
    if content_hash(&before) != fixed.hash {
        return Err(Problem::ChangedMeanwhile);
    }
    if fs::metadata(&target).map_err(failed)?.permissions().readonly() {
        return Err(Problem::Unwritable("the file is read-only".to_owned()));
    }
    Ok(Ready { fixed, target, before, after })
}

/// Writes what is ready; returns where.
fn write_each(ready: &[Ready<'_>], written: &mut Written) -> Vec<PathBuf> {
    let mut wrote = Vec::new();
    for file in ready {
        match write_one(file) {
            Ok(()) => {
                written.files.push(file.fixed.path.clone());
                wrote.push(file.target.clone());
            }
            Err(problem) => written.errors.push(FileError::new(&file.fixed.path, problem)),
        }
    }
    wrote
}

fn write_one(file: &Ready<'_>) -> Result<(), Problem> {
    let new = Replacement::prepare(&file.target, file.after).map_err(failed)?;
    if fs::read(&file.target).map_err(failed)? != file.before {
        return Err(Problem::ChangedMeanwhile);
    }
    new.put().map_err(failed)
}

#[expect(clippy::needless_pass_by_value, reason = "what `map_err` hands over")]
fn failed(error: std::io::Error) -> Problem {
    Problem::Unwritable(error.to_string())
}

/// Other contents of a file, written beside it and not yet in its place.
pub(super) struct Replacement {
    temporary: tempfile::NamedTempFile,
    target: PathBuf,
}

impl Replacement {
    pub(super) fn prepare(target: &Path, bytes: &[u8]) -> std::io::Result<Self> {
        let permissions: Permissions = fs::metadata(target)?.permissions();
        let mut temporary = tempfile::NamedTempFile::new_in(target.parent().unwrap_or(Path::new(".")))?;
        temporary.write_all(bytes)?;
        temporary.as_file().set_permissions(permissions)?;
        temporary.as_file().sync_all()?;
        Ok(Self { temporary, target: target.to_owned() })
    }

    pub(super) fn put(self) -> std::io::Result<()> {
        self.temporary.persist(&self.target).map_err(|error| error.error)?;
        Ok(())
    }
}
