//! `leakwright explain`.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use leakwright_engine::{Input, NoProgress, Options, Selector, check};

use super::Exit;
use crate::args::ExplainArgs;
use crate::{page, terminal};

pub(crate) fn run(args: &ExplainArgs) -> anyhow::Result<Exit> {
    match (&args.why_silent, &args.rule) {
        (Some(place), _) => why_silent(place),
        (None, Some(rule)) => explain_rule(rule),
        (None, None) => bail!("name a rule, or a place with --why-silent"),
    }
}

fn explain_rule(rule: &str) -> anyhow::Result<Exit> {
    let selector: Selector = rule.parse()?;
    if selector.rules().is_empty() {
        bail!("no rule has the code `{rule}`");
    }
    for rule in selector.rules() {
        let metadata = rule.metadata();
        terminal::print(&page::shown(&(metadata.docs.to_owned() + &learnt(metadata.code))));
    }
    Ok(Exit::Clean)
}

/// What the team learnt where the rule fired before.
fn learnt(code: &str) -> String {
    let about = super::notes::all(&super::notes::of_project()).into_iter().filter(|note| note.is_about(code));
    let pages: String = about.map(|note| format!("\n{}", super::notes::page(&note))).collect();
    if pages.is_empty() { pages } else { format!("\n## What was learnt in this project\n{pages}") }
}

/// Says what was looked at on a line and found sound, and why.
fn why_silent(place: &str) -> anyhow::Result<Exit> {
    let (path, line) = place.rsplit_once(':').context("a place is written FILE:LINE")?;
    let line: u32 = line.parse().with_context(|| format!("`{line}` is not the number of a line"))?;
    let path = Path::new(path);
    if !path.is_file() {
        bail!("{}: no such file", path.display());
    }
    let mut paths = vec![PathBuf::from(".")];
    let is_below = |directory: &Path| {
        path.canonicalize().is_ok_and(|path| directory.canonicalize().is_ok_and(|top| path.starts_with(top)))
    };
    if !is_below(Path::new(".")) {
        paths = vec![path.to_owned()];
    }
    let checked = check(&Input::Paths(paths), &Options::default(), &NoProgress);
    let Some(silent) = checked.sound_at(path, line) else {
        bail!("{}: left out by configuration or `.gitignore`, or cannot be read", path.display());
    };
    if silent.is_empty() {
        terminal::print(
            "Nothing on this line is a container or a resource that the rules look at, or it is reported.\n",
        );
    }
    for found in silent {
        let shown =
            found.shown.map_or_else(String::new, |(path, line)| format!(" ({}:{line})", path.display()));
        terminal::print(&format!("{}: {}{shown}\n", found.what, found.reason));
    }
    Ok(Exit::Clean)
}
