//! Tasks: who makes them, and whether anything refers to them while they run.
//!
//! An event loop holds its tasks weakly. A task that nothing else refers to may be collected before it
//! is done, and nobody can wait for it, see it fail or cancel it. What becomes of a task is told by what
//! is done with it in the function that makes it; a function that only returns it hands that question
//! on to its callers, over as many functions as it takes.

mod attribute;
mod creation;
mod fate;
mod rearmed;
mod teardown;
mod thread;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::project::{CodeId, Project, ReferenceKind, ValueId};

pub use attribute::{UncancelledTask, uncancelled_tasks};
pub use fate::Lost;
pub use rearmed::{RearmedTimer, rearmed_timers};
pub use thread::{Unended, UnjoinedThread, unjoined_threads};

use fate::Fate;

/// A task that nothing refers to while it runs.
#[derive(Clone, Debug)]
pub struct DanglingTask {
    /// The call that makes it.
    pub made: ValueId,
    /// What becomes of it.
    pub lost: Lost,
    /// Where callers drop it, if the function that makes it returns it.
    pub dropped_by: Vec<ValueId>,
    /// The project's function that is called to make it, if it is not made by the library directly.
    pub helper: Option<CodeId>,
}

/// The dangling tasks of a project, by the item that makes them.
#[derive(Default)]
pub(crate) struct Tasks {
    dangling: FxHashMap<CodeId, Vec<DanglingTask>>,
}

/// The tasks that an item makes and that nothing refers to, in the order of the source.
pub fn dangling_tasks(project: &Project, code: CodeId) -> &[DanglingTask] {
    project.tasks().dangling.get(&code).map_or(&[], Vec::as_slice)
}

impl Tasks {
    pub(crate) fn find(project: &Project) -> Self {
        let mut solver =
            Solver { project, found: Vec::new(), handed: Vec::new(), helpers: FxHashSet::default() };
        for (module, of_module) in project.modules() {
            if of_module.is_test || !creation::may_make_tasks(project, module) {
                continue;
            }
            for code in project.items(module) {
                for made in creation::created(project, code) {
                    solver.made(made, None);
                }
            }
        }
        solver.follow_helpers();
        let mut tasks = Self::default();
        solver.found.sort_by_key(|found| found.made);
        solver.found.dedup_by_key(|found| found.made);
        for found in solver.found {
            tasks.dangling.entry(found.made.code).or_default().push(found);
        }
        tasks
    }
}

struct Solver<'p> {
    project: &'p Project,
    found: Vec<DanglingTask>,
    /// Tasks that functions return, still to be looked for at their callers.
    handed: Vec<ValueId>,
    helpers: FxHashSet<CodeId>,
}

impl Solver<'_> {
    /// Judges a task where it is made, or where a helper is called that returns it.
    fn made(&mut self, made: ValueId, helper: Option<CodeId>) {
        match fate::fate(self.project, made) {
            Fate::Kept => {}
            Fate::Returned => self.handed.push(made),
            Fate::Lost(lost) => {
                self.found.push(DanglingTask { made, lost, dropped_by: Vec::new(), helper });
            }
        }
    }

    /// Looks at the callers of functions that return a task, and at theirs if they return it too.
    fn follow_helpers(&mut self) {
        while let Some(made) = self.handed.pop() {
            if self.helpers.insert(made.code) && is_plain(self.project, made.code) {
                self.callers(made);
            }
        }
    }

    fn callers(&mut self, made: ValueId) {
        let project = self.project;
        let (mut dropped, mut kept) = (Vec::new(), 0);
        for found in project.references(made.code) {
            if found.kind != ReferenceKind::Call || project.module(found.code.module).is_test {
                continue;
            }
            let call = found.code.value(found.at);
            let Some(task) = fate::result_of(project, made.code, call) else { continue };
            match fate::fate(project, task) {
                Fate::Kept => kept += 1,
                Fate::Returned if task.code != made.code => self.handed.push(task),
                Fate::Returned => {}
                Fate::Lost(lost) => dropped.push((call, lost)),
            }
        }
        if dropped.len() > kept {
            // The callers are many and think that it keeps the task: the helper is the place to mend.
            let dropped_by = dropped.into_iter().map(|(call, _)| call).collect();
            self.found.push(DanglingTask { made, lost: Lost::ByCallers, dropped_by, helper: None });
        } else {
            let dangling = dropped.into_iter().map(|(call, lost)| DanglingTask {
                made: call,
                lost,
                dropped_by: Vec::new(),
                helper: Some(made.code),
            });
            self.found.extend(dangling);
        }
    }
}

/// Whether calling a function hands out what it returns: nothing wraps or overrides it.
fn is_plain(project: &Project, code: CodeId) -> bool {
    let facts = project.facts(code);
    let is_generator = matches!(facts.kind, crate::ir::ItemKind::Function { is_generator: true, .. });
    let only_binds = facts.decorators.iter().all(|decorator| {
        let path = project.import_path(code, *decorator);
        path.is_some_and(|path| matches!(path.as_str(), "staticmethod" | "classmethod" | "typing.final"))
    });
    project.is_final(code) && !is_generator && only_binds
}
