//! What a change introduced: findings that were there at a revision of git are known.
//!
//! The files are checked once more as they were at the revision, all of them together, since what is found in one file
//! rests on others. A file that is the same is not mapped again. Where the history has gone two ways the change begins
//! at the common ancestor, as it does in a pull request.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rayon::prelude::*;

use crate::cache::Cache;
use crate::check::{Checked, Input, Options, judge};
use crate::configurations::Configurations;
use crate::discover::{Found, calls_python, is_excluded, is_skipped};
use crate::known::{compare, known};
use crate::load::{Read, SourceFile};
use crate::source::content_hash;
use crate::threads::pool;

/// Why nothing can be compared with a revision.
#[derive(Debug, thiserror::Error)]
pub enum RevisionError {
    /// Git cannot be run.
    #[error("cannot run git: {0}")]
    NoGit(io::Error),
    /// A folder is in no repository.
    #[error("{}: not in a git repository", .0.display())]
    NoRepository(PathBuf),
    /// There is no such revision.
    #[error("`{}` is no revision of the repository at {}", .0, .1.display())]
    Unknown(String, PathBuf),
    /// What is checked is in no repository.
    #[error("text on standard input is compared with no revision")]
    Text,
    /// Git failed.
    #[error("git: {0}")]
    Failed(String),
}

/// A revision that a change is measured from.
pub struct BaseRevision {
    /// As somebody names it.
    name: String,
    /// The paths that are checked, each with the commit where the change of it begins.
    paths: Vec<(PathBuf, String)>,
}

impl BaseRevision {
    /// Finds out where the changes of what is checked begin.
    pub fn find(name: &str, input: &Input) -> Result<Self, RevisionError> {
        let Input::Paths(paths) = input else { return Err(RevisionError::Text) };
        let paths = paths.iter().map(|path| Ok((path.clone(), base_of(folder_of(path), name)?)));
        Ok(Self { name: name.to_owned(), paths: paths.collect::<Result<_, _>>()? })
    }

    /// Marks the findings of a check that were there at the revision.
    pub fn apply(
        &self,
        checked: &mut Checked,
        cache: &Cache,
        options: &Options,
    ) -> Result<(), RevisionError> {
        let mut files = Before::new(checked);
        for (path, commit) in &self.paths {
            let (folder, is_folder) = (folder_of(path), path.is_dir());
            let root = if is_folder || path.is_absolute() { folder } else { Path::new(".") };
            files.collect(folder, root, commit, (!is_folder).then_some(path.as_path()))?;
        }
        let files = pool().install(|| files.load(cache));
        let base = pool().install(|| judge(files, Vec::new(), options));
        let here = std::env::current_dir().unwrap_or_default();
        let shown = |file: &Path| {
            file.strip_prefix(&here).unwrap_or(file).to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
        };
        let entries = known(&base, &shown);
        let commits: BTreeSet<&str> = self.paths.iter().map(|(_, commit)| commit.as_str()).collect();
        let short: Vec<&str> = commits.into_iter().map(|commit| commit.get(..10).unwrap_or(commit)).collect();
        let name = format!("{} ({})", self.name, short.join(", "));
        compare(checked, entries, name, &|_| true, &|_| true);
        Ok(())
    }
}

/// The folder in which git is asked about a path.
fn folder_of(path: &Path) -> &Path {
    if path.is_dir() {
        return path;
    }
    path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."))
}

/// Files as they were at a revision.
struct Before<'c> {
    /// The files as they are now, by path.
    now: BTreeMap<PathBuf, &'c SourceFile>,
    configurations: Configurations,
    same: Vec<SourceFile>,
    other: Vec<(Found, Vec<u8>)>,
}

impl<'c> Before<'c> {
    fn new(checked: &'c Checked) -> Self {
        let now = checked.files().iter().map(|file| (file.absolute.clone(), file)).collect();
        Self { now, configurations: Configurations::default(), same: Vec::new(), other: Vec::new() }
    }

