//! Everything that is done with each variable and attribute, over all files.

use rustc_hash::FxHashMap;

use super::{ClassId, CodeId, ModuleId, Project};
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
    pub index: u32,
    /// How many steps the place lies beyond the holder.
    pub depth: u32,
}

#[derive(Default)]
pub(super) struct Holders {
    sites: FxHashMap<Holder, Vec<Site>>,
    /// The holders of each file, in the order they first appear.
    by_module: FxHashMap<ModuleId, Vec<Holder>>,
    unresolved: FxHashMap<Symbol, Vec<Site>>,
}

impl Holders {
    pub(super) fn find(project: &Project) -> Self {
        let mut holders = Self::default();
        for (module, _) in project.modules() {
            for code in project.items(module) {
                holders.note_item(project, code);
            }
        }
        holders
    }

    fn note_item(&mut self, project: &Project, code: CodeId) {
        let facts = project.facts(code);
        // Places are shared by many uses: each is located once.
        let mut located: FxHashMap<crate::ir::PlaceId, Option<(Holder, u32)>> = FxHashMap::default();
        for (index, site) in facts.uses.iter().enumerate() {
            let (_, steps) = facts.places.path(site.place);
            let found = *located.entry(site.place).or_insert_with(|| {
                project.locate(code, site.place).map(|found| (found.holder, found.rest.len() as u32))
            });
            let index = index as u32;
            let resolved = match found {
                Some((holder, depth)) => {
                    self.note(holder, Site { code, index, depth });
                    steps.len() - depth as usize
                }
                None => 0,
            };
            self.note_unresolved(project, code, index, &steps, resolved);
        }
    }

    fn note(&mut self, holder: Holder, site: Site) {
        let by_module = &mut self.by_module;
        self.sites
            .entry(holder)
            .or_insert_with(|| {
                by_module.entry(holder.module()).or_default().push(holder);
                Vec::new()
            })
            .push(site);
    }

    /// Notes attributes of objects whose class is not known.
    fn note_unresolved(
        &mut self,
        project: &Project,
        code: CodeId,
        index: u32,
        steps: &[Step],
        resolved: usize,
    ) {
        for (at, step) in steps.iter().enumerate().skip(resolved) {
            if let Step::Attr(name) = step {
                let depth = (steps.len() - at - 1) as u32;
                let symbol = Symbol::of(project.facts(code).str(*name));
                self.unresolved.entry(symbol).or_default().push(Site { code, index, depth });
            }
        }
    }

    pub(super) fn sites(&self, holder: Holder) -> &[Site] {
        self.sites.get(&holder).map_or(&[], Vec::as_slice)
    }

    pub(super) fn unresolved(&self, attribute: Symbol) -> &[Site] {
        self.unresolved.get(&attribute).map_or(&[], Vec::as_slice)
    }

    pub(super) fn of_module(&self, module: ModuleId) -> &[Holder] {
        self.by_module.get(&module).map_or(&[], Vec::as_slice)
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
