//! Writing up what is found, as `leakwright report` does.

use std::path::{Path, PathBuf};

use leakwright_engine::{Checked, Input, NoProgress, Options, check, write_whole};
use serde::Deserialize;
use serde_json::{Value, json};
use tower_lsp::jsonrpc::{Error, Result};

use super::{Commands, failed, path};

/// What is to be written up, and where to.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Wanted {
    /// Where the report is written, as a page if that ends in `.html`; answered as Markdown, without
    /// being written, if it is not said. Relative to the folder.
    path: Option<String>,
    /// The folder that is written up; all that are open if none is named.
    folder: Option<String>,
}

impl Commands {
    /// Writes a report of the files as they are on disk, or answers with it.
    pub(super) async fn write_report(&self, wanted: Wanted) -> Result<Value> {
        let folders = self.folders(wanted.folder.as_deref())?;
        let target = wanted.path.as_deref().map(|text| target(text, &folders)).transpose()?;
        let overrides = self.configurer.current().overrides.clone();
        let options = Options {
            select: overrides.select,
            ignore: overrides.ignore,
            min_confidence: overrides.min_confidence,
        };
        let write = move || {
            let checked = check(&Input::Paths(folders), &options, &NoProgress);
            let audit = leakwright_report::Audit::new(&checked);
            let is_page = target.as_deref().and_then(Path::extension).is_some_and(|ending| ending == "html");
            let text = if is_page { audit.html() } else { audit.markdown() };
            answer(&checked, &text, target)
        };
        tokio::task::spawn_blocking(write).await.map_err(failed)?
    }

    /// The folders that are meant.
    fn folders(&self, named: Option<&str>) -> Result<Vec<PathBuf>> {
        let roots = self.projects.roots();
        let Some(named) = named else {
            return if roots.is_empty() {
                Err(Error::invalid_params("no folder is open"))
            } else {
                Ok(roots)
            };
        };
        let own = path(named).filter(|folder| roots.contains(folder));
        let wrong = || Error::invalid_params(format!("`folder`: {named} is not open"));
        Ok(vec![own.ok_or_else(wrong)?])
    }
}

/// Where a report is to be written.
fn target(text: &str, folders: &[PathBuf]) -> Result<PathBuf> {
    let wrong = |what: &str| Error::invalid_params(format!("`path`: {text} {what}"));
    let path = path(text).ok_or_else(|| wrong("names no file"))?;
    let path = folders.first().map_or_else(|| path.clone(), |folder| folder.join(&path));
    if path.is_dir() {
        return Err(wrong("is a folder"));
    }
    if path.file_name().is_none() || !path.parent().is_some_and(Path::is_dir) {
        return Err(wrong("lies in no folder that is there"));
    }
    match std::fs::read_to_string(&path) {
        Ok(before) if !leakwright_report::is_report(&before) => Err(wrong("is there and is no report")),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(wrong(&format!("is there and is no report: {error}")))
        }
        _ => Ok(path),
    }
}

/// What is answered, once it is written.
fn answer(checked: &Checked, text: &str, target: Option<PathBuf>) -> Result<Value> {
    let findings = checked.active().count();
    let mut answer = json!({ "files": checked.files_checked, "findings": findings });
    match target {
        Some(path) => {
            write_whole(&path, text.as_bytes())
                .map_err(|error| failed(format_args!("cannot write {}: {error}", path.display())))?;
            answer["path"] = json!(path);
        }
        None => answer["text"] = json!(text),
    }
    Ok(answer)
}