    /// Takes the files of a folder, or one of them.
    fn collect(
        &mut self,
        folder: &Path,
        root: &Path,
        commit: &str,
        only: Option<&Path>,
    ) -> Result<(), RevisionError> {
        let entries = tree(folder, commit)?;
        let packages: BTreeSet<&Path> = entries
            .iter()
            .filter(|entry| entry.path.file_name().is_some_and(|name| name == "__init__.py"))
            .filter_map(|entry| entry.path.parent())
            .collect();
        let is_left_out = |path: &Path| {
            path.ancestors().skip(1).any(|above| {
                let name = above.file_name().and_then(|name| name.to_str());
                name.is_some_and(|name| is_skipped(name, || packages.contains(above)))
            })
        };
        let mut wanted = Vec::new();
        for entry in &entries {
            if only.is_some_and(|only| only.file_name() != Some(entry.path.as_os_str())) {
                continue;
            }
            let path = folder.join(&entry.path);
            if entry.kind == Kind::Submodule {
                self.collect_submodule(&path, root, &entry.id)?;
                continue;
            }
            let absolute = std::path::absolute(&path).unwrap_or_else(|_| path.clone());
            let is_checked = self.now.contains_key(&absolute);
            // What is there and not checked is left out for a reason.
            let was_checked = || !path.exists() && !is_left_out(&entry.path);
            let is_python = || match entry.path.extension() {
                Some(ending) => ending == "py" || ending == "pyi" || ending == "pyw",
                None => entry.kind == Kind::Program,
            };
            if is_checked || was_checked() && is_python() && !is_excluded(&path, &self.configurations) {
                wanted.push((entry, path, absolute));
            }
        }
        let ids: Vec<&str> = wanted.iter().map(|(entry, ..)| entry.id.as_str()).collect();
        for ((_, path, absolute), bytes) in wanted.iter().zip(contents(folder, &ids)?) {
            match self.now.get(absolute) {
                Some(now) if now.hash == content_hash(&bytes) => self.same.push((*now).clone()),
                None if path.extension().is_none() && !calls_python(&bytes) => {}
                _ => self.other.push((Found { path: path.clone(), root: root.to_owned() }, bytes)),
            }
        }
        Ok(())
    }

    /// Takes the files of a repository within the repository. Where that is not at hand its files are taken to be
    /// what they were.
    fn collect_submodule(&mut self, folder: &Path, root: &Path, commit: &str) -> Result<(), RevisionError> {
        if folder.join(".git").exists() && base_of(folder, commit).is_ok_and(|base| base == commit) {
            return self.collect(folder, root, commit, None);
        }
        let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let inside = self.now.iter().filter(|(path, _)| path.starts_with(&absolute));
        self.same.extend(inside.map(|(_, file)| (*file).clone()));
        Ok(())
    }

    /// Maps those that were others, and puts all in the order of a check. What cannot be read had no findings.
    fn load(self, cache: &Cache) -> Vec<SourceFile> {
        let Self { configurations, mut same, other, .. } = self;
        let load = |(found, bytes): (Found, Vec<u8>)| {
            Read::of(&found, bytes, &configurations).and_then(|read| read.map(cache, None)).ok()
        };
        same.extend(other.into_par_iter().filter_map(load).collect::<Vec<_>>());
        same.sort_by(|a, b| a.path.cmp(&b.path));
        same.dedup_by(|a, b| a.absolute == b.absolute);
        same
    }
}

/// What an entry of a tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File,
    Program,
    Submodule,
}

/// A file of a revision.
#[derive(Debug, PartialEq, Eq)]
struct Entry {
    kind: Kind,
    id: String,
    /// As seen from the folder.
    path: PathBuf,
}

/// The commit that a change since a revision begins at.
fn base_of(folder: &Path, name: &str) -> Result<String, RevisionError> {
    let output = git(folder, &["rev-parse", "--is-inside-work-tree"])?;
    if !output.status.success() {
        return Err(RevisionError::NoRepository(folder.to_owned()));
    }
    let wanted = format!("{name}^{{commit}}");
    let output = git(folder, &["rev-parse", "--verify", "--quiet", "--end-of-options", &wanted])?;
    let commit = line(&output);
    if !output.status.success() || commit.is_empty() {
        return Err(RevisionError::Unknown(name.to_owned(), folder.to_owned()));
    }
    // A shallow clone may know the commit and not what it shares with this one.
    let output = git(folder, &["merge-base", "HEAD", &commit])?;
    let ancestor = line(&output);
    Ok(if output.status.success() && !ancestor.is_empty() { ancestor } else { commit })
}

