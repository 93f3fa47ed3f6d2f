//! What the language server shows of files that are not open.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::time::Duration;

use leakwright_testkit::{Folder, LspClient, file_uri};
use serde_json::{Value, json};

const LEAK: &str = "def load(path):\n    handle = open(path)\n    return handle.read()\n";
const SOUND: &str = "def load(path):\n    with open(path) as handle:\n        return handle.read()\n";
const FACTORY: &str = "def connect(path):\n    return open(path)\n";
const USER: &str = "from factory import connect\n\n\ndef load(path):\n    handle = connect(path)\n    return handle.read()\n";

fn params(folder: &Folder, capabilities: &Value) -> Value {
    json!({
        "workspaceFolders": [{ "uri": file_uri(folder.path()), "name": "folder" }],
        "capabilities": capabilities
    })
}

fn capabilities() -> Value {
    json!({
        "textDocument": { "publishDiagnostics": { "relatedInformation": true, "versionSupport": true } },
        "window": { "workDoneProgress": true },
        "workspace": {
            "configuration": true,
            "workspaceFolders": true,
            "didChangeConfiguration": { "dynamicRegistration": true },
            "didChangeWatchedFiles": { "dynamicRegistration": true }
        }
    })
}

fn start(folder: &Folder) -> LspClient {
    LspClient::start_in(folder.path(), &capabilities())
}

fn codes(diagnostics: &[Value]) -> Vec<&str> {
    diagnostics.iter().map(|found| found["code"].as_str().unwrap()).collect()
}

fn leaks(shown: &[Value]) -> bool {
    codes(shown) == ["LW301"]
}

fn changed(client: &mut LspClient, uri: &str, kind: u32) {
    client.notify("workspace/didChangeWatchedFiles", &json!({ "changes": [{ "uri": uri, "type": kind }] }));
}

fn close(client: &mut LspClient, uri: &str) {
    client.notify("textDocument/didClose", &json!({ "textDocument": { "uri": uri } }));
}

/// How often something was published for a document, of the messages that have come in.
fn published(client: &mut LspClient, uri: &str) -> usize {
    let messages = client.drain();
    let is_it = |message: &&Value| {
        message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == uri
    };
    messages.iter().filter(is_it).count()
}

#[test]
fn files_that_are_not_open_are_shown_and_kept_true() {
    let folder = Folder::new(&[("pkg/a.py", LEAK), ("b.py", SOUND), ("c.py", LEAK)]);
    let (a, b, c) = (folder.uri("pkg/a.py"), folder.uri("b.py"), folder.uri("c.py"));
    let mut client = start(&folder);
    client.wait_until_shown(&a, leaks);
    client.wait_until_shown(&c, leaks);
    client.shown_at_rest(&a);
    assert_eq!(published(&mut client, &b), 0, "nothing is said of clean files");
    folder.write("b.py", LEAK);
    changed(&mut client, &b, 2);
    client.wait_until_shown(&b, leaks);
    folder.write("c.py", SOUND);
    changed(&mut client, &c, 2);
    client.wait_until_shown(&c, <[Value]>::is_empty);
    folder.write("new.py", LEAK);
    changed(&mut client, &folder.uri("new.py"), 1);
    client.wait_until_shown(&folder.uri("new.py"), leaks);
    client.shown_at_rest(&a);
    assert_eq!(published(&mut client, &a), 0, "what is the same is not published again");
    for name in ["new.py", "b.py", "c.py", "pkg/a.py"] {
        folder.remove(name);
        changed(&mut client, &folder.uri(name), 3);
        client.wait_until_shown(&folder.uri(name), <[Value]>::is_empty);
    }
}

#[test]
fn an_edit_changes_what_is_shown_of_files_that_are_not_open() {
    let folder = Folder::new(&[("factory.py", FACTORY), ("user.py", USER)]);
    let (factory, user) = (folder.uri("factory.py"), folder.uri("user.py"));
    let mut client = start(&folder);
    client.wait_until_shown(&user, leaks);
    client.open(&factory, FACTORY, 1);
    client.change(&factory, 2, &json!([{ "text": "def connect(path):\n    return path\n" }]));
    client.wait_until_shown(&user, <[Value]>::is_empty);
    client.change(&factory, 3, &json!([{ "text": FACTORY }]));
    client.wait_until_shown(&user, leaks);
    client.change(&factory, 4, &json!([{ "text": "def connect(path):\n    return path\n" }]));
    client.wait_until_shown(&user, <[Value]>::is_empty);
    // Closed without being saved: the file on disk counts again.
    close(&mut client, &factory);
    client.wait_until_shown(&user, leaks);
}

