//! Notebooks: cells are one module, and what is found in it is shown in them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use leakwright_testkit::{Folder, LspClient};
use serde_json::{Value, json};

const NOTEBOOK: &str = "file:///nowhere/nb.ipynb";
const LEAK: &str = "def load(path):\n    handle = open(path)\n    return handle.read()";
const QUEUE: &str = "class Queue:\n    def __init__(self):\n        self.messages = []\n\n    def add_message(self, m):\n        self.messages.append(m)\n";

fn cell(name: &str) -> String {
    format!("vscode-notebook-cell:/nowhere/nb.ipynb#{name}")
}

fn item(name: &str, language: &str, text: &str) -> Value {
    json!({ "uri": cell(name), "languageId": language, "version": 1, "text": text })
}

fn entry(name: &str, kind: u32) -> Value {
    json!({ "kind": kind, "document": cell(name) })
}

fn open(client: &mut LspClient, uri: &str, cells: &[Value], texts: &[Value]) {
    let notebook = json!({ "uri": uri, "notebookType": "jupyter-notebook", "version": 1, "cells": cells });
    client.notify(
        "notebookDocument/didOpen",
        &json!({ "notebookDocument": notebook, "cellTextDocuments": texts }),
    );
}

fn change(client: &mut LspClient, cells: &Value) {
    client.notify(
        "notebookDocument/didChange",
        &json!({ "notebookDocument": { "uri": NOTEBOOK, "version": 2 }, "change": { "cells": cells } }),
    );
}

fn edit(client: &mut LspClient, name: &str, version: i64, changes: &Value) {
    let content = json!({ "document": { "uri": cell(name), "version": version }, "changes": changes });
    change(client, &json!({ "textContent": [content] }));
}

fn splice(client: &mut LspClient, start: u32, deleted: u32, cells: &[Value], also: &Value) {
    let mut structure = also.clone();
    structure["array"] = json!({ "start": start, "deleteCount": deleted, "cells": cells });
    change(client, &json!({ "structure": structure }));
}

fn codes(diagnostics: &[Value]) -> Vec<&str> {
    diagnostics.iter().map(|found| found["code"].as_str().unwrap()).collect()
}

fn is_clean(shown: &[Value]) -> bool {
    shown.is_empty()
}

fn capabilities() -> Value {
    json!({
        "textDocument": {
            "publishDiagnostics": { "relatedInformation": true },
            "codeAction": { "dataSupport": true, "resolveSupport": { "properties": ["edit"] } },
            "diagnostic": {}
        },
        "workspace": {
            "diagnostics": { "refreshSupport": true },
            "workspaceEdit": { "documentChanges": true, "changeAnnotationSupport": {} }
        }
    })
}

fn start() -> LspClient {
    let mut client = LspClient::spawn(std::path::Path::new("."));
    let said = client.initialize(&json!({ "rootUri": null, "capabilities": capabilities() }));
    let selector = json!([{ "cells": [{ "language": "python" }] }]);
    assert_eq!(said["notebookDocumentSync"], json!({ "notebookSelector": selector, "save": true }));
    client
}

