//! `$/setTrace` and `$/logTrace`.

use std::path::Path;

use leakwright_testkit::LspClient;
use serde_json::{Value, json};

const LEAK: &str = "def load(path):\n    handle = open(path)\n    return handle.read()\n";
const URI: &str = "file:///nowhere/load.py";

fn hover(client: &mut LspClient) {
    let place = json!({ "textDocument": { "uri": URI }, "position": { "line": 1, "character": 15 } });
    client.request("textDocument/hover", &place);
}

/// What is told without waiting for anything.
fn told_by_now(client: &mut LspClient) -> Vec<Value> {
    client.shown_after(std::time::Duration::from_millis(300), "");
    let traces = client.drain().into_iter().filter(|message| message["method"] == "$/logTrace");
    traces.map(|mut message| message["params"].take()).collect()
}

/// What is told until each of some parts of messages was.
fn told_until(client: &mut LspClient, parts: &[&str]) -> Vec<Value> {
    let mut missing = parts.to_vec();
    let mut told = Vec::new();
    while !missing.is_empty() {
        let trace = client.message("$/logTrace", |_| true);
        let message = trace["message"].as_str().unwrap_or_default();
        missing.retain(|part| !message.contains(part));
        told.push(trace);
    }
    told
}

#[test]
fn what_is_said_is_told_as_far_as_the_client_wants() {
    let mut client = LspClient::start(Path::new("."), &json!({}));
    client.open(URI, LEAK, 1);
    client.diagnostics(URI, 1);
    hover(&mut client);
    assert_eq!(told_by_now(&mut client), Vec::<Value>::new());
    client.notify("$/setTrace", &json!({ "value": "messages" }));
    client.change(URI, 2, &json!([{ "text": LEAK }]));
    client.diagnostics(URI, 2);
    hover(&mut client);
    let told = told_until(
        &mut client,
        &[
            "Received notification 'textDocument/didChange'.",
            "Analysed file:///nowhere/load.py, version 2, in ",
            "Sending notification 'textDocument/publishDiagnostics'.",
            "Received request 'textDocument/hover - (",
            "Sending response to request 'textDocument/hover - (",
            "Processing took ",
        ],
    );
    assert!(told.iter().all(|one| one.get("verbose").is_none()), "{told:?}");
    client.notify("$/setTrace", &json!({ "value": "verbose" }));
    hover(&mut client);
    let answer = "Sending response to request 'textDocument/hover - (";
    let told = told_until(&mut client, &[answer]);
    for part in ["Result: ", "\"position\""] {
        let has_it = |one: &Value| one["verbose"].as_str().is_some_and(|text| text.contains(part));
        assert!(told.iter().any(has_it), "{part} in {told:?}");
    }
    client.notify("$/setTrace", &json!({ "value": "nonsense" }));
    client.notify("$/setTrace", &json!({ "value": "off" }));
    hover(&mut client);
    let told = told_by_now(&mut client);
    let is_hover = |one: &Value| one["message"].as_str().unwrap().contains("hover");
    assert!(!told.iter().any(is_hover), "{told:?}");
}

#[test]
fn tracing_can_begin_with_the_first_message_and_strange_levels_do_no_harm() {
    for (level, is_told) in [("compact", true), ("messages", true), ("loud", false)] {
        let params = json!({ "rootUri": null, "capabilities": {}, "trace": level });
        let mut client = LspClient::start_with(Path::new("."), &params);
        hover(&mut client);
        if is_told {
            told_until(&mut client, &["hover"]);
        } else {
            assert_eq!(told_by_now(&mut client), Vec::<Value>::new(), "{level}");
        }
    }
}
