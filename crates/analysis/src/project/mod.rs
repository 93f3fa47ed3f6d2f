//! The files of a project, linked: names resolved across files, classes with their bases, who calls
//! what, and everything done with each variable and attribute.
//!
//! Linking is pure: the same modules, catalogue and module names give the same result, whatever was
//! linked before.

mod calls;
mod classes;
mod edit;
mod entity;
mod holders;
mod index;
mod ledger;
mod locate;
mod pieces;
mod reads;
mod summaries;
mod table;
mod tracked;
mod values;
mod view;

use std::sync::Arc;

use leakwright_catalogue::Catalogue;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::file::{FileFacts, ItemId};
use crate::ir::{ItemFacts, Val};
use crate::obligation::Obligations;
use crate::reference::Collector;
use crate::tasks::Tasks;
pub use reads::Read;

pub use calls::{Reference, ReferenceKind};
pub use classes::ClassId;
pub use entity::Entity;
pub use holders::{Holder, Site, Symbol};
pub use ledger::Part;
pub(crate) use ledger::{Cell, Notes};
pub use locate::Located;
pub use summaries::ParamSummary;
pub(crate) use table::{Lists, ListsBuilder, Table};
pub use tracked::Tracked;
pub use values::CreatedContainer;
pub use view::File;

/// A file of the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleId(pub u32);

/// A file and the name it is imported by.
#[derive(Clone, Debug)]
pub struct Module {
    /// Dotted name; what relative imports start from.
    pub name: String,
    /// Whether it is the `__init__` of a package.
    pub is_package: bool,
    /// Whether it is test code.
    pub is_test: bool,
    /// What is in it.
    pub facts: Arc<FileFacts>,
}

/// An item of the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CodeId {
    /// Its file.
    pub module: ModuleId,
    /// Its number in the file.
    pub item: ItemId,
}

/// A value of an item of the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueId {
    /// The item.
    pub code: CodeId,
    /// The value.
    pub value: Val,
}

/// Linked files. Cloning is cheap.
#[derive(Clone)]
pub struct Project {
    modules: Arc<Vec<Module>>,
    /// Files that are not as they were when they were linked.
    edited: Vec<(ModuleId, Arc<Module>)>,
    /// Files of which it is noted what is read, because they are going to be edited.
    watched: Option<Arc<FxHashSet<ModuleId>>>,
    by_name: Arc<FxHashMap<String, ModuleId>>,
    catalogue: Arc<Catalogue>,
    classes: classes::Classes,
    holders: holders::Holders,
    calls: calls::Calls,
    summaries: summaries::Summaries,
    obligations: Obligations,
    tasks: Tasks,
    collector: Collector,
    index: Arc<index::Index>,
}

