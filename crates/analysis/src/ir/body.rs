//! The code of an item: instructions in basic blocks.

use super::{Arg, Args, BlockId, FrameId, Inst, LoopId, Op, Val};

/// Instructions, the blocks they stand in, and the loops and frames the blocks belong to.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// All instructions; a [`Val`] is the index of the one that made it.
    pub insts: Vec<Inst>,
    /// Pool of operands.
    pub args: Vec<Arg>,
    /// Basic blocks. Instructions of a block lie together.
    pub blocks: Vec<Block>,
    /// Loops, outer ones first.
    pub loops: Vec<Loop>,
    /// Frames: the body first, the signature second, then lambdas.
    pub frames: Vec<Frame>,
}

/// A run of instructions that is entered at the top.
#[derive(Clone, Debug)]
pub struct Block {
    /// Index of the first instruction.
    pub start: u32,
    /// Index behind the last instruction.
    pub end: u32,
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
#[derive(Clone, Debug)]
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
        /// The handlers in order.
        handlers: Vec<BlockId>,
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
#[derive(Clone, Copy, Debug)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// Where it begins.
    pub entry: BlockId,
    /// What it is.
    pub kind: FrameKind,
}

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
        &self.args[args.start as usize..(args.start + args.len) as usize]
    }

    /// A block.
    pub fn block(&self, block: BlockId) -> &Block {
        &self.blocks[block.index()]
    }

    /// The block that the instruction of a value stands in.
    pub fn block_of(&self, value: Val) -> Option<BlockId> {
        let index = value.index() as u32;
        self.blocks.iter().position(|block| block.start <= index && index < block.end).map(BlockId::new)
    }

    /// The values that the instructions of a block make, in order.
    pub fn values(&self, block: BlockId) -> impl DoubleEndedIterator<Item = Val> + use<> {
        let Block { start, end, .. } = *self.block(block);
        (start as usize..end as usize).map(Val::new)
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

impl Terminator {
    /// Where the block leads when nothing raises.
    pub fn successors(&self) -> impl Iterator<Item = BlockId> {
        let (pair, rest): ([Option<BlockId>; 2], &[BlockId]) = match self {
            Self::Goto(next) | Self::RaiseUnlessSwallowed { after: next, .. } => ([Some(*next), None], &[]),
            Self::Branch { then, otherwise, .. } => ([Some(*then), Some(*otherwise)], &[]),
            Self::ForEach { body, done, .. } => ([Some(*body), Some(*done)], &[]),
            Self::Dispatch { handlers, .. } => ([None, None], handlers),
            Self::Return | Self::Raise | Self::Unreachable => ([None, None], &[]),
        };
        pair.into_iter().flatten().chain(rest.iter().copied())
    }
}