#[test]
fn cells_are_one_module_and_show_what_is_theirs() {
    let mut client = start();
    let (events, record, load, text) = (cell("events"), cell("record"), cell("load"), cell("text"));
    open(
        &mut client,
        NOTEBOOK,
        &[entry("text", 1), entry("events", 2), entry("record", 2), entry("sql", 2), entry("load", 2)],
        &[
            item("text", "markdown", "# open(\n"),
            item("events", "python", "%matplotlib inline\nEVENTS = []"),
            item("record", "python", "def record(event):\n    !echo (\n    EVENTS.append(event)"),
            item("sql", "sql", "select ("),
            item("load", "python", LEAK),
        ],
    );
    let found = client.diagnostics(&record, 1);
    assert_eq!((codes(&found), &found[0]["range"]["start"]["line"]), (vec!["LW101"], &json!(2)));
    let places = found[0]["relatedInformation"].as_array().unwrap();
    let created = places.iter().find(|place| place["location"]["uri"] == events.as_str()).unwrap();
    assert_eq!(created["location"]["range"]["start"], json!({ "line": 1, "character": 9 }));
    let found = client.diagnostics(&load, 1);
    assert_eq!((codes(&found), &found[0]["range"]["start"]["line"]), (vec!["LW301"], &json!(1)));
    assert_eq!(client.diagnostics(&events, 1), Vec::<Value>::new());
    // Cells are told of, never asked for.
    let asked = client.request("textDocument/diagnostic", &json!({ "textDocument": { "uri": load } }));
    assert_eq!(asked["items"], json!([]));

    // What one cell does counts in the others; a cell that is as it was is not told of again.
    client.drain();
    edit(&mut client, "events", 2, &json!([{ "text": "EVENTS = []\n\ndef drain():\n    EVENTS.clear()\n" }]));
    client.wait_until_shown(&record, is_clean);
    let told = client.drain();
    let of = |uri: &str| told.iter().filter(|message| message["params"]["uri"] == uri).count();
    assert_eq!((of(&load), of(&text)), (0, 0));
    let place = json!({ "start": { "line": 3, "character": 4 }, "end": { "line": 3, "character": 18 } });
    edit(&mut client, "events", 3, &json!([{ "range": place, "text": "%%bash é" }]));
    client.wait_until_shown(&record, |shown| codes(shown) == ["LW101"]);

    // Hover speaks of cells.
    let place = json!({ "line": 2, "character": 12 });
    let hover = client
        .request("textDocument/hover", &json!({ "textDocument": { "uri": record }, "position": place }));
    let said = hover["contents"]["value"].as_str().unwrap();
    assert!(said.contains("- cell 1, line 1: "), "{said}");
    assert!(said.contains("[**LW101**](https://leakwright.dev/rules/LW101)"), "{said}");
    assert_eq!(hover["range"]["start"], json!({ "line": 2, "character": 4 }));

    // Moved, taken out, put in: in the place of the cell that is not code in Python, and far outside.
    splice(&mut client, 4, 1, &[], &json!({}));
    splice(&mut client, 0, 0, &[entry("load", 2)], &json!({}));
    edit(&mut client, "load", 2, &json!([{ "text": format!("import os\n{LEAK}") }]));
    let found = client.diagnostics(&load, 2);
    assert_eq!((codes(&found), &found[0]["range"]["start"]["line"]), (vec!["LW301"], &json!(2)));
    splice(&mut client, 0, 1, &[], &json!({ "didClose": [{ "uri": load }] }));
    client.wait_until_shown(&load, is_clean);
    splice(&mut client, 900, 7, &[entry("new", 2)], &json!({ "didOpen": [item("new", "python", LEAK)] }));
    client.wait_until_shown(&cell("new"), |shown| codes(shown) == ["LW301"]);
    change(&mut client, &json!({ "data": [entry("new", 1)] }));
    client.wait_until_shown(&cell("new"), is_clean);
    client.notify("notebookDocument/didSave", &json!({ "notebookDocument": { "uri": NOTEBOOK } }));
    client.notify(
        "notebookDocument/didClose",
        &json!({ "notebookDocument": { "uri": NOTEBOOK }, "cellTextDocuments": [] }),
    );
    client.wait_until_shown(&record, is_clean);
    // What means nothing is passed over.
    edit(&mut client, "events", 9, &json!([{ "text": "x" }]));
    client.notify("notebookDocument/didOpen", &json!({ "notebookDocument": 1 }));
    open(&mut client, NOTEBOOK, &[entry("load", 2)], &[]);
    edit(&mut client, "load", 9, &json!([{ "text": "x" }]));
    open(&mut client, "untitled:nb.ipynb", &[entry("one", 2)], &[item("one", "python", LEAK)]);
    client.wait_until_shown(&cell("one"), |shown| codes(shown) == ["LW301"]);
}

/// The text of a cell after edits, made as a client does.
fn apply(text: &str, edits: &Value) -> String {
    let mut document = leakwright_syntax::Document::new(text);
    let place = |place: &Value| {
        let part = |name: &str| u32::try_from(place[name].as_u64().unwrap()).unwrap();
        leakwright_syntax::Position::new(part("line"), part("character"))
    };
    let mut edits = edits.as_array().unwrap().clone();
    edits.sort_by_key(|edit| {
        let start = &edit["range"]["start"];
        std::cmp::Reverse((start["line"].as_u64(), start["character"].as_u64()))
    });
    for edit in &edits {
        let range = leakwright_syntax::PositionRange::new(
            place(&edit["range"]["start"]),
            place(&edit["range"]["end"]),
        );
        let text = edit["newText"].as_str().unwrap().to_owned();
        let encoding = leakwright_syntax::Encoding::Utf16;
        document.apply(&[leakwright_syntax::Change::Range(range, encoding, text)]);
    }
    document.text().to_string()
}

