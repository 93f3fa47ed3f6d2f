//! `mcp`: what an assistant finds, mends and keeps through it, and that it goes nowhere else.

#![expect(
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and says what it skips"
)]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use leakwright_testkit::{binary, leakwright, repository};
use serde_json::{Value, json};
use tempfile::TempDir;

const LEAK: &str = "class Queue:\n    def __init__(self):\n        self.messages = []\n\n    def add_message(self, m):\n        self.messages.append(m)\n";
const READ: &str = "def read(path):\n    f = open(path)\n    return f.read()\n";

fn project(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

/// A session, in the plain words of the protocol.
struct Session {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    id: i64,
}

impl Session {
    fn start(directory: &Path, folders: &[&str]) -> Self {
        let mut command = leakwright(directory);
        command.arg("mcp").args(folders).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (stdin, stdout) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        let mut session = Self { child, stdin, stdout, id: 0 };
        let client = json!({ "name": "test", "version": "1" });
        let hello = session.request(
            "initialize",
            &json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client }),
        );
        assert_eq!(hello["result"]["serverInfo"]["name"], "leakwright", "{hello}");
        session.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }).to_string());
        session
    }

    fn send(&mut self, line: &str) {
        writeln!(self.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    fn request(&mut self, method: &str, params: &Value) -> Value {
        self.id += 1;
        let id = self.id;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string());
        loop {
            let mut line = String::new();
            assert!(self.stdout.read_line(&mut line).unwrap() > 0, "the server is gone");
            let message: Value = serde_json::from_str(&line).unwrap();
            if message["id"] == json!(id) {
                return message;
            }
        }
    }

    /// The text and the data that a tool answers.
    fn call(&mut self, tool: &str, arguments: &Value) -> (String, Value) {
        let answer = self.request("tools/call", &json!({ "name": tool, "arguments": arguments }));
        let result = &answer["result"];
        assert_ne!(result["isError"], json!(true), "{answer}");
        let text = result["content"][0]["text"].as_str().unwrap().to_owned();
        (text, result["structuredContent"].clone())
    }

    /// Why a tool refuses.
    fn refusal(&mut self, tool: &str, arguments: &Value) -> String {
        let answer = self.request("tools/call", &json!({ "name": tool, "arguments": arguments }));
        assert_eq!(answer["result"]["isError"], json!(true), "{arguments}: {answer}");
        answer["result"]["content"][0]["text"].as_str().unwrap().to_owned()
    }

    /// Ends its input; how it ends.
    fn end(mut self) -> Option<i32> {
        drop(self.stdin.take());
        self.child.wait().unwrap().code()
    }
}

#[test]
fn what_a_baseline_knows_is_neither_shown_nor_mended_and_none_is_read_elsewhere() {
    let dir = project(&[("pkg/leak.py", LEAK), ("leakwright.toml", "baseline = 'known.json'\n")]);
    leakwright(dir.path()).arg("baseline").output().unwrap();
    std::fs::write(dir.path().join("pkg/read.py"), READ).unwrap();
    let mut session = Session::start(dir.path(), &[]);
    assert_eq!(codes(&session.call("mem.leaks", &json!({})).1), ["LW301"]);
    let (text, _) = session.call("mem.fix", &json!({ "unsafe_fixes": true }));
    assert!(text.contains("pkg/read.py") && !text.contains("pkg/leak.py"), "{text}");
    let outside = tempfile::tempdir().unwrap();
    let path = outside.path().join("known.json");
    std::fs::copy(dir.path().join("known.json"), &path).unwrap();
    let configuration = format!("baseline = '{}'\n", path.display());
    std::fs::write(dir.path().join("leakwright.toml"), configuration).unwrap();
    let text = session.refusal("mem.leaks", &json!({}));
    assert!(text.contains("leads out of the folders"), "{text}");
    assert_eq!(session.end(), Some(0));
}

fn codes(data: &Value) -> Vec<&str> {
    data["findings"].as_array().unwrap().iter().map(|finding| finding["code"].as_str().unwrap()).collect()
}

