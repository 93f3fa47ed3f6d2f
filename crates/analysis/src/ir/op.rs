//! Instructions: one Python operation each, its operands named by the instructions that made them.
//!
//! They are neutral. A call is a call of some value; whether it opens a file or appends to a list is
//! decided later, with the project and the catalogue at hand.

use serde::{Deserialize, Serialize};

use super::{FrameId, ItemRange, Name, Val, VarId};

/// One instruction with the place in the source that it stands for.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Inst {
    /// What is done.
    pub op: Op,
    /// Where, relative to the item.
    pub range: ItemRange,
}

/// A run of operands in [`super::Body::args`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Args {
    pub(crate) start: u16,
    pub(crate) len: u16,
}

/// One operand of a call, display or the like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arg {
    /// How it is passed.
    pub kind: ArgKind,
    /// What is passed.
    pub value: Val,
}

/// How an operand is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ArgKind {
    /// By position.
    Positional,
    /// By name.
    Keyword(Name),
    /// `*value`
    Star,
    /// `**value`
    DoubleStar,
}

/// An operation.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Op {
    /// A literal.
    Const(Const),
    /// The value of a variable.
    Load(VarId),
    /// Binds a variable.
    Store {
        /// The variable.
        var: VarId,
        /// Its new value.
        value: Val,
    },
    /// Unbinds a variable.
    Delete(VarId),
    /// `base.name`
    Attr {
        /// The object.
        base: Val,
        /// The attribute.
        name: Name,
    },
    /// `base.name = value`
    StoreAttr {
        /// The object.
        base: Val,
        /// The attribute.
        name: Name,
        /// The new value.
        value: Val,
    },
    /// `del base.name`
    DeleteAttr {
        /// The object.
        base: Val,
        /// The attribute.
        name: Name,
    },
    /// `base[key]`
    Index {
        /// The container.
        base: Val,
        /// The key, index or slice.
        key: Val,
    },
    /// `base[key] = value`
    StoreIndex {
        /// The container.
        base: Val,
        /// The key, index or slice.
        key: Val,
        /// The new value.
        value: Val,
    },
    /// `del base[key]`
    DeleteIndex {
        /// The container.
        base: Val,
        /// The key, index or slice.
        key: Val,
    },
    /// `lower:upper:step`, with `None` constants for parts left out.
    Slice(Args),
    /// `callee(args)`
    Call {
        /// What is called.
        callee: Val,
        /// With what.
        args: Args,
    },
    /// A list, tuple, set or dict written out; keys and values of a dict alternate.
    Display {
        /// Which.
        kind: Display,
        /// Its elements.
        args: Args,
    },
    /// The result of a comprehension, whose loops are part of the control flow. The operands are
    /// first the values iterated over, then what makes up an element.
    Comprehension {
        /// Which.
        kind: Comprehension,
        /// Iterated values and element.
        args: Args,
    },
    /// `left op right`
    Binary {
        /// The operator.
        op: BinaryOp,
        /// Left operand.
        left: Val,
        /// Right operand.
        right: Val,
    },
    /// The value of `left` after `left op= right`; the store that follows puts it back.
    InPlace {
        /// The operator.
        op: BinaryOp,
        /// Left operand.
        left: Val,
        /// Right operand.
        right: Val,
    },
    /// `-x`, `+x`, `~x`
    Unary(Val),
    /// `not x`
    Not(Val),
    /// `left op right`, one link of a chain.
    Compare {
        /// The operator.
        op: CompareOp,
        /// Left operand.
        left: Val,
        /// Right operand.
        right: Val,
    },
    /// One of the operands, depending on the way taken: `a or b`, `a if c else b`.
    Merge(Args),
    /// A new string of the parts.
    Format(Args),
    /// `await x`
    Await(Val),
    /// `yield x`
    Yield(Option<Val>),
    /// `yield from x`
    YieldFrom(Val),
    /// `iter(x)` as a loop does it.
    Iterate {
        /// What is iterated over.
        value: Val,
        /// `async for`.
        is_async: bool,
    },
    /// The next element of an [`Op::Iterate`].
    Next(Val),
    /// A part of a value that is taken apart; [`REST`] for a starred target.
    Unpack {
        /// The whole.
        value: Val,
        /// Which part.
        index: u16,
    },
    /// What `with` binds: the result of entering a context.
    Enter {
        /// The context manager.
        context: Val,
        /// `async with`.
        is_async: bool,
    },
    /// Leaves a context that was entered.
    Exit {
        /// The context manager.
        context: Val,
        /// `async with`.
        is_async: bool,
    },
    /// A lambda.
    Lambda(FrameId),
    /// A nested function or class, by its number among the item's children.
    Define(u32),
    /// `import path`: the module itself.
    Import(Name),
    /// `from module import name`; leading dots are part of the module.
    ImportFrom {
        /// The module as written.
        module: Name,
        /// The name in it.
        name: Name,
    },
    /// `from module import *`
    ImportStar(Name),
    /// Hands a value to the caller; cleanup on the way out comes after it.
    Return(Option<Val>),
    /// Raises an exception.
    Raise(Option<Val>),
    /// The exception that a handler for the given types caught.
    Caught(Args),
    /// Something made of the operands that nothing here looks into.
    Opaque(Args),
}

/// The index of [`Op::Unpack`] for a starred target.
pub const REST: u16 = u16::MAX;

/// A literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Const {
    /// `None`
    None,
    /// `True`
    True,
    /// `False`
    False,
    /// `...`
    Ellipsis,
    /// An integer that fits.
    Int(i32),
    /// Any other number.
    Number,
    /// A string, by its value.
    Str(Name),
    /// A string too long to be a key, a name or a mode.
    Text,
    /// Bytes.
    Bytes,
}

/// Which container a display makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Display {
    /// `[…]`
    List,
    /// `(…)`
    Tuple,
    /// `{…}` of elements
    Set,
    /// `{…}` of pairs
    Dict,
}

/// Which container a comprehension makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Comprehension {
    /// `[… for …]`
    List,
    /// `{… for …}`
    Set,
    /// `{…: … for …}`
    Dict,
    /// `(… for …)`
    Generator,
}

/// A binary operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `|`
    Or,
    /// `&`
    And,
    /// `^`
    Xor,
    /// `%`
    Mod,
    /// `/`, which joins paths too
    Div,
    /// Any other.
    Other,
}

/// A comparison operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CompareOp {
    /// `is`
    Is,
    /// `is not`
    IsNot,
    /// `in`
    In,
    /// `not in`
    NotIn,
    /// `==`
    Eq,
    /// `!=`
    NotEq,
    /// `<`
    Less,
    /// `<=`
    LessEq,
    /// `>`
    Greater,
    /// `>=`
    GreaterEq,
}
