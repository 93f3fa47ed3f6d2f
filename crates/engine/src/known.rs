//! Telling new findings from known ones.
//!
//! A finding is known by its fingerprint; one whose file was moved, or that was moved to another file, by what it is
//! about: a known one that is gone elsewhere is taken for it. As many as were known are known, others are new.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::check::Checked;

/// A finding that is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// The file, with forward slashes.
    pub path: String,
    /// The rule.
    pub code: String,
    /// What leaks.
    pub symbol: String,
    /// What identifies it when lines shift.
    pub fingerprint: String,
    /// The same whatever the file.
    pub content: String,
    /// How many of them there are.
    pub count: usize,
}

/// What came of telling new findings from known ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// What the findings were compared with, in words.
    pub against: String,
    /// How many were known.
    pub known: usize,
    /// Known ones that are not found any more.
    pub gone: Vec<Known>,
}

/// The findings of a check that are shown, each kind once, by path, rule and symbol. Paths are made by a function.
pub(crate) fn known(checked: &Checked, shown: &dyn Fn(&Path) -> String) -> Vec<Known> {
    let mut found: BTreeMap<(String, String), Known> = BTreeMap::new();
    for judged in checked.active() {
        let file = checked.file(judged.finding.module);
        let path = shown(&file.absolute);
        let entry = found.entry((judged.fingerprint.clone(), path.clone())).or_insert_with(|| Known {
            path,
            code: judged.finding.rule.metadata().code.to_owned(),
            symbol: judged.finding.symbol.clone(),
            fingerprint: judged.fingerprint.clone(),
            content: judged.finding.fingerprint("", &file.text),
            count: 0,
        });
        entry.count += 1;
    }
    let mut entries: Vec<Known> = found.into_values().collect();
    let order = |entry: &Known| {
        (entry.path.clone(), entry.code.clone(), entry.symbol.clone(), entry.fingerprint.clone())
    };
    entries.sort_by_key(order);
    entries
}

/// Marks the findings of a check that are known, of files that this is asked for; known ones that are left over and
/// looked for are gone.
pub(crate) fn compare(
    checked: &mut Checked,
    mut entries: Vec<Known>,
    against: String,
    is_asked: &dyn Fn(&Path) -> bool,
    is_looked_for: &dyn Fn(&Known) -> bool,
) {
    let mut known = 0;
    for by_content in [false, true] {
        for index in 0..checked.findings.len() {
            let judged = &checked.findings[index];
            let file = checked.file(judged.finding.module);
            if judged.is_suppressed || judged.is_known || !is_asked(&file.absolute) {
                continue;
            }
            let content = by_content.then(|| judged.finding.fingerprint("", &file.text));
            let same = |entry: &&mut Known| {
                let is_same = match &content {
                    Some(content) => entry.content == *content,
                    None => entry.fingerprint == judged.fingerprint,
                };
                entry.count > 0 && is_same
            };
            let Some(entry) = entries.iter_mut().find(same) else { continue };
            entry.count -= 1;
            known += 1;
            checked.findings[index].is_known = true;
        }
    }
    let gone = entries.into_iter().filter(|entry| entry.count > 0 && is_looked_for(entry)).collect();
    checked.comparisons.push(Comparison { against, known, gone });
}

/// Whether a path is one of those that were checked, or would be below them.
pub(crate) fn is_below(path: &Path, checked: &[PathBuf]) -> bool {
    checked.iter().filter_map(|path| std::path::absolute(path).ok()).any(|root| {
        let root: PathBuf = root.components().collect();
        path.starts_with(root)
    })
}
