//! Baselines: what is known is not shown, what is new is, and what is gone is said.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use leakwright_testkit::leakwright;

const READ: &str = "def f(p):\n    g = open(p)\n    return g.read()\n";

/// What a command says on both outputs, and how it ends.
fn run(dir: &Path, args: &[&str]) -> (String, i32) {
    let output = leakwright(dir).args(args).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (String::from_utf8(said).unwrap(), output.status.code().unwrap())
}

#[test]
fn only_what_is_new_is_shown_and_what_is_gone_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let write = |path: &str, text: &str| fs::write(dir.join(path), text).unwrap();
    fs::create_dir(dir.join("sub")).unwrap();
    write("a.py", READ);
    write("sub/b.py", &READ.replace("f(", "h("));
    let (said, code) = run(dir, &["check", "--baseline", "base.json"]);
    assert!(said.contains("base.json: no such baseline") && code == 2, "{said}");
    let (said, code) = run(dir, &["baseline", "--output", "base.json"]);
    assert!(said.contains("Wrote 2 findings to base.json") && code == 0, "{said}");
    let first = fs::read_to_string(dir.join("base.json")).unwrap();
    assert_eq!(first.lines().count(), 7, "a line for each finding: {first}");
    run(dir, &["baseline", "-o", "base.json"]);
    assert_eq!(fs::read_to_string(dir.join("base.json")).unwrap(), first, "written the same every time");

    let check = || run(dir, &["check", "--baseline", "base.json", "--format", "concise"]);
    let (said, code) = check();
    assert!(
        said.starts_with("No leaks detected in 2 files\n2 known from base.json\n") && code == 0,
        "{said}"
    );
    // Lines shift, a file moves, one more of the same appears, and one goes.
    fs::rename(dir.join("sub/b.py"), dir.join("sub/c.py")).unwrap();
    write("a.py", &format!("# shifted\n\n{READ}\n\n{READ}"));
    let (said, code) = check();
    assert!(said.contains("a.py:9:9: warning[LW301]") && !said.contains("c.py") && code == 1, "{said}");
    assert!(said.contains("TOTAL ISSUES FOUND: 1 in 2 files\n2 known from base.json\n"), "{said}");
    write("a.py", "x = 1\n");
    let (said, code) = check();
    assert!(said.contains("1 known from base.json\ngone: a.py: LW301 `f`\n") && code == 0, "{said}");
    // What was not looked at is not gone.
    let (said, _) = run(dir, &["check", "--baseline", "base.json", "sub"]);
    assert!(!said.contains("gone:"), "{said}");
    let (said, _) = run(dir, &["scan", "--baseline", "base.json"]);
    assert!(!said.contains("gone:"), "{said}");

    // A configured one holds, from any folder, and is the one that is written.
    write("leakwright.toml", "baseline = 'known.json'\n");
    let (said, code) = run(dir, &["baseline"]);
    assert!(said.contains("Wrote 1 finding to known.json") && code == 0, "{said}");
    let (said, code) = run(&dir.join("sub"), &["check"]);
    assert!(said.contains("1 known from ../known.json") && code == 0, "{said}");
    for wrong in ["{}", "{\"schema\": 9, \"findings\": []}", ""] {
        write("known.json", wrong);
        let (said, code) = run(dir, &["check"]);
        assert!(said.contains("known.json: not a baseline: ") && code == 2, "{said}");
    }
}
