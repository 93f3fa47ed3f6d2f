//! Where to write what silences findings.

use std::collections::BTreeMap;

use leakwright_syntax::{TextRange, Tree};

use super::comment::{Form, extended, remarks, without};
use super::lines::{comment_at_end, content, joined, line_around};
use super::{Suppression, suppressions};

/// Where a comment goes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Slot {
    /// Into one that is there, by its place in the list.
    Into(usize),
    /// At the end of a line.
    End(u32),
    /// On a line of its own, before the one that starts here.
    Above(u32),
}

/// What to write, for findings given by where they start and their codes, so that each is silenced: what is
/// replaced, and by what. Findings that no comment can silence are left out.
pub(crate) fn silence(
    tree: &Tree,
    findings: &[(u32, &str)],
    reason: Option<&str>,
) -> Vec<(TextRange, String)> {
    let known = suppressions(tree);
    let mut slots: BTreeMap<Slot, Vec<&str>> = BTreeMap::new();
    for (offset, code) in findings {
        let Some(slot) = slot(tree, &known, *offset) else { continue };
        let codes = slots.entry(slot).or_default();
        if !codes.contains(code) {
            codes.push(code);
        }
    }
    for codes in slots.values_mut() {
        codes.sort_unstable();
    }
    slots.into_iter().map(|(slot, codes)| edit(tree, &known, slot, &codes, reason)).collect()
}

fn slot(tree: &Tree, known: &[Suppression], offset: u32) -> Option<Slot> {
    let text = tree.text();
    let lines = joined(tree, offset);
    let content = content(text, lines);
    // A carriage return within a line may end it, or not: tools disagree.
    if content.of(text).replace("\r\n", "").contains('\r') {
        return None;
    }
    let is_for_these =
        |entry: &&Suppression| entry.directive.form == Form::Line && entry.covers.contains_range(lines);
    if let Some(entry) = known.iter().rev().find(is_for_these) {
        return known.iter().position(|other| other == entry).map(Slot::Into);
    }
    let is_one_line = !content.of(text).contains('\n');
    if is_one_line || comment_at_end(tree, content).is_some() {
        return Some(Slot::End(content.end));
    }
    Some(Slot::Above(lines.start))
}

fn edit(
    tree: &Tree,
    known: &[Suppression],
    slot: Slot,
    codes: &[&str],
    reason: Option<&str>,
) -> (TextRange, String) {
    let text = tree.text();
    let said = reason.map(|reason| format!(" {reason}")).unwrap_or_default();
    let comment = format!("# leakwright: ignore[{}]{said}", codes.join(", "));
    match slot {
        Slot::Into(index) => {
            let Suppression { range, directive, .. } = &known[index];
            (*range, extended(range.of(text), directive, codes, reason))
        }
        Slot::End(at) => (TextRange::empty(at), format!("  {comment}")),
        Slot::Above(at) => {
            let line = &text[at as usize..];
            let indent = &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
            let end = if line.split_inclusive('\n').next().is_some_and(|line| line.ends_with("\r\n")) {
                "\r\n"
            } else {
                "\n"
            };
            (TextRange::empty(at), format!("{indent}{comment}{end}"))
        }
    }
}

/// What takes away those codes of a suppression that are not needed, or all of it if none are named: what is
/// replaced, and by what.
pub(crate) fn remove(tree: &Tree, entry: &Suppression, unused: &[String]) -> (TextRange, String) {
    let text = tree.text();
    let remark = entry.range.of(text);
    let all = &entry.directive.codes;
    let unused = if unused.is_empty() { all.as_slice() } else { unused };
    // Codes of other tools stay.
    if let Some(rest) = without(remark, &entry.directive, unused) {
        return (entry.range, rest);
    }
    let line = line_around(text, entry.range.start);
    let content = content(text, line);
    let before = text[line.start as usize..entry.range.start as usize].trim_end();
    let after = text[entry.range.end as usize..content.end as usize].trim_start();
    if before.is_empty() && after.is_empty() {
        return (line, String::new());
    }
    let start = line.start + before.len() as u32;
    // What follows in the comment stands where the suppression stood.
    let start = if after.is_empty() { start } else { entry.range.start };
    (TextRange::new(start, content.end), after.to_owned())
}

/// The comments of a line that hold several remarks are looked at one by one.
pub(super) fn remark_ranges(comment: &str, start: u32) -> impl Iterator<Item = TextRange> {
    remarks(comment).map(move |(from, to)| TextRange::new(start + from as u32, start + to as u32))
}