#[test]
fn tools_find_what_the_command_line_finds() {
    let dir = project(&[("pkg/leak.py", LEAK), ("pkg/read.py", READ), ("pkg/sound.py", "x = 1\n")]);
    let mut session = Session::start(dir.path(), &[]);
    let listed = session.request("tools/list", &json!({}));
    let tools = listed["result"]["tools"].as_array().unwrap();
    assert_eq!(tools.len(), 8, "{listed:#}");
    let (text, data) = session.call("mem.leaks", &json!({}));
    for part in [
        "pkg/leak.py:6:9: warning[LW101] unbounded-collection: `Queue.messages` only ever grows",
        "Recommendation: use deque(maxlen=1000)",
        "TOTAL ISSUES FOUND: 2 in 3 files",
    ] {
        assert!(text.contains(part) && !text.contains('\x1b'), "`{part}` is missing in:\n{text}");
    }
    let checked = leakwright(dir.path()).args(["check", "--format", "json"]).output().unwrap();
    let expected: Value = serde_json::from_slice(&checked.stdout).unwrap();
    assert_eq!((&data["findings"], &data["total"]), (&expected["findings"], &json!(2)));
    let schema = &tools.iter().find(|tool| tool["name"] == "mem.leaks").unwrap()["outputSchema"];
    assert!(jsonschema::validator_for(schema).unwrap().is_valid(&data), "{data:#}");

    assert_eq!(codes(&session.call("mem.scan", &json!({ "path": "pkg" })).1), ["LW101"]);
    assert_eq!(codes(&session.call("mem.handles", &json!({ "path": "pkg/read.py" })).1), ["LW301"]);
    assert_eq!(codes(&session.call("mem.leaks", &json!({ "select": ["resource"] })).1), ["LW301"]);
    let (text, data) = session.call("mem.leaks", &json!({ "text": LEAK, "path": "new/name.py" }));
    assert!(text.starts_with("new/name.py:6:9:") && codes(&data) == ["LW101"], "{text}");
    assert!(session.call("mem.handles", &json!({ "text": LEAK })).0.contains("No leaks detected"));

    let (text, _) = session.call("mem.report", &json!({ "path": "pkg" }));
    let printed = leakwright(dir.path()).args(["report", "pkg"]).output().unwrap();
    assert_eq!(text, String::from_utf8(printed.stdout).unwrap());
    for part in
        ["Leak type", "Growth pattern", "Memory impact", "Evidence", "Detection", "Fix", "## Checklist"]
    {
        assert!(text.contains(part), "`{part}` is missing in:\n{text}");
    }
    assert!(session.call("mem.explain", &json!({ "rule": "unclosed-file" })).0.starts_with("# LW301"));
    let (text, _) = session.call("mem.explain", &json!({ "path": "pkg/sound.py", "line": 1 }));
    assert!(text.contains("Nothing on this line"), "{text}");

    let prompts = session.request("prompts/list", &json!({}));
    assert_eq!(prompts["result"]["prompts"][0]["arguments"][0]["name"], "path", "{prompts:#}");
    let prompt = json!({ "name": "hunt_memory_leaks", "arguments": { "path": "src/app" } });
    let prompt = session.request("prompts/get", &prompt);
    let text = prompt["result"]["messages"][0]["content"]["text"].as_str().unwrap();
    assert!(text.starts_with("Hunt memory leaks in src/app, and write the report."), "{text}");
    for tool in tools {
        let name = tool["name"].as_str().unwrap();
        assert!(text.contains(name), "the prompt does not say what `{name}` is for");
    }
    assert_eq!(session.end(), Some(0));
}

#[test]
fn bad_requests_are_answered_and_end_nothing() {
    let dir = project(&[("a.py", LEAK)]);
    let mut session = Session::start(dir.path(), &["."]);
    session.send("this is not JSON");
    session.send("[]");
    for (tool, arguments, part) in [
        ("mem.leaks", json!({ "pth": "a.py" }), "unknown field `pth`"),
        ("mem.leaks", json!({ "path": 5 }), "invalid type"),
        ("mem.leaks", json!({ "path": "none.py" }), "none.py: no such file or directory"),
        ("mem.leaks", json!({ "select": ["LWX"] }), "unknown rule `LWX`"),
        ("mem.leaks", json!({ "min_confidence": "sure" }), "unknown variant"),
        ("mem.fix", json!({ "text": LEAK, "apply": true }), "a text cannot be written"),
        ("mem.explain", json!({}), "say either a `rule`, or a `path` and a `line`"),
        ("mem.explain", json!({ "rule": "unclosed-fil" }), "did you mean `unclosed-file`?"),
        ("memory.share_learning", json!({ "title": " ", "content": "x" }), "a title of one line"),
        ("memory.share_learning", json!({ "title": "x", "content": "x", "rule": "LW1" }), "names several"),
    ] {
        let said = session.refusal(tool, &arguments);
        assert!(said.contains(part), "{tool} {arguments}: {said}");
    }
    let unknown = session.request("tools/call", &json!({ "name": "mem.none", "arguments": {} }));
    assert!(unknown["error"].is_object(), "{unknown}");
    assert_eq!(codes(&session.call("mem.leaks", &json!({})).1), ["LW101"]);
    assert_eq!(session.end(), Some(0));
    let wrong = leakwright(dir.path()).args(["mcp", "nowhere"]).output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
    let nobody = leakwright(dir.path()).arg("mcp").stdin(Stdio::null()).output().unwrap();
    assert_eq!((nobody.status.code(), nobody.stdout.len()), (Some(0), 0));
}

