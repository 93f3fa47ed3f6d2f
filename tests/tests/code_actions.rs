//! What the language server offers to do about findings.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use leakwright_testkit::LspClient;
use serde_json::{Value, json};

const URI: &str = "file:///nowhere/load.py";
/// Two leaks of one rule that are safe to mend, and one that is not.
const LEAKS: &str = "def load(path):\n    data = open(path).read()  # whole\n    return data\n\n\ndef more(path):\n    data = open(path).read()\n    return data\n\n\nclass Queue:\n    def __init__(self):\n        self.messages = []\n\n    def add_message(self, m):\n        self.messages.append(m)\n";

fn capabilities() -> Value {
    json!({
        "textDocument": {
            "publishDiagnostics": { "versionSupport": true },
            "codeAction": { "dataSupport": true, "resolveSupport": { "properties": ["edit"] } }
        },
        "window": { "showDocument": { "support": true } },
        "workspace": {
            "workspaceEdit": {
                "documentChanges": true,
                "changeAnnotationSupport": { "groupsOnLabel": false }
            }
        }
    })
}

fn open(capabilities: &Value) -> LspClient {
    let mut client = LspClient::start(Path::new("."), capabilities);
    client.open(URI, LEAKS, 1);
    assert_eq!(client.diagnostics(URI, 1).len(), 3);
    client
}

/// The actions for a line, or for kinds.
fn actions(client: &mut LspClient, line: u32, only: Option<&[&str]>) -> Vec<Value> {
    let place = json!({ "line": line, "character": 5 });
    let context =
        only.map_or(json!({ "diagnostics": [] }), |only| json!({ "diagnostics": [], "only": only }));
    let found = client.request(
        "textDocument/codeAction",
        &json!({ "textDocument": { "uri": URI }, "range": { "start": place, "end": place }, "context": context }),
    );
    found.as_array().unwrap().clone()
}

fn titles(actions: &[Value]) -> Vec<&str> {
    actions.iter().map(|action| action["title"].as_str().unwrap()).collect()
}

fn titled<'a>(actions: &'a [Value], title: &str) -> &'a Value {
    actions.iter().find(|action| action["title"] == title).unwrap_or_else(|| panic!("{:?}", titles(actions)))
}

