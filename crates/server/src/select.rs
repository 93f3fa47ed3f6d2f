//! The number that a fix puts in, such as `maxlen=1000`, selected once the fix is made, so that it can be typed
//! over. Only for clients that say they want it: our own editors do.

use leakwright_engine::apply_edits;
use leakwright_rules::{Edit, Fix};
use leakwright_syntax::{Encoding, Text, TextRange};

use crate::commands::{SELECT, Selection};
use crate::lsp::{Command, Url};
use crate::to_proto;

/// Keywords whose numbers are for the user to choose.
const KEYWORDS: [&str; 2] = ["maxlen=", "maxsize="];

/// The command that selects the number which a fix of a document puts in, if it does. `edits` are those of the
/// document.
pub(crate) fn command(
    fix: &Fix,
    edits: &[&Edit],
    uri: Url,
    text: &Text,
    encoding: Encoding,
) -> Option<Command> {
    let text = text.to_string();
    let changes: Vec<(TextRange, &str)> = edits.iter().map(|edit| (edit.range, edit.text.as_str())).collect();
    let place = number(&text, &changes)?;
    let fixed = Text::new(&apply_edits(&text, &changes).ok()?);
    let range = to_proto::range(&fixed, place, encoding);
    let arguments = Some(vec![serde_json::to_value(Selection { uri, range }).ok()?]);
    Some(Command { title: fix.title.clone(), command: SELECT.to_owned(), arguments })
}

/// Where the number stands when the changes are made.
fn number(text: &str, changes: &[(TextRange, &str)]) -> Option<TextRange> {
    for (range, new) in changes {
        let Some(start) = KEYWORDS.iter().find_map(|keyword| Some(new.find(keyword)? + keyword.len())) else {
            continue;
        };
        let digits = new[start..].bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            continue;
        }
        // What the changes before it make of the text before it.
        let before: Vec<(TextRange, &str)> =
            changes.iter().filter(|(other, _)| other.end <= range.start && other != range).copied().collect();
        let shifted = apply_edits(&text[..range.start as usize], &before).ok()?.len();
        let start = u32::try_from(shifted + start).ok()?;
        return Some(TextRange::new(start, start + u32::try_from(digits).ok()?));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_where_the_changes_put_it() {
        let text = "import x\nitems = []\n";
        let changes = [
            (TextRange::new(17, 19), "deque(maxlen=1000)"),
            (TextRange::new(0, 0), "from collections import deque\n"),
        ];
        let place = number(text, &changes).map(|range| (range.start as usize, range.end as usize));
        let fixed = apply_edits(text, &changes).unwrap_or_default();
        assert_eq!(place.map(|(start, end)| &fixed[start..end]), Some("1000"));
        assert_eq!(number(text, &[(TextRange::new(0, 0), "import y\n")]), None);
    }
}
