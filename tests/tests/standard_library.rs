//! The whole standard library of the machine's Python: a large body of code that nobody wrote for us.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use leakwright_testkit::{leakwright, python};
use serde_json::Value;

fn check(root: &Path) -> Value {
    let output = leakwright(root).args(["check", "--format", "json"]).output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn python_files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut pending = vec![root.to_owned()];
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if path.file_name().is_some_and(|name| name != "site-packages" && name != "__pycache__") {
                    pending.push(path);
                }
            } else if path.extension().is_some_and(|ending| ending == "py") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Fingerprints of findings that have a fix which can be applied.
fn fixable(document: &Value) -> BTreeSet<String> {
    let has_edits = |finding: &&Value| {
        finding["fixes"].as_array().unwrap().iter().any(|fix| !fix["edits"].as_array().unwrap().is_empty())
    };
    let findings = document["findings"].as_array().unwrap();
    findings
        .iter()
        .filter(has_edits)
        .map(|finding| finding["fingerprint"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn it_is_checked_without_failure_and_its_fixes_compile() {
    let Some(python) = python() else { return };
    let library = python.standard_library();
    let copy = tempfile::tempdir().unwrap();
    let files = python_files(&library);
    for path in &files {
        let target = copy.path().join(path.strip_prefix(&library).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(path, target).unwrap();
    }

    let start = Instant::now();
    let before = check(copy.path());
    assert!(start.elapsed() < Duration::from_secs(120), "{:?}", start.elapsed());
    assert!(!before.to_string().contains("internal error"), "{:#}", before["errors"]);
    let unread = before["errors"].as_array().unwrap().len();
    assert!(before["files_checked"].as_u64().unwrap() as usize + unread >= files.len());

    let fixed = leakwright(copy.path()).args(["fix", "--unsafe-fixes"]).output().unwrap();
    assert!(matches!(fixed.status.code(), Some(0 | 1)), "{}", String::from_utf8_lossy(&fixed.stderr));
    let changed: Vec<PathBuf> = files
        .iter()
        .map(|path| (path, copy.path().join(path.strip_prefix(&library).unwrap())))
        .filter(|(was, is)| fs::read(was).unwrap() != fs::read(is).unwrap())
        .map(|(_, is)| is)
        .collect();
    assert!(!changed.is_empty(), "{}", String::from_utf8_lossy(&fixed.stdout));
    assert_eq!(python.uncompilable(&changed), Vec::<String>::new());

    let (was, after) = (fixable(&before), check(copy.path()));
    let still: Vec<&String> =
        was.iter().filter(|fingerprint| after.to_string().contains(fingerprint.as_str())).collect();
    assert_eq!(still, Vec::<&String>::new(), "of {} that were fixed", was.len());

    let snapshot = |paths: &[PathBuf]| paths.iter().map(|path| fs::read(path).unwrap()).collect::<Vec<_>>();
    let once = snapshot(&changed);
    let again = leakwright(copy.path()).args(["fix", "--unsafe-fixes"]).output().unwrap();
    let said = String::from_utf8_lossy(&again.stdout).into_owned();
    assert!(said.contains("Applied 0 fixes in 0 files"), "{said}");
    assert!(snapshot(&changed) == once, "a second run changed something");

    let undone = leakwright(copy.path()).arg("undo").output().unwrap();
    assert!(undone.status.success(), "{}", String::from_utf8_lossy(&undone.stderr));
    let copies: Vec<PathBuf> =
        files.iter().map(|path| copy.path().join(path.strip_prefix(&library).unwrap())).collect();
    assert!(snapshot(&copies) == snapshot(&files), "`undo` left something");
}
