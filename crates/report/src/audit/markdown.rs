//! An audit as Markdown.

use std::fmt::Write;

use super::checklist::{LEAD, Row};
use super::entry::{Entry, growth_word, role_word, type_word};
use super::excerpt::{Excerpt, Line};
use super::prose::{block, code, prose};
use super::remedy::Remedy;
use super::summary::{Counts, Summary};
use super::{Audit, Document, names};
use crate::words::{self, plural};

/// How a document of a report begins.
pub(super) const MARK: &str = "<!-- written by `leakwright report` -->";

/// How many of the worst files are listed on top.
const WORST: usize = 10;

/// All in one.
pub(super) fn whole(audit: &Audit) -> String {
    let mut out = format!("{MARK}\n\n# Memory leak audit\n\n");
    out += &summary(&audit.summary, &|path| code(path));
    if !audit.entries.is_empty() {
        out += "## Findings\n\n";
    }
    for (_, entries) in audit.by_file() {
        for entry in entries {
            out += &section(entry, 3);
        }
    }
    out + &checklist(&audit.checklist)
}

/// One for each file, and one that leads to them.
pub(super) fn files(audit: &Audit) -> Vec<Document> {
    let by_file = audit.by_file();
    let paths: Vec<&str> = by_file.iter().map(|(path, _)| *path).collect();
    let names = names::names(&paths);
    let linked = |path: &str| {
        let at = paths.iter().position(|other| *other == path);
        at.map_or_else(|| code(path), |at| format!("[{}]({})", code(path), address(&names[at])))
    };
    let mut index = format!("{MARK}\n\n# Memory leak audit\n\n");
    index += &summary(&audit.summary, &linked);
    index += &checklist(&audit.checklist);
    let mut found = vec![Document { name: names::INDEX.to_owned(), text: index }];
    for ((path, entries), name) in by_file.iter().zip(&names) {
        let mut text = format!("{MARK}\n\n# Memory leaks in {}\n\n", code(path));
        let _ = writeln!(text, "{} of all in [the whole audit]({}).\n", entries.len(), names::INDEX);
        for entry in entries {
            text += &section(entry, 2);
        }
        found.push(Document { name: name.clone(), text });
    }
    found
}

