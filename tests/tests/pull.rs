//! Diagnostics that the client asks for.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use leakwright_testkit::{Folder, LspClient};
use serde_json::{Value, json};

const LEAK: &str = "def load(path):\n    handle = open(path)\n    return handle.read()\n";
const SOUND: &str = "def load(path):\n    with open(path) as handle:\n        return handle.read()\n";
const FACTORY: &str = "def connect(path):\n    return open(path)\n";
const NO_FACTORY: &str = "def connect(path):\n    return path\n";
const USER: &str = "from factory import connect\n\n\ndef load(path):\n    handle = connect(path)\n    return handle.read()\n";

fn capabilities() -> Value {
    json!({
        "textDocument": { "diagnostic": {}, "publishDiagnostics": { "versionSupport": true } },
        "workspace": {
            "diagnostics": { "refreshSupport": true },
            "configuration": true,
            "didChangeWatchedFiles": { "dynamicRegistration": true }
        }
    })
}

fn ask(client: &mut LspClient, uri: &str, previous: &Value) -> Value {
    let params = json!({ "textDocument": { "uri": uri }, "previousResultId": previous });
    client.request("textDocument/diagnostic", &params)
}

fn codes(report: &Value) -> Vec<&str> {
    let items = report["items"].as_array().unwrap();
    items.iter().map(|item| item["code"].as_str().unwrap()).collect()
}

fn poll(client: &mut LspClient, known: &[(&str, &Value)]) -> i64 {
    let known: Vec<Value> = known.iter().map(|(uri, id)| json!({ "uri": uri, "value": id })).collect();
    client.send_request("workspace/diagnostic", &json!({ "previousResultIds": known }))
}

fn report<'a>(answer: &'a Value, uri: &str) -> Option<&'a Value> {
    answer["items"].as_array().unwrap().iter().find(|item| item["uri"] == uri)
}

fn changed(client: &mut LspClient, uri: &str, kind: u32) {
    client.notify("workspace/didChangeWatchedFiles", &json!({ "changes": [{ "uri": uri, "type": kind }] }));
}

fn pushed(client: &mut LspClient, uri: &str) -> Vec<Value> {
    let messages = client.drain();
    let is_it = |message: &Value| {
        message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == uri
    };
    messages.into_iter().filter(is_it).collect()
}

#[test]
fn documents_are_told_of_when_they_are_asked_for_and_only_then() {
    let folder = Folder::new(&[("factory.py", NO_FACTORY), ("user.py", USER)]);
    let (factory, user) = (folder.uri("factory.py"), folder.uri("user.py"));
    let mut client = LspClient::start_in(folder.path(), &capabilities());
    client.open(&user, USER, 1);
    client.open(&factory, NO_FACTORY, 1);
    let first = ask(&mut client, &user, &Value::Null);
    assert_eq!((&first["kind"], codes(&first)), (&json!("full"), vec![]));
    client.shown_at_rest(&user);
    // What one document says changes what is found in the other: the client has to ask again.
    client.drain();
    client.change(&factory, 2, &json!([{ "text": FACTORY }]));
    client.message("workspace/diagnostic/refresh", |_| true);
    let second = ask(&mut client, &user, &first["resultId"]);
    assert_eq!((&second["kind"], codes(&second)), (&json!("full"), vec!["LW301"]));
    let third = ask(&mut client, &user, &second["resultId"]);
    assert_eq!((&third["kind"], &third["resultId"]), (&json!("unchanged"), &second["resultId"]));
    assert_eq!(third.get("items"), None);
    // A question right behind a change is about the text after it.
    client.change(&user, 2, &json!([{ "text": LEAK.repeat(3) }]));
    let fourth = ask(&mut client, &user, &second["resultId"]);
    assert_eq!(codes(&fourth).len(), 3);
    // So does configuration.
    client.shown_at_rest(&user);
    client.drain();
    folder.write("leakwright.toml", "ignore = ['LW301']\n");
    changed(&mut client, &folder.uri("leakwright.toml"), 1);
    client.message("workspace/diagnostic/refresh", |_| true);
    assert_eq!(codes(&ask(&mut client, &user, &fourth["resultId"])), Vec::<&str>::new());
    for uri in [&user, &factory] {
        client.notify("textDocument/didClose", &json!({ "textDocument": { "uri": uri } }));
        assert_eq!(codes(&ask(&mut client, uri, &Value::Null)), Vec::<&str>::new());
    }
    assert_eq!(pushed(&mut client, &user), Vec::<Value>::new());
    assert_eq!(codes(&ask(&mut client, "file:///nowhere/a.py", &Value::Null)), Vec::<&str>::new());
}

