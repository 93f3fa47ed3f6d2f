//! One open document, analysed by itself as it is being edited.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use leakwright_analysis::FileFacts;
use leakwright_analysis::project::{Module, ModuleId, Project};
use leakwright_rules::{Context, Finding, Fix, Sources};
use leakwright_syntax::Tree;

use crate::config::{Config, ConfigError};
use crate::configurations::Configurations;
use crate::load::Place;
use crate::suppress::suppressions;

/// What holds for a document because of where it lies.
#[derive(Clone, Debug)]
pub struct DocumentContext {
    path: PathBuf,
    place: Place,
}

/// Analyses the versions of a document one after the other. What did not change between two of them
/// is not analysed again.
#[derive(Default)]
pub struct DocumentAnalyzer {
    facts: Option<Arc<FileFacts>>,
}

/// What is known of one version of a document.
pub struct Analysis {
    /// The findings to show, in order.
    pub findings: Vec<Finding>,
    /// The tree they were found in.
    pub tree: Tree,
    /// Parts of the analysis that failed. That is a fault of this program.
    pub failed: Vec<String>,
    project: Project,
    config: Arc<Config>,
}

impl DocumentContext {
    /// For a document at a path, if it has one, in the innermost of the open folders around it.
    #[expect(single_use_lifetimes, reason = "`impl Trait` cannot elide it")]
    pub fn new<'p>(
        path: Option<&Path>,
        roots: impl Iterator<Item = &'p Path>,
        configurations: &Configurations,
    ) -> Result<Self, ConfigError> {
        let Some(path) = path else { return Ok(Self::unconfigured(Path::new("untitled.py"))) };
        let root = roots.filter(|root| path.starts_with(root)).max_by_key(|root| root.components().count());
        let root = root.or_else(|| path.parent()).unwrap_or(Path::new("/"));
        Ok(Self { path: path.to_owned(), place: Place::find(path, root, configurations)? })
    }

    /// For a document that no configuration holds for.
    pub fn unconfigured(path: &Path) -> Self {
        let config = Arc::new(Config::default_for(Path::new("")));
        Self { path: path.to_owned(), place: Place::unconfigured(path, config) }
    }
}

impl DocumentAnalyzer {
    /// Analyses a version, given its tree.
    pub fn analyze(&mut self, tree: Tree, context: &DocumentContext) -> Analysis {
        let DocumentContext { path, place } = context;
        let mapped = catch_unwind(AssertUnwindSafe(|| FileFacts::map(&tree, self.facts.as_deref())));
        let mut failed = Vec::new();
        let facts = Arc::new(mapped.unwrap_or_else(|_| {
            failed.push("the analysis".to_owned());
            FileFacts::empty()
        }));
        self.facts = Some(Arc::clone(&facts));
        let config = &place.config;
        let module = Module {
            name: place.module_name.clone(),
            is_package: place.is_package,
            is_test: place.is_test,
            facts,
        };
        let project = Project::link(vec![module], Arc::clone(&config.catalogue));
        let rules = Context::new(&project, ModuleId(0), &config.settings);
        let checked = leakwright_rules::check(&rules, &config.rules);
        failed.extend(checked.failed.into_iter().map(|rule| format!("rule {rule}")));
        let silences = suppressions(&tree);
        let findings = checked
            .findings
            .into_iter()
            .filter(|finding| config.shows(path, finding))
            .filter(|finding| !silences.iter().any(|suppression| suppression.silences(finding)))
            .collect();
        Analysis { findings, tree, failed, project, config: Arc::clone(config) }
    }
}

impl Analysis {
    /// The ways to mend a finding, best first.
    pub fn fixes(&self, finding: &Finding) -> Vec<Fix> {
        let context = Context::new(&self.project, ModuleId(0), &self.config.settings);
        leakwright_rules::fixes(finding, &context, self)
    }
}

impl Sources for Analysis {
    fn tree(&self, _: ModuleId) -> Option<&Tree> {
        Some(&self.tree)
    }
}
