//! Random edits in a folder whose files depend on each other: once edits pause, what the server shows of
//! each file, open or not, is what `check` says of the folder with the same texts.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use leakwright_syntax::{Budget, Parser};
use leakwright_testkit::{LspClient, Random, file_uri, leakwright};
use serde_json::{Value, json};

const ROUNDS: usize = 40;
const SEED: u64 = 20_261_122;

/// Files that need each other: containers that others empty, factories and their callers, classes and
/// their bases, wrappers that close.
const FILES: [(&str, &str); 8] = [
    ("app/__init__.py", "from .registry import Registry, EVENTS\n"),
    (
        "app/registry.py",
        "EVENTS = []\n\n\ndef record(event):\n    EVENTS.append(event)\n\n\nclass Registry:\n    def __init__(self):\n        self.entries = []\n\n    def handle_event(self, event):\n        self.entries.append(event)\n",
    ),
    (
        "app/reset.py",
        "from . import registry\nfrom .registry import Registry\n\n\ndef reset(target: Registry):\n    target.entries.clear()\n\n\ndef drain():\n    registry.EVENTS.clear()\n",
    ),
    (
        "app/child.py",
        "from app import Registry\n\n\nclass Child(Registry):\n    def forget(self):\n        self.entries.pop()\n\n    def handle_event(self, event):\n        self.entries.append(event)\n",
    ),
    (
        "app/factory.py",
        "def connect(path):\n    return open(path)\n\n\ndef release(handle):\n    handle.close()\n\n\nclass Holder:\n    def __init__(self, path):\n        self.handle = open(path)\n\n    def close(self):\n        self.handle.close()\n",
    ),
    (
        "app/user.py",
        "from .factory import Holder, connect, release\n\n\ndef load(path):\n    handle = connect(path)\n    return handle.read()\n\n\ndef save(path):\n    handle = open(path)\n    release(handle)\n\n\ndef hold(path):\n    holder = Holder(path)\n    print(holder)\n",
    ),
    (
        "app/cache.py",
        "from functools import lru_cache\n\n\n@lru_cache(maxsize=None)\ndef compute(x):\n    return x\n",
    ),
    (
        "main.py",
        "from app.cache import compute\nfrom app.registry import record\n\nprint(compute(1))\n\n\ndef handle(x):\n    record(x)\n",
    ),
];

/// Lines that make and mend leaks here and in other files.
const LINES: [&str; 12] = [
    "    pass\n",
    "# a comment\n",
    "\n",
    "    registry.EVENTS.clear()\n",
    "    target.entries.clear()\n",
    "    EVENTS.clear()\n",
    "    handle.close()\n",
    "        self.entries.clear()\n",
    "print(compute(object()))\n",
    "from app.registry import Registry\n",
    "    return None\n",
    "    holder.close()\n",
];

struct Document {
    name: &'static str,
    text: String,
    /// The text on disk.
    saved: String,
    version: i64,
    is_open: bool,
}

fn has_error(text: &str) -> bool {
    Parser::new().parse(text.into(), Budget::BATCH).is_ok_and(|tree| tree.root().has_error())
}

/// A text in which some of what mends does nothing.
fn variant(original: &str, random: &mut Random) -> String {
    let mends = [".clear()", ".pop()", ".close()", "release("];
    let mut line_of = |line: &str| {
        let is_mending = mends.iter().any(|mend| line.contains(mend)) && line.starts_with(' ');
        let indent = &line[..line.len() - line.trim_start().len()];
        if is_mending && random.below(2) == 0 { format!("{indent}pass\n") } else { line.to_owned() }
    };
    original.split_inclusive('\n').map(&mut line_of).collect()
}

/// Puts in a line, takes one out, or goes back to the first text or a variant of it; as a change of the protocol.
fn edit(document: &mut Document, original: &str, random: &mut Random) -> Value {
    let lines: Vec<&str> = document.text.split_inclusive('\n').collect();
    let at = random.below(lines.len() + 1);
    let place = |line: usize| json!({ "line": line, "character": 0 });
    let goes_back = if has_error(&document.text) { 6 } else { 4 };
    let (change, text) = match random.below(8) {
        choice if choice < goes_back => {
            let text = variant(original, random);
            (json!({ "text": text }), text)
        }
        6 if at < lines.len() => {
            let text: String =
                lines.iter().enumerate().filter(|line| line.0 != at).map(|line| *line.1).collect();
            (json!({ "range": { "start": place(at), "end": place(at + 1) }, "text": "" }), text)
        }
        _ => {
            let new = *random.pick(&LINES);
            let text = [&lines[..at], &[new], &lines[at..]].concat().concat();
            (json!({ "range": { "start": place(at), "end": place(at) }, "text": new }), text)
        }
    };
    document.text = text;
    change
}

