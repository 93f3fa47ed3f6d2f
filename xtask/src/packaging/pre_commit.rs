//! The hooks, as pre-commit installs and runs them.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::ensure;

use super::place::{LEAK, Place};
use super::wheel::built_quickly;
use crate::repository;
use crate::run::output_of;

pub(super) fn runs(place: &Place) -> anyhow::Result<()> {
    let project = place.leaking("hooked")?;
    // As it is committed: pre-commit clones what it installs.
    let revision = output_of(Command::new("git").current_dir(repository()).args(["rev-parse", "HEAD"]))?;
    let hooks =
        "    hooks:\n      - id: leakwright\n      - id: leakwright-fix\n        args: [--unsafe-fixes]\n";
    let config =
        format!("repos:\n  - repo: {}\n    rev: {}\n{hooks}", repository().display(), revision.trim());
    fs::write(project.join(".pre-commit-config.yaml"), config)?;
    output_of(Command::new("git").current_dir(&project).args(["add", "-A"]))?;
    let run = |hook: &str| -> anyhow::Result<(String, bool)> {
        let mut command = place.tool("pre-commit");
        let command = built_quickly(place, &mut command);
        command.current_dir(&project).env("PRE_COMMIT_HOME", place.path("hooks")).stdin(Stdio::null());
        let output = command.args(["run", "--all-files", hook]).output()?;
        let said = [output.stdout, output.stderr].concat();
        Ok((String::from_utf8_lossy(&said).into_owned(), output.status.success()))
    };
    let (said, is_clean) = run("leakwright")?;
    ensure!(
        !is_clean && said.contains("load.py:2:14") && said.contains("LW301"),
        "the leak is not found: {said}"
    );
    let (said, is_clean) = run("leakwright-fix")?;
    ensure!(!is_clean && said.contains("files were modified by this hook"), "nothing is mended: {said}");
    let mended = fs::read_to_string(project.join("load.py"))?;
    ensure!(mended != LEAK && mended.contains("with open(path) as handle:"), "it became: {mended}");
    let (said, is_clean) = run("leakwright")?;
    ensure!(is_clean, "what was mended is found again: {said}");
    Ok(())
}
