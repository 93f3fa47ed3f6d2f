//! References that keep objects alive beyond their use: cycles that only the collector frees, exceptions and
//! frames that are kept, closures that hold more than they need, large values that are left behind.

mod caught;
mod closure;
mod collector;
mod cycle;
mod field;
mod large;
mod recursion;
mod temporary;
mod traceback;

pub use closure::{CaptureReason, Keeper, LargeCapture, examined_captures, large_captures};
pub(crate) use collector::Collector;
pub use collector::{Matter, matter};
pub use cycle::{Cycle, CycleKind, CycleReason, cycles, examined_cycles};
pub use field::{FieldCapture, OneField, field_captures, field_of_registered};
pub use temporary::{GlobalTemporary, TemporaryReason, examined_temporaries, global_temporaries};
pub use traceback::{
    StoredTraceback, TracebackKind, TracebackReason, examined_tracebacks, stored_tracebacks,
};
