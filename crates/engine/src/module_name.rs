//! The dotted names that files are imported by.

use std::path::{Path, PathBuf};

/// The name of a file's module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ModuleName {
    /// Dotted.
    pub(crate) dotted: String,
    /// Whether it is the `__init__` of a package.
    pub(crate) is_package: bool,
}

/// Names a file. Directories with an `__init__` are packages; the outermost one lies in a source root.
/// Files outside packages are named from the innermost of the given roots around them, so that
/// directories without `__init__` are namespace packages.
pub(crate) fn module_name(path: &Path, roots: &[PathBuf]) -> ModuleName {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let is_package = stem == "__init__";
    let directory = path.parent().unwrap_or(Path::new(""));
    let mut base = directory;
    while has_init(base) {
        let Some(parent) = base.parent() else { break };
        base = parent;
    }
    // The package itself may lie in a namespace package.
    let root =
        roots.iter().filter(|root| base.starts_with(root)).max_by_key(|root| root.components().count());
    let from = root.map_or(base, PathBuf::as_path);
    let relative =
        directory.strip_prefix(from).or_else(|_| directory.strip_prefix(base)).unwrap_or(Path::new(""));
    let mut parts: Vec<&str> = relative.iter().filter_map(|part| part.to_str()).collect();
    if !parts.iter().all(|part| is_identifier(part)) {
        // A folder that cannot be imported from: its files are scripts, importable beside each other.
        parts = directory
            .strip_prefix(base)
            .map(|inner| inner.iter().filter_map(|part| part.to_str()).collect())
            .unwrap_or_default();
    }
    // What has no ending is run, and nothing imports it: a module of the same name beside it is that.
    let script = format!("{stem} (script)");
    if !is_package {
        parts.push(if path.extension().is_none() { &script } else { stem });
    }
    ModuleName { dotted: parts.join("."), is_package }
}

fn has_init(directory: &Path) -> bool {
    directory.join("__init__.py").is_file() || directory.join("__init__.pyi").is_file()
}

fn is_identifier(part: &str) -> bool {
    !part.starts_with(|c: char| c.is_ascii_digit()) && part.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// Whether a file is test code, by the names that test runners look for.
pub(crate) fn is_test(path: &Path, root: &Path) -> bool {
    // Of a path outside the root only what is nearest counts: folders above say nothing of it.
    let relative = path.strip_prefix(root).unwrap_or_else(|_| {
        let above = path.parent().and_then(Path::parent).unwrap_or(Path::new(""));
        path.strip_prefix(above).unwrap_or(path)
    });
    let name = relative.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let in_folder = relative.parent().is_some_and(|directory| {
        let named = |name: &str| directory.iter().any(|part| part == name);
        ["tests", "test", "testing", "_tests", "_test"].into_iter().any(named)
    });
    in_folder || name.starts_with("test_") || name.ends_with("_test.py") || name == "conftest.py"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_as_imports_name_them() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        for file in [
            "src/pkg/__init__.py",
            "src/pkg/sub/__init__.py",
            "src/pkg/sub/mod.py",
            "src/ns/leaf.py",
            "script.py",
            "a-b/tool.py",
        ] {
            std::fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
            std::fs::write(root.join(file), "").unwrap();
        }
        let roots = [root.to_owned(), root.join("src")];
        let name = |file: &str| module_name(&root.join(file), &roots).dotted;
        assert_eq!(name("src/pkg/__init__.py"), "pkg");
        assert_eq!(name("src/pkg/sub/mod.py"), "pkg.sub.mod");
        assert_eq!(name("src/ns/leaf.py"), "ns.leaf");
        assert_eq!(name("script.py"), "script");
        assert_eq!(name("a-b/tool.py"), "tool");
        assert!(module_name(&root.join("src/pkg/__init__.py"), &roots).is_package);
    }

    #[test]
    fn test_code_is_told_by_its_name() {
        let root = Path::new("/home/me/tests/project");
        for (file, expected) in [
            ("tests/helpers.py", true),
            ("pkg/test_x.py", true),
            ("pkg/x_test.py", true),
            ("conftest.py", true),
            ("pkg/testing/helpers.py", true),
            ("pkg/testing.py", false),
            ("pkg/contest.py", false),
        ] {
            assert_eq!(is_test(&root.join(file), root), expected, "{file}");
        }
    }
}
