//! Which editors and tools there are: those that were fetched, else those on `PATH` that are new enough.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use super::{Editor, base, code_server, drivers};
use crate::run::say;

/// A program that drivers use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tool {
    /// VS Code as a server: a script for Node.
    CodeServer,
    Chromium,
    Neovim,
    /// From before `vim.lsp.config`.
    OldNeovim,
    Helix,
    Tmux,
    Emacs,
    /// For Emacs.
    LspMode,
    Node,
    Python,
}

/// What a tool is called, and what it has to be.
struct Kind {
    name: &'static str,
    /// Below `target/editors`.
    fetched: &'static str,
    /// On `PATH`.
    names: &'static [&'static str],
    /// The argument that makes it say its version, and the versions that will do: from, and below.
    version: Option<(&'static str, [u32; 2], [u32; 2])>,
}

const ANY: [u32; 2] = [u32::MAX, 0];

impl Tool {
    const ALL: [Tool; 10] = [
        Tool::CodeServer,
        Tool::Chromium,
        Tool::Neovim,
        Tool::OldNeovim,
        Tool::Helix,
        Tool::Tmux,
        Tool::Emacs,
        Tool::LspMode,
        Tool::Node,
        Tool::Python,
    ];

    fn kind(self) -> Kind {
        let (name, fetched, names, version): (_, _, &[&str], _) = match self {
            Tool::CodeServer => ("code-server", code_server::ENTRY, &[], None),
            Tool::Chromium => {
                ("Chromium", "tools/chromium", &["chromium", "chromium-browser", "google-chrome"], None)
            }
            Tool::Neovim => ("Neovim 0.11", "neovim/nvim", &["nvim"], Some(("--version", [0, 11], ANY))),
            Tool::OldNeovim => {
                ("Neovim before 0.11", "stable/nvim", &["nvim"], Some(("--version", [0, 8], [0, 11])))
            }
            Tool::Helix => ("Helix", "stable/hx", &["hx", "helix"], Some(("--version", [23, 10], ANY))),
            Tool::Tmux => ("tmux", "tools/tmux", &["tmux"], None),
            Tool::Emacs => ("Emacs 29", "stable/emacs", &["emacs"], Some(("--version", [29, 1], ANY))),
            Tool::LspMode => ("lsp-mode", "stable/lsp-mode.el", &[], None),
            Tool::Node => ("Node", "", &["node"], Some(("--version", [20, 0], ANY))),
            Tool::Python => ("Python", "", &["python3"], None),
        };
        Kind { name, fetched, names, version }
    }
}

/// A tool that is not there.
#[derive(Debug)]
pub(crate) struct Missing(&'static str);

impl std::fmt::Display for Missing {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "there is no {}", self.0)
    }
}

impl std::error::Error for Missing {}

/// The tools that there are.
pub(crate) struct Found(BTreeMap<Tool, PathBuf>);

/// The tools of a driver.
pub(crate) struct Tools<'a>(&'a Found);

impl Found {
    /// Looks for the tools that some editors need, and says what it finds.
    pub(crate) fn look(editors: &[Editor]) -> Self {
        let needed: Vec<Tool> = editors
            .iter()
            .flat_map(|editor| drivers::of(*editor))
            .flat_map(|driver| driver.needs)
            .copied()
            .collect();
        let found: BTreeMap<Tool, PathBuf> = Tool::ALL
            .into_iter()
            .filter(|tool| needed.contains(tool))
            .filter_map(|tool| Some((tool, look(&tool.kind())?)))
            .collect();
        for (tool, path) in &found {
            say(&format!("{}: {}", tool.kind().name, path.display()));
        }
        Self(found)
    }

    /// The tools of a driver, or the first that is missing.
    pub(crate) fn tools(&self, needs: &[Tool]) -> anyhow::Result<Tools<'_>> {
        match needs.iter().find(|tool| !self.0.contains_key(tool)) {
            Some(tool) => Err(Missing(tool.kind().name).into()),
            None => Ok(Tools(self)),
        }
    }
}

impl Tools<'_> {
    /// Where a tool is.
    pub(crate) fn path(&self, tool: Tool) -> PathBuf {
        self.0.0.get(&tool).cloned().unwrap_or_default()
    }
}

fn look(kind: &Kind) -> Option<PathBuf> {
    let fetched = Some(base().join(kind.fetched)).filter(|path| path.is_file());
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path)
        .flat_map(|folder| kind.names.iter().map(move |name| folder.join(name)))
        .filter(|path| path.is_file());
    fetched.into_iter().chain(on_path).find(|path| kind.version.is_none_or(|wanted| is_version(path, wanted)))
}

/// Whether a program says that it is of a version within bounds.
fn is_version(path: &PathBuf, (argument, from, below): (&str, [u32; 2], [u32; 2])) -> bool {
    let output = Command::new(path).arg(argument).output().ok();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    version(&text).is_some_and(|version| from <= version && version < below)
}

/// The first two numbers of the first word that begins with a number, or with `v` and a number.
fn version(text: &str) -> Option<[u32; 2]> {
    text.split_whitespace().find_map(|word| {
        let mut numbers = word.strip_prefix('v').unwrap_or(word).split('.').map(str::parse);
        Some([numbers.next()?.ok()?, numbers.next()?.ok()?])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(version("NVIM v0.12.4\nBuild type: Release"), Some([0, 12]));
        assert_eq!(version("helix 25.01.1 (e7ac2fcd)"), Some([25, 1]));
        assert_eq!(version("GNU Emacs 30.1\nCopyright"), Some([30, 1]));
        assert_eq!(version("v20.20.2"), Some([20, 20]));
        assert_eq!(version("no version"), None);
    }
}
