//! Findings for people to read.

use std::fmt::Write;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use leakwright_engine::{Checked, Judged};
use leakwright_rules::{Applicability, Confidence, Evidence};
use leakwright_syntax::TextRange;

use crate::concise::coloured_headline;
use crate::positions::{Positions, slashed};
use crate::words;

/// Findings with the code that shows them. Colours are escape sequences: the caller strips them where the
/// terminal has none.
pub fn text(checked: &Checked) -> String {
    let mut positions = Positions::new(checked);
    checked.active().map(|judged| entry(checked, &mut positions, judged)).collect()
}

const DIM: &str = "\x1b[2m";
const RESET: &str = "\x1b[0m";

fn entry(checked: &Checked, positions: &mut Positions<'_>, judged: &Judged) -> String {
    let finding = &judged.finding;
    let mut out = coloured_headline(positions, judged) + "\n";
    let _ = writeln!(out, "{}", code_frame(checked, judged));
    let _ = writeln!(out, "   Pattern: {}", finding.pattern);
    let _ = writeln!(out, "   Risk: {} - {}", words::risk(finding.risk.level), finding.risk.reason);
    let _ = writeln!(out, "   Recommendation: {}", finding.recommendation);
    let fixes = checked.fixes(finding);
    let titles: Vec<String> = fixes
        .iter()
        .filter(|fix| !fix.edits.is_empty())
        .map(|fix| {
            let kind = if fix.applicability == Applicability::Safe { "safe" } else { "unsafe" };
            format!("{} ({kind})", fix.title)
        })
        .collect();
    if !titles.is_empty() {
        let _ = writeln!(out, "   Fix: {}", titles.join("; or "));
    }
    if let Some(note) = confidence_note(judged) {
        let _ = writeln!(out, "   {DIM}Confidence: {note}{RESET}");
    }
    out + "\n"
}

/// How sure it is, and what speaks for (+) and against (-) it.
fn confidence_note(judged: &Judged) -> Option<String> {
    if judged.finding.confidence == Confidence::High {
        return None;
    }
    let word = words::confidence(judged.finding.confidence);
    let signs = judged.finding.signs.iter().filter(|sign| sign.points != 0);
    let signs: Vec<String> =
        signs.map(|sign| format!("{} {}", if sign.points > 0 { '+' } else { '-' }, sign.says)).collect();
    Some(if signs.is_empty() { word.to_owned() } else { format!("{word} ({})", signs.join("; ")) })
}

/// The lines of the chain that lie in the file of the finding, and notes on those that do not.
fn code_frame(checked: &Checked, judged: &Judged) -> String {
    let finding = &judged.finding;
    let file = checked.file(finding.module);
    let path = slashed(&file.path);
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
    let path = slashed(&file.path);
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
