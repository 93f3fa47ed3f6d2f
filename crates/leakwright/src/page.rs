//! Pages in Markdown, as a terminal shows them.

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use crate::terminal;

/// The widest that text is set: longer lines are hard to read.
const WIDEST: usize = 100;

/// A page: set for the terminal if there is one, otherwise as it is, for whatever reads it.
pub(crate) fn shown(markdown: &str) -> String {
    match terminal::width() {
        Some(width) => set(markdown, width),
        None => markdown.to_owned(),
    }
}

/// A text behind a beginning; lines that do not fit are wrapped, and stand below the text.
pub(crate) fn hanging(start: &str, text: &str, width: Option<usize>) -> String {
    let indent = console::measure_text_width(start);
    let Some(width) = width.filter(|width| *width >= indent + SHORTEST) else {
        return format!("{start}{text}\n");
    };
    let mut lines = Lines { width, ..Lines::default() };
    lines.begin(start, indent);
    lines.text(text);
    lines.end();
    lines.out
}

/// What has to fit into a line at least for text to be wrapped.
const SHORTEST: usize = 20;

fn set(markdown: &str, width: usize) -> String {
    let mut setter = Setter {
        lines: Lines { width: width.clamp(SHORTEST, WIDEST), ..Lines::default() },
        ..Setter::default()
    };
    for event in Parser::new(markdown) {
        setter.event(event);
    }
    setter.lines.end();
    setter.lines.out
}

const BOLD: &str = "\x1b[1m";
const UNDERLINE: &str = "\x1b[1;4m";
const ITALIC: &str = "\x1b[3m";
const CODE: &str = "\x1b[36m";
const QUIET: &str = "\x1b[2m";
const PLAIN: &str = "\x1b[0m";

/// Lines that are filled with words.
#[derive(Default)]
struct Lines {
    out: String,
    width: usize,
    /// How far lines are set in that continue the first.
    indent: usize,
    /// What has been written of the line.
    column: usize,
    /// What the next word begins with, if it stands in this line.
    gap: bool,
    /// How words are shown.
    styles: Vec<&'static str>,
}

impl Lines {
    /// Begins a line with a text that lines below leave room for.
    fn begin(&mut self, start: &str, indent: usize) {
        self.out += start;
        (self.indent, self.column, self.gap) = (indent, console::measure_text_width(start), false);
    }

    /// Adds words, which may begin or go on in the middle.
    fn text(&mut self, text: &str) {
        let mut rest = text;
        while !rest.is_empty() {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            if end > 0 {
                self.word(&rest[..end]);
            }
            let after = rest[end..].trim_start();
            self.gap |= after.len() < rest.len() - end;
            rest = after;
        }
    }

    /// Adds what is not broken apart.
    fn word(&mut self, word: &str) {
        let width = console::measure_text_width(word);
        let is_first = self.column <= self.indent;
        if self.gap && !is_first && self.column + 1 + width > self.width {
            self.out.push('\n');
            self.out += &" ".repeat(self.indent);
            self.column = self.indent;
        } else if self.gap && !is_first {
            self.out.push(' ');
            self.column += 1;
        }
        self.gap = false;
        match self.styles.last() {
            Some(style) => self.out.extend([style, word, PLAIN]),
            None => self.out += word,
        }
        self.column += width;
    }

    /// Ends the line, if anything stands in it.
    fn end(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
        (self.column, self.gap) = (0, false);
    }

    /// Leaves a line empty before what comes next.
    fn separate(&mut self) {
        self.end();
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }
}

/// Sets the parts of a page one after the other.
#[derive(Default)]
struct Setter {
    lines: Lines,
    /// The number of the next entry of each list around; `None` where they have none.
    lists: Vec<Option<u64>>,
    /// Whether an entry of a list has just begun.
    is_at_entry: bool,
    /// Where the link that is being read leads to.
    target: String,
    in_code: bool,
}

