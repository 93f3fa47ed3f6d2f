//! The lines of code that a chain of evidence runs through.

use std::collections::BTreeMap;

use leakwright_analysis::project::ModuleId;
use leakwright_engine::Checked;
use leakwright_rules::Finding;
use leakwright_syntax::is_hidden;

use crate::positions::{Positions, slashed};

/// Lines of one file.
pub(crate) struct Excerpt {
    pub(crate) path: String,
    pub(crate) lines: Vec<Line>,
}

/// A line of an excerpt.
pub(crate) struct Line {
    /// Counted from 1; `None` stands for lines that are left out.
    pub(crate) number: Option<u32>,
    /// Its text, with tabs written out.
    pub(crate) text: String,
    /// The places in it.
    pub(crate) marks: Vec<Mark>,
}

/// A place in a line.
pub(crate) struct Mark {
    /// Where it begins, in characters.
    pub(crate) start: usize,
    /// Where it ends.
    pub(crate) end: usize,
    /// Its number in the chain.
    pub(crate) place: usize,
    /// Whether the finding stands here.
    pub(crate) is_main: bool,
}

/// Lines shown around a place.
const AROUND: u32 = 1;
/// Lines left out at least, where some are.
const GAP: u32 = 2;
/// Characters shown of a line.
const WIDTH: usize = 160;
/// What a tab is written as.
const TAB: &str = "    ";

/// The code of a finding's chain: its own file first.
pub(super) fn excerpts(checked: &Checked, positions: &mut Positions<'_>, finding: &Finding) -> Vec<Excerpt> {
    let mut order: Vec<ModuleId> = vec![finding.module];
    let mut marks: BTreeMap<ModuleId, Vec<(u32, Mark)>> = BTreeMap::new();
    let chain = finding.evidence.iter().map(|place| (place.module, place.range)).enumerate();
    let has_main =
        finding.evidence.iter().any(|place| (place.module, place.range) == (finding.module, finding.range));
    let own = (!has_main).then_some((usize::MAX, (finding.module, finding.range)));
    for (index, (module, range)) in chain.chain(own) {
        if !order.contains(&module) {
            order.push(module);
        }
        let place = positions.of(module, range);
        let end = if place.end.line == place.start.line { place.end.column } else { u32::MAX };
        let mark = Mark {
            start: place.start.column as usize,
            end: end as usize,
            place: index.wrapping_add(1),
            is_main: (module, range) == (finding.module, finding.range),
        };
        marks.entry(module).or_default().push((place.start.line, mark));
    }
    order.into_iter().filter_map(|module| Some(excerpt(checked, module, marks.remove(&module)?))).collect()
}

fn excerpt(checked: &Checked, module: ModuleId, mut marks: Vec<(u32, Mark)>) -> Excerpt {
    let file = checked.file(module);
    let texts = lines(&file.text);
    let last = (texts.len() as u32).saturating_sub(1);
    let mut wanted: Vec<u32> = marks
        .iter()
        .flat_map(|(line, _)| line.saturating_sub(AROUND)..=line.saturating_add(AROUND).min(last))
        .collect();
    wanted.sort_unstable();
    wanted.dedup();
    marks.sort_by_key(|(line, mark)| (*line, mark.start));
    let mut found: Vec<Line> = Vec::new();
    let mut next: Option<u32> = None;
    for line in wanted {
        let first = match next {
            Some(next) if line >= next + GAP => {
                found.push(Line { number: None, text: String::new(), marks: Vec::new() });
                line
            }
            Some(next) => next,
            None => line,
        };
        for number in first..=line {
            found.push(shown_line(
                number,
                texts.get(number as usize).copied().unwrap_or_default(),
                &mut marks,
            ));
        }
        next = Some(line + 1);
    }
    Excerpt { path: slashed(&file.path), lines: found }
}

fn shown_line(number: u32, text: &str, marks: &mut Vec<(u32, Mark)>) -> Line {
    let mut out = String::new();
    // Where each character of the source is shown.
    let mut columns = Vec::new();
    let mut width = 0;
    for c in text.trim_end().chars() {
        columns.push(width);
        match c {
            '\t' => {
                out += TAB;
                width += TAB.len();
            }
            // What moves the cursor or turns the direction of text round is shown as what it is.
            c if is_hidden(c) => {
                let code = format!("\\u{{{:x}}}", u32::from(c));
                width += code.len();
                out += &code;
            }
            c => {
                out.push(c);
                width += 1;
            }
        }
        if width > WIDTH {
            out.push('…');
            width += 1;
            break;
        }
    }
    let at = |column: usize| columns.get(column).copied().unwrap_or(width);
    let mut own = Vec::new();
    let mut rest = Vec::new();
    for (line, mark) in marks.drain(..) {
        if line == number {
            let (start, end) = (at(mark.start), at(mark.end));
            own.push(Mark { start, end: end.max(start + 1).min(width.max(start + 1)), ..mark });
        } else {
            rest.push((line, mark));
        }
    }
    *marks = rest;
    Line { number: Some(number + 1), text: out, marks: own }
}

/// Lines as the rest of the program counts them: a lone carriage return ends one too.
fn lines(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['\n', '\r']) {
        found.push(&rest[..at]);
        let ending = if rest[at..].starts_with("\r\n") { 2 } else { 1 };
        rest = &rest[at + ending..];
    }
    found.push(rest);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_where_the_protocol_says() {
        assert_eq!(lines("a\r\nb\rc\n"), ["a", "b", "c", ""]);
    }

    #[test]
    fn marks_follow_what_is_written_out() {
        let mark = Mark { start: 1, end: 4, place: 1, is_main: true };
        let line = shown_line(0, "\tabc\u{202e}", &mut vec![(0, mark)]);
        assert_eq!(line.text, "    abc\\u{202e}");
        assert_eq!((line.marks[0].start, line.marks[0].end), (4, 7));
    }

    #[test]
    fn long_lines_are_cut() {
        let mark = Mark { start: 500, end: 600, place: 1, is_main: true };
        let line = shown_line(0, &"x".repeat(1000), &mut vec![(0, mark)]);
        assert!(line.text.chars().count() <= WIDTH + 2 && line.text.ends_with('…'));
        assert!(line.marks[0].start < line.marks[0].end);
    }
}
