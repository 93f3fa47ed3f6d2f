//! The language server in a folder: documents are judged in their project.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use leakwright_testkit::{Folder, LspClient, file_uri};
use serde_json::{Value, json};

const REGISTRY: &str = "class Registry:\n    def __init__(self):\n        self.entries = []\n\n    def handle_event(self, event):\n        self.entries.append(event)\n";
const RESET: &str =
    "from registry import Registry\n\n\ndef reset(registry: Registry):\n    registry.entries.clear()\n";
const NO_RESET: &str = "from registry import Registry\n\n\ndef reset(registry: Registry):\n    pass\n";
const FACTORY: &str = "def connect(path):\n    return open(path)\n";
const USER: &str = "from factory import connect\n\n\ndef load(path):\n    handle = connect(path)\n    return handle.read()\n";

/// With so much code in another file that it is not linked at every edit.
fn large(files: &[(&str, &str)]) -> Folder {
    let folder = Folder::new(files);
    let body: String = (0..4000).map(|n| format!("    x{n} = print({n}, 'text')\n")).collect();
    folder.write("ballast.py", &format!("def run():\n{body}"));
    folder
}

fn capabilities() -> Value {
    json!({
        "textDocument": { "publishDiagnostics": { "relatedInformation": true, "versionSupport": true } },
        "workspace": {
            "workspaceEdit": { "documentChanges": true },
            "workspaceFolders": true,
            "didChangeWatchedFiles": { "dynamicRegistration": true }
        }
    })
}

fn codes(diagnostics: &[Value]) -> Vec<&str> {
    diagnostics.iter().map(|found| found["code"].as_str().unwrap()).collect()
}

fn changed(client: &mut LspClient, uri: &str, kind: u32) {
    client.notify("workspace/didChangeWatchedFiles", &json!({ "changes": [{ "uri": uri, "type": kind }] }));
}

#[test]
fn a_leak_that_another_file_disproves_is_not_shown_and_comes_and_goes_with_its_text() {
    for folder in [
        Folder::new(&[("registry.py", REGISTRY), ("reset.py", RESET)]),
        large(&[("registry.py", REGISTRY), ("reset.py", RESET)]),
    ] {
        let (registry, reset) = (folder.uri("registry.py"), folder.uri("reset.py"));
        let mut client = LspClient::start_in(folder.path(), &capabilities());
        client.open(&registry, REGISTRY, 1);
        assert_eq!(codes(&client.diagnostics(&registry, 1)), Vec::<&str>::new(), "not even at first");
        assert_eq!(codes(&client.shown_at_rest(&registry)), Vec::<&str>::new());
        client.open(&reset, RESET, 1);
        client.change(&reset, 2, &json!([{ "text": NO_RESET }]));
        client.wait_until_shown(&registry, |shown| codes(shown) == ["LW101"]);
        // Typing elsewhere in the file takes nothing away, and brings nothing that was disproved.
        client.change(&registry, 2, &json!([{ "text": format!("# a comment\n{REGISTRY}") }]));
        let shown = client.diagnostics(&registry, 2);
        assert_eq!((codes(&shown), shown[0]["range"]["start"]["line"].as_u64()), (vec!["LW101"], Some(6)));
        client.change(&reset, 3, &json!([{ "text": RESET }]));
        client.wait_until_shown(&registry, <[Value]>::is_empty);
        client.change(&registry, 3, &json!([{ "text": format!("# comments\n\n{REGISTRY}") }]));
        assert_eq!(codes(&client.diagnostics(&registry, 3)), Vec::<&str>::new());
        assert_eq!(codes(&client.shown_at_rest(&registry)), Vec::<&str>::new());
    }
}

#[test]
fn a_resource_that_another_file_hands_out_is_found_when_either_is_edited() {
    for folder in [
        Folder::new(&[("factory.py", "def connect(path):\n    return path\n"), ("user.py", USER)]),
        large(&[("factory.py", "def connect(path):\n    return path\n"), ("user.py", USER)]),
    ] {
        let (factory, user) = (folder.uri("factory.py"), folder.uri("user.py"));
        let mut client = LspClient::start_in(folder.path(), &capabilities());
        client.open(&user, USER, 1);
        assert_eq!(codes(&client.shown_at_rest(&user)), Vec::<&str>::new());
        client.open(&factory, FACTORY, 1);
        client.wait_until_shown(&user, |shown| codes(shown) == ["LW301"]);
        // The finding moves with the text around it, at once.
        client.change(&user, 2, &json!([{ "text": format!("# moved\n{USER}") }]));
        let shown = client.diagnostics(&user, 2);
        assert_eq!((codes(&shown), shown[0]["range"]["start"]["line"].as_u64()), (vec!["LW301"], Some(5)));
        let mended =
            USER.replace("return handle.read()", "text = handle.read()\n    handle.close()\n    return text");
        client.change(&user, 3, &json!([{ "text": mended }]));
        client.wait_until_shown(&user, |shown| !codes(shown).contains(&"LW301"));
        // Closed without being saved: the file on disk counts again.
        client.change(&user, 4, &json!([{ "text": USER }]));
        client.wait_until_shown(&user, |shown| codes(shown) == ["LW301"]);
        client.notify("textDocument/didClose", &json!({ "textDocument": { "uri": factory } }));
        client.wait_until_shown(&user, <[Value]>::is_empty);
    }
}

