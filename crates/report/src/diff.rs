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
