//! `check --diff-base`: what a change introduced is shown, and what was there before is not.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::Command;

use leakwright_testkit::leakwright;

const LEAK: &str = "def load(path):\n    handle = open(path)\n    return handle.read()\n";
const REGISTRY: &str = "class Registry:\n    def __init__(self):\n        self.entries = []\n\n    def handle_event(self, event):\n        self.entries.append(event)\n";
const RESET: &str =
    "from registry import Registry\n\n\ndef reset(registry: Registry):\n    registry.entries.clear()\n";

fn git(dir: &Path, args: &[&str]) {
    let identity = ["-c", "user.name=n", "-c", "user.email=e", "-c", "commit.gpgsign=false"];
    let mut git = Command::new("git");
    let output = git.current_dir(dir).args(identity).args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn commit(dir: &Path, message: &str) {
    git(dir, &["add", "-A"]);
    git(dir, &["commit", "--quiet", "-m", message]);
}

/// A repository with files, committed.
fn repository(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        write(dir.path(), path, text);
    }
    git(dir.path(), &["init", "--quiet", "--initial-branch", "main"]);
    commit(dir.path(), "one");
    dir
}

fn write(dir: &Path, path: &str, text: &str) {
    let path = dir.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// What a check says on both outputs, and how it ends.
fn check(dir: &Path, args: &[&str]) -> (String, i32) {
    let mut command = leakwright(dir);
    let output = command.args(["check", "--format", "concise"]).args(args).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (String::from_utf8(said).unwrap(), output.status.code().unwrap())
}

#[test]
fn what_was_there_is_known_wherever_it_was_moved_and_what_is_new_is_shown() {
    let dir = repository(&[("a.py", LEAK), ("sub/b.py", &LEAK.replace("load", "other"))]);
    let dir = dir.path();
    let (said, code) = check(dir, &["--diff-base", "HEAD"]);
    assert!(said.starts_with("No leaks detected in 2 files\n2 known from HEAD (") && code == 0, "{said}");
    // Lines shift, a file is moved, one is not even known to git, and a leak goes.
    write(dir, "a.py", &format!("# shifted\n\n{LEAK}\n\n{}", LEAK.replace("load", "more")));
    git(dir, &["mv", "sub/b.py", "sub/c.py"]);
    write(dir, "new.py", &LEAK.replace("load", "fresh"));
    for at in [dir, &dir.join("sub")] {
        let up = if at == dir { "." } else { ".." };
        let (said, code) = check(at, &["--diff-base", "main", up]);
        assert!(said.contains("TOTAL ISSUES FOUND: 2 in 3 files\n2 known from main ("), "{said}");
        assert!(said.contains("a.py:9:14") && said.contains("new.py:2:14") && code == 1, "{said}");
    }
    let (said, _) = check(dir, &["--diff-base", "main", "sub"]);
    assert!(said.starts_with("No leaks detected in 1 file\n1 known") && !said.contains("gone"), "{said}");
    write(dir, "a.py", "x = 1\n");
    let (said, _) = check(dir, &["--diff-base", "main", "a.py"]);
    assert!(said.contains("0 known from main") && said.contains("gone: a.py: LW301 `load`"), "{said}");
    fs::remove_file(dir.join("a.py")).unwrap();
    let (said, _) = check(dir, &["--diff-base", "main"]);
    assert!(said.contains("gone: a.py: LW301 `load`"), "{said}");
    // Once committed it is what was there.
    commit(dir, "two");
    let (said, code) = check(dir, &["--diff-base", "HEAD"]);
    assert!(said.starts_with("No leaks detected in 2 files\n2 known") && code == 0, "{said}");
}

#[test]
fn a_change_in_one_file_that_makes_another_leak_introduced_it() {
    let dir = repository(&[("registry.py", REGISTRY), ("reset.py", RESET)]);
    let dir = dir.path();
    assert_eq!(check(dir, &["--diff-base", "HEAD"]).1, 0);
    write(dir, "reset.py", "x = 1\n");
    let (said, code) = check(dir, &["--diff-base", "HEAD"]);
    assert!(said.contains("registry.py:6") && said.contains("LW101") && code == 1, "{said}");
    // The file that emptied it is gone altogether.
    fs::remove_file(dir.join("reset.py")).unwrap();
    let (said, code) = check(dir, &["--diff-base", "HEAD"]);
    assert!(said.contains("registry.py:6") && code == 1, "{said}");
}

#[test]
fn a_branch_is_compared_with_where_it_began() {
    let dir = repository(&[("a.py", LEAK)]);
    let dir = dir.path();
    git(dir, &["switch", "--quiet", "-c", "feature"]);
    write(dir, "b.py", &LEAK.replace("load", "feature"));
    commit(dir, "feature");
    git(dir, &["switch", "--quiet", "main"]);
    write(dir, "a.py", "x = 1\n");
    commit(dir, "the leak is mended on main only");
    git(dir, &["switch", "--quiet", "feature"]);
    let (said, _) = check(dir, &["--diff-base", "main"]);
    assert!(said.contains("b.py:2:14") && !said.contains("a.py:2"), "{said}");
}

#[test]
fn what_is_left_out_now_was_left_out_then() {
    let settings = "exclude = ['gen']\n";
    let dir = repository(&[
        ("a.py", LEAK),
        ("gen/b.py", LEAK),
        ("build/c.py", LEAK),
        ("ignored/d.py", LEAK),
        ("leakwright.toml", settings),
    ]);
    let dir = dir.path();
    write(dir, ".gitignore", "ignored\n");
    let (said, _) = check(dir, &["--diff-base", "HEAD"]);
    assert!(said.starts_with("No leaks detected in 1 file\n1 known") && !said.contains("gone"), "{said}");
    for folder in ["gen", "build"] {
        fs::remove_dir_all(dir.join(folder)).unwrap();
    }
    let (said, _) = check(dir, &["--diff-base", "HEAD"]);
    assert!(said.starts_with("No leaks detected in 1 file\n1 known") && !said.contains("gone"), "{said}");
}

#[test]
fn what_cannot_be_compared_is_said() {
    let dir = repository(&[("a.py", LEAK)]);
    for (revision, why) in [
        ("nowhere", "`nowhere` is no revision of the repository at ."),
        ("--help", "`--help` is no revision"),
        ("", "`` is no revision"),
        ("HEAD:a.py", "is no revision"),
    ] {
        let (said, code) = check(dir.path(), &[&format!("--diff-base={revision}")]);
        assert!(said.contains(why) && code == 2, "{said}");
    }
    let bare = tempfile::tempdir().unwrap();
    write(bare.path(), "a.py", LEAK);
    let (said, code) = check(bare.path(), &["--diff-base", "HEAD"]);
    assert!(said.contains(".: not in a git repository") && code == 2, "{said}");
    let mut command = leakwright(dir.path());
    let output = command
        .args(["check", "-", "--diff-base", "HEAD"])
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("standard input is compared with no revision"), "{said}");
}

#[test]
fn a_repository_within_the_repository_is_compared_with_what_it_was() {
    let inner = repository(&[("inner.py", LEAK)]);
    let dir = repository(&[("a.py", "x = 1\n")]);
    let dir = dir.path();
    let from = inner.path().to_str().unwrap();
    git(dir, &["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", from, "vendored"]);
    commit(dir, "with another");
    let (said, code) = check(dir, &["--diff-base", "HEAD"]);
    assert!(said.starts_with("No leaks detected in 2 files\n1 known") && code == 0, "{said}");
    write(&dir.join("vendored"), "inner.py", &format!("{LEAK}\n\n{}", LEAK.replace("load", "more")));
    let (said, code) = check(dir, &["--diff-base", "HEAD"]);
    assert!(said.contains("vendored/inner.py:7:14") && code == 1, "{said}");
}
