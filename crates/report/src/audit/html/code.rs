//! Code, paths and diffs: text from outside, shown as what it is.

use leakwright_syntax::is_hidden;
use maud::{Markup, html};

use super::section::prose;
use crate::audit::entry::Entry;
use crate::audit::excerpt::{Excerpt, Line, Mark};

/// Text in which what cannot be seen, or turns the direction of the rest round, is written out.
pub(super) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) { out.extend(c.escape_unicode()) } else { out.push(c) }
    }
    out
}

/// A path.
pub(super) fn path(path: &str) -> Markup {
    html! { code { (visible(path)) } }
}

/// A line of a file.
pub(super) fn place(path: &str, line: u32) -> Markup {
    html! { code { (visible(path)) ":" (line) } }
}

/// The name of the note about a place of the chain.
pub(super) fn anchor(entry: &Entry, place: usize) -> String {
    format!("finding-{}-place-{place}", entry.number)
}

/// The lines of a file that the chain of a finding runs through.
pub(super) fn excerpt(entry: &Entry, excerpt: &Excerpt) -> Markup {
    html! {
        figure.code {
            figcaption { (path(&excerpt.path)) }
            pre tabindex="0" { @for line in &excerpt.lines { (code_line(entry, line)) } }
        }
    }
}

fn code_line(entry: &Entry, line: &Line) -> Markup {
    let Some(number) = line.number else { return html! { span.gap { "⋯" } "\n" } };
    let is_of = |mark: &Mark, place: usize| mark.place == place;
    let notes =
        line.marks.iter().filter_map(|mark| entry.places.iter().find(|place| is_of(mark, place.number)));
    html! {
        span.number { (number) } (marked(&line.text, &line.marks)) "\n"
        @for note in notes {
            span.note id=(anchor(entry, note.number)) { span.number {} "↳ " (note.number) ". " (prose(&note.message)) }
            "\n"
        }
    }
}

/// The text of a line, with its places marked; those that lie in each other as well.
fn marked(text: &str, marks: &[Mark]) -> Markup {
    let chars: Vec<char> = text.chars().collect();
    let mut cuts: Vec<usize> = vec![0, chars.len()];
    cuts.extend(marks.iter().flat_map(|mark| [mark.start, mark.end]).filter(|cut| *cut < chars.len()));
    cuts.sort_unstable();
    cuts.dedup();
    html! {
        @for cut in cuts.windows(2) {
            @let part: String = chars[cut[0]..cut[1]].iter().collect();
            @let mut over = marks.iter().filter(|mark| mark.start <= cut[0] && mark.end >= cut[1]);
            @match over.next() {
                Some(first) => {
                    @let is_main = first.is_main || over.any(|mark| mark.is_main);
                    mark class=[is_main.then_some("main")] { (part) }
                },
                None => (part),
            }
        }
    }
}

/// What a fix changes.
pub(super) fn diff(text: &str) -> Markup {
    let shown = |line: &str| line.split('\t').map(visible).collect::<Vec<_>>().join("\t");
    html! {
        pre.diff tabindex="0" {
            @for line in text.lines() {
                @let class = match line.as_bytes() {
                    [b'+', b'+', b'+', ..] | [b'-', b'-', b'-', ..] => "file",
                    [b'+', ..] => "added",
                    [b'-', ..] => "removed",
                    [b'@', ..] => "hunk",
                    _ => "same",
                };
                span class=(class) { (shown(line)) } "\n"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_marked_even_within_others() {
        let mark = |start, end, is_main| Mark { start, end, place: 1, is_main };
        let shown = marked("f(a<b)", &[mark(0, 6, false), mark(2, 5, true)]).into_string();
        assert_eq!(shown, "<mark>f(</mark><mark class=\"main\">a&lt;b</mark><mark>)</mark>");
        assert_eq!(marked("ab", &[mark(1, 9, true)]).into_string(), "a<mark class=\"main\">b</mark>");
        assert_eq!(marked("", &[mark(0, 1, true)]).into_string(), "");
    }

    #[test]
    fn diffs_show_what_is_hidden() {
        let shown = diff("--- a\n+++ b\n@@ -1 +1 @@\n-a\u{202e}\tb\n+<c>\n d").into_string();
        assert!(shown.contains("<span class=\"removed\">-a\\u{202e}\tb</span>\n"), "{shown}");
        assert!(shown.contains("<span class=\"added\">+&lt;c&gt;</span>\n"), "{shown}");
    }
}
