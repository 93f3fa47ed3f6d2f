//! Fenced code in Markdown.

use std::collections::BTreeMap;

/// A fenced code block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence {
    /// The language, the first word behind the fence.
    pub language: String,
    /// The other words: `key=value`, or a key alone.
    pub options: BTreeMap<String, String>,
    /// What is inside.
    pub code: String,
    /// The nearest heading above.
    pub heading: String,
    /// One-based line of the fence.
    pub line: usize,
}

/// The fenced code blocks of a Markdown text.
pub fn fences(text: &str) -> Vec<Fence> {
    let mut found = Vec::new();
    let mut heading = String::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        if let Some(title) = line.strip_prefix('#') {
            title.trim_start_matches('#').trim().clone_into(&mut heading);
        }
        // What a fence holds may hold shorter ones.
        let ticks = line.len() - line.trim_start_matches('`').len();
        if ticks < 3 {
            continue;
        }
        let (fence, info) = line.split_at(ticks);
        let mut words = info.split_whitespace();
        let language = words.next().unwrap_or_default().to_owned();
        let options = words
            .map(|word| word.split_once('=').unwrap_or((word, "")))
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect();
        let mut code = String::new();
        for (_, inner) in lines.by_ref() {
            if inner.starts_with(fence) && inner.trim_end().bytes().all(|byte| byte == b'`') {
                break;
            }
            code.push_str(inner);
            code.push('\n');
        }
        found.push(Fence { language, options, code, heading: heading.clone(), line: index + 1 });
    }
    found
}