impl Setter {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) if self.in_code => self.code(&text),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => self.lines.text(&text),
            Event::Code(text) => self.styled(CODE, &text),
            Event::SoftBreak => self.lines.gap = true,
            Event::HardBreak => {
                let indent = self.lines.indent;
                self.lines.end();
                self.lines.begin(&" ".repeat(indent), indent);
            }
            Event::Rule => {
                self.lines.separate();
                self.lines.begin("---", 0);
            }
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph => self.block(),
            Tag::Heading { level, .. } => {
                self.block();
                self.lines.styles.push(if level as usize == 1 { UNDERLINE } else { BOLD });
            }
            Tag::CodeBlock(_) => {
                self.block();
                self.in_code = true;
            }
            Tag::List(first) => {
                if self.lists.is_empty() {
                    self.lines.separate();
                }
                self.lists.push(first);
            }
            Tag::Item => self.entry(),
            Tag::Emphasis => self.lines.styles.push(ITALIC),
            Tag::Strong => self.lines.styles.push(BOLD),
            Tag::Link { dest_url, .. } => self.target = dest_url.into_string(),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => {
                self.lines.styles.pop();
                self.lines.end();
            }
            TagEnd::Emphasis | TagEnd::Strong => {
                self.lines.styles.pop();
            }
            TagEnd::CodeBlock => self.in_code = false,
            TagEnd::Paragraph => self.lines.end(),
            TagEnd::Item => {
                self.is_at_entry = false;
                self.lines.end();
            }
            TagEnd::List(_) => {
                self.lists.pop();
            }
            TagEnd::Link => {
                let target = std::mem::take(&mut self.target);
                if target.contains("://") {
                    self.lines.gap = true;
                    self.styled(QUIET, &format!("<{target}>"));
                }
            }
            _ => {}
        }
    }

    /// Begins a part of its own, unless it is the first of an entry.
    fn block(&mut self) {
        if std::mem::take(&mut self.is_at_entry) {
            return;
        }
        self.lines.separate();
        let indent = 2 * self.lists.len();
        self.lines.begin(&" ".repeat(indent), indent);
    }

    fn entry(&mut self) {
        self.lines.end();
        let mark = match self.lists.last_mut() {
            Some(Some(number)) => {
                *number += 1;
                format!("{}. ", *number - 1)
            }
            _ => "• ".to_owned(),
        };
        let start = " ".repeat(2 * self.lists.len().saturating_sub(1)) + &mark;
        let indent = console::measure_text_width(&start);
        self.lines.begin(&start, indent);
        self.is_at_entry = true;
    }

    fn styled(&mut self, style: &'static str, text: &str) {
        self.lines.styles.push(style);
        self.lines.text(text);
        self.lines.styles.pop();
    }

    /// Lines of code, as they are; what they say of themselves stands back.
    fn code(&mut self, text: &str) {
        self.lines.end();
        for line in text.lines() {
            let comment = if line.starts_with('#') { Some(0) } else { line.find("  # ") };
            let (code, comment) = line.split_at(comment.unwrap_or(line.len()));
            let comment = if comment.is_empty() { String::new() } else { format!("{QUIET}{comment}{PLAIN}") };
            let shown = format!("    {CODE}{code}{PLAIN}{comment}");
            self.lines.out += if line.is_empty() { "" } else { &shown };
            self.lines.out.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is set, without colours.
    fn plain(markdown: &str, width: usize) -> String {
        anstream::adapter::strip_str(&set(markdown, width)).to_string()
    }

    #[test]
    fn a_page_is_set() {
        let page = "# LW101 `x`\n\n## What it does\n\nFinds `a`, and *others*\nof [the kind](https://x.y/z).\n\n\
                    ```python\nx = 1  # leak\n\ny\n```\n\n- one entry that is long\n- [two](a.md)\n  1. inner\n\nEnd.\n";
        let expected = "LW101 x\n\nWhat it does\n\nFinds a, and others of\nthe kind\n<https://x.y/z>.\n\n    x = 1  # leak\n\n    y\n\n\
                        • one entry that is\n  long\n• two\n  1. inner\n\nEnd.\n";
        assert_eq!(plain(page, 22), expected);
    }

    #[test]
    fn styles_end_with_what_they_are_for() {
        let shown = set("# A b\n\nc `d e` **f**\n", 40);
        let heading = format!("{UNDERLINE}A{PLAIN} {UNDERLINE}b{PLAIN}\n");
        assert_eq!(shown, format!("{heading}\nc {CODE}d{PLAIN} {CODE}e{PLAIN} {BOLD}f{PLAIN}\n"));
    }

    #[test]
    fn all_pages_of_the_rules_fit_and_keep_their_words() {
        for rule in leakwright_rules::RuleId::all() {
            let docs = rule.metadata().docs;
            let shown = plain(docs, 80);
            assert!(!shown.contains("```"), "{shown}");
            for word in ["What it does", "Why it leaks", "Fix safety"] {
                assert!(shown.contains(&format!("\n{word}\n")), "{shown}");
            }
        }
    }

    #[test]
    fn what_does_not_fit_hangs_below_its_beginning() {
        let shown = hanging("  LW1 name ", "a text of several words", Some(31));
        assert_eq!(shown, "  LW1 name a text of several\n           words\n");
        assert_eq!(hanging("  LW1 ", "a text", None), "  LW1 a text\n");
    }
}
