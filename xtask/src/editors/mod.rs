//! Tests in real editors: `cargo xtask test editors`.
//!
//! Each editor is driven through the same scenario (`editors/test/scenario.json`) by a driver in its own
//! language, which prints its results in the Test Anything Protocol. Here editors are found or fetched, drivers
//! are run, and results counted. The page that `leakwright report` writes is tested with the browser of one of them.

mod code_server;
mod drivers;
mod fetch;
mod found;
mod tap;
mod vscode;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use clap::{Args, ValueEnum};

use crate::repository;
use crate::run::{cargo, output_of, say, step};
use drivers::Driver;
use found::Found;
use tap::Results;

/// How to test in editors.
#[derive(Args)]
pub(crate) struct Options {
    /// Fetches what is missing from the package registries, into `target/editors`.
    #[arg(long)]
    install: bool,
    /// Only these editors.
    #[arg(long, value_enum)]
    only: Vec<Editor>,
    /// How often an editor's tests are run again if one of them fails. What failed is shown all the same.
    #[arg(long, default_value_t = 0, value_name = "COUNT")]
    retries: usize,
    /// Keeps the pictures that the documents show as they are now.
    #[arg(long)]
    keep_pictures: bool,
}

/// The editors that are tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Editor {
    Vscode,
    Neovim,
    Helix,
    Emacs,
    /// The page that `leakwright report` writes, in a browser.
    Report,
}

impl Editor {
    const ALL: [Editor; 5] = [Editor::Vscode, Editor::Neovim, Editor::Helix, Editor::Emacs, Editor::Report];
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let wanted: Vec<Editor> =
        Editor::ALL.into_iter().filter(|it| options.only.is_empty() || options.only.contains(it)).collect();
    fs::create_dir_all(base())?;
    let found = prepare(&wanted, options.install)?;
    // What is missing is a failure where somebody relies on it.
    let must_exist = options.install || std::env::var("CI").is_ok_and(|value| value == "true");
    let mut results = Results::default();
    for editor in wanted {
        for driver in drivers::of(editor) {
            run_driver(driver, &found, must_exist, 1 + options.retries, &mut results);
        }
    }
    if options.keep_pictures {
        vscode::keep_pictures()?;
    }
    say(&results.to_string());
    ensure!(results.failed == 0, "{} tests in editors failed", results.failed);
    Ok(())
}

/// Builds the program while editors are fetched: one uses the processors, the other the network.
fn prepare(wanted: &[Editor], install: bool) -> anyhow::Result<Found> {
    let building = std::thread::spawn(|| cargo("build", &["build", "--release", "--quiet"]));
    if install {
        step("editors", || fetch::all(wanted))?;
    }
    building.join().ok().context("the build ended early")??;
    Ok(Found::look(wanted))
}

/// Runs a driver, twice if the first run fails and there is a second one: an editor on a machine that is busy may lose
/// a key.
fn run_driver(driver: &Driver, found: &Found, must_exist: bool, tries: usize, results: &mut Results) {
    for again in (0..tries).rev() {
        let before = *results;
        run_once(driver, found, must_exist, results);
        if again == 0 || results.failed == before.failed {
            return;
        }
        say(&format!(
            "== {}: {} failed, once more from the start",
            driver.name,
            results.failed - before.failed
        ));
        *results = Results { repeated: before.repeated + 1, ..before };
    }
}

fn run_once(driver: &Driver, found: &Found, must_exist: bool, results: &mut Results) {
    say(&format!("== {}", driver.name));
    let run = found.tools(driver.needs).and_then(|tools| {
        let command = (driver.command)(&tools)?;
        tap::run(driver.name, command, results)
    });
    match run {
        Ok(()) => {}
        Err(error) if error.is::<found::Missing>() && !must_exist => {
            say(&format!("skipped: {}: {error}; `--install` fetches it", driver.name));
            results.skipped += 1;
        }
        Err(error) => {
            say(&format!("not ok - {}: {error:#}", driver.name));
            results.failed += 1;
        }
    }
}

/// Where fetched editors are kept, and tests leave what they made.
fn base() -> PathBuf {
    repository().join("target/editors")
}

/// The program that is tested.
fn program() -> PathBuf {
    repository().join("target/release").join(format!("leakwright{}", std::env::consts::EXE_SUFFIX))
}

/// The scenario, and the project that it is about.
fn fixtures() -> PathBuf {
    repository().join("editors/test")
}

/// A new copy of the project for a driver, in an empty folder. It is a repository of its own: to editors, files
/// that git ignores, as it does those of `target`, belong to no project.
fn work(name: &str) -> anyhow::Result<PathBuf> {
    let folder = base().join("work").join(name);
    let _ = fs::remove_dir_all(&folder);
    let project = folder.join("project");
    copy(&fixtures().join("project"), &project)?;
    output_of(Command::new("git").args(["init", "--quiet"]).arg(&project))?;
    Ok(folder)
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
