//! `leakwright baseline`.

use std::path::{Path, PathBuf};

use leakwright_engine::{Configurations, Input, check, write_baseline};

use super::{Exit, is_incomplete, report_problems};
use crate::args::BaselineArgs;
use crate::progress::Bar;
use crate::terminal;

pub(crate) fn run(args: &BaselineArgs) -> anyhow::Result<Exit> {
    let bar = Bar::new();
    let checked = check(&Input::Paths(args.paths.clone()), &args.selection.options(), &bar);
    bar.finish();
    report_problems(&checked);
    if is_incomplete(&checked) {
        return Ok(Exit::Failed);
    }
    let path = args.output.clone().unwrap_or_else(|| configured(&args.paths));
    let count = write_baseline(&checked, &path)?;
    let findings = if count == 1 { "finding" } else { "findings" };
    terminal::print(&format!("Wrote {count} {findings} to {}\n", path.display()));
    Ok(Exit::Clean)
}

/// The baseline that is configured for the first of some paths.
fn configured(paths: &[PathBuf]) -> PathBuf {
    let first = paths.first().and_then(|path| std::path::absolute(path).ok());
    let folder =
        first.as_deref().map(|path| if path.is_dir() { path } else { path.parent().unwrap_or(path) });
    let origin = folder.and_then(|folder| Configurations::default().nearest(folder).ok());
    let configured = origin.and_then(|origin| origin.config.baseline.clone());
    let here = std::env::current_dir().unwrap_or_default();
    let shown = configured.map(|path| path.strip_prefix(&here).map(Path::to_owned).unwrap_or(path));
    shown.unwrap_or_else(|| PathBuf::from("leakwright-baseline.json"))
}
