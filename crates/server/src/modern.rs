//! What the protocol has and the library's types lack.

use serde_json::Value;

use crate::lsp::notification::Notification;
use crate::notebook;

/// `$/progress` with a part of an answer.
pub(crate) enum PartialResult {}

impl Notification for PartialResult {
    type Params = Value;
    const METHOD: &'static str = "$/progress";
}

/// Gives what a client says of itself the names under which the library looks for it.
pub(crate) fn initialize_params(params: &mut Value) {
    let workspace = params.pointer_mut("/capabilities/workspace").and_then(Value::as_object_mut);
    if let Some(workspace) = workspace
        && let Some(diagnostics) = workspace.get("diagnostics").cloned()
    {
        workspace.insert("diagnostic".to_owned(), diagnostics);
    }
    if let Some(params) = params.as_object_mut() {
        match params.get("trace").and_then(Value::as_str) {
            Some("off" | "messages" | "verbose") => {}
            // Of VS Code: the same, laid out in another way.
            Some("compact") => drop(params.insert("trace".to_owned(), Value::from("messages"))),
            _ => drop(params.remove("trace")),
        }
    }
}

/// Takes the edit out of an action that has one already. The library forgets the annotations of its parts.
pub(crate) fn take_edit(params: &mut Value) -> Option<Value> {
    params.as_object_mut()?.remove("edit")
}

/// Gives an action back the edit that it had.
pub(crate) fn give_back(action: &mut Value, edit: Value) {
    if let Some(action) = action.as_object_mut() {
        action.insert("edit".to_owned(), edit);
    }
}

/// Gives a command that has no arguments none.
pub(crate) fn command_params(params: &mut Value) {
    if let Some(params) =
        params.as_object_mut().filter(|params| params.get("arguments") == Some(&Value::Null))
    {
        params.remove("arguments");
    }
}

/// Says of the server what the library has no name for.
pub(crate) fn initialize_result(result: &mut Value) {
    if let Some(capabilities) = result.get_mut("capabilities").and_then(Value::as_object_mut) {
        capabilities.insert("notebookDocumentSync".to_owned(), notebook::capability());
    }
}