#[test]
fn files_that_change_on_disk_count() {
    let folder = Folder::new(&[("registry.py", REGISTRY)]);
    let registry = folder.uri("registry.py");
    let mut client = LspClient::start_in(folder.path(), &capabilities());
    client.open(&registry, REGISTRY, 1);
    client.wait_until_shown(&registry, |shown| codes(shown) == ["LW101"]);
    folder.write("pkg/reset.py", RESET);
    changed(&mut client, &folder.uri("pkg/reset.py"), 1);
    client.wait_until_shown(&registry, <[Value]>::is_empty);
    folder.write("pkg/reset.py", NO_RESET);
    changed(&mut client, &folder.uri("pkg/reset.py"), 2);
    client.wait_until_shown(&registry, |shown| codes(shown) == ["LW101"]);
    std::fs::rename(folder.path().join("pkg/reset.py"), folder.path().join("reset.py")).unwrap();
    folder.write("reset.py", RESET);
    changed(&mut client, &folder.uri("reset.py"), 1);
    client.wait_until_shown(&registry, <[Value]>::is_empty);
    std::fs::remove_file(folder.path().join("reset.py")).unwrap();
    changed(&mut client, &folder.uri("reset.py"), 3);
    client.wait_until_shown(&registry, |shown| codes(shown) == ["LW101"]);
    // So does configuration.
    folder.write("leakwright.toml", "ignore = ['LW101']\n");
    changed(&mut client, &folder.uri("leakwright.toml"), 1);
    client.wait_until_shown(&registry, <[Value]>::is_empty);
    std::fs::remove_file(folder.path().join("leakwright.toml")).unwrap();
    changed(&mut client, &folder.uri("leakwright.toml"), 3);
    client.wait_until_shown(&registry, |shown| codes(shown) == ["LW101"]);
}

#[test]
fn a_client_that_watches_no_files_is_served_when_it_saves() {
    let folder = Folder::new(&[("registry.py", REGISTRY), ("other.py", "x = 1\n")]);
    let (registry, other) = (folder.uri("registry.py"), folder.uri("other.py"));
    let mut client = LspClient::start_in(folder.path(), &json!({}));
    client.open(&registry, REGISTRY, 1);
    client.open(&other, "x = 1\n", 1);
    client.wait_until_shown(&registry, |shown| codes(shown) == ["LW101"]);
    folder.write("reset.py", RESET);
    client.notify("textDocument/didSave", &json!({ "textDocument": { "uri": other } }));
    client.wait_until_shown(&registry, <[Value]>::is_empty);
}

#[test]
fn folders_come_and_go() {
    let folder = Folder::new(&[("registry.py", REGISTRY), ("reset.py", RESET)]);
    let registry = folder.uri("registry.py");
    let mut client = LspClient::start(Path::new("."), &capabilities());
    client.open(&registry, REGISTRY, 1);
    assert_eq!(codes(&client.diagnostics(&registry, 1)), ["LW101"], "alone");
    let event = json!([{ "uri": file_uri(folder.path()), "name": "folder" }]);
    client.notify(
        "workspace/didChangeWorkspaceFolders",
        &json!({ "event": { "added": event, "removed": [] } }),
    );
    client.wait_until_shown(&registry, <[Value]>::is_empty);
    client.notify(
        "workspace/didChangeWorkspaceFolders",
        &json!({ "event": { "added": [], "removed": event } }),
    );
    client.wait_until_shown(&registry, |shown| codes(shown) == ["LW101"]);
}

