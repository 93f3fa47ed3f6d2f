//! What the documents say is true: commands print what is shown, examples do what is said of them,
//! links lead somewhere, and every invariant has its test.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use leakwright_testkit::{Fence, binary, check_fences, fences, leakwright, repository};

/// Commands that are shown and not run here: they install something, or are what runs this test.
const NOT_RUN: [&str; 5] = ["git clone", "cd ", "cargo install", "cargo xtask", "cargo build"];

/// The documents, with their paths relative to the root.
fn documents() -> Vec<(PathBuf, String)> {
    let listed = Command::new("git")
        .current_dir(repository())
        .args(["ls-files", "-co", "--exclude-standard", "*.md"])
        .output();
    let listed = String::from_utf8(listed.unwrap().stdout).unwrap();
    let paths = listed.lines().map(PathBuf::from).filter(|path| !path.starts_with("crates/rules/specs"));
    let documents: Vec<_> = paths
        .filter_map(|path| Some((path.clone(), fs::read_to_string(repository().join(path)).ok()?)))
        .collect();
    assert!(documents.len() > 5, "the documents are in git");
    documents
}

fn fences_in(language: &str) -> Vec<(PathBuf, Fence)> {
    let all = documents()
        .into_iter()
        .flat_map(|(path, text)| fences(&text).into_iter().map(move |fence| (path.clone(), fence)));
    all.filter(|(_, fence)| fence.language == language).collect()
}

/// What a command of the documents prints, on both outputs; `None` if it is not run.
fn run(command: &str, directory: &Path) -> Option<String> {
    if NOT_RUN.iter().any(|prefix| command.starts_with(prefix)) {
        return None;
    }
    let command = command.replace("cargo run --release -- ", "leakwright ");
    let is_ours = command.split(" | ").any(|part| part.starts_with("leakwright "));
    assert!(is_ours, "a document shows `{command}`, which no test can run");
    let output = if command.contains(['|', '\'', '"']) {
        in_a_shell(&command, directory)
    } else {
        leakwright(directory).args(command.split_whitespace().skip(1)).output().unwrap()
    };
    let text = [output.stdout, output.stderr].concat();
    Some(String::from_utf8(text).unwrap())
}

fn in_a_shell(command: &str, directory: &Path) -> Output {
    let program = format!("leakwright() {{ \"$LEAKWRIGHT\" \"$@\"; }}\n{command}");
    let mut shell = Command::new("sh");
    shell.args(["-c", &program]).env("LEAKWRIGHT", binary()).env("NO_COLOR", "1");
    shell.current_dir(directory).output().unwrap()
}

/// Where the commands of a document are run, one after the other: in the repository, or for pages of their own
/// in a folder of git with a copy of the examples, which they may change.
fn folder_for(document: &Path) -> (PathBuf, Option<tempfile::TempDir>) {
    if !document.starts_with("docs") || document.starts_with("docs/rules") {
        return (repository().to_owned(), None);
    }
    let folder = tempfile::tempdir().unwrap();
    let examples = repository().join("examples/memory_store");
    let copy = folder.path().join("examples/memory_store");
    fs::create_dir_all(&copy).unwrap();
    for entry in fs::read_dir(examples).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "py") {
            fs::copy(&path, copy.join(path.file_name().unwrap())).unwrap();
        }
    }
    let identity = ["-c", "user.name=n", "-c", "user.email=e", "-c", "commit.gpgsign=false"];
    for arguments in [&["init", "--quiet"][..], &["add", "-A"], &["commit", "--quiet", "-m", "one"]] {
        let mut git = Command::new("git");
        assert!(git.current_dir(folder.path()).args(identity).args(arguments).status().unwrap().success());
    }
    (folder.path().to_owned(), Some(folder))
}

/// Whether a text is as shown, where a line `[…]` stands for any number of lines.
fn is_as_shown(text: &str, shown: &str) -> bool {
    let mut parts = shown.split("[…]\n");
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut ends_open = false;
    for part in parts {
        ends_open = part.is_empty();
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.is_empty() || ends_open
}

/// A command, which goes on where a line ends in a backslash, and what it is said to print.
fn command_and_output(block: &str) -> (String, &str) {
    let (line, rest) = block.split_once('\n').unwrap_or((block, ""));
    match line.strip_suffix('\\') {
        Some(begun) => {
            let (more, shown) = command_and_output(rest);
            (format!("{begun}{}", more.trim_start()), shown)
        }
        None => (line.to_owned(), rest),
    }
}

#[test]
fn commands_print_what_the_documents_show() {
    let mut ran = 0;
    for (path, text) in documents() {
        let fences = fences(&text).into_iter().filter(|fence| fence.language == "console");
        let (folder, _copy) = folder_for(&path);
        for fence in fences {
            for block in format!("\n{}", fence.code).split("\n$ ").skip(1) {
                let (command, shown) = command_and_output(block);
                let Some(text) = run(&command, &folder) else { continue };
                let shown = if shown.is_empty() || shown.ends_with('\n') {
                    shown.to_owned()
                } else {
                    format!("{shown}\n")
                };
                let fits = shown.is_empty() || is_as_shown(&text, &shown);
                assert!(fits, "{}:{}: `{command}` prints:\n{text}", path.display(), fence.line);
                ran += 1;
            }
        }
    }
    assert!(ran > 2, "{ran} commands ran");
}

#[test]
fn python_in_the_documents_does_what_is_said_of_it() {
    let pages = documents().into_iter().filter(|(path, _)| !path.starts_with("docs/rules"));
    let failures: Vec<String> = pages.flat_map(|(path, text)| check_fences(&path, &text)).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn configuration_in_the_documents_is_accepted() {
    let shown = fences_in("toml");
    let own = shown.iter().filter(|(_, fence)| fence.code.contains("[tool.leakwright"));
    let mut read = 0;
    for (path, fence) in own {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("pyproject.toml"), &fence.code).unwrap();
        fs::write(directory.path().join("module.py"), "").unwrap();
        let output = leakwright(directory.path()).args(["config", "module.py"]).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}:{}: {errors}", path.display(), fence.line);
        read += 1;
    }
    assert!(read > 0, "no document shows a configuration");
}

#[test]
fn links_lead_somewhere() {
    for (path, text) in documents() {
        let folder = path.parent().unwrap_or(Path::new(""));
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") || target.contains(char::is_whitespace) {
                continue;
            }
            let exists = repository().join(folder).join(target).exists();
            assert!(exists, "{} links to {link}", path.display());
        }
    }
}

#[test]
fn every_invariant_names_a_test_that_exists() {
    let text = fs::read_to_string(repository().join("ARCHITECTURE.md")).unwrap();
    let (_, section) = text.split_once("## Invariants").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let invariants: Vec<&str> =
        section.split("\n\n").filter(|part| part.trim_start().starts_with("**I")).collect();
    assert!(invariants.len() > 10, "{} invariants", invariants.len());
    for invariant in invariants {
        let tests = invariant.rsplit_once("Held by").map(|(_, tests)| tests);
        let tests = tests.unwrap_or_else(|| panic!("no test holds: {invariant}"));
        let named = tests.split('`').skip(1).step_by(2).filter_map(|name| name.split_once("::"));
        let mut count = 0;
        for (file, name) in named {
            let source = fs::read_to_string(repository().join(file)).unwrap_or_default();
            assert!(source.contains(&format!("fn {name}(")), "{file} has no `{name}`, named by: {invariant}");
            count += 1;
        }
        assert!(count > 0, "no test holds: {invariant}");
    }
}
