//! What the server does when it is told to by name.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use leakwright_testkit::{Folder, LspClient, file_uri};
use serde_json::{Value, json};

const LEAK: &str = "def load(path):\n    handle = open(path)\n    return handle.read()\n";
const SOUND: &str = "def load(path):\n    with open(path) as handle:\n        return handle.read()\n";
const TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55\n";

fn capabilities() -> Value {
    json!({
        "window": { "workDoneProgress": true, "showDocument": { "support": true } },
        "workspace": { "configuration": true }
    })
}

fn start(folder: &Folder) -> LspClient {
    LspClient::start_in(folder.path(), &capabilities())
}

fn send(client: &mut LspClient, command: &str, arguments: &Value) -> i64 {
    client.send_request("workspace/executeCommand", &json!({ "command": command, "arguments": arguments }))
}

#[track_caller]
fn run(client: &mut LspClient, command: &str, arguments: &Value) -> Value {
    let id = send(client, command, arguments);
    client.response(id).unwrap()
}

#[track_caller]
fn refused(client: &mut LspClient, command: &str, arguments: &Value, why: &str) {
    let id = send(client, command, arguments);
    let error = client.response(id).unwrap_err();
    assert_eq!(error["code"], -32602, "{error}");
    assert!(error["message"].as_str().unwrap().contains(why), "{error}");
}

#[test]
fn commands_are_announced_and_wrong_arguments_are_told_apart() {
    let folder = Folder::new(&[("a.py", LEAK)]);
    let mut client = LspClient::spawn(folder.path());
    let announced = client.initialize(&json!({ "capabilities": {} }));
    let names = announced["executeCommandProvider"]["commands"].as_array().unwrap().clone();
    for name in
        ["scanWorkspace", "writeReport", "clearCache", "showState", "showFindings", "openPage", "select"]
    {
        let name = format!("leakwright.{name}");
        assert!(names.contains(&json!(name)), "{name}");
    }
    for (command, arguments, why) in [
        ("leakwright.nothing", json!([]), "no command `leakwright.nothing`"),
        ("leakwright.scanWorkspace", json!([1]), "`leakwright.scanWorkspace`: it takes no arguments"),
        ("leakwright.showState", json!([{}]), "takes no arguments"),
        ("leakwright.clearCache", json!(["all"]), "takes no arguments"),
        ("leakwright.openPage", json!([]), "the code of a rule is missing"),
        ("leakwright.openPage", json!([7]), "expected a string"),
        ("leakwright.openPage", json!(["LW999"]), "there is no rule `LW999`"),
        ("leakwright.select", json!(["x"]), "`leakwright.select`: invalid type"),
        ("leakwright.showFindings", json!([]), "where the findings are is missing"),
        ("leakwright.writeReport", json!([{ "paht": "x.md" }]), "unknown field `paht`"),
        ("leakwright.writeReport", json!([{}, {}]), "one argument at most"),
        ("leakwright.writeReport", json!([]), "no folder is open"),
    ] {
        refused(&mut client, command, &arguments, why);
    }
    // The server goes on.
    client.open("untitled:a", LEAK, 1);
    assert_eq!(client.diagnostics("untitled:a", 1).len(), 1);
}

