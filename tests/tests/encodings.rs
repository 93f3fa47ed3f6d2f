//! Columns in UTF-8, UTF-16 and UTF-32, from the first message to the last edit.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use leakwright_syntax::{Encoding, Position, Text};
use leakwright_testkit::LspClient;
use serde_json::{Value, json};

const URI: &str = "file:///nowhere/snakes.py";

/// Before and behind each place that counts there are characters of two, three and four bytes, such that are two units
/// in UTF-16, and letters that combine.
const TEXT: &str = "# \u{1F40D} na\u{ef}ve e\u{301}\r\ndef lade(pfad):\r\n    s = '\u{1F40D}e\u{301}\u{4e2d}'; data = open(pfad).read()  # \u{1F40D}\u{1F40D} \u{0915}\u{094d}\u{0937}\r\n    return data, s\r\n\n\nclass Schlange\u{4e2d}:\n    def __init__(self):\n        s = '\u{10FFFF}'; self.messages = []\n\n    def add_message(self, m):\n        '\u{1F468}\u{200D}\u{1F469}'; self.messages.append(m)\n";

/// What `TEXT` is once all that is safe is done.
const FIXED: &str = "# \u{1F40D} na\u{ef}ve e\u{301}\r\ndef lade(pfad):\r\n    s = '\u{1F40D}e\u{301}\u{4e2d}'; data = open(pfad).read()  # \u{1F40D}\u{1F40D} \u{0915}\u{094d}\u{0937}  # leakwright: ignore[LW301]\r\n";

const ENCODINGS: [(Encoding, &str); 3] =
    [(Encoding::Utf8, "utf-8"), (Encoding::Utf16, "utf-16"), (Encoding::Utf32, "utf-32")];

/// A client that counts in one way only, and what it does with a document.
struct Editor {
    client: LspClient,
    encoding: Encoding,
    text: String,
    version: i64,
}

impl Editor {
    fn start(encoding: Encoding, name: &str) -> Self {
        let mut client = LspClient::spawn(Path::new("."));
        let announced = client.initialize(&json!({
            "capabilities": {
                "general": { "positionEncodings": [name] },
                "textDocument": { "publishDiagnostics": { "relatedInformation": true } },
                "workspace": { "workspaceEdit": { "documentChanges": true } }
            }
        }));
        assert_eq!(announced["positionEncoding"], name);
        client.open(URI, TEXT, 1);
        Self { client, encoding, text: TEXT.to_owned(), version: 1 }
    }

    fn place(&self, offset: usize) -> Value {
        let place = Text::new(&self.text).position(offset as u32, self.encoding);
        json!({ "line": place.line, "character": place.column })
    }

    fn range(&self, part: &str) -> Value {
        let start = self.text.find(part).unwrap();
        json!({ "start": self.place(start), "end": self.place(start + part.len()) })
    }

    /// The part of the text that a range means.
    fn part(&self, range: &Value) -> &str {
        let text = Text::new(&self.text);
        let offset = |place: &Value| {
            let number = |name: &str| u32::try_from(place[name].as_u64().unwrap()).unwrap();
            text.offset(Position::new(number("line"), number("character")), self.encoding) as usize
        };
        &self.text[offset(&range["start"])..offset(&range["end"])]
    }

    /// Makes edits as a client does, from the last to the first, and tells the server what it has done.
    fn apply(&mut self, edits: &[Value]) -> Vec<Value> {
        let mut edits = edits.to_vec();
        let place = |edit: &Value| {
            let start = &edit["range"]["start"];
            (start["line"].as_u64(), start["character"].as_u64())
        };
        edits.sort_by_key(|edit| std::cmp::Reverse(place(edit)));
        for edit in &edits {
            let part = self.part(&edit["range"]);
            let start = part.as_ptr() as usize - self.text.as_ptr() as usize;
            let end = start + part.len();
            self.text.replace_range(start..end, edit["newText"].as_str().unwrap());
        }
        let changes: Vec<Value> =
            edits.iter().map(|edit| json!({ "range": edit["range"], "text": edit["newText"] })).collect();
        self.version += 1;
        self.client.change(URI, self.version, &json!(changes));
        self.client.diagnostics(URI, self.version)
    }

