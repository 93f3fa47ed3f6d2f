//! From a linked project to the one in which some items of a file are not the same.
//!
//! The answers that rest on what changed are worked out anew, stage by stage in the order of linking. An
//! answer that comes out as it was ends that: what rests on it stays. The result is that of linking all
//! anew.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::calls::Called;
use super::classes::{Class, Classes};
use super::holders::Done;
use super::ledger::{Cell, Ledger, Part};
use super::reads::Read;
use super::summaries::{Local, Summaries};
use super::{ClassId, CodeId, Holder, Module, ModuleId, Project, pieces};
use crate::file::{FileFacts, ItemId};
use crate::obligation::Obligations;

/// How often answers about resources are worked out before all is linked anew.
const MAX_ROUNDS: usize = 2000;

/// A step from one version of a project to the next.
pub(super) struct Edit<'e> {
    before: &'e Project,
    now: Project,
    ledger: &'e mut Ledger,
    stale: BTreeSet<Cell>,
}

impl<'e> Edit<'e> {
    /// Other facts of a file.
    pub(super) fn new(
        before: &'e Project,
        ledger: &'e mut Ledger,
        module: ModuleId,
        facts: Arc<FileFacts>,
    ) -> Self {
        let mut now = before.clone();
        let changed = Arc::new(Module { facts, ..before.module(module).clone() });
        match now.edited.iter_mut().find(|(edited, _)| *edited == module) {
            Some((_, module)) => *module = changed,
            None => now.edited.push((module, changed)),
        }
        Self { before, now, ledger, stale: BTreeSet::new() }
    }

    /// The project with some items of the file changed, and the parts of watched files of which something
    /// else may be found. `None` where the change reaches further than is followed.
    pub(super) fn run(mut self, module: ModuleId, items: &[ItemId]) -> Option<(Project, Vec<Part>)> {
        let facts_of = |project: &Project| Arc::clone(&project.module(module).facts);
        let (before, now) = (facts_of(self.before), facts_of(&self.now));
        for read in pieces::changed_names(&before, &now, module) {
            self.changed(read);
        }
        for &item in items {
            let code = CodeId { module, item };
            if !self.before.tasks.is_same_maker(&self.now, self.before, code) {
                return None;
            }
            if !now.is_same_item(&before, item) {
                let pieces = pieces::changed(&before, &now, code, &|read| self.ledger.is_read(read));
                self.changed(Read::Facts(code));
                for piece in pieces {
                    self.changed(piece);
                }
            }
            if before.is_broken(item) != now.is_broken(item) {
                let around = std::iter::successors(Some(code), |code| self.now.parent(*code));
                for code in around.collect::<Vec<CodeId>>() {
                    self.changed(Read::Broken(code));
                }
            }
        }
        self.classes()?;
        self.sites();
        self.references();
        self.params();
        self.acquired()?;
        self.tasks();
        let parts = std::mem::take(&mut self.stale).into_iter().map(|cell| match cell {
            Cell::Part(part) => Some(part),
            // Something rests on what comes after it.
            _ => None,
        });
        let parts: Option<Vec<Part>> = parts.collect();
        debug_assert!(parts.is_some(), "each stage builds on those before it");
        Some((self.now, parts?))
    }

    fn changed(&mut self, read: Read) {
        self.stale.extend(self.ledger.dependents(read));
    }

    /// The stale answers of one stage.
    fn take(&mut self, is_wanted: impl Fn(&Cell) -> bool) -> Vec<Cell> {
        let wanted: Vec<Cell> = self.stale.iter().copied().filter(is_wanted).collect();
        self.stale.retain(|cell| wanted.binary_search(cell).is_err());
        wanted
    }

