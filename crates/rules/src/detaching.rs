//! What the rules about tensors share: places, and fixes that call a method on what is kept.

use leakwright_analysis::ir::LoopId;
use leakwright_analysis::project::{CodeId, ValueId};
use leakwright_syntax::{Kind, TextRange};

use crate::context::Context;
use crate::edits;
use crate::finding::{Evidence, Role};
use crate::fix::{Applicability, Edit, Fix, Sources};

/// A value as a place of the chain.
pub(crate) fn place(context: &Context<'_>, role: Role, value: ValueId, message: &str) -> Evidence {
    let module = value.code.module;
    let range = context.project.file(module).value_range(value.code.item, value.value);
    Evidence { role, module, range, message: message.to_owned() }
}

/// The keyword of a loop, which stands for it.
pub(crate) fn loop_place(context: &Context<'_>, code: CodeId, id: LoopId) -> Evidence {
    let found = context.project.facts(code).body.loops[id.index()].range;
    let start = context.project.file(code.module).range(code.item, found).start;
    let range = TextRange::new(start, start + "for".len() as u32);
    Evidence {
        role: Role::Repeats,
        module: code.module,
        range,
        message: "in each round of this loop".to_owned(),
    }
}

/// Calls a method without arguments on a value, where its text can be called on. What comes out may not
/// do all that the value could: unsafe.
pub(crate) fn call_on(
    context: &Context<'_>,
    sources: &dyn Sources,
    value: ValueId,
    method: &'static str,
    title: &str,
) -> Option<Fix> {
    let module = value.code.module;
    let range = context.project.file(module).value_range(value.code.item, value.value);
    let tree = sources.tree(module)?;
    let node = edits::exact(tree, range)?;
    let is_display = matches!(node.kind(), Kind::Dictionary | Kind::List | Kind::Tuple | Kind::Set);
    if is_display {
        return None;
    }
    let is_simple = matches!(node.kind(), Kind::Identifier | Kind::Attribute | Kind::Call | Kind::Subscript);
    let call = format!(".{method}()");
    let edits = if is_simple {
        vec![Edit::insert(module, range.end, call)]
    } else {
        vec![Edit::insert(module, range.start, "("), Edit::insert(module, range.end, format!("){call}"))]
    };
    Some(Fix { id: method, title: title.to_owned(), applicability: Applicability::Unsafe, edits })
}
