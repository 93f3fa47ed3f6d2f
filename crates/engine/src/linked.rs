//! Files linked into a project, and what is found in one of them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use leakwright_analysis::FileFacts;
use leakwright_analysis::project::{Module, ModuleId, Project};
use leakwright_catalogue::Catalogue;
use leakwright_rules::{Context, Finding, Fix, Sources};
use leakwright_syntax::{Text, Tree, decode};
use rayon::prelude::*;

use crate::config::Config;
use crate::file_rules::FileRules;
use crate::load::{Place, SourceFile, parse};
use crate::open::Open;
use crate::provisional::Settled;
use crate::source::content_hash;
use crate::suppress::Suppression;
use crate::threads::background_pool;

/// A file of a project: what is known of it by looking at nothing else. Its text and tree are kept only
/// while it is open in an editor.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) path: PathBuf,
    pub(crate) place: Place,
    pub(crate) facts: Arc<FileFacts>,
    pub(crate) suppressions: Arc<[Suppression]>,
    /// The version that is open, of a file that is.
    pub(crate) open: Option<Arc<Open>>,
    /// Hash of the bytes that were read, of a file that is not open.
    pub(crate) hash: String,
}

/// Linked files.
pub struct Linked {
    project: Project,
    members: Arc<Vec<Arc<Member>>>,
    /// Files that are not as they were when they were linked.
    edited: Vec<(ModuleId, Arc<Member>)>,
    generation: u64,
    /// Made when something is read for the first time.
    sources: OnceLock<Vec<Source>>,
}

/// What is read of a file when it is asked for.
#[derive(Default)]
struct Source {
    tree: OnceLock<Option<Tree>>,
    text: OnceLock<Option<Text>>,
}

/// What is known of one version of a document.
#[derive(Clone)]
pub struct Analysis {
    /// The findings to show, in order.
    pub findings: Vec<Found>,
    /// Parts of the analysis that failed. That is a fault of this program.
    pub failed: Vec<String>,
    /// The project that it was judged in.
    pub linked: Arc<Linked>,
    /// The document's place in it.
    pub module: ModuleId,
    /// Whether it was judged with all that belongs to its project.
    pub is_settled: bool,
}

/// A finding, with the project that its places refer to.
#[derive(Clone)]
pub struct Found {
    /// The finding.
    pub finding: Arc<Finding>,
    /// The project.
    pub linked: Arc<Linked>,
}

impl Member {
    pub(crate) fn new(file: SourceFile) -> Self {
        Self {
            path: file.absolute,
            place: Place {
                config: file.config,
                module_name: file.module.name,
                is_package: file.module.is_package,
                is_test: file.module.is_test,
            },
            facts: file.module.facts,
            suppressions: file.suppressions.into(),
            open: None,
            hash: file.hash,
        }
    }

    pub(crate) fn module(&self) -> Module {
        Module {
            name: self.place.module_name.clone(),
            is_package: self.place.is_package,
            is_test: self.place.is_test,
            facts: Arc::clone(&self.facts),
        }
    }

    /// How much there is to link, in instructions.
    pub(crate) fn weight(&self) -> usize {
        self.facts.items.iter().map(|item| item.facts.body.insts.len()).sum()
    }

    fn is_stub(&self) -> bool {
        self.path.extension().is_some_and(|ending| ending == "pyi")
    }

    /// The text of a file on disk, if it is still the one that was read.
    fn read_text(&self) -> Option<Text> {
        let bytes = std::fs::read(&self.path).ok()?;
        (content_hash(&bytes) == self.hash).then(|| Some(Text::new(&decode(&bytes).ok()?.text)))?
    }

    /// The tree of a file on disk, if it is still the one whose facts are known.
    fn read_tree(&self) -> Option<Tree> {
        let bytes = std::fs::read(&self.path).ok()?;
        let tree = parse(decode(&bytes).ok()?.text.as_str().into()).ok()?;
        FileFacts::map(&tree, Some(&self.facts)).is_same(&self.facts).then_some(tree)
    }
}

impl Linked {
    /// Links files, in their order, unless the result is not wanted any more.
    pub(crate) fn link(
        members: Vec<Arc<Member>>,
        generation: u64,
        is_unwanted: &dyn Fn() -> bool,
    ) -> Option<Arc<Self>> {
        let modules = members.iter().map(|member| member.module()).collect();
        let catalogue = catalogue(members.iter().map(|member| &member.place.config));
        let project = Project::link_unless(modules, catalogue, is_unwanted)?;
        Some(Self::new(project, members, generation))
    }

