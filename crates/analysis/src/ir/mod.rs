//! The intermediate form: what an item of Python code does, in the order it does it.
//!
//! An *item* is a module's own code, a class body or a function. Each is lowered by itself: its
//! positions are relative to it ([`ItemRange`]) and its names are its own ([`Names`]), so the facts of
//! an item that did not change stay valid when text moves around it.

mod body;
mod ids;
mod item;
mod names;
mod op;
mod places;
mod print;
mod range;
mod scope;
mod uses;

pub(crate) use body::BodyBuilder;
pub use body::{Block, Body, Frame, FrameKind, Loop, LoopKind, Terminator};
pub(crate) use ids::MAX_ENTRIES;
pub use ids::{BlockId, FrameId, LoopId, Name, ScopeId, Val, VarId};
pub use item::{ItemFacts, ItemKind, Param, ParamKind};
pub use names::Names;
pub(crate) use names::NamesBuilder;
pub use op::{Arg, ArgKind, Args, BinaryOp, CompareOp, Comprehension, Const, Display, Inst, Op, REST};
pub use places::{PlaceId, Places, Step};
pub(crate) use range::LayoutBuilder;
pub use range::{ItemRange, Layout};
pub(crate) use scope::Run;
pub use scope::{Scope, ScopeKind, Var, VarKind};
pub use uses::{Use, UseKind};
