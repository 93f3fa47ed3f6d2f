//! Findings on one line each: `path:line:column: severity[code] name: message`.

use leakwright_engine::{Checked, Judged};
use leakwright_rules::Severity;

use crate::positions::Positions;
use crate::words;

/// Findings on one line each. Colours are escape sequences: the caller strips them where the terminal has none.
pub fn concise(checked: &Checked) -> String {
    let mut positions = Positions::new(checked);
    checked.active().map(|judged| coloured_headline(&mut positions, judged) + "\n").collect()
}

const BOLD: &str = "\x1b[1m";
const RESET: &str = "\x1b[0m";

fn colour(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "\x1b[1;31m",
        Severity::Warning => "\x1b[1;33m",
        Severity::Information => "\x1b[1;36m",
        Severity::Hint => "\x1b[1;32m",
    }
}

/// The line that says where a finding is and what it is, without colour.
pub fn headline(checked: &Checked, judged: &Judged) -> String {
    let line = coloured_headline(&mut Positions::new(checked), judged);
    let paints = [Severity::Error, Severity::Warning, Severity::Information, Severity::Hint].map(colour);
    paints.iter().chain(&[BOLD, RESET]).fold(line, |line, paint| line.replace(paint, ""))
}

/// The line that says where a finding is and what it is.
pub(crate) fn coloured_headline(positions: &mut Positions<'_>, judged: &Judged) -> String {
    let finding = &judged.finding;
    let metadata = finding.rule.metadata();
    let start = positions.of(finding.module, finding.range).start;
    format!(
        "{BOLD}{}:{}:{}:{RESET} {}{}[{}]{RESET} {}: {BOLD}{}{RESET}",
        positions.path(finding.module),
        start.line + 1,
        start.column + 1,
        colour(finding.severity),
        words::severity(finding.severity),
        metadata.code,
        metadata.name,
        finding.message
    )
}