/// What `check` says of the folder, by file: code and place of each finding, in the protocol's units.
fn checked(folder: &Path) -> BTreeMap<String, Vec<(String, Value)>> {
    let output = leakwright(folder).args(["check", ".", "--format", "json"]).output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let place = |place: &Value| {
        let part = |name: &str| place[name].as_u64().unwrap() - 1;
        json!({ "line": part("line"), "character": part("column") })
    };
    let mut found: BTreeMap<String, Vec<(String, Value)>> = BTreeMap::new();
    for finding in document["findings"].as_array().unwrap() {
        let range = &finding["range"];
        let range = json!({ "start": place(&range["start"]), "end": place(&range["end"]) });
        let path = finding["path"].as_str().unwrap().to_owned();
        found.entry(path).or_default().push((finding["code"].as_str().unwrap().to_owned(), range));
    }
    found
}

fn shown(diagnostics: &[Value]) -> Vec<(String, Value)> {
    let one = |found: &Value| (found["code"].as_str().unwrap().to_owned(), found["range"].clone());
    diagnostics.iter().map(one).collect()
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn run(ballast: &str, seed: u64) {
    let (disk, mirror) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for folder in [disk.path(), mirror.path()] {
        for (name, text) in FILES {
            write(folder, name, text);
        }
        write(folder, "app/ballast.py", ballast);
    }
    let mut random = Random::new(seed);
    let watches = json!({ "workspace": { "didChangeWatchedFiles": { "dynamicRegistration": true } } });
    let mut client = LspClient::start_in(disk.path(), &watches);
    let mut documents: Vec<Document> = FILES
        .iter()
        .map(|(name, text)| {
            let text = (*text).to_owned();
            Document { name, saved: text.clone(), text, version: 0, is_open: false }
        })
        .collect();
    let uri = |name: &str| file_uri(&disk.path().join(name));
    let (mut compared, mut with_findings, mut states) = (0, 0, std::collections::BTreeSet::new());
    for _ in 0..ROUNDS {
        for _ in 0..=random.below(4) {
            let index = random.below(documents.len());
            let document = &mut documents[index];
            match (document.is_open, random.below(12)) {
                (false, 0..=1) => {
                    // Changed on disk by somebody else.
                    edit(document, FILES[index].1, &mut random);
                    document.saved.clone_from(&document.text);
                    write(disk.path(), document.name, &document.text);
                    let changes = json!({ "changes": [{ "uri": uri(document.name), "type": 2 }] });
                    client.notify("workspace/didChangeWatchedFiles", &changes);
                }
                (false, _) => {
                    document.version += 1;
                    document.is_open = true;
                    client.open(&uri(document.name), &document.text, document.version);
                }
                (true, 0) => {
                    document.is_open = false;
                    document.text.clone_from(&document.saved);
                    let closed = json!({ "textDocument": { "uri": uri(document.name) } });
                    client.notify("textDocument/didClose", &closed);
                }
                (true, 1) => {
                    document.saved.clone_from(&document.text);
                    write(disk.path(), document.name, &document.text);
                    let saved = json!({ "textDocument": { "uri": uri(document.name) } });
                    client.notify("textDocument/didSave", &saved);
                }
                (true, _) => {
                    document.version += 1;
                    let change = edit(document, FILES[index].1, &mut random);
                    client.change(&uri(document.name), document.version, &json!([change]));
                }
            }
        }
        // Where a text has errors the parser may have recovered otherwise until the server parses afresh.
        client.shown_at_rest("");
        for document in &documents {
            write(mirror.path(), document.name, &document.text);
        }
        let mut expected = checked(mirror.path());
        for document in &documents {
            let now = shown(&client.shown_after(Duration::ZERO, &uri(document.name)));
            let expected = expected.remove(document.name).unwrap_or_default();
            let texts: Vec<String> = documents
                .iter()
                .map(|document| format!("--- {}\n{}", document.name, document.text))
                .collect();
            assert_eq!(now, expected, "{} after {compared} rounds, in:\n{}", document.name, texts.concat());
            with_findings += usize::from(!now.is_empty());
            states.insert(format!("{now:?}"));
        }
        compared += 1;
    }
    assert!(with_findings > ROUNDS / 2 && states.len() > 3, "{with_findings} {}", states.len());
}

#[test]
fn what_is_shown_once_edits_pause_is_what_check_says_of_the_folder() {
    run("", SEED);
}

#[test]
fn the_same_holds_where_linking_waits_for_a_pause() {
    let body: String = (0..4000).map(|n| format!("    x{n} = print({n}, 'text')\n")).collect();
    run(&format!("def run():\n{body}"), SEED + 1);
}
