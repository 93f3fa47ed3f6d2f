//! The language server, driven as a child process.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::time::Duration;

use leakwright_testkit::{LspClient, leakwright};
use serde_json::{Value, json};

const LEAK: &str = "class Queue:\n    def __init__(self):\n        self.messages = []\n\n    def add_message(self, m):\n        self.messages.append(m)\n";
const URI: &str = "file:///nowhere/queue.py";

fn capabilities() -> Value {
    json!({
        "textDocument": {
            "publishDiagnostics": { "relatedInformation": true, "versionSupport": true },
            "codeAction": { "codeActionLiteralSupport": { "codeActionKind": { "valueSet": ["quickfix"] } } }
        },
        "workspace": { "workspaceEdit": { "documentChanges": true } }
    })
}

fn start() -> LspClient {
    LspClient::start(Path::new("."), &capabilities())
}

fn whole_range(text: &str) -> Value {
    json!({ "start": { "line": 0, "character": 0 }, "end": { "line": text.lines().count(), "character": 0 } })
}

fn codes(diagnostics: &[Value]) -> Vec<&str> {
    diagnostics.iter().map(|diagnostic| diagnostic["code"].as_str().unwrap()).collect()
}

#[test]
fn diagnostics_carry_version_code_and_related_places() {
    let mut client = start();
    client.open(URI, LEAK, 7);
    let diagnostics = client.diagnostics(URI, 7);
    assert_eq!(codes(&diagnostics), ["LW101"]);
    let diagnostic = &diagnostics[0];
    assert_eq!(diagnostic["severity"], 2);
    assert_eq!(diagnostic["source"], "leakwright");
    assert_eq!(diagnostic["range"]["start"], json!({ "line": 5, "character": 8 }));
    assert!(diagnostic["message"].as_str().unwrap().contains("`Queue.messages` only ever grows"));
    assert!(diagnostic["codeDescription"]["href"].as_str().unwrap().ends_with("/LW101"));
    let related = diagnostic["relatedInformation"].as_array().unwrap();
    assert!(related.iter().any(|place| place["location"]["range"]["start"]["line"] == 2), "{related:#?}");
}

#[test]
fn each_version_is_published_even_if_nothing_changed() {
    let mut client = start();
    client.open(URI, LEAK, 1);
    assert_eq!(client.diagnostics(URI, 1).len(), 1);
    let at = |line: u32, character: u32| json!({ "start": { "line": line, "character": character }, "end": { "line": line, "character": character } });
    client.change(URI, 2, &json!([{ "range": at(6, 0), "text": "\n# a comment\n" }]));
    assert_eq!(client.diagnostics(URI, 2).len(), 1);
    // Removing makes it sound, and taking that back makes it leak again.
    client.change(
        URI,
        3,
        &json!([{ "range": at(6, 0), "text": "\n    def drain(self):\n        self.messages.clear()\n" }]),
    );
    assert_eq!(client.diagnostics(URI, 3).len(), 0);
    client.change(URI, 4, &json!([{ "text": LEAK }]));
    assert_eq!(client.diagnostics(URI, 4).len(), 1);
    client.notify("textDocument/didClose", &json!({ "textDocument": { "uri": URI } }));
    client.open(URI, "x = 1\n", 1);
    assert_eq!(client.diagnostics(URI, 1).len(), 0);
}

#[test]
fn quick_fixes_are_versioned_edits_that_mend() {
    let mut client = start();
    client.open(URI, LEAK, 3);
    client.diagnostics(URI, 3);
    let actions = client.request(
        "textDocument/codeAction",
        &json!({ "textDocument": { "uri": URI }, "range": whole_range(LEAK), "context": { "diagnostics": [] } }),
    );
    let actions = actions.as_array().unwrap();
    let titles: Vec<&str> = actions.iter().map(|action| action["title"].as_str().unwrap()).collect();
    let fixes = ["Use `deque(maxlen=1000)`", "Keep the last 1000: `del …[:-1000]` after it grows"];
    assert_eq!(titles, [fixes[0], fixes[1], "Suppress LW101 on this line"]);
    let change = &actions[0]["edit"]["documentChanges"][0];
    assert_eq!(change["textDocument"], json!({ "uri": URI, "version": 3 }));
    assert_eq!(actions[0]["diagnostics"][0]["code"], "LW101");
    // Applied as a client does: from the last edit to the first.
    let mut edits: Vec<Value> = change["edits"].as_array().unwrap().clone();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit["range"]["start"]["line"].as_u64()));
    let changes: Vec<Value> =
        edits.iter().map(|edit| json!({ "range": edit["range"], "text": edit["newText"] })).collect();
    client.change(URI, 4, &json!(changes));
    assert_eq!(client.diagnostics(URI, 4).len(), 0);
    let other = client.request(
        "textDocument/codeAction",
        &json!({ "textDocument": { "uri": URI }, "range": whole_range(LEAK), "context": { "diagnostics": [], "only": ["source"] } }),
    );
    assert_eq!(other, json!([]));
}

#[test]
fn a_request_waits_for_the_version_it_was_sent_for() {
    let mut client = start();
    client.open(URI, "x = 1\n", 1);
    // No waiting for diagnostics: the hover comes right behind the change.
    client.change(URI, 2, &json!([{ "text": LEAK }]));
    let hover = client.request(
        "textDocument/hover",
        &json!({ "textDocument": { "uri": URI }, "position": { "line": 5, "character": 12 } }),
    );
    let text = hover["contents"]["value"].as_str().unwrap();
    assert!(text.contains("**LW101**") && text.contains("line 3:"), "{text}");
    let nothing = client.request(
        "textDocument/hover",
        &json!({ "textDocument": { "uri": URI }, "position": { "line": 0, "character": 0 } }),
    );
    assert_eq!(nothing, Value::Null);
}

