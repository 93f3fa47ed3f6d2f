//! Text as Markdown shows it: nothing that stands in code or a path becomes markup.

/// Text of the program's own, in which what stands between backticks is code.
pub(super) fn prose(text: &str) -> String {
    let is_even = text.matches('`').count().is_multiple_of(2);
    let mut out = String::with_capacity(text.len());
    let mut in_code = false;
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        // Inside a word an underscore is one.
        let is_inside = before.is_alphanumeric() && chars.peek().is_some_and(|next| next.is_alphanumeric());
        before = c;
        match c {
            '`' if is_even => {
                in_code = !in_code;
                out.push('`');
            }
            '\n' | '\r' => out.push(' '),
            '|' => out += "\\|",
            '&' if !in_code => out += "&amp;",
            '<' if !in_code => out += "&lt;",
            '_' if is_inside => out.push('_'),
            '\\' | '*' | '_' | '[' | ']' | '`' | '~' | '#' if !in_code => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

/// A path or other text from outside, as code, fit for a table.
pub(super) fn code(text: &str) -> String {
    let text: String = text
        .chars()
        .flat_map(|c| if c.is_control() { c.escape_default().collect::<Vec<_>>() } else { vec![c] })
        .collect();
    let text = text.replace('|', "\\|");
    let ticks = "`".repeat(longest_run(&text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') || text.trim().is_empty() { " " } else { "" };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

/// A block of code that nothing in it can end.
pub(super) fn block(language: &str, text: &str) -> String {
    let fence = "`".repeat((longest_run(text) + 1).max(3));
    let end = if text.ends_with('\n') { "" } else { "\n" };
    format!("{fence}{language}\n{text}{end}{fence}\n")
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_text_is_shown_as_it_is() {
        assert_eq!(prose("`a_b` is *new* <b> | x_y & _z"), "`a_b` is \\*new\\* &lt;b> \\| x_y &amp; \\_z");
        assert_eq!(prose("an odd ` tick\nand a line"), "an odd \\` tick and a line");
        assert_eq!(code("a`b|c\n"), "``a`b\\|c\\n``");
        assert_eq!(code("`"), "`` ` ``");
    }

    #[test]
    fn nothing_in_a_block_ends_it() {
        assert_eq!(block("text", "a\n```\n</script>"), "````text\na\n```\n</script>\n````\n");
    }
}