    fn classes(&mut self) -> Option<()> {
        let stale = self.take(|cell| matches!(cell, Cell::Class(_)));
        if stale.is_empty() {
            return Some(());
        }
        // Classes are found before anything is known of classes.
        let bare = Project { classes: Classes::default(), ..self.now.clone() };
        for cell in stale {
            let Cell::Class(code) = cell else { continue };
            let class = self.ledger.replace(cell, || Class::of(&bare, ClassId(code)));
            if self.now.classes.update(ClassId(code), class)? {
                self.changed(Read::Attributes(ClassId(code)));
            }
        }
        Some(())
    }

    fn sites(&mut self) {
        for cell in self.take(|cell| matches!(cell, Cell::Sites(_))) {
            let Cell::Sites(code) = cell else { continue };
            let now = self.ledger.replace(cell, || Done::by(&self.now, code));
            let before = Done::by(self.before, code);
            let (holders, names) = self.now.holders.update(code, &before, &now);
            for holder in holders {
                self.changed(Read::Sites(holder));
                self.changed(Read::Holders(holder.module()));
                if !matches!(holder, Holder::Local { .. }) && self.now.is_watched(holder.module()) {
                    self.stale.insert(Cell::Part(Part::Holder(holder)));
                }
            }
            for name in names {
                self.changed(Read::Unresolved(name));
            }
        }
    }

    fn references(&mut self) {
        for cell in self.take(|cell| matches!(cell, Cell::References(_))) {
            let Cell::References(code) = cell else { continue };
            let now = self.ledger.replace(cell, || Called::by(&self.now, code));
            let before = Called::by(self.before, code);
            let (targets, names) = self.now.calls.update(code, &before, &now);
            if !targets.is_empty() {
                // It may acquire what those hand out.
                self.stale.insert(Cell::Acquired(code));
            }
            for target in targets {
                self.changed(Read::References(target));
            }
            for name in names {
                self.changed(Read::UnresolvedCalls(name));
            }
        }
    }

    fn params(&mut self) {
        let mut changed = Vec::new();
        for cell in self.take(|cell| matches!(cell, Cell::Params(_))) {
            let Cell::Params(code) = cell else { continue };
            let now = self.ledger.replace(cell, || Local::of(&self.now, code));
            let before = Local::of(self.before, code);
            let differs = |local: &&Local, others: &[Local]| !others.contains(local);
            changed.extend(now.iter().filter(|local| differs(local, &before)).map(|local| local.param));
            changed.extend(before.iter().filter(|local| differs(local, &now)).map(|local| local.param));
        }
        if changed.is_empty() {
            return;
        }
        changed.sort_unstable();
        changed.dedup();
        for (code, var) in Summaries::update(&mut self.now, &changed) {
            self.changed(Read::Summary(code, var));
        }
    }

    fn acquired(&mut self) -> Option<()> {
        for _ in 0..MAX_ROUNDS {
            let next = self.stale.iter().find(|cell| matches!(cell, Cell::Acquired(_)));
            let Some(&cell) = next else { return Some(()) };
            self.stale.remove(&cell);
            let Cell::Acquired(code) = cell else { continue };
            let (is_different, targets) =
                self.ledger.replace(cell, || Obligations::update(&mut self.now, code));
            if is_different {
                self.changed(Read::Acquired(code));
            }
            for target in targets {
                let callers = self.now.calls.references(target).iter().map(|found| found.code);
                self.stale.extend(callers.map(Cell::Acquired));
            }
        }
        None
    }

    fn tasks(&mut self) {
        let mut is_different = false;
        for cell in self.take(|cell| matches!(cell, Cell::Fates(_))) {
            let Cell::Fates(code) = cell else { continue };
            let mut tasks = std::mem::take(&mut self.now.tasks);
            is_different |= self.ledger.replace(cell, || tasks.update_fates(&self.now, code));
            self.now.tasks = tasks;
        }
        if self.stale.remove(&Cell::Helpers) || is_different {
            let mut tasks = std::mem::take(&mut self.now.tasks);
            let codes = self.ledger.replace(Cell::Helpers, || tasks.update_dangling(&self.now));
            self.now.tasks = tasks;
            for code in codes {
                self.changed(Read::Dangling(code));
            }
        }
    }
}
