//! Scripts of GitHub's workflows and actions, run as GitHub runs them.

use std::collections::BTreeMap;
use std::process::Command;

/// The shell that GitHub runs a script with.
pub(super) fn bash(script: &str) -> Command {
    let mut bash = Command::new("bash");
    bash.args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script]);
    bash
}

/// A text with the values of a context that it names: `${{ inputs.paths }}`.
pub(super) fn filled_in(text: &str, context: &str, values: &BTreeMap<String, String>) -> String {
    values.iter().fold(text.to_owned(), |text, (name, value)| {
        text.replace(&format!("${{{{ {context}.{name} }}}}"), value)
    })
}
