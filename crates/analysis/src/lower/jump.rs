//! `return`, `break` and `continue`, through the cleanup they pass on their way.
//!
//! A `finally` body is lowered once for each way through it: going on, an exception, and each kind
//! of jump. That is what CPython's compiler does, and it keeps the ways apart for the analyses.

use leakwright_syntax::{FlatNode, TextRange};

use super::builder::Builder;
use crate::ir::{BlockId, LoopId, Op, Terminator, Val};

/// Something that a jump out of a statement has to pass.
pub(super) enum Context<'f> {
    /// A loop, where `break` and `continue` end.
    Loop { id: LoopId, on_break: BlockId, on_continue: BlockId },
    /// A `with`: its context is left.
    With { context: Val, is_async: bool, range: TextRange, handler: Option<BlockId> },
    /// A `finally` clause: its body runs first. Holds the ways through it that are needed.
    Finally { clause: FlatNode<'f>, ways: Vec<(Jump, BlockId)> },
}

/// A jump.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Jump {
    Break,
    Continue,
    Return,
}

impl Builder<'_> {
    /// Jumps from the current block, through all cleanup in between.
    pub(super) fn jump(&mut self, jump: Jump) {
        if jump == Jump::Return {
            self.note_return();
        }
        let (handler, is_copy) = (self.handler, self.is_copy);
        let mut depth = self.contexts.len();
        while depth > 0 {
            depth -= 1;
            if self.pass(depth, jump) {
                break;
            }
        }
        if self.block.is_some() {
            self.leave(Terminator::Return);
        }
        (self.handler, self.is_copy) = (handler, is_copy);
    }

    /// Passes one context; true if the jump ends or is continued elsewhere.
    fn pass(&mut self, depth: usize, jump: Jump) -> bool {
        match &mut self.contexts[depth] {
            Context::Loop { id, on_break, on_continue } => match jump {
                Jump::Return => false,
                Jump::Break => {
                    let (id, target) = (*id, *on_break);
                    self.body.loops[id.index()].has_break = true;
                    self.goto(target);
                    true
                }
                Jump::Continue => {
                    let target = *on_continue;
                    self.goto(target);
                    true
                }
            },
            Context::With { context, is_async, range, handler } => {
                let (exit, range) = (Op::Exit { context: *context, is_async: *is_async }, *range);
                self.handler = *handler;
                self.is_copy = true;
                self.split();
                self.emit_at(exit, range);
                false
            }
            Context::Finally { ways, .. } => {
                let known = ways.iter().find(|way| way.0 == jump).map(|way| way.1);
                let entry = known.unwrap_or_else(|| self.new_block());
                if let (None, Context::Finally { ways, .. }) = (known, &mut self.contexts[depth]) {
                    ways.push((jump, entry));
                }
                self.goto(entry);
                true
            }
        }
    }

    /// Marks the loops of this frame that a `return` leaves.
    fn note_return(&mut self) {
        let mut around = self.in_loop;
        while let Some(id) = around {
            let entry = &mut self.body.loops[id.index()];
            entry.has_return = true;
            around = entry.parent;
        }
    }
}
