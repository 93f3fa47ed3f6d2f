//! What the fixes of a finding need to know, kept from when it was found.

use leakwright_analysis::growth::Growing;
use leakwright_analysis::ir::{Val, VarId};
use leakwright_analysis::project::{CodeId, ValueId};
use leakwright_analysis::reference::OneField;

/// What a finding is about.
#[derive(Clone, Debug)]
pub(crate) enum Subject {
    /// Something for which a person has to find the remedy.
    Shown,
    /// A container.
    Growing(Box<Growing>),
    /// A caching decorator of a function.
    Decorator {
        /// The function.
        function: CodeId,
        /// Where the cache is put on it: the decorator, or the call that wraps it.
        place: ValueId,
        /// Where the cache is asked for.
        source: ValueId,
    },
    /// An acquired resource.
    Acquired {
        /// The function.
        code: CodeId,
        /// The call.
        call: Val,
        /// The variables that hold it.
        variables: Vec<VarId>,
        /// Where it is released, if it is.
        released: Vec<Val>,
        /// Calls of a release that nothing awaits.
        unawaited: Vec<Val>,
        /// Whether it may be put into a `with` statement: it stays in the function, under one name.
        is_local: bool,
    },
    /// An exception that is kept.
    Exception {
        /// The exception where it is kept.
        value: ValueId,
    },
    /// A tensor that is kept.
    Kept {
        /// The tensor where it is kept.
        tensor: ValueId,
        /// Whether it is added to a number: a scalar.
        is_summed: bool,
    },
    /// A part of an array that is kept.
    View {
        /// The part where it is kept.
        view: ValueId,
        /// Whether the array is a tensor.
        is_tensor: bool,
    },
    /// An attribute that refers back to what holds its object.
    BackReference {
        /// Where it is bound.
        store: ValueId,
    },
    /// A callback that keeps its object for one field.
    Field(Box<OneField>),
    /// A callback that is handed over.
    Registered {
        /// The call that does.
        call: ValueId,
        /// What takes callbacks back, by name or import path.
        undo: Vec<String>,
        /// The method of the class that lets go of what the object holds.
        teardown: Option<CodeId>,
        /// Whether the emitter calls what it keeps and then what that gives, as it does with weak references.
        is_dereferenced: bool,
    },
    /// A method that leaves out what its base does.
    Method {
        /// The method.
        method: CodeId,
        /// The method of the base, if it is in the project.
        base: Option<CodeId>,
    },
    /// An attribute that owns a resource.
    Owned {
        /// Where it is stored.
        store: ValueId,
        /// The method that lets go of what the object holds.
        teardown: Option<CodeId>,
        /// The method of the resource that releases it.
        release: Option<String>,
        /// Whether the release has to be awaited.
        is_awaited: bool,
    },
}
