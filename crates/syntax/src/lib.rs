//! The bottom layer: Python source as text and as a tree, and nothing about what it means.
//!
//! * [`decode`] turns the bytes of a file into text as Python would read it (PEP 263).
//! * [`Text`] is an editable buffer with line and column positions in every encoding editors use.
//! * [`Document`] keeps a buffer and its syntax tree together through edits.
//! * [`Parser`] parses within limits: no input makes it hang, overflow or abort.
//! * [`Node`] views the concrete tree, [`FlatTree`] is a compact, depth-limited copy of a part of it.
//! * [`definitions`] makes flat trees of a whole file without a concrete one, which is many times as fast, and
//!   [`definition`] does so for a single definition after an edit in it.
//!
//! Coordinates are byte offsets into the decoded text, as `u32`. Lines and columns exist only at
//! the edges of the program, through [`Text`]. Nothing here reads or writes files.

mod decode;
mod direct;
mod document;
mod flat;
mod guard;
mod hidden;
mod kind;
mod literal;
mod node;
mod parse;
mod position;
mod range;
mod text;

pub use decode::{DecodeError, Decoded, SourceEncoding, decode};
pub use direct::{Definition, Definitions, Unread, definition, definitions, doubtful_place, try_definitions};
pub use document::{Change, Document, Replaced};
pub use flat::{FlatNode, FlatTree, MAX_DEPTH};
pub use guard::{Limits, Refusal};
pub use hidden::is_hidden;
pub use kind::{Field, Kind};
pub use literal::{StringPrefix, string_value};
pub use node::{Children, Node};
pub use parse::{Budget, Parser, Tree};
pub use position::{Encoding, Position, PositionRange};
pub use range::TextRange;
pub use text::Text;
