//! Answers: readable text and structured content, of a size that a model can take in.

use rmcp::model::{CallToolResult, ContentBlock};
use serde_json::Value;

/// Why something is not done, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) String);

impl Refusal {
    pub(crate) fn new(why: &impl ToString) -> Self {
        Self(why.to_string())
    }
}

/// What a tool answers.
pub(crate) type Answer = Result<CallToolResult, Refusal>;

/// The longest text of an answer, in bytes.
pub(crate) const LONGEST: usize = 40_000;

/// An answer in text and as data.
pub(crate) fn answer(text: &str, data: Value) -> CallToolResult {
    let mut result = CallToolResult::structured(data);
    result.content = vec![ContentBlock::text(plain(text))];
    result
}

/// A refusal as the client is told of it: a result that the model reads, not a fault of the protocol.
pub(crate) fn told(answer: Answer) -> CallToolResult {
    answer.unwrap_or_else(|refusal| CallToolResult::error(vec![ContentBlock::text(refusal.0)]))
}

/// A text without colours.
pub(crate) fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

/// The lines of a text that fit, and how many are left out.
pub(crate) fn shortened(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let mut end = 0;
    let mut lines = text.split_inclusive('\n').peekable();
    while let Some(line) = lines.next_if(|line| end + line.len() <= limit) {
        end += line.len();
    }
    format!("{}[… {} more lines]\n", &text[..end], lines.count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_end_at_a_line_with_a_count() {
        assert_eq!(shortened("one\ntwo\nthree\n", 9), "one\ntwo\n[… 1 more lines]\n");
        assert_eq!(shortened("one\n", 9), "one\n");
        assert_eq!(shortened("ééééé", 3), "[… 1 more lines]\n");
        assert_eq!(plain("\x1b[1mbold\x1b[0m"), "bold");
    }
}