#[test]
fn a_scan_reads_everything_again_and_counts_it() {
    let folder = Folder::new(&[("a.py", LEAK), ("b.py", SOUND), ("pkg/c.py", LEAK), ("open.py", SOUND)]);
    let mut client = start(&folder);
    client.open(&folder.uri("open.py"), &LEAK.repeat(2), 1);
    client.wait_until_shown(&folder.uri("pkg/c.py"), |shown| shown.len() == 1);
    // As if nothing had changed: the same length at the same time, and nobody is told.
    let path = folder.file("b.py");
    let before = std::fs::metadata(&path).unwrap();
    let mut text = LEAK.to_owned();
    text.push_str(&"#".repeat(SOUND.len() - LEAK.len()));
    folder.write("b.py", &text);
    std::fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(before.modified().unwrap())
        .unwrap();
    let counts = run(&mut client, "leakwright.scanWorkspace", &json!([]));
    assert_eq!(counts["files"], 4, "{counts}");
    assert_eq!((&counts["findings"], &counts["leaks"]), (&json!(5), &json!(5)), "{counts}");
    assert_eq!(counts["byFamily"], json!({ "resource": 5 }));
    assert_eq!(counts["byRule"], json!({ "LW301": 5 }));
    assert_eq!((&counts["openFilesOnly"], &counts["isCancelled"]), (&json!(false), &json!(false)));
    client.wait_until_shown(&folder.uri("b.py"), |shown| shown.len() == 1);
    // Only what is open, if the user wants no more.
    client.set(json!({ "openFilesOnly": true }));
    client.wait_until_shown(&folder.uri("a.py"), <[Value]>::is_empty);
    let counts = run(&mut client, "leakwright.scanWorkspace", &Value::Null);
    assert_eq!((&counts["files"], &counts["openFilesOnly"]), (&json!(1), &json!(true)), "{counts}");
}

#[test]
fn a_scan_tells_how_far_it_is_where_the_client_wants_it_before_it_answers() {
    let folder = Folder::new(&[("a.py", LEAK), ("b.py", LEAK)]);
    let mut client = start(&folder);
    client.wait_until_shown(&folder.uri("b.py"), |shown| shown.len() == 1);
    client.message("$/progress", |params| params["value"]["kind"] == "end");
    client.drain();
    let id = client.send_request(
        "workspace/executeCommand",
        &json!({ "command": "leakwright.scanWorkspace", "workDoneToken": 7 }),
    );
    let counts = client.response(id).unwrap();
    assert_eq!(counts["findings"], 2);
    let told = client.drain();
    let kinds: Vec<&str> = told
        .iter()
        .filter(|message| message["method"] == "$/progress" && message["params"]["token"] == 7)
        .map(|message| message["params"]["value"]["kind"].as_str().unwrap())
        .collect();
    assert_eq!((kinds.first(), kinds.last()), (Some(&"begin"), Some(&"end")), "{kinds:?}");
    assert!(!told.iter().any(|message| message["method"] == "window/workDoneProgress/create"));
}

#[test]
fn a_report_is_answered_or_written_and_replaces_only_reports() {
    let folder = Folder::new(&[("a.py", LEAK), ("notes.md", "# Notes\n")]);
    let mut client = start(&folder);
    let report = run(&mut client, "leakwright.writeReport", &json!([]));
    assert_eq!((&report["files"], &report["findings"]), (&json!(1), &json!(1)));
    let text = report["text"].as_str().unwrap();
    assert!(text.contains("# Memory leak audit") && text.contains("LW301"), "{text}");
    let written = run(&mut client, "leakwright.writeReport", &json!([{ "path": "LEAKS.md" }]));
    assert_eq!(written["path"], json!(folder.file("LEAKS.md")));
    assert_eq!(std::fs::read_to_string(folder.file("LEAKS.md")).unwrap(), text);
    run(&mut client, "leakwright.writeReport", &json!([{ "path": "LEAKS.html" }]));
    let page = std::fs::read_to_string(folder.file("LEAKS.html")).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("data-rule=\"LW301\""), "{page}");
    folder.write("a.py", SOUND);
    let uri = folder.uri("LEAKS.md");
    let written = run(&mut client, "leakwright.writeReport", &json!([{ "path": uri }]));
    assert_eq!(written["findings"], 0);
    assert!(!std::fs::read_to_string(folder.file("LEAKS.md")).unwrap().contains("LW301"));
    for (path, why) in [
        ("notes.md", "is there and is no report"),
        (".", "is a folder"),
        ("", "is a folder"),
        ("none/..", "lies in no folder"),
        ("none/x.md", "lies in no folder"),
        ("file://%zz", "names no file"),
    ] {
        refused(&mut client, "leakwright.writeReport", &json!([{ "path": path }]), why);
    }
    refused(&mut client, "leakwright.writeReport", &json!([{ "folder": "/none" }]), "/none is not open");
    assert_eq!(std::fs::read_to_string(folder.file("notes.md")).unwrap(), "# Notes\n");
}

