//! Removals that a state of the program lets a function skip.
//!
//! `def on_end(self, span): if not current_client(): return; self.open.pop(span.id)`: whether the entry goes
//! depends on something that has nothing to do with it, and that may have changed since it was added.

use super::key::is_constant;
use crate::bindings::Binding;
use crate::flow::reaching;
use crate::ir::{BlockId, Op, Terminator, Val};
use crate::project::{CodeId, Entity, Project, Site};

/// How many values a condition is followed through.
const MAX_OPERANDS: usize = 48;

/// Whether a function can return without removing because of a state that neither its parameters nor its
/// object have part in.
pub(super) fn is_skipped(project: &Project, site: Site) -> bool {
    let body = &project.facts(site.code).body;
    let reaches = reaching(body, site.find(project).block);
    (0..body.blocks.len()).map(BlockId::new).filter(|block| reaches[block.index()]).any(|block| {
        let Terminator::Branch { condition, then, otherwise } = body.block(block).exit else { return false };
        let leaves = !reaches[then.index()] || !reaches[otherwise.index()];
        leaves && is_ambient(project, site.code, condition)
    })
}

/// Whether a condition comes from what the module can reach and nothing else, and can change.
fn is_ambient(project: &Project, code: CodeId, condition: Val) -> bool {
    let facts = project.facts(code);
    let mut pending = vec![condition];
    let mut changes = false;
    for _ in 0..MAX_OPERANDS {
        let Some(value) = pending.pop() else { return changes };
        match facts.body.op(value) {
            Op::Load(var) => match project.file(code.module).binding(code.item, var) {
                Binding::Local(item, own) if item == code.item => {
                    if facts.var(own).is_parameter || facts.stores(own).is_empty() {
                        return false;
                    }
                    let stored = facts.stores(own).iter().filter_map(|store| facts.stored(*store));
                    pending.extend(stored.filter(|stored| *stored < value));
                }
                Binding::Local(..) | Binding::Class(..) => return false,
                Binding::Global(_) | Binding::Builtin => {}
            },
            // `Hub.current`, `get_client()`
            Op::Attr { base, name } => {
                let entity = project.entity(code, base);
                changes |= matches!(entity, Some(Entity::Class(_))) && !is_constant(facts.str(name));
                pending.push(base);
            }
            Op::Call { callee, .. } => {
                let called = project.callable(code, callee);
                changes |= called.is_some_and(|called| project.is_function(called));
                facts.body.operands(facts.body.op(value), |operand| pending.push(operand));
            }
            op => facts.body.operands(op, |operand| pending.push(operand)),
        }
    }
    false
}
