//! Random edits, sent to the built server as an editor would, in each way to count columns: what it publishes is what
//! the command line says of the same text.
//!
//! Where the text parses without an error this holds for every version the server comes to rest at;
//! where it does not, after the pause in which the server parses afresh.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use leakwright_syntax::{Budget, Encoding, Parser, Position, Text, TextRange};
use leakwright_testkit::{LspClient, Random, leakwright, python, repository};
use serde_json::{Value, json};

/// Edits for each way to count columns.
const EDITS: usize = 700;
const SEED: u64 = 20_261_121;

/// Pieces of code that make and mend leaks, and pieces that break the syntax.
const SNIPPETS: [&str; 20] = [
    "\nclass Spool\u{1F40D}:\n    def __init__(self):\n        self.messages = []\n\n    def add_message(self, m):\n        self.messages.append(m)\n",
    "\n    def drain(self):\n        self.messages.clear()\n",
    "\ndef read(path):\n    f = open(path)  # \u{1F40D}\u{1F40D}\n    return f.read()\n",
    "\nfrom functools import lru_cache\n\n\n@lru_cache(maxsize=None)\ndef compute(x):\n    return x\n",
    "f = open('\u{1F40D}')\n",
    "f.close()\n",
    "    pass\n",
    "# \u{e9}\u{1D4B3} comment\n",
    "x",
    "\u{1F40D}",
    "e\u{301}",
    "# \u{0915}\u{094d}\u{0937} \u{1F468}\u{200D}\u{1F469} \u{10FFFF}\n",
    " ",
    "\n",
    "'",
    "(",
    ")",
    ":",
    "    ",
    "\"\"\"",
];

/// Files to edit: our own, and some of the standard library that have findings.
fn files() -> Vec<String> {
    let patterns =
        ["02_message_queue_leak.py", "04_memo_dict_leak.py", "06_unclosed_file_in_function_leak.py"];
    let own = patterns.map(|name| repository().join("tests/patterns").join(name));
    let mut texts: Vec<String> = vec![own.map(|path| std::fs::read_to_string(path).unwrap()).join("\n\n")];
    if let Some(python) = python() {
        let library = python.standard_library();
        for name in ["idlelib/debugger_r.py", "lib2to3/pgen2/conv.py", "queue.py", "sched.py"] {
            texts.extend(std::fs::read_to_string(library.join(name)));
        }
    }
    // Every other file with Windows line ends, all with characters beyond the basic plane.
    texts
        .into_iter()
        .enumerate()
        .map(|(index, text)| format!("# \u{1F40D} {index}\n{}", text.replace("\r\n", "\n")))
        .map(|text| if text.len() % 2 == 0 { text.replace('\n', "\r\n") } else { text })
        .collect()
}

/// A document as the client sees it.
struct Open {
    uri: String,
    text: String,
    version: i64,
    /// The last text without a syntax error.
    valid: String,
}

fn has_error(text: &str) -> bool {
    Parser::new().parse(text.into(), Budget::BATCH).is_ok_and(|tree| tree.root().has_error())
}

fn position(text: &Text, offset: usize, encoding: Encoding) -> Value {
    let place = text.position(offset as u32, encoding);
    json!({ "line": place.line, "character": place.column })
}

fn char_boundary(text: &str, mut offset: usize) -> usize {
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    // Between `\r` and `\n` there is no position in the protocol.
    let in_line_end = text[..offset].ends_with('\r') && text[offset..].starts_with('\n');
    if in_line_end { offset - 1 } else { offset }
}

/// One change, made to the text here and returned as the client tells it.
fn edit(document: &mut Open, random: &mut Random, encoding: Encoding) -> Value {
    let text = &document.text;
    if has_error(text) && random.below(4) == 0 {
        document.text.clone_from(&document.valid);
        return json!({ "text": document.text });
    }
    let start = char_boundary(text, random.below(text.len() + 1));
    let length = if random.below(3) == 0 { random.below(40) } else { 0 };
    let end = char_boundary(text, (start + length).min(text.len())).max(start);
    let new = if random.below(5) == 0 { "" } else { random.pick(&SNIPPETS) };
    let start = if new.starts_with('\n') || new.ends_with('\n') {
        text[..start].rfind('\n').map_or(0, |at| at + 1)
    } else {
        start
    };
    let end = if length == 0 { start } else { end };
    let buffer = Text::new(text);
    let place = |offset| position(&buffer, offset, encoding);
    let change = json!({ "range": { "start": place(start), "end": place(end) }, "text": new });
    document.text.replace_range(start..end, new);
    change
}

