//! What a team learnt about the leaks of its project.
//!
//! A note is a Markdown file with front matter, in a folder of the repository: it is written and reviewed with
//! the code that it is about, and shown where the same rule fires again. Nothing here knows of findings; a
//! note names a rule by its code, and a finding by its fingerprint.

mod note;
mod search;
mod store;

pub use note::{Note, NoteError};
pub use search::{Filter, Hit, search};
pub use store::{Notes, Read};

/// The part of what is remembered of a project that the notes are.
pub const NOTES: &str = "notes";
