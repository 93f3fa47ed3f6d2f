//! Blocks that cannot be reached but through another.

use crate::ir::{BlockId, Body};

/// For each block that can be reached from another, by exceptions too, the last one that all ways to it pass.
///
/// The algorithm is that of Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm" (2001).
pub(crate) fn immediate_dominators(body: &Body, entry: BlockId) -> Vec<Option<BlockId>> {
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