    /// A file as a project of its own.
    pub(crate) fn alone(member: Arc<Member>) -> Arc<Self> {
        let catalogue = catalogue(std::iter::once(&member.place.config));
        Self::new(Project::link(vec![member.module()], catalogue), vec![member], 0)
    }

    pub(crate) fn new(project: Project, members: Vec<Arc<Member>>, generation: u64) -> Arc<Self> {
        let (members, edited, sources) = (Arc::new(members), Vec::new(), OnceLock::new());
        Arc::new(Self { project, members, edited, generation, sources })
    }

    /// The same files but for one, linked with it.
    pub(crate) fn edited(
        &self,
        project: Project,
        module: ModuleId,
        member: Arc<Member>,
        generation: u64,
    ) -> Arc<Self> {
        let mut edited = self.edited.clone();
        match edited.iter_mut().find(|(known, _)| *known == module) {
            Some((_, known)) => *known = member,
            None => edited.push((module, member)),
        }
        let (members, sources) = (Arc::clone(&self.members), OnceLock::new());
        Arc::new(Self { project, members, edited, generation, sources })
    }

    fn source(&self, module: ModuleId) -> Option<&Source> {
        let sources = || self.members.iter().map(|_| Source::default()).collect();
        self.sources.get_or_init(sources).get(module.0 as usize)
    }

    /// Counts the states of the workspace: which of them this is.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The file at a path.
    pub fn module_at(&self, path: &Path) -> Option<ModuleId> {
        let index = self.members.binary_search_by(|member| member.path.as_path().cmp(path)).ok()?;
        Some(ModuleId(index as u32))
    }

    /// All files.
    pub fn modules(&self) -> impl Iterator<Item = ModuleId> + use<> {
        (0..self.members.len() as u32).map(ModuleId)
    }

    pub(crate) fn member(&self, module: ModuleId) -> &Arc<Member> {
        match self.edited.iter().find(|(edited, _)| *edited == module) {
            Some((_, member)) => member,
            None => &self.members[module.0 as usize],
        }
    }

    /// Whether a file only describes another one.
    pub(crate) fn is_stub(&self, module: ModuleId) -> bool {
        self.member(module).is_stub()
    }

    /// The path of a file.
    pub fn path(&self, module: ModuleId) -> &Path {
        &self.member(module).path
    }

    /// The version of a file that is open.
    pub fn version(&self, module: ModuleId) -> Option<i32> {
        self.member(module).open.as_ref().map(|open| open.version)
    }

    /// The text of a file, read when it is asked for. `None` if it is not the one that was read before.
    pub fn text(&self, module: ModuleId) -> Option<&Text> {
        let member = self.member(module);
        match &member.open {
            Some(open) => Some(open.text()),
            None => self.source(module)?.text.get_or_init(|| member.read_text()).as_ref(),
        }
    }

    /// What is found in one of the files.
    pub fn judge(self: &Arc<Self>, module: ModuleId) -> Analysis {
        let member = self.member(module);
        let mut analysis = self.unjudged(module);
        if member.is_stub() {
            return analysis;
        }
        let config = &member.place.config;
        let context = Context::new(&self.project, module, &config.settings);
        let rules = config.for_file(&member.path);
        let checked = leakwright_rules::check(&context, &rules.rules);
        analysis.failed = checked.failed.into_iter().map(|rule| format!("rule {rule}")).collect();
        let found = checked.findings.into_iter().map(Arc::new);
        let shown = found.filter_map(|finding| self.shown(module, &rules, &finding));
        analysis.findings = shown.map(|finding| Found { finding, linked: Arc::clone(self) }).collect();
        self.new_only(analysis)
    }

    /// Without the findings that the baseline of the file knows.
    pub(crate) fn new_only(&self, mut analysis: Analysis) -> Analysis {
        let member = self.member(analysis.module);
        let known = member.place.config.known.as_deref().filter(|known| known.is_about(&member.path));
        let Some(known) = known.filter(|_| !analysis.findings.is_empty()) else { return analysis };
        let text = match &member.open {
            Some(open) => Some(open.whole().to_string()),
            None => self.text(analysis.module).map(ToString::to_string),
        };
        let Some(text) = text else { return analysis };
        let mut left = known.of(&member.path);
        for by_content in [false, true] {
            let name = if by_content { "" } else { &member.place.module_name };
            analysis.findings.retain(|found| {
                let own = found.finding.fingerprint(name, &text);
                !left.take(|known| own == if by_content { &*known.content } else { &*known.fingerprint })
            });
        }
        analysis
    }