/// The files of a folder at a commit.
fn tree(folder: &Path, commit: &str) -> Result<Vec<Entry>, RevisionError> {
    let output = git(folder, &["ls-tree", "-r", "-z", commit])?;
    if !output.status.success() {
        return Err(failed(&output));
    }
    Ok(output.stdout.split(|byte| *byte == 0).filter_map(entry).collect())
}

fn entry(line: &[u8]) -> Option<Entry> {
    let tab = line.iter().position(|byte| *byte == b'\t')?;
    let head = std::str::from_utf8(&line[..tab]).ok()?;
    let mut head = head.split(' ');
    let kind = match head.next()? {
        "100644" | "100664" => Kind::File,
        "100755" => Kind::Program,
        "160000" => Kind::Submodule,
        // Links: what they lead to counts.
        _ => return None,
    };
    let id = head.nth(1)?.to_owned();
    Some(Entry { kind, id, path: path_of(&line[tab + 1..]) })
}

#[cfg(unix)]
fn path_of(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

#[cfg(not(unix))]
fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}

/// What objects hold, in their order.
fn contents(folder: &Path, ids: &[&str]) -> Result<Vec<Vec<u8>>, RevisionError> {
    let mut child = command(folder)
        .args(["cat-file", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(RevisionError::NoGit)?;
    let broken = |error: io::Error| RevisionError::Failed(error.to_string());
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let read = std::thread::scope(|scope| {
        // What is asked and what is answered would wait for each other.
        scope.spawn(move || {
            let mut stdin = stdin?;
            let asked: String = ids.iter().map(|id| format!("{id}\n")).collect();
            stdin.write_all(asked.as_bytes()).ok()
        });
        let mut answers = BufReader::new(stdout.into_iter().next()?);
        Some(ids.iter().map(|id| object(&mut answers, id)).collect::<io::Result<Vec<_>>>())
    });
    let status = child.wait();
    let read = read.unwrap_or_else(|| Err(io::ErrorKind::BrokenPipe.into())).map_err(broken)?;
    status.map_err(broken)?;
    Ok(read)
}

/// The next object that was asked for.
fn object(answers: &mut impl BufRead, id: &str) -> io::Result<Vec<u8>> {
    let mut head = String::new();
    answers.read_line(&mut head)?;
    let size = head.trim_end().rsplit(' ').next().and_then(|size| size.parse::<usize>().ok());
    let size = size.ok_or_else(|| io::Error::other(format!("{id}: {}", head.trim_end())))?;
    let mut bytes = vec![0; size];
    answers.read_exact(&mut bytes)?;
    answers.read_exact(&mut [0])?;
    Ok(bytes)
}

fn git(folder: &Path, arguments: &[&str]) -> Result<Output, RevisionError> {
    command(folder).args(arguments).output().map_err(RevisionError::NoGit)
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).env("LC_ALL", "C");
    command
}

fn line(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn failed(output: &Output) -> RevisionError {
    RevisionError::Failed(String::from_utf8_lossy(&output.stderr).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_a_tree_are_files_programs_and_submodules() {
        let id = "0".repeat(40);
        let read = |mode: &str, kind: &str, path: &[u8]| {
            entry(&[format!("{mode} {kind} {id}\t").as_bytes(), path].concat())
        };
        let file = |kind, path: &str| Some(Entry { kind, id: id.clone(), path: PathBuf::from(path) });
        assert_eq!(read("100644", "blob", b"a b/c.py"), file(Kind::File, "a b/c.py"));
        assert_eq!(read("100755", "blob", b"run\tme"), file(Kind::Program, "run\tme"));
        assert_eq!(read("160000", "commit", b"vendor"), file(Kind::Submodule, "vendor"));
        assert_eq!(read("120000", "blob", b"link.py"), None);
        assert_eq!(entry(b""), None);
    }

    #[test]
    fn objects_are_read_one_after_the_other_and_missing_ones_are_errors() {
        let mut answers = &b"1 blob 3\na\nb\n2 blob 0\n\n3 missing\n"[..];
        assert_eq!(object(&mut answers, "1").ok(), Some(b"a\nb".to_vec()));
        assert_eq!(object(&mut answers, "2").ok(), Some(Vec::new()));
        assert!(object(&mut answers, "3").is_err_and(|error| error.to_string() == "3: 3 missing"));
    }
}
