//! Findings for people to read.

use std::fmt::Write;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use leakwright_engine::{Checked, Judged};
use leakwright_rules::{Confidence, Evidence, RiskLevel, Severity};
use leakwright_syntax::TextRange;

use crate::positions::Positions;

/// Whether code is shown with each finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frames {
    /// The code around each place of the chain.
    Full,
    /// One line a finding.
    None,
}

/// Findings, then how many there are. Colours are escape sequences: the caller strips them where the
/// terminal has none.
pub fn text(checked: &Checked, frames: Frames) -> String {
    let mut positions = Positions::new(checked);
    let mut out = String::new();
    for judged in checked.active() {
        entry(&mut out, checked, &mut positions, judged, frames);
    }
    let _ = writeln!(out, "{}", summary(checked));
    out
}

/// `path:line:column: severity[code] name: message`
pub fn headline(checked: &Checked, judged: &Judged) -> String {
    plain_headline(&mut Positions::new(checked), judged)
}

fn plain_headline(positions: &mut Positions<'_>, judged: &Judged) -> String {
    let finding = &judged.finding;
    let start = positions.of(finding.module, finding.range).start;
    let path = positions.path(finding.module);
    let metadata = finding.rule.metadata();
    format!(
        "{path}:{}:{}: {}[{}] {}: {}",
        start.line + 1,
        start.column + 1,
        word(finding.severity),
        metadata.code,
        metadata.name,
        finding.message
    )
}

const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const RESET: &str = "\x1b[0m";

fn colour(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "\x1b[1;31m",
        Severity::Warning => "\x1b[1;33m",
        Severity::Information => "\x1b[1;36m",
        Severity::Hint => "\x1b[1;32m",
    }
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Information => "information",
        Severity::Hint => "hint",
    }
}

fn entry(
    out: &mut String,
    checked: &Checked,
    positions: &mut Positions<'_>,
    judged: &Judged,
    frames: Frames,
) {
    let finding = &judged.finding;
    let metadata = finding.rule.metadata();
    let start = positions.of(finding.module, finding.range).start;
    let _ = writeln!(
        out,
        "{BOLD}{}:{}:{}:{RESET} {}{}[{}]{RESET} {}: {BOLD}{}{RESET}",
        positions.path(finding.module),
        start.line + 1,
        start.column + 1,
        colour(finding.severity),
        word(finding.severity),
        metadata.code,
        metadata.name,
        finding.message
    );
    if frames == Frames::None {
        return;
    }
    let _ = writeln!(out, "{}", code_frame(checked, judged));
    let level = match finding.risk.level {
        RiskLevel::High => "HIGH",
        RiskLevel::Medium => "MEDIUM",
        RiskLevel::Low => "LOW",
    };
    let _ = writeln!(out, "   Pattern: {}", finding.pattern);
    let _ = writeln!(out, "   Risk: {level} - {}", finding.risk.reason);
    let _ = writeln!(out, "   Recommendation: {}", finding.recommendation);
    let titles: Vec<String> = checked
        .fixes(finding)
        .into_iter()
        .filter(|fix| !fix.edits.is_empty())
        .map(|fix| {
            let kind =
                if fix.applicability == leakwright_rules::Applicability::Safe { "safe" } else { "unsafe" };
            format!("{} ({kind})", fix.title)
        })
        .collect();
    if !titles.is_empty() {
        let _ = writeln!(out, "   Fix: {}", titles.join("; or "));
    }
    if let Some(note) = confidence_note(judged) {
        let _ = writeln!(out, "   {DIM}Confidence: {note}{RESET}");
    }
    out.push('\n');
}

/// How sure it is, and what speaks for (+) and against (-) it.
fn confidence_note(judged: &Judged) -> Option<String> {
    let word = match judged.finding.confidence {
        Confidence::Low => "low",
        Confidence::Medium => "medium",
        Confidence::High => return None,
    };
    let signs = judged.finding.signs.iter().filter(|sign| sign.points != 0);
    let signs: Vec<String> =
        signs.map(|sign| format!("{} {}", if sign.points > 0 { '+' } else { '-' }, sign.says)).collect();
    Some(if signs.is_empty() { word.to_owned() } else { format!("{word} ({})", signs.join("; ")) })
}

/// The lines of the chain that lie in the file of the finding, and notes on those that do not.
fn code_frame(checked: &Checked, judged: &Judged) -> String {
    let finding = &judged.finding;
    let file = checked.file(finding.module);
    let path = file.path.to_string_lossy().replace('\\', "/");
    let mut snippet = Snippet::source(file.text.to_string()).path(path).fold(true);
    let mut main_is_labelled = false;
    for place in finding.evidence.iter().filter(|place| place.module == finding.module) {
        let is_main = place.range == finding.range;
        main_is_labelled |= is_main;
        let kind = if is_main { AnnotationKind::Primary } else { AnnotationKind::Context };
        snippet =
            snippet.annotation(kind.span(first_line(&file.text, place.range)).label(place.message.clone()));
    }
    if !main_is_labelled {
        snippet = snippet.annotation(AnnotationKind::Primary.span(first_line(&file.text, finding.range)));
    }
    let mut group = annotate_snippets::Group::with_level(Level::NOTE).element(snippet);
    for place in finding.evidence.iter().filter(|place| place.module != finding.module) {
        group = group.element(elsewhere(checked, place));
    }
    let rendered = Renderer::styled().render(&[group]);
    rendered.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

fn elsewhere(
    checked: &Checked,
    place: &Evidence,
) -> Snippet<'static, annotate_snippets::Annotation<'static>> {
    let file = checked.file(place.module);
    let path = file.path.to_string_lossy().replace('\\', "/");
    let span = first_line(&file.text, place.range);
    Snippet::source(file.text.to_string())
        .path(path)
        .fold(true)
        .annotation(AnnotationKind::Context.span(span).label(place.message.clone()))
}

/// The part of a range on its first line: frames stay small.
fn first_line(text: &str, range: TextRange) -> std::ops::Range<usize> {
    let shown = range.of(text).lines().next().unwrap_or_default().trim_end();
    range.start as usize..range.start as usize + shown.len()
}

/// How many leaks, and how many notes beside them.
fn summary(checked: &Checked) -> String {
    let count = |wanted: &dyn Fn(Severity) -> bool| {
        checked.active().filter(|judged| wanted(judged.finding.severity)).count()
    };
    let leaks = count(&|severity| severity >= Severity::Warning);
    let notes = count(&|severity| severity < Severity::Warning);
    let files = checked.files_checked;
    let plural = |n: usize| if n == 1 { "" } else { "s" };
    let mut out = if leaks == 0 {
        format!("No leaks detected in {files} file{}", plural(files))
    } else {
        format!("TOTAL ISSUES FOUND: {leaks} in {files} file{}", plural(files))
    };
    if notes > 0 {
        let _ = write!(out, " ({notes} more for information)");
    }
    out
}
