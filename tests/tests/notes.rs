//! `notes`: written from the last fix, found again, and shown where the same rule fires.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use leakwright_testkit::{LspClient, file_uri, leakwright};
use serde_json::{Value, json};
use tempfile::TempDir;

const LEAK: &str = "class Queue:\n    def __init__(self):\n        self.messages = []\n\n    def add_message(self, m):\n        self.messages.append(m)\n";

/// A repository with a leak in it.
fn repository() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("pkg")).unwrap();
    fs::write(dir.path().join("pkg/leak.py"), LEAK).unwrap();
    let git = |args: &[&str]| {
        let identity = ["-c", "user.name=n", "-c", "user.email=e", "-c", "commit.gpgsign=false"];
        let mut git = Command::new("git");
        assert!(git.current_dir(dir.path()).args(identity).args(args).status().unwrap().success());
    };
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "-m", "one"]);
    dir
}

/// What a command prints on both outputs, and how it ends.
fn run(dir: &Path, args: &[&str]) -> (String, i32) {
    let output = leakwright(dir).args(args).stdin(Stdio::null()).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (String::from_utf8(text).unwrap(), output.status.code().unwrap())
}

fn ok(dir: &Path, args: &[&str]) -> String {
    let (text, code) = run(dir, args);
    assert_eq!(code, 0, "{args:?}: {text}");
    text
}

#[test]
fn a_note_is_begun_with_the_last_fix() {
    let dir = repository();
    let dir = dir.path();
    let checked = leakwright(dir).args(["check", "--format", "json"]).output().unwrap();
    let document: Value = serde_json::from_slice(&checked.stdout).unwrap();
    let fingerprint = document["findings"][0]["fingerprint"].as_str().unwrap().to_owned();
    ok(dir, &["fix", "--unsafe-fixes"]);
    // From a folder below: notes are kept in the root of the repository.
    let kept = ok(&dir.join("pkg"), &["notes", "add", "--tag", "queue,core"]);
    assert!(kept.trim_end().ends_with(".leakwright/notes/queue-messages-only-ever-grows.md"), "{kept}");
    let text = fs::read_to_string(dir.join(".leakwright/notes/queue-messages-only-ever-grows.md")).unwrap();
    let head =
        Command::new("git").current_dir(dir).args(["rev-parse", "--short=12", "HEAD"]).output().unwrap();
    let head = String::from_utf8(head.stdout).unwrap();
    for part in [
        "---\ntitle: ",
        "`Queue.messages` only ever grows",
        "- queue\n",
        "rule: LW101\n",
        &fingerprint,
        head.trim(),
        "at pkg/leak.py:6.\n\nMended by: Use `deque(maxlen=1000)`.\n\n```diff\n--- a/pkg/leak.py",
        "+from collections import deque",
    ] {
        assert!(text.contains(part), "`{part}` is missing in:\n{text}");
    }
    // What is said wins over what the fix fills in.
    ok(dir, &["notes", "add", "A plain word", "-c", "No more.", "--rule", "unbounded-cache"]);
    let text = fs::read_to_string(dir.join(".leakwright/notes/a-plain-word.md")).unwrap();
    assert!(text.contains("rule: LW201") && text.ends_with("---\n\nNo more.\n"), "{text}");
    assert!(!text.contains("fingerprint"), "the last fix was of another rule: {text}");
    let status =
        Command::new("git").current_dir(dir).args(["status", "--porcelain", "-uall"]).output().unwrap();
    let status = String::from_utf8(status.stdout).unwrap();
    assert!(status.contains(".leakwright/notes/a-plain-word.md") && !status.contains("journal"), "{status}");
}