#[test]
fn fixes_change_the_cells() {
    let mut client = start();
    let with_magic = LEAK.replace("    return", "    !ls\n    return");
    open(
        &mut client,
        NOTEBOOK,
        &[entry("first", 2), entry("queue", 2), entry("load", 2), entry("magic", 2)],
        &[
            item("first", "python", "import os"),
            item("queue", "python", QUEUE),
            item("load", "python", LEAK),
            item("magic", "python", &with_magic),
        ],
    );
    client.wait_until_shown(&cell("queue"), |shown| codes(shown) == ["LW101"]);
    client.wait_until_shown(&cell("magic"), |shown| codes(shown) == ["LW301"]);
    let actions = |client: &mut LspClient, name: &str, line: u32, only: &Value| -> Vec<Value> {
        let place = json!({ "line": line, "character": 6 });
        let params = json!({
            "textDocument": { "uri": cell(name) },
            "range": { "start": place, "end": place },
            "context": { "diagnostics": [], "only": only }
        });
        client.request("textDocument/codeAction", &params).as_array().unwrap().clone()
    };
    let titled = |actions: &[Value], title: &str| {
        actions.iter().find(|action| action["title"].as_str().unwrap().starts_with(title)).cloned()
    };
    let all = actions(&mut client, "queue", 5, &Value::Null);
    let action = titled(&all, "Use `deque(maxlen=1000)`").unwrap();
    let changes = action["edit"]["documentChanges"].as_array().unwrap();
    let of = |name: &str| changes.iter().find(|change| change["textDocument"]["uri"] == cell(name)).unwrap();
    assert_eq!(of("queue")["textDocument"]["version"], 1);
    assert_eq!(apply("import os", &of("first")["edits"]), "import os\nfrom collections import deque");
    let queue = apply(QUEUE, &of("queue")["edits"]);
    assert_eq!(queue, QUEUE.replace("= []", "= deque(maxlen=1000)"));
    assert!(of("queue")["edits"][0]["annotationId"].is_string());
    assert_eq!(action["diagnostics"][0]["range"]["start"]["line"], 5);
    // A `with` around the last statement of a cell, and around a line for the shell.
    let title = "Open `handle` in a `with` statement";
    let edits = |client: &mut LspClient, name: &str| {
        let all = actions(client, name, 1, &Value::Null);
        let action = titled(&all, title).unwrap_or_else(|| panic!("{all:#?}"));
        action["edit"]["documentChanges"][0]["edits"].clone()
    };
    let mended = "def load(path):\n    with open(path) as handle:\n        return handle.read()";
    assert_eq!(apply(LEAK, &edits(&mut client, "load")), mended);
    let mended = mended.replace("        return", "        !ls\n        return");
    assert_eq!(apply(&with_magic, &edits(&mut client, "magic")), mended);
    // All that is safe, worked out when it is chosen.
    edit(
        &mut client,
        "load",
        2,
        &json!([{ "text": "def load(path):\n    data = open(path).read()\n    return data" }]),
    );
    client.wait_until_shown(&cell("load"), |shown| codes(shown) == ["LW301"]);
    let all = actions(&mut client, "load", 1, &json!(["source.fixAll"]));
    let resolved = client.request("codeAction/resolve", &all[0]);
    let change = &resolved["edit"]["documentChanges"][0];
    assert_eq!(change["textDocument"], json!({ "uri": cell("load"), "version": 2 }));
}

#[test]
fn a_notebook_follows_the_configuration_above_it() {
    let folder = Folder::new(&[("leakwright.toml", "ignore = ['LW301']\n")]);
    let mut client = LspClient::start_in(folder.path(), &capabilities());
    let texts = [item("one", "python", LEAK), item("two", "python", QUEUE)];
    open(&mut client, &folder.uri("nb.ipynb"), &[entry("one", 2), entry("two", 2)], &texts);
    client.wait_until_shown(&cell("two"), |shown| codes(shown) == ["LW101"]);
    client.wait_until_shown(&cell("one"), is_clean);
    folder.write("leakwright.toml", "");
    let event = json!({ "changes": [{ "uri": folder.uri("leakwright.toml"), "type": 2 }] });
    client.notify("workspace/didChangeWatchedFiles", &event);
    client.wait_until_shown(&cell("one"), |shown| codes(shown) == ["LW301"]);
}
