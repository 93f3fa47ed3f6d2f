//! Which values are large, and whether code needs them or only measures them.

use crate::ir::{BinaryOp, ItemFacts, Op, Val, VarId};
use crate::project::{CodeId, Entity, Project};

/// How far a value is followed back.
const MAX_STEPS: u32 = 8;

/// Whether a value is large, by the calls that it comes from.
pub(crate) fn is_large(project: &Project, code: CodeId, value: Val) -> bool {
    is_large_within(project, code, value, MAX_STEPS)
}

fn is_large_within(project: &Project, code: CodeId, value: Val, fuel: u32) -> bool {
    let Some(fuel) = fuel.checked_sub(1) else { return false };
    let facts = project.facts(code);
    let large = &project.catalogue().large;
    match facts.body.op(value) {
        Op::Await(inner) => is_large_within(project, code, inner, fuel),
        Op::Binary { op: BinaryOp::Mul, left, right } => {
            is_large_within(project, code, left, fuel) || is_large_within(project, code, right, fuel)
        }
        Op::Call { callee, args } => match project.entity(code, callee) {
            Some(Entity::External(path)) => large.is_function(&path),
            Some(_) => false,
            None => match facts.body.op(callee) {
                Op::Attr { name, .. } => args.is_empty() && large.is_method(facts.str(name)),
                _ => false,
            },
        },
        Op::Load(var) => is_large_variable(project, code, var, fuel),
        _ => false,
    }
}

/// Whether all that a local variable is bound to is large.
fn is_large_variable(project: &Project, code: CodeId, var: VarId, fuel: u32) -> bool {
    let facts = project.facts(code);
    let stores = facts.stores(var);
    facts.is_local(var)
        && !facts.var(var).is_parameter
        && !stores.is_empty()
        && stores.iter().all(|store| {
            facts.stored(*store).is_some_and(|value| is_large_within(project, code, value, fuel))
        })
}

/// Whether a local variable holds something large, and nothing else.
pub(super) fn holds_large(project: &Project, code: CodeId, var: VarId) -> bool {
    is_large_variable(project, code, var, MAX_STEPS)
}

/// Whether all that is done with a value is to measure it, or to read one entry by its name.
pub(super) fn is_only_measured(project: &Project, facts: &ItemFacts, value: Val) -> bool {
    let large = &project.catalogue().large;
    let mut is_used = false;
    let only = facts.body.insts.iter().all(|inst| {
        let mut uses = false;
        facts.body.operands(inst.op, |operand| uses |= operand == value);
        if !uses {
            return true;
        }
        is_used = true;
        match inst.op {
            Op::Call { callee, .. } => {
                matches!(facts.body.op(callee), Op::Load(var) if large.measures(facts.var_name(var)))
            }
            Op::Attr { name, .. } => large.is_measure(facts.str(name)),
            Op::Index { base, key } => base == value && facts.string(key).is_some(),
            _ => false,
        }
    });
    only && is_used
}
