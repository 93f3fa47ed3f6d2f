//! `fix` and `undo`: what is asked, what is recorded, and that all of it can be taken back.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use leakwright_testkit::{binary, leakwright, python};
use tempfile::TempDir;

const LEAK: &str = "class Queue:\n    def __init__(self):\n        self.messages = []\n\n    def add_message(self, m):\n        self.messages.append(m)\n";
const READ: &str = "def read(path):\n    return open(path).read()\n";

fn project(files: &[(&str, &[u8])]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, bytes) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    dir
}

/// What a command prints on both outputs, and how it ends.
fn run(dir: &Path, args: &[&str]) -> (String, i32) {
    said(&leakwright(dir).args(args).output().unwrap())
}

fn said(output: &Output) -> (String, i32) {
    let text = [output.stdout.clone(), output.stderr.clone()].concat();
    (String::from_utf8(text).unwrap(), output.status.code().unwrap())
}

/// The same, with something on standard input.
fn answer(dir: &Path, args: &[&str], input: &str) -> (String, i32) {
    let mut command = leakwright(dir);
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    said(&child.wait_with_output().unwrap())
}

fn contents(dir: &Path, names: &[&str]) -> Vec<Vec<u8>> {
    names.iter().map(|name| fs::read(dir.join(name)).unwrap()).collect()
}

fn text(dir: &Path, name: &str) -> String {
    fs::read_to_string(dir.join(name)).unwrap()
}

#[test]
fn undo_restores_every_byte_of_every_run_step_by_step() {
    let latin: Vec<u8> = "# coding: latin-1\r\n# caf\u{e9}\r\ndef f(p):\r\n    return open(p).read()\r\n"
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    let names = ["sub/latin.py", "bom.py", "queue.py"];
    let dir = project(&[
        (names[0], &latin),
        (names[1], b"\xef\xbb\xbfdef f(p):\n\treturn open(p).read()"),
        (names[2], LEAK.as_bytes()),
    ]);
    let dir = dir.path();
    let first = contents(dir, &names);
    let (fixed, code) = run(dir, &["fix"]);
    assert!(fixed.contains("Applied 2 fixes in 2 files; 1 finding left, 1 with an unsafe fix"), "{fixed}");
    assert!(fixed.contains("queue.py:6:9: warning[LW101]"), "what is left is named: {fixed}");
    assert!(fixed.contains("`leakwright undo` takes it back."), "{fixed}");
    assert_eq!(code, 1);
    let second = contents(dir, &names);
    let (fixed, code) = run(dir, &["fix", "--unsafe-fixes", "queue.py"]);
    assert!(fixed.contains("Applied 1 fix in 1 file. No leaks detected."), "{fixed}");
    assert_eq!(code, 0);
    let third = contents(dir, &names);
    assert!(first[0] != second[0] && first[1] != second[1] && first[2] == second[2] && third[2] != second[2]);

    let (listed, _) = run(dir, &["undo", "--list"]);
    let titles = ["just now: 1 fix in 1 file", "queue.py:6: [LW101]", "just now: 2 fixes in 2 files"];
    assert!(titles.iter().all(|title| listed.contains(title)), "{listed}");
    let (shown, code) = run(dir, &["undo", "--diff"]);
    assert!(shown.contains("-from collections import deque") && code == 0, "{shown}");
    assert_eq!(contents(dir, &names), third, "--diff writes nothing");

    // From another folder of the project, which its configuration marks.
    fs::write(dir.join("leakwright.toml"), "").unwrap();
    let (undone, code) = run(&dir.join("sub"), &["undo"]);
    assert!(undone.starts_with("Restored 1 file, fixed just now:\n") && code == 0, "{undone}");
    assert!(undone.contains("`leakwright undo` again takes back what was fixed just now."), "{undone}");
    assert_eq!(contents(dir, &names), second);
    let (undone, _) = run(dir, &["undo"]);
    assert!(undone.contains("bom.py") && undone.contains("sub/latin.py"), "{undone}");
    assert_eq!(contents(dir, &names), first);
    let (nothing, code) = run(dir, &["undo"]);
    assert!(nothing.contains("nothing to undo: no run of `fix` is recorded in") && code == 2, "{nothing}");
}

