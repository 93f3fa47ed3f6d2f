//! Lines and columns, in the units that different clients count in.

use serde::{Deserialize, Serialize};

/// The unit a column is counted in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Encoding {
    /// Bytes of UTF-8.
    Utf8,
    /// UTF-16 code units: what the language server protocol falls back to.
    #[default]
    Utf16,
    /// Unicode scalar values: what people call characters.
    Utf32,
}

/// A place in a text: zero-based line and column, the column in units of some [`Encoding`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Zero-based line.
    pub line: u32,
    /// Zero-based column within the line.
    pub column: u32,
}

impl Position {
    /// A position from its parts.
    pub const fn new(line: u32, column: u32) -> Self {
        Self { line, column }
    }
}

/// A half-open range of positions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PositionRange {
    /// The first position.
    pub start: Position,
    /// The position behind the last one.
    pub end: Position,
}

impl PositionRange {
    /// A range from its parts.
    pub const fn new(start: Position, end: Position) -> Self {
        Self { start, end }
    }
}
