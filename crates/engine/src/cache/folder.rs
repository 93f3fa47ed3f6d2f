//! Where a cache lies.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::NamedTempFile;

use crate::configurations::Configurations;

/// The name of the folder.
pub(super) const NAME: &str = ".leakwright_cache";

/// What tells backup programs that nothing in it is worth keeping.
const TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55\n# This folder was made by leakwright.\n";

/// How many builds have their part of the folder.
const MAX_BUILDS: usize = 3;

/// Files that were being written so long ago were not finished.
const ABANDONED: Duration = Duration::from_secs(3600);

/// The part of a cache that belongs to a build.
pub(super) struct Folder {
    root: PathBuf,
    own: PathBuf,
}

impl Folder {
    pub(super) fn new(root: &Path, build: u128) -> Self {
        Self { root: root.to_owned(), own: root.join(format!("{build:032x}")) }
    }

    pub(super) fn own(&self) -> &Path {
        &self.own
    }

    /// A file that becomes part of it when it is whole.
    pub(super) fn begin(&self) -> io::Result<NamedTempFile> {
        if !self.own.is_dir() {
            self.make()?;
            std::fs::create_dir_all(&self.own)?;
            self.drop_old_builds();
        }
        tempfile::Builder::new().prefix(".writing-").tempfile_in(&self.own)
    }

    /// The files in it whose names end in a way.
    pub(super) fn files(&self, ending: &str) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(&self.own).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|found| found == ending));
        paths.sort();
        paths
    }

    /// Removes what processes left that did not end well.
    pub(super) fn tidy(&self) {
        for entry in std::fs::read_dir(&self.own).into_iter().flatten().flatten() {
            let is_writing = entry.file_name().to_string_lossy().starts_with(".writing-");
            if is_writing && age(&entry.path()).is_some_and(|age| age > ABANDONED) {
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }

    /// Makes the folder, which git and backups leave alone. Somebody else's of that name is not touched.
    fn make(&self) -> io::Result<()> {
        std::fs::create_dir_all(&self.root)?;
        if !is_cache(&self.root) && std::fs::read_dir(&self.root)?.next().is_some() {
            return Err(io::Error::other(format!("{} is not a cache", self.root.display())));
        }
        for (name, text) in [("CACHEDIR.TAG", TAG), (".gitignore", "# Made by leakwright.\n*\n")] {
            let path = self.root.join(name);
            if !path.exists() {
                let mut file = tempfile::Builder::new().prefix(".writing-").tempfile_in(&self.root)?;
                file.write_all(text.as_bytes())?;
                file.persist(path).map_err(|error| error.error)?;
            }
        }
        Ok(())
    }

    fn drop_old_builds(&self) {
        let entries = std::fs::read_dir(&self.root).into_iter().flatten().flatten();
        let mut builds: Vec<(Duration, PathBuf)> = entries
            .map(|entry| entry.path())
            .filter(|path| path.is_dir())
            .filter_map(|path| Some((age(&path)?, path)))
            .collect();
        builds.sort();
        for (_, path) in builds.iter().skip(MAX_BUILDS) {
            let _ = std::fs::remove_dir_all(path);
        }
    }
}

/// How long ago something was changed.
pub(super) fn age(path: &Path) -> Option<Duration> {
    let modified = std::fs::metadata(path).ok()?.modified().ok()?;
    Some(SystemTime::now().duration_since(modified).unwrap_or_default())
}

/// Says that nothing is to be kept.
const NONE: &str = "LEAKWRIGHT_NO_CACHE";

/// The cache of what is checked: where the nearest configuration is, else in the folder itself.
pub(super) fn of(paths: &[PathBuf]) -> Option<PathBuf> {
    if std::env::var_os(NONE).is_some_and(|value| !value.is_empty()) {
        return None;
    }
    Some(root_of(paths.first()?)?.join(NAME))
}

fn root_of(path: &Path) -> Option<PathBuf> {
    let path = std::path::absolute(path).ok()?;
    let folder = if path.is_dir() { &path } else { path.parent()? };
    let configured = Configurations::default().nearest(folder).ok().filter(|origin| origin.path.is_some());
    match configured {
        Some(origin) => Some(origin.config.root.clone()),
        // One file by itself is as quick to map as to look up.
        None => path.is_dir().then(|| path.clone()),
    }
}

/// Removes the caches of what is checked in these folders and files. Those that were there.
pub fn clear_cache(paths: &[PathBuf]) -> io::Result<Vec<PathBuf>> {
    let mut cleared = Vec::new();
    for path in paths {
        let Some(folder) = root_of(path).map(|root| root.join(NAME)) else { continue };
        if is_cache(&folder) {
            std::fs::remove_dir_all(&folder)?;
            cleared.push(folder);
        }
    }
    Ok(cleared)
}

/// Whether a folder is a cache, and no link to something else.
fn is_cache(folder: &Path) -> bool {
    let is_folder = std::fs::symlink_metadata(folder).is_ok_and(|found| found.is_dir());
    let signature = TAG.lines().next().unwrap_or_default().as_bytes();
    is_folder && std::fs::read(folder.join("CACHEDIR.TAG")).is_ok_and(|text| text.starts_with(signature))
}
