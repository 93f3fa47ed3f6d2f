//! Findings in the forms that people and programs read, one a file. Nothing here looks for leaks or writes
//! anywhere: functions return strings.

mod audit;
mod concise;
mod diff;
mod entry;
mod github;
mod gitlab;
mod json;
mod junit;
mod positions;
mod sarif;
mod summary;
mod text;
mod words;

pub use audit::{Audit, Document, is_own_document, is_report, markdown};
pub use concise::{concise, headline};
pub use diff::{coloured_diff, unified_diff};
pub use github::github;
pub use gitlab::gitlab;
pub use json::{SCHEMA, json, json_lines};
pub use junit::junit;
pub use sarif::sarif;
pub use summary::{statistics, statistics_json, summary};
pub use text::text;
