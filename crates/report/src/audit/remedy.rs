//! The leak-free version of the code: fixes as diffs.

use std::collections::BTreeMap;

use leakwright_analysis::project::ModuleId;
use leakwright_engine::{Checked, apply_edits};
use leakwright_rules::{Applicability, Finding, Fix};
use leakwright_syntax::TextRange;

use crate::positions::slashed;
use crate::unified_diff;

/// One way to mend a finding.
pub(crate) struct Remedy {
    pub(crate) title: String,
    applicability: Applicability,
    /// What it changes; empty where a person has to write it.
    pub(crate) diff: String,
    /// Code of the shape that does not leak, from the page of the rule, where there is no diff.
    pub(crate) example: Option<&'static str>,
}

impl Remedy {
    /// Whether it can be applied, in words.
    pub(crate) fn kind(&self) -> &'static str {
        match self.applicability {
            Applicability::Safe => "safe",
            Applicability::Unsafe => "may change what the program does: see the rule",
            Applicability::Display => "to be written by hand",
        }
    }

    /// Whether its title has to be said beside a recommendation.
    pub(crate) fn says_more_than(&self, recommendation: &str) -> bool {
        self.title != recommendation || !self.diff.is_empty()
    }
}

/// The ways to mend a finding, those that can be applied first.
pub(super) fn remedies(checked: &Checked, finding: &Finding) -> Vec<Remedy> {
    let mut found: Vec<Remedy> =
        checked.fixes(finding).into_iter().map(|fix| remedy(checked, finding, fix)).collect();
    found.sort_by_key(|remedy| remedy.diff.is_empty());
    found
}

fn remedy(checked: &Checked, finding: &Finding, fix: Fix) -> Remedy {
    let diff = diff(checked, &fix).unwrap_or_default();
    let example = diff.is_empty().then(|| use_instead(finding.rule.metadata().docs)).flatten();
    Remedy { title: fix.title, applicability: fix.applicability, diff, example }
}

/// What a fix changes in all files, as `diff -u` shows it.
fn diff(checked: &Checked, fix: &Fix) -> Option<String> {
    let mut by_file: BTreeMap<ModuleId, Vec<(TextRange, &str)>> = BTreeMap::new();
    for edit in &fix.edits {
        by_file.entry(edit.module).or_default().push((edit.range, edit.text.as_str()));
    }
    let mut out = String::new();
    for (module, edits) in by_file {
        let file = checked.file(module);
        let after = apply_edits(&file.text, &edits).ok()?;
        out += &unified_diff(&slashed(&file.path), &file.text, &after);
    }
    Some(out)
}

/// The first block of code under `## Use instead` on the page of a rule.
fn use_instead(docs: &'static str) -> Option<&'static str> {
    let (_, section) = docs.split_once("\n## Use instead\n")?;
    let section = section.split("\n## ").next()?;
    let (_, rest) = section.split_once("```python")?;
    let (_, code) = rest.split_once('\n')?;
    code.split("```").next()
}
