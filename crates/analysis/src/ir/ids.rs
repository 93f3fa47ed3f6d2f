//! Indices into the tables of an item. Each is a number of its own type, and `Option` of it is free.

use std::num::NonZeroU16;

use serde::{Deserialize, Serialize};

/// How many entries each table of an item may have.
pub(crate) const MAX_ENTRIES: usize = u16::MAX as usize;

macro_rules! id {
    ($(#[$meta:meta])* $name:ident, $letter:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(NonZeroU16);

        impl $name {
            /// The id of the entry at `index`.
            pub fn new(index: usize) -> Self {
                // An item with more entries than that is not lowered.
                let index = u16::try_from(index).unwrap_or(u16::MAX);
                Self(NonZeroU16::MIN.saturating_add(index))
            }

            /// The index of the entry.
            pub fn index(self) -> usize {
                usize::from(self.0.get()) - 1
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!($letter, "{}"), self.index())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{self:?}")
            }
        }
    };
}

id! {
    /// A value: the result of one instruction.
    Val, "%"
}
id! {
    /// A variable of an item.
    VarId, "v"
}
id! {
    /// A basic block.
    BlockId, "b"
}
id! {
    /// A loop.
    LoopId, "l"
}
id! {
    /// Code with an entry of its own: the body, the signature, a lambda.
    FrameId, "f"
}
id! {
    /// A scope of names.
    ScopeId, "s"
}
id! {
    /// A name or string of an item.
    Name, "n"
}
