//! The workflow that publishes a release: its form, and those of its steps that are scripts.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use serde::Deserialize;

use super::github::{bash, filled_in};
use super::place::Place;
use crate::repository;
use crate::run::{output_of, say};

const PATH: &str = ".github/workflows/release.yml";

#[derive(Deserialize)]
struct Workflow {
    jobs: BTreeMap<String, Job>,
}

#[derive(Deserialize)]
struct Job {
    strategy: Option<Strategy>,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Strategy {
    matrix: Matrix,
}

#[derive(Deserialize)]
struct Matrix {
    include: Vec<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct Step {
    #[serde(rename = "if")]
    condition: Option<String>,
    run: Option<String>,
}

pub(super) fn packs_what_it_says(place: &Place) -> anyhow::Result<()> {
    for (schema, path) in [("github-workflows", PATH), ("github-actions", "action.yml")] {
        let mut check = place.tool("check-jsonschema");
        output_of(check.arg("--builtin-schema").arg(format!("vendor.{schema}")).arg(path))?;
    }
    let text = fs::read_to_string(repository().join(PATH))?;
    let workflow: Workflow = serde_saphyr::from_str(&text).context(PATH)?;
    let scripts = workflow.jobs.values().flat_map(|job| &job.steps).filter_map(|step| step.run.as_ref());
    for script in scripts {
        output_of(Command::new("bash").args(["-n", "-c", script]))?;
    }

    let job = workflow.jobs.get("binaries").context("there is no job that builds programs")?;
    let targets = &job.strategy.as_ref().context("it builds for one target only")?.matrix.include;
    let known = output_of(Command::new("rustc").args(["--print", "target-list"]))?;
    for target in targets {
        let target = target.get("target").context("a target has no name")?;
        ensure!(known.lines().any(|line| line == target), "there is no target {target}");
    }
    let about = output_of(Command::new("rustc").arg("-vV"))?;
    let host = about.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names no host")?;
    let Some(own) = targets.iter().find(|target| target.get("target").is_some_and(|target| target == host))
    else {
        say(&format!("skipped: nothing is released for {host}"));
        return Ok(());
    };
    run(place, job, own)?;
    let released = place.path("release");
    let mut names = vec![format!("leakwright-{host}.tar.gz"), format!("leakwright-{}.vsix", own["vscode"])];
    if !has_npm() {
        names.pop();
    }
    for name in names {
        ensure!(released.join(&name).is_file(), "{name} is not packed");
    }
    let program = place.empty("released")?;
    output_of(
        Command::new("tar")
            .arg("-xzf")
            .arg(released.join(format!("leakwright-{host}.tar.gz")))
            .arg("-C")
            .arg(&program),
    )?;
    let program = program.join(format!("leakwright-{host}"));
    ensure!(program.join("LICENSE-MIT").is_file(), "the licence is not packed");
    Place::says_its_version(&program.join("leakwright"))
}

fn has_npm() -> bool {
    Command::new("npm").arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Runs the scripts of a job for one entry of its matrix, on a copy of what is in git, with the wheel that was built.
fn run(place: &Place, job: &Job, entry: &BTreeMap<String, String>) -> anyhow::Result<()> {
    let folder = place.empty("release")?;
    let wheel = place.only("wheels", ".whl")?;
    copy_sources(&folder)?;
    fs::create_dir(folder.join("dist"))?;
    fs::copy(&wheel, folder.join("dist").join(wheel.file_name().context("the wheel has no name")?))?;
    for step in &job.steps {
        let Some(script) = &step.run else { continue };
        let is_wanted = |condition: &String| {
            let wanted =
                condition.strip_prefix("matrix.target == '").and_then(|rest| rest.strip_suffix('\''));
            wanted == entry.get("target").map(String::as_str)
        };
        if !step.condition.as_ref().is_none_or(is_wanted) {
            continue;
        }
        if script.contains("npm ") && !has_npm() {
            say("skipped: npm is not here");
            continue;
        }
        let mut bash = bash(&filled_in(script, "matrix", entry));
        output_of(bash.current_dir(&folder).env("RUNNER_OS", "Linux"))?;
    }
    Ok(())
}

fn copy_sources(folder: &Path) -> anyhow::Result<()> {
    let listed = output_of(Command::new("git").current_dir(repository()).args(["ls-files", "-z"]))?;
    for path in listed.split('\0').filter(|path| !path.is_empty()) {
        let (from, to) = (repository().join(path), folder.join(path));
        if from.is_file() {
            fs::create_dir_all(to.parent().context("a path has no folder")?)?;
            fs::copy(from, to)?;
        }
    }
    Ok(())
}
