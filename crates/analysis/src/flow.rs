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

    /// The same, past joins: what holds before ways part holds where they meet again. Conditions are as they were when
    /// they were asked, innermost first.
    pub(crate) fn guards_past_joins(&self, body: &Body, block: BlockId) -> Vec<Guard> {
        let mut dominators = None;
        let mut found = Vec::new();
        let mut current = block;
        for _ in 0..self.entered.len() {
            current = if let Entered::From(from, guard) = self.entered[current.index()] {
                found.extend(guard);
                from
            } else {
                let dominators = dominators.get_or_insert_with(|| {
                    immediate_dominators(body, body.frames[body.block(block).frame.index()].entry)
                });
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

/// For each block that can be reached from another, by exceptions too, the last one that all ways to it pass.
///
/// The algorithm is that of Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm" (2001).
fn immediate_dominators(body: &Body, entry: BlockId) -> Vec<Option<BlockId>> {
    let next = |block: BlockId| {
        let block = body.block(block);
        block.exit.successors().chain(block.on_raise)
    };
    let order = postorder(body.blocks.len(), entry, |block| next(block).collect());
    let mut number = vec![usize::MAX; body.blocks.len()];
    for (index, block) in order.iter().enumerate() {
        number[block.index()] = index;
    }
    let mut found: Vec<Option<BlockId>> = vec![None; body.blocks.len()];
    found[entry.index()] = Some(entry);
    let mut changed = true;
    while std::mem::take(&mut changed) {
        for &from in order.iter().rev() {
            for target in next(from).filter(|target| *target != entry) {
                let dominator = match found[target.index()] {
                    None => from,
                    Some(known) => common(&found, &number, known, from),
                };
                changed |= found[target.index()].replace(dominator) != Some(dominator);
            }
        }
    }
    found
}

/// The last block that all ways to two others pass.
fn common(
    dominators: &[Option<BlockId>],
    number: &[usize],
    mut left: BlockId,
    mut right: BlockId,
) -> BlockId {
    while left != right {
        let lower = if number[left.index()] < number[right.index()] { &mut left } else { &mut right };
        let Some(above) = dominators[lower.index()] else { return *lower };
        *lower = above;
    }
    left
}

/// The blocks that can be reached from another, each after those it leads to, but for loops.
fn postorder(count: usize, entry: BlockId, next: impl Fn(BlockId) -> Vec<BlockId>) -> Vec<BlockId> {
    let mut order = Vec::new();
    let mut seen = vec![false; count];
    seen[entry.index()] = true;
    let mut pending = vec![(entry, next(entry))];
    while let Some((block, left)) = pending.last_mut() {
        match left.pop() {
            Some(target) if !std::mem::replace(&mut seen[target.index()], true) => {
                pending.push((target, next(target)));
            }
            Some(_) => {}
            None => {
                order.push(*block);
                pending.pop();
            }
        }
    }
    order
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
