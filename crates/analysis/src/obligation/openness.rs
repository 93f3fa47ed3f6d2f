//! Questions that code asks of a resource to learn whether it is open: `closed`, `is_closed()`, `is_open`.

use crate::ir::{ItemFacts, Op, Step, Use, UseKind, Val};

/// The answer that an attribute or method of this name gives while the resource is open; `None` if it asks
/// something else.
fn answer_while_open(name: &str) -> Option<bool> {
    match name {
        "closed" | "is_closed" | "isclosed" | "isClosed" | "is_closing" => Some(false),
        "is_open" | "isOpen" | "isopen" => Some(true),
        _ => None,
    }
}

/// The value that is asked whether it is open, and the answer while it is.
pub(super) fn asked(facts: &ItemFacts, condition: Val) -> Option<(Val, bool)> {
    let attribute = match facts.body.op(condition) {
        Op::Call { callee, args } if facts.body.args(args).is_empty() => callee,
        Op::Attr { .. } => condition,
        _ => return None,
    };
    let Op::Attr { base, name } = facts.body.op(attribute) else { return None };
    Some((base, answer_while_open(facts.str(name))?))
}

/// Whether a use of something, reached over these steps, asks whether it is open.
pub(super) fn is_asked(facts: &ItemFacts, used: Use, rest: &[Step]) -> bool {
    let asks = |name| answer_while_open(facts.str(name)).is_some();
    match (rest, used.kind) {
        ([], UseKind::Call(name)) => asks(name),
        ([Step::Attr(name)], _) => asks(*name),
        _ => false,
    }
}
