//! A printed form of an item's code, for tests and for people.

use std::fmt::{self, Display, Formatter};

use super::{
    Arg, ArgKind, Args, BlockId, Const, ItemFacts, LoopKind, Op, REST, Terminator, Val, VarId, VarKind,
};

/// Prints blocks in order, an instruction a line.
impl Display for ItemFacts {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, block) in self.body.blocks.iter().enumerate() {
            let id = BlockId::new(index);
            write!(f, "{id}")?;
            if block.is_copy {
                write!(f, " copy")?;
            }
            if let Some(in_loop) = block.in_loop {
                write!(f, " in {in_loop}")?;
            }
            if let Some(target) = block.on_raise {
                write!(f, " raises to {target}")?;
            }
            writeln!(f, ":")?;
            for value in self.body.values(id) {
                writeln!(f, "    {value} = {}", Printed(self, value))?;
            }
            writeln!(f, "    {}", block.exit)?;
        }
        for (index, l) in self.body.loops.iter().enumerate() {
            let kind = match l.kind {
                LoopKind::Forever => "forever".to_owned(),
                LoopKind::While(value) => format!("while {value}"),
                LoopKind::For(value) => format!("for {value}"),
                LoopKind::AsyncFor(value) => format!("async for {value}"),
                LoopKind::Comprehension => "comprehension".to_owned(),
            };
            let exits = match (l.has_break, l.has_return) {
                (true, true) => ", break, return",
                (true, false) => ", break",
                (false, true) => ", return",
                (false, false) => "",
            };
            writeln!(f, "l{index}: {kind} at {}{exits}", l.header)?;
        }
        Ok(())
    }
}

impl Display for Terminator {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Goto(next) => write!(f, "goto {next}"),
            Self::Branch { condition, then, otherwise } => {
                write!(f, "if {condition} goto {then} else {otherwise}")
            }
            Self::ForEach { iterator, body, done } => write!(f, "each {iterator} goto {body} else {done}"),
            Self::Dispatch { catches_all, .. } => {
                write!(f, "except")?;
                self.handlers().try_for_each(|handler| write!(f, " {handler}"))?;
                if *catches_all { Ok(()) } else { write!(f, " or raise") }
            }
            Self::Return => write!(f, "leave"),
            Self::Raise => write!(f, "raise"),
            Self::RaiseUnlessSwallowed { context, after } => {
                write!(f, "raise unless {context} swallows, then goto {after}")
            }
            Self::Unreachable => write!(f, "unreachable"),
        }
    }
}

/// One instruction.
struct Printed<'a>(&'a ItemFacts, Val);

impl Printed<'_> {
    fn args(&self, args: Args) -> String {
        let show = |arg: &Arg| match arg.kind {
            ArgKind::Positional => arg.value.to_string(),
            ArgKind::Keyword(name) => format!("{}={}", self.0.str(name), arg.value),
            ArgKind::Star => format!("*{}", arg.value),
            ArgKind::DoubleStar => format!("**{}", arg.value),
        };
        self.0.body.args(args).iter().map(show).collect::<Vec<_>>().join(", ")
    }

    fn var(&self, var: VarId) -> String {
        let mark = match self.0.var(var).kind {
            VarKind::Bound => "",
            VarKind::Global => "global ",
            VarKind::Free => "free ",
        };
        format!("{mark}{}", self.0.var_name(var))
    }
}

impl Display for Printed<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let facts = self.0;
        let word = |is_async: bool| if is_async { "async " } else { "" };
        match facts.body.op(self.1) {
            Op::Const(Const::Str(text)) => write!(f, "{:?}", facts.str(text)),
            Op::Const(Const::Int(number)) => write!(f, "{number}"),
            Op::Const(other) => write!(f, "{other:?}"),
            Op::Load(var) => write!(f, "{}", self.var(var)),
            Op::Store { var, value } => write!(f, "{} := {value}", self.var(var)),
            Op::Delete(var) => write!(f, "del {}", self.var(var)),
            Op::Attr { base, name } => write!(f, "{base}.{}", facts.str(name)),
            Op::StoreAttr { base, name, value } => write!(f, "{base}.{} := {value}", facts.str(name)),
            Op::DeleteAttr { base, name } => write!(f, "del {base}.{}", facts.str(name)),
            Op::Index { base, key } => write!(f, "{base}[{key}]"),
            Op::StoreIndex { base, key, value } => write!(f, "{base}[{key}] := {value}"),
            Op::DeleteIndex { base, key } => write!(f, "del {base}[{key}]"),
            Op::Slice(args) => write!(f, "slice({})", self.args(args)),
            Op::Call { callee, args } => write!(f, "call {callee}({})", self.args(args)),
            Op::Display { kind, args } => write!(f, "{kind:?}({})", self.args(args)),
            Op::Comprehension { kind, args } => write!(f, "{kind:?} comprehension({})", self.args(args)),
            Op::Binary { op, left, right } => write!(f, "{op:?}({left}, {right})"),
            Op::InPlace { op, left, right } => write!(f, "in-place {op:?}({left}, {right})"),
            Op::Unary(value) => write!(f, "unary {value}"),
            Op::Not(value) => write!(f, "not {value}"),
            Op::Compare { op, left, right } => write!(f, "{op:?}({left}, {right})"),
            Op::Merge(args) => write!(f, "either({})", self.args(args)),
            Op::Format(args) => write!(f, "format({})", self.args(args)),
            Op::Await(value) => write!(f, "await {value}"),
            Op::Yield(Some(value)) => write!(f, "yield {value}"),
            Op::Yield(None) => write!(f, "yield"),
            Op::YieldFrom(value) => write!(f, "yield from {value}"),
            Op::Iterate { value, is_async } => write!(f, "{}iterate {value}", word(is_async)),
            Op::Next(value) => write!(f, "next {value}"),
            Op::Unpack { value, index: REST } => write!(f, "{value} rest"),
            Op::Unpack { value, index } => write!(f, "{value} part {index}"),
            Op::Enter { context, is_async } => write!(f, "{}enter {context}", word(is_async)),
            Op::Exit { context, is_async } => write!(f, "{}exit {context}", word(is_async)),
            Op::Lambda(frame) => write!(f, "lambda {}", facts.body.frames[frame.index()].entry),
            Op::Define(child) => write!(f, "define {child}"),
            Op::Import(path) => write!(f, "import {}", facts.str(path)),
            Op::ImportFrom { module, name } => {
                write!(f, "from {} import {}", facts.str(module), facts.str(name))
            }
            Op::ImportStar(module) => write!(f, "from {} import *", facts.str(module)),
            Op::Return(Some(value)) => write!(f, "return {value}"),
            Op::Return(None) => write!(f, "return"),
            Op::Raise(Some(value)) => write!(f, "raise {value}"),
            Op::Raise(None) => write!(f, "raise"),
            Op::Caught(args) => write!(f, "caught({})", self.args(args)),
            Op::Opaque(args) => write!(f, "opaque({})", self.args(args)),
        }
    }
}