/// A name of a file as the target of a link.
fn address(name: &str) -> String {
    name.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

fn summary(summary: &Summary, file: &dyn Fn(&str) -> String) -> String {
    let mut out = String::new();
    let Summary { files, lines, rules, leaks, notes, silenced, .. } = summary;
    let found =
        if *leaks == 0 { "No leaks detected".to_owned() } else { format!("**{}**", plural(*leaks, "leak")) };
    let more = if *notes == 0 { String::new() } else { format!(", and {notes} more for information") };
    let _ = writeln!(out, "{found} in {}{more}.\n", plural(*files, "file"));
    let _ = write!(out, "Checked: {} with {lines} lines, by {rules} rules.", plural(*files, "file"));
    if *silenced > 0 {
        let _ = write!(out, " Comments silence {}.", plural(*silenced, "finding"));
    }
    out += "\n\n";
    if !summary.problems.is_empty() {
        out += "Not checked, or not wholly:\n\n";
        for (path, problem) in &summary.problems {
            let _ = writeln!(out, "- {}: {}", code(path), prose(problem));
        }
        out.push('\n');
    }
    if !summary.unused.is_empty() {
        out += "Comments that silence nothing:\n\n";
        for (path, line, comment) in &summary.unused {
            let _ = writeln!(out, "- {}: {}", code(&format!("{path}:{line}")), prose(comment));
        }
        out.push('\n');
    }
    if !summary.by_type.is_empty() {
        out +=
            &counted("Leak type", summary.by_type.iter().map(|(name, counts)| ((*name).to_owned(), *counts)));
        let worst = summary.by_file.iter().take(WORST).map(|(path, counts)| (file(path), *counts));
        out += &counted("Worst files", worst);
        let rest = summary.by_file.len().saturating_sub(WORST);
        if rest > 0 {
            let _ = writeln!(out, "… and {}.\n", plural(rest, "more file"));
        }
        if summary.by_folder.len() > 1 {
            let folders = summary.by_folder.iter().take(WORST).map(|(path, counts)| (code(path), *counts));
            out += &counted("Worst folders", folders);
        }
    }
    out
}

fn counted(title: &str, rows: impl Iterator<Item = (String, Counts)>) -> String {
    let mut out = format!("| {title} | HIGH | MEDIUM | LOW | all |\n|---|--:|--:|--:|--:|\n");
    for (name, counts) in rows {
        let Counts { high, medium, low } = counts;
        let _ = writeln!(out, "| {name} | {high} | {medium} | {low} | {} |", counts.total());
    }
    out + "\n"
}

/// All that is told of a finding.
fn section(entry: &Entry, depth: usize) -> String {
    let mut out = String::new();
    let hashes = "#".repeat(depth);
    let _ = writeln!(out, "{hashes} {}. {}\n", entry.number, prose(&entry.message));
    let place = code(&format!("{}:{}", entry.path, entry.line));
    let _ = writeln!(out, "- **File**: {place}");
    let _ = writeln!(out, "- **Leak type**: {}", type_word(entry.leak_type));
    let _ = writeln!(out, "- **Growth pattern**: {} ({})", growth_word(entry.growth), prose(&entry.pattern));
    let _ = writeln!(
        out,
        "- **Memory impact**: {} (basis: {})",
        prose(&entry.estimate.amount),
        prose(&entry.estimate.basis)
    );
    let _ = writeln!(out, "- **Risk**: {}: {}", words::risk(entry.risk), prose(&entry.reason));
    let signs =
        if entry.signs.is_empty() { String::new() } else { format!(" ({})", prose(&entry.signs.join("; "))) };
    let _ = writeln!(out, "- **Confidence**: {}{signs}", words::confidence(entry.confidence));
    let _ = writeln!(
        out,
        "- **Rule**: [{} {}]({}), family {}, {}, fingerprint `{}`\n",
        entry.code,
        entry.name,
        entry.help,
        entry.family,
        words::severity(entry.severity),
        entry.fingerprint
    );
    let _ = writeln!(out, "**Evidence**\n");
    for place in &entry.places {
        let at = code(&format!("{}:{}", place.path, place.line));
        let _ =
            writeln!(out, "{}. {at} *{}*: {}", place.number, role_word(place.role), prose(&place.message));
    }
    out.push('\n');
    for excerpt in &entry.excerpts {
        out += &block("text", &frame(entry, excerpt));
        out.push('\n');
    }
    out += &detection(entry);
    out + &fix(entry)
}

/// Code with the places of the chain below their lines.
fn frame(entry: &Entry, excerpt: &Excerpt) -> String {
    let largest = excerpt.lines.iter().filter_map(|line| line.number).max().unwrap_or_default();
    let width = largest.to_string().len();
    let mut out = format!("{} {}\n", " ".repeat(width), excerpt.path.replace(char::is_control, "?"));
    for Line { number, text, marks } in &excerpt.lines {
        let Some(number) = number else {
            out += "...\n";
            continue;
        };
        let _ = writeln!(out, "{number:>width$} | {text}");
        for mark in marks {
            let line = if mark.is_main { "^" } else { "-" }.repeat(mark.end - mark.start);
            let place = entry.places.iter().find(|place| place.number == mark.place);
            let note =
                place.map_or_else(String::new, |place| format!(" {}. {}", place.number, place.message));
            let _ = writeln!(out, "{} | {}{line}{note}", " ".repeat(width), " ".repeat(mark.start));
        }
    }
    // Blank lines end in nothing.
    out.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

fn detection(entry: &Entry) -> String {
    let Some(detection) = &entry.detection else { return String::new() };
    let mut out = format!("**Detection**\n\n{} It fails while the leak is there.", prose(&detection.shows));
    for open in &detection.open {
        let _ = write!(out, " It needs from you: {}.", prose(open));
    }
    out += "\n\n";
    out + &block("python", &detection.program) + "\n"
}

fn fix(entry: &Entry) -> String {
    let mut out = format!("**Fix**\n\n{}.\n\n", prose(&entry.recommendation));
    for remedy in &entry.remedies {
        let Remedy { title, diff, example, .. } = remedy;
        if remedy.says_more_than(&entry.recommendation) {
            let _ = writeln!(out, "{} ({}):\n", prose(title), remedy.kind());
        }
        if !diff.is_empty() {
            out += &block("diff", diff);
            out.push('\n');
        } else if let Some(example) = example {
            out += "Code of this kind that does not leak:\n\n";
            out += &block("python", example);
            out.push('\n');
        }
    }
    out
}

fn checklist(rows: &[Row]) -> String {
    let mut out = format!(
        "## Checklist\n\n{LEAD}\n\n\
         | question | examined | sound | leaking | open | why sound |\n|---|--:|--:|--:|--:|---|\n"
    );
    for row in rows {
        let Row { question, examined, sound, leaking, reasons } = row;
        let reasons: Vec<String> =
            reasons.iter().map(|(reason, count)| format!("{count} {}", prose(reason))).collect();
        let (text, open, why) = (question.text(), row.open(), reasons.join("; "));
        let _ = writeln!(out, "| {text} | {examined} | {sound} | {leaking} | {open} | {why} |");
    }
    out
}