#[test]
fn columns_are_counted_as_agreed() {
    // The snake is one character, two UTF-16 units and four bytes.
    let text = "def f(p):\r\n    x = '\u{1F40D}'; g = open(p)\r\n    return g.read()\r\n";
    for (encoding, column) in [("utf-8", 20), ("utf-16", 18), ("utf-32", 17)] {
        let mut capabilities = capabilities();
        capabilities["general"] = json!({ "positionEncodings": [encoding] });
        let mut client = LspClient::start(Path::new("."), &capabilities);
        client.open(URI, text, 1);
        let diagnostics = client.diagnostics(URI, 1);
        assert_eq!(diagnostics[0]["range"]["start"], json!({ "line": 1, "character": column }), "{encoding}");
    }
}

#[test]
fn a_broken_function_does_not_silence_the_others() {
    let mut client = start();
    let text = format!("{LEAK}\n\ndef broken(:\n    pass\n");
    client.open(URI, &text, 1);
    assert_eq!(codes(&client.diagnostics(URI, 1)), ["LW101"]);
}

#[test]
fn a_class_that_cannot_be_parsed_whole_is_not_judged() {
    let mut client = start();
    let text = format!("{LEAK}\n    def drain(self):\n        self.messages.clear(\n");
    client.open(URI, &text, 1);
    assert_eq!(codes(&client.diagnostics(URI, 1)), Vec::<&str>::new());
}

#[test]
fn impossible_edits_and_messages_change_nothing_for_the_worse() {
    let mut client = start();
    client.open(URI, LEAK, 1);
    let far = json!({ "start": { "line": 900, "character": 7 }, "end": { "line": 4_000_000_000_u32, "character": 9 } });
    client.change(URI, 2, &json!([{ "range": far, "text": "\nx = 1\n" }]));
    assert_eq!(client.diagnostics(URI, 2).len(), 1);
    let inverted = json!({ "start": { "line": 3, "character": 0 }, "end": { "line": 0, "character": 0 } });
    client.change(URI, 3, &json!([{ "range": inverted, "text": "" }]));
    assert_eq!(client.diagnostics(URI, 3).len(), 1);
    client.change("file:///never/opened.py", 1, &json!([{ "text": "x" }]));
    client.notify("textDocument/didClose", &json!({ "textDocument": { "uri": "file:///never/opened.py" } }));
    client.notify("no/such/notification", &json!({}));
    let unknown = client.send_request("no/such/request", &json!({}));
    assert_eq!(client.response(unknown).unwrap_err()["code"], -32601);
    let wrong = client.send_request("textDocument/hover", &json!({ "nonsense": 1 }));
    assert_eq!(client.response(wrong).unwrap_err()["code"], -32602);
    client.send_raw(b"Content-Length: 9\r\n\r\n{\"broken\"");
    client.change(URI, 4, &json!([{ "text": LEAK }]));
    assert_eq!(client.diagnostics(URI, 4).len(), 1);
}

#[test]
fn many_requests_do_not_hold_up_changes() {
    let mut client = start();
    client.open(URI, LEAK, 1);
    let ids: Vec<i64> = (0..300)
        .map(|_| {
            client.send_request(
                "textDocument/hover",
                &json!({ "textDocument": { "uri": URI }, "position": { "line": 5, "character": 12 } }),
            )
        })
        .collect();
    client.change(URI, 2, &json!([{ "text": "x = 1\n" }]));
    assert_eq!(client.diagnostics(URI, 2).len(), 0);
    for id in ids {
        client.response(id).unwrap();
    }
}

#[test]
fn shutdown_and_exit_end_the_process_with_the_right_code() {
    let mut client = start();
    client.request("shutdown", &Value::Null);
    client.notify("exit", &Value::Null);
    // Standard input stays open: the server must not wait for it.
    assert_eq!(client.wait(Duration::from_secs(10)).unwrap().code(), Some(0));
}

#[test]
fn exit_without_shutdown_and_a_closed_pipe_end_it_too() {
    let mut client = start();
    client.notify("exit", &Value::Null);
    assert_eq!(client.wait(Duration::from_secs(10)).unwrap().code(), Some(1));
    let mut client = start();
    client.open(URI, LEAK, 1);
    client.close_stdin();
    assert_eq!(client.wait(Duration::from_secs(10)).unwrap().code(), Some(1));
}

#[cfg(target_os = "linux")]
#[test]
fn a_server_whose_editor_is_gone_ends() {
    let mut client = LspClient::spawn(Path::new("."));
    let mut editor = std::process::Command::new("sleep").arg("0.2").spawn().unwrap();
    let id = client.send_request("initialize", &json!({ "processId": editor.id(), "capabilities": {} }));
    client.response(id).unwrap();
    editor.wait().unwrap();
    assert!(client.wait(Duration::from_secs(15)).is_some(), "the server is still running");
}

#[test]
fn documents_follow_the_configuration_above_them() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("leakwright.toml"), "ignore = ['LW101']\n").unwrap();
    let uri = format!("file://{}/queue.py", dir.path().display());
    let mut client = start();
    client.open(&uri, LEAK, 1);
    assert_eq!(client.diagnostics(&uri, 1).len(), 0);
}

#[test]
fn open_documents_and_the_command_line_agree() {
    use std::io::Write;
    use std::process::Stdio;
    let mut client = start();
    client.open(URI, LEAK, 1);
    let published = client.diagnostics(URI, 1).len();
    let mut child = leakwright(Path::new("."))
        .args(["check", "-", "--format", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(LEAK.as_bytes()).unwrap();
    let document: Value = serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap();
    assert_eq!(document["findings"].as_array().unwrap().len(), published);
}
