//! What rules look at.

use std::cell::OnceCell;

use leakwright_analysis::growth::{self, Growing, Verdict};
use leakwright_analysis::project::{CodeId, ModuleId, Project, Site};
use leakwright_analysis::{FileFacts, ItemId};
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
    growing: OnceCell<Vec<Growing>>,
    defaults: OnceCell<Vec<Growing>>,
}

impl<'p> Context<'p> {
    /// For one file of a project.
    pub fn new(project: &'p Project, module: ModuleId, settings: &'p Settings) -> Self {
        Self { project, module, settings, growing: OnceCell::new(), defaults: OnceCell::new() }
    }

    /// The facts of the file.
    pub fn file(&self) -> &'p FileFacts {
        self.project.file(self.module)
    }

    /// The containers of the file that grow without end. Judged once, for all rules about them.
    pub fn growing(&self) -> &[Growing] {
        self.growing.get_or_init(|| {
            growth::candidates(self.project, self.module)
                .into_iter()
                .filter_map(|holder| match growth::judge(self.project, holder) {
                    Verdict::Leaking(growing) => Some(*growing),
                    Verdict::Sound { .. } => None,
                })
                .collect()
        })
    }

    /// The mutable defaults of the file that grow from call to call.
    pub fn growing_defaults(&self) -> &[Growing] {
        self.defaults.get_or_init(|| growth::growing_defaults(self.project, self.module))
    }

    /// The items of the file that may get findings, in the order of the source.
    pub fn items(&self) -> impl Iterator<Item = CodeId> {
        let module = self.module;
        self.file()
            .ids()
            .map(move |item| CodeId { module, item })
            .filter(|code| !self.project.facts(*code).is_broken)
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
