//! Baselines: what is known is not shown, what is new is, and what is gone is said.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use leakwright_testkit::{Folder, LspClient, leakwright};
use serde_json::{Value, json};

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

/// A file that has two leaks, the first of which is known; one whose leak is gone; and a baseline that is configured.
fn known_and_new(dir: &Path) {
    let write = |path: &str, text: &str| fs::write(dir.join(path), text).unwrap();
    write("leakwright.toml", "baseline = 'known.json'\n");
    write("a.py", READ);
    write("gone.py", &READ.replace("f(", "h("));
    run(dir, &["baseline"]);
    write("a.py", &format!("{READ}\n\n{}", READ.replace("f(", "new(")));
    write("gone.py", "x = 1\n");
}

#[test]
fn json_and_sarif_tell_what_is_new_known_and_gone() {
    let dir = tempfile::tempdir().unwrap();
    known_and_new(dir.path());
    let print = |format: &str| {
        let output = leakwright(dir.path()).args(["check", "--format", format]).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stdout).unwrap()
    };
    let document: Value = serde_json::from_str(&print("json")).unwrap();
    let schema: Value = serde_json::from_str(leakwright_report::SCHEMA).unwrap();
    assert!(jsonschema::validator_for(&schema).unwrap().is_valid(&document), "{document:#}");
    let symbols = |found: &Value| -> Vec<String> {
        found.as_array().unwrap().iter().map(|one| one["symbol"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(symbols(&document["findings"]), ["new"]);
    let compared = &document["comparisons"][0];
    assert_eq!((&compared["against"], &compared["known"]), (&json!("known.json"), &json!(1)));
    assert_eq!(
        (symbols(&compared["gone"]), &compared["gone"][0]["path"]),
        (vec!["h".to_owned()], &json!("gone.py"))
    );
    let lines = print("json-lines");
    let line_schema = json!({ "$ref": "#/$defs/line", "$defs": schema["$defs"] });
    let validator = jsonschema::validator_for(&line_schema).unwrap();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.len() == 2 && lines.iter().all(|line| validator.is_valid(line)), "{lines:#?}");
    assert_eq!(lines[1]["gone"]["symbol"], "h");

    let log: serde_sarif::sarif::Sarif = serde_json::from_str(&print("sarif")).unwrap();
    let results = log.runs[0].results.as_ref().unwrap();
    let states: Vec<(Value, Value)> = results
        .iter()
        .map(|result| {
            let location = &result.locations.as_ref().unwrap()[0];
            let address = location.physical_location.as_ref().unwrap().artifact_location.as_ref().unwrap();
            (json!(result.baseline_state), json!(address.uri))
        })
        .collect();
    let expected = [("unchanged", "a.py"), ("new", "a.py"), ("absent", "gone.py")];
    assert_eq!(states, expected.map(|(state, path)| (json!(state), json!(path))));
    // Without a baseline there is nothing to compare with.
    fs::remove_file(dir.path().join("leakwright.toml")).unwrap();
    assert!(!print("sarif").contains("baselineState") && !print("json").contains("comparisons"));
}

#[test]
fn what_is_known_is_not_mended() {
    let dir = tempfile::tempdir().unwrap();
    known_and_new(dir.path());
    let (said, code) = run(dir.path(), &["fix", "--unsafe-fixes", "--diff"]);
    assert!(said.contains("Would apply 1 fix in 1 file. No leaks detected.") && code == 1, "{said}");
    let (said, code) = run(dir.path(), &["fix", "--unsafe-fixes"]);
    assert!(said.contains("Applied 1 fix in 1 file. No leaks detected.") && code == 0, "{said}");
    let text = fs::read_to_string(dir.path().join("a.py")).unwrap();
    assert!(text.starts_with(READ) && text.contains("with open(p) as g"), "{text}");
    // Another one is named: in it nothing is known.
    fs::write(dir.path().join("empty.json"), "{\"schema\": 1, \"findings\": []}").unwrap();
    let (said, _) = run(dir.path(), &["fix", "--unsafe-fixes", "--diff", "--baseline", "empty.json"]);
    assert!(said.contains("Would apply 1 fix in 1 file."), "{said}");
    let (said, code) = run(dir.path(), &["fix", "--add-suppressions"]);
    assert!(said.contains("Suppressed 0 findings in 0 files. Nothing is left.") && code == 0, "{said}");
    let (said, code) = run(dir.path(), &["fix", "--baseline", "none.json"]);
    assert!(said.contains("none.json: no such baseline") && code == 2, "{said}");
    assert_eq!(fs::read_to_string(dir.path().join("a.py")).unwrap(), text, "nothing was written");
}

#[test]
fn an_editor_shows_what_is_new() {
    let two = format!("{READ}\n\n{}", READ.replace("f(", "new("));
    let folder = Folder::new(&[
        ("a.py", READ),
        ("old/b.py", READ),
        ("leakwright.toml", "baseline = 'leakwright-baseline.json'\n"),
    ]);
    run(folder.path(), &["baseline"]);
    folder.write("a.py", &two);
    folder.write("c.py", READ);
    // A file that was moved keeps what is known of it.
    folder.write("b.py", READ);
    folder.remove("old/b.py");
    let (a, b, c) = (folder.uri("a.py"), folder.uri("b.py"), folder.uri("c.py"));
    let capabilities = json!({ "workspace": { "configuration": true, "didChangeWatchedFiles": { "dynamicRegistration": true }, "workspaceFolders": true } });
    let mut client = LspClient::start_in(folder.path(), &capabilities);
    let lines = |shown: &[Value]| -> Vec<u64> {
        shown.iter().map(|found| found["range"]["start"]["line"].as_u64().unwrap()).collect()
    };
    client.open(&a, &two, 1);
    client.wait_until_shown(&a, |shown| lines(shown) == [6]);
    client.wait_until_shown(&c, |shown| lines(shown) == [1]);
    assert_eq!(client.shown_at_rest(&b), Vec::<Value>::new());
    // Lines move, and one more of the same appears.
    let insert = json!([{ "range": { "start": { "line": 0, "character": 0 }, "end": { "line": 0, "character": 0 } }, "text": "# above\n" }]);
    client.change(&a, 2, &insert);
    client.wait_until_shown(&a, |shown| lines(shown) == [7]);
    assert_eq!(lines(&client.shown_at_rest(&a)), [7]);
    // What is written now is known from now on.
    folder.write("a.py", &format!("# above\n{two}"));
    run(folder.path(), &["baseline"]);
    let changed = json!({ "changes": [{ "uri": folder.uri("leakwright-baseline.json"), "type": 2 }] });
    client.notify("workspace/didChangeWatchedFiles", &changed);
    for uri in [&a, &c] {
        client.wait_until_shown(uri, <[Value]>::is_empty);
    }
    // The editor can name another.
    folder.write("none.json", "{\"schema\": 1, \"findings\": []}");
    client.set(json!({ "baseline": "none.json" }));
    client.wait_until_shown(&a, |shown| lines(shown) == [2, 7]);
    client.wait_until_shown(&b, |shown| lines(shown) == [1]);
}
