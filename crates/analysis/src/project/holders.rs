//! Everything that is done with each variable and attribute, over all files.

use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::ledger::{Cell, Notes};
use super::{ClassId, CodeId, Lists, ListsBuilder, ModuleId, Project};
use crate::ir::{Step, Use, VarId};

/// A name, by its hash: comparable over items and files without a common table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol(u64);

impl Symbol {
    /// The symbol of a name.
    pub fn of(name: &str) -> Self {
        Self(xxhash_rust::xxh3::xxh3_64(name.as_bytes()))
    }
}

/// Something that holds an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holder {
    /// A module variable.
    Global {
        /// The file.
        module: ModuleId,
        /// Its name.
        name: Symbol,
    },
    /// An attribute of a class or of its objects.
    Attribute {
        /// The class it belongs to.
        class: ClassId,
        /// Its name.
        name: Symbol,
    },
    /// A variable of a function.
    Local {
        /// The function.
        code: CodeId,
        /// The variable.
        var: VarId,
    },
}

/// One thing done with a holder, or with something reached from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site {
    /// The item that does it.
    pub code: CodeId,
    /// Which of the item's uses it is.
    pub index: u16,
    /// How many steps the place lies beyond the holder.
    pub depth: u16,
}

/// What is done with the variables and attributes of a project.
#[derive(Clone, Default)]
pub(super) struct Holders {
    /// By file, in the order in which they first appear.
    sites: Lists<Holder, Site>,
    /// The holders of the files of which they are others than those that were linked.
    changed: FxHashMap<ModuleId, Arc<[Holder]>>,
    unresolved: Lists<Symbol, Site>,
}

/// What one item does with holders, in the order of its uses.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Done {
    pub(super) with: Vec<(Holder, Site)>,
    /// What is done with attributes of objects whose class is not known.
    pub(super) unresolved: Vec<(Symbol, Site)>,
}

impl Holders {
    pub(super) fn find(project: &Project, notes: &mut Notes<'_>) -> Self {
        let mut sites: ListsBuilder<Holder, Site> = ListsBuilder::default();
        let mut unresolved: ListsBuilder<Symbol, Site> = ListsBuilder::default();
        let mut done = Done::default();
        for (module, _) in project.modules() {
            for code in project.items(module) {
                notes.add(Cell::Sites(code), || done.note_item(project, code));
                done.with.drain(..).for_each(|(holder, site)| sites.push(holder, site));
                done.unresolved.drain(..).for_each(|(name, site)| unresolved.push(name, site));
            }
        }
        let (sites, unresolved) = (sites.finish_by(|holder| holder.module()), unresolved.finish());
        Self { sites, changed: FxHashMap::default(), unresolved }
    }

    pub(super) fn sites(&self, holder: Holder) -> &[Site] {
        self.sites.list(holder)
    }

    pub(super) fn unresolved(&self, attribute: Symbol) -> &[Site] {
        self.unresolved.list(attribute)
    }

    pub(super) fn of_module(&self, module: ModuleId) -> &[Holder] {
        if let Some(changed) = self.changed.get(&module) {
            return changed;
        }
        let all = self.sites.linked_keys();
        let start = all.partition_point(|holder| holder.module() < module);
        let count = all[start..].partition_point(|holder| holder.module() == module);
        &all[start..start + count]
    }

    /// Puts what an item does now in the place of what it did. The holders and names for which that makes a
    /// difference.
    pub(super) fn update(&mut self, code: CodeId, before: &Done, now: &Done) -> (Vec<Holder>, Vec<Symbol>) {
        let mut holders: Vec<Holder> = before.with.iter().chain(&now.with).map(|done| done.0).collect();
        holders.sort_unstable();
        holders.dedup();
        holders.retain(|holder| {
            let own = now.with.iter().filter(|done| done.0 == *holder).map(|done| done.1);
            let list = replaced(self.sites.list(*holder), code, own.collect());
            list.is_some_and(|list| {
                self.note_presence(*holder, !list.is_empty());
                self.sites.set_list(*holder, list);
                true
            })
        });
        let mut names: Vec<Symbol> =
            before.unresolved.iter().chain(&now.unresolved).map(|done| done.0).collect();
        names.sort_unstable();
        names.dedup();
        names.retain(|name| {
            let own = now.unresolved.iter().filter(|done| done.0 == *name).map(|done| done.1);
            let list = replaced(self.unresolved.list(*name), code, own.collect());
            list.is_some_and(|list| {
                self.unresolved.set_list(*name, list);
                true
            })
        });
        (holders, names)
    }

