//! What the fixes of a finding need to know, kept from when it was found.

use leakwright_analysis::growth::Growing;
use leakwright_analysis::ir::{Val, VarId};
use leakwright_analysis::project::CodeId;

/// What a finding is about.
#[derive(Clone, Debug)]
pub(crate) enum Subject {
    /// A container.
    Growing(Box<Growing>),
    /// A caching decorator of a function.
    Decorator {
        /// The function.
        function: CodeId,
        /// The decorator.
        decorator: Val,
    },
    /// An acquired resource.
    Acquired {
        /// The function.
        code: CodeId,
        /// The call.
        call: Val,
        /// The variables that hold it.
        variables: Vec<VarId>,
    },
}
