//! What the body of a cached function says of its arguments, and what empties its cache.

use leakwright_analysis::ir::{CompareOp, Const, Display, ItemFacts, Op, Param, Terminator, Val};
use leakwright_analysis::project::{CodeId, Project};
use leakwright_catalogue::Words;

use crate::cached::CachedFunction;
use crate::context::Context;

/// `if dtype not in ALLOWED: raise …`: what is not in a given set never comes to be a key.
pub(crate) fn is_checked(facts: &ItemFacts, param: Param) -> bool {
    let body = &facts.body;
    body.originals().any(|block| {
        let Terminator::Branch { condition, then, otherwise } = body.block(block).exit else { return false };
        let Op::Compare { op, left, .. } = body.op(condition) else { return false };
        let refused = match op {
            CompareOp::NotIn => then,
            CompareOp::In => otherwise,
            _ => return false,
        };
        is_load(facts, left, param) && body.values(refused).any(|at| matches!(body.op(at), Op::Raise(_)))
    })
}

/// `def table(dist="norm")` with `if dist == "exp"`: one of a few words.
pub(crate) fn is_mode(facts: &ItemFacts, param: Param) -> bool {
    let body = &facts.body;
    let is_text = |value: Val| matches!(body.op(value), Op::Const(Const::Str(_)));
    let are_texts = |value: Val| match body.op(value) {
        Op::Display { kind: Display::List | Display::Tuple | Display::Set, args } => {
            body.args(args).iter().all(|arg| is_text(arg.value))
        }
        _ => false,
    };
    param.default.is_some_and(is_text)
        && body.insts.iter().any(|inst| match inst.op {
            Op::Compare { op: CompareOp::Eq | CompareOp::NotEq, left, right } => {
                is_load(facts, left, param) && is_text(right)
            }
            Op::Compare { op: CompareOp::In | CompareOp::NotIn, left, right } => {
                is_load(facts, left, param) && are_texts(right)
            }
            _ => false,
        })
}

fn is_load(facts: &ItemFacts, value: Val, param: Param) -> bool {
    matches!(facts.body.op(value), Op::Load(var) if var == param.var)
}

/// `-> None`
pub(crate) fn returns_nothing(facts: &ItemFacts) -> bool {
    facts.returns.is_some_and(|returned| matches!(facts.body.op(returned), Op::Const(Const::None)))
}

/// Whether some code, other than tests and the end of an object's life, empties the cache of a function:
/// `compute.cache_clear()`.
pub(crate) fn is_cleared(context: &Context<'_>, cached: &CachedFunction<'_>) -> bool {
    let project = context.project;
    let name = cached.bound_to.as_deref().unwrap_or(project.own_name(cached.function));
    let mut items = project.items_naming("cache_clear").into_iter();
    items.any(|code| {
        if project.module(code.module).is_test {
            return false;
        }
        let facts = project.facts(code);
        let Some(clears) = facts.names.find("cache_clear") else { return false };
        let is_teardown = Words::any(&project.catalogue().words.teardown, facts.own_name());
        let is_it = |base: Val| match facts.body.op(base) {
            Op::Attr { name: attribute, .. } => facts.str(attribute) == name,
            Op::Load(var) => facts.var_name(var) == name,
            _ => false,
        };
        let clears_it = |op: Op| matches!(op, Op::Attr { base, name } if name == clears && is_it(base));
        !is_teardown && facts.body.insts.iter().any(|inst| clears_it(inst.op))
    })
}

/// Whether a function returns a class that it defines: there are as many as there are kinds of things.
pub(crate) fn makes_classes(project: &Project, function: CodeId) -> bool {
    let facts = project.facts(function);
    let file = project.file(function.module);
    let is_class = |value: Val| match facts.body.op(value) {
        Op::Load(var) => facts.only_value(var).is_some_and(|stored| {
            let item = file.defined(function.item, stored);
            item.is_some_and(|item| file.is_class(item))
        }),
        _ => false,
    };
    facts.body.insts.iter().any(|inst| matches!(inst.op, Op::Return(Some(value)) if is_class(value)))
}
