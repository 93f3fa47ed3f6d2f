//! Tensors that keep more alive than they are needed for.
//!
//! What a module of PyTorch returns holds on to the graph of operations that made it, and to every
//! intermediate result in it. A loss that is added up or collected from step to step keeps all of
//! those. [`retained_graphs`] finds the places where that is done. It goes by the flow of values, not by their
//! names: `total += self.training_step(batch)` is right or wrong by what the function returns.
//!
//! The same mistake with TensorFlow and JAX looks otherwise: what an eager operation of theirs gives holds no graph, but
//! what a traced function stores outside of itself does ([`leaked_traces`]), and so does a persistent tape that each step
//! goes on with ([`growing_tapes`]).
//!
//! Beside them: outputs collected on a device ([`collected_on_device`]), hooks that stay on a module
//! ([`unremoved_hooks`]), and views that keep a large array ([`kept_views`]).

mod device;
mod hooks;
mod keep;
mod local;
mod modules;
mod reaching;
mod retained;
mod tape;
mod trace;
mod traced;
mod view;

use crate::ir::{LoopId, Val};
use crate::project::{CodeId, Holder, ModuleId, Project, ValueId};

pub use device::{CollectedOnDevice, Collecting, collected_on_device};
pub use hooks::{HookLoss, UnremovedHook, unremoved_hooks};
pub use retained::retained_graphs;
pub use tape::{GrowingTape, growing_tapes};
pub use traced::{LeakedTrace, leaked_traces};
pub use view::{KeptView, kept_views};

/// A tensor with its graph that is kept from step to step.
#[derive(Clone, Debug)]
pub struct RetainedGraph {
    /// The function that keeps it.
    pub code: CodeId,
    /// The operation that keeps it.
    pub at: Val,
    /// What it is kept in.
    pub holder: Holder,
    /// The tensor.
    pub tensor: Val,
    /// Where its graph comes from.
    pub source: ValueId,
    /// Whether it is added to a number.
    pub is_summed: bool,
    /// Why it is kept from step to step.
    pub life: Life,
}

/// Why a tensor is kept from step to step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// What keeps it is made before this loop.
    Loop(LoopId),
    /// What keeps it outlives the function, which runs once a step.
    Step,
}

/// The operations that keep a value, of items of a file that works with tensors.
pub fn kept_values(project: &Project, module: ModuleId, items: impl Iterator<Item = CodeId>) -> Vec<ValueId> {
    if !uses_tensors(project, module) {
        return Vec::new();
    }
    let functions = items.filter(|code| !project.is_class(*code));
    functions
        .flat_map(|code| keep::keeps(project, code).into_iter().map(move |keep| code.value(keep.at)))
        .collect()
}

/// Whether a file works with tensors that carry graphs: it imports a framework.
fn uses_tensors(project: &Project, module: ModuleId) -> bool {
    let tensors = &project.catalogue().tensors;
    imports(project, module, |path| tensors.is_framework(path))
}

/// Whether a file imports a module of which something holds.
fn imports(project: &Project, module: ModuleId, holds: impl Fn(&str) -> bool) -> bool {
    project.imports(module).any(holds)
}
