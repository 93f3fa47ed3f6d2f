//! Indices into the tables of an item. Each is a number of its own type, and `Option` of it is free.

use std::num::NonZeroU32;

macro_rules! id {
    ($(#[$meta:meta])* $name:ident, $letter:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(NonZeroU32);

        impl $name {
            /// The id of the entry at `index`.
            pub fn new(index: usize) -> Self {
                // An item is at most 4 MB of text, far from 2^32 - 1 entries of anything.
                Self(NonZeroU32::MIN.saturating_add(index as u32))
            }

            /// The index of the entry.
            pub fn index(self) -> usize {
                self.0.get() as usize - 1
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
