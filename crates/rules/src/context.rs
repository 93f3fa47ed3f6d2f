//! What rules look at.

use std::cell::OnceCell;

use leakwright_analysis::ItemId;
use leakwright_analysis::growth::{self, Growing, Verdict};
use leakwright_analysis::ir::{Val, VarId};
use leakwright_analysis::project::{CodeId, File, Holder, ModuleId, Part, Project, Site};
use leakwright_syntax::TextRange;

/// Settings of a project that rules depend on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    /// Size that fixes write into `deque(maxlen=…)`.
    pub deque_maxlen: u32,
    /// Size that fixes write into `lru_cache(maxsize=…)`.
    pub cache_maxsize: u32,
    /// Whether the interpreter closes a file with its last reference, as CPython does.
    pub counts_references: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { deque_maxlen: 1000, cache_maxsize: 1024, counts_references: true }
    }
}

/// One file of a linked project.
pub struct Context<'p> {
    /// The project.
    pub project: &'p Project,
    /// The file.
    pub module: ModuleId,
    /// Settings that hold for the file.
    pub settings: &'p Settings,
    part: Part,
    growing: OnceCell<Vec<Growing>>,
    defaults: OnceCell<Vec<Growing>>,
}

impl<'p> Context<'p> {
    /// For one file of a project.
    pub fn new(project: &'p Project, module: ModuleId, settings: &'p Settings) -> Self {
        let (growing, defaults) = (OnceCell::new(), OnceCell::new());
        Self { project, module, settings, part: Part::Whole, growing, defaults }
    }

    /// The same, for a part of the file.
    #[must_use]
    pub fn of(self, part: Part) -> Self {
        Self { part, ..Self::new(self.project, self.module, self.settings) }
    }

    /// The file.
    pub fn file(&self) -> File<'p> {
        self.project.file(self.module)
    }

    /// The containers that are looked at and grow without end. Judged once, for all rules about them.
    pub fn growing(&self) -> &[Growing] {
        let growing = |holder: Holder| match growth::judge(self.project, holder) {
            Verdict::Leaking(growing) => Some(*growing),
            Verdict::Sound { .. } => None,
        };
        self.growing.get_or_init(|| self.containers().filter_map(growing).collect())
    }

    /// The mutable defaults that are looked at and grow from call to call.
    pub fn growing_defaults(&self) -> &[Growing] {
        self.defaults.get_or_init(|| growth::growing_defaults(self.project, self.items()))
    }

    /// Whether some container of the file grows without end at a place.
    pub fn grows_at(&self, code: CodeId, at: Val) -> bool {
        let project = self.project;
        let uses = project.facts(code).uses.iter().filter(|used| used.at == at);
        let holders = uses.filter_map(|used| Some(project.locate(code, used.place)?.holder));
        let grows_there = |growing: &Growing| {
            let mut sites = growing.growth.iter().map(|growth| growth.site);
            sites.any(|site| site.code == code && site.find(project).at == at)
        };
        let mut candidates =
            holders.filter(|holder| holder.module() == self.module && growth::is_candidate(project, *holder));
        candidates.any(|holder| {
            matches!(growth::judge(project, holder), Verdict::Leaking(growing) if grows_there(&growing))
        })
    }

    /// The items that are looked at and may get findings, in the order of the source.
    pub fn items(&self) -> impl Iterator<Item = CodeId> {
        let (all, one) = match self.part {
            Part::Whole => (Some(self.project.items(self.module)), None),
            Part::Item(code) => (None, Some(code)),
            Part::Holder(_) => (None, None),
        };
        all.into_iter().flatten().chain(one).filter(|code| !self.project.is_broken(*code))
    }

    /// The variables and attributes that are looked at.
    pub fn holders(&self) -> impl Iterator<Item = Holder> {
        let (all, own, one) = match self.part {
            Part::Whole => (self.project.holders(self.module), None, None),
            Part::Item(code) => (&[][..], Some(code), None),
            Part::Holder(holder) => (&[][..], None, Some(holder)),
        };
        let variables = own.into_iter().flat_map(|code| {
            let count = self.project.facts(code).vars.len();
            (0..count).map(move |index| Holder::Local { code, var: VarId::new(index) })
        });
        all.iter().copied().chain(variables).chain(one)
    }

    /// Those of them that are worth asking whether they grow.
    pub(crate) fn containers(&self) -> impl Iterator<Item = Holder> {
        self.holders().filter(|holder| growth::is_candidate(self.project, *holder))
    }

    /// The function or class an item lies in, dotted; the file's name for its own code.
    pub fn name_of(&self, code: CodeId) -> String {
        if code.item == ItemId::MODULE {
            return self.project.module(code.module).name.clone();
        }
        self.project.file(code.module).dotted_name(code.item)
    }

    /// Where a use stands.
    pub fn site_range(&self, site: Site) -> TextRange {
        let file = self.project.file(site.code.module);
        file.value_range(site.code.item, site.find(self.project).at)
    }
}
