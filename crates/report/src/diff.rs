//! Unified diffs.

use similar::TextDiff;

/// The difference of two texts of one file, as `diff -u` shows it; empty if there is none.
pub fn unified_diff(path: &str, before: &str, after: &str) -> String {
    TextDiff::from_lines(before, after)
        .unified_diff()
        .context_radius(3)
        .header(&format!("a/{path}"), &format!("b/{path}"))
        .to_string()
}

/// The same in colour, as escape sequences.
pub fn coloured_diff(path: &str, before: &str, after: &str) -> String {
    let colour = |line: &str| match line.as_bytes() {
        [b'-', b'-', b'-', ..] | [b'+', b'+', b'+', ..] => "\x1b[1m",
        [b'@', ..] => "\x1b[36m",
        [b'-', ..] => "\x1b[31m",
        [b'+', ..] => "\x1b[32m",
        _ => "",
    };
    let diff = unified_diff(path, before, after);
    let lines = diff.split_inclusive('\n').map(|line| match colour(line) {
        "" => line.to_owned(),
        colour => {
            let text = line.trim_end_matches(['\n', '\r']);
            format!("{colour}{text}\x1b[0m{}", &line[text.len()..])
        }
    });
    lines.collect()
}
