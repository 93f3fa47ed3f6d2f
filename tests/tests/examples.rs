//! `examples/`: a small service that has each kind of leak, and its sound twin beside it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;

use leakwright_testkit::{Leak, found_leaks, leakwright, marked_leaks, python, repository};

fn files() -> Vec<PathBuf> {
    let folder = repository().join("examples/memory_store");
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "py"));
    paths.sort();
    paths
}

#[test]
fn exactly_the_marked_leaks_are_found() {
    let marked: Vec<Leak> = files().iter().flat_map(|path| marked_leaks(path)).collect();
    let output = leakwright(repository()).args(["check", "examples", "--format", "json"]).output().unwrap();
    assert_eq!(found_leaks(&serde_json::from_slice(&output.stdout).unwrap()), marked);
}

#[test]
fn the_examples_are_python() {
    let Some(python) = python() else { return };
    assert_eq!(python.uncompilable(&files()), Vec::<String>::new());
}
