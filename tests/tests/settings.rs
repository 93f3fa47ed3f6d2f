//! What the user sets in the editor, and how the server heeds it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::time::{Duration, Instant};

use leakwright_testkit::{Folder, LspClient, file_uri};
use serde_json::{Value, json};

/// A leak of high confidence, and one of medium.
const LEAKS: &str = "def load(path):\n    handle = open(path)\n    return handle.read()\n\n\nclass Queue:\n    def __init__(self):\n        self.messages = []\n\n    def add_message(self, m):\n        self.messages.append(m)\n";
const LEAK: &str = "def load(path):\n    handle = open(path)\n    return handle.read()\n";

/// Longer than the longest pause of the server, and than judging what the tests have.
const QUIET: Duration = Duration::from_millis(700);

fn capabilities() -> Value {
    json!({
        "workspace": {
            "configuration": true,
            "didChangeWatchedFiles": { "dynamicRegistration": true },
            "workspaceFolders": true
        }
    })
}

fn codes(diagnostics: &[Value]) -> Vec<&str> {
    diagnostics.iter().map(|found| found["code"].as_str().unwrap_or("none")).collect()
}

#[track_caller]
fn wait(client: &mut LspClient, uri: &str, wanted: &[&str]) {
    client.wait_until_shown(uri, |shown| codes(shown) == wanted);
}

/// The warnings that the user was shown, of the messages that have come in.
fn warnings(client: &mut LspClient) -> Vec<String> {
    client.shown_at_rest("");
    client.shown_after(QUIET, "");
    let messages = client.drain();
    let shown = messages.iter().filter(|message| message["method"] == "window/showMessage");
    shown.map(|message| message["params"]["message"].as_str().unwrap().to_owned()).collect()
}

fn changed(client: &mut LspClient, uri: &str, kind: u32) {
    client.notify("workspace/didChangeWatchedFiles", &json!({ "changes": [{ "uri": uri, "type": kind }] }));
}

#[test]
fn rules_and_files_are_chosen_in_the_editor_and_hold_at_once() {
    let folder =
        Folder::new(&[("open.py", LEAKS), ("gen/a.py", LEAKS), ("other.toml", "ignore = ['LW301']\n")]);
    let (open, a) = (folder.uri("open.py"), folder.uri("gen/a.py"));
    let mut client = LspClient::start_in(folder.path(), &capabilities());
    client.open(&open, LEAKS, 1);
    let both = ["LW301", "LW101"];
    wait(&mut client, &open, &both);
    wait(&mut client, &a, &both);
    for (settings, shown) in [
        (json!({ "select": ["growth"] }), &["LW101"][..]),
        (json!({ "ignore": ["LW1"] }), &["LW301"]),
        (json!({ "minConfidence": "high" }), &["LW301"]),
        (json!({ "configuration": "other.toml" }), &["LW101"]),
        (json!({ "maxFileSize": 1 }), &both),
    ] {
        client.set(settings);
        wait(&mut client, &open, shown);
        wait(&mut client, &a, shown);
    }
    client.set(json!({ "exclude": ["gen"] }));
    wait(&mut client, &a, &[]);
    client.set(Value::Null);
    wait(&mut client, &a, &both);
    // A document that lies in no folder, and one that is too large.
    client.open("untitled:one", LEAKS, 1);
    client.open("file:///nowhere/two.py", LEAKS, 1);
    wait(&mut client, "untitled:one", &both);
    wait(&mut client, "file:///nowhere/two.py", &both);
    client.set(json!({ "ignore": ["LW101"] }));
    wait(&mut client, "untitled:one", &["LW301"]);
    wait(&mut client, "file:///nowhere/two.py", &["LW301"]);
    // One that was never saved follows the folder's configuration.
    client.set(Value::Null);
    folder.write("leakwright.toml", "ignore = ['LW301']\n");
    changed(&mut client, &folder.uri("leakwright.toml"), 1);
    wait(&mut client, "untitled:one", &["LW101"]);
    folder.remove("leakwright.toml");
    changed(&mut client, &folder.uri("leakwright.toml"), 3);
    wait(&mut client, "untitled:one", &both);
    client.set(json!({ "ignore": ["LW101"] }));
    client.change(&open, 2, &json!([{ "text": format!("{LEAKS}{}", "# much\n".repeat(400)) }]));
    wait(&mut client, &open, &["LW301"]);
    client.set(json!({ "maxFileSize": 2 }));
    wait(&mut client, &open, &[]);
    wait(&mut client, &a, &both);
    client.set(Value::Null);
    wait(&mut client, &open, &both);
    assert_eq!(warnings(&mut client), Vec::<String>::new());
}