#[test]
fn the_cache_is_cleared_and_nothing_else() {
    let (cached, other) = (Folder::new(&[("a.py", LEAK)]), Folder::new(&[("b.py", LEAK)]));
    cached.write(".leakwright_cache/CACHEDIR.TAG", TAG);
    cached.write(".leakwright_cache/1/x.bin", "x");
    // No cache of ours: somebody's folder that has its name.
    other.write(".leakwright_cache/thesis.tex", "x");
    let mut client = start(&cached);
    let event = json!({ "event": { "added": [{ "uri": leakwright_testkit::file_uri(other.path()), "name": "b" }], "removed": [] } });
    client.notify("workspace/didChangeWorkspaceFolders", &event);
    let cleared = run(&mut client, "leakwright.clearCache", &json!([]));
    assert_eq!(cleared["removed"], json!([cached.file(".leakwright_cache")]));
    assert!(!cached.file(".leakwright_cache").exists());
    assert!(other.file(".leakwright_cache/thesis.tex").is_file());
    assert_eq!(run(&mut client, "leakwright.clearCache", &json!([]))["removed"], json!([]));
}

#[test]
fn the_state_says_what_the_server_holds() {
    let folder = Folder::new(&[("a.py", LEAK), ("b.py", SOUND)]);
    let mut client = start(&folder);
    let a = folder.uri("a.py");
    client.open(&a, LEAK, 3);
    client.open("untitled:large", &format!("x = {}\n", "1".repeat(200_000)), 1);
    client.diagnostics("untitled:large", 1);
    run(&mut client, "leakwright.scanWorkspace", &json!([]));
    let state = run(&mut client, "leakwright.showState", &json!([]));
    assert_eq!(state["process"], client.process_id());
    assert_eq!(state["folders"][0]["files"], 2, "{state}");
    assert_eq!(state["folders"][0]["isLoaded"], true);
    let documents = state["documents"].as_array().unwrap();
    assert_eq!(documents.len(), 2);
    assert_eq!(
        documents[0],
        json!({ "uri": a, "version": 3, "bytes": LEAK.len(), "findings": 1, "refused": null })
    );
    assert!(documents[1]["refused"].as_str().unwrap().contains("line"), "{state}");
    assert!(state["timings"]["document"]["count"].as_u64() >= Some(2), "{state}");
    assert!(state["timings"]["link"]["worst"].as_f64() > Some(0.0), "{state}");
    if cfg!(target_os = "linux") {
        assert!(state["memory"]["resident"].as_u64() > Some(1000), "{state}");
    }
    let text = state["text"].as_str().unwrap();
    assert!(
        text.contains("open documents: 2") && text.contains("version 3") && text.contains("1 finding"),
        "{text}"
    );
}

#[test]
fn a_folder_is_read_and_linked_once_where_nothing_is_set_for_it() {
    let manifest = include_str!("../../editors/vscode/package.json");
    let manifest: Value = serde_json::from_str(manifest).unwrap();
    let properties = manifest["contributes"]["configuration"]["properties"].as_object().unwrap();
    let defaults = properties.iter().map(|(name, property)| {
        let name = name.strip_prefix("leakwright.").unwrap();
        (name.to_owned(), property["default"].clone())
    });
    let defaults = Value::Object(defaults.collect());
    for (capabilities, settings) in
        [(json!({}), Value::Null), (capabilities(), Value::Null), (capabilities(), defaults)]
    {
        let folder = Folder::new(&[("a.py", LEAK), ("b.py", SOUND)]);
        let folders = json!([{ "uri": file_uri(folder.path()), "name": "folder" }]);
        let params = json!({ "workspaceFolders": folders, "capabilities": capabilities });
        let mut client = LspClient::start_set(folder.path(), &params, settings);
        assert_eq!(client.shown_at_rest(&folder.uri("a.py")).len(), 1);
        let state = run(&mut client, "leakwright.showState", &json!([]));
        let counts = ["scan", "link"].map(|what| state["timings"][what]["count"].as_u64());
        assert_eq!(counts, [Some(1), Some(1)], "{state}");
    }
}
