//! Basic blocks: opening, filling and leaving them.

use super::builder::Builder;
use crate::ir::{Block, BlockId, Loop, LoopId, LoopKind, Terminator};
use leakwright_syntax::FlatNode;

impl Builder<'_> {
    /// A block that will be filled later.
    pub(super) fn new_block(&mut self) -> BlockId {
        self.body.blocks.push(Block {
            start: 0,
            end: 0,
            exit: Terminator::Unreachable,
            on_raise: None,
            in_loop: self.in_loop,
            frame: self.frame,
            is_copy: self.is_copy,
        });
        BlockId::new(self.body.blocks.len() - 1)
    }

    /// Goes on in a block. The block before must have been left.
    pub(super) fn start(&mut self, block: BlockId) {
        let here = self.body.here();
        let entry = &mut self.body.blocks[block.index()];
        entry.start = here;
        entry.end = here;
        entry.on_raise = self.handler;
        entry.in_loop = self.in_loop;
        entry.frame = self.frame;
        entry.is_copy = self.is_copy;
        self.block = Some(block);
    }

    /// Goes on in a new block that nothing leads to, for code behind a jump.
    pub(super) fn ensure_block(&mut self) -> BlockId {
        if let Some(block) = self.block {
            return block;
        }
        let block = self.new_block();
        self.start(block);
        block
    }

    /// Leaves the current block.
    pub(super) fn leave(&mut self, exit: Terminator) {
        let block = self.ensure_block();
        let end = self.body.here();
        let entry = &mut self.body.blocks[block.index()];
        entry.end = end;
        entry.exit = exit;
        self.block = None;
    }

    /// Leaves the current block for another, unless a jump has left it already.
    pub(super) fn goto(&mut self, next: BlockId) {
        if self.block.is_some() {
            self.leave(Terminator::Goto(next));
        }
    }

    /// Goes on in a new block that follows the current one.
    pub(super) fn split(&mut self) {
        let next = self.new_block();
        self.ensure_block();
        self.goto(next);
        self.start(next);
    }

    /// Opens a loop; blocks started from now on belong to it.
    pub(super) fn open_loop(&mut self, kind: LoopKind, header: BlockId, node: FlatNode<'_>) -> LoopId {
        let range = self.own_range(node.range());
        let parent = self.in_loop;
        self.body.loops.push(Loop { kind, parent, header, range, has_break: false, has_return: false });
        let id = LoopId::new(self.body.loops.len() - 1);
        self.in_loop = Some(id);
        id
    }

    /// Closes a loop; blocks started from now on lie outside it.
    pub(super) fn close_loop(&mut self, id: LoopId) {
        self.in_loop = self.body.loops[id.index()].parent;
    }
}
