//! Comments that silence findings: what they silence, which are not needed, and how they are written and taken away.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use leakwright_testkit::{leakwright, python};
use serde_json::Value;
use tempfile::TempDir;

fn project(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        fs::write(dir.path().join(path), text).unwrap();
    }
    dir
}

/// What a command says on both outputs, and how it ends.
fn run(dir: &Path, args: &[&str]) -> (String, i32) {
    let output = leakwright(dir).args(args).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (String::from_utf8(said).unwrap(), output.status.code().unwrap())
}

/// Line, code, and whether it is silenced, of all findings.
fn findings(dir: &Path) -> Vec<(u64, String, bool)> {
    let (text, _) = run(dir, &["check", "-q", "--format", "json", "--show-suppressed"]);
    let document: Value = serde_json::from_str(&text).unwrap();
    let finding = |finding: &Value| {
        let line = finding["range"]["start"]["line"].as_u64().unwrap();
        (line, finding["code"].as_str().unwrap().to_owned(), finding["suppressed"] == true)
    };
    document["findings"].as_array().unwrap().iter().map(finding).collect()
}

const READ: &str = "def f(p):\n    g = open(p)\n    return g.read()\n";

#[test]
fn a_comment_silences_its_line_a_file_or_a_family() {
    let two = format!(
        "{READ}\n\ndef h(p):\n    g = open(p)  # leakwright: ignore[resource] closed elsewhere\n    return g.read()\n"
    );
    let dir = project(&[("a.py", &two)]);
    let (of_line, of_file) = (vec![false, true], vec![true, true]);
    let silenced = || findings(dir.path()).into_iter().map(|finding| finding.2).collect::<Vec<bool>>();
    assert_eq!(silenced(), of_line);
    for head in [
        "# leakwright: ignore-file[unclosed-file] all of it",
        "#leakwright:ignore-file",
        "# leakwright: ignore-file[LW3]",
    ] {
        fs::write(dir.path().join("a.py"), format!("{head}\n{two}")).unwrap();
        assert_eq!(silenced(), of_file, "{head}");
    }
    // Behind code it would be taken for a remark on that line.
    fs::write(dir.path().join("a.py"), format!("x = 1  # leakwright: ignore-file\n{two}")).unwrap();
    assert_eq!(silenced(), of_line);
}

#[test]
fn what_silences_nothing_is_said_and_taken_away() {
    let text = "# leakwright: ignore-file[LW1] none left\n\
                x = 1  # leakwright: ignore[LW101] was one\n\
                def f(p):\n    # kept: leakwright: ignore[LW301, LW202] closed by the caller\n    g = open(p)\n    return g.read()\n\
                y = 2  # noqa: E501, LW301\n\
                z = 3  # type: ignore  # leakwright: ignore\n";
    let dir = project(&[("a.py", text)]);
    let (said, code) = run(dir.path(), &["check"]);
    assert_eq!(code, 0, "{said}");
    for part in [
        "a.py:1: `# leakwright: ignore-file[LW1] none left` silences nothing",
        "a.py:2: `# leakwright: ignore[LW101] was one` silences nothing",
        "a.py:4: LW202 in `# kept: leakwright: ignore[LW301, LW202] closed by the caller` silences nothing",
        "a.py:7: `# noqa: E501, LW301` silences nothing",
        "a.py:8: `# leakwright: ignore` silences nothing",
    ] {
        assert!(said.contains(part), "`{part}` is missing in:\n{said}");
    }
    // Of rules that were not run, and of a file by itself, nothing can be said.
    let (said, _) = run(dir.path(), &["handles"]);
    assert!(said.matches("silences nothing").count() == 1 && said.contains("E501, LW301"), "{said}");
    let (said, _) = run(dir.path(), &["check", "a.py"]);
    assert!(!said.contains("silences nothing"), "{said}");

    let (said, code) = run(dir.path(), &["fix"]);
    assert!(
        said.contains("a.py:2: [unused-suppression] Remove `# leakwright: ignore[LW101] was one` (safe)"),
        "{said}"
    );
    assert!(said.contains("Applied 5 fixes in 1 file. No leaks detected.") && code == 0, "{said}");
    let fixed = fs::read_to_string(dir.path().join("a.py")).unwrap();
    let expected = "x = 1\n\
                    def f(p):\n    # kept: leakwright: ignore[LW301] closed by the caller\n    g = open(p)\n    return g.read()\n\
                    y = 2  # noqa: E501\n\
                    z = 3  # type: ignore\n";
    assert_eq!(fixed, expected);
}

