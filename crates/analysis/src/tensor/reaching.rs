//! Which assignments of a variable reach a place, and which contexts are open there.

use crate::ir::{BlockId, Body, FrameKind, ItemFacts, Op, Terminator, Val, VarId};

/// The ways back from each block of an item.
pub(super) struct Ways {
    before: Vec<Vec<BlockId>>,
    block_of: Vec<BlockId>,
}

/// The assignments that reach a place.
#[derive(Default)]
pub(super) struct Reaching {
    /// The store instructions.
    pub stores: Vec<Val>,
    /// Whether some way leads there from the beginning without any.
    pub from_entry: bool,
}

impl Ways {
    pub(super) fn new(body: &Body) -> Self {
        let mut before = vec![Vec::new(); body.blocks.len()];
        let mut block_of = vec![BlockId::new(0); body.insts.len()];
        for (index, block) in body.blocks.iter().enumerate() {
            let from = BlockId::new(index);
            for next in block.exit.successors().chain(block.on_raise) {
                before[next.index()].push(from);
            }
            block_of[block.start as usize..block.end as usize].fill(from);
        }
        Self { before, block_of }
    }

    /// The block that an instruction stands in.
    pub(super) fn block_of(&self, at: Val) -> BlockId {
        self.block_of[at.index()]
    }

    /// The stores of a variable that may be the last ones before an instruction.
    pub(super) fn stores(&self, body: &Body, var: VarId, at: Val) -> Reaching {
        let mut found = Reaching::default();
        self.back(body, at, |inst| match body.op(inst) {
            Op::Store { var: stored, .. } if stored == var => {
                found.stores.push(inst);
                true
            }
            _ => false,
        })
        .then(|| found.from_entry = true);
        found.stores.sort_unstable();
        found.stores.dedup();
        found
    }

    /// Whether a context is entered on every way to an instruction, and not left again.
    pub(super) fn is_within(&self, body: &Body, at: Val, context: Val) -> bool {
        let mut is_left = false;
        let reaches_entry = self.back(body, at, |inst| match body.op(inst) {
            Op::Enter { context: entered, .. } if entered == context => true,
            Op::Exit { context: left, .. } if left == context => {
                is_left = true;
                true
            }
            _ => false,
        });
        !is_left && !reaches_entry
    }

    /// Walks all ways back from an instruction, each until `stop` says so. Says whether one of them reaches
    /// the beginning of the frame.
    fn back(&self, body: &Body, at: Val, mut stop: impl FnMut(Val) -> bool) -> bool {
        let start = self.block_of(at);
        let mut stops = |block: BlockId, end: usize| {
            (body.block(block).range().start..end).rev().any(|index| stop(Val::new(index)))
        };
        if stops(start, at.index()) {
            return false;
        }
        let entry = body.frames[body.block(start).frame.index()].entry;
        let mut reaches_entry = start == entry;
        let mut seen = vec![false; body.blocks.len()];
        let mut pending = self.before[start.index()].clone();
        while let Some(block) = pending.pop() {
            if std::mem::replace(&mut seen[block.index()], true) {
                continue;
            }
            if stops(block, body.block(block).range().end) {
                continue;
            }
            reaches_entry |= block == entry;
            pending.extend(&self.before[block.index()]);
        }
        reaches_entry
    }
}

/// The values that a function returns, copies left out.
pub(super) fn returned(facts: &ItemFacts) -> impl Iterator<Item = Val> {
    let body = &facts.body;
    body.originals()
        .filter(|block| body.frames[body.block(*block).frame.index()].kind == FrameKind::Body)
        .filter(|block| !matches!(body.block(*block).exit, Terminator::Unreachable))
        .flat_map(|block| body.values(block))
        .filter_map(|at| match body.op(at) {
            Op::Return(Some(value)) => Some(value),
            _ => None,
        })
}
