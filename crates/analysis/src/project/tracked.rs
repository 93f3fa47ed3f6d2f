//! A linked project that follows the edits of some of its files.

use std::sync::Arc;

use leakwright_catalogue::Catalogue;

use super::edit::Edit;
use super::ledger::{Cell, Ledger, Notes, Part};
use super::{Holder, Module, ModuleId, Project};
use crate::file::FileFacts;

/// A linked project of which it is known what rests on what, as far as some of its files are concerned.
pub struct Tracked {
    project: Project,
    ledger: Ledger,
}

impl Tracked {
    /// Links files, some of which are going to be edited, unless the result is not wanted any more before it
    /// is there.
    pub fn link(
        modules: Vec<Module>,
        catalogue: Arc<Catalogue>,
        watched: impl IntoIterator<Item = ModuleId>,
        is_unwanted: &dyn Fn() -> bool,
    ) -> Option<Self> {
        let mut project = Project::unlinked(modules, catalogue);
        project.watched = Some(Arc::new(watched.into_iter().collect()));
        let mut ledger = Ledger::default();
        let project = project.linked_unless(&mut Notes(Some(&mut ledger)), is_unwanted)?;
        Some(Self { project, ledger })
    }

    /// The project as it is now.
    pub fn project(&self) -> &Project {
        &self.project
    }

    /// Whether a file may be edited.
    pub fn is_watched(&self, module: ModuleId) -> bool {
        self.project.is_watched(module)
    }

    /// Puts other facts of a watched file in the place of those that are known. The parts of watched files of
    /// which something else may be found now; `None` if all has to be linked anew, and this is of no use any
    /// more.
    pub fn edit(&mut self, module: ModuleId, facts: Arc<FileFacts>) -> Option<Vec<Part>> {
        if !self.is_watched(module) {
            return None;
        }
        let items = facts.changed_since(&self.project.module(module).facts)?;
        let edit = Edit::new(&self.project, &mut self.ledger, module, facts);
        let (project, parts) = edit.run(module, &items)?;
        self.project = project;
        Some(parts)
    }

    /// The parts of a file. What is found in them is what is found in the file.
    pub fn parts(&self, module: ModuleId) -> Vec<Part> {
        let items = self.project.items(module).map(Part::Item);
        let holders = self.project.holders(module).iter().copied();
        let holders = holders.filter(|holder| !matches!(holder, Holder::Local { .. }));
        items.chain(holders.map(Part::Holder)).collect()
    }

    /// Works out what is found in a part of a watched file, and notes what that rests on. `None` if nothing
    /// is left of it.
    pub fn judge<T>(&mut self, part: Part, judge: impl FnOnce(&Project) -> T) -> Option<T> {
        let cell = Cell::Part(part);
        if matches!(part, Part::Holder(holder) if self.project.sites(holder).is_empty()) {
            self.ledger.remove(cell);
            return None;
        }
        Some(self.ledger.replace(cell, || judge(&self.project)))
    }

    /// How much is kept in addition to the project as it was linked.
    pub fn weight(&self) -> usize {
        self.ledger.len() + self.project.changes()
    }
}