#[test]
fn a_reason_can_be_required() {
    let text = READ.replace("open(p)", "open(p)  # leakwright: ignore[LW301]");
    let dir = project(&[("a.py", &text), ("leakwright.toml", "require-suppression-reason = true\n")]);
    let (said, code) = run(dir.path(), &["check"]);
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("a.py:2: `# leakwright: ignore[LW301]` silences nothing: it gives no reason"),
        "{said}"
    );
    let (said, code) = run(dir.path(), &["fix", "--add-suppressions"]);
    assert!(
        said.contains("the configuration requires a reason: give one with `--reason`") && code == 1,
        "{said}"
    );
    for wrong in ["", "two\nlines", "a # b"] {
        assert_eq!(run(dir.path(), &["fix", "--add-suppressions", "--reason", wrong]).1, 2, "{wrong:?}");
    }
    let (said, code) = run(dir.path(), &["fix", "--add-suppressions", "--reason", "closed by the caller"]);
    assert!(said.contains("Suppressed 1 finding in 1 file. Nothing is left.") && code == 0, "{said}");
    let fixed = fs::read_to_string(dir.path().join("a.py")).unwrap();
    assert!(fixed.contains("open(p)  # leakwright: ignore[LW301] closed by the caller\n"), "{fixed}");
    let (said, code) = run(dir.path(), &["undo"]);
    assert!(code == 0 && fs::read_to_string(dir.path().join("a.py")).unwrap() == text, "{said}");
}

/// Lines of code in which a finding may stand, the finding where `open` is.
const SHAPES: [&str; 9] = [
    "g = open(p)",
    "g = open(p)  # a remark",
    "g = open(p)  # leakwright: ignore[LW101] for something else",
    "g = open(\"\"\"a\n    b\"\"\")",
    "g = \\\n        open(p)",
    "g = open(\n        p,\n    )",
    "g, h = f\"\"\"{1}\n\"\"\", open(p)",
    "g = [  # all\n        open(p),\n    ][0]",
    "g = h = open(p); i = 1",
];

#[test]
fn comments_are_written_where_they_silence_what_they_are_meant_for() {
    let text: String = SHAPES
        .iter()
        .enumerate()
        .map(|(index, line)| format!("def f{index}(p):\n    {line}\n    return g.read()\n\n\n"))
        .collect();
    for text in [text.clone(), text.replace('\n', "\r\n"), text.replace("    ", "\t")] {
        // The last line is silenced by a remark on nothing; it stays.
        let text = format!(
            "class Q:\n  def __init__(self): self.messages = []\n  def add(self, m): self.messages.append(m)\n{text}"
        );
        let dir = project(&[("a.py", &text)]);
        let before = findings(dir.path());
        assert!(before.iter().filter(|finding| finding.1 == "LW301").count() >= 7, "{before:?}");
        let (said, _) = run(dir.path(), &["fix", "--add-suppressions", "--select", "LW301"]);
        assert!(said.contains("Nothing is left."), "{said}");
        let after = findings(dir.path());
        let expected: Vec<_> = before.iter().map(|(_, code, _)| (code, code == "LW301")).collect();
        let found: Vec<_> = after.iter().map(|(_, code, silenced)| (code, *silenced)).collect();
        let written = fs::read_to_string(dir.path().join("a.py")).unwrap();
        assert_eq!(found, expected, "{written}");
        assert!(written.contains("ignore[LW101, LW301] for something else"), "{written}");
        if let Some(python) = python() {
            let path: PathBuf = dir.path().join("a.py");
            assert_eq!(python.uncompilable(&[path]), Vec::<String>::new(), "{written}");
        }
        // Nothing but comments was added.
        let (said, _) = run(dir.path(), &["fix", "--add-suppressions", "--select", "LW301"]);
        assert!(said.contains("Suppressed 0 findings in 0 files"), "{said}");
    }
}
