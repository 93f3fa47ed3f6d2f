//! From what the protocol has to what the program has.

use leakwright_syntax::{Change, Encoding, PositionRange, Text, TextRange};

use crate::lsp::{Position, Range, TextDocumentContentChangeEvent};

fn position(place: Position) -> leakwright_syntax::Position {
    leakwright_syntax::Position::new(place.line, place.character)
}

fn positions(range: Range) -> PositionRange {
    PositionRange::new(position(range.start), position(range.end))
}

/// A change as the client describes it.
pub(crate) fn change(change: TextDocumentContentChangeEvent, encoding: Encoding) -> Change {
    match change.range {
        Some(range) => Change::Range(positions(range), encoding, change.text),
        None => Change::Whole(change.text),
    }
}

/// A range in the client's units as one of bytes.
pub(crate) fn range(text: &Text, range: Range, encoding: Encoding) -> TextRange {
    text.range(positions(range), encoding)
}
