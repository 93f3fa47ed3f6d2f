//! Annotations of GitHub Actions: commands in the log that show findings beside the code of a change.

use std::fmt::Write;
use std::path::Path;

use leakwright_engine::Checked;
use leakwright_rules::Severity;

use crate::positions::{Positions, seen_from};

/// Findings and errors as commands for the log of a workflow, with paths as seen from a folder.
pub fn github(checked: &Checked, root: Option<&Path>) -> String {
    let mut positions = Positions::new(checked);
    let mut out = String::new();
    for judged in checked.active() {
        let finding = &judged.finding;
        let metadata = finding.rule.metadata();
        let range = positions.of(finding.module, finding.range);
        let path = seen_from(&checked.file(finding.module).path, root);
        let (start, end) = (range.start, range.end);
        // Columns are taken for ranges within a line only.
        let columns = if start.line == end.line {
            format!(",col={},endColumn={}", start.column + 1, end.column + 1)
        } else {
            String::new()
        };
        let (path, line, end_line) = (property(&path), start.line + 1, end.line + 1);
        let title = property(&format!("Leakwright {} {}", metadata.code, metadata.name));
        let said = format!("{}. {}", finding.message, sentence(&finding.recommendation));
        let (command, said) = (command(finding.severity), data(&said));
        let _ = writeln!(
            out,
            "::{command} file={path},line={line},endLine={end_line}{columns},title={title}::{said}"
        );
    }
    for error in &checked.errors {
        let command = if error.problem.is_fatal() { "error" } else { "warning" };
        let path = property(&seen_from(&error.path, root));
        let said = data(&error.problem.to_string());
        let _ = writeln!(out, "::{command} file={path},title=Leakwright::{said}");
    }
    for unused in &checked.unused_suppressions {
        let path = property(&seen_from(&unused.path, root));
        let (line, said) = (unused.line, data(&unused.to_string()));
        let _ = writeln!(out, "::notice file={path},line={line},title=Leakwright unused suppression::{said}");
    }
    out
}

fn command(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Information | Severity::Hint => "notice",
    }
}

/// With a capital letter and a full stop.
pub(crate) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    let stop = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{stop}", chars.as_str())
}

/// What stands behind the second pair of colons.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_part_is_escaped() {
        assert_eq!(data("50% of\na, b: c\r"), "50%25 of%0Aa, b: c%0D");
        assert_eq!(property("C:/a,b/50%.py"), "C%3A/a%2Cb/50%25.py");
    }

    #[test]
    fn sentences_begin_and_end_as_they_should() {
        assert_eq!(sentence("use deque(maxlen=1000)"), "Use deque(maxlen=1000).");
        assert_eq!(sentence(""), ".");
    }
}
