//! # LW601 dangling-task
//!
//! ## What it does
//!
//! Finds tasks of asyncio that nothing refers to while they run: the result of `create_task` or
//! `ensure_future` is dropped, bound to a variable that is never used, left to `shield`, or returned by
//! a function of the project whose callers drop it. Also finds tasks in an attribute that the closing
//! method of the class forgets, though it cancels others.
//!
//! ## Why it leaks
//!
//! The event loop holds its tasks weakly: one that nothing else refers to may be collected in the midst
//! of its work. Nobody can cancel it or wait for it, so it outlives what started it, and what it raises
//! is not seen.
//!
//! ## Example
//!
//! ```python
//! import asyncio
//!
//!
//! class Device:
//!     def on_message(self, message):
//!         asyncio.create_task(self.handle(message))  # error: [LW601]
//!
//!     async def handle(self, message): ...
//! ```
//!
//! ## Use instead
//!
//! ```python
//! import asyncio
//!
//!
//! class Device:
//!     def __init__(self):
//!         self._tasks = set()
//!
//!     def on_message(self, message):
//!         task = asyncio.create_task(self.handle(message))
//!         self._tasks.add(task)
//!         task.add_done_callback(self._tasks.discard)
//!
//!     async def handle(self, message): ...
//!
//!     def close(self):
//!         for task in self._tasks:
//!             task.cancel()
//! ```
//!
//! ## Fix safety
//!
//! The task is put into a set of the module, and taken out when it is done. That is *unsafe*: a task
//! that went away by being collected runs to its end then.
//!
//! ## Known limits
//!
//! Tasks made by methods of objects that are not known to be event loops, and tasks that are stored,
//! captured or given to code that cannot be seen, are passed over, as are tasks of a function that
//! runs the loop itself. Groups of tasks keep what they make.
//!
//! ## References
//!
//! - [`asyncio.create_task`](https://docs.python.org/3/library/asyncio-task.html#asyncio.create_task)
//! - [`asyncio.shield`](https://docs.python.org/3/library/asyncio-task.html#asyncio.shield)

use leakwright_analysis::tasks::{self, Lost};
use leakwright_syntax::TextRange;

use crate::context::Context;
use crate::finding::{Confidence, Evidence, Finding, LeakType, RiskLevel, Role, Severity};
use crate::fix::{Fix, Sources};
use crate::registry::docs;
use crate::rule::{Family, Metadata, Rule, RuleId};
use crate::{edits, keeping, lasting};

pub(crate) struct DanglingTask;

static METADATA: Metadata = Metadata {
    code: "LW601",
    name: "dangling-task",
    summary: "nothing refers to a task of asyncio while it runs",
    family: Family::Task,
    severity: Severity::Warning,
    leak_type: LeakType::Task,
    is_default: true,
    docs: docs::LW601,
};

impl Rule for DanglingTask {
    fn metadata(&self) -> &'static Metadata {
        &METADATA
    }

    fn check(&self, context: &Context<'_>, findings: &mut Vec<Finding>) {
        let Some(rule) = RuleId::from_code(METADATA.code) else { return };
        let project = context.project;
        let dangling = context.items().flat_map(|code| tasks::dangling_tasks(project, code));
        findings.extend(dangling.map(|task| dangling_finding(context, rule, task)));
        let forgotten = tasks::uncancelled_tasks(project, context.module, context.items());
        findings.extend(forgotten.iter().map(|task| uncancelled_finding(context, rule, task)));
    }

    fn fixes(&self, finding: &Finding, context: &Context<'_>, sources: &dyn Sources) -> Vec<Fix> {
        let tree = sources.tree(context.module);
        let call = tree.and_then(|tree| Some((tree, edits::exact(tree, finding.range)?)));
        let fix = call.and_then(|(tree, call)| keeping::keep_and_discard(context.module, tree, call));
        vec![fix.unwrap_or_else(|| Fix::display("keep", finding.recommendation.clone()))]
    }
}

fn dangling_finding(context: &Context<'_>, rule: RuleId, task: &tasks::DanglingTask) -> Finding {
    let project = context.project;
    let code = task.made.code;
    let facts = project.facts(code);
    let (message, pattern) = match task.lost {
        Lost::Dropped => ("nothing refers to the task that is made here".to_owned(), "the result is dropped"),
        Lost::Unused(var) => {
            let name = facts.var_name(var);
            (
                format!("nothing refers to the task in `{name}` once the function returns"),
                "the task is bound to a variable that nothing uses",
            )
        }
        Lost::Shielded => (
            "a cancelled wait leaves this task to itself: nothing else refers to it".to_owned(),
            "only shield() refers to the task",
        ),
        Lost::ByCallback => (
            "nothing refers to the task that this callback makes".to_owned(),
            "what a callback returns is dropped",
        ),
        Lost::ByCallers => (
            format!("`{}` only returns its task, and callers drop it", facts.own_name()),
            "a helper returns a task without keeping it",
        ),
    };
    let range = context.file().value_range(code.item, task.made.value);
    let recommendation = "keep the task in a set until it is done: tasks.add(task), \
                          task.add_done_callback(tasks.discard)";
    let words = [message, pattern.to_owned(), recommendation.to_owned()];
    let mut finding = lasting::finding(context, rule, range, context.name_of(code), words);
    "it may be collected before it is done, and nobody can cancel it".clone_into(&mut finding.risk.reason);
    "one task per call".clone_into(&mut finding.impact);
    if matches!(task.lost, Lost::Shielded | Lost::ByCallback) {
        finding.confidence = Confidence::Medium;
    }
    finding.evidence.push(evidence(context, Role::Created, range, "the event loop holds it weakly"));
    if let Some(helper) = task.helper {
        let range = project.file(helper.module).range(helper.item, project.facts(helper).name_range);
        let message = "this returns a task that it does not keep".to_owned();
        finding.evidence.push(Evidence { role: Role::Created, module: helper.module, range, message });
    }
    finding.evidence.extend(task.dropped_by.iter().take(3).map(|call| Evidence {
        role: Role::Leaves,
        module: call.code.module,
        range: project.file(call.code.module).value_range(call.code.item, call.value),
        message: "the task is dropped here".to_owned(),
    }));
    finding
}

fn uncancelled_finding(context: &Context<'_>, rule: RuleId, task: &tasks::UncancelledTask) -> Finding {
    let project = context.project;
    let name = &task.name;
    let range = context.file().value_range(task.made.code.item, task.made.value);
    let ending = task.sibling.code;
    let ending_name = project.own_name(ending);
    let words = [
        format!("`{ending_name}` does not cancel the task in `{name}`, which outlives the object"),
        "a task in an attribute is not cancelled where others are".to_owned(),
        format!("cancel `{name}` in `{ending_name}`"),
    ];
    let mut finding = lasting::finding(context, rule, range, context.name_of(task.made.code), words);
    finding.confidence = Confidence::Medium;
    finding.risk.level = RiskLevel::Medium;
    "the task keeps the object and goes on after it is closed".clone_into(&mut finding.risk.reason);
    "one task per object".clone_into(&mut finding.impact);
    finding.evidence.push(evidence(context, Role::Created, range, "the task is kept here"));
    finding.evidence.push(Evidence {
        role: Role::Released,
        module: ending.module,
        range: context.site_range(task.sibling),
        message: "another task of the object is ended here".to_owned(),
    });
    finding
}

fn evidence(context: &Context<'_>, role: Role, range: TextRange, message: &str) -> Evidence {
    Evidence { role, module: context.module, range, message: message.to_owned() }
}
