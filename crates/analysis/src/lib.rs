//! What Python code does, as facts.
//!
//! stub

mod file;
pub mod ir;
mod lower;

pub use file::{FileFacts, Item, ItemId};
