//! One open document, analysed by itself as it is being edited.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use leakwright_analysis::FileFacts;
use leakwright_analysis::project::{Module, ModuleId, Project};
use leakwright_rules::{Context, Finding, Fix, Sources};
use leakwright_syntax::Tree;

use crate::config::Config;
use crate::suppress::suppressions;

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

impl DocumentAnalyzer {
    /// Analyses a version, given its tree.
    pub fn analyze(&mut self, tree: Tree, path: &Path, name: &str, is_test: bool, config: &Arc<Config>) -> Analysis {
        let mapped = catch_unwind(AssertUnwindSafe(|| FileFacts::map(&tree, self.facts.as_deref())));
        let mut failed = Vec::new();
        let facts = Arc::new(mapped.unwrap_or_else(|_| {
            failed.push("the analysis".to_owned());
            FileFacts::empty()
        }));
        self.facts = Some(Arc::clone(&facts));
        let module = Module { name: name.to_owned(), is_package: false, is_test, facts };
        let project = Project::link(vec![module], Arc::clone(&config.catalogue));
        let context = Context::new(&project, ModuleId(0), &config.settings);
        let checked = leakwright_rules::check(&context, &config.rules);
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