#[test]
fn fixes_are_shown_and_applied_when_asked_for() {
    let dir = project(&[("a.py", LEAK)]);
    let path = dir.path().join("a.py");
    let mut session = Session::start(dir.path(), &[]);
    let (text, data) = session.call("mem.fix", &json!({ "path": "a.py", "unsafe_fixes": true }));
    assert!(
        text.contains("+from collections import deque") && text.contains("Nothing was written"),
        "{text}"
    );
    assert_eq!((&data["written"], &data["fixes"][0]["code"]), (&json!(false), &json!("LW101")));
    assert_eq!(fs::read_to_string(&path).unwrap(), LEAK);
    let (_, data) = session.call("mem.fix", &json!({ "text": LEAK, "unsafe_fixes": true }));
    assert!(data["text"].as_str().unwrap().contains("deque(maxlen=1000)"), "{data}");
    let (text, data) = session.call("mem.fix", &json!({ "apply": true }));
    assert!(text.contains("1 leak left") && data["files"] == json!([]), "no safe fix: {text}");
    let (text, data) = session.call("mem.fix", &json!({ "unsafe_fixes": true, "apply": true }));
    assert!(
        text.contains("No leaks detected.") && text.contains("`leakwright undo` takes it back."),
        "{text}"
    );
    assert_eq!((&data["files"], &data["leaks_left"]), (&json!(["a.py"]), &json!(0)));
    assert!(fs::read_to_string(&path).unwrap().contains("deque(maxlen=1000)"));
    assert!(leakwright(dir.path()).arg("undo").output().unwrap().status.success());
    assert_eq!(fs::read_to_string(&path).unwrap(), LEAK);
}

#[test]
fn what_was_learnt_is_kept_found_and_mentioned() {
    let dir = project(&[("a.py", LEAK)]);
    let mut session = Session::start(dir.path(), &[]);
    let note = json!({ "title": "Queues need a limit", "content": "Use a ring.", "tags": ["core"], "rule": "unbounded-collection", "fingerprint": "abc" });
    let (text, data) = session.call("memory.share_learning", &note);
    assert_eq!(text, "Kept as .leakwright/notes/queues-need-a-limit.md\n");
    assert_eq!((&data["note"]["rule"], &data["note"]["fingerprint"]), (&json!("LW101"), &json!("abc")));
    let shown = leakwright(dir.path()).args(["notes", "show", "queues"]).output().unwrap();
    assert!(String::from_utf8_lossy(&shown.stdout).contains("Use a ring."));
    let total = |arguments: Value, session: &mut Session| {
        session.call("memory.search", &arguments).1["total"].clone()
    };
    assert_eq!(total(json!({ "query": "QUEUES" }), &mut session), json!(1));
    assert_eq!(total(json!({ "query": "queues", "tags": ["other"] }), &mut session), json!(0));
    assert_eq!(total(json!({ "rule": "growth" }), &mut session), json!(1));
    assert_eq!(total(json!({ "rule": "cache" }), &mut session), json!(0));
    let (text, _) = session.call("mem.leaks", &json!({}));
    assert!(text.contains("Learnt before about LW101: Queues need a limit (.leakwright/notes/"), "{text}");
    assert!(session.call("mem.explain", &json!({ "rule": "LW101" })).0.contains("Use a ring."));
}

#[test]
fn large_results_are_cut_with_a_count() {
    let many: String = (0..300).map(|n| LEAK.replace("Queue", &format!("Queue{n}"))).collect();
    let dir = project(&[("a.py", &many)]);
    let mut session = Session::start(dir.path(), &[]);
    let (text, data) = session.call("mem.leaks", &json!({}));
    assert_eq!((codes(&data).len(), &data["total"]), (20, &json!(300)));
    assert!(text.contains("Shown: findings 1 to 20 of 300; `offset` 20 shows those that follow."), "{text}");
    assert!(text.contains("TOTAL ISSUES FOUND: 300 in 1 file"), "{text}");
    let (text, data) = session.call("mem.leaks", &json!({ "offset": 290, "limit": 50 }));
    assert_eq!((codes(&data).len(), &data["offset"]), (10, &json!(290)));
    assert!(text.contains("Shown: findings 291 to 300 of 300.\n"), "{text}");
    let (text, data) = session.call("mem.leaks", &json!({ "limit": 9999 }));
    assert!(
        data.to_string().len() < 150_000 && text.len() < 60_000,
        "{} {}",
        data.to_string().len(),
        text.len()
    );
    let (text, _) = session.call("mem.fix", &json!({ "unsafe_fixes": true }));
    assert!(text.contains(" more lines]") && text.len() < 100_000, "{}", text.len());
    assert!(session.call("mem.leaks", &json!({ "offset": 5000 })).0.contains("of 300"));
}