type Step = fn(&mut Project, &mut Notes<'_>);

/// What linking consists of, each step building on those before it.
const STEPS: [Step; 6] = [
    |project, notes| project.classes = classes::Classes::find(project, notes),
    |project, notes| project.holders = holders::Holders::find(project, notes),
    |project, notes| project.calls = calls::Calls::find(project, notes),
    |project, notes| project.summaries = summaries::Summaries::solve(project, notes),
    Obligations::solve,
    |project, notes| project.tasks = Tasks::find(project, notes),
];

impl Project {
    /// Links files. Where two have the same name the first is what imports find.
    pub fn link(modules: Vec<Module>, catalogue: Arc<Catalogue>) -> Self {
        let mut project = Self::unlinked(modules, catalogue);
        for step in STEPS {
            step(&mut project, &mut Notes(None));
        }
        project
    }

    fn unlinked(modules: Vec<Module>, catalogue: Arc<Catalogue>) -> Self {
        let mut by_name = FxHashMap::default();
        for (index, module) in modules.iter().enumerate() {
            by_name.entry(module.name.clone()).or_insert(ModuleId(index as u32));
        }
        Self {
            modules: Arc::new(modules),
            edited: Vec::new(),
            watched: None,
            by_name: Arc::new(by_name),
            catalogue,
            classes: classes::Classes::default(),
            holders: holders::Holders::default(),
            calls: calls::Calls::default(),
            summaries: summaries::Summaries::default(),
            obligations: Obligations::default(),
            tasks: Tasks::default(),
            collector: Collector::default(),
            index: Arc::default(),
        }
    }

    /// Links files, unless the result is not wanted any more before it is there.
    pub fn link_unless(
        modules: Vec<Module>,
        catalogue: Arc<Catalogue>,
        is_unwanted: &dyn Fn() -> bool,
    ) -> Option<Self> {
        Self::unlinked(modules, catalogue).linked_unless(&mut Notes(None), is_unwanted)
    }

    fn linked_unless(mut self, notes: &mut Notes<'_>, is_unwanted: &dyn Fn() -> bool) -> Option<Self> {
        for step in STEPS {
            if is_unwanted() {
                return None;
            }
            step(&mut self, notes);
        }
        (!is_unwanted()).then_some(self)
    }

    /// The files.
    pub fn modules(&self) -> impl DoubleEndedIterator<Item = (ModuleId, &Module)> {
        (0..self.modules.len() as u32).map(|index| (ModuleId(index), self.module(ModuleId(index))))
    }

    /// A file.
    pub fn module(&self, id: ModuleId) -> &Module {
        match self.edited.iter().find(|(edited, _)| *edited == id) {
            Some((_, module)) => module,
            None => &self.modules[id.0 as usize],
        }
    }

    /// The file with a dotted name.
    pub fn module_named(&self, name: &str) -> Option<ModuleId> {
        self.by_name.get(name).copied()
    }

    /// A file, with its items and variables.
    pub fn file(&self, id: ModuleId) -> File<'_> {
        File::new(id, &self.module(id).facts, self.is_watched(id))
    }

    /// Whether it is noted what is read of a file.
    fn is_watched(&self, id: ModuleId) -> bool {
        self.watched.as_ref().is_some_and(|watched| watched.contains(&id))
    }

    /// Notes that the facts of an item are read.
    fn note_facts(&self, code: CodeId) {
        if self.is_watched(code.module) {
            self.note(Read::Facts(code));
        }
    }

    /// The facts of an item, for who notes what is looked at of them.
    fn peek(&self, code: CodeId) -> &ItemFacts {
        self.module(code.module).facts.facts(code.item)
    }

    /// Notes that something is read which edits may change.
    fn note(&self, read: Read) {
        if self.watched.is_some() {
            reads::note(read);
        }
    }

    /// The facts of an item.
    pub fn facts(&self, code: CodeId) -> &ItemFacts {
        self.file(code.module).facts(code.item)
    }

    /// The item that a given one is nested in.
    pub fn parent(&self, code: CodeId) -> Option<CodeId> {
        let item = self.file(code.module).parent(code.item)?;
        Some(CodeId { item, ..code })
    }

    /// The name of an item; empty for a module.
    pub fn own_name(&self, code: CodeId) -> &str {
        self.module(code.module).facts.facts(code.item).own_name()
    }

    /// Whether an item is a class.
    pub fn is_class(&self, code: CodeId) -> bool {
        self.module(code.module).facts.facts(code.item).is_class()
    }

    /// Whether an item is a function.
    pub fn is_function(&self, code: CodeId) -> bool {
        self.module(code.module).facts.facts(code.item).is_function()
    }

    /// Whether an item could not be parsed: it gets no findings.
    pub fn is_broken(&self, code: CodeId) -> bool {
        if self.is_watched(code.module) {
            self.note(Read::Broken(code));
        }
        self.module(code.module).facts.is_broken(code.item)
    }

    /// All items of a file.
    pub fn items(&self, module: ModuleId) -> impl DoubleEndedIterator<Item = CodeId> + use<> {
        self.file(module).ids().map(move |item| CodeId { module, item })
    }

    /// What is known of libraries.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// What the items acquire.
    pub(crate) fn obligations(&self) -> &Obligations {
        &self.obligations
    }

    /// The same, to be added to while it is worked out.
    pub(crate) fn obligations_mut(&mut self) -> &mut Obligations {
        &mut self.obligations
    }

    /// The tasks that the items make.
    pub(crate) fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    /// Notes that it is read what an item acquires.
    pub(crate) fn note_acquired(&self, code: CodeId) {
        self.note(Read::Acquired(code));
    }

    /// Notes that it is read which tasks of an item nothing refers to.
    pub(crate) fn note_dangling(&self, code: CodeId) {
        self.note(Read::Dangling(code));
    }

    /// Notes that it is read whether the code of a file makes tasks.
    pub(crate) fn note_makes_tasks(&self, module: ModuleId) {
        self.note(Read::MakesTasks(module));
    }

    /// Whether the program does without the cyclic collector, kept where no edit can change it.
    pub(crate) fn collector(&self) -> Option<&Collector> {
        self.watched.is_none().then_some(&self.collector)
    }

    /// Everything done with a variable or attribute, anywhere, in the order of the files.
    pub fn sites(&self, holder: Holder) -> &[Site] {
        match holder {
            // Only its own file can name it.
            Holder::Local { code, .. } if !self.is_watched(code.module) => {}
            _ => self.note(Read::Sites(holder)),
        }
        self.holders.sites(holder)
    }

    /// Everything done with attributes of a name on objects of unknown class.
    pub fn unresolved_sites(&self, attribute: holders::Symbol) -> &[Site] {
        self.note(Read::Unresolved(attribute));
        self.holders.unresolved(attribute)
    }

    /// The variables and attributes of a file that something is done with, in the order they first
    /// appear.
    pub fn holders(&self, module: ModuleId) -> &[Holder] {
        self.note(Read::Holders(module));
        self.holders.of_module(module)
    }

    /// Where a function or class of the project is called or handed around.
    pub fn references(&self, code: CodeId) -> &[Reference] {
        self.note(Read::References(code));
        self.calls.references(code)
    }

    /// How often a method of a name is called on objects of unknown class.
    pub fn unresolved_calls(&self, method: &str) -> usize {
        let method = Symbol::of(method);
        self.note(Read::UnresolvedCalls(method));
        self.calls.unresolved(method)
    }
}

impl Project {
    /// How many entries of its tables are not those that were linked.
    fn changes(&self) -> usize {
        self.holders.changes() + self.calls.changes() + self.summaries.changes()
    }

    /// Everything that linking finds out, line by line and in order: what two projects have to have in common
    /// that are linked in different ways.
    #[doc(hidden)]
    pub fn describe(&self) -> Vec<String> {
        let mut lines = self.classes.describe();
        lines.extend(self.holders.describe());
        lines.extend(self.calls.describe());
        lines.extend(self.summaries.describe());
        lines.extend(self.obligations.describe());
        lines.extend(self.tasks.describe());
        lines
    }
}

impl CodeId {
    /// A value of this item.
    pub fn value(self, value: Val) -> ValueId {
        ValueId { code: self, value }
    }
}