#[test]
fn the_workspace_is_asked_for_and_answered_when_there_is_something_new() {
    let folder = Folder::new(&[("a.py", LEAK), ("b.py", LEAK), ("c.py", SOUND)]);
    let (a, b, c) = (folder.uri("a.py"), folder.uri("b.py"), folder.uri("c.py"));
    let mut client = LspClient::start_in(folder.path(), &capabilities());
    let id = poll(&mut client, &[("file:///gone/d.py", &json!("x"))]);
    let first = client.response(id).unwrap();
    assert_eq!(codes(report(&first, &a).unwrap()), ["LW301"]);
    assert_eq!(codes(report(&first, &b).unwrap()), ["LW301"]);
    assert_eq!(report(&first, &c), None, "nothing is said of clean files");
    assert_eq!(codes(report(&first, "file:///gone/d.py").unwrap()), Vec::<&str>::new());
    let of = |answer: &Value, uri: &str| report(answer, uri).unwrap()["resultId"].clone();
    let (known_a, known_b) = (of(&first, &a), of(&first, &b));
    // Nothing is new: the answer waits for a change, and holds up no other request.
    let id = poll(&mut client, &[(&a, &known_a), (&b, &known_b)]);
    client.open(&a, LEAK, 1);
    assert_eq!(codes(&ask(&mut client, &a, &Value::Null)), ["LW301"]);
    client.shown_at_rest(&a);
    assert!(client.drain().iter().all(|message| message["id"] != id), "nothing is new");
    folder.write("b.py", SOUND);
    changed(&mut client, &b, 2);
    let second = client.response(id).unwrap();
    assert_eq!(codes(report(&second, &b).unwrap()), Vec::<&str>::new());
    assert_eq!(of(&second, &b), Value::Null);
    assert!(report(&second, &a).is_none_or(|report| report["kind"] == "unchanged"), "it is open");
    // A document that is closed is a file again, whatever the client knew of it.
    let id = poll(&mut client, &[(&a, &known_a)]);
    client.notify("textDocument/didClose", &json!({ "textDocument": { "uri": a } }));
    assert_eq!(codes(&ask(&mut client, &a, &Value::Null)), ["LW301"], "asked for once more");
    let third = client.response(id).unwrap();
    assert_eq!(codes(report(&third, &a).unwrap()), ["LW301"]);
    let known_a = of(&third, &a);
    folder.write("c.py", LEAK);
    changed(&mut client, &c, 2);
    let id = poll(&mut client, &[(&a, &known_a)]);
    let fourth = client.response(id).unwrap();
    assert_eq!(codes(report(&fourth, &c).unwrap()), ["LW301"]);
    assert_eq!(
        report(&fourth, &a).unwrap(),
        &json!({ "kind": "unchanged", "uri": a, "version": null, "resultId": known_a })
    );
    // Files that are gone, and a setting that wants nothing of files that are not open.
    folder.remove("c.py");
    let known_c = of(&fourth, &c);
    changed(&mut client, &c, 3);
    let id = poll(&mut client, &[(&a, &known_a), (&c, &known_c)]);
    assert_eq!(codes(report(&client.response(id).unwrap(), &c).unwrap()), Vec::<&str>::new());
    let id = poll(&mut client, &[(&a, &known_a)]);
    client.set(json!({ "openFilesOnly": true }));
    assert_eq!(codes(report(&client.response(id).unwrap(), &a).unwrap()), Vec::<&str>::new());
    client.set(Value::Null);
    let id = poll(&mut client, &[]);
    client.response(id).unwrap();
    for uri in [&a, &b, &c] {
        let all = pushed(&mut client, uri);
        assert!(all.iter().all(|message| message["params"]["diagnostics"] == json!([])), "{all:#?}");
    }
}

