//! A long session: what was edited, opened and closed is not held on to.
//!
//! The long one takes minutes, and is run by hand:
//! `cargo test --release --package leakwright-tests --test soak -- --ignored --nocapture`.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use leakwright_testkit::{Folder, LspClient, Random};
use serde_json::{Value, json};

/// Files of the folder, each of which uses the one before it.
const FILES: usize = 12;

/// Edits between two answers that are waited for.
const BURST: usize = 20;

/// What memory may grow by beside a tenth, in KB: pieces that the allocator keeps.
const SLACK: u64 = 8 << 10;

struct Session {
    client: LspClient,
    folder: Folder,
    random: Random,
    texts: Vec<String>,
    versions: Vec<i64>,
    /// Numbers names, so that none comes twice.
    names: usize,
}

fn name(index: usize) -> String {
    format!("m{index}.py")
}

fn text(index: usize) -> String {
    let before = (index + FILES - 1) % FILES;
    let body: String = (0..15)
        .map(|n| {
            format!("\n\ndef f{n}(path):\n    with open(path) as handle:\n        return handle.read({n})\n")
        })
        .collect();
    format!(
        "from m{before} import Queue{before}\n\n\nclass Queue{index}:\n    def __init__(self):\n        self.messages = []\n\n    def add_message(self, m):\n        self.messages.append(m)\n\n\ndef reset(queue: Queue{before}):\n    pass\n{body}"
    )
}

impl Session {
    fn start() -> Self {
        let folder = Folder::new(&[]);
        let texts: Vec<String> = (0..FILES).map(text).collect();
        texts.iter().enumerate().for_each(|(index, text)| folder.write(&name(index), text));
        let mut client = LspClient::start_in(folder.path(), &json!({}));
        for (index, text) in texts.iter().enumerate() {
            client.open(&folder.uri(&name(index)), text, 1);
        }
        for index in 0..FILES {
            client.wait_until_shown(&folder.uri(&name(index)), |shown| shown.len() == 1);
        }
        Self { client, folder, random: Random::new(7), texts, versions: vec![1; FILES], names: 0 }
    }

    /// Edits a document and waits for what is found in it then.
    fn edit(&mut self) {
        let index = self.random.below(FILES);
        let uri = self.folder.uri(&name(index));
        let end = self.texts[index].lines().count();
        for step in 0..BURST {
            self.names += 1;
            let number = self.names;
            // Something new, which then is changed and taken away again.
            let line = |line: usize, text: String| {
                let range = json!({
                    "start": { "line": line, "character": 0 }, "end": { "line": line, "character": 0 }
                });
                json!([{ "range": range, "text": text }])
            };
            let changes = match step % 4 {
                0 => line(end, format!("\n\nname_{number} = []\n")),
                1 => line(3, format!("# comment {number}\n")),
                2 => line(
                    end,
                    format!(
                        "def g_{number}(path):\n    h{number} = open(path)\n    return h{number}.read()\n"
                    ),
                ),
                _ => json!([{ "text": self.texts[index] }]),
            };
            self.versions[index] += 1;
            self.client.change(&uri, self.versions[index], &changes);
        }
        let shown = self.client.diagnostics(&uri, self.versions[index]);
        assert_eq!(shown.len(), 1, "{shown:?}");
        self.client.drain();
    }

    /// Opens a document that was never there before, and one of the folder anew, and closes them.
    fn open_and_close(&mut self) {
        self.names += 1;
        let uri = format!("untitled:Untitled-{}", self.names);
        self.client.open(
            &uri,
            &format!("def load_{0}(path):\n    handle = open(path)\n    return handle.read()\n", self.names),
            1,
        );
        assert_eq!(self.client.diagnostics(&uri, 1).len(), 1);
        let index = self.random.below(FILES);
        let file = self.folder.uri(&name(index));
        for uri in [&uri, &file] {
            self.client.notify("textDocument/didClose", &json!({ "textDocument": { "uri": uri } }));
        }
        self.versions[index] += 1;
        self.client.open(&file, &self.texts[index], self.versions[index]);
        self.client.diagnostics(&file, self.versions[index]);
        self.client.drain();
    }

    /// Memory of the server in KB, once it is at rest.
    fn memory(&mut self) -> u64 {
        self.client.request("workspace/executeCommand", &json!({ "command": "leakwright.scanWorkspace" }));
        let state =
            self.client.request("workspace/executeCommand", &json!({ "command": "leakwright.showState" }));
        assert_eq!(state["documents"].as_array().map(Vec::len), Some(FILES), "{state}");
        state["memory"]["resident"].as_u64().unwrap()
    }
}

/// Memory after each tenth of a session.
fn session(edits: usize, pairs: usize) -> Vec<u64> {
    let mut session = Session::start();
    let mut levels = Vec::new();
    for _ in 0..10 {
        (0..edits / 10 / BURST).for_each(|_| session.edit());
        (0..pairs / 10).for_each(|_| session.open_and_close());
        levels.push(session.memory());
    }
    session.client.request("shutdown", &Value::Null);
    levels
}

#[track_caller]
fn assert_level(levels: &[u64]) {
    let (first, last) = (levels[0], levels[levels.len() - 1]);
    assert!(last <= first + first / 10 + SLACK, "memory in KB after each tenth: {levels:?}");
}

#[test]
fn memory_stays_as_it_is_in_a_short_session() {
    assert_level(&session(20_000, 200));
}

#[test]
#[ignore = "takes minutes"]
#[expect(clippy::print_stderr, reason = "the numbers are what it is run for")]
fn memory_stays_as_it_is_in_a_long_session() {
    let levels = session(200_000, 2_000);
    eprintln!("memory in KB after each tenth: {levels:?}");
    let (first, last) = (levels[0], levels[9]);
    assert!(last * 10 <= first * 11, "memory in KB after each tenth: {levels:?}");
}
