//! The language server with a client that does what no client should.

use std::path::Path;
use std::time::Duration;

use leakwright_testkit::{Folder, LspClient};
use serde_json::{Value, json};

const LEAK: &str = "def load(path):\n    handle = open(path)\n    return handle.read()\n";
const URI: &str = "file:///nowhere/load.py";

fn start() -> LspClient {
    LspClient::start(Path::new("."), &json!({}))
}

fn place(line: u32, character: u32) -> Value {
    json!({ "line": line, "character": character })
}

#[test]
fn nothing_is_served_before_it_is_initialised() {
    let mut client = LspClient::spawn(Path::new("."));
    for method in ["textDocument/hover", "textDocument/codeAction", "shutdown"] {
        let id = client.send_request(method, &json!({}));
        assert_eq!(client.response(id).unwrap_err()["code"], -32002, "{method}");
    }
    let unknown = client.send_request("no/such/request", &json!({}));
    assert_eq!(client.response(unknown).unwrap_err()["code"], -32601);
    client.open(URI, LEAK, 1);
    client.change(URI, 2, &json!([{ "text": LEAK }]));
    client.notify("initialized", &json!({}));
    let id = client.send_request("initialize", &json!({ "capabilities": {} }));
    client.response(id).unwrap();
    client.notify("initialized", &json!({}));
    let again = client.send_request("initialize", &json!({ "capabilities": {} }));
    assert_eq!(client.response(again).unwrap_err()["code"], -32600);
    client.open(URI, LEAK, 1);
    assert_eq!(client.diagnostics(URI, 1).len(), 1);
    client.request("shutdown", &Value::Null);
    let late = client.send_request("textDocument/hover", &json!({}));
    assert_eq!(client.response(late).unwrap_err()["code"], -32600);
}

#[test]
fn requests_can_be_cancelled_and_are_always_answered() {
    let mut client = start();
    let body: String =
        (0..300).map(|n| format!("def f{n}(p):\n    return open(p).read({n})\n\n\n")).collect();
    client.open(URI, &body, 1);
    let params = json!({
        "textDocument": { "uri": URI },
        "range": { "start": place(0, 0), "end": place(1200, 0) },
        "context": { "diagnostics": [] }
    });
    let ids: Vec<i64> = (0..20).map(|_| client.send_request("textDocument/codeAction", &params)).collect();
    for id in &ids[..19] {
        client.notify("$/cancelRequest", &json!({ "id": id }));
    }
    client.notify("$/cancelRequest", &json!({ "id": 987_654 }));
    client.notify("$/cancelRequest", &json!({ "nonsense": true }));
    let answers: Vec<_> = ids.iter().map(|id| client.response(*id)).collect();
    for answer in &answers {
        assert!(answer.as_ref().err().is_none_or(|error| error["code"] == -32800), "{answer:?}");
    }
    assert!(answers[19].is_ok());
    assert!(answers.iter().any(Result::is_err), "at least one is cancelled in time");
    client.change(URI, 2, &json!([{ "text": LEAK }]));
    assert_eq!(client.diagnostics(URI, 2).len(), 1);
}

#[test]
fn versions_that_go_backwards_are_versions() {
    let mut client = start();
    client.open(URI, LEAK, 10);
    assert_eq!(client.diagnostics(URI, 10).len(), 1);
    client.change(URI, 3, &json!([{ "text": "x = 1\n" }]));
    assert_eq!(client.diagnostics(URI, 3).len(), 0);
    client.change(URI, -5, &json!([{ "text": LEAK }]));
    assert_eq!(client.diagnostics(URI, -5).len(), 1);
    client.change(URI, -5, &json!([{ "text": "x = 1\n" }]));
    client.wait_until_shown(URI, <[Value]>::is_empty);
    let hover = json!({ "textDocument": { "uri": URI }, "position": place(1, 15) });
    assert_eq!(client.request("textDocument/hover", &hover), Value::Null);
    // Opened twice, changed after it was closed.
    client.open(URI, LEAK, 1);
    assert_eq!(client.diagnostics(URI, 1).len(), 1);
    client.notify("textDocument/didClose", &json!({ "textDocument": { "uri": URI } }));
    client.change(URI, 2, &json!([{ "text": LEAK }]));
    client.wait_until_shown(URI, <[Value]>::is_empty);
}

#[test]
fn ten_thousand_edits_as_fast_as_they_can_be_sent() {
    let mut client = start();
    client.open(URI, LEAK, 1);
    let mut version = 1;
    for round in 0..10_000_u32 {
        version += 1;
        // A character in and out again, now and then far outside of the text.
        let (from, to, text) = match round % 4 {
            0 => (place(1, 4), place(1, 4), "x"),
            1 => (place(1, 4), place(1, 5), ""),
            2 => (place(90_000, 7), place(u32::MAX, u32::MAX), "#"),
            _ => (place(3, 0), place(90_000, 0), ""),
        };
        client.change(URI, version, &json!([{ "range": { "start": from, "end": to }, "text": text }]));
    }
    assert_eq!(client.diagnostics(URI, version).len(), 1);
    let hover = json!({ "textDocument": { "uri": URI }, "position": place(1, 15) });
    assert!(
        client.request("textDocument/hover", &hover)["contents"]["value"].as_str().unwrap().contains("LW301")
    );
    client.request("shutdown", &Value::Null);
    client.notify("exit", &Value::Null);
    assert_eq!(client.wait(Duration::from_secs(10)).unwrap().code(), Some(0));
}

