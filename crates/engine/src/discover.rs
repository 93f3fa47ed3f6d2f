//! The Python files below some paths.

use std::io::Read;
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
        .filter_entry(|entry| entry.depth() == 0 || !is_skipped_entry(entry))
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

fn is_skipped_entry(entry: &DirEntry) -> bool {
    let Some(name) = entry.file_name().to_str() else { return false };
    let is_dir = entry.file_type().is_some_and(|kind| kind.is_dir());
    is_dir && is_skipped(name, || entry.path().join("__init__.py").exists())
}

/// Whether a directory of a name is left out, which may depend on whether it is a package.
pub(crate) fn is_skipped(name: &str, is_package: impl FnOnce() -> bool) -> bool {
    SKIPPED.contains(&name) || (OUTPUT.contains(&name) && !is_package())
}

/// Python source: by its ending, or a program that Python is to run. Symbolic links to files count, links to directories are not followed.
fn is_python(entry: &DirEntry) -> bool {
    let kind = entry.file_type();
    let is_file = kind.is_some_and(|kind| kind.is_file())
        || (kind.is_some_and(|kind| kind.is_symlink()) && entry.path().is_file());
    is_file
        && match entry.path().extension() {
            Some(ending) => ending == "py" || ending == "pyi" || ending == "pyw",
            None => is_executable(entry.path()) && is_script(entry.path()),
        }
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(_: &Path) -> bool {
    false
}

/// The longest first line that is read.
const LONGEST_CALL: usize = 128;

/// Whether the first line has Python run the file.
fn is_script(path: &Path) -> bool {
    let mut start = [0; LONGEST_CALL];
    let read = std::fs::File::open(path).and_then(|mut file| file.read(&mut start));
    read.is_ok_and(|length| calls_python(&start[..length]))
}

/// Whether the first line of a text has Python run it.
pub(crate) fn calls_python(start: &[u8]) -> bool {
    let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let Some(command) = line.strip_prefix("#!") else { return false };
    let names: Vec<&str> = command.split_whitespace().filter_map(|word| word.rsplit('/').next()).collect();
    names.iter().any(|name| name.starts_with("python") || name.starts_with("pypy"))
        || names.windows(2).any(|pair| pair == ["uv", "run"])
}

/// Whether the configuration above a file leaves it out. A wrong one is reported when it is used.
pub(crate) fn is_excluded(path: &Path, configurations: &Configurations) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_says_what_runs_a_program() {
        for line in [
            "#!/usr/bin/python3\n",
            "#! /usr/bin/env python",
            "#!/usr/bin/env -S python3.12 -u\nimport x",
            "#!/opt/pypy3\r\n",
            "#!/usr/bin/env -S uv run --script\n",
        ] {
            assert!(calls_python(line.as_bytes()), "{line}");
        }
        for line in ["", "#!", "#!/bin/sh\n# python\n", "python3\n", "#!/usr/bin/env node\n", "\x7fELF"] {
            assert!(!calls_python(line.as_bytes()), "{line}");
        }
    }
}
