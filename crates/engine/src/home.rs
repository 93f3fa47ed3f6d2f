//! Where a project keeps what is remembered of it: parts of the folder `.leakwright`.

use std::path::{Path, PathBuf};

use crate::configurations::NAMES;

/// The folder that holds what is remembered of a project.
const FOLDER: &str = ".leakwright";

/// What the root of a repository holds.
const REPOSITORY: [&str; 4] = [".git", ".hg", ".jj", ".svn"];

/// Where the part `name` of what is remembered lies for a path: in the nearest folder above that has such a
/// part already or is the root of a repository, else the nearest with a configuration, else the working
/// directory if the path is below it, else the path's own folder. With a limit, nothing above it is looked
/// at, and it is what is taken when nothing else fits.
///
/// Returns the folder of the project; [`part`] says where in it.
pub fn home(path: &Path, name: &str, limit: Option<&Path>) -> PathBuf {
    let start = folder_of(path);
    let above = || {
        let ancestors = start.ancestors();
        ancestors.take_while(|folder| limit.is_none_or(|limit| folder.starts_with(limit)))
    };
    let keeps = |folder: &&Path| {
        part(folder, name).is_dir() || REPOSITORY.iter().any(|sign| folder.join(sign).exists())
    };
    let is_configured = |folder: &&Path| NAMES.iter().any(|file| folder.join(file).is_file());
    if let Some(found) = above().find(keeps).or_else(|| above().find(is_configured)) {
        return found.to_owned();
    }
    if let Some(limit) = limit {
        return limit.to_owned();
    }
    let here = std::env::current_dir().ok().and_then(|here| here.canonicalize().ok());
    here.filter(|here| start.starts_with(here)).unwrap_or(start)
}

/// A part of what is remembered of the project in a folder.
pub fn part(home: &Path, name: &str) -> PathBuf {
    home.join(FOLDER).join(name)
}

/// A folder itself, or the one of a file, without links.
fn folder_of(path: &Path) -> PathBuf {
    let real = path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned());
    if real.is_dir() { real } else { real.parent().map_or_else(|| real.clone(), Path::to_owned) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{create_dir_all, write};

    #[test]
    fn it_is_the_repository_or_the_configured_folder_or_the_path_itself() {
        let place = tempfile::tempdir().unwrap();
        let top = place.path().canonicalize().unwrap();
        let deep = top.join("a/b/c");
        create_dir_all(&deep).unwrap();
        write(deep.join("x.py"), "").unwrap();
        assert_eq!(home(&deep.join("x.py"), "notes", None), deep, "there is nothing else");
        write(top.join("a/leakwright.toml"), "").unwrap();
        assert_eq!(home(&deep.join("x.py"), "notes", None), top.join("a"));
        create_dir_all(top.join(".git")).unwrap();
        assert_eq!(home(&deep, "notes", None), top, "a repository comes before a configuration");
        create_dir_all(top.join("a/b/.leakwright/notes")).unwrap();
        assert_eq!(home(&deep, "notes", None), top.join("a/b"), "where notes are kept already");
        assert_eq!(home(&deep, "journal", None), top, "each part by itself");
        assert_eq!(home(&deep, "journal", Some(&top.join("a"))), top.join("a"));
        assert_eq!(home(&deep, "journal", Some(&deep)), deep, "nothing above the limit");
    }
}
