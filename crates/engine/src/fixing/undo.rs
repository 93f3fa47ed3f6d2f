//! Taking back what was fixed.

use std::fs;
use std::path::{Path, PathBuf};

use leakwright_syntax::decode;

use super::journal::{FileRecord, Journal, JournalError, Run};
use super::write::Replacement;
use crate::source::content_hash;

/// A run that can be taken back whole: each of its files is as the run left it, or as it was before.
pub struct Restoring<'j> {
    /// The run.
    pub run: Run,
    journal: &'j Journal,
    files: Vec<Old>,
}

/// A file to restore.
struct Old {
    target: PathBuf,
    bytes: Vec<u8>,
}

/// How a file is, compared to a run.
enum State {
    /// As it was before: the run, or its undoing, was cut short.
    AsBefore,
    /// As the run left it.
    AsAfter(Old),
    /// Not as either; in words.
    Other(String),
}

/// Why nothing is taken back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UndoError {
    /// No run is recorded.
    #[error("nothing to undo: no run of `fix` is recorded in {}", .0.display())]
    Nothing(PathBuf),
    /// Files are not as the run left them; each with what is wrong.
    #[error("nothing was undone: {}", said(.0))]
    Changed(Vec<(PathBuf, String)>),
    /// The journal is at fault.
    #[error("the journal cannot be used: {0}")]
    Journal(#[from] JournalError),
    /// A file cannot be written; those before it are restored, and undoing again goes on.
    #[error("{} cannot be written: {}", .0.display(), .1)]
    Unwritable(PathBuf, String),
}

fn said(files: &[(PathBuf, String)]) -> String {
    let all: Vec<String> = files.iter().map(|(path, what)| format!("{} {what}", path.display())).collect();
    all.join("; ")
}

impl Journal {
    /// What taking back the last run would do. Nothing is written.
    pub fn restoring(&self) -> Result<Restoring<'_>, UndoError> {
        let run = self.last()?.ok_or_else(|| UndoError::Nothing(self.home().to_owned()))?;
        let (mut files, mut changed) = (Vec::new(), Vec::new());
        for file in &run.files {
            match self.state(&run, file)? {
                State::AsBefore => {}
                State::AsAfter(old) => files.push(old),
                State::Other(what) => changed.push((self.home().join(&file.path), what)),
            }
        }
        if !changed.is_empty() {
            return Err(UndoError::Changed(changed));
        }
        Ok(Restoring { run, journal: self, files })
    }

    fn state(&self, run: &Run, file: &FileRecord) -> Result<State, JournalError> {
        let other = |what: &str| Ok(State::Other(what.to_owned()));
        let unreadable = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => Ok(State::Other("is gone".to_owned())),
            _ => Ok(State::Other(format!("cannot be read: {error}"))),
        };
        let target = match self.home().join(&file.path).canonicalize() {
            Ok(target) => target,
            Err(error) => return unreadable(error),
        };
        // The journal is not taken on trust: it may have come with the project.
        if !target.starts_with(self.home()) {
            return other("leads out of the project");
        }
        let now = match fs::read(&target) {
            Ok(bytes) => content_hash(&bytes),
            Err(error) => return unreadable(error),
        };
        if now == file.before {
            return Ok(State::AsBefore);
        }
        if now != file.after {
            return other("changed since it was fixed");
        }
        let bytes = self.copy(run, file)?;
        if content_hash(&bytes) != file.before {
            return Err(JournalError::new(&target, &"its copy is damaged"));
        }
        Ok(State::AsAfter(Old { target, bytes }))
    }
}

impl Restoring<'_> {
    /// The files that would be restored: the path, the text now, and the text as it was.
    pub fn changes(&self) -> impl Iterator<Item = (&Path, String, String)> {
        self.files.iter().map(|old| {
            let now = fs::read(&old.target).unwrap_or_default();
            (old.target.as_path(), text(&now), text(&old.bytes))
        })
    }

    /// Restores the files, and drops the run from the journal. Returns which files that were.
    pub fn restore(self) -> Result<Vec<PathBuf>, UndoError> {
        let failed =
            |path: &Path, error: std::io::Error| UndoError::Unwritable(path.to_owned(), error.to_string());
        let mut ready = Vec::new();
        for old in &self.files {
            let new = Replacement::prepare(&old.target, &old.bytes);
            ready.push(new.map_err(|error| failed(&old.target, error))?);
        }
        for (old, new) in self.files.iter().zip(ready) {
            new.put().map_err(|error| failed(&old.target, error))?;
        }
        self.journal.forget(&self.run)?;
        Ok(self.files.into_iter().map(|old| old.target).collect())
    }
}

fn text(bytes: &[u8]) -> String {
    decode(bytes).map_or_else(
        |_| String::from_utf8_lossy(bytes).into_owned(),
        |decoded| decoded.text.as_str().to_owned(),
    )
}