    fn actions(&mut self, range: &Value) -> Vec<Value> {
        let params = json!({
            "textDocument": { "uri": URI }, "range": range, "context": { "diagnostics": [] }
        });
        self.client.request("textDocument/codeAction", &params).as_array().unwrap().clone()
    }
}

#[test]
fn diagnostics_hover_actions_and_edits_mean_the_same_places() {
    let mut texts = Vec::new();
    for (encoding, name) in ENCODINGS {
        let mut editor = Editor::start(encoding, name);
        let shown = editor.client.diagnostics(URI, 1);
        let parts: Vec<&str> = shown.iter().map(|found| editor.part(&found["range"])).collect();
        assert_eq!(parts, ["open(pfad)", "self.messages.append(m)"], "{name}");
        let related = shown[1]["relatedInformation"].as_array().unwrap();
        let related: Vec<&str> =
            related.iter().map(|place| editor.part(&place["location"]["range"])).collect();
        assert!(related.contains(&"[]") && related.contains(&"add_message"), "{name}: {related:?}");
        // Hover knows where the finding begins and ends, and nothing beside it.
        let whole = editor.range("open(pfad)");
        let hover = |editor: &mut Editor, place: Value| {
            let params = json!({ "textDocument": { "uri": URI }, "position": place });
            editor.client.request("textDocument/hover", &params)
        };
        let start = editor.text.find("open(pfad)").unwrap();
        for (offset, is_inside) in [(start - 1, false), (start, true), (start + 9, true), (start + 11, false)]
        {
            let place = editor.place(offset);
            let found = hover(&mut editor, place);
            assert_eq!(!found.is_null(), is_inside, "{name} at {offset}");
            assert!(!is_inside || found["range"] == whole, "{name}");
        }
        // A comment at the end of a line, and a fix in the middle of one.
        let actions = editor.actions(&whole);
        let suppress = actions.iter().find(|it| it["title"] == "Suppress LW301 on this line").unwrap();
        let edits = suppress["edit"]["documentChanges"][0]["edits"].as_array().unwrap().clone();
        assert_eq!(editor.apply(&edits).len(), 1, "{name}");
        assert!(editor.text.starts_with(FIXED), "{name}: {}", editor.text);
        let grows = editor.range("self.messages.append(m)");
        let actions = editor.actions(&grows);
        let edits = actions[0]["edit"]["documentChanges"][0]["edits"].as_array().unwrap().clone();
        assert_eq!(editor.apply(&edits), Vec::<Value>::new(), "{name}");
        texts.push(editor.text);
    }
    assert!(texts[0].contains("s = '\u{10FFFF}'; self.messages = deque(maxlen=1000)"), "{}", texts[0]);
    assert!(texts.iter().all(|text| *text == texts[0]));
}

#[test]
fn a_place_within_a_character_is_its_beginning() {
    for (encoding, name) in ENCODINGS {
        let mut editor = Editor::start(encoding, name);
        let line = json!(0);
        // In the middle of the snake, in units of two encodings of the three.
        for inside in [3, 4] {
            let place = json!({ "line": line, "character": inside });
            let params = json!({ "textDocument": { "uri": URI }, "position": place });
            assert_eq!(editor.client.request("textDocument/hover", &params), Value::Null, "{name}");
        }
        let inside = json!({ "line": line, "character": 3 });
        let change = json!([{ "range": { "start": inside, "end": inside }, "text": "x" }]);
        editor.client.change(URI, 2, &change);
        let shown = editor.client.diagnostics(URI, 2);
        assert_eq!(shown.len(), 2, "{name}");
        let lines: Vec<u64> =
            shown.iter().map(|found| found["range"]["start"]["line"].as_u64().unwrap()).collect();
        assert_eq!(lines, [2, 11], "{name}");
    }
}
