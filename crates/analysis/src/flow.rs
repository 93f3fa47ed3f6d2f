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
    /// The first blocks of `except` clauses.
    handlers: Vec<BlockId>,
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
        Self::find(body, |_, _| false)
    }

    /// The same, but for the ways that lead back to the beginning of a loop: what guards a loop guards what
    /// is in it.
    pub fn through_loops(body: &Body) -> Self {
        Self::find(body, |from, target| {
            body.loops_around(from).any(|id| body.loops[id.index()].header == target)
        })
    }

    fn find(body: &Body, is_ignored: impl Fn(BlockId, BlockId) -> bool) -> Self {
        let mut entered = vec![Entered::Never; body.blocks.len()];
        for (index, block) in body.blocks.iter().enumerate() {
            let from = BlockId::new(index);
            let guard = |target: BlockId| match block.exit {
                Terminator::Branch { condition, then, otherwise } if then != otherwise => {
                    Some(Guard { condition, holds: target == then })
                }
                _ => None,
            };
            for target in block.exit.successors().filter(|target| !is_ignored(from, *target)) {
                let slot = &mut entered[target.index()];
                *slot = match slot {
                    Entered::Never => Entered::From(from, guard(target)),
                    _ => Entered::Otherwise,
                };
            }
        }
        let handlers = body.blocks.iter().flat_map(|block| block.exit.handlers());
        Self { entered, handlers: handlers.collect() }
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

    /// Conditions that hold on entering a block, innermost first. Joins end the search, so these are
    /// some of them, never wrong ones.
    pub fn guards(&self, block: BlockId) -> Vec<Guard> {
        self.way_to(block).into_iter().filter_map(|(_, guard)| guard).collect()
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

/// Conditions that hold whenever a block is reached from the beginning of its frame, in the order of the source:
/// those of all branches without which it cannot be reached.
pub(crate) fn necessary_guards(body: &Body, target: BlockId) -> Vec<Guard> {
    let entry = body.frames[body.block(target).frame.index()].entry;
    let mut found = Vec::new();
    for (index, block) in body.blocks.iter().enumerate() {
        let Terminator::Branch { condition, then, otherwise } = block.exit else { continue };
        for (next, holds) in [(then, true), (otherwise, false)] {
            if then != otherwise && !is_reachable(body, entry, target, (BlockId::new(index), next)) {
                found.push(Guard { condition, holds });
            }
        }
    }
    found
}

/// Whether a block can be reached from another without a certain step.
fn is_reachable(body: &Body, from: BlockId, to: BlockId, without: (BlockId, BlockId)) -> bool {
    let mut seen = vec![false; body.blocks.len()];
    let mut pending = vec![from];
    while let Some(block) = pending.pop() {
        if block == to {
            return true;
        }
        if std::mem::replace(&mut seen[block.index()], true) {
            continue;
        }
        let found = body.block(block);
        pending.extend(found.exit.successors().filter(|next| (block, *next) != without));
        pending.extend(found.on_raise);
    }
    false
}
