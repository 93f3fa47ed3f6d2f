//! The files of a project, linked: names resolved across files, classes with their bases, who calls
//! what, and everything done with each variable and attribute.
//!
//! Linking is pure: the same modules, catalogue and module names give the same result, whatever was
//! linked before.

mod calls;
mod classes;
mod entity;
mod holders;
mod locate;
mod summaries;
mod values;
mod view;

use std::sync::Arc;

use leakwright_catalogue::Catalogue;
use rustc_hash::FxHashMap;

use crate::file::{FileFacts, ItemId};
use crate::ir::{ItemFacts, Val};
use crate::obligation::Obligations;
use crate::tasks::Tasks;

pub use calls::{Reference, ReferenceKind};
pub use classes::ClassId;
pub use entity::Entity;
pub use holders::{Holder, Site, Symbol};
pub use locate::Located;
pub use summaries::ParamSummary;
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

/// Linked files.
pub struct Project {
    modules: Vec<Module>,
    by_name: FxHashMap<String, ModuleId>,
    catalogue: Arc<Catalogue>,
    classes: classes::Classes,
    holders: holders::Holders,
    calls: calls::Calls,
    summaries: summaries::Summaries,
    obligations: Obligations,
    tasks: Tasks,
}

/// What linking consists of, each step building on those before it.
const STEPS: [fn(&mut Project); 6] = [
    |project| project.classes = classes::Classes::find(project),
    |project| project.holders = holders::Holders::find(project),
    |project| project.calls = calls::Calls::find(project),
    |project| project.summaries = summaries::Summaries::solve(project),
    Obligations::solve,
    |project| project.tasks = Tasks::find(project),
];

impl Project {
    /// Links files. Where two have the same name the first is what imports find.
    pub fn link(modules: Vec<Module>, catalogue: Arc<Catalogue>) -> Self {
        let mut project = Self::unlinked(modules, catalogue);
        for step in STEPS {
            step(&mut project);
        }
        project
    }

    fn unlinked(modules: Vec<Module>, catalogue: Arc<Catalogue>) -> Self {
        let mut by_name = FxHashMap::default();
        for (index, module) in modules.iter().enumerate() {
            by_name.entry(module.name.clone()).or_insert(ModuleId(index as u32));
        }
        Self {
            modules,
            by_name,
            catalogue,
            classes: classes::Classes::default(),
            holders: holders::Holders::default(),
            calls: calls::Calls::default(),
            summaries: summaries::Summaries::default(),
            obligations: Obligations::default(),
            tasks: Tasks::default(),
        }
    }

    /// Links files, unless the result is not wanted any more before it is there.
    pub fn link_unless(
        modules: Vec<Module>,
        catalogue: Arc<Catalogue>,
        is_unwanted: &dyn Fn() -> bool,
    ) -> Option<Self> {
        let mut project = Self::unlinked(modules, catalogue);
        for step in STEPS {
            if is_unwanted() {
                return None;
            }
            step(&mut project);
        }
        (!is_unwanted()).then_some(project)
    }

    /// The files.
    pub fn modules(&self) -> impl DoubleEndedIterator<Item = (ModuleId, &Module)> {
        self.modules.iter().enumerate().map(|(index, module)| (ModuleId(index as u32), module))
    }

    /// A file.
    pub fn module(&self, id: ModuleId) -> &Module {
        &self.modules[id.0 as usize]
    }

    /// The file with a dotted name.
    pub fn module_named(&self, name: &str) -> Option<ModuleId> {
        self.by_name.get(name).copied()
    }

    /// A file, with its items and variables.
    pub fn file(&self, id: ModuleId) -> File<'_> {
        File::new(&self.modules[id.0 as usize].facts)
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

    /// Everything done with a variable or attribute, anywhere, in the order of the files.
    pub fn sites(&self, holder: Holder) -> &[Site] {
        self.holders.sites(holder)
    }

    /// Everything done with attributes of a name on objects of unknown class.
    pub fn unresolved_sites(&self, attribute: holders::Symbol) -> &[Site] {
        self.holders.unresolved(attribute)
    }

    /// The variables and attributes of a file that something is done with, in the order they first
    /// appear.
    pub fn holders(&self, module: ModuleId) -> &[Holder] {
        self.holders.of_module(module)
    }

    /// Where a function or class of the project is called or handed around.
    pub fn references(&self, code: CodeId) -> &[Reference] {
        self.calls.references(code)
    }

    /// How often a method of a name is called on objects of unknown class.
    pub fn unresolved_calls(&self, method: &str) -> usize {
        self.calls.unresolved(method)
    }
}

impl CodeId {
    /// A value of this item.
    pub fn value(self, value: Val) -> ValueId {
        ValueId { code: self, value }
    }
}
