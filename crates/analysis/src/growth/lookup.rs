//! Look-ups that say something of the keys: those that add a missing one, and those that ask for given ones.

use super::effect::GrowthForm;
use crate::ir::{Comprehension, ItemFacts, Op, Terminator, UseKind, Val};
use crate::project::{Holder, Project, Site};

/// Whether a site reads a key just to look at what is there: whoever wrote it did not mean to add.
pub(super) fn adds_by_looking(project: &Project, site: Site, form: GrowthForm) -> bool {
    let used = site.find(project);
    if form != GrowthForm::ReadKey || used.kind != UseKind::ReadElement {
        return false;
    }
    let facts = project.facts(site.code);
    let mut looks = false;
    for inst in &facts.body.insts {
        let mut is_operand = false;
        facts.body.operands(inst.op, |operand| is_operand |= operand == used.at);
        if !is_operand {
            continue;
        }
        if !only_looks(facts, inst.op, used.at) {
            return false;
        }
        looks = true;
    }
    looks
        || facts
            .body
            .blocks
            .iter()
            .any(|block| matches!(block.exit, Terminator::Branch { condition, .. } if condition == used.at))
}

/// Whether a local dict is asked for the keys of another collection, each time all of them: as many as that has
/// it has too. `{key: last_seen.get(key) for key in keys}`
pub(super) fn has_keys_of_another(project: &Project, holder: Holder) -> bool {
    let Holder::Local { code, .. } = holder else { return false };
    let facts = project.facts(code);
    let own = project.sites(holder).iter().filter(|site| site.code == code && site.depth == 0);
    let mut asked = own.filter_map(|site| {
        let used = site.find(project);
        match (used.kind, facts.body.op(used.at)) {
            (UseKind::Call(name), Op::Call { args, .. }) if facts.str(name) == "get" => {
                Some((used.at, facts.body.args(args).first()?.value))
            }
            (UseKind::ReadElement, Op::Index { key, .. }) => Some((used.at, key)),
            _ => None,
        }
    });
    asked.any(|(at, key)| {
        facts.body.insts.iter().any(|inst| {
            let Op::Comprehension { kind: Comprehension::Dict, args } = inst.op else { return false };
            let [.., of, value] = facts.body.args(args) else { return false };
            value.value == at && is_same_variable(facts, of.value, key)
        })
    })
}

fn is_same_variable(facts: &ItemFacts, a: Val, b: Val) -> bool {
    matches!((facts.body.op(a), facts.body.op(b)), (Op::Load(a), Op::Load(b)) if a == b)
}

fn only_looks(facts: &ItemFacts, op: Op, element: Val) -> bool {
    match op {
        Op::Iterate { .. } | Op::Not(_) | Op::Compare { .. } => true,
        Op::Attr { base, name } => {
            base == element
                && matches!(
                    facts.str(name),
                    "items"
                        | "values"
                        | "keys"
                        | "get"
                        | "empty"
                        | "qsize"
                        | "copy"
                        | "count"
                        | "index"
                        | "full"
                )
        }
        Op::Call { callee, .. } => {
            matches!(facts.body.op(callee), Op::Load(var) if matches!(facts.var_name(var),
                "len" | "list" | "tuple" | "sorted" | "sum" | "any" | "all" | "set" | "bool"))
        }
        _ => false,
    }
}
