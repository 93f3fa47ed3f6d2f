//! Executors that are fed faster than they work.
//!
//! An executor runs what it is given on a few threads or processes; the rest waits in a queue without limit, with all its
//! arguments. A loop that does not end and only ever submits, without waiting for anything that was submitted and without
//! counting it, makes that queue as long as the difference in speed allows.

use crate::bindings::Binding;
use crate::growth::endless_loop;
use crate::ir::{BlockId, CompareOp, Const, ItemFacts, LoopId, Op, UseKind, Val};
use crate::project::{CodeId, Holder, ModuleId, Project, Symbol, ValueId};

/// A submission that nothing bounds.
#[derive(Clone, Debug)]
pub struct UnboundedSubmission {
    /// The call that submits.
    pub call: ValueId,
    /// Where the executor is made.
    pub made: ValueId,
    /// The loop without end around it.
    pub in_loop: LoopId,
}

/// How far the value of an executor is followed back.
const MAX_STEPS: u32 = 4;

/// The submissions in items of a file that nothing bounds, in the order of the source.
pub fn unbounded_submissions(
    project: &Project,
    module: ModuleId,
    items: impl Iterator<Item = CodeId>,
) -> Vec<UnboundedSubmission> {
    if project.module(module).is_test {
        return Vec::new();
    }
    let tasks = &project.catalogue().tasks;
    let mut found = Vec::new();
    for code in items {
        let facts = project.facts(code);
        if project.is_broken(code) || !facts.names.iter().any(|name| tasks.submits(name)) {
            continue;
        }
        for block in facts.body.originals() {
            found.extend(facts.body.values(block).filter_map(|at| unbounded(project, code, block, at)));
        }
    }
    found
}

fn unbounded(project: &Project, code: CodeId, block: BlockId, call: Val) -> Option<UnboundedSubmission> {
    let facts = project.facts(code);
    let Op::Call { callee, .. } = facts.body.op(call) else { return None };
    let Op::Attr { base, name } = facts.body.op(callee) else { return None };
    if !project.catalogue().tasks.submits(facts.str(name)) {
        return None;
    }
    let in_loop = endless_loop(facts, block)?;
    let made = executor(project, code, base, MAX_STEPS)?;
    let is_made_inside =
        made.code == code && facts.body.block_of(made.value).is_some_and(|made| is_in(facts, made, in_loop));
    (!is_made_inside && is_left_alone(facts, call) && !is_throttled(project, facts, in_loop))
        .then(|| UnboundedSubmission { call: code.value(call), made, in_loop })
}

fn is_in(facts: &ItemFacts, block: BlockId, round: LoopId) -> bool {
    facts.body.loops_around(block).any(|around| around == round)
}

/// The call that makes the executor which a value is, if it is one.
fn executor(project: &Project, code: CodeId, value: Val, fuel: u32) -> Option<ValueId> {
    let fuel = fuel.checked_sub(1)?;
    let facts = project.facts(code);
    match facts.body.op(value) {
        Op::Call { callee, .. } => {
            let path = project.import_path(code, callee)?;
            project.catalogue().tasks.is_executor(&path).then(|| code.value(value))
        }
        // `with ThreadPoolExecutor() as pool:`
        Op::Enter { context, .. } => executor(project, code, context, fuel),
        Op::Load(var) => match project.file(code.module).binding(code.item, var) {
            Binding::Local(item, var) => {
                let owner = CodeId { item, ..code };
                executor(project, owner, project.facts(owner).only_value(var)?, fuel)
            }
            Binding::Global(global) => {
                let module = project.module_code(code);
                let var = project.file(code.module).global(global).var?;
                executor(project, module, project.facts(module).only_value(var)?, fuel)
            }
            _ => None,
        },
        Op::Attr { base, name } => {
            let Op::Load(var) = facts.body.op(base) else { return None };
            let (class, _) = project.self_class(code, var)?;
            of_attribute(project, project.attribute(class, Symbol::of(facts.str(name))), fuel)
        }
        _ => None,
    }
}

/// The executor that an attribute holds, if that is one thing.
fn of_attribute(project: &Project, holder: Holder, fuel: u32) -> Option<ValueId> {
    let bound = project.sites(holder).iter().filter(|site| site.depth == 0).filter_map(|site| {
        let UseKind::Bind(value) = site.find(project).kind else { return None };
        let is_none = matches!(project.facts(site.code).body.op(value), Op::Const(Const::None));
        (!is_none).then_some((site.code, value))
    });
    let mut bound = bound;
    let (code, value) = bound.next()?;
    bound.next().is_none().then(|| executor(project, code, value, fuel)).flatten()
}

/// Whether nobody asks what becomes of a submission: its result is dropped, or told to call back.
fn is_left_alone(facts: &ItemFacts, call: Val) -> bool {
    let users = |value: Val| {
        facts.body.insts.iter().filter(move |inst| {
            let mut is_used = false;
            facts.body.operands(inst.op, |operand| is_used |= operand == value);
            is_used
        })
    };
    let only_calls_back = |value: Val| {
        users(value)
            .all(|inst| matches!(inst.op, Op::Attr { name, .. } if facts.str(name) == "add_done_callback"))
    };
    users(call).all(|inst| match inst.op {
        Op::Store { var, .. } if facts.is_local(var) => {
            let loads = (0..facts.body.insts.len()).map(Val::new);
            let mut loads =
                loads.filter(|at| matches!(facts.body.op(*at), Op::Load(loaded) if loaded == var));
            loads.all(only_calls_back)
        }
        Op::Attr { name, .. } => facts.str(name) == "add_done_callback",
        _ => false,
    })
}

/// Whether something in a loop waits for what is done, or counts what is not.
fn is_throttled(project: &Project, facts: &ItemFacts, round: LoopId) -> bool {
    let blocks = facts.body.originals().filter(|block| is_in(facts, *block, round));
    let tasks = &project.catalogue().tasks;
    blocks.into_iter().flat_map(|block| facts.body.values(block)).any(|at| match facts.body.op(at) {
        Op::Call { callee, .. } => match facts.body.op(callee) {
            Op::Attr { name, .. } => tasks.throttles(facts.str(name)),
            Op::Load(var) => tasks.throttles(facts.var_name(var)),
            _ => false,
        },
        Op::Compare { op, .. } => {
            matches!(op, CompareOp::Less | CompareOp::LessEq | CompareOp::Greater | CompareOp::GreaterEq)
        }
        // `with semaphore:`
        Op::Enter { context, .. } => {
            let name = match facts.body.op(context) {
                Op::Load(var) => facts.var_name(var),
                Op::Attr { name, .. } => facts.str(name),
                _ => "",
            };
            name.to_lowercase().contains("sem") || name.to_lowercase().contains("limit")
        }
        _ => false,
    })
}