#[test]
fn a_file_that_is_opened_and_closed_is_shown_by_one_of_the_two() {
    let folder = Folder::new(&[
        ("a.py", LEAK),
        ("excluded/b.py", LEAK),
        ("leakwright.toml", "exclude = ['excluded']\n"),
    ]);
    let (a, b) = (folder.uri("a.py"), folder.uri("excluded/b.py"));
    let mut client = start(&folder);
    client.wait_until_shown(&a, leaks);
    client.open(&a, LEAK, 1);
    assert!(leaks(&client.diagnostics(&a, 1)));
    client.change(&a, 2, &json!([{ "text": SOUND }]));
    client.wait_until_shown(&a, <[Value]>::is_empty);
    client.shown_at_rest(&a);
    client.drain();
    close(&mut client, &a);
    client.wait_until_shown(&a, leaks);
    client.open(&a, LEAK, 1);
    assert!(leaks(&client.diagnostics(&a, 1)));
    client.drain();
    close(&mut client, &a);
    assert!(leaks(&client.shown_at_rest(&a)));
    assert_eq!(published(&mut client, &a), 0, "what is shown is true already");
    // What a check leaves out is shown while it is open.
    client.open(&b, LEAK, 1);
    assert!(leaks(&client.diagnostics(&b, 1)));
    close(&mut client, &b);
    client.wait_until_shown(&b, <[Value]>::is_empty);
}

#[test]
fn configuration_and_folders_say_what_is_shown() {
    let (folder, other) = (Folder::new(&[("gen/a.py", LEAK)]), Folder::new(&[("b.py", LEAK)]));
    let (a, b) = (folder.uri("gen/a.py"), other.uri("b.py"));
    let mut client = start(&folder);
    client.wait_until_shown(&a, leaks);
    for text in ["exclude = ['gen']\n", "ignore = ['LW301']\n"] {
        folder.write("leakwright.toml", text);
        changed(&mut client, &folder.uri("leakwright.toml"), 1);
        client.wait_until_shown(&a, <[Value]>::is_empty);
        folder.remove("leakwright.toml");
        changed(&mut client, &folder.uri("leakwright.toml"), 3);
        client.wait_until_shown(&a, leaks);
    }
    let event = |folder: &Path| json!([{ "uri": file_uri(folder), "name": "folder" }]);
    let folders = |added: Value, removed: Value| json!({ "event": { "added": added, "removed": removed } });
    client.notify("workspace/didChangeWorkspaceFolders", &folders(event(other.path()), json!([])));
    client.wait_until_shown(&b, leaks);
    // A folder within a folder, then without the outer one, then with it alone.
    client.notify(
        "workspace/didChangeWorkspaceFolders",
        &folders(event(&folder.path().join("gen")), json!([])),
    );
    client.notify("workspace/didChangeWorkspaceFolders", &folders(json!([]), event(folder.path())));
    assert!(leaks(&client.shown_at_rest(&a)));
    client.notify("workspace/didChangeWorkspaceFolders", &folders(event(folder.path()), json!([])));
    client.notify(
        "workspace/didChangeWorkspaceFolders",
        &folders(json!([]), event(&folder.path().join("gen"))),
    );
    assert!(leaks(&client.shown_at_rest(&a)));
    client.notify("workspace/didChangeWorkspaceFolders", &folders(json!([]), event(folder.path())));
    client.wait_until_shown(&a, <[Value]>::is_empty);
    assert!(leaks(&client.shown_at_rest(&b)));
}

#[test]
fn open_files_only_is_a_setting_that_can_be_changed() {
    let folder = Folder::new(&[("a.py", LEAK), ("b.py", LEAK)]);
    let (a, b) = (folder.uri("a.py"), folder.uri("b.py"));
    let only = |yes: bool| json!({ "openFilesOnly": yes });
    let mut client = LspClient::start_set(folder.path(), &params(&folder, &capabilities()), only(true));
    client.open(&a, LEAK, 1);
    client.wait_until_shown(&a, leaks);
    client.shown_at_rest(&b);
    assert_eq!(published(&mut client, &b), 0, "it is not open");
    client.set(only(false));
    client.wait_until_shown(&b, leaks);
    client.set(only(true));
    client.wait_until_shown(&b, <[Value]>::is_empty);
    assert!(leaks(&client.shown_at_rest(&a)));
    close(&mut client, &a);
    client.wait_until_shown(&a, <[Value]>::is_empty);
    client.set(Value::Null);
    client.wait_until_shown(&a, leaks);
    // A client that cannot be asked says it at the start, and when it changes.
    let mut params = params(&folder, &json!({}));
    params["initializationOptions"] = only(true);
    let mut client = LspClient::start_with(folder.path(), &params);
    client.shown_at_rest(&a);
    assert_eq!(published(&mut client, &a), 0);
    let settings = json!({ "settings": { "leakwright": only(false) } });
    client.notify("workspace/didChangeConfiguration", &settings);
    client.wait_until_shown(&a, leaks);
}

