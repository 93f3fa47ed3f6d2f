//! The crates depend on each other in one direction, and each only on what it may.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use cargo_metadata::{DependencyKind, MetadataCommand};
use leakwright_testkit::repository;

/// Which crates of this workspace a crate may use, beside tests.
const ARROWS: [(&str, &[&str]); 12] = [
    ("leakwright-syntax", &[]),
    ("leakwright-catalogue", &[]),
    ("leakwright-analysis", &["leakwright-syntax", "leakwright-catalogue"]),
    ("leakwright-rules", &["leakwright-syntax", "leakwright-catalogue", "leakwright-analysis"]),
    (
        "leakwright-engine",
        &["leakwright-syntax", "leakwright-catalogue", "leakwright-analysis", "leakwright-rules"],
    ),
    ("leakwright-notes", &[]),
    (
        "leakwright-report",
        &["leakwright-syntax", "leakwright-analysis", "leakwright-rules", "leakwright-engine"],
    ),
    (
        "leakwright-server",
        &[
            "leakwright-syntax",
            "leakwright-analysis",
            "leakwright-rules",
            "leakwright-engine",
            "leakwright-notes",
            "leakwright-report",
        ],
    ),
    ("leakwright-mcp", &["leakwright-rules", "leakwright-engine", "leakwright-notes", "leakwright-report"]),
    (
        "leakwright",
        &[
            "leakwright-rules",
            "leakwright-engine",
            "leakwright-mcp",
            "leakwright-notes",
            "leakwright-report",
            "leakwright-server",
        ],
    ),
    ("leakwright-testkit", &["leakwright-syntax", "leakwright-rules", "leakwright-engine"]),
    ("leakwright-tests", &[]),
];

/// Libraries that only one crate may use: what it is there to hide.
const HIDDEN: [(&str, &str); 8] = [
    ("tree-sitter", "leakwright-syntax"),
    ("tree-sitter-python", "leakwright-syntax"),
    ("ropey", "leakwright-syntax"),
    ("tower-lsp", "leakwright-server"),
    ("dashmap", "leakwright-server"),
    ("clap", "leakwright"),
    ("serde-saphyr", "leakwright-notes"),
    ("rmcp", "leakwright-mcp"),
];

fn metadata() -> cargo_metadata::Metadata {
    let manifest = repository().join("Cargo.toml");
    MetadataCommand::new().manifest_path(manifest).no_deps().exec().expect("cargo describes the workspace")
}

#[test]
fn crates_use_each_other_in_one_direction() {
    let metadata = metadata();
    for package in metadata.packages.iter().filter(|package| package.name.as_str() != "xtask") {
        let name = package.name.as_str();
        let allowed = ARROWS.iter().find(|(from, _)| *from == name).map(|(_, to)| *to);
        let allowed = allowed.unwrap_or_else(|| panic!("{name} is not in the list of crates"));
        let used: BTreeSet<&str> = package
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind == DependencyKind::Normal)
            .map(|dependency| dependency.name.as_str())
            .filter(|dependency| dependency.starts_with("leakwright"))
            .collect();
        for dependency in used {
            assert!(allowed.contains(&dependency), "{name} must not use {dependency}");
        }
    }
}

#[test]
fn libraries_stay_behind_the_crate_that_hides_them() {
    for package in metadata().packages.iter().filter(|package| package.name.as_str() != "xtask") {
        for dependency in &package.dependencies {
            let owner =
                HIDDEN.iter().find(|(library, _)| *library == dependency.name).map(|(_, owner)| *owner);
            let fine = owner.is_none_or(|owner| owner == package.name.as_str());
            assert!(fine, "{} must not use {}", package.name, dependency.name);
        }
    }
}
