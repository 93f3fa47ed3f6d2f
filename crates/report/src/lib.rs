//! Findings as text and JSON. Nothing here looks for leaks or writes anywhere: functions return strings.

mod diff;
mod json;
mod positions;
mod text;

pub use diff::{coloured_diff, unified_diff};
pub use json::{SCHEMA, json};
pub use text::{Frames, headline, text};