#[test]
fn each_folder_has_settings_of_its_own() {
    let (one, two) = (Folder::new(&[("a.py", LEAKS)]), Folder::new(&[("b.py", LEAKS), ("c.py", LEAKS)]));
    let (a, b, c) = (one.uri("a.py"), two.uri("b.py"), two.uri("c.py"));
    let folder = |folder: &Folder| json!({ "uri": file_uri(folder.path()), "name": "folder" });
    let mut client = LspClient::spawn(one.path());
    client.set_for(one.path(), json!({ "ignore": ["LW101"] }));
    client.set_for(two.path(), json!({ "openFilesOnly": true, "ignore": ["LW301"] }));
    let params = json!({ "workspaceFolders": [folder(&one)], "capabilities": capabilities() });
    client.initialize(&params);
    wait(&mut client, &a, &["LW301"]);
    // One that is opened later is asked for as well.
    let event = json!({ "event": { "added": [folder(&two)], "removed": [] } });
    client.notify("workspace/didChangeWorkspaceFolders", &event);
    client.open(&b, LEAKS, 1);
    wait(&mut client, &b, &["LW101"]);
    assert_eq!(client.shown_at_rest(&c), Vec::<Value>::new(), "it is not open");
    client.set_for(two.path(), json!({ "select": ["LW3"] }));
    client.set(Value::Null);
    wait(&mut client, &c, &["LW301"]);
    wait(&mut client, &b, &["LW301"]);
    wait(&mut client, &a, &["LW301"]);
}

#[test]
fn what_is_shown_has_limits() {
    let folder =
        Folder::new(&[("open.py", &LEAK.repeat(5)), ("a.py", &LEAK.repeat(3)), ("b.py", &LEAK.repeat(3))]);
    let (open, a, b) = (folder.uri("open.py"), folder.uri("a.py"), folder.uri("b.py"));
    let params = json!({
        "workspaceFolders": [{ "uri": file_uri(folder.path()), "name": "folder" }],
        "initializationOptions": { "maxDiagnosticsPerFile": 2, "debounce": 50 },
        "capabilities": {}
    });
    let mut client = LspClient::start_with(folder.path(), &params);
    client.open(&open, &LEAK.repeat(5), 1);
    client.wait_until_shown(&open, |shown| shown.len() == 3);
    let shown = client.shown_after(Duration::ZERO, &open);
    let note = &shown[2];
    assert_eq!((&note["severity"], &note["range"]["start"]["line"]), (&json!(3), &json!(0)));
    assert_eq!(note["message"], "3 more findings are not shown (setting `leakwright.maxDiagnosticsPerFile`)");
    client.wait_until_shown(&a, |shown| shown.len() == 3);
    // The analysis waits for a pause, and every version that is not superseded has its answer.
    for version in 2..=9 {
        client.change(&open, version, &json!([{ "text": LEAK }]));
    }
    assert_eq!(codes(&client.diagnostics(&open, 9)), ["LW301"]);
    let tell = |client: &mut LspClient, settings: Value| {
        client.notify("workspace/didChangeConfiguration", &json!({ "settings": { "leakwright": settings } }));
    };
    tell(&mut client, json!({ "maxDiagnosticsPerFile": 99, "maxDiagnostics": 4 }));
    client.wait_until_shown(&a, |shown| shown.len() == 3 && codes(shown)[2] == "LW301");
    client.wait_until_shown(&b, |shown| shown.len() == 2);
    let shown = client.shown_after(Duration::ZERO, &b);
    assert_eq!(shown[1]["message"], "2 more findings are not shown (setting `leakwright.maxDiagnostics`)");
    tell(&mut client, Value::Null);
    client.wait_until_shown(&b, |shown| shown.len() == 3);
}

