//! Applying rewrites to a text.

use leakwright_syntax::TextRange;

/// Two rewrites that cannot both be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("two edits overlap at byte {0}")]
pub struct EditConflict(pub u32);

/// Applies rewrites, all given in offsets of the text as it is. Equal ones count once; insertions at
/// one offset are made in the order given. Overlapping ones are an error.
pub fn apply_edits(text: &str, edits: &[(TextRange, &str)]) -> Result<String, EditConflict> {
    let mut ordered: Vec<(TextRange, &str)> = Vec::with_capacity(edits.len());
    for edit in edits {
        if !ordered.contains(edit) {
            ordered.push(*edit);
        }
    }
    ordered.sort_by_key(|(range, _)| (range.start, !range.is_empty(), range.end));
    let mut result = String::with_capacity(text.len());
    let mut done = 0;
    for (range, replacement) in ordered {
        if range.start < done || range.end as usize > text.len() {
            return Err(EditConflict(range.start));
        }
        let (Some(before), Some(_)) =
            (text.get(done as usize..range.start as usize), text.get(range.end as usize..))
        else {
            return Err(EditConflict(range.start));
        };
        result.push_str(before);
        result.push_str(replacement);
        done = range.end;
    }
    result.push_str(&text[done as usize..]);
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(start: u32, end: u32) -> TextRange {
        TextRange::new(start, end)
    }

    #[test]
    fn edits_are_made_in_order_and_equal_ones_once() {
        let edits = [(range(4, 5), "E"), (range(0, 0), "<"), (range(0, 0), "<"), (range(2, 3), "")];
        assert_eq!(apply_edits("abcde", &edits).as_deref(), Ok("<abdE"));
        let touching = [(range(1, 2), "B"), (range(2, 2), "|"), (range(2, 3), "C")];
        assert_eq!(apply_edits("abc", &touching).as_deref(), Ok("aB|C"));
    }

    #[test]
    fn overlapping_edits_are_refused() {
        assert_eq!(apply_edits("abc", &[(range(0, 2), ""), (range(1, 3), "")]), Err(EditConflict(1)));
        assert_eq!(apply_edits("é", &[(range(1, 2), "")]), Err(EditConflict(1)), "inside a character");
        assert_eq!(apply_edits("a", &[(range(0, 9), "")]), Err(EditConflict(0)));
    }
}