#[cfg(unix)]
#[test]
fn nothing_outside_of_the_folders_is_read_or_written() {
    use std::os::unix::fs::symlink;
    let outside =
        project(&[("secret.py", LEAK), ("secret.toml", "password hunter2\n"), ("notes/n.md", "hunter2")]);
    let dir = project(&[("in/a.py", READ), ("other/b.py", LEAK), ("leakwright.toml", "ignore = ['LW3']\n")]);
    let (top, out) = (dir.path().join("in"), outside.path());
    symlink(out.join("secret.py"), top.join("link.py")).unwrap();
    symlink(out, top.join("folder")).unwrap();
    fs::create_dir(top.join("configured")).unwrap();
    fs::write(top.join("configured/c.py"), READ).unwrap();
    symlink(out.join("secret.toml"), top.join("configured/leakwright.toml")).unwrap();
    let mut session = Session::start(dir.path(), &["in"]);
    let absolute = out.join("secret.py").to_str().unwrap().to_owned();
    for path in
        ["..", "../other/b.py", "link.py", "folder", "folder/secret.py", "folder/none.py", "/", &absolute]
    {
        for (tool, mut arguments) in [
            ("mem.leaks", json!({})),
            ("mem.scan", json!({ "text": "x = 1\n" })),
            ("mem.fix", json!({ "apply": true, "unsafe_fixes": true })),
            ("mem.report", json!({})),
            ("mem.explain", json!({ "line": 1 })),
        ] {
            arguments["path"] = json!(path);
            let said = session.refusal(tool, &arguments);
            assert!(
                said.contains("outside of what this server may look at, which is"),
                "{tool} {path}: {said}"
            );
        }
    }
    // What a walk comes by is left alone, and configuration is read neither above nor through a link.
    let (text, data) = session.call("mem.leaks", &json!({}));
    assert_eq!(codes(&data), ["LW301"], "the configuration above says nothing here: {text}");
    assert!(text.contains("link.py: lies outside of the project, through a link"), "{text}");
    assert!(text.contains("leads out of the folders that may be read"), "{text}");
    assert!(!text.contains("hunter2") && !data.to_string().contains("hunter2"), "{text}");
    session.call("mem.fix", &json!({ "apply": true, "unsafe_fixes": true, "path": "a.py" }));
    assert_eq!(fs::read_to_string(out.join("secret.py")).unwrap(), LEAK);
    assert!(top.join(".leakwright/journal").is_dir() && !dir.path().join(".leakwright").exists());
    assert!(leakwright(&top).arg("undo").output().unwrap().status.success());
    assert_eq!(fs::read_to_string(top.join("a.py")).unwrap(), READ);

    fs::remove_dir_all(top.join(".leakwright")).unwrap();
    symlink(out, top.join(".leakwright")).unwrap();
    let said = session.refusal("memory.share_learning", &json!({ "title": "x", "content": "y" }));
    assert!(said.contains("leads out of the project"), "{said}");
    let (_, data) = session.call("memory.search", &json!({}));
    assert_eq!(data["total"], json!(0));
    let said = session.refusal("mem.fix", &json!({ "apply": true, "unsafe_fixes": true, "path": "a.py" }));
    assert!(
        said.contains("leads out of the project, so nothing")
            || said.contains("the journal cannot be written"),
        "{said}"
    );
    let mut left: Vec<PathBuf> = fs::read_dir(out).unwrap().map(|entry| entry.unwrap().path()).collect();
    left.sort();
    assert_eq!(
        left,
        ["notes", "secret.py", "secret.toml"].map(|name| out.join(name)),
        "nothing was made there"
    );
}

/// A Python with the official client; `None`, said with its name, where it cannot be had.
fn client() -> Option<PathBuf> {
    let folder = repository().join("target/mcp-client");
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let works = |python: &Path| {
        let imported = Command::new(python).args(["-c", "from mcp import Client"]).output();
        imported.is_ok_and(|output| output.status.success())
    };
    if !works(&python) {
        let _ = Command::new("python3").args(["-m", "venv"]).arg(&folder).output();
        let pip = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--retries",
            "1",
            "mcp>=2.3,<3",
        ];
        let _ = Command::new(&python).args(pip).output();
    }
    if works(&python) {
        return Some(python);
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "continuous integration needs the client `mcp`, of Python's package index"
    );
    eprintln!("SKIPPED: the_official_client_talks_to_it: `pip install mcp` does not work here");
    None
}

#[test]
fn the_official_client_talks_to_it() {
    let Some(python) = client() else { return };
    let dir = project(&[("pkg/leak.py", LEAK)]);
    let mut command = Command::new(python);
    command.arg(repository().join("tests/tests/mcp_client.py")).arg(binary()).arg(dir.path());
    let output = command.env("PYTHONDONTWRITEBYTECODE", "1").output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
}
