//! What Python code does, as facts.
//!
//! Three steps, as everywhere in this program:
//!
//! * **Map** ([`FileFacts`]): one file becomes items (the module, its classes and functions), each
//!   with code in a small intermediate form ([`ir`]) that names nothing outside the file. Items that
//!   an edit did not touch keep their facts.
//! * **Link** ([`project`]): modules find each other; classes, call sites, holders of values and
//!   summaries of functions are worked out over all files, together with the catalogue.
//! * **Judge** ([`growth`], [`obligation`], [`subscription`], [`reference`], [`tasks`], [`tensor`]): what the rules
//!   ask about one holder or one acquisition,
//!   answered with a chain of evidence or with the reason why it is sound.
//!
//! The crate reads no files and knows neither rules nor words.

mod bindings;
mod capture;
mod dominators;
mod examined;
mod file;
mod flow;
mod followed;
pub mod growth;
pub mod ir;
mod lower;
pub mod obligation;
pub mod project;
pub mod reference;
pub mod subscription;
pub mod tasks;
pub mod tensor;

pub use bindings::{Binding, Bindings, Global, GlobalId};
pub use capture::Callback;
pub use examined::Examined;
pub use file::{FileFacts, Item, ItemId};
pub use flow::{Flow, Guard};
pub use followed::{OwnSource, Reading};
