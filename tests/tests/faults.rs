//! Faults of the program itself, made on purpose: each costs what it is in, and the server goes on.

#![cfg(debug_assertions)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use leakwright_testkit::{Folder, LspClient, file_uri};
use serde_json::{Value, json};

const LEAK: &str = "def load(path):\n    handle = open(path)\n    return handle.read()\n";
const QUEUE: &str = "\n\nclass Queue:\n    def __init__(self):\n        self.messages = []\n\n    def add_message(self, m):\n        self.messages.append(m)\n";
const FAULT: &str = "\n\ndef fault_here(path):\n    handle = open(path)\n    return handle.read()\n";

/// A server in which a part fails on functions of a certain name, and that logs to a file of its folder.
fn start(folder: &Folder, part: &str) -> LspClient {
    let log = folder.file("server.log");
    let mut client = LspClient::spawn_with(folder.path(), &[("LEAKWRIGHT_TEST_FAULTS", part)]);
    client.initialize(&json!({
        "workspaceFolders": [{ "uri": file_uri(folder.path()), "name": "folder" }],
        "initializationOptions": { "logFile": log },
        "capabilities": {}
    }));
    client
}

fn codes(shown: &[Value]) -> Vec<&str> {
    shown.iter().map(|found| found["code"].as_str().unwrap()).collect()
}

/// How often something failed that was asked to.
fn failures(folder: &Folder) -> usize {
    std::fs::read_to_string(folder.file("server.log")).unwrap().matches("was asked to fail").count()
}

fn insert(client: &mut LspClient, uri: &str, version: i64, line: usize, text: &str) -> Vec<Value> {
    let place = json!({ "line": line, "character": 0 });
    client.change(uri, version, &json!([{ "range": { "start": place, "end": place }, "text": text }]));
    client.diagnostics(uri, version)
}

#[test]
fn a_rule_that_fails_costs_its_own_findings_only() {
    let text = format!("{LEAK}{QUEUE}{FAULT}");
    let folder = Folder::new(&[("a.py", &text), ("b.py", LEAK)]);
    let (a, b) = (folder.uri("a.py"), folder.uri("b.py"));
    let mut client = start(&folder, "LW301");
    client.wait_until_shown(&b, |shown| codes(shown) == ["LW301"]);
    client.open(&a, &text, 1);
    client.wait_until_shown(&a, |shown| codes(shown).contains(&"LW101"));
    // In a document of no folder the file is judged as a whole.
    client.open("untitled:x", &text, 1);
    assert_eq!(codes(&client.diagnostics("untitled:x", 1)), ["LW101"]);
    client.wait_until_shown(&a, |shown| codes(shown).contains(&"LW101"));
    insert(&mut client, &a, 2, 3, "# one\n");
    assert!(failures(&folder) > 0);
    for version in 3..23 {
        let shown = insert(&mut client, &a, version, 0, "# more\n");
        assert!(codes(&shown).contains(&"LW101"), "{shown:?}");
    }
    let log = std::fs::read_to_string(folder.file("server.log")).unwrap();
    assert!(log.matches("rule LW301 failed").count() <= 4, "it is said once of a document: {log}");
}

#[test]
fn a_document_on_which_the_analysis_fails_is_left_alone_until_what_it_failed_on_changes() {
    for part in ["mapping", "judging"] {
        let folder = Folder::new(&[("a.py", ""), ("b.py", LEAK)]);
        let (a, b) = (folder.uri("a.py"), folder.uri("b.py"));
        let mut client = start(&folder, part);
        client.open(&b, LEAK, 1);
        client.wait_until_shown(&b, |shown| codes(shown) == ["LW301"]);
        let text = format!("{LEAK}{FAULT}");
        client.open(&a, &text, 1);
        assert_eq!(codes(&client.diagnostics(&a, 1)), Vec::<&str>::new(), "{part}");
        // Each part that changes may have been what it failed on, once.
        insert(&mut client, &a, 2, 1, "    # one\n");
        let before = failures(&folder);
        assert!(before > 0, "{part}");
        for version in 3..33 {
            insert(&mut client, &a, version, 1, "    # more\n");
        }
        assert_eq!(failures(&folder), before, "{part}: it is not tried again");
        let log = std::fs::read_to_string(folder.file("server.log")).unwrap();
        assert!(log.matches("the analysis failed").count() <= 3, "{part}: {log}");
        // Requests are answered all the same, and other documents are what they were.
        let place = json!({ "textDocument": { "uri": a }, "position": { "line": 0, "character": 0 } });
        assert_eq!(client.request("textDocument/hover", &place), Value::Null);
        client.change(&b, 2, &json!([{ "text": LEAK.repeat(2) }]));
        assert_eq!(codes(&client.diagnostics(&b, 2)), ["LW301", "LW301"]);
        client.change(&a, 33, &json!([{ "text": text.replace("fault_here", "fine") }]));
        client.wait_until_shown(&a, |shown| codes(shown) == ["LW301", "LW301"]);
        // Saving is a wish to try again.
        client.change(&a, 34, &json!([{ "text": text }]));
        client.diagnostics(&a, 34);
        insert(&mut client, &a, 35, 1, "    # one\n");
        let before = failures(&folder);
        client.notify("textDocument/didSave", &json!({ "textDocument": { "uri": a } }));
        client.change(&a, 36, &json!([]));
        client.diagnostics(&a, 36);
        assert!(failures(&folder) > before, "{part}");
    }
}

#[test]
fn the_command_line_says_what_failed_and_checks_the_rest() {
    let folder = Folder::new(&[("a.py", &format!("{QUEUE}{FAULT}")), ("b.py", LEAK)]);
    let mut command = leakwright_testkit::leakwright(folder.path());
    let output = command
        .env("LEAKWRIGHT_TEST_FAULTS", "LW301")
        .args(["check", "--format", "concise"])
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(out.contains("LW101") && out.contains("b.py:2"), "{out}");
    assert!(err.contains("a.py") && err.contains("LW301"), "{err}");
}
