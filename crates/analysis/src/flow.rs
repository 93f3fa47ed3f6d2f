//! Questions about control flow that several analyses ask.

use crate::ir::{BlockId, Body, Terminator, Val};

/// A condition that holds whenever a block is entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guard {
    /// The condition.
    pub condition: Val,
    /// Whether it is true or false there.
    pub holds: bool,
}

/// The way into each block.
pub struct Flow {
    /// For each block: its only predecessor and, where that branches, the condition.
    entered: Vec<Entered>,
}

#[derive(Clone, Copy)]
enum Entered {
    Never,
    From(BlockId, Option<Guard>),
    Otherwise,
}

impl Flow {
    /// Finds the predecessors of all blocks.
    pub fn new(body: &Body) -> Self {
        let mut entered = vec![Entered::Never; body.blocks.len()];
        for (index, block) in body.blocks.iter().enumerate() {
            let from = BlockId::new(index);
            let guard = |target: BlockId| match block.exit {
                Terminator::Branch { condition, then, otherwise } if then != otherwise => {
                    Some(Guard { condition, holds: target == then })
                }
                _ => None,
            };
            for target in block.exit.successors() {
                let slot = &mut entered[target.index()];
                *slot = match slot {
                    Entered::Never => Entered::From(from, guard(target)),
                    _ => Entered::Otherwise,
                };
            }
        }
        Self { entered }
    }

    /// Conditions that hold on entering a block, innermost first. Joins end the search, so these are
    /// some of them, never wrong ones.
    pub fn guards(&self, block: BlockId) -> Vec<Guard> {
        let mut guards = Vec::new();
        let mut current = block;
        let mut fuel = self.entered.len();
        while let (Entered::From(from, guard), Some(left)) = (self.entered[current.index()], fuel.checked_sub(1)) {
            guards.extend(guard);
            (current, fuel) = (from, left);
        }
        guards
    }
}
