//! What stands on top of a report: how many leaks of which kind, where most are, and what was checked.

use std::collections::BTreeMap;

use leakwright_engine::Checked;
use leakwright_rules::{LeakType, RiskLevel, RuleId};

use super::entry::{Entry, type_word};
use crate::positions::slashed;

/// Numbers of leaks by their risk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) high: usize,
    pub(crate) medium: usize,
    pub(crate) low: usize,
}

/// What stands on top of a report.
pub(crate) struct Summary {
    pub(crate) files: usize,
    pub(crate) lines: usize,
    pub(crate) rules: usize,
    /// Findings that are leaks.
    pub(crate) leaks: usize,
    /// Findings that are information.
    pub(crate) notes: usize,
    /// Findings that comments silence.
    pub(crate) silenced: usize,
    /// Leaks and information by kind, those with most first.
    pub(crate) by_type: Vec<(&'static str, Counts)>,
    /// By family, the worst first.
    pub(crate) by_family: Vec<(String, Counts)>,
    /// By file, the worst first.
    pub(crate) by_file: Vec<(String, Counts)>,
    /// By folder, the worst first.
    pub(crate) by_folder: Vec<(String, Counts)>,
    /// What could not be checked, or not wholly: path and reason.
    pub(crate) problems: Vec<(String, String)>,
    /// Comments that silence nothing: path, line, comment.
    pub(crate) unused: Vec<(String, u32, String)>,
}

impl Counts {
    pub(crate) fn total(self) -> usize {
        self.high + self.medium + self.low
    }

    fn add(&mut self, risk: RiskLevel) {
        match risk {
            RiskLevel::High => self.high += 1,
            RiskLevel::Medium => self.medium += 1,
            RiskLevel::Low => self.low += 1,
        }
    }
}

impl Summary {
    pub(super) fn new(checked: &Checked, entries: &[Entry]) -> Self {
        let leaks = entries.iter().filter(|entry| entry.is_leak()).count();
        let lines =
            checked.project.modules().map(|(module, _)| checked.file(module).text.lines().count()).sum();
        let types = [
            LeakType::UnboundedCollection,
            LeakType::Cache,
            LeakType::CircularReference,
            LeakType::EventHandler,
            LeakType::Resource,
            LeakType::Tensor,
            LeakType::Task,
        ];
        let mut by_type: Vec<(&'static str, Counts)> = types
            .into_iter()
            .map(|wanted| {
                (type_word(wanted), count(entries.iter().filter(|entry| entry.leak_type == wanted)))
            })
            .collect();
        by_type.retain(|(_, counts)| counts.total() > 0);
        let problems = checked.errors.iter().map(|error| (slashed(&error.path), error.problem.to_string()));
        let unused = checked.unused_suppressions.iter();
        Self {
            files: checked.files_checked,
            lines,
            rules: RuleId::all().count(),
            leaks,
            notes: entries.len() - leaks,
            silenced: checked.findings.len() - entries.len(),
            by_type,
            by_family: worst_first(entries, |entry| entry.family.to_owned()),
            by_file: worst_first(entries, |entry| entry.path.clone()),
            by_folder: worst_first(entries, |entry| folder(&entry.path)),
            problems: problems.collect(),
            unused: unused.map(|unused| (slashed(&unused.path), unused.line, unused.to_string())).collect(),
        }
    }
}

#[expect(single_use_lifetimes, reason = "`impl Trait` cannot elide it")]
fn count<'e>(entries: impl Iterator<Item = &'e Entry>) -> Counts {
    let mut counts = Counts::default();
    for entry in entries {
        counts.add(entry.risk);
    }
    counts
}

fn worst_first(entries: &[Entry], key: impl Fn(&Entry) -> String) -> Vec<(String, Counts)> {
    let mut found: BTreeMap<String, Counts> = BTreeMap::new();
    for entry in entries {
        found.entry(key(entry)).or_default().add(entry.risk);
    }
    let mut found: Vec<(String, Counts)> = found.into_iter().collect();
    // Equals stay in the order of their names.
    found.sort_by_key(|(_, counts)| std::cmp::Reverse((counts.high, counts.medium, counts.low)));
    found
}

/// The folder of a path; `.` for one that has none.
pub(crate) fn folder(path: &str) -> String {
    path.rsplit_once('/').map_or_else(|| ".".to_owned(), |(folder, _)| folder.to_owned())
}