#[test]
fn undo_leaves_everything_if_one_file_changed_since() {
    let dir = project(&[("a.py", READ.as_bytes()), ("b.py", READ.as_bytes()), ("c.py", READ.as_bytes())]);
    let dir = dir.path();
    run(dir, &["fix"]);
    let mut edited = text(dir, "b.py");
    edited.push_str("# mine\n");
    fs::write(dir.join("b.py"), &edited).unwrap();
    fs::remove_file(dir.join("c.py")).unwrap();
    let before = contents(dir, &["a.py", "b.py"]);
    for arguments in [&["undo"][..], &["undo", "--diff"]] {
        let (said, code) = run(dir, arguments);
        let refused = "nothing was undone, because not all files are as `fix` left them:\n  b.py changed since it was fixed\n  c.py is gone\n";
        assert!(said.contains(refused) && code == 2, "{said}");
        assert_eq!(contents(dir, &["a.py", "b.py"]), before);
    }
    let (said, code) = run(dir, &["undo", "--forget"]);
    assert!(said.starts_with("Forgot what was fixed just now") && code == 0, "{said}");
    assert_eq!(run(dir, &["undo"]).1, 2);
    assert_eq!(contents(dir, &["a.py", "b.py"]), before);
}

#[test]
fn a_run_that_was_cut_short_can_be_taken_back() {
    // The journal is written before the files: a crash leaves some of them as they were.
    let dir = project(&[("a.py", READ.as_bytes()), ("b.py", READ.as_bytes())]);
    let dir = dir.path();
    run(dir, &["fix"]);
    fs::write(dir.join("b.py"), READ).unwrap();
    fs::create_dir(dir.join(".leakwright/journal/.new-cut")).unwrap();
    let (undone, code) = run(dir, &["undo"]);
    assert!(undone.starts_with("Restored 1 file, fixed just now:\n  a.py\n") && code == 0, "{undone}");
    assert_eq!(contents(dir, &["a.py", "b.py"]), [READ.as_bytes(), READ.as_bytes()]);
}

#[test]
fn nothing_is_written_that_cannot_be_recorded() {
    let dir = project(&[("a.py", READ.as_bytes()), (".leakwright", b"")]);
    let dir = dir.path();
    let (said, code) = run(dir, &["fix"]);
    assert!(said.contains("the journal cannot be written, so nothing was changed") && code == 2, "{said}");
    assert_eq!(text(dir, "a.py"), READ);
    let (said, code) = run(dir, &["fix", "--no-journal"]);
    assert!(said.contains("Applied 1 fix in 1 file") && !said.contains("undo") && code == 0, "{said}");
    assert_ne!(text(dir, "a.py"), READ);
}

#[test]
fn git_sees_nothing_of_the_journal_and_it_stays_small() {
    let dir = project(&[("a.py", READ.as_bytes())]);
    let dir = dir.path();
    let git = |args: &[&str]| Command::new("git").current_dir(dir).args(args).output().unwrap();
    git(&["init", "--quiet"]);
    for _ in 0..22 {
        run(dir, &["fix"]);
        fs::write(dir.join("a.py"), READ).unwrap();
    }
    let status = git(&["status", "--porcelain", "--untracked-files=all"]).stdout;
    assert_eq!(String::from_utf8(status).unwrap(), "?? a.py\n");
    assert_eq!(run(dir, &["undo", "--list"]).0.matches("1 fix in 1 file").count(), 20);
}

#[cfg(unix)]
#[test]
fn nothing_outside_of_the_project_is_written() {
    let outside = project(&[("shared.py", READ.as_bytes()), ("target.py", b"x = 1\n")]);
    let dir = project(&[("a.py", READ.as_bytes()), ("leakwright.toml", b"")]);
    let dir = dir.path();
    std::os::unix::fs::symlink(outside.path().join("shared.py"), dir.join("link.py")).unwrap();
    let (said, code) = run(dir, &["fix"]);
    assert!(said.contains("link.py: lies outside of the project, through a link"), "{said}");
    assert!(said.contains("Applied 1 fix in 1 file. No"), "{said}");
    assert_eq!(code, 2);
    assert_eq!(text(outside.path(), "shared.py"), READ);
    // Named itself it is part of what is to be fixed.
    assert_eq!(run(dir, &["fix", "link.py"]).1, 0);
    assert_ne!(text(outside.path(), "shared.py"), READ);
    assert_eq!(run(outside.path(), &["undo"]).1, 0);
    assert_eq!(text(outside.path(), "shared.py"), READ);

    // A journal may come with a project: what it says is not taken on trust.
    let journal = dir.join(".leakwright/journal/000001/run.json");
    let recorded = fs::read_to_string(&journal).unwrap();
    let up = format!("../{}/target.py", outside.path().file_name().unwrap().to_str().unwrap());
    for (from, to, refused) in [
        ("\"a.py\"", format!("\"{up}\""), "leads out of the project"),
        ("\"0.before\"", "\"../0.before\"".to_owned(), "names files outside of its folder"),
        ("\"schema\": 1", "\"schema\": 9".to_owned(), "written by another version"),
        ("{", String::new(), "the journal cannot be used"),
    ] {
        fs::write(&journal, recorded.replacen(from, &to, 1)).unwrap();
        let (said, code) = run(dir, &["undo"]);
        assert!(said.contains(refused) && code == 2, "{to}: {said}");
    }
    assert_eq!(text(outside.path(), "target.py"), "x = 1\n");
    fs::write(&journal, recorded).unwrap();
    fs::write(dir.join(".leakwright/journal/000001/0.before"), "damaged").unwrap();
    let (said, code) = run(dir, &["undo"]);
    assert!(said.contains("its copy is damaged") && code == 2, "{said}");
}

