//! Lenses: how much is found in each class and function.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use leakwright_testkit::{Folder, LspClient};
use serde_json::{Value, json};

const TEXT: &str = "\
class Queue:
    def __init__(self):
        self.messages = []

    def add_message(self, m):
        self.messages.append(m)

    def load(self, path):
        handle = open(path)
        return handle.read()


def sound():
    return 1
";

fn capabilities() -> Value {
    json!({
        "window": { "showDocument": { "support": true } },
        "workspace": { "configuration": true, "codeLens": { "refreshSupport": true } }
    })
}

fn lenses(client: &mut LspClient, uri: &str) -> Vec<(u64, String)> {
    let answer = client.request("textDocument/codeLens", &json!({ "textDocument": { "uri": uri } }));
    let one = |lens: &Value| {
        let line = lens["range"]["start"]["line"].as_u64().unwrap();
        (line, lens["command"]["title"].as_str().unwrap().to_owned())
    };
    answer.as_array().map(|lenses| lenses.iter().map(one).collect()).unwrap_or_default()
}

#[test]
fn classes_and_functions_have_lenses_once_the_user_wants_them() {
    let folder = Folder::new(&[("a.py", TEXT)]);
    let uri = folder.uri("a.py");
    let mut client = LspClient::start_in(folder.path(), &capabilities());
    client.open(&uri, TEXT, 1);
    client.wait_until_shown(&uri, |shown| shown.len() == 2);
    assert_eq!(lenses(&mut client, &uri), [], "not unless they are wanted");
    client.set(json!({ "codeLens": true }));
    client.message("workspace/codeLens/refresh", |_| true);
    let expected = [
        (0, "2 leaks: growth, resource".to_owned()),
        (4, "1 leak: growth".to_owned()),
        (7, "1 leak: resource".to_owned()),
    ];
    assert_eq!(lenses(&mut client, &uri), expected);
    // They are those of the version that they were asked for.
    client.change(&uri, 2, &json!([{ "text": format!("# moved\n{TEXT}") }]));
    assert_eq!(lenses(&mut client, &uri)[0], (1, "2 leaks: growth, resource".to_owned()));
    client.change(&uri, 3, &json!([{ "text": "def broken(:\n" }]));
    assert_eq!(lenses(&mut client, &uri), []);
    client.set(json!({ "codeLens": false }));
    client.message("workspace/codeLens/refresh", |_| true);
    client.change(&uri, 4, &json!([{ "text": TEXT }]));
    assert_eq!(lenses(&mut client, &uri), []);
}

#[test]
fn a_lens_leads_to_what_is_found() {
    for shows in [true, false] {
        let mut capabilities = capabilities();
        capabilities["window"]["showDocument"]["support"] = json!(shows);
        let folder = Folder::new(&[("a.py", TEXT)]);
        let uri = folder.uri("a.py");
        let mut client = LspClient::start_in(folder.path(), &capabilities);
        client.set(json!({ "codeLens": true }));
        client.message("workspace/codeLens/refresh", |_| true);
        client.open(&uri, TEXT, 1);
        client.wait_until_shown(&uri, |shown| shown.len() == 2);
        let answer = client.request("textDocument/codeLens", &json!({ "textDocument": { "uri": uri } }));
        let command = &answer[0]["command"];
        assert_eq!((&command["arguments"][0], &command["arguments"][1]["line"]), (&json!(uri), &json!(0)));
        client.request(
            "workspace/executeCommand",
            &json!({ "command": command["command"], "arguments": command["arguments"] }),
        );
        if shows {
            let shown = client.message("window/showDocument", |_| true);
            assert_eq!((&shown["uri"], &shown["selection"]["start"]["line"]), (&json!(uri), &json!(5)));
        }
        let told = client.message("window/showMessage", |_| true);
        assert_eq!(told["message"], "Leakwright: see lines 6, 9");
    }
}

#[test]
fn what_another_file_changes_makes_the_client_ask_again() {
    let user = "from factory import connect\n\n\ndef load(path):\n    handle = connect(path)\n    return handle.read()\n";
    let folder = Folder::new(&[("factory.py", "def connect(path):\n    return path\n"), ("user.py", user)]);
    let uri = folder.uri("user.py");
    let mut client = LspClient::start_in(folder.path(), &capabilities());
    client.set(json!({ "codeLens": true }));
    client.message("workspace/codeLens/refresh", |_| true);
    client.open(&uri, user, 1);
    client.diagnostics(&uri, 1);
    assert_eq!(lenses(&mut client, &uri), []);
    folder.write("factory.py", "def connect(path):\n    return open(path)\n");
    let change = json!({ "changes": [{ "uri": folder.uri("factory.py"), "type": 2 }] });
    client.drain();
    client.notify("workspace/didChangeWatchedFiles", &change);
    client.message("workspace/codeLens/refresh", |_| true);
    client.wait_until_shown(&uri, |shown| shown.len() == 1);
    assert_eq!(lenses(&mut client, &uri), [(3, "1 leak: resource".to_owned())]);
}
