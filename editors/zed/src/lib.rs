//! Tells Zed how to start Leakwright's language server.

use zed_extension_api::settings::LspSettings;
use zed_extension_api::{self as zed, Command, LanguageServerId, Result, Worktree, serde_json};

struct Leakwright;

impl zed::Extension for Leakwright {
    fn new() -> Self {
        Self
    }

    fn language_server_command(&mut self, id: &LanguageServerId, worktree: &Worktree) -> Result<Command> {
        let set = LspSettings::for_worktree(id.as_ref(), worktree).ok().and_then(|settings| settings.binary);
        let path = set.as_ref().and_then(|binary| binary.path.clone()).or_else(|| worktree.which("leakwright"));
        Ok(Command {
            command: path.ok_or("`leakwright` is not on PATH: install it with `cargo install`")?,
            args: set.and_then(|binary| binary.arguments).unwrap_or_else(|| vec!["server".to_owned()]),
            env: worktree.shell_env(),
        })
    }

    fn language_server_workspace_configuration(
        &mut self,
        id: &LanguageServerId,
        worktree: &Worktree,
    ) -> Result<Option<serde_json::Value>> {
        let settings = LspSettings::for_worktree(id.as_ref(), worktree).ok().and_then(|it| it.settings);
        Ok(Some(serde_json::json!({ "leakwright": settings.unwrap_or_default() })))
    }
}

zed::register_extension!(Leakwright);
