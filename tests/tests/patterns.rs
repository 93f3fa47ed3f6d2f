//! The patterns that the project was asked for, as pairs of leak and fix.
//!
//! Each leak, alone in a folder, is found at the line marked `# leak CODE` at default settings; each
//! sound twin is silent.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use leakwright_testkit::{Leak, found_leaks, leakwright, marked_leaks, repository};

fn patterns() -> Vec<PathBuf> {
    let folder = repository().join("tests/patterns");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some())
        .collect();
    paths.sort();
    paths
}

/// What is found in a file that lies alone in a folder.
fn findings(path: &Path) -> Vec<Leak> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(path, folder.path().join(path.file_name().unwrap())).unwrap();
    let output = leakwright(folder.path()).args(["check", "--format", "json"]).output().unwrap();
    found_leaks(&serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn every_leak_is_found_at_its_line() {
    for path in patterns().iter().filter(|path| path.to_string_lossy().ends_with("_leak.py")) {
        let found = findings(path);
        let marks = marked_leaks(path);
        assert!(!marks.is_empty(), "{} has no mark", path.display());
        for mark in marks {
            assert!(found.contains(&mark), "{mark:?} among {found:?}");
        }
    }
}

#[test]
fn every_sound_twin_is_silent() {
    for path in patterns().iter().filter(|path| path.to_string_lossy().ends_with("_sound.py")) {
        assert_eq!(findings(path), [], "{}", path.display());
    }
}

#[test]
fn a_bare_lru_cache_is_a_hint_when_asked_for() {
    let path = repository().join("tests/patterns/11_bare_lru_cache_sound.py");
    let output = leakwright(path.parent().unwrap())
        .args(["check", "--select", "LW204", "--format", "concise"])
        .arg(&path)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("hint[LW204]") && text.contains("bounded, at 128 results"), "{text}");
    assert_eq!(output.status.code(), Some(0), "a hint fails nothing");
}
