//! The command line: what it prints, how it ends, and what it makes of bad input.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::Output;

use leakwright_testkit::leakwright;
use serde_json::Value;
use tempfile::TempDir;

const LEAK: &str = "class Queue:\n    def __init__(self):\n        self.messages = []\n\n    def add_message(self, m):\n        self.messages.append(m)\n";
const SOUND: &str = "x = 1\n";

/// A directory with files.
fn project(files: &[(&str, &[u8])]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, bytes) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    dir
}

fn run(dir: &Path, args: &[&str]) -> Output {
    leakwright(dir).args(args).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn json(dir: &Path, args: &[&str]) -> (Value, Option<i32>) {
    let output = run(dir, &[&["check", "--format", "json"], args].concat());
    let document =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", stderr(&output)));
    (document, output.status.code())
}

#[test]
fn exit_codes_say_how_it_went() {
    let dir = project(&[("leak.py", LEAK.as_bytes()), ("sound.py", SOUND.as_bytes())]);
    assert_eq!(run(dir.path(), &["check", "sound.py"]).status.code(), Some(0));
    assert_eq!(run(dir.path(), &["check", "leak.py"]).status.code(), Some(1));
    assert_eq!(run(dir.path(), &["check", "missing.py"]).status.code(), Some(2));
    assert_eq!(run(dir.path(), &["check", "--select", "nonsense"]).status.code(), Some(2));
    assert_eq!(run(dir.path(), &["frobnicate"]).status.code(), Some(2));
}

#[test]
fn text_output_names_the_leak_and_counts() {
    let dir = project(&[("leak.py", LEAK.as_bytes())]);
    let text = stdout(&run(dir.path(), &["check"]));
    for part in [
        "SCANNING FOR MEMORY LEAKS...",
        "leak.py:6:9: warning[LW101] unbounded-collection: `Queue.messages` only ever grows",
        "Pattern: list.append() per call of `add_message`, nothing in the project removes or bounds it",
        "Risk: HIGH - grows linearly, one element per call of `add_message`",
        "Recommendation: use deque(maxlen=1000), or remove what is done with",
        "TOTAL ISSUES FOUND: 1",
    ] {
        assert!(text.contains(part), "`{part}` is missing in:\n{text}");
    }
    let sound = project(&[("sound.py", SOUND.as_bytes())]);
    assert!(stdout(&run(sound.path(), &["check"])).contains("No leaks detected"));
}

#[test]
fn colour_is_for_terminals_only_unless_asked_for() {
    let dir = project(&[("leak.py", LEAK.as_bytes())]);
    assert!(!stdout(&run(dir.path(), &["check"])).contains('\x1b'));
    assert!(stdout(&run(dir.path(), &["check", "--color", "always"])).contains('\x1b'));
}

#[test]
fn information_fails_nothing() {
    let dir = project(&[("info.py", b"text = open('a').read()\n")]);
    let output = run(dir.path(), &["check"]);
    assert_eq!(output.status.code(), Some(0));
    let text = stdout(&output);
    assert!(text.contains("information[LW301]") && text.contains("No leaks detected"), "{text}");
    assert!(text.contains("1 more for information"), "{text}");
}

#[test]
fn standard_input_is_checked_under_a_name() {
    let dir = project(&[("leakwright.toml", b"ignore = ['LW101']\n")]);
    let feed = |args: &[&str]| {
        use std::io::Write;
        use std::process::Stdio;
        let mut child =
            leakwright(dir.path()).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(LEAK.as_bytes()).unwrap();
        stdout(&child.wait_with_output().unwrap())
    };
    assert!(
        feed(&["check", "-", "--format", "concise", "--stdin-filename", "a/b.py"])
            .contains("No leaks detected")
    );
    let elsewhere = tempfile::tempdir().unwrap();
    let name = elsewhere.path().join("c.py");
    let text = feed(&["check", "-", "--format", "concise", "--stdin-filename", name.to_str().unwrap()]);
    assert!(text.contains("c.py:6:9: warning[LW101]"), "{text}");
}

#[test]
fn the_commands_for_parts_look_for_their_part() {
    let source = format!("{LEAK}\n\ndef f(p):\n    g = open(p)\n    return g.read()\n");
    let dir = project(&[("both.py", source.as_bytes())]);
    let codes = |command: &str| {
        let text = stdout(&run(dir.path(), &[command, "--format", "concise"]));
        (text.contains("LW101"), text.contains("LW301"))
    };
    assert_eq!(codes("check"), (true, true));
    assert_eq!(codes("leaks"), (true, true));
    assert_eq!(codes("scan"), (true, false));
    assert_eq!(codes("handles"), (false, true));
}

#[test]
fn a_missing_path_is_reported_and_the_rest_goes_on() {
    let dir = project(&[("leak.py", LEAK.as_bytes())]);
    let output = run(dir.path(), &["check", "nowhere", "leak.py"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("nowhere: no such file or directory"), "{}", stderr(&output));
    assert!(stdout(&output).contains("LW101"));
}

#[test]
fn a_directory_without_python_says_so() {
    let dir = project(&[("notes.txt", b"hello")]);
    let output = run(dir.path(), &["check"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(stderr(&output).contains("no Python files found here"), "{}", stderr(&output));
}

#[test]
fn files_that_are_not_text_are_reported_and_the_rest_goes_on() {
    let dir = project(&[
        ("binary.py", b"x = '\xff\xfe\xfa'\n"),
        ("nul.py", b"x = 1\0\n"),
        ("wide.py", b"\xff\xfex\0=\x001\0"),
        ("coding.py", b"# coding: no-such-codec\n"),
        ("leak.py", LEAK.as_bytes()),
    ]);
    let (document, code) = json(dir.path(), &[]);
    assert_eq!(code, Some(1));
    assert_eq!(document["findings"].as_array().unwrap().len(), 1);
    let messages: Vec<String> = document["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| format!("{}: {}", error["path"].as_str().unwrap(), error["message"].as_str().unwrap()))
        .collect();
    assert_eq!(
        messages,
        [
            "binary.py: not valid UTF-8 at byte 5",
            "coding.py: unknown encoding `no-such-codec` in the coding comment",
            "nul.py: skipped: line 1 contains a NUL byte",
            "wide.py: UTF-16 or UTF-32 text, which Python does not read as source",
        ]
    );
}

#[test]
fn a_syntax_error_is_reported_and_the_rest_of_the_file_is_checked() {
    let source = format!("{LEAK}\n\ndef broken(:\n    pass\n");
    let dir = project(&[("broken.py", source.as_bytes())]);
    let (document, code) = json(dir.path(), &[]);
    assert_eq!(document["findings"][0]["code"], "LW101");
    assert_eq!(document["errors"][0]["message"], "syntax error at line 9; the code around it is not checked");
    assert_eq!(code, Some(1));
}

#[test]
fn huge_and_deep_files_are_passed_over_with_a_note() {
    let deep: String = (0..500).map(|level| format!("{}if x:\n", " ".repeat(level))).collect();
    let long = format!("x = '{}'\n", "a".repeat(200 << 10));
    let large = "x = 1\n".repeat(1 << 20);
    let brackets = format!("x = {}{}\n", "[".repeat(100_000), "]".repeat(100_000));
    let dir = project(&[
        ("brackets.py", brackets.as_bytes()),
        ("deep.py", format!("{deep}{}'s'\n", " ".repeat(500)).as_bytes()),
        ("large.py", large.as_bytes()),
        ("leak.py", LEAK.as_bytes()),
        ("long.py", long.as_bytes()),
    ]);
    let (document, code) = json(dir.path(), &[]);
    assert_eq!(code, Some(1));
    let text = document["errors"].to_string();
    for part in ["too deeply nested", "longer than 100 KB", "larger than 4 MB"] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[cfg(unix)]
#[test]
fn unreadable_files_and_link_loops_do_no_harm() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let dir = project(&[("leak.py", LEAK.as_bytes()), ("secret.py", b"x = 1\n"), ("sub/a.py", b"y = 1\n")]);
    symlink(dir.path(), dir.path().join("sub/loop")).unwrap();
    symlink("nowhere.py", dir.path().join("dangling.py")).unwrap();
    fs::set_permissions(dir.path().join("secret.py"), fs::Permissions::from_mode(0o000)).unwrap();
    let (document, code) = json(dir.path(), &[]);
    assert_eq!(code, Some(1));
    // The superuser can read everything.
    let readable = fs::read(dir.path().join("secret.py")).is_ok();
    assert_eq!(document["errors"].as_array().unwrap().len(), usize::from(!readable), "{document}");
    assert_eq!(document["files_checked"], if readable { 3 } else { 2 });
}

#[test]
fn wrong_configuration_is_an_error_for_its_files_and_the_rest_goes_on() {
    let dir = project(&[
        ("a/pyproject.toml", b"[tool.leakwright\n"),
        ("a/leak.py", LEAK.as_bytes()),
        ("b/leakwright.toml", b"selct = []\n"),
        ("b/leak.py", LEAK.as_bytes()),
        ("c/leak.py", LEAK.as_bytes()),
    ]);
    let output = run(dir.path(), &["check", "--format", "concise"]);
    assert_eq!(output.status.code(), Some(2));
    let errors = stderr(&output);
    assert!(errors.contains("a/pyproject.toml"), "{errors}");
    assert!(errors.contains("unknown key `selct`, did you mean `select`?"), "{errors}");
    let text = stdout(&output);
    assert!(text.contains("c/leak.py:6:9") && !text.contains("a/leak.py"), "{text}");
}

#[test]
fn configuration_is_the_nearest_and_can_be_shown() {
    let dir = project(&[
        (
            "pyproject.toml",
            b"[tool.leakwright]\ndeque-maxlen = 7\nper-file-ignores = { 'gen/*.py' = ['growth'] }\n",
        ),
        ("leak.py", LEAK.as_bytes()),
        ("gen/leak.py", LEAK.as_bytes()),
        ("sub/leakwright.toml", b"select = ['resource']\n"),
        ("sub/leak.py", LEAK.as_bytes()),
    ]);
    let (document, _) = json(dir.path(), &[]);
    let findings = document["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{document:#}");
    assert_eq!(findings[0]["path"], "leak.py");
    assert_eq!(findings[0]["fixes"][0]["title"], "Use `deque(maxlen=7)`");
    let shown = stdout(&run(dir.path(), &["config", "sub/leak.py"]));
    assert!(shown.contains("sub/leakwright.toml") && shown.contains("select = [\"LW301\","), "{shown}");
}

#[test]
fn presets_and_severities_decide_what_fails_and_are_shown() {
    let source = "import sys\n\nclass Queue:\n    def __init__(self):\n        self.messages = []\n\n    \
        def add_message(self, m):\n        self.messages.append(m)\n\ntext = open('a').read()\n";
    let dir = project(&[
        ("leakwright.toml", b""),
        ("a.py", source.as_bytes()),
        ("tests_of/b.py", source.as_bytes()),
    ]);
    let levels = |config: &str| {
        fs::write(dir.path().join("leakwright.toml"), config).unwrap();
        let (document, _) = json(dir.path(), &[]);
        let finding = |finding: &Value| finding["severity"].as_str().unwrap().to_owned();
        document["findings"].as_array().unwrap().iter().map(finding).collect::<Vec<String>>()
    };
    let (warning, information) = ("warning".to_owned(), "information".to_owned());
    let twice = |a: &str, b: &str| [a, b, a, b].map(str::to_owned).to_vec();
    assert_eq!(levels(""), twice(&warning, &information));
    assert_eq!(levels("preset = 'pypy'"), twice(&warning, &warning));
    assert_eq!(levels("preset = 'server'"), twice("error", &information));
    assert_eq!(
        levels("preset = 'server'\n[severity]\nLW101 = 'hint'\nLW3 = 'error'"),
        twice("hint", "error")
    );
    assert_eq!(levels("[severity]\nLW1 = 'off'"), [information.clone(), information.clone()]);
    let for_paths =
        "[[overrides]]\npaths = ['tests_of']\nseverity = { growth = 'error' }\nignore = ['resource']";
    assert_eq!(levels(for_paths), [warning, information, "error".to_owned()]);
    let shown = |args: &[&str]| stdout(&run(dir.path(), &[&["config"], args].concat()));
    assert!(
        shown(&["tests_of/b.py"]).contains("LW101 = \"error\"  # leakwright.toml"),
        "{}",
        shown(&["tests_of/b.py"])
    );
    assert!(!shown(&["a.py"]).contains("LW101 = "), "{}", shown(&["a.py"]));
    levels("preset = 'server'");
    let text = shown(&["a.py"]);
    for part in [
        "preset = \"server\"  # leakwright.toml",
        "min-confidence = \"medium\"  # default",
        "LW101 = \"error\"  # preset server",
    ] {
        assert!(text.contains(part), "`{part}` is missing in:\n{text}");
    }
    // What is shown can be written down, and says the same.
    fs::write(dir.path().join("leakwright.toml"), &text).unwrap();
    assert!(shown(&["a.py"]).contains("LW101 = \"error\"  # leakwright.toml"), "{}", shown(&["a.py"]));
    assert_eq!(shown(&["--presets"]).lines().count(), 5);
}

#[test]
fn own_resources_are_followed() {
    let config = b"[[resources]]\nconstructor = 'company.fs.openbin'\nrelease = ['shut']\nfamily = 'file'\non-drop = 'kept'\n";
    let source = b"from company import fs\n\n\ndef f(p):\n    h = fs.openbin(p)\n    return h.read()\n\n\ndef g(p):\n    h = fs.openbin(p)\n    h.shut()\n";
    let dir = project(&[("leakwright.toml", config), ("a.py", source)]);
    let text = stdout(&run(dir.path(), &["check", "--format", "concise"]));
    assert!(text.contains("a.py:5:9: warning[LW301]") && !text.contains("a.py:10"), "{text}");
}

#[test]
fn own_subscriptions_are_followed() {
    let config = b"[[subscriptions]]\nregister = 'company.bus.listen'\nundo = ['company.bus.forget']\n\n\
        [[subscriptions]]\nregister = 'tell_me'\nundo = ['leave_me']\nholds = 'weak-methods'\n";
    let source = b"from company import bus\n\n\nclass Leaking:\n    def __init__(self, hub):\n        \
        bus.listen(self.on_event)\n        hub.tell_me(lambda event: self.on_event(event))\n\n    \
        def on_event(self, event):\n        print(event)\n\n\nclass Sound:\n    def __init__(self, hub):\n        \
        bus.listen(self.on_event)\n        hub.tell_me(self.on_event)\n\n    def close(self):\n        \
        bus.forget(self.on_event)\n\n    def on_event(self, event):\n        print(event)\n\n\n\
        def make(hub):\n    return Leaking(hub), Sound(hub)\n";
    let dir = project(&[("leakwright.toml", config), ("a.py", source)]);
    let text = stdout(&run(dir.path(), &["check", "--format", "concise"]));
    assert!(text.contains("a.py:6:9: warning[LW401]") && text.contains("a.py:7:9: warning[LW401]"), "{text}");
    assert_eq!(text.matches("[LW401]").count(), 2, "{text}");
}

#[test]
fn what_is_ignored_by_git_or_generated_is_left_out() {
    let dir = project(&[
        (".gitignore", b"ignored/\n"),
        ("ignored/leak.py", LEAK.as_bytes()),
        (".venv/lib/leak.py", LEAK.as_bytes()),
        ("node_modules/x/leak.py", LEAK.as_bytes()),
        ("build/lib/leak.py", LEAK.as_bytes()),
        ("pkg/build/__init__.py", b""),
        ("pkg/build/leak.py", LEAK.as_bytes()),
    ]);
    let (document, _) = json(dir.path(), &[]);
    assert_eq!(document["findings"].as_array().unwrap().len(), 1);
    assert_eq!(document["findings"][0]["path"], "pkg/build/leak.py");
    let (named, _) = json(dir.path(), &["ignored"]);
    assert_eq!(named["findings"].as_array().unwrap().len(), 1, "a path that is named is checked");
}

#[test]
fn unused_suppressions_are_reported() {
    let dir = project(&[("a.py", b"x = 1  # leakwright: ignore[LW101] not needed\n")]);
    let errors = stderr(&run(dir.path(), &["check"]));
    assert!(errors.contains("a.py:1: `# leakwright: ignore[LW101] not needed` silences nothing"), "{errors}");
}

#[test]
fn suppressed_findings_are_shown_on_request() {
    let source = LEAK.replace("append(m)", "append(m)  # leakwright: ignore[LW101]");
    let dir = project(&[("a.py", source.as_bytes())]);
    assert_eq!(json(dir.path(), &[]).0["findings"].as_array().unwrap().len(), 0);
    let (document, code) = json(dir.path(), &["--show-suppressed"]);
    assert_eq!(document["findings"][0]["suppressed"], true);
    assert_eq!(code, Some(0));
}

#[test]
fn fix_shows_writes_and_says_what_is_left() {
    let dir = project(&[("leak.py", LEAK.as_bytes())]);
    let path = dir.path().join("leak.py");
    let shown = run(dir.path(), &["fix", "--diff", "--unsafe-fixes"]);
    assert!(stdout(&shown).contains("+from collections import deque"), "{}", stdout(&shown));
    assert_eq!(fs::read_to_string(&path).unwrap(), LEAK, "--diff writes nothing");
    let safe = run(dir.path(), &["fix"]);
    assert_eq!(fs::read_to_string(&path).unwrap(), LEAK, "no safe fix");
    assert!(stdout(&safe).contains("1 with an unsafe fix"), "{}", stdout(&safe));
    assert_eq!(safe.status.code(), Some(1));
    let done = run(dir.path(), &["fix", "--unsafe-fixes"]);
    assert!(stdout(&done).contains("Applied 1 fix in 1 file. No leaks detected."), "{}", stdout(&done));
    assert!(stdout(&done).contains("also possible: Keep the last 1000"), "{}", stdout(&done));
    assert_eq!(done.status.code(), Some(0));
    let again = run(dir.path(), &["fix", "--unsafe-fixes"]);
    assert!(stdout(&again).contains("Applied 0 fixes in 0 files"), "{}", stdout(&again));
}

#[test]
fn fixes_keep_line_ends_encodings_and_links() {
    let source = "# coding: latin-1\r\n# caf\u{e9}\r\ndef f(p):\r\n    return open(p).read()\r\n";
    let bytes: Vec<u8> = source.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let dir =
        project(&[("real/a.py", &bytes), ("bom.py", b"\xef\xbb\xbfdef f(p):\n\treturn open(p).read()\n")]);
    #[cfg(unix)]
    std::os::unix::fs::symlink("real/a.py", dir.path().join("link.py")).unwrap();
    let named = if cfg!(unix) { "link.py" } else { "real/a.py" };
    assert_eq!(run(dir.path(), &["fix", named, "bom.py"]).status.code(), Some(0));
    let fixed = fs::read(dir.path().join("real/a.py")).unwrap();
    let expected = "# coding: latin-1\r\n# caf\u{e9}\r\ndef f(p):\r\n    with open(p) as f:\r\n        return f.read()\r\n";
    let expected: Vec<u8> = expected.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    assert_eq!(String::from_utf8_lossy(&fixed), String::from_utf8_lossy(&expected));
    assert_eq!(fixed, expected);
    let bom = fs::read(dir.path().join("bom.py")).unwrap();
    assert_eq!(bom, b"\xef\xbb\xbfdef f(p):\n\twith open(p) as f:\n\t\treturn f.read()\n");
    #[cfg(unix)]
    assert!(fs::symlink_metadata(dir.path().join("link.py")).unwrap().file_type().is_symlink());
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_written_is_left_as_it_is() {
    use std::os::unix::fs::PermissionsExt;
    let source = b"text = open('a').read()\n";
    let dir = project(&[("a.py", source), ("b.py", source)]);
    fs::set_permissions(dir.path().join("a.py"), fs::Permissions::from_mode(0o444)).unwrap();
    let output = run(dir.path(), &["fix"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("a.py: cannot be written: the file is read-only"),
        "{}",
        stderr(&output)
    );
    assert_eq!(fs::read(dir.path().join("a.py")).unwrap(), source);
    assert_ne!(fs::read(dir.path().join("b.py")).unwrap(), source);
}

#[test]
fn explain_and_rules_know_every_rule() {
    let dir = tempfile::tempdir().unwrap();
    let list = stdout(&run(dir.path(), &["rules"]));
    for rule in leakwright_rules::RuleId::all() {
        let metadata = rule.metadata();
        assert!(list.contains(metadata.code) && list.contains(metadata.name), "{list}");
        let page = stdout(&run(dir.path(), &["explain", metadata.code]));
        assert!(page.starts_with(&format!("# {} {}", metadata.code, metadata.name)), "{page}");
        assert_eq!(stdout(&run(dir.path(), &["explain", metadata.name])), page);
    }
    let listed: Value =
        serde_json::from_str(&stdout(&run(dir.path(), &["rules", "--format", "json"]))).unwrap();
    let rules = listed["rules"].as_array().unwrap();
    assert_eq!(rules.len(), leakwright_rules::RuleId::all().count());
    assert_eq!((&rules[0]["code"], &rules[0]["family"]), (&Value::from("LW101"), &Value::from("growth")));
    assert!(rules.iter().all(|rule| rule["docs"].as_str().unwrap().contains("## What it does")));
    let unknown = run(dir.path(), &["explain", "LW999"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(stderr(&run(dir.path(), &["explain", "unclosed-fil"])).contains("did you mean `unclosed-file`?"));
}

#[test]
fn pages_and_lists_are_set_for_a_terminal_and_plain_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let said = |args: &[&str]| stdout(&run(dir.path(), args));
    let page = said(&["--color", "always", "explain", "LW101"]);
    assert!(page.starts_with("\u{1b}[1;4mLW101") && !page.contains("```"), "{page}");
    assert!(said(&["--color", "always", "rules"]).contains("\u{1b}[36mLW101\u{1b}[0m unbounded-collection"));
    for plain in [&["explain", "LW101"][..], &["rules"], &["--color", "never", "rules"]] {
        assert!(!said(plain).contains('\u{1b}'), "{plain:?}");
    }
    let list = said(&["rules"]);
    let [growth, task] =
        ["growth: containers that only grow\n", "\ntask: "].map(|part| list.find(part).unwrap());
    assert!(growth < task && list.contains("(off by default)"), "{list}");
}

#[test]
fn a_silent_line_is_explained() {
    let text = "class Queue:\n    def __init__(self):\n        self.items = []\n\n    def add(self, x):\n        self.items.append(x)\n\n    def take(self):\n        return self.items.pop()\n\n\ndef read(path):\n    f = open(path)\n    with f:\n        return f.read()\n";
    let dir = project(&[("sound.py", text.as_bytes())]);
    let said = |place: &str| stdout(&run(dir.path(), &["explain", "--why-silent", place]));
    assert!(
        said("sound.py:3").starts_with("container `items`: elements are removed (sound.py:9)"),
        "{}",
        said("sound.py:3")
    );
    assert!(said("sound.py:13").contains("file: it is released on every way"), "{}", said("sound.py:13"));
    assert!(said("sound.py:1").contains("Nothing on this line"));
    assert_eq!(run(dir.path(), &["explain", "--why-silent", "missing.py:1"]).status.code(), Some(2));
    assert_eq!(run(dir.path(), &["explain", "--why-silent", "sound.py"]).status.code(), Some(2));
}

#[test]
fn json_fits_its_schema_and_is_the_same_every_time() {
    let source = format!("{LEAK}\n\ndef f(p):\n    g = open(p)\n    return g.read(), open(p).read()\n");
    let unused = b"x = 1  # leakwright: ignore\n";
    let dir = project(&[
        ("a/x.py", source.as_bytes()),
        ("b/y.py", source.as_bytes()),
        ("bad.py", b"\xff"),
        ("c.py", unused),
    ]);
    let first = run(dir.path(), &["check", "--format", "json"]);
    let schema: Value = serde_json::from_str(leakwright_report::SCHEMA).unwrap();
    let document: Value = serde_json::from_slice(&first.stdout).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&document)
        .map(|error| format!("{error} at {}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    assert_eq!(document["findings"].as_array().unwrap().len(), 6);
    assert_eq!(document["unused_suppressions"].as_array().unwrap().len(), 1);
    for _ in 0..5 {
        assert_eq!(run(dir.path(), &["check", "--format", "json"]).stdout, first.stdout);
    }
}

#[test]
fn fingerprints_survive_a_shift_of_lines() {
    let dir = project(&[("a.py", LEAK.as_bytes())]);
    let fingerprint = || json(dir.path(), &[]).0["findings"][0]["fingerprint"].clone();
    let before = fingerprint();
    fs::write(dir.path().join("a.py"), format!("# a comment\n\n\n{LEAK}")).unwrap();
    assert_eq!(fingerprint(), before);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let dir = project(&[("leak.py", LEAK.as_bytes())]);
    let mut child = leakwright(dir.path()).arg("check").stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
}
