//! The Python files below some paths.

use std::path::{Path, PathBuf};

use ignore::{DirEntry, WalkBuilder};

use crate::config::ConfigError;
use crate::configurations::Configurations;
use crate::error::{FileError, Problem};

/// Files that were found, and paths that could not be dealt with.
#[derive(Debug, Default)]
pub struct Discovered {
    /// The files, sorted, each once.
    pub files: Vec<Found>,
    /// What went wrong.
    pub errors: Vec<FileError>,
}

/// A file that was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// The file.
    pub path: PathBuf,
    /// The directory that was asked for; that of the file, if it was asked for itself.
    pub root: PathBuf,
}

/// Directories that hold other people's code, or none.
const SKIPPED: [&str; 25] = [
    ".bzr",
    ".direnv",
    ".eggs",
    ".git",
    ".hg",
    ".ipynb_checkpoints",
    ".leakwright",
    ".leakwright_cache",
    ".mypy_cache",
    ".nox",
    ".pants.d",
    ".pytest_cache",
    ".pytype",
    ".ruff_cache",
    ".svn",
    ".tox",
    ".venv",
    ".vscode",
    "__pycache__",
    "__pypackages__",
    "_build",
    "buck-out",
    "node_modules",
    "site-packages",
    "venv",
];

/// Directories of build output, unless they are packages.
const OUTPUT: [&str; 2] = ["build", "dist"];

/// Finds the Python files below paths. What git ignores is left out, and so is what is excluded by
/// default or by configuration; a path that is named itself is taken whatever it is called.
pub fn discover(paths: &[PathBuf], configurations: &Configurations) -> Discovered {
    let mut found = Discovered::default();
    for path in paths {
        let before = found.files.len();
        match std::fs::metadata(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                found.errors.push(FileError::new(path, Problem::Missing));
            }
            Err(error) => found.errors.push(FileError::new(path, Problem::Unreadable(error.to_string()))),
            Ok(metadata) if metadata.is_dir() => {
                walk(path, configurations, &mut found);
                if found.files.len() == before {
                    found.errors.push(FileError::new(path, Problem::NoPython));
                }
            }
            Ok(_) => {
                let parent =
                    path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
                let root = if path.is_absolute() { parent } else { Path::new(".") };
                found.files.push(Found { path: path.clone(), root: root.to_owned() });
            }
        }
    }
    found.files.sort();
    found.files.dedup_by(|a, b| a.path == b.path);
    found.errors.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn walk(root: &Path, configurations: &Configurations, found: &mut Discovered) {
    let walker = WalkBuilder::new(root)
        .hidden(false)
        .require_git(false)
        .follow_links(false)
        .filter_entry(|entry| entry.depth() == 0 || !is_skipped(entry))
        .build();
    for entry in walker {
        match entry {
            Ok(entry) => {
                if is_python(&entry) && !is_excluded(entry.path(), configurations) {
                    found.files.push(Found { path: entry.into_path(), root: root.to_owned() });
                }
            }
            Err(error) => found.errors.extend(as_error(root, &error)),
        }
    }
}

fn is_skipped(entry: &DirEntry) -> bool {
    let Some(name) = entry.file_name().to_str() else { return false };
    let is_dir = entry.file_type().is_some_and(|kind| kind.is_dir());
    is_dir
        && (SKIPPED.contains(&name) || (OUTPUT.contains(&name) && !entry.path().join("__init__.py").exists()))
}

/// Python source, by its ending. Symbolic links to files count, links to directories are not followed.
fn is_python(entry: &DirEntry) -> bool {
    let is_source =
        entry.path().extension().is_some_and(|ending| ending == "py" || ending == "pyi" || ending == "pyw");
    let kind = entry.file_type();
    let is_file = kind.is_some_and(|kind| kind.is_file())
        || (kind.is_some_and(|kind| kind.is_symlink()) && entry.path().is_file());
    is_source && is_file
}

/// Whether the configuration above a file leaves it out. A wrong one is reported when it is used.
fn is_excluded(path: &Path, configurations: &Configurations) -> bool {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let nearest: Result<_, ConfigError> = configurations.nearest(absolute.parent().unwrap_or(Path::new("/")));
    nearest.is_ok_and(|origin| origin.config.excludes(&absolute))
}

fn as_error(root: &Path, error: &ignore::Error) -> Option<FileError> {
    // Faults in `.gitignore` files are git's affair, and links are not followed.
    let io = error.io_error()?;
    let path = match error {
        ignore::Error::WithPath { path, .. } => path.clone(),
        ignore::Error::WithDepth { err, .. } => match &**err {
            ignore::Error::WithPath { path, .. } => path.clone(),
            _ => root.to_owned(),
        },
        _ => root.to_owned(),
    };
    Some(FileError::new(path, Problem::Unreadable(io.to_string())))
}
