//! What the editors' own files say fits the server and each other. The editors themselves are tested by
//! `cargo xtask test editors`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;

use leakwright_testkit::repository;
use serde_json::Value;

fn read(file: &str) -> String {
    fs::read_to_string(repository().join("editors").join(file)).unwrap()
}

#[test]
fn every_setting_of_the_server_is_in_the_manifest_of_vs_code() {
    let manifest: Value = serde_json::from_str(&read("vscode/package.json")).unwrap();
    let properties = manifest["contributes"]["configuration"]["properties"].as_object().unwrap();
    let readme = read("README.md");
    let (_, table) = readme.split_once("| setting | default | |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let names: Vec<&str> =
        rows.flat_map(|row| row.split('|').nth(1).unwrap().split('`').skip(1).step_by(2)).collect();
    assert!(names.len() > 5, "{names:?}");
    for name in names {
        let setting = &properties[&format!("leakwright.{name}")];
        assert!(setting["markdownDescription"].is_string() && setting["scope"].is_string(), "{name}");
    }
    // What a folder could use to have something run or overwritten is left out until it is trusted.
    let untrusted = &manifest["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"];
    for name in ["leakwright.path", "leakwright.logFile", "leakwright.configuration"] {
        assert!(untrusted.as_array().unwrap().contains(&Value::from(name)), "{name}");
    }
}

#[test]
fn packages_of_editors_have_the_version_of_the_program() {
    let version = env!("CARGO_PKG_VERSION");
    let manifest: Value = serde_json::from_str(&read("vscode/package.json")).unwrap();
    assert_eq!(manifest["version"], version);
    assert!(read("neovim/registry/mason.yaml").contains(&format!("leakwright@{version}?")));
    assert!(read("emacs/leakwright.el").contains(&format!(";; Version: {version}\n")));
    for file in ["zed/extension.toml", "zed/Cargo.toml"] {
        assert!(read(file).contains(&format!("\nversion = \"{version}\"\n")), "{file}");
    }
}

#[test]
fn lock_files_name_versions_and_no_place_to_download_them_from() {
    let lock: Value = serde_json::from_str(&read("vscode/package-lock.json")).unwrap();
    let packages = lock["packages"].as_object().unwrap();
    assert!(packages.len() > 100);
    for (name, package) in packages.iter().filter(|(name, _)| !name.is_empty()) {
        assert!(package["version"].is_string() && package.get("resolved").is_none(), "{name}");
    }
}
