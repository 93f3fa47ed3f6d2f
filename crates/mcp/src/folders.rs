//! The folders that may be read and written, and nothing else.

use std::path::{Component, Path, PathBuf};

use crate::StartError;
use crate::answer::Refusal;

/// The folders that the server was started with, without links.
#[derive(Clone, Debug)]
pub(crate) struct Folders(Vec<PathBuf>);

/// A path that may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Inside {
    /// Where it really lies.
    pub(crate) path: PathBuf,
    /// Which of the folders it is in.
    pub(crate) folder: PathBuf,
}

impl Folders {
    pub(crate) fn open(paths: &[PathBuf]) -> Result<Self, StartError> {
        let open = |path: &PathBuf| {
            let real = path.canonicalize().and_then(|real| real.read_dir().map(|_| real));
            real.map_err(|error| StartError::Folder(path.clone(), error.to_string()))
        };
        Ok(Self(paths.iter().map(open).collect::<Result<_, _>>()?))
    }

    pub(crate) fn first(&self) -> &Path {
        self.0.first().map_or(Path::new("."), PathBuf::as_path)
    }

    pub(crate) fn all(&self) -> &[PathBuf] {
        &self.0
    }

    /// A path that exists. One that leads elsewhere, by its name or through a link, is refused, whether anything is
    /// there or not.
    pub(crate) fn existing(&self, path: &str) -> Result<Inside, Refusal> {
        let joined = self.first().join(path);
        if let Ok(real) = joined.canonicalize() {
            return self.inside(real).ok_or_else(|| self.refusal(path));
        }
        match self.around(&without_dots(&joined)) {
            Some(_) => Err(Refusal(format!("{path}: no such file or directory"))),
            None => Err(self.refusal(path)),
        }
    }

    /// A path that a text goes by, whether anything is there or not.
    pub(crate) fn named(&self, path: &str) -> Result<Inside, Refusal> {
        let named = without_dots(&self.first().join(path));
        match self.existing(path) {
            Err(_) if named.symlink_metadata().is_err() => {
                let folder = self.around(&named).ok_or_else(|| self.refusal(path))?.folder;
                Ok(Inside { path: named, folder })
            }
            known => known,
        }
    }

    /// The nearest that is there of a path and the folders above it. A link that leads nowhere may lead elsewhere.
    fn around(&self, named: &Path) -> Option<Inside> {
        let nearest = named.ancestors().find(|above| above.symlink_metadata().is_ok())?;
        self.inside(nearest.canonicalize().ok()?)
    }

    fn inside(&self, real: PathBuf) -> Option<Inside> {
        // The innermost, where they are nested.
        let folders = self.0.iter().filter(|folder| real.starts_with(folder));
        let folder = folders.max_by_key(|folder| folder.components().count())?.clone();
        Some(Inside { path: real, folder })
    }

    fn refusal(&self, path: &str) -> Refusal {
        let folders: Vec<String> = self.0.iter().map(|folder| folder.display().to_string()).collect();
        Refusal(format!("{path}: outside of what this server may look at, which is {}", folders.join(", ")))
    }
}

/// A path without `.` and `..`, by its name alone.
fn without_dots(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(out.pop()),
            part => out.push(part),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{create_dir_all, write};

    #[test]
    fn what_lies_elsewhere_is_refused_whether_it_exists_or_not() {
        let place = tempfile::tempdir().unwrap();
        let top = place.path().canonicalize().unwrap();
        create_dir_all(top.join("in/sub")).unwrap();
        create_dir_all(top.join("inner")).unwrap();
        for file in ["in/a.py", "inner/b.py", "out.py"] {
            write(top.join(file), "").unwrap();
        }
        let folders = Folders::open(&[top.join("in")]).unwrap();
        let said = |path: &str| folders.existing(path).map(|inside| inside.path).map_err(|refusal| refusal.0);
        let absolute = |path: &str| top.join(path).to_str().unwrap().to_owned();
        for fine in ["a.py", "./sub/../a.py", &absolute("in/a.py"), "../in/a.py"] {
            assert_eq!(said(fine), Ok(top.join("in/a.py")), "{fine}");
        }
        assert_eq!(said("missing.py"), Err("missing.py: no such file or directory".to_owned()));
        let mut refused = vec![
            "../out.py".to_owned(),
            "../missing.py".to_owned(),
            "sub/../../out.py".to_owned(),
            absolute("inner/b.py"),
            absolute("nowhere/at/all"),
            "/".to_owned(),
        ];
        #[cfg(unix)]
        {
            use std::os::unix::fs::symlink;
            symlink(top.join("inner"), top.join("in/dir")).unwrap();
            symlink(top.join("out.py"), top.join("in/link.py")).unwrap();
            symlink(top.join("nowhere"), top.join("in/dangling")).unwrap();
            refused.extend(
                ["dir", "dir/b.py", "dir/missing.py", "link.py", "dangling", "dangling/x"].map(str::to_owned),
            );
        }
        for path in &refused {
            let error = said(path).unwrap_err();
            assert!(error.contains("outside of what this server may look at"), "{error}");
            assert!(folders.named(path).is_err(), "{path}");
        }
        assert_eq!(
            folders.named("sub/new.py").map(|inside| inside.path).ok(),
            Some(top.join("in/sub/new.py"))
        );
        assert!(Folders::open(&[top.join("out.py")]).is_err(), "a file is no folder");
    }
}
