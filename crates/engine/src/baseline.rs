//! Baselines: files that hold what is found today, so that only new findings are shown.
//!
//! JSON with a finding on each line, sorted, so that a change of it reads well. Paths are relative to the file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use leakwright_rules::RuleId;
use serde::Deserialize;

use crate::check::{Checked, Input, Options, Progress, check};
use crate::known::{Known, compare, is_below, known};
use crate::limits::Limits;
use crate::whole::write_whole;

/// Version of the file's form.
const VERSION: u32 = 1;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Baseline {
    schema: u32,
    findings: Vec<Known>,
}

/// What is wrong with a baseline.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// It is not there.
    #[error("{}: no such baseline; `leakwright baseline` writes one", .0.display())]
    Missing(PathBuf),
    /// It cannot be read or written.
    #[error("{}: {}", .0.display(), .1)]
    Io(PathBuf, std::io::Error),
    /// It lies outside of the folders that may be read.
    #[error("{}: leads out of the folders that may be read", .0.display())]
    Outside(PathBuf),
    /// It is not in the form that this version knows.
    #[error("{}: not a baseline: {}", .0.display(), .1)]
    Malformed(PathBuf, String),
}

impl BaselineError {
    /// What is wrong, without the path.
    pub(crate) fn problem(&self) -> String {
        let whole = self.to_string();
        let (Self::Missing(path) | Self::Io(path, _) | Self::Malformed(path, _) | Self::Outside(path)) = self;
        whole.strip_prefix(&format!("{}: ", path.display())).map_or(whole.clone(), str::to_owned)
    }
}

fn read(path: &Path) -> Result<Vec<Known>, BaselineError> {
    let text = std::fs::read_to_string(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => BaselineError::Missing(path.to_owned()),
        _ => BaselineError::Io(path.to_owned(), error),
    })?;
    let malformed = |why: String| BaselineError::Malformed(path.to_owned(), why);
    let baseline: Baseline = serde_json::from_str(&text).map_err(|error| malformed(error.to_string()))?;
    if baseline.schema != VERSION {
        return Err(malformed(format!("its schema is {}, not {VERSION}", baseline.schema)));
    }
    Ok(baseline.findings)
}

/// Writes the findings of a check that are shown into a file. How many there are.
pub fn write_baseline(checked: &Checked, path: &Path) -> Result<usize, BaselineError> {
    let folder = folder_of(path);
    let entries = known(checked, &|file| relative(file, &folder));
    let lines: Vec<String> =
        entries.iter().map(|entry| serde_json::to_string(entry).unwrap_or_default()).collect();
    let body = if lines.is_empty() { String::new() } else { format!("\n    {}\n  ", lines.join(",\n    ")) };
    let text = format!("{{\n  \"schema\": {VERSION},\n  \"findings\": [{body}]\n}}\n");
    write_whole(path, text.as_bytes()).map_err(|error| BaselineError::Io(path.to_owned(), error))?;
    Ok(entries.iter().map(|entry| entry.count).sum())
}

/// Marks what is known from a baseline: from the one that is named, else from those that the configurations of the
/// files name.
pub fn apply_baselines(
    checked: &mut Checked,
    named: Option<&Path>,
    input: &Input,
    options: &Options,
) -> Result<(), BaselineError> {
    let mut files: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    for file in checked.files() {
        let path = named.map(Path::to_owned).or_else(|| file.config.baseline.clone());
        files.extend(path.map(|path| (path, Vec::new())));
    }
    for file in checked.files() {
        let path = named.map(Path::to_owned).or_else(|| file.config.baseline.clone());
        if let Some(list) = path.and_then(|path| files.get_mut(&path)) {
            list.push(file.absolute.clone());
        }
    }
    if let Some(named) = named {
        files.entry(named.to_owned()).or_default();
    }
    let (roots, limits) = match input {
        Input::Paths(paths) => (paths.as_slice(), Limits::default()),
        Input::Within(inner, folders) => {
            let roots = if let Input::Paths(paths) = &**inner { paths.as_slice() } else { &[] };
            (roots, Limits::to(folders.clone()))
        }
        Input::Texts(_) => (&[][..], Limits::default()),
    };
    let ran = |code: &str| {
        let is_meant = |selectors: &[crate::Selector], rule: RuleId| {
            selectors.iter().any(|selector| selector.rules().contains(&rule))
        };
        RuleId::from_code(code).is_none_or(|rule| {
            options.select.as_ref().is_none_or(|select| is_meant(select, rule))
                && !is_meant(&options.ignore, rule)
        })
    };
    let here = folder_of(Path::new("x"));
    for (path, of) in files {
        if !limits.allow(&path) && (path.exists() || !limits.contain(&normal(&path))) {
            return Err(BaselineError::Outside(path));
        }
        let entries = read(&path)?;
        let folder = folder_of(&path);
        let against = relative(&std::path::absolute(&path).unwrap_or(path), &here);
        compare(checked, entries, against, &|file| of.iter().any(|known| known == file), &|entry| {
            ran(&entry.code)
                && options.min_confidence.is_none()
                && is_below(&normal(&folder.join(&entry.path)), roots)
        });
        for gone in checked.comparisons.last_mut().into_iter().flat_map(|compared| &mut compared.gone) {
            gone.path = relative(&normal(&folder.join(&gone.path)), &here);
        }
    }
    Ok(())
}

