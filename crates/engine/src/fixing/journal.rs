//! The journal of what was fixed, so that it can be taken back.
//!
//! It lies in the project that is changed, below `.leakwright/journal`: where files can be written it can
//! be written as well, it goes where the project goes, and what a container or an editor fixed can be taken
//! back from outside. Git does not see it. Each run is a folder with a number, which holds what was done and
//! the bytes of each file as they were. The folder appears at once and whole, before the first file is
//! written: whatever happens later, every file is either as it was or as the journal says it is now.

use std::fs;
use std::io::Write;
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::rounds::Applied;
use crate::home::{home, part};

/// The part of a project's folder that the journal is.
const JOURNAL: &str = "journal";

/// Runs that are kept.
const KEPT: usize = 20;

/// Version of the form of a run.
const SCHEMA: u32 = 1;

const RUN: &str = "run.json";

/// The journal of a project.
#[derive(Clone, Debug)]
pub struct Journal {
    home: PathBuf,
    folder: PathBuf,
}

/// A run that changed files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    schema: u32,
    /// Counts the runs of the project.
    #[serde(skip)]
    pub number: u64,
    /// When it was, in seconds since 1970.
    pub time: u64,
    /// The version of this program.
    pub version: String,
    /// The files it changed.
    pub files: Vec<FileRecord>,
    /// The fixes it applied to them.
    pub fixes: Vec<FixRecord>,
}

/// A file that a run changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// The path below the project's folder, with forward slashes.
    pub path: String,
    /// The file in the run's folder that holds its bytes as they were.
    pub(super) copy: String,
    /// Hash of its bytes before.
    pub(super) before: String,
    /// Hash of its bytes after.
    pub(super) after: String,
}

/// A fix that a run applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FixRecord {
    /// The file of the finding, as it was shown.
    pub path: String,
    /// One-based line of the finding, in the text of its round.
    pub line: u32,
    /// Code of the rule.
    pub code: String,
    /// What identifies the finding.
    pub fingerprint: String,
    /// What leaked.
    pub symbol: String,
    /// What the finding said.
    pub message: String,
    /// What the fix does.
    pub title: String,
}

/// What a run is about to change in one file.
pub(super) struct Entry<'e> {
    /// Where it really lies.
    pub(super) target: &'e Path,
    pub(super) before: &'e [u8],
    pub(super) before_hash: &'e str,
    pub(super) after_hash: &'e str,
}

/// The journal cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", path.display())]
pub struct JournalError {
    /// The file or folder.
    pub path: PathBuf,
    /// What is wrong with it.
    pub message: String,
}

impl JournalError {
    pub(super) fn new(path: &Path, message: &impl ToString) -> Self {
        Self { path: path.to_owned(), message: message.to_string() }
    }
}

impl From<&Applied> for FixRecord {
    fn from(applied: &Applied) -> Self {
        Self {
            path: shown(&applied.path),
            line: applied.line,
            code: applied.code.to_owned(),
            fingerprint: applied.fingerprint.clone(),
            symbol: applied.symbol.clone(),
            message: applied.message.clone(),
            title: applied.fix.title.clone(),
        }
    }
}

impl Journal {
    /// The journal of the project in a folder, which must be given without links.
    pub fn of(home: &Path) -> Self {
        Self { home: home.to_owned(), folder: part(home, JOURNAL) }
    }

    /// The folder of the project whose journal a path belongs to; nothing above the limit is looked at.
    pub fn home_of(path: &Path, limit: Option<&Path>) -> PathBuf {
        home(path, JOURNAL, limit)
    }

    /// The folder of the project.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The runs that can be taken back, the last one first.
    pub fn runs(&self) -> Result<Vec<Run>, JournalError> {
        let mut numbers = self.numbers()?;
        numbers.reverse();
        numbers.into_iter().map(|number| self.read(number)).collect()
    }

    /// The last run.
    pub fn last(&self) -> Result<Option<Run>, JournalError> {
        self.numbers()?.last().map(|number| self.read(*number)).transpose()
    }

    /// Drops a run: it cannot be taken back any more.
    pub fn forget(&self, run: &Run) -> Result<(), JournalError> {
        let folder = self.run_folder(run.number);
        // At once, so that half a run is never seen.
        let old = self.folder.join(format!(".old-{}", run.number));
        let _ = fs::remove_dir_all(&old);
        fs::rename(&folder, &old).map_err(|error| JournalError::new(&folder, &error))?;
        fs::remove_dir_all(&old).map_err(|error| JournalError::new(&old, &error))
    }

    /// Records what is about to be written.
    pub(super) fn record(&self, entries: &[Entry<'_>], fixes: Vec<FixRecord>) -> Result<Run, JournalError> {
        self.prepare()?;
        let failed = |error: std::io::Error| JournalError::new(&self.folder, &error);
        let new = tempfile::Builder::new().prefix(".new-").tempdir_in(&self.folder).map_err(failed)?;
        let mut files = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let copy = format!("{index}.before");
            write_durably(&new.path().join(&copy), entry.before).map_err(failed)?;
            let (before, after) = (entry.before_hash.to_owned(), entry.after_hash.to_owned());
            files.push(FileRecord { path: self.relative(entry.target)?, copy, before, after });
        }
        let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let mut run = Run { schema: SCHEMA, number: 0, time, version, files, fixes };
        write_durably(&new.path().join(RUN), &as_json(&run)).map_err(failed)?;
        sync_folder(new.path());
        run.number = self.put(&new.keep())?;
        sync_folder(&self.folder);
        self.prune();
        Ok(run)
    }

