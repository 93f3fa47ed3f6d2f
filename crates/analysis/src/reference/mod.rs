//! References that keep objects alive beyond their use: cycles that only the collector frees, exceptions and
//! frames that are kept, closures that hold more than they need.

mod caught;
mod collector;
mod cycle;
mod recursion;
mod traceback;

pub(crate) use collector::Collector;
pub use collector::{Matter, matter};
pub use cycle::{Cycle, CycleKind, cycles};
pub use traceback::{StoredTraceback, TracebackKind, stored_tracebacks};
