//! Tasks: who makes them, and whether anything refers to them while they run.
//!
//! An event loop holds its tasks weakly. A task that nothing else refers to may be collected before it
//! is done, and nobody can wait for it, see it fail or cancel it. What becomes of a task is told by what
//! is done with it in the function that makes it; a function that only returns it hands that question
//! on to its callers, over as many functions as it takes.

mod attribute;
mod creation;
mod executor;
mod fate;
mod rearmed;
mod teardown;
mod thread;

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::ir::{Op, Val};
use crate::project::{Cell, CodeId, ModuleId, Notes, Project, ReferenceKind, Table, ValueId};

pub use attribute::{UncancelledTask, uncancelled_tasks};
pub use executor::{UnboundedSubmission, unbounded_submissions};
pub use fate::Lost;
pub use rearmed::{RearmedTimer, rearmed_timers};
pub use thread::{ThreadReason, Unended, UnjoinedThread, examined_threads, unjoined_threads};

use fate::Fate;

/// A task that nothing refers to while it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// The tasks of a project.
#[derive(Clone, Default)]
pub(crate) struct Tasks {
    /// The files whose code makes tasks, tests left out.
    makers: Arc<FxHashSet<ModuleId>>,
    /// What becomes of the tasks that an item makes, in the order of the source.
    fates: Table<CodeId, Vec<(ValueId, Fate)>>,
    /// The dangling tasks, by the item that makes them.
    dangling: Table<CodeId, Vec<DanglingTask>>,
}

/// The tasks that an item makes and that nothing refers to, in the order of the source.
pub fn dangling_tasks(project: &Project, code: CodeId) -> &[DanglingTask] {
    project.note_dangling(code);
    project.tasks().dangling.list(code)
}

/// Whether the code of a file makes tasks.
fn makes_tasks(project: &Project, module: ModuleId) -> bool {
    project.note_makes_tasks(module);
    project.tasks().makers.contains(&module)
}

/// The task that a call keeps in a container, where the function that has the call makes it: `tasks.add(task)`.
pub fn kept_task(project: &Project, code: CodeId, call: Val) -> Option<ValueId> {
    let facts = project.facts(code);
    let Op::Call { args, .. } = facts.body.op(call) else { return None };
    let [arg] = facts.body.args(args) else { return None };
    let made = match facts.body.op(arg.value) {
        Op::Load(var) => facts.only_value(var)?,
        _ => arg.value,
    };
    creation::makes_task(project, code, made).then(|| code.value(made))
}

/// The calls of an item that make a task, in the order of the source.
pub fn made_tasks(project: &Project, code: CodeId) -> Vec<ValueId> {
    creation::created(project, code)
}

impl Tasks {
    pub(crate) fn find(project: &Project, notes: &mut Notes<'_>) -> Self {
        let files = project.modules().filter(|(_, module)| !module.is_test);
        let makers =
            files.map(|(module, _)| module).filter(|module| creation::may_make_tasks(project, *module));
        let makers: Vec<ModuleId> = makers.collect();
        let mut fates = FxHashMap::default();
        for code in makers.iter().flat_map(|module| project.items(*module)) {
            let own = notes.add(Cell::Fates(code), || own_fates(project, code));
            if !own.is_empty() {
                fates.insert(code, own);
            }
        }
        let makers = Arc::new(makers.into_iter().collect());
        let mut tasks = Self { makers, fates: fates.into(), dangling: Table::default() };
        let found = notes.add(Cell::Helpers, || tasks.solve(project));
        tasks.dangling = FxHashMap::from_iter(found).into();
        tasks
    }

    /// Whether it is the same as before which files make tasks, given an item that is not the same.
    pub(crate) fn is_same_maker(&self, project: &Project, before: &Project, code: CodeId) -> bool {
        let (now, then) = (creation::names_creator(project, code), creation::names_creator(before, code));
        let is_maker = self.makers.contains(&code.module);
        now == then
            || project.module(code.module).is_test
            || is_maker == creation::may_make_tasks(project, code.module)
    }

    /// Works out anew what becomes of the tasks of an item. Whether that is something else.
    pub(crate) fn update_fates(&mut self, project: &Project, code: CodeId) -> bool {
        let own = own_fates(project, code);
        let is_different = self.fates.list(code) != own.as_slice();
        if is_different {
            self.fates.set_list(code, own);
        }
        is_different
    }

    /// Works out anew what callers do with the tasks that functions return. The items for which that makes a
    /// difference.
    pub(crate) fn update_dangling(&mut self, project: &Project) -> Vec<CodeId> {
        let found = self.solve(project);
        let before = self.dangling.entries().into_iter().map(|(code, _)| code);
        let mut codes: Vec<CodeId> = before.chain(found.keys().copied()).collect();
        codes.sort_unstable();
        codes.dedup();
        codes.retain(|code| {
            let now = found.get(code).map_or(&[][..], Vec::as_slice);
            let is_different = self.dangling.list(*code) != now;
            if is_different {
                self.dangling.set_list(*code, now.to_vec());
            }
            is_different
        });
        codes
    }

    fn solve(&self, project: &Project) -> BTreeMap<CodeId, Vec<DanglingTask>> {
        let mut solver =
            Solver { project, found: Vec::new(), handed: Vec::new(), helpers: FxHashSet::default() };
        for (_, fates) in self.fates.entries() {
            for &(made, fate) in fates {
                solver.made(made, fate);
            }
        }
        solver.follow_helpers();
        let mut dangling: BTreeMap<CodeId, Vec<DanglingTask>> = BTreeMap::new();
        solver.found.sort_by_key(|found| found.made);
        solver.found.dedup_by_key(|found| found.made);
        for found in solver.found {
            dangling.entry(found.made.code).or_default().push(found);
        }
        dangling
    }

    /// Everything, in order; for comparisons.
    pub(crate) fn describe(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.fates.entries().iter().map(|entry| format!("{entry:?}")).collect();
        lines.extend(self.dangling.entries().iter().map(|entry| format!("{entry:?}")));
        lines
    }
}

/// What becomes of the tasks that an item makes itself.
fn own_fates(project: &Project, code: CodeId) -> Vec<(ValueId, Fate)> {
    let made = creation::created(project, code).into_iter();
    made.map(|made| (made, fate::fate(project, made))).filter(|(_, fate)| *fate != Fate::Kept).collect()
}

struct Solver<'p> {
    project: &'p Project,
    found: Vec<DanglingTask>,
    /// Tasks that functions return, still to be looked for at their callers.
    handed: Vec<ValueId>,
    helpers: FxHashSet<CodeId>,
}

impl Solver<'_> {
    /// Notes what becomes of a task where it is made.
    fn made(&mut self, made: ValueId, fate: Fate) {
        match fate {
            Fate::Kept => {}
            Fate::Returned => self.handed.push(made),
            Fate::Lost(lost) => {
                self.found.push(DanglingTask { made, lost, dropped_by: Vec::new(), helper: None });
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