/// Code and range of each diagnostic the server published.
fn published(diagnostics: &[Value]) -> Vec<(String, Value)> {
    diagnostics
        .iter()
        .map(|found| (found["code"].as_str().unwrap().to_owned(), found["range"].clone()))
        .collect()
}

/// The same from a fresh run of the command line, in the protocol's units.
fn checked(text: &str, name: &str, encoding: Encoding) -> Vec<(String, Value)> {
    let mut child = leakwright(Path::new("."))
        .args(["check", "-", "--format", "json", "--stdin-filename", name])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let document: Value = serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap();
    let buffer = Text::new(text);
    let place = |place: &Value| {
        let part = |name: &str| place[name].as_u64().unwrap() as u32 - 1;
        let offset = buffer.offset(Position::new(part("line"), part("column")), Encoding::Utf32);
        position(&buffer, offset as usize, encoding)
    };
    let range = |range: &Value| json!({ "start": place(&range["start"]), "end": place(&range["end"]) });
    let findings = document["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|found| (found["code"].as_str().unwrap().to_owned(), range(&found["range"])))
        .collect()
}

#[test]
fn what_the_server_publishes_is_what_the_command_line_says() {
    for (seed, encoding, name) in
        [(0, Encoding::Utf8, "utf-8"), (1, Encoding::Utf16, "utf-16"), (2, Encoding::Utf32, "utf-32")]
    {
        edit_at_random(SEED + seed, encoding, name);
    }
}

fn edit_at_random(seed: u64, encoding: Encoding, name: &str) {
    let mut random = Random::new(seed);
    let capabilities = json!({ "general": { "positionEncodings": [name] } });
    let mut client = LspClient::start(Path::new("."), &capabilities);
    let mut documents: Vec<Open> = files()
        .into_iter()
        .enumerate()
        .map(|(index, text)| Open {
            uri: format!("file:///random/edits{index}.py"),
            valid: text.clone(),
            text,
            version: 1,
        })
        .collect();
    for document in &documents {
        client.open(&document.uri, &document.text, 1);
        client.diagnostics(&document.uri, 1);
    }
    let (mut edits, mut compared, mut healed, mut with_findings) = (0, 0, 0, 0);
    while edits < EDITS {
        let document = &mut documents[random.below(files_count())];
        let burst = 1 + random.below(8);
        for _ in 0..burst {
            document.version += 1;
            let several = 1 + random.below(2);
            let changes: Vec<Value> = (0..several).map(|_| edit(document, &mut random, encoding)).collect();
            edits += several;
            client.change(&document.uri, document.version, &json!(changes));
        }
        let now = published(&client.diagnostics(&document.uri, document.version));
        let name = document.uri.trim_start_matches("file://").to_owned();
        if !has_error(&document.text) {
            document.valid.clone_from(&document.text);
            let expected = checked(&document.text, &name, encoding);
            assert_eq!(now, expected, "after {edits} edits, in:\n{}", document.text);
            compared += 1;
            with_findings += usize::from(!expected.is_empty());
        } else if healed < 5 && random.below(12) == 0 {
            // At rest, the same version comes again from a fresh parse.
            let rested = published(&client.diagnostics(&document.uri, document.version));
            assert_eq!(
                rested,
                checked(&document.text, &name, encoding),
                "at rest after {edits} edits, in:\n{}",
                document.text
            );
            healed += 1;
        }
    }
    assert!(compared > 15 && healed > 1 && with_findings > 8, "{compared} {healed} {with_findings}");
}

fn files_count() -> usize {
    if python().is_some() { 5 } else { 1 }
}

#[test]
fn offsets_and_positions_agree_at_line_ends() {
    let text = Text::new("a\r\n\u{1F40D}b\r\n");
    let position = |offset| position(&text, offset, Encoding::Utf16);
    assert_eq!(position(3), json!({ "line": 1, "character": 0 }));
    assert_eq!(position(7), json!({ "line": 1, "character": 2 }));
    assert_eq!(text.line_range(1), TextRange::new(3, 10));
}