/// Applies the edits of an action as a client does, from the last to the first.
fn apply(client: &mut LspClient, action: &Value, version: i64) -> Vec<String> {
    let change = &action["edit"]["documentChanges"][0];
    assert_eq!(change["textDocument"], json!({ "uri": URI, "version": version - 1 }));
    let mut edits: Vec<Value> = change["edits"].as_array().unwrap().clone();
    let place = |edit: &Value| {
        let start = &edit["range"]["start"];
        (start["line"].as_u64(), start["character"].as_u64())
    };
    edits.sort_by_key(|edit| std::cmp::Reverse(place(edit)));
    let changes: Vec<Value> =
        edits.iter().map(|edit| json!({ "range": edit["range"], "text": edit["newText"] })).collect();
    client.change(URI, version, &json!(changes));
    let left = client.diagnostics(URI, version);
    left.iter().map(|found| found["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn all_that_is_safe_is_fixed_when_asked_for_by_name() {
    let mut client = open(&capabilities());
    assert!(!titles(&actions(&mut client, 1, None)).contains(&"Fix all that is safe to fix"));
    for only in ["source", "source.fixAll", "source.fixAll.leakwright"] {
        let found = actions(&mut client, 1, Some(&[only]));
        assert_eq!(titles(&found), ["Fix all that is safe to fix"], "{only}");
        assert_eq!(found[0]["kind"], "source.fixAll.leakwright");
    }
    for only in ["source.fix", "source.fixAll.ruff", "source.organizeImports", "refactor"] {
        assert_eq!(actions(&mut client, 1, Some(&[only])), Vec::<Value>::new(), "{only}");
    }
    let found = actions(&mut client, 1, Some(&["source.fixAll"]));
    assert_eq!(found[0].get("edit"), None, "worked out when it is chosen");
    let resolved = client.request("codeAction/resolve", &found[0]);
    assert_eq!(apply(&mut client, &resolved, 2), ["LW101"]);
    // The text is another one by now.
    let id = client.send_request("codeAction/resolve", &found[0]);
    assert_eq!(client.response(id).unwrap_err()["code"], -32801);
    // A client that resolves nothing has the edit at once; and nothing is offered that does nothing.
    let mut plain = capabilities();
    plain["textDocument"]["codeAction"] = json!({});
    let mut client = open(&plain);
    let found = actions(&mut client, 0, Some(&["source.fixAll"]));
    assert_eq!(apply(&mut client, &found[0], 2), ["LW101"]);
    assert_eq!(actions(&mut client, 0, Some(&["source.fixAll"])), Vec::<Value>::new());
}

#[test]
fn all_of_a_rule_is_fixed() {
    let mut client = open(&capabilities());
    let found = actions(&mut client, 1, None);
    let action = titled(&found, "Fix all LW301 in this file").clone();
    assert_eq!(action["kind"], "quickfix");
    assert_eq!(apply(&mut client, &action, 2), ["LW101"]);
    let found = actions(&mut client, 17, None);
    assert!(!titles(&found).iter().any(|title| title.starts_with("Fix all")), "{:?}", titles(&found));
}

#[test]
fn a_finding_is_suppressed_on_its_line() {
    let mut client = open(&capabilities());
    let found = actions(&mut client, 1, None);
    let action = titled(&found, "Suppress LW301 on this line").clone();
    assert_eq!((&action["isPreferred"], &action["diagnostics"][0]["code"]), (&json!(false), &json!("LW301")));
    assert_eq!(
        action["edit"]["documentChanges"][0]["edits"][0]["newText"], "  # leakwright: ignore[LW301]",
        "behind the comment that is there"
    );
    assert_eq!(apply(&mut client, &action, 2), ["LW301", "LW101"]);
}

#[test]
fn the_page_of_a_rule_is_opened() {
    let mut client = open(&capabilities());
    let found = actions(&mut client, 1, None);
    let command = titled(&found, "Open the page of LW301")["command"].clone();
    let params = json!({ "command": command["command"], "arguments": command["arguments"] });
    client.request("workspace/executeCommand", &params);
    let shown = client.message("window/showDocument", |_| true);
    assert!(shown["uri"].as_str().unwrap().ends_with("/LW301") && shown["external"] == true, "{shown}");
    for wrong in [
        json!({ "command": "rm", "arguments": ["LW301"] }),
        json!({ "command": command["command"], "arguments": [] }),
    ] {
        let id = client.send_request("workspace/executeCommand", &wrong);
        assert_eq!(client.response(id).unwrap_err()["code"], -32602);
    }
    let mut client = open(&json!({}));
    assert!(!titles(&actions(&mut client, 1, None)).iter().any(|title| title.starts_with("Open the page")));
}

#[test]
fn the_number_that_a_fix_puts_in_is_selected_where_the_client_wants_it() {
    let mut wanting = capabilities();
    wanting["experimental"] = json!({ "leakwright": { "selectsNumbers": true } });
    let mut client = open(&wanting);
    let found = actions(&mut client, 15, None);
    let command = titled(&found, "Use `deque(maxlen=1000)`")["command"].clone();
    let params = json!({ "command": command["command"], "arguments": command["arguments"] });
    client.request("workspace/executeCommand", &params);
    let shown = client.message("window/showDocument", |_| true);
    // The number stands behind `        self.messages = deque(maxlen=`.
    let start = shown["selection"]["start"].clone();
    assert_eq!((shown["uri"].as_str(), &start["character"]), (Some(URI), &json!(37)), "{shown}");
    assert_eq!(shown["selection"]["end"]["character"], 41);

    let mut client = open(&capabilities());
    let found = actions(&mut client, 15, None);
    assert!(titled(&found, "Use `deque(maxlen=1000)`")["command"].is_null(), "a plain edit");
}

#[test]
fn fixes_that_change_what_the_program_does_say_so() {
    let mut client = open(&capabilities());
    let found = actions(&mut client, 15, None);
    let edit = &found[0]["edit"];
    assert_eq!(found[0]["isPreferred"], false);
    let annotation = edit["documentChanges"][0]["edits"][0]["annotationId"].as_str().unwrap();
    assert_eq!(edit["changeAnnotations"][annotation]["needsConfirmation"], true);
    let found = actions(&mut client, 1, None);
    assert_eq!(found[0]["isPreferred"], true);
    assert_eq!(found[0]["edit"].get("changeAnnotations"), None);
    assert_eq!(found[0]["edit"]["documentChanges"][0]["edits"][0].get("annotationId"), None);
    // A client that knows no annotations gets none.
    let mut client = open(&json!({ "workspace": { "workspaceEdit": { "documentChanges": true } } }));
    let found = actions(&mut client, 15, None);
    assert_eq!(found[0]["edit"].get("changeAnnotations"), None);
    assert_eq!(found[0]["edit"]["documentChanges"][0]["edits"][0].get("annotationId"), None);
}

/// What is expected of an action.
struct Expected {
    title: &'static str,
    kind: &'static str,
    /// Of which finding it is, and on which lines.
    of: Option<(&'static str, &'static [u64])>,
    preferred: bool,
    /// Whether the user is to confirm it.
    confirm: bool,
    does: Does,
}

#[derive(PartialEq, Eq, Debug)]
enum Does {
    Edit,
    EditLater,
    Command,
}

/// A line, what kinds are asked for, and what is offered.
type Row = (u32, Option<&'static [&'static str]>, &'static [Expected]);

/// All actions on two lines, and for a whole document.
const TABLE: [Row; 4] = [
    (
        1,
        None,
        &[
            Expected {
                title: "Open it in a `with` statement",
                kind: "quickfix",
                of: Some(("LW301", &[1])),
                preferred: true,
                confirm: false,
                does: Does::Edit,
            },
            Expected {
                title: "Fix all LW301 in this file",
                kind: "quickfix",
                of: None,
                preferred: false,
                confirm: false,
                does: Does::Edit,
            },
            Expected {
                title: "Suppress LW301 on this line",
                kind: "quickfix",
                of: Some(("LW301", &[1])),
                preferred: false,
                confirm: false,
                does: Does::Edit,
            },
            Expected {
                title: "Open the page of LW301",
                kind: "quickfix",
                of: Some(("LW301", &[1])),
                preferred: false,
                confirm: false,
                does: Does::Command,
            },
        ],
    ),
    (
        15,
        Some(&["quickfix"]),
        &[
            Expected {
                title: "Use `deque(maxlen=1000)`",
                kind: "quickfix",
                of: Some(("LW101", &[15])),
                preferred: false,
                confirm: true,
                does: Does::Edit,
            },
            Expected {
                title: "Keep the last 1000: `del …[:-1000]` after it grows",
                kind: "quickfix",
                of: Some(("LW101", &[15])),
                preferred: false,
                confirm: true,
                does: Does::Edit,
            },
            Expected {
                title: "Suppress LW101 on this line",
                kind: "quickfix",
                of: Some(("LW101", &[15])),
                preferred: false,
                confirm: false,
                does: Does::Edit,
            },
            Expected {
                title: "Open the page of LW101",
                kind: "quickfix",
                of: Some(("LW101", &[15])),
                preferred: false,
                confirm: false,
                does: Does::Command,
            },
        ],
    ),
    (
        0,
        Some(&["source.fixAll.leakwright"]),
        &[Expected {
            title: "Fix all that is safe to fix",
            kind: "source.fixAll.leakwright",
            of: None,
            preferred: false,
            confirm: false,
            does: Does::EditLater,
        }],
    ),
    (1, Some(&["refactor", "source.organizeImports"]), &[]),
];

#[test]
fn every_action_is_what_the_table_says() {
    let mut client = open(&capabilities());
    for (line, only, expected) in TABLE {
        let found = actions(&mut client, line, only);
        let wanted: Vec<&str> = expected.iter().map(|action| action.title).collect();
        assert_eq!(titles(&found), wanted, "line {line}, {only:?}");
        for (action, expected) in found.iter().zip(expected) {
            let title = expected.title;
            assert_eq!(action["kind"], expected.kind, "{title}");
            let of = action["diagnostics"].as_array().map(|of| {
                let lines: Vec<u64> =
                    of.iter().map(|it| it["range"]["start"]["line"].as_u64().unwrap()).collect();
                (of[0]["code"].as_str().unwrap().to_owned(), lines)
            });
            assert_eq!(of, expected.of.map(|(code, lines)| (code.to_owned(), lines.to_vec())), "{title}");
            assert_eq!(action["isPreferred"].as_bool().unwrap_or(false), expected.preferred, "{title}");
            let does = match (action.get("edit"), action.get("command"), action.get("data")) {
                (Some(_), None, None) => Does::Edit,
                (None, None, Some(_)) => Does::EditLater,
                (None, Some(_), None) => Does::Command,
                other => panic!("{title}: {other:?}"),
            };
            assert_eq!(does, expected.does, "{title}");
            if does == Does::Edit {
                let change = &action["edit"]["documentChanges"][0];
                assert_eq!(change["textDocument"], json!({ "uri": URI, "version": 1 }), "{title}");
                let is_annotated = |edit: &Value| edit["annotationId"].is_string();
                let edits = change["edits"].as_array().unwrap();
                assert_eq!(edits.iter().all(is_annotated), expected.confirm, "{title}");
                assert_eq!(action["edit"]["changeAnnotations"].is_object(), expected.confirm, "{title}");
            }
            // What needs no resolving is as it was.
            if does != Does::EditLater {
                assert_eq!(client.request("codeAction/resolve", action), *action, "{title}");
            }
        }
    }
}
