//! Folders outside of which nothing is read.

use std::path::{Path, PathBuf};

use crate::discover::Discovered;
use crate::error::{FileError, Problem};

/// The folders, without links, if there are such.
#[derive(Debug, Default)]
pub(crate) struct Limits(Option<Vec<PathBuf>>);

impl Limits {
    pub(crate) fn to(folders: Vec<PathBuf>) -> Self {
        Self(Some(folders))
    }

    /// Whether a folder is one of them, or below one, by its name.
    pub(crate) fn contain(&self, folder: &Path) -> bool {
        self.0.as_ref().is_none_or(|limits| limits.iter().any(|limit| folder.starts_with(limit)))
    }

    /// Whether what a path leads to lies in one of them.
    pub(crate) fn allow(&self, path: &Path) -> bool {
        self.0.is_none() || path.canonicalize().is_ok_and(|real| self.contain(&real))
    }

    /// Leaves out files that may not be read, and says so.
    pub(crate) fn narrow(&self, found: &mut Discovered) {
        found.files.retain(|file| {
            let is_allowed = self.allow(&file.path);
            if !is_allowed {
                found.errors.push(FileError::new(&file.path, Problem::Outside));
            }
            is_allowed
        });
    }
}