#[test]
fn one_question_about_the_workspace_waits_and_takes_no_place_of_others() {
    let folder = Folder::new(&[("a.py", LEAK)]);
    let a = folder.uri("a.py");
    let mut client = LspClient::start_in(folder.path(), &capabilities());
    let id = poll(&mut client, &[]);
    let known = report(&client.response(id).unwrap(), &a).unwrap()["resultId"].clone();
    // Far more than there are places.
    let polls: Vec<i64> = (0..300).map(|_| poll(&mut client, &[(&a, &known)])).collect();
    for id in &polls[..299] {
        let error = client.response(*id).unwrap_err();
        assert_eq!((&error["code"], &error["data"]["retriggerRequest"]), (&json!(-32802), &json!(false)));
    }
    client.open(&a, LEAK, 1);
    let hover = json!({ "textDocument": { "uri": a }, "position": { "line": 1, "character": 15 } });
    assert!(client.request("textDocument/hover", &hover)["contents"].is_object());
    client.notify("$/cancelRequest", &json!({ "id": polls[299] }));
    assert_eq!(client.response(polls[299]).unwrap_err()["code"], -32800);
    let last = poll(&mut client, &[(&a, &known)]);
    client.request("shutdown", &Value::Null);
    assert_eq!(client.response(last).unwrap_err()["code"], -32802);
    client.notify("exit", &Value::Null);
    assert_eq!(client.wait(Duration::from_secs(10)).unwrap().code(), Some(0));
}

#[test]
fn a_large_workspace_is_told_of_in_parts() {
    let folder = Folder::new(&[]);
    (0..120).for_each(|n| folder.write(&format!("pkg/m{n}.py"), &LEAK.repeat(3)));
    let mut client = LspClient::start_in(folder.path(), &capabilities());
    let params = json!({ "previousResultIds": [], "partialResultToken": "parts" });
    let id = client.send_request("workspace/diagnostic", &params);
    let end = client.response(id).unwrap();
    let parts: Vec<Value> = client
        .drain()
        .into_iter()
        .filter(|message| message["method"] == "$/progress" && message["params"]["token"] == "parts")
        .flat_map(|message| message["params"]["value"]["items"].as_array().unwrap().clone())
        .collect();
    let told = |uri: &str| parts.iter().rfind(|item| item["uri"] == uri).map(|item| codes(item).len());
    for n in 0..120 {
        assert_eq!(told(&folder.uri(&format!("pkg/m{n}.py"))), Some(3), "m{n}.py");
    }
    assert_eq!(end["items"], json!([]), "all of it was told before");
}

#[test]
fn a_client_that_asks_for_documents_only_is_told_of_the_other_files() {
    let folder = Folder::new(&[("a.py", LEAK), ("b.py", LEAK)]);
    let (a, b) = (folder.uri("a.py"), folder.uri("b.py"));
    let leaks = |shown: &[Value]| shown.len() == 1;
    let mut client = LspClient::start_in(folder.path(), &capabilities());
    client.wait_until_shown(&a, leaks);
    client.wait_until_shown(&b, leaks);
    client.open(&a, LEAK, 1);
    assert_eq!(codes(&ask(&mut client, &a, &Value::Null)), ["LW301"]);
    client.wait_until_shown(&a, <[Value]>::is_empty);
    client.notify("textDocument/didClose", &json!({ "textDocument": { "uri": a } }));
    client.wait_until_shown(&a, leaks);
    // Then it asks for all of them: what was published goes.
    let id = poll(&mut client, &[]);
    assert_eq!(client.response(id).unwrap()["items"].as_array().unwrap().len(), 2);
    client.wait_until_shown(&a, <[Value]>::is_empty);
    client.wait_until_shown(&b, <[Value]>::is_empty);
    // One that cannot be asked to ask again is told of everything, as ever.
    let mut capabilities = capabilities();
    capabilities["workspace"]["diagnostics"] = json!({});
    let mut client = LspClient::spawn(folder.path());
    let folders = json!([{ "uri": folder.uri(""), "name": "folder" }]);
    let params = json!({ "workspaceFolders": folders, "capabilities": capabilities });
    let id = client.send_request("initialize", &params);
    assert_eq!(client.response(id).unwrap()["capabilities"].get("diagnosticProvider"), None);
    client.notify("initialized", &json!({}));
    client.open(&a, LEAK, 1);
    assert_eq!(client.diagnostics(&a, 1).len(), 1);
    // So is one that is known to ask again for half of it only.
    let mut client = LspClient::spawn(folder.path());
    let params = json!({
        "workspaceFolders": folders,
        "capabilities": self::capabilities(),
        "clientInfo": { "name": "Neovim" }
    });
    assert_eq!(client.initialize(&params).get("diagnosticProvider"), None);
    client.open(&a, LEAK, 1);
    assert_eq!(client.diagnostics(&a, 1).len(), 1);
}
