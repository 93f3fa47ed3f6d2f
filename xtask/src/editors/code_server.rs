//! VS Code as a server, from the npm registry.
//!
//! The package compiles parts of itself when it is installed, and its own script for that downloads from
//! elsewhere. So it is installed without scripts; then the parts that it loads are compiled one by one.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};

use crate::run::output_of;

/// The newest that runs on Node 20.
pub(crate) const VERSION: &str = "4.100.3";

/// The script that starts it, below the folder of fetched editors.
pub(crate) const ENTRY: &str = "code-server/node_modules/code-server/out/node/entry.js";

/// Installs it into a folder. `ripgrep` is what it finds files with.
pub(crate) fn install(folder: &Path, ripgrep: &Path) -> anyhow::Result<()> {
    for tool in ["g++", "make", "python3"] {
        let is_there =
            Command::new(tool).arg("--version").output().is_ok_and(|output| output.status.success());
        ensure!(is_there, "code-server needs {tool}, to compile parts of itself");
    }
    fs::create_dir_all(folder)?;
    fs::write(folder.join("package.json"), "{ \"name\": \"code-server-for-tests\", \"private\": true }\n")?;
    npm(folder, &["install", &format!("code-server@{VERSION}"), "--ignore-scripts"])?;
    npm(folder, &["rebuild", "argon2"])?;
    let vscode = folder.join("node_modules/code-server/lib/vscode");
    npm(&vscode, &["install", "--omit=dev", "--ignore-scripts"])?;
    npm(&vscode.join("extensions"), &["install", "--omit=dev", "--ignore-scripts"])?;
    npm(&vscode, &["rebuild", "@vscode/spdlog", "node-pty", "native-watchdog"])?;
    link("node_modules", &vscode.join("node_modules.asar"))?;
    link("code-linux.sh", &vscode.join("bin/remote-cli/code-server"))?;
    link("browser-linux.sh", &vscode.join("bin/helpers/browser.sh"))?;
    let finds_files = vscode.join("node_modules/@vscode/ripgrep/bin");
    fs::create_dir_all(&finds_files)?;
    link(ripgrep, &finds_files.join("rg"))
}

fn link(target: impl AsRef<Path>, path: &Path) -> anyhow::Result<()> {
    let _ = fs::remove_file(path);
    symlink(target, path).with_context(|| path.display().to_string())
}

/// Runs npm in a folder.
pub(crate) fn npm(folder: &Path, arguments: &[&str]) -> anyhow::Result<()> {
    let mut command = Command::new("npm");
    command.current_dir(folder).args(arguments).args(["--no-audit", "--no-fund", "--loglevel=error"]);
    // One of the scripts asks whether it may run a tool of npm's own.
    command.env("npm_config_yes", "true");
    if let Some(headers) = node_headers() {
        command.env("npm_config_nodedir", headers);
    }
    output_of(&mut command).map(drop)
}

/// Where Node's own headers are, if they came with it: otherwise npm downloads them.
fn node_headers() -> Option<String> {
    let output = Command::new("node").args(["-p", "process.execPath"]).output().ok()?;
    let node = String::from_utf8(output.stdout).ok()?;
    let prefix = Path::new(node.trim()).parent()?.parent()?;
    prefix.join("include/node/node.h").is_file().then(|| prefix.display().to_string())
}
