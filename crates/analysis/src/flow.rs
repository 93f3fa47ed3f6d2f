//! Questions about control flow that several analyses ask.

use crate::dominators::immediate_dominators;
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
pub struct Flow<'b> {
    body: &'b Body,
    /// For each block: its only predecessor and, where that branches, the condition.
    entered: Vec<Entered>,
    /// The first blocks of `except` clauses.
    handlers: Vec<BlockId>,
}

#[derive(Clone, Copy)]
enum Entered {
    Never,
    From(BlockId, Option<Guard>),
    Otherwise,
}

impl<'b> Flow<'b> {
    /// Finds the predecessors of all blocks.
    pub fn new(body: &'b Body) -> Self {
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
        let handlers = body.blocks.iter().flat_map(|block| block.exit.handlers());
        Self { body, entered, handlers: handlers.collect() }
    }

    /// Whether a block lies in an `except` clause, reached in no other way.
    pub fn is_in_handler(&self, block: BlockId) -> bool {
        let mut current = block;
        for _ in 0..self.entered.len() {
            if self.handlers.contains(&current) {
                return true;
            }
            let Entered::From(from, _) = self.entered[current.index()] else { return false };
            current = from;
        }
        false
    }

    /// Whether some way leads from a block back to itself without passing another.
    pub fn is_in_loop_without(body: &Body, block: BlockId, other: BlockId) -> bool {
        let mut seen = vec![false; body.blocks.len()];
        let mut pending = vec![block];
        while let Some(from) = pending.pop() {
            for target in body.block(from).exit.successors() {
                if target == block {
                    return true;
                }
                if target != other && !std::mem::replace(&mut seen[target.index()], true) {
                    pending.push(target);
                }
            }
        }
        false
    }

    /// Conditions that hold on entering a block, innermost first: those of all branches that every way to it takes the same
    /// side of. What holds before ways part holds where they meet again; conditions are as they were when they were asked.
    pub fn guards(&self, block: BlockId) -> Vec<Guard> {
        let mut dominators = None;
        let mut found = Vec::new();
        let mut current = block;
        for _ in 0..self.entered.len() {
            current = if let Entered::From(from, guard) = self.entered[current.index()] {
                found.extend(guard);
                from
            } else {
                let entry = self.body.frames[self.body.block(block).frame.index()].entry;
                let dominators = dominators.get_or_insert_with(|| immediate_dominators(self.body, entry));
                match dominators[current.index()] {
                    Some(above) if above != current => above,
                    _ => break,
                }
            };
        }
        found
    }

    /// The blocks that every way to a block passes last, innermost first, each with the condition under
    /// which it leads on. A join ends the list.
    pub fn way_to(&self, block: BlockId) -> Vec<(BlockId, Option<Guard>)> {
        let mut way = Vec::new();
        let mut current = block;
        let mut fuel = self.entered.len();
        while let (Entered::From(from, guard), Some(left)) =
            (self.entered[current.index()], fuel.checked_sub(1))
        {
            way.push((from, guard));
            (current, fuel) = (from, left);
        }
        way
    }
}

/// The blocks that lead to a given one when nothing raises, itself included.
pub(crate) fn reaching(body: &Body, target: BlockId) -> Vec<bool> {
    let mut reaches = vec![false; body.blocks.len()];
    reaches[target.index()] = true;
    let mut changed = true;
    while std::mem::take(&mut changed) {
        for (index, block) in body.blocks.iter().enumerate().rev() {
            if !reaches[index] && block.exit.successors().any(|next| reaches[next.index()]) {
                reaches[index] = true;
                changed = true;
            }
        }
    }
    reaches
}
