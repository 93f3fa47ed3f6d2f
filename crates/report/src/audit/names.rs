//! Names of the files of a report.

use std::collections::BTreeMap;

const PREFIX: &str = "LEAK_AUDIT";

/// The file that leads to the others.
pub(super) const INDEX: &str = "LEAK_AUDIT.md";

/// The page that has everything.
pub(super) const PAGE: &str = "LEAK_AUDIT.html";

/// Longest name, without the part that is the same for all.
const MAX_LENGTH: usize = 100;

/// A name for the report of each path: that of the file alone where no other has it, else with as many of the
/// folders around it as tell them apart, and at last with a number.
pub(super) fn names(paths: &[&str]) -> Vec<String> {
    let parts: Vec<Vec<String>> = paths.iter().map(|path| parts(path)).collect();
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    let mut found = Vec::new();
    for own in &parts {
        let deepest = own.len();
        let is_unique = |depth: &usize| {
            let name = fold(&joined(own, *depth));
            parts.iter().filter(|other| fold(&joined(other, (*depth).min(other.len()))) == name).count() == 1
        };
        let depth = (1..=deepest).find(is_unique).unwrap_or(deepest);
        let mut name = joined(own, depth);
        // Names that differ in case only are one file on some systems.
        let count = taken.entry(fold(&name)).or_default();
        *count += 1;
        if *count > 1 {
            name = format!("{name}~{count}");
        }
        found.push(format!("{PREFIX}_{name}.md"));
    }
    found
}

/// Whether a file is called like one of a report.
pub(super) fn is_own(name: &str) -> bool {
    name == INDEX
        || name == PAGE
        || name.strip_prefix(PREFIX).is_some_and(|rest| rest.strip_suffix(".md").is_some())
}

/// The parts of a path that a name can be made of, the file's own without its ending.
fn parts(path: &str) -> Vec<String> {
    let mut parts: Vec<String> =
        path.split('/').filter(|part| !matches!(*part, "" | "." | "..")).map(plain).collect();
    if let Some(last) = parts.last_mut() {
        for ending in [".pyi", ".py"] {
            if let Some(stem) = last.strip_suffix(ending) {
                *last = stem.to_owned();
                break;
            }
        }
    }
    if parts.is_empty() { vec!["file".to_owned()] } else { parts }
}

/// The last parts, as one word.
fn joined(parts: &[String], depth: usize) -> String {
    let name = parts[parts.len() - depth..].join("_");
    let skipped = name.chars().count().saturating_sub(MAX_LENGTH);
    name.chars().skip(skipped).collect()
}

fn fold(name: &str) -> String {
    name.to_lowercase()
}

/// A name without what some system forbids in one.
fn plain(part: &str) -> String {
    part.chars().map(|c| if c.is_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_one_name_are_told_apart() {
        assert_eq!(names(&["src/a/store.py"]), ["LEAK_AUDIT_store.md"]);
        assert_eq!(
            names(&["a/x.py", "b/x.py", "c/y.py"]),
            ["LEAK_AUDIT_a_x.md", "LEAK_AUDIT_b_x.md", "LEAK_AUDIT_y.md"]
        );
        assert_eq!(names(&["a/x/i.py", "b/x/i.py"]), ["LEAK_AUDIT_a_x_i.md", "LEAK_AUDIT_b_x_i.md"]);
        assert_eq!(names(&["x.py", "a/x.py"]), ["LEAK_AUDIT_x.md", "LEAK_AUDIT_a_x.md"]);
    }

    #[test]
    fn names_never_clash_and_never_leave_the_folder() {
        let paths = ["a_b/x.py", "a/b_x.py", "A/B_X.py", "../../etc/x.py", "/", "a b.py", "a-b.py", "x.pyi"];
        let found = names(&paths);
        let mut folded: Vec<String> = found.iter().map(|name| name.to_lowercase()).collect();
        folded.sort();
        folded.dedup();
        assert_eq!(folded.len(), paths.len(), "{found:?}");
        assert!(found.iter().all(|name| !name.contains(['/', '\\'])), "{found:?}");
        let long = "d/".repeat(3000);
        assert!(
            names(&[&format!("{long}x.py"), &format!("{long}y/x.py")]).iter().all(|name| name.len() < 300)
        );
    }
}