#[test]
fn notes_are_listed_shown_and_found() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    assert_eq!(ok(dir, &["notes", "list"]), "There are no notes.\n");
    let add = |arguments: &[&str]| ok(dir, &[&["notes", "add"], arguments].concat());
    add(&["Buffers need a limit", "-c", "Replay keeps every episode.", "-t", "RL", "--rule", "LW101"]);
    add(&[
        "Embeddings",
        "-c",
        "A cache of buffers.",
        "-t",
        "cache",
        "--rule",
        "LW201",
        "--fingerprint",
        "abc",
    ]);
    add(&["Buffers again", "-c", "Nothing."]);
    assert_eq!(
        ok(dir, &["notes", "list"]),
        "buffers-again: Buffers again\nbuffers-need-a-limit: [LW101] Buffers need a limit #RL\nembeddings: [LW201] Embeddings #cache\n"
    );
    let names = |arguments: &[&str]| -> Vec<String> {
        let text = ok(dir, &[&["notes", "search"], arguments].concat());
        text.lines().map(|line| line.split(':').next().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&["BUFFERS", "replay"]), ["buffers-need-a-limit", "buffers-again", "embeddings"]);
    assert_eq!(names(&["buffers", "--tag", "rl"]), ["buffers-need-a-limit"]);
    assert_eq!(names(&["buffers", "--rule", "cache"]), ["embeddings"]);
    assert_eq!(names(&["buffers", "--limit", "1"]).len(), 1);
    assert_eq!(names(&["unheard"]), ["No note has any of these words."]);
    let found: Value =
        serde_json::from_str(&ok(dir, &["notes", "search", "embeddings", "--format", "json"])).unwrap();
    let note = &found["notes"][0];
    assert_eq!((&note["path"], &note["rule"]), (&json!(".leakwright/notes/embeddings.md"), &json!("LW201")));
    assert_eq!((&note["tags"], &note["fingerprint"]), (&json!(["cache"]), &json!("abc")));

    let shown = ok(dir, &["notes", "show", "emb"]);
    assert_eq!(
        shown,
        "Embeddings\nLW201, finding abc, #cache\n\nA cache of buffers.\n\n(.leakwright/notes/embeddings.md)\n"
    );
    let (said, code) = run(dir, &["notes", "show", "buf"]);
    assert!(said.contains("may be `buffers-again`, `buffers-need-a-limit`") && code == 2, "{said}");
    for arguments in
        [&["show", "none"][..], &["add"], &["add", "x", "--rule", "LW1"], &["list", "--rule", "LWX"]]
    {
        let (said, code) = run(dir, &[&["notes"], arguments].concat());
        assert_eq!(code, 2, "{arguments:?}: {said}");
    }
    fs::write(dir.join(".leakwright/notes/bad.md"), "---\ntags: {a: b}\n---\n").unwrap();
    let listed = ok(dir, &["notes", "list"]);
    assert!(listed.contains("warning: ") && listed.contains("bad.md: front matter:"), "{listed}");
    assert!(listed.contains("embeddings"), "the rest goes on: {listed}");
}

#[test]
fn the_content_comes_from_standard_input_or_an_editor() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let mut command = leakwright(dir);
    command
        .args(["notes", "add", "From a pipe", "--content", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"One.\n\nTwo.\n").unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
    assert!(ok(dir, &["notes", "show", "from-a-pipe"]).contains("One.\n\nTwo.\n"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let editor = dir.join("editor");
        fs::write(&editor, "#!/bin/sh\nsed -e 's/Old/New/' \"$2\" > \"$2.x\" && mv \"$2.x\" \"$2\"\n")
            .unwrap();
        fs::set_permissions(&editor, fs::Permissions::from_mode(0o755)).unwrap();
        let edit = |editor: &str| {
            let mut command = leakwright(dir);
            command.args(["notes", "add", "Old title", "-c", "Text.", "--edit"]);
            let output = command.env("VISUAL", editor).output().unwrap();
            (String::from_utf8(output.stderr).unwrap(), output.status.code().unwrap())
        };
        assert_eq!(edit(&format!("{} --wait", editor.display())), (String::new(), 0));
        assert!(ok(dir, &["notes", "show", "new-title"]).starts_with("New title\n"));
        let (said, code) = edit("false");
        assert!(said.contains("no note was kept") && code == 2, "{said}");
        assert!(!dir.join(".leakwright/notes/old-title.md").exists());
    }
}

#[test]
fn they_are_shown_where_the_rule_fires_again() {
    let dir = repository();
    let dir = dir.path();
    ok(dir, &["fix", "--unsafe-fixes"]);
    ok(dir, &["notes", "add", "Another queue", "--rule", "LW101", "--unrelated", "-c", "It was different."]);
    ok(dir, &["notes", "add", "Use a ring"]);
    ok(dir, &["notes", "add", "Of another rule", "--rule", "LW201", "-c", "No."]);
    ok(dir, &["undo"]);

    let page = ok(&dir.join("pkg"), &["explain", "LW101"]);
    let (_, learnt) = page.split_once("\n## What was learnt in this project\n").unwrap();
    assert!(learnt.contains("Use a ring\n") && learnt.contains("It was different."), "{learnt}");
    assert!(!learnt.contains("Of another rule"), "{learnt}");
    assert!(!ok(dir, &["explain", "LW301"]).contains("What was learnt"));

    let mut client = LspClient::start_in(dir, &json!({ "general": { "positionEncodings": ["utf-8"] } }));
    let uri = file_uri(&dir.join("pkg/leak.py"));
    client.open(&uri, LEAK, 1);
    client.shown_at_rest(&uri);
    let position = json!({ "line": 5, "character": 12 });
    let hover = client
        .request("textDocument/hover", &json!({ "textDocument": { "uri": uri }, "position": position }));
    let text = hover["contents"]["value"].as_str().unwrap();
    let first = text.find("**Note:** Use a ring ([use-a-ring](file://").expect(text);
    let second = text.find("**Note:** Another queue").expect(text);
    assert!(first < second, "the note about this finding comes first: {text}");
    assert!(text.contains("It was different.") && !text.contains("Of another rule"), "{text}");
}