    /// Notes whether anything is done with a holder at all.
    fn note_presence(&mut self, holder: Holder, is_present: bool) {
        let known = self.of_module(holder.module());
        if is_present != self.sites.list(holder).is_empty() {
            return;
        }
        let mut list: Vec<Holder> = known.iter().copied().filter(|other| *other != holder).collect();
        list.extend(is_present.then_some(holder));
        self.changed.insert(holder.module(), list.into());
    }

    pub(super) fn changes(&self) -> usize {
        self.sites.changes() + self.unresolved.changes()
    }

    /// Everything, in order; for comparisons.
    pub(super) fn describe(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.sites.entries().iter().map(|entry| format!("{entry:?}")).collect();
        lines.extend(self.unresolved.entries().iter().map(|entry| format!("unresolved {entry:?}")));
        let linked = self.sites.linked_keys().iter().map(|holder| holder.module());
        let modules: BTreeSet<ModuleId> = linked.chain(self.changed.keys().copied()).collect();
        for module in modules {
            let mut holders = self.of_module(module).to_vec();
            holders.sort_unstable();
            if !holders.is_empty() {
                lines.push(format!("{module:?} {holders:?}"));
            }
        }
        lines
    }
}

/// A list in the order of the items with other entries for one of them; `None` if that is the same.
fn replaced(list: &[Site], code: CodeId, own: Vec<Site>) -> Option<Vec<Site>> {
    let start = list.partition_point(|site| site.code < code);
    let end = start + list[start..].partition_point(|site| site.code == code);
    (list[start..end] != own).then(|| {
        let mut changed = Vec::with_capacity(list.len() - (end - start) + own.len());
        changed.extend_from_slice(&list[..start]);
        changed.extend(own);
        changed.extend_from_slice(&list[end..]);
        changed
    })
}

impl Done {
    /// What an item does.
    pub(super) fn by(project: &Project, code: CodeId) -> Self {
        let mut done = Self::default();
        done.note_item(project, code);
        done
    }

    fn note_item(&mut self, project: &Project, code: CodeId) {
        let facts = project.facts(code);
        // Places are shared by many uses: each is located once.
        let mut located: FxHashMap<crate::ir::PlaceId, Option<(Holder, u16)>> = FxHashMap::default();
        // An item with more of them gets no findings.
        for (index, site) in (0..=u16::MAX).zip(&facts.uses) {
            let (_, steps) = facts.places.path(site.place);
            let found = *located.entry(site.place).or_insert_with(|| {
                project.locate(code, site.place).map(|found| (found.holder, found.rest.len() as u16))
            });
            let resolved = match found {
                Some((holder, depth)) => {
                    self.with.push((holder, Site { code, index, depth }));
                    steps.len() - depth as usize
                }
                None => 0,
            };
            self.note_unresolved(project, code, index, &steps, resolved);
        }
    }

    /// Notes attributes of objects whose class is not known.
    fn note_unresolved(
        &mut self,
        project: &Project,
        code: CodeId,
        index: u16,
        steps: &[Step],
        resolved: usize,
    ) {
        for (at, step) in steps.iter().enumerate().skip(resolved) {
            if let Step::Attr(name) = step {
                let depth = (steps.len() - at - 1) as u16;
                let symbol = Symbol::of(project.facts(code).str(*name));
                self.unresolved.push((symbol, Site { code, index, depth }));
            }
        }
    }
}

impl Holder {
    /// The class it belongs to, if it is an attribute.
    pub fn class(self) -> Option<ClassId> {
        match self {
            Self::Attribute { class, .. } => Some(class),
            _ => None,
        }
    }

    /// The file that it is defined in.
    pub fn module(self) -> ModuleId {
        match self {
            Self::Global { module, .. } => module,
            Self::Attribute { class, .. } => class.0.module,
            Self::Local { code, .. } => code.module,
        }
    }
}

impl Site {
    /// A use of an item, by its number, of what holds the place itself.
    pub fn new(code: CodeId, index: usize) -> Self {
        Self { code, index: u16::try_from(index).unwrap_or(u16::MAX), depth: 0 }
    }

    /// What is done.
    pub fn find(self, project: &Project) -> Use {
        project.facts(self.code).uses[self.index as usize]
    }

    /// The steps from the holder to the place it is done with.
    pub fn rest(self, project: &Project) -> Vec<Step> {
        let facts = project.facts(self.code);
        let (_, steps) = facts.places.path(self.find(project).place);
        steps[steps.len() - self.depth as usize..].to_vec()
    }
}
