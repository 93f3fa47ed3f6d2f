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

fn traces(client: &mut LspClient) -> Vec<Value> {
    client.shown_after(std::time::Duration::from_millis(300), "");
    let messages = client.drain();
    let traces = messages.into_iter().filter(|message| message["method"] == "$/logTrace");
    traces.map(|mut message| message["params"].take()).collect()
}

#[test]
fn what_is_said_is_told_as_far_as_the_client_wants() {
    let mut client = LspClient::start(Path::new("."), &json!({}));
    client.open(URI, LEAK, 1);
    client.diagnostics(URI, 1);
    hover(&mut client);
    assert_eq!(traces(&mut client), Vec::<Value>::new());
    client.notify("$/setTrace", &json!({ "value": "messages" }));
    client.change(URI, 2, &json!([{ "text": LEAK }]));
    client.diagnostics(URI, 2);
    hover(&mut client);
    let told = traces(&mut client);
    let text = |told: &[Value]| -> String {
        told.iter().map(|one| format!("{}\n", one["message"].as_str().unwrap())).collect()
    };
    let all = text(&told);
    for part in [
        "Received notification 'textDocument/didChange'.",
        "Analysed file:///nowhere/load.py, version 2, in ",
        "Sending notification 'textDocument/publishDiagnostics'.",
        "Received request 'textDocument/hover - (",
        "Sending response to request 'textDocument/hover - (",
        "Processing took ",
    ] {
        assert!(all.contains(part), "{part} in {all}");
    }
    assert!(told.iter().all(|one| one.get("verbose").is_none()), "{told:?}");
    client.notify("$/setTrace", &json!({ "value": "verbose" }));
    hover(&mut client);
    let told = traces(&mut client);
    assert!(
        told.iter().any(|one| one["verbose"].as_str().is_some_and(|text| text.contains("Result: "))),
        "{told:?}"
    );
    assert!(told.iter().any(|one| one["verbose"].as_str().is_some_and(|text| text.contains("\"position\""))));
    client.notify("$/setTrace", &json!({ "value": "nonsense" }));
    client.notify("$/setTrace", &json!({ "value": "off" }));
    hover(&mut client);
    let told = text(&traces(&mut client));
    assert!(!told.contains("hover"), "{told}");
}

#[test]
fn tracing_can_begin_with_the_first_message_and_strange_levels_do_no_harm() {
    for (level, is_told) in [("compact", true), ("messages", true), ("loud", false)] {
        let params = json!({ "rootUri": null, "capabilities": {}, "trace": level });
        let mut client = LspClient::start_with(Path::new("."), &params);
        hover(&mut client);
        assert_eq!(!traces(&mut client).is_empty(), is_told, "{level}");
    }
}
