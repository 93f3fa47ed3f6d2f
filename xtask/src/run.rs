//! Running the steps of a task.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, bail, ensure};

/// Says something to the person at the terminal.
#[expect(clippy::print_stderr, reason = "a development task says what it does")]
pub(crate) fn say(what: &str) {
    eprintln!("{what}");
}

/// Runs a step and says how long it took.
pub(crate) fn step(what: &str, run: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    say(&format!("== {what}"));
    let start = Instant::now();
    run()?;
    say(&format!("== {what}: {:.1} s", start.elapsed().as_secs_f64()));
    Ok(())
}

/// Runs `cargo` with arguments in the workspace and fails if it fails.
pub(crate) fn cargo(what: &str, args: &[&str]) -> anyhow::Result<()> {
    step(&format!("{what}: cargo {}", args.join(" ")), || {
        let status = Command::new(env!("CARGO"))
            .current_dir(crate::repository())
            .args(args)
            .status()
            .context("cannot run cargo")?;
        ensure!(status.success(), "{what} failed");
        Ok(())
    })
}

/// Runs a command and gives what it prints. What it says on failure goes into the error.
pub(crate) fn output_of(command: &mut Command) -> anyhow::Result<String> {
    let shown = command.get_program().display().to_string();
    let output = command.output().with_context(|| format!("cannot run {shown}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    let arguments: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy()).collect();
    let errors = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = text.lines().chain(errors.lines()).collect();
    let last = lines[lines.len().saturating_sub(40)..].join("\n");
    bail!("{shown} {} failed ({}):\n{last}", arguments.join(" "), output.status)
}

/// Fetches something into a folder, unless it is there already as it is wanted.
pub(crate) fn fetched(
    folder: &Path,
    wanted: &str,
    fetch: impl FnOnce(&Path) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mark = folder.join("fetched");
    if fs::read_to_string(&mark).is_ok_and(|text| text == wanted) {
        return Ok(());
    }
    let name = folder.file_name().unwrap_or_default().display().to_string();
    say(&format!("fetching {name}: {wanted}"));
    let start = Instant::now();
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder)?;
    fetch(folder).with_context(|| format!("cannot fetch {name}"))?;
    fs::write(&mark, wanted)?;
    say(&format!("fetched {name}: {:.1} s", start.elapsed().as_secs_f64()));
    Ok(())
}