#[test]
fn what_is_wrong_is_told_once() {
    let folder = Folder::new(&[("a.py", LEAK), ("leakwright.toml", "slect = ['LW1']\n")]);
    let a = folder.uri("a.py");
    let toml = folder.uri("leakwright.toml");
    let mut client = LspClient::start_in(folder.path(), &capabilities());
    client.open(&a, LEAK, 1);
    let told = warnings(&mut client);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("Leakwright: ") && told[0].contains("did you mean `select`?"), "{told:?}");
    client.change(&a, 2, &json!([{ "text": LEAK }]));
    changed(&mut client, &toml, 2);
    assert_eq!(warnings(&mut client), Vec::<String>::new(), "it is still the same");
    folder.write("leakwright.toml", "select = ['LW1']\n");
    changed(&mut client, &toml, 2);
    wait(&mut client, &a, &[]);
    folder.write("leakwright.toml", "slect = ['LW1']\n");
    changed(&mut client, &toml, 2);
    assert_eq!(warnings(&mut client).len(), 1, "it is wrong again");
    folder.write("leakwright.toml", "");
    changed(&mut client, &toml, 2);
    let wrong = json!({ "openFileOnly": true, "maxDiagnostics": "many", "trace": { "server": "off" } });
    client.set(wrong.clone());
    let told = warnings(&mut client);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().any(|text| text.contains("did you mean `openFilesOnly`?")), "{told:?}");
    client.set(wrong);
    assert_eq!(warnings(&mut client), Vec::<String>::new());
    wait(&mut client, &a, &["LW301"]);
}

#[test]
fn the_log_goes_where_it_is_wanted() {
    let folder = Folder::new(&[("a.py", LEAK)]);
    let mut client = LspClient::start_in(folder.path(), &capabilities());
    client.set(json!({ "logLevel": "debug", "logFile": "server.log" }));
    client.open(&folder.uri("a.py"), LEAK, 1);
    wait(&mut client, &folder.uri("a.py"), &["LW301"]);
    let hover = json!({
        "textDocument": { "uri": folder.uri("a.py") }, "position": { "line": 1, "character": 15 }
    });
    // The server asks for its settings once it has been told that they changed; until then it logs elsewhere.
    let patience = Instant::now() + Duration::from_secs(20);
    let log = loop {
        client.change("file:///never/opened.py", 1, &json!([{ "text": "x" }]));
        client.request("textDocument/hover", &hover);
        client.shown_at_rest("");
        let log = std::fs::read_to_string(folder.file("server.log")).unwrap_or_default();
        if log.contains("changed but not open") || Instant::now() > patience {
            break log;
        }
    };
    assert!(log.contains("changed but not open") && log.contains("DEBUG"), "{log}");
    assert!(!log.contains('\u{1b}'), "no colours in {log}");
    client.set(json!({ "logLevel": "error", "logFile": "server.log" }));
    client.shown_at_rest("");
    client.change("file:///never/opened.py", 1, &json!([{ "text": "x" }]));
    client.shown_at_rest("");
    assert_eq!(std::fs::read_to_string(folder.file("server.log")).unwrap(), log, "a warning is no error");
    client.set(json!({ "logFile": Path::new("none").join("server.log") }));
    assert!(warnings(&mut client).iter().any(|text| text.contains("the log cannot be written to")));
}
