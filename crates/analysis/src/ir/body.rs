//! The code of an item: instructions in basic blocks.

use serde::{Deserialize, Serialize};

use super::ids::MAX_ENTRIES;
use super::{Arg, Args, BlockId, FrameId, Inst, LoopId, Op, Val};

/// Instructions, the blocks they stand in, and the loops and frames the blocks belong to.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Body {
    /// All instructions; a [`Val`] is the index of the one that made it.
    pub insts: Box<[Inst]>,
    /// Pool of operands.
    pub args: Box<[Arg]>,
    /// Basic blocks. Instructions of a block lie together.
    pub blocks: Box<[Block]>,
    /// Loops, outer ones first.
    pub loops: Box<[Loop]>,
    /// Frames: the body first, the signature second, then lambdas.
    pub frames: Box<[Frame]>,
}

/// A run of instructions that is entered at the top.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Block {
    /// Index of the first instruction.
    pub start: u16,
    /// Index behind the last instruction.
    pub end: u16,
    /// How the block is left when nothing raises.
    pub exit: Terminator,
    /// Where an exception goes that any of its instructions raises; `None` leaves the frame.
    pub on_raise: Option<BlockId>,
    /// The innermost loop.
    pub in_loop: Option<LoopId>,
    /// The frame.
    pub frame: FrameId,
    /// Whether the code repeats that of another block: `finally` is copied for each way through it.
    pub is_copy: bool,
}

/// How a block is left.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Terminator {
    /// On to a block.
    Goto(BlockId),
    /// By the truth of a value.
    Branch {
        /// The condition.
        condition: Val,
        /// Where true leads.
        then: BlockId,
        /// Where false leads.
        otherwise: BlockId,
    },
    /// A `for` loop: on with an element, or done.
    ForEach {
        /// The iterator.
        iterator: Val,
        /// Where an element leads.
        body: BlockId,
        /// Where exhaustion leads.
        done: BlockId,
    },
    /// An exception looks for its handler; an unhandled one goes where the block's exceptions go.
    Dispatch {
        /// The first handler. The others follow it, block by block.
        first: BlockId,
        /// How many there are.
        count: u16,
        /// Whether the last handler takes everything.
        catches_all: bool,
    },
    /// Out of the frame.
    Return,
    /// Raised on, to where the block's exceptions go.
    Raise,
    /// After a context was left because of an exception: raised on, or swallowed by the context.
    RaiseUnlessSwallowed {
        /// The context manager.
        context: Val,
        /// Where a swallowed exception leads.
        after: BlockId,
    },
    /// Not reached.
    Unreachable,
}

/// A loop.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Loop {
    /// What drives it.
    pub kind: LoopKind,
    /// The loop around it.
    pub parent: Option<LoopId>,
    /// The block that each round begins with.
    pub header: BlockId,
    /// Where it stands.
    pub range: super::ItemRange,
    /// Whether some way leads out by `break`.
    pub has_break: bool,
    /// Whether some way leads out by `return`.
    pub has_return: bool,
}

/// What drives a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LoopKind {
    /// `while` on something that is always true.
    Forever,
    /// `while` on a condition.
    While(Val),
    /// `for` over a value.
    For(Val),
    /// `async for` over a value.
    AsyncFor(Val),
    /// The loop of a comprehension.
    Comprehension,
}

/// Code with an entry of its own.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Frame {
    /// Where it begins.
    pub entry: BlockId,
    /// What it is.
    pub kind: FrameKind,
}

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FrameKind {
    /// The statements of the item.
    Body,
    /// Decorators, defaults, annotations and base classes: run once, where the item is defined.
    Signature,
    /// A lambda within the item.
    Lambda,
}

impl Body {
    /// The instruction that made a value.
    pub fn op(&self, value: Val) -> Op {
        self.insts[value.index()].op
    }

    /// The operands of a run.
    pub fn args(&self, args: Args) -> &[Arg] {
        &self.args[args.range()]
    }

    /// A block.
    pub fn block(&self, block: BlockId) -> &Block {
        &self.blocks[block.index()]
    }

    /// The block that the instruction of a value stands in.
    pub fn block_of(&self, value: Val) -> Option<BlockId> {
        self.blocks.iter().position(|block| block.range().contains(&value.index())).map(BlockId::new)
    }

    /// The values that the instructions of a block make, in order.
    pub fn values(&self, block: BlockId) -> impl DoubleEndedIterator<Item = Val> + use<> {
        self.block(block).range().map(Val::new)
    }

    /// All blocks that are not copies, in the order of the source.
    pub fn originals(&self) -> impl Iterator<Item = BlockId> {
        (0..self.blocks.len()).map(BlockId::new).filter(|block| !self.block(*block).is_copy)
    }

    /// The loops around a block, innermost first.
    pub fn loops_around(&self, block: BlockId) -> impl Iterator<Item = LoopId> {
        std::iter::successors(self.block(block).in_loop, |id| self.loops[id.index()].parent)
    }

