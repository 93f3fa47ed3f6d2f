//! What Python code does, as facts.
//!
//! stub

mod bindings;
mod file;
mod flow;
pub mod growth;
pub mod ir;
mod lower;
pub mod obligation;
pub mod project;

pub use bindings::{Binding, Bindings, Global, GlobalId};
pub use file::{FileFacts, Item, ItemId};
pub use flow::{Flow, Guard};
