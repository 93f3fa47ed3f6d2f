//! Leaks that Python files are marked with: `# leak LW101` at the end of a line, or
//! `# leak LW402 (information)`.

use std::path::Path;

use serde_json::Value;

/// A leak, as marked in a file or as found.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Leak {
    /// The file's name, without its directory.
    pub file: String,
    /// Counted from 1.
    pub line: u64,
    /// The rule's code.
    pub code: String,
    /// The severity's name.
    pub severity: String,
}

/// What a file is marked with, in the order of its lines.
pub fn marked_leaks(path: &Path) -> Vec<Leak> {
    let text = std::fs::read_to_string(path).expect("the file can be read");
    let marks = text.lines().enumerate().filter_map(|(index, line)| {
        let (_, mark) = line.split_once("# leak ")?;
        let severity = if mark.contains("(information)") { "information" } else { "warning" };
        let code = mark.split_whitespace().next().expect("a mark names a code");
        Some(Leak {
            file: name(path),
            line: index as u64 + 1,
            code: code.to_owned(),
            severity: severity.to_owned(),
        })
    });
    marks.collect()
}

/// What a run of `check --format json` found. Panics if it shows something of low confidence.
pub fn found_leaks(document: &Value) -> Vec<Leak> {
    let text = |value: &Value| value.as_str().expect("it is a text").to_owned();
    let findings = document["findings"].as_array().expect("there is a list of findings");
    let found = findings.iter().map(|finding| {
        assert_ne!(finding["confidence"], "low", "{finding:#}");
        Leak {
            file: name(Path::new(&text(&finding["path"]))),
            line: finding["range"]["start"]["line"].as_u64().expect("a line is a number"),
            code: text(&finding["code"]),
            severity: text(&finding["severity"]),
        }
    });
    found.collect()
}

fn name(path: &Path) -> String {
    path.file_name().expect("a file has a name").to_string_lossy().into_owned()
}
