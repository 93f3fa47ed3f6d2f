//! What an audit asks of a run beyond its findings: what was examined, and how each leak can be seen.

use std::path::{Path, PathBuf};

use leakwright_analysis::project::ModuleId;
use leakwright_rules::{Context, Detection, Estimate, Examined, Finding, Question};
use rayon::prelude::*;

use crate::check::Checked;
use crate::threads::pool;

impl Checked {
    /// A program that shows the leak of a finding, to be run where this run looked from.
    pub fn detection(&self, finding: &Finding) -> Option<Detection> {
        let root = self.import_root(finding.module);
        let root = root.to_string_lossy().replace('\\', "/");
        leakwright_rules::detection(finding, &self.context(finding.module), self.trees(), &root)
    }

    /// The question of the checklist that a finding answers with yes.
    pub fn question(&self, finding: &Finding) -> Question {
        leakwright_rules::question(finding, &self.context(finding.module))
    }

    /// What the leak of a finding costs, and what that rests on.
    pub fn estimate(&self, finding: &Finding) -> Estimate {
        leakwright_rules::estimate(finding, &self.context(finding.module))
    }

    /// Everything that was looked at, in all files.
    pub fn examined(&self) -> Vec<Examined> {
        let modules: Vec<ModuleId> = self.project.modules().map(|(module, _)| module).collect();
        let of_file = |module: ModuleId| {
            if self.file(module).is_stub {
                return Vec::new();
            }
            leakwright_rules::examined(&self.context(module))
        };
        pool().install(|| modules.into_par_iter().flat_map_iter(of_file).collect())
    }

    /// The folder that a file is imported from, as it is seen from the working directory.
    fn import_root(&self, module: ModuleId) -> PathBuf {
        let (path, name) = (&self.file(module).path, &self.project.module(module).name);
        let is_package = self.project.module(module).is_package;
        let above = name.split('.').filter(|part| !part.is_empty()).count() + usize::from(is_package);
        let root = path.ancestors().nth(above.max(1)).unwrap_or(Path::new(""));
        if root.as_os_str().is_empty() { PathBuf::from(".") } else { root.to_owned() }
    }

    fn context(&self, module: ModuleId) -> Context<'_> {
        Context::new(&self.project, module, &self.file(module).config.settings)
    }
}
