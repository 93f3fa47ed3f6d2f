//! Variables of a function that an inner function goes on using.

use super::confidence::Sign;
use crate::ir::{Op, Val};
use crate::project::{CodeId, Project, ReferenceKind};

/// An inner function that its outer function returns or hands on lives as long as the receiver.
pub(super) fn closure_sign(project: &Project, outer: CodeId, inner: CodeId) -> Sign {
    let file = project.file(outer.module);
    let child = std::iter::once(inner.item)
        .chain(file.ancestors(inner.item))
        .find(|item| file.parent(*item) == Some(outer.item));
    let handed_on = child.is_some_and(|item| {
        let references = project.references(CodeId { item, ..outer });
        references
            .iter()
            .any(|found| found.kind == ReferenceKind::Value && is_kept(project, found.code, found.at))
    });
    let is_resumed =
        matches!(project.facts(outer).kind, crate::ir::ItemKind::Function { is_generator: true, .. });
    if is_resumed {
        Sign::new(-4, "the function around it goes on, and ends, after the inner one is done with")
    } else if handed_on {
        Sign::new(1, "the inner function is kept")
    } else {
        Sign::new(-4, "the inner function is not seen to outlive the call")
    }
}

/// Whether a function that is used as a value is returned, stored, or given to something that keeps
/// it, by what that is called.
fn is_kept(project: &Project, code: CodeId, value: Val) -> bool {
    let facts = project.facts(code);
    let keeps = |callee: Val| match facts.body.op(callee) {
        Op::Attr { name, .. } if runs_once(facts.str(name)) => false,
        Op::Attr { name, .. } => matches!(
            leakwright_catalogue::split_words(facts.str(name)).next().as_deref(),
            Some(
                "add"
                    | "append"
                    | "register"
                    | "connect"
                    | "subscribe"
                    | "on"
                    | "set"
                    | "bind"
                    | "attach"
                    | "listen"
                    | "observe"
                    | "hook"
            )
        ),
        _ => false,
    };
    facts.body.insts.iter().any(|inst| match inst.op {
        Op::Return(Some(returned)) | Op::Yield(Some(returned)) => returned == value,
        Op::StoreAttr { value: stored, .. } | Op::StoreIndex { value: stored, .. } => stored == value,
        Op::Call { callee, args } => {
            keeps(callee) && facts.body.args(args).iter().any(|arg| arg.value == value)
        }
        _ => false,
    })
}

/// Whether a method of a name is given what is run once at most: when a future or deferred has its result.
fn runs_once(method: &str) -> bool {
    matches!(method, "addCallback" | "addCallbacks" | "addErrback" | "addBoth" | "add_done_callback")
}
