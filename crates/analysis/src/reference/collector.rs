//! When a cycle is more than a delay: the collector is off, or something waits for the object to go.

use std::sync::OnceLock;

use super::cycle::{Cycle, CycleKind};
use crate::file::ItemId;
use crate::flow::Flow;
use crate::ir::Op;
use crate::project::{ClassId, CodeId, Project, ValueId};

/// Why it matters when a cycle is freed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matter {
    /// The program turns the collector off here, and nothing turns it on or calls it.
    CollectorOff(ValueId),
    /// This finaliser of an object in the cycle runs only then.
    Finalizer(CodeId),
}

/// Where a project turns the collector off for good, looked for when it is first asked.
#[derive(Clone, Default)]
pub(crate) struct Collector(OnceLock<Option<ValueId>>);

/// Why it matters when a cycle is freed, if it does.
pub fn matter(project: &Project, cycle: &Cycle) -> Option<Matter> {
    let off = match project.collector() {
        Some(known) => *known.0.get_or_init(|| turned_off(project)),
        None => turned_off(project),
    };
    if let Some(at) = off {
        return Some(Matter::CollectorOff(at));
    }
    let class = project.enclosing_class(cycle.code).filter(|_| cycle.kind == CycleKind::Parent)?;
    finalizer(project, class).map(Matter::Finalizer)
}

/// The finaliser of a class, where it does something.
fn finalizer(project: &Project, class: ClassId) -> Option<CodeId> {
    let found = project.class_member(class, "__del__")?;
    let does = project.facts(found).body.insts.iter().any(|inst| matches!(inst.op, Op::Call { .. }));
    does.then_some(found)
}

fn turned_off(project: &Project) -> Option<ValueId> {
    let naming = project.items_naming("gc").into_iter();
    let mut importing = naming.filter(|code| {
        let is_module = code.item == ItemId::MODULE && !project.module(code.module).is_test;
        is_module && project.facts(*code).names.find("gc").is_some()
    });
    importing.find_map(|CodeId { module, .. }| {
        let calls = |name: &str| project.items(module).find_map(|code| call_of(project, code, name));
        let runs = |code: &CodeId| may_run_by_itself(project, *code);
        let mut own =
            project.items(module).filter(runs).filter_map(|code| call_of(project, code, "gc.disable"));
        let off = own.find(|at| is_unconditional(project, *at))?;
        (calls("gc.enable").is_none() && calls("gc.collect").is_none()).then_some(off)
    })
}

/// Whether code runs without anybody asking for it: not a method that nothing in the project calls, as the handler of an
/// option of a command line is.
fn may_run_by_itself(project: &Project, code: CodeId) -> bool {
    project.class_of(code).is_none() || !project.references(code).is_empty()
}

/// Whether a call is made whenever its code runs, or runs as a program.
fn is_unconditional(project: &Project, ValueId { code, value }: ValueId) -> bool {
    let facts = project.facts(code);
    let Some(block) = facts.body.block_of(value) else { return false };
    let asks_for_program = |condition| match facts.body.op(condition) {
        Op::Compare { left, .. } => {
            matches!(facts.body.op(left), Op::Load(var) if facts.var_name(var) == "__name__")
        }
        _ => false,
    };
    Flow::new(&facts.body).guards(block).into_iter().all(|guard| asks_for_program(guard.condition))
}

fn call_of(project: &Project, code: CodeId, path: &str) -> Option<ValueId> {
    let facts = project.facts(code);
    let last = path.rsplit('.').next().unwrap_or(path);
    facts.names.find(last)?;
    let calls = facts.body.originals().flat_map(|block| facts.body.values(block));
    calls
        .filter(|at| match facts.body.op(*at) {
            Op::Call { callee, .. } => project.import_path(code, callee).as_deref() == Some(path),
            _ => false,
        })
        .map(|at| code.value(at))
        .next()
}