    /// Puts what is said of a run now in the place of what was recorded.
    pub(super) fn amend(&self, run: &Run) -> Result<(), JournalError> {
        if run.files.is_empty() {
            return self.forget(run);
        }
        let path = self.run_folder(run.number).join(RUN);
        let failed = |error: std::io::Error| JournalError::new(&path, &error);
        let mut new = tempfile::NamedTempFile::new_in(self.run_folder(run.number)).map_err(failed)?;
        new.write_all(&as_json(run)).map_err(failed)?;
        new.as_file().sync_all().map_err(failed)?;
        new.persist(&path).map_err(|error| failed(error.error))?;
        Ok(())
    }

    /// The bytes of a file as they were before a run.
    pub(super) fn copy(&self, run: &Run, file: &FileRecord) -> Result<Vec<u8>, JournalError> {
        let path = self.run_folder(run.number).join(&file.copy);
        fs::read(&path).map_err(|error| JournalError::new(&path, &error))
    }

    fn run_folder(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:06}"))
    }

    /// The numbers of the runs, in order. What a run that was cut short left behind has no number.
    fn numbers(&self) -> Result<Vec<u64>, JournalError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(JournalError::new(&self.folder, &error)),
        };
        let mut numbers: Vec<u64> =
            entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn read(&self, number: u64) -> Result<Run, JournalError> {
        let path = self.run_folder(number).join(RUN);
        let bytes = fs::read(&path).map_err(|error| JournalError::new(&path, &error))?;
        let mut run: Run =
            serde_json::from_slice(&bytes).map_err(|error| JournalError::new(&path, &error))?;
        if run.schema != SCHEMA {
            return Err(JournalError::new(&path, &"written by another version of this program"));
        }
        // What is written here is not taken on trust: it may have come with the project.
        let is_plain = |name: &str| {
            let mut parts = Path::new(name).components();
            matches!(parts.next(), Some(Component::Normal(_))) && parts.next().is_none()
        };
        if !run.files.iter().all(|file| is_plain(&file.copy)) {
            return Err(JournalError::new(&path, &"names files outside of its folder"));
        }
        run.number = number;
        Ok(run)
    }

    /// Makes the folder, and has git ignore what is in it.
    fn prepare(&self) -> Result<(), JournalError> {
        let failed = |error: std::io::Error| JournalError::new(&self.folder, &error);
        // Before anything is made: a link may lead elsewhere.
        let there = self.folder.ancestors().find_map(|folder| folder.canonicalize().ok());
        if !there.is_some_and(|there| there.starts_with(&self.home)) {
            return Err(JournalError::new(&self.folder, &"leads out of the project"));
        }
        fs::create_dir_all(&self.folder).map_err(failed)?;
        let ignore = self.folder.join(".gitignore");
        if !ignore.exists() {
            fs::write(&ignore, "*\n").map_err(failed)?;
        }
        Ok(())
    }

    /// Gives a run that is whole its number.
    fn put(&self, new: &Path) -> Result<u64, JournalError> {
        let mut number = self.numbers()?.last().copied().unwrap_or_default();
        for _ in 0..100 {
            number += 1;
            // Another run may take the number at the same time: a folder that is not empty is not replaced.
            if fs::rename(new, self.run_folder(number)).is_ok() {
                return Ok(number);
            }
        }
        let _ = fs::remove_dir_all(new);
        Err(JournalError::new(&self.folder, &"cannot be written"))
    }

    /// Drops the oldest runs, and what runs that were cut short left behind.
    fn prune(&self) {
        let numbers = self.numbers().unwrap_or_default();
        for number in numbers.iter().rev().skip(KEPT) {
            let _ = fs::remove_dir_all(self.run_folder(*number));
        }
        let day = Duration::from_secs(24 * 60 * 60);
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let is_left_over = entry
                .file_name()
                .to_str()
                .is_some_and(|name| name.starts_with(".new-") || name.starts_with(".old-"));
            let age = entry.metadata().ok().and_then(|data| data.modified().ok()?.elapsed().ok());
            if is_left_over && age.is_some_and(|age| age > day) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }

    fn relative(&self, target: &Path) -> Result<String, JournalError> {
        let outside = || JournalError::new(target, &"lies outside of the project");
        let below = target.strip_prefix(&self.home).map_err(|_| outside())?;
        let parts: Option<Vec<&str>> = below.components().map(|part| part.as_os_str().to_str()).collect();
        parts.map(|parts| parts.join("/")).ok_or_else(|| JournalError::new(target, &"its path is not UTF-8"))
    }
}

/// A path as it is written in the journal.
pub(super) fn shown(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

fn as_json(run: &Run) -> Vec<u8> {
    serde_json::to_vec_pretty(run).unwrap_or_default()
}

fn write_durably(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = fs::File::create_new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Has the names in a folder survive a loss of power, where the system can.
fn sync_folder(folder: &Path) {
    if let Ok(folder) = fs::File::open(folder) {
        let _ = folder.sync_all();
    }
}
