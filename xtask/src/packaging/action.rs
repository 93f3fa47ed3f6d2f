//! The GitHub action: what its steps run is run as GitHub runs it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use serde::Deserialize;

use super::github::{bash, filled_in};
use super::place::Place;
use crate::repository;

#[derive(Deserialize)]
struct Action {
    inputs: BTreeMap<String, Input>,
    runs: Runs,
}

#[derive(Deserialize)]
struct Input {
    description: String,
    default: String,
}

#[derive(Deserialize)]
struct Runs {
    using: String,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    shell: String,
    #[serde(default)]
    env: BTreeMap<String, String>,
    run: String,
}

/// What a run of the action came to.
struct Outcome {
    said: String,
    is_success: bool,
    outputs: String,
}

pub(super) fn finds_leaks(place: &Place) -> anyhow::Result<()> {
    let text = fs::read_to_string(repository().join("action.yml"))?;
    let action: Action = serde_saphyr::from_str(&text).context("action.yml")?;
    ensure!(action.runs.using == "composite", "it is run by {}", action.runs.using);
    ensure!(action.inputs.values().all(|input| !input.description.is_empty()), "each input says what it is");
    let project = place.leaking("acted-on")?;
    let wheel = place.only("wheels", ".whl")?.to_string_lossy().into_owned();
    let run = |given: &[(&str, &str)]| -> anyhow::Result<Outcome> {
        let mut inputs: BTreeMap<String, String> =
            action.inputs.iter().map(|(name, input)| (name.clone(), input.default.clone())).collect();
        inputs.insert("requirement".to_owned(), wheel.clone());
        inputs.extend(given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        action.run(&inputs, &place.empty("runner")?, &project)
    };
    let Outcome { said, is_success, outputs } = run(&[])?;
    ensure!(
        !is_success && said.contains("::warning file=load.py,line=2"),
        "the leak is not annotated: {said}"
    );
    ensure!(outputs.contains("exit-code=1"), "the output is: {outputs}");
    let Outcome { said, is_success, .. } = run(&[("diff-base", "HEAD"), ("paths", "load.py")])?;
    ensure!(is_success, "nothing was introduced: {said}");
    let sarif = [("sarif-file", "leaks.sarif"), ("arguments", "--exit-zero --select LW3")];
    let Outcome { said, is_success, .. } = run(&sarif)?;
    ensure!(is_success, "it was to end with success: {said}");
    let log = fs::read_to_string(project.join("leaks.sarif"))?;
    ensure!(log.contains("\"LW301\""), "the log is: {log}");
    let Outcome { said, is_success, .. } = run(&[("paths", "nowhere.py")])?;
    ensure!(!is_success && said.contains("nowhere.py"), "a path that does not exist: {said}");
    Ok(())
}

impl Action {
    fn run(
        &self,
        inputs: &BTreeMap<String, String>,
        runner: &Path,
        project: &Path,
    ) -> anyhow::Result<Outcome> {
        let file = |name: &str| -> anyhow::Result<PathBuf> {
            let path = runner.join(name);
            fs::write(&path, "")?;
            Ok(path)
        };
        let (variables, outputs) = (file("env")?, file("output")?);
        let mut outcome = Outcome { said: String::new(), is_success: true, outputs: String::new() };
        for step in &self.runs.steps {
            ensure!(step.shell == "bash", "a step is run by {}", step.shell);
            let set = fs::read_to_string(&variables)?;
            let mut bash = bash(&step.run);
            bash.current_dir(project)
                .envs(step.env.iter().map(|(name, value)| (name, filled_in(value, "inputs", inputs))))
                .envs(set.lines().filter_map(|line| line.split_once('=')))
                .env("RUNNER_TEMP", runner)
                .env("GITHUB_ENV", &variables)
                .env("GITHUB_OUTPUT", &outputs);
            let output = bash.output().context("cannot run bash")?;
            outcome.said += &String::from_utf8_lossy(&[output.stdout, output.stderr].concat());
            outcome.is_success = output.status.success();
            if !outcome.is_success {
                break;
            }
        }
        outcome.outputs = fs::read_to_string(outputs)?;
        Ok(outcome)
    }
}
