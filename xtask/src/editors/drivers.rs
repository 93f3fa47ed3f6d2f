//! What drives each editor, and what it needs for that.

use std::process::Command;

use super::found::{Tool, Tools};
use super::{Editor, fixtures, program, vscode, work};
use crate::repository;

/// What drives an editor through the scenario.
pub(crate) struct Driver {
    pub(crate) name: &'static str,
    pub(crate) needs: &'static [Tool],
    pub(crate) command: fn(&Tools<'_>) -> anyhow::Result<Command>,
}

const VSCODE: [Driver; 1] = [Driver {
    name: "VS Code",
    needs: &[Tool::Node, Tool::CodeServer, Tool::Chromium],
    command: vscode::command,
}];

const NEOVIM: [Driver; 2] = [
    Driver {
        name: "Neovim",
        needs: &[Tool::Neovim],
        command: |tools| {
            driven(
                tools,
                Tool::Neovim,
                "neovim",
                &["--clean", "--headless", "-l", "editors/neovim/test/run.lua"],
            )
        },
    },
    Driver {
        name: "Neovim before 0.11",
        needs: &[Tool::OldNeovim],
        command: |tools| {
            driven(
                tools,
                Tool::OldNeovim,
                "neovim-old",
                &["--clean", "--headless", "-l", "editors/neovim/test/run.lua"],
            )
        },
    },
];

const HELIX: [Driver; 1] = [Driver {
    name: "Helix",
    needs: &[Tool::Helix, Tool::Tmux, Tool::Python],
    command: |tools| {
        let mut command = driven(tools, Tool::Python, "helix", &["editors/helix/test/run.py"])?;
        command.env("HELIX", tools.path(Tool::Helix)).env("TMUX_PROGRAM", tools.path(Tool::Tmux));
        Ok(command)
    },
}];

const EMACS: [Driver; 2] = [
    Driver {
        name: "Emacs with eglot",
        needs: &[Tool::Emacs, Tool::Python],
        command: |tools| emacs(tools, "eglot"),
    },
    Driver {
        name: "Emacs with lsp-mode",
        needs: &[Tool::Emacs, Tool::LspMode, Tool::Python],
        command: |tools| emacs(tools, "lsp-mode"),
    },
];

const REPORT: [Driver; 1] = [Driver {
    name: "Page of the report",
    needs: &[Tool::Node, Tool::Chromium],
    command: vscode::page_command,
}];

fn emacs(tools: &Tools<'_>, client: &str) -> anyhow::Result<Command> {
    let name = format!("emacs-{client}");
    let mut command = driven(tools, Tool::Python, &name, &["editors/emacs/test/run.py", client])?;
    command.env("EMACS", tools.path(Tool::Emacs));
    Ok(command)
}

pub(crate) fn of(editor: Editor) -> &'static [Driver] {
    match editor {
        Editor::Vscode => &VSCODE,
        Editor::Neovim => &NEOVIM,
        Editor::Helix => &HELIX,
        Editor::Emacs => &EMACS,
        Editor::Report => &REPORT,
    }
}

/// A tool that runs a driver, in an environment that says where everything is.
fn driven(tools: &Tools<'_>, tool: Tool, name: &str, arguments: &[&str]) -> anyhow::Result<Command> {
    let work = work(name)?;
    let mut command = Command::new(tools.path(tool));
    command
        .current_dir(repository())
        .args(arguments)
        .env("LEAKWRIGHT_FIXTURES", fixtures())
        .env("LEAKWRIGHT_WORK", &work)
        .env("LEAKWRIGHT", program())
        // Nothing of the user's own configuration, and nothing left in it.
        .env("XDG_CONFIG_HOME", work.join("config"))
        .env("XDG_DATA_HOME", work.join("data"))
        .env("XDG_STATE_HOME", work.join("state"))
        .env("XDG_CACHE_HOME", work.join("cache"));
    Ok(command)
}