    /// Calls `visit` for each operand of an operation.
    pub fn operands(&self, op: Op, mut visit: impl FnMut(Val)) {
        match op {
            Op::Const(_)
            | Op::Load(_)
            | Op::Delete(_)
            | Op::Lambda(_)
            | Op::Define(_)
            | Op::Import(_)
            | Op::ImportFrom { .. }
            | Op::ImportStar(_)
            | Op::Yield(None)
            | Op::Return(None)
            | Op::Raise(None) => {}
            Op::Store { value, .. }
            | Op::Unary(value)
            | Op::Not(value)
            | Op::Await(value)
            | Op::Yield(Some(value))
            | Op::YieldFrom(value)
            | Op::Iterate { value, .. }
            | Op::Next(value)
            | Op::Unpack { value, .. }
            | Op::Return(Some(value))
            | Op::Raise(Some(value))
            | Op::Attr { base: value, .. }
            | Op::DeleteAttr { base: value, .. }
            | Op::Enter { context: value, .. }
            | Op::Exit { context: value, .. } => visit(value),
            Op::StoreAttr { base, value, .. } => [base, value].into_iter().for_each(visit),
            Op::Index { base, key } | Op::DeleteIndex { base, key } => {
                [base, key].into_iter().for_each(visit);
            }
            Op::StoreIndex { base, key, value } => [base, key, value].into_iter().for_each(visit),
            Op::Binary { left, right, .. }
            | Op::InPlace { left, right, .. }
            | Op::Compare { left, right, .. } => {
                [left, right].into_iter().for_each(visit);
            }
            Op::Call { callee, args } => {
                visit(callee);
                self.args(args).iter().for_each(|arg| visit(arg.value));
            }
            Op::Slice(args)
            | Op::Display { args, .. }
            | Op::Comprehension { args, .. }
            | Op::Merge(args)
            | Op::Format(args)
            | Op::Caught(args)
            | Op::Opaque(args) => self.args(args).iter().for_each(|arg| visit(arg.value)),
        }
    }
}

impl Block {
    /// The indices of its instructions.
    pub fn range(&self) -> std::ops::Range<usize> {
        usize::from(self.start)..usize::from(self.end)
    }
}

impl Args {
    fn range(self) -> std::ops::Range<usize> {
        usize::from(self.start)..usize::from(self.start) + usize::from(self.len)
    }
}

impl Terminator {
    /// Where the block leads when nothing raises.
    pub fn successors(&self) -> impl Iterator<Item = BlockId> + use<> {
        let pair = match self {
            Self::Goto(next) | Self::RaiseUnlessSwallowed { after: next, .. } => [Some(*next), None],
            Self::Branch { then, otherwise, .. } => [Some(*then), Some(*otherwise)],
            Self::ForEach { body, done, .. } => [Some(*body), Some(*done)],
            Self::Dispatch { .. } | Self::Return | Self::Raise | Self::Unreachable => [None, None],
        };
        pair.into_iter().flatten().chain(self.handlers())
    }

    /// The handlers that an exception may go to, in order.
    pub fn handlers(&self) -> impl Iterator<Item = BlockId> + use<> {
        let (first, count) = match self {
            Self::Dispatch { first, count, .. } => (first.index(), usize::from(*count)),
            _ => (0, 0),
        };
        (first..first + count).map(BlockId::new)
    }
}

/// The code of an item that is being lowered.
#[derive(Default)]
pub(crate) struct BodyBuilder {
    pub(crate) insts: Vec<Inst>,
    pub(crate) args: Vec<Arg>,
    pub(crate) blocks: Vec<Block>,
    pub(crate) loops: Vec<Loop>,
    pub(crate) frames: Vec<Frame>,
}

impl BodyBuilder {
    pub(crate) fn op(&self, value: Val) -> Op {
        self.insts[value.index()].op
    }

    pub(crate) fn args(&self, args: Args) -> &[Arg] {
        &self.args[args.range()]
    }

    /// Index behind the last instruction.
    pub(crate) fn here(&self) -> u16 {
        u16::try_from(self.insts.len()).unwrap_or(u16::MAX)
    }

    /// Puts operands into the pool.
    pub(crate) fn pool(&mut self, operands: &[Arg]) -> Args {
        let short = |length: usize| u16::try_from(length).unwrap_or(u16::MAX);
        let start = short(self.args.len());
        self.args.extend_from_slice(operands);
        Args { start, len: short(operands.len()) }
    }

    /// Whether there is more of something than can be counted.
    pub(crate) fn is_overfull(&self) -> bool {
        let sizes =
            [self.insts.len(), self.args.len(), self.blocks.len(), self.loops.len(), self.frames.len()];
        sizes.into_iter().any(|size| size >= MAX_ENTRIES)
    }

    pub(crate) fn finish(self) -> Body {
        // Copied, so that no spare room is kept.
        Body {
            insts: self.insts.as_slice().into(),
            args: self.args.as_slice().into(),
            blocks: self.blocks.as_slice().into(),
            loops: self.loops.as_slice().into(),
            frames: self.frames.as_slice().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_most_of_is_small() {
        assert_eq!(size_of::<Op>(), 8);
        assert_eq!(size_of::<Inst>(), 16);
        assert_eq!(size_of::<Block>(), 20);
        assert_eq!(size_of::<crate::ir::Use>(), 10);
    }
}