#[test]
fn addresses_and_messages_that_mean_nothing_are_passed_over() {
    let mut client = start();
    for uri in
        ["untitled:Untitled-1", "file:///", "file://host/share/a.py", "git:/a.py?x", "file:///a%00b.py"]
    {
        client.open(uri, LEAK, 1);
        assert_eq!(client.diagnostics(uri, 1).len(), 1, "{uri}");
        client.notify("textDocument/didSave", &json!({ "textDocument": { "uri": uri } }));
        client.notify("textDocument/didClose", &json!({ "textDocument": { "uri": uri } }));
    }
    client.notify("textDocument/didOpen", &json!({ "textDocument": { "uri": "not an address" } }));
    client.notify("textDocument/didOpen", &json!([]));
    client.notify("workspace/didChangeConfiguration", &json!({ "settings": [1, "two"] }));
    client.notify(
        "workspace/didChangeWatchedFiles",
        &json!({ "changes": [{ "uri": "untitled:x", "type": 9 }] }),
    );
    client.notify("window/workDoneProgress/cancel", &json!({ "token": 7 }));
    let action = client.request("codeAction/resolve", &json!({ "title": "ours?", "data": { "uri": 1 } }));
    assert_eq!(action["title"], "ours?");
    client.open(URI, LEAK, 1);
    assert_eq!(client.diagnostics(URI, 1).len(), 1);
}

#[test]
fn messages_that_are_none_cost_themselves_only() {
    let mut client = start();
    client.open(URI, LEAK, 1);
    assert_eq!(client.diagnostics(URI, 1).len(), 1);
    for (version, bytes) in (2..).zip([
        &b"Content-Length: 1\r\n\r\n{\"jsonrpc\":\"2.0\",\"method\":\"exit\"}"[..],
        b"Content-Length: -3\r\n\r\n{}\r\n\r\n",
        b"Content-Length: 99999999999999999999\r\n\r\n{}\r\n",
        b"Content-Length: 3000000000\r\n\r\n{}",
        b"Content-Length: 0\r\n\r\n",
        b"no header at all\r\n\r\n\0\xff\xfe",
        b"Content-Length: 7\r\n\r\n\xff\xfe\xfd{}{}",
        b"Content-Length: 2\r\n\r\n[]",
        b"Content-Length: 4\r\n\r\nnull",
        b"Content-Length: 4\r\n\r\n\"hi\"",
        b"Content-Length: 14\r\n\r\n{\"method\": 12}",
        b"Content-Length: 32\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":1,\"x\":[]} ",
        b"Content-Length: 40\r\n\r\n{\"jsonrpc\":\"1.0\",\"id\":{},\"method\":\"exit\"}",
        b"Content-Length: 45\r\n\r\n[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"shutdown\"}]",
    ]) {
        client.send_raw(bytes);
        client.change(URI, version, &json!([{ "text": LEAK }]));
        assert_eq!(client.diagnostics(URI, version).len(), 1, "{}", String::from_utf8_lossy(bytes));
    }
    // One that says it is longer than it is takes what follows with it, and no more.
    client.send_raw(b"Content-Length: 60\r\n\r\n{}");
    client.change(URI, 100, &json!([{ "text": LEAK }]));
    client.change(URI, 101, &json!([{ "text": LEAK }]));
    assert_eq!(client.diagnostics(URI, 101).len(), 1);
}

#[test]
fn a_line_of_fifty_megabytes_is_passed_over_and_goes_away_again() {
    let mut client = start();
    let line = format!("x = '{}'", "\u{e9}".repeat(25 << 20));
    client.open(URI, &line, 1);
    assert_eq!(client.diagnostics(URI, 1), Vec::<Value>::new());
    let hover = json!({ "textDocument": { "uri": URI }, "position": place(0, 4_000_000) });
    assert_eq!(client.request("textDocument/hover", &hover), Value::Null);
    let actions = json!({
        "textDocument": { "uri": URI }, "context": { "diagnostics": [] },
        "range": { "start": place(0, 0), "end": place(0, u32::MAX) }
    });
    assert_eq!(client.request("textDocument/codeAction", &actions), json!([]));
    // Typed into, then all but its end removed.
    for version in 2..12 {
        let middle = place(0, 20_000_000);
        client.change(URI, version, &json!([{ "range": { "start": middle, "end": middle }, "text": "y" }]));
    }
    let all = json!({ "start": place(0, 0), "end": place(0, (25 << 20) + 16) });
    client.change(URI, 12, &json!([{ "range": all, "text": LEAK }]));
    assert_eq!(client.diagnostics(URI, 12).len(), 1);
}

#[test]
fn an_editor_that_goes_in_the_middle_of_everything_leaves_no_server_behind() {
    let folder = Folder::new(&[]);
    let body: String = (0..40).map(|n| format!("def f{n}(p):\n    return open(p).read({n})\n\n\n")).collect();
    (0..300).for_each(|index| folder.write(&format!("m{index}.py"), &body));
    let mut client = LspClient::start_in(folder.path(), &json!({}));
    for index in 0..20 {
        client.open(&folder.uri(&format!("m{index}.py")), &body, 1);
        let actions = json!({
            "textDocument": { "uri": folder.uri(&format!("m{index}.py")) }, "context": { "diagnostics": [] },
            "range": { "start": place(0, 0), "end": place(400, 0) }
        });
        client.send_request("textDocument/codeAction", &actions);
    }
    client.send_request("workspace/executeCommand", &json!({ "command": "leakwright.scanWorkspace" }));
    client.send_raw(b"Content-Length: 500\r\n\r\n{\"jsonrpc\"");
    client.close_stdin();
    assert!(client.wait(Duration::from_secs(20)).is_some(), "the server is still running");
}