#[test]
fn progress_is_shown_from_the_first_file_to_the_last() {
    let folder = Folder::new(&[]);
    (0..60).for_each(|n| folder.write(&format!("pkg/m{n}.py"), LEAK));
    let mut client = start(&folder);
    let create = client.message("window/workDoneProgress/create", |_| true);
    let token = create["token"].clone();
    assert!(token.is_string());
    let kind = |kind: &'static str| {
        let token = token.clone();
        move |params: &Value| params["token"] == token && params["value"]["kind"] == kind
    };
    let begin = client.message("$/progress", kind("begin"));
    assert_eq!(
        (&begin["value"]["title"], &begin["value"]["cancellable"]),
        (&json!("Leakwright"), &json!(true))
    );
    let end = client.message("$/progress", kind("end"));
    assert_eq!(end["value"]["message"], "60 of 60 files checked");
    let reports: Vec<u64> = client
        .drain()
        .iter()
        .filter(|message| message["method"] == "$/progress" && message["params"]["value"]["kind"] == "report")
        .map(|message| message["params"]["value"]["percentage"].as_u64().unwrap())
        .collect();
    assert!(reports.is_sorted() && reports.last().is_none_or(|last| *last <= 100), "{reports:?}");
    // Later work is not shown.
    folder.write("pkg/m3.py", SOUND);
    changed(&mut client, &folder.uri("pkg/m3.py"), 2);
    client.wait_until_shown(&folder.uri("pkg/m3.py"), <[Value]>::is_empty);
    client.shown_at_rest("");
    assert!(!client.drain().iter().any(|message| message["method"] == "$/progress"));
}

#[test]
fn work_that_is_cancelled_ends_and_leaves_nothing_behind() {
    let folder = Folder::new(&[("open.py", LEAK)]);
    let body: String = (0..300)
        .map(|n| format!("def f{n}(path):\n    h = open(path)\n    return h.read({n})\n\n\n"))
        .collect();
    (0..150).for_each(|n| folder.write(&format!("pkg/m{n}.py"), &body));
    let mut client = start(&folder);
    let token = client.message("window/workDoneProgress/create", |_| true)["token"].clone();
    client.message("$/progress", |params| params["value"]["kind"] == "begin");
    client.notify("window/workDoneProgress/cancel", &json!({ "token": "another" }));
    client.notify("window/workDoneProgress/cancel", &json!({ "token": token }));
    let end = client.message("$/progress", |params| params["value"]["kind"] == "end");
    assert_eq!(end["value"]["message"], "cancelled");
    for n in 0..150 {
        let left = client.shown_at_rest(&folder.uri(&format!("pkg/m{n}.py")));
        assert!(left.is_empty(), "m{n}.py");
    }
    // Open documents are judged as ever.
    let open = folder.uri("open.py");
    client.open(&open, LEAK, 1);
    client.wait_until_shown(&open, leaks);
}

#[test]
fn a_file_that_vanishes_while_it_is_looked_at_leaves_nothing_behind() {
    let folder = Folder::new(&[("steady.py", LEAK)]);
    let mut client = start(&folder);
    client.wait_until_shown(&folder.uri("steady.py"), leaks);
    for round in 0..40 {
        let name = format!("m{}.py", round % 4);
        folder.write(&name, LEAK);
        changed(&mut client, &folder.uri(&name), 1);
        std::thread::sleep(Duration::from_millis(round % 7));
        folder.remove(&name);
        changed(&mut client, &folder.uri(&name), 3);
    }
    client.shown_at_rest("");
    for n in 0..4 {
        assert!(client.shown_after(Duration::ZERO, &folder.uri(&format!("m{n}.py"))).is_empty());
    }
    assert!(leaks(&client.shown_after(Duration::ZERO, &folder.uri("steady.py"))));
}