#[test]
fn files_that_a_check_leaves_out_are_judged_alone_and_count_for_nothing() {
    let folder = Folder::new(&[
        ("registry.py", REGISTRY),
        ("generated/reset.py", RESET),
        ("generated/registry.py", REGISTRY),
        ("leakwright.toml", "exclude = ['generated']\n"),
    ]);
    let (registry, reset, other) =
        (folder.uri("registry.py"), folder.uri("generated/reset.py"), folder.uri("generated/registry.py"));
    let mut client = LspClient::start_in(folder.path(), &capabilities());
    client.open(&registry, REGISTRY, 1);
    client.open(&reset, RESET, 1);
    client.open(&other, REGISTRY, 1);
    client.wait_until_shown(&registry, |shown| codes(shown) == ["LW101"]);
    client.wait_until_shown(&other, |shown| codes(shown) == ["LW101"]);
    assert_eq!(codes(&client.shown_at_rest(&registry)), ["LW101"]);
}

#[test]
fn fixes_know_what_other_files_do() {
    // Another file looks at a slice: a deque has none.
    let slices = "from registry import Registry\n\n\ndef last(registry: Registry):\n    return registry.entries[-10:]\n";
    let folder = Folder::new(&[("registry.py", REGISTRY), ("view.py", slices)]);
    let registry = folder.uri("registry.py");
    let mut client = LspClient::start_in(folder.path(), &capabilities());
    client.open(&registry, REGISTRY, 1);
    client.wait_until_shown(&registry, |shown| codes(shown) == ["LW101"]);
    let titles = |client: &mut LspClient| -> Vec<String> {
        let actions = client.request(
            "textDocument/codeAction",
            &json!({
                "textDocument": { "uri": registry },
                "range": { "start": { "line": 0, "character": 0 }, "end": { "line": 9, "character": 0 } },
                "context": { "diagnostics": [] }
            }),
        );
        let title = |action: &Value| action["title"].as_str().unwrap().to_owned();
        actions.as_array().unwrap().iter().map(title).collect()
    };
    assert!(!titles(&mut client).iter().any(|title| title.contains("deque")), "a slice of it is taken");
    let view = folder.uri("view.py");
    client.open(&view, &slices.replace("[-10:]", "[-10]"), 1);
    // No waiting: the request itself waits for the project.
    assert!(titles(&mut client).iter().any(|title| title.contains("deque")), "all uses allow one");
}

#[test]
fn fixes_change_other_files_in_the_version_that_is_open() {
    let child = "from registry import Registry\n\n\nclass Child(Registry):\n    def __init__(self):\n        self.entries = []\n";
    let folder = Folder::new(&[("registry.py", REGISTRY), ("child.py", child)]);
    let (registry, other) = (folder.uri("registry.py"), folder.uri("child.py"));
    let mut client = LspClient::start_in(folder.path(), &capabilities());
    client.open(&registry, REGISTRY, 3);
    client.wait_until_shown(&registry, |shown| codes(shown) == ["LW101"]);
    // The versions of documents that a fix changes, and the lines that it changes in the other one.
    let edited = |client: &mut LspClient| -> (Vec<(String, Value)>, Vec<u64>) {
        let actions = client.request(
            "textDocument/codeAction",
            &json!({
                "textDocument": { "uri": registry },
                "range": { "start": { "line": 5, "character": 8 }, "end": { "line": 5, "character": 8 } },
                "context": { "diagnostics": [] }
            }),
        );
        let is_deque = |action: &&Value| action["title"].as_str().unwrap().contains("deque");
        let action = actions.as_array().unwrap().iter().find(is_deque).unwrap();
        let changes = action["edit"]["documentChanges"].as_array().unwrap();
        let document = |change: &Value| {
            let document = &change["textDocument"];
            (document["uri"].as_str().unwrap().to_owned(), document["version"].clone())
        };
        let own = changes.iter().filter(|change| change["textDocument"]["uri"] == other.as_str());
        let lines = own.flat_map(|change| change["edits"].as_array().unwrap());
        let lines = lines.map(|edit| edit["range"]["start"]["line"].as_u64().unwrap()).collect();
        (changes.iter().map(document).collect(), lines)
    };
    let (documents, lines) = edited(&mut client);
    assert!(documents.contains(&(registry.clone(), json!(3))), "{documents:?}");
    assert!(documents.contains(&(other.clone(), Value::Null)), "it is not open: {documents:?}");
    assert!(lines.contains(&5), "{lines:?}");
    client.open(&other, child, 7);
    client.change(&other, 8, &json!([{ "text": format!("# moved\n{child}") }]));
    let (documents, lines) = edited(&mut client);
    assert!(documents.contains(&(other.clone(), json!(8))), "{documents:?}");
    assert!(lines.contains(&6), "{lines:?}");
}
