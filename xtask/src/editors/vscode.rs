//! VS Code: the extension is checked, packed with the program in it, and driven.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::found::{Tool, Tools};
use super::{base, code_server, fixtures, program};
use crate::repository;
use crate::run::output_of;
use crate::run::say;

fn folder() -> PathBuf {
    repository().join("editors/vscode")
}

/// Installs what the extension is built and tested with, as its lock file says, unless that is done.
pub(crate) fn dependencies() -> anyhow::Result<()> {
    let lock = fs::read_to_string(folder().join("package-lock.json"))?;
    let mark = folder().join("node_modules/.installed-lock");
    if fs::read_to_string(&mark).is_ok_and(|text| text == lock) {
        return Ok(());
    }
    say("fetching what the VS Code extension is built with");
    code_server::npm(&folder(), &["ci", "--ignore-scripts"])?;
    fs::write(mark, lock)?;
    Ok(())
}

/// Checks and packs the extension, and gives the command that drives it.
pub(crate) fn command(tools: &Tools<'_>) -> anyhow::Result<Command> {
    let node = tools.path(Tool::Node);
    output_of(Command::new("npm").current_dir(folder()).args(["run", "--silent", "check"]))?;
    let packed = base().join("leakwright.vsix");
    let target = format!("linux-{}", if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" });
    let mut pack = Command::new(&node);
    pack.current_dir(folder()).arg("package.mjs").arg(program()).arg(target).arg(&packed);
    output_of(&mut pack)?;
    let mut command = Command::new(node);
    command
        .current_dir(folder())
        .arg("out/test/run.js")
        .env("LEAKWRIGHT_FIXTURES", fixtures())
        .env("LEAKWRIGHT_WORK", work())
        .env("CODE_SERVER", tools.path(Tool::CodeServer))
        .env("CHROMIUM", tools.path(Tool::Chromium))
        .env("VSIX", packed);
    Ok(command)
}

/// The command that reads the page of a report in the browser that the extension is driven in.
pub(crate) fn page_command(tools: &Tools<'_>) -> anyhow::Result<Command> {
    let node = tools.path(Tool::Node);
    output_of(Command::new("npm").current_dir(folder()).args(["run", "--silent", "check"]))?;
    output_of(Command::new(&node).current_dir(folder()).arg("esbuild.mjs"))?;
    let mut command = Command::new(node);
    command
        .current_dir(folder())
        .arg("out/test/page.js")
        .env("LEAKWRIGHT_FIXTURES", fixtures())
        .env("LEAKWRIGHT_WORK", base().join("work/report"))
        .env("LEAKWRIGHT", program())
        .env("CHROMIUM", tools.path(Tool::Chromium));
    Ok(command)
}

fn work() -> PathBuf {
    base().join("work/vscode")
}

/// Keeps the pictures that the last run took for the documents.
pub(crate) fn keep_pictures() -> anyhow::Result<()> {
    for entry in fs::read_dir(work().join("screenshots/pictures"))? {
        let path = entry?.path();
        let kept = folder().join("images").join(path.file_name().unwrap_or_default());
        fs::copy(&path, &kept)?;
        say(&format!("wrote {}", kept.display()));
    }
    Ok(())
}