/// Checks files, and marks what is known from a baseline: from the one that is named, else from configured ones.
pub fn check_for_new(
    input: &Input,
    options: &Options,
    named: Option<&Path>,
    progress: &dyn Progress,
) -> Result<Checked, BaselineError> {
    let mut checked = check(input, options, progress);
    apply_baselines(&mut checked, named, input, options)?;
    Ok(checked)
}

/// What a baseline knows, by file: for an editor, which asks for one file at a time.
#[derive(Debug, Default)]
pub(crate) struct Baselined {
    by_file: BTreeMap<PathBuf, Vec<Known>>,
    /// Of files that are gone: they may have been moved to another folder, or renamed in theirs.
    moved: Vec<(PathBuf, Known)>,
}

impl Baselined {
    /// Reads a baseline. Where there is none, nothing is known.
    pub(crate) fn read(path: &Path) -> Result<Self, BaselineError> {
        let entries = match read(path) {
            Err(BaselineError::Missing(_)) => Vec::new(),
            entries => entries?,
        };
        let folder = folder_of(path);
        let mut found = Self::default();
        for entry in entries {
            let file = normal(&folder.join(&entry.path));
            if file.exists() {
                found.by_file.entry(file).or_default().push(entry);
            } else {
                found.moved.push((file, entry));
            }
        }
        Ok(found)
    }

    /// Whether anything may be known of a file.
    pub(crate) fn is_about(&self, file: &Path) -> bool {
        self.by_file.contains_key(file) || self.moved.iter().any(|(from, _)| may_be_moved(from, file))
    }

    /// What is left over to be known of the findings of a file.
    pub(crate) fn of(&self, file: &Path) -> Leftover {
        let own = self.by_file.get(file).map_or(&[][..], Vec::as_slice);
        let moved = self.moved.iter().filter(|(from, _)| may_be_moved(from, file));
        Leftover { entries: own.iter().chain(moved.map(|(_, known)| known)).cloned().collect() }
    }
}

/// Whether a file may be another one that was moved: it has its name, or lies in its folder.
fn may_be_moved(from: &Path, to: &Path) -> bool {
    from.file_name() == to.file_name() || from.parent() == to.parent()
}

/// Known findings that have not been found again.
pub(crate) struct Leftover {
    entries: Vec<Known>,
}

impl Leftover {
    /// Whether a finding is known; as many as were known are.
    pub(crate) fn take(&mut self, is_it: impl Fn(&Known) -> bool) -> bool {
        let known = self.entries.iter_mut().find(|entry| entry.count > 0 && is_it(entry));
        known.map(|entry| entry.count -= 1).is_some()
    }
}

fn folder_of(file: &Path) -> PathBuf {
    let absolute = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    absolute.parent().unwrap_or(Path::new("/")).to_owned()
}

/// A path as seen from a folder, with forward slashes.
fn relative(path: &Path, folder: &Path) -> String {
    let up = folder.ancestors().position(|above| path.starts_with(above)).unwrap_or_default();
    let common = folder.ancestors().nth(up).unwrap_or(folder);
    let rest = path.strip_prefix(common).unwrap_or(path);
    "../".repeat(up) + &rest.to_string_lossy().replace('\\', "/")
}

/// Without `.` and `..` parts.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => {
                out.pop();
            }
            std::path::Component::CurDir => {}
            part => out.push(part),
        }
    }
    out
}
