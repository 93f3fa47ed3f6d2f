//! A folder of files that goes when the test ends.

use std::path::{Path, PathBuf};

use crate::file_uri;

/// A folder of files that goes when the test ends.
pub struct Folder {
    dir: tempfile::TempDir,
}

impl Folder {
    /// With some files.
    pub fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self { dir: tempfile::tempdir().expect("there is room for a folder") };
        for (name, text) in files {
            folder.write(name, text);
        }
        folder
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Where a file of it is.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Writes a file, and the folders it lies in.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.file(name);
        let parent = path.parent().expect("a file lies in a folder");
        std::fs::create_dir_all(parent)
            .and_then(|()| std::fs::write(&path, text))
            .expect("files can be written");
    }

    /// Removes a file.
    pub fn remove(&self, name: &str) {
        std::fs::remove_file(self.file(name)).expect("the file is there");
    }

    /// The address of a file.
    pub fn uri(&self, name: &str) -> String {
        file_uri(&self.file(name))
    }
}
