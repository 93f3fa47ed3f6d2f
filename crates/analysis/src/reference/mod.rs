//! References that keep objects alive beyond their use: cycles that only the collector frees, exceptions and
//! frames that are kept, closures that hold more than they need.

mod cycle;
mod traceback;

pub use cycle::{Cycle, CycleKind, cycles};
pub use traceback::{StoredTraceback, TracebackKind, stored_tracebacks};