    /// What is known of a file before it is judged.
    pub(crate) fn unjudged(self: &Arc<Self>, module: ModuleId) -> Analysis {
        let (findings, failed) = (Vec::new(), Vec::new());
        Analysis { findings, failed, linked: Arc::clone(self), module, is_settled: true }
    }

    /// A finding as it is shown, unless settings or comments leave it out.
    pub(crate) fn shown(
        &self,
        module: ModuleId,
        rules: &FileRules,
        finding: &Arc<Finding>,
    ) -> Option<Arc<Finding>> {
        let member = self.member(module);
        let reason = member.place.config.requires_suppression_reason;
        let admitted = rules.admit_shared(finding)?;
        let is_silenced = member.suppressions.iter().any(|comment| comment.silences(&admitted, reason));
        (!is_silenced).then_some(admitted)
    }
}

impl Linked {
    /// Judges files in the background, until that is not wanted any more. Whether all of them were judged.
    pub fn judge_each(
        self: &Arc<Self>,
        modules: &[ModuleId],
        is_unwanted: &(dyn Fn() -> bool + Sync),
        each: &(dyn Fn(&Analysis) + Sync),
    ) -> bool {
        let judge = |&module: &ModuleId| {
            let goes_on = !is_unwanted();
            if goes_on {
                each(&self.judge(module));
            }
            goes_on
        };
        background_pool().install(|| modules.par_iter().all(judge))
    }
}

impl Sources for Linked {
    fn tree(&self, module: ModuleId) -> Option<&Tree> {
        let member = self.member(module);
        match &member.open {
            Some(open) => open.tree(),
            None => self.source(module)?.tree.get_or_init(|| member.read_tree()).as_ref(),
        }
    }
}

impl Analysis {
    /// What is known of the document by looking at nothing else.
    pub fn facts(&self) -> &FileFacts {
        &self.linked.member(self.module).facts
    }

    /// What is known now of a document that is open, for the time until all is linked again.
    pub fn to_settled(&self) -> Option<Settled> {
        let member = self.linked.member(self.module);
        member.open.as_ref().map(|_| Settled::new(Arc::clone(member), self.findings.clone()))
    }

    /// The ways to mend a finding, best first: none before everything that uses what would change is in
    /// view.
    pub fn fixes(&self, found: &Found) -> Vec<Fix> {
        if !self.is_settled {
            return Vec::new();
        }
        let linked = &*found.linked;
        let settings = &linked.member(self.module).place.config.settings;
        let context = Context::new(&linked.project, self.module, settings);
        leakwright_rules::fixes(&found.finding, &context, linked)
    }
}

impl Found {
    /// What identifies the finding when lines shift. `None` if its text cannot be read any more.
    pub fn fingerprint(&self) -> Option<String> {
        let member = self.linked.member(self.finding.module);
        let name = &member.place.module_name;
        Some(match &member.open {
            Some(open) => self.finding.fingerprint(name, open.whole()),
            None => self.finding.fingerprint(name, &self.linked.text(self.finding.module)?.to_string()),
        })
    }
}

/// Built-in facts and those of all configurations in use.
#[expect(single_use_lifetimes, reason = "`impl Trait` cannot elide it")]
pub(crate) fn catalogue<'c>(configs: impl Iterator<Item = &'c Arc<Config>>) -> Arc<Catalogue> {
    let mut own: Vec<&Arc<Config>> = Vec::new();
    for config in configs.filter(|config| !config.resources.is_empty() || !config.subscriptions.is_empty()) {
        if !own.iter().any(|known| Arc::ptr_eq(known, config)) {
            own.push(config);
        }
    }
    match own.as_slice() {
        [] => Catalogue::builtin(),
        [only] => Arc::clone(&only.catalogue),
        several => {
            let resources: Vec<_> = several.iter().flat_map(|config| config.resources.clone()).collect();
            let subscriptions: Vec<_> =
                several.iter().flat_map(|config| config.subscriptions.clone()).collect();
            crate::config::catalogue(&resources, &subscriptions)
        }
    }
}