#[test]
fn each_fix_is_shown_and_asked_about() {
    let named = |name: &str| READ.replace("def read", &format!("def {name}"));
    let three = named("one") + &named("two") + &named("three");
    let ask = |input: &str| {
        let dir = project(&[("a.py", three.as_bytes())]);
        let (said, code) = answer(dir.path(), &["fix", "--interactive", "--select", "LW3"], input);
        let fixed = text(dir.path(), "a.py").matches("with open").count();
        let asked = said.matches("Apply this fix?").count();
        (said, code, fixed, asked)
    };
    let (said, code, fixed, asked) = ask("y\nn\nyes\n");
    assert_eq!((code, fixed, asked), (0, 2, 3), "{said}");
    for part in [
        "a.py:2:12: information[LW301] unclosed-file:",
        "-    return open(path).read()\n+    with open(path) as f:\n+        return f.read()\n",
        "Apply this fix? [y]es, [n]o, [a]ll, [q]uit: y\n",
        "Applied 2 fixes in 1 file. No leaks detected (1 more for information):\na.py:5:12: information[LW301]",
    ] {
        assert!(said.contains(part), "`{part}` is missing in:\n{said}");
    }
    let (said, _, fixed, asked) = ask("n\nALL\n");
    assert_eq!((fixed, asked), (2, 2), "{said}");
    let (said, _, fixed, asked) = ask("y\nq\n");
    assert_eq!((fixed, asked), (1, 2), "{said}");
    let (said, _, fixed, asked) = ask("y\n");
    assert_eq!((fixed, asked), (1, 2), "the end of the input is `quit`: {said}");
    let (said, _, fixed, asked) = ask("what\n\nn\nn\nn\n");
    assert_eq!((fixed, asked), (0, 5), "{said}");
    assert!(said.contains("q  stop asking") && said.contains("Applied 0 fixes in 0 files"), "{said}");
}

#[test]
fn another_way_to_mend_a_finding_is_offered() {
    let dir = project(&[("queue.py", LEAK.as_bytes())]);
    let (said, _) = answer(dir.path(), &["fix", "-i", "--unsafe-fixes"], "n\ny\n");
    assert!(said.contains("+from collections import deque") && said.contains("(unsafe)"), "{said}");
    assert!(text(dir.path(), "queue.py").contains("del self.messages[:-1000]"), "{said}");
    let (said, code) = run(dir.path(), &["fix", "-i", "--diff"]);
    assert!(said.contains("cannot be used with") && code == 2, "{said}");
}

#[cfg(unix)]
#[test]
fn it_asks_on_a_terminal() {
    let Some(python) = python() else { return };
    let dir = project(&[("a.py", READ.as_bytes()), ("b.py", READ.as_bytes())]);
    let program = format!(
        "import os, pty\n\
         pid, fd = pty.fork()\n\
         if pid == 0:\n    os.execv({binary:?}, ['leakwright', 'fix', '--interactive'])\n\
         seen, answers = b'', [b'y\\n', b'q\\n']\n\
         while True:\n    \
             try:\n        part = os.read(fd, 4096)\n    \
             except OSError:\n        break\n    \
             if not part:\n        break\n    \
             seen += part\n    \
             if answers and seen.count(b'[q]uit: ') == 3 - len(answers):\n        os.write(fd, answers.pop(0))\n\
         os.waitpid(pid, 0)\n\
         print(seen.decode())\n",
        binary = binary().to_str().unwrap(),
    );
    let seen = python.print(&program, dir.path());
    assert!(seen.contains("\x1b[32m+    with open(path) as f:"), "in colour: {seen:?}");
    assert!(seen.contains("Applied 1 fix in 1 file"), "{seen}");
    assert!(text(dir.path(), "a.py").contains("with open") && text(dir.path(), "b.py") == READ, "{seen}");
}
