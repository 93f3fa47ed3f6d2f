//! Look-ups that add: a missing key of a defaultdict that is read only to be looked at.

use super::effect::GrowthForm;
use crate::ir::{ItemFacts, Op, Terminator, UseKind, Val};
use crate::project::{Project, Site};

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
