//! How much is found, by what it is.

use std::collections::BTreeMap;

use leakwright_engine::Found;
use leakwright_rules::{RuleId, Severity};
use serde::Serialize;

/// How much is found in some files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    files: usize,
    counts: BTreeMap<(RuleId, Severity), usize>,
}

/// The same, as a client is told.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Counts {
    /// Files that were looked at.
    files: usize,
    /// Files in which something is found.
    findings: usize,
    /// Those that are warnings or worse.
    leaks: usize,
    by_severity: BTreeMap<Severity, usize>,
    by_family: BTreeMap<&'static str, usize>,
    by_rule: BTreeMap<&'static str, usize>,
}

impl Tally {
    /// What is found in one file.
    pub(crate) fn of(findings: &[Found]) -> Self {
        let mut counts = BTreeMap::new();
        for Found { finding, .. } in findings {
            *counts.entry((finding.rule, finding.severity)).or_default() += 1;
        }
        Self { files: 1, counts }
    }

    /// Takes in what is found in other files.
    pub(crate) fn add(&mut self, other: &Self) {
        self.files += other.files;
        for (what, count) in &other.counts {
            *self.counts.entry(*what).or_default() += count;
        }
    }

    /// As a client is told.
    pub(crate) fn counts(&self) -> Counts {
        let mut counts = Counts {
            files: self.files,
            findings: self.counts.values().sum(),
            leaks: 0,
            by_severity: BTreeMap::new(),
            by_family: BTreeMap::new(),
            by_rule: BTreeMap::new(),
        };
        for ((rule, severity), count) in &self.counts {
            let metadata = rule.metadata();
            counts.leaks += if is_leak(*severity) { *count } else { 0 };
            *counts.by_severity.entry(*severity).or_default() += count;
            *counts.by_family.entry(metadata.family.name()).or_default() += count;
            *counts.by_rule.entry(metadata.code).or_default() += count;
        }
        counts
    }

    /// Leaks in words, by family: `3 leaks: growth, 2 resource`. `None` if there are none.
    pub(crate) fn words(&self) -> Option<String> {
        let mut families: BTreeMap<_, usize> = BTreeMap::new();
        for ((rule, severity), count) in &self.counts {
            if is_leak(*severity) {
                *families.entry(rule.metadata().family).or_default() += count;
            }
        }
        let all: usize = families.values().sum();
        let leaks = if all == 1 { "leak" } else { "leaks" };
        let part = |(family, count): (leakwright_rules::Family, usize)| match count {
            1 => family.name().to_owned(),
            _ if count == all => family.name().to_owned(),
            _ => format!("{count} {}", family.name()),
        };
        let parts: Vec<String> = families.into_iter().map(part).collect();
        (all > 0).then(|| format!("{all} {leaks}: {}", parts.join(", ")))
    }
}

/// Whether a finding counts as a leak, and is not just for information.
pub(crate) fn is_leak(severity: Severity) -> bool {
    matches!(severity, Severity::Error | Severity::Warning)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaks_are_counted_by_family_and_notes_are_not() {
        let tally = |counts: &[(&str, Severity, usize)]| Tally {
            files: 1,
            counts: counts
                .iter()
                .map(|(code, severity, count)| ((RuleId::from_code(code).unwrap(), *severity), *count))
                .collect(),
        };
        let words = |counts: &[(&str, Severity, usize)]| tally(counts).words();
        assert_eq!(words(&[]), None);
        assert_eq!(words(&[("LW402", Severity::Information, 3)]), None);
        assert_eq!(words(&[("LW101", Severity::Warning, 1)]).as_deref(), Some("1 leak: growth"));
        assert_eq!(words(&[("LW101", Severity::Warning, 3)]).as_deref(), Some("3 leaks: growth"));
        let mixed =
            [("LW101", Severity::Warning, 1), ("LW301", Severity::Warning, 1), ("LW302", Severity::Error, 1)];
        assert_eq!(words(&mixed[..2]).as_deref(), Some("2 leaks: growth, resource"));
        assert_eq!(words(&mixed).as_deref(), Some("3 leaks: growth, 2 resource"));
        let mut sum = tally(&mixed);
        sum.add(&tally(&[("LW101", Severity::Information, 2)]));
        let counts = serde_json::to_value(sum.counts()).unwrap();
        assert_eq!(
            counts,
            serde_json::json!({
                "files": 2, "findings": 5, "leaks": 3,
                "bySeverity": { "error": 1, "warning": 2, "information": 2 },
                "byFamily": { "growth": 3, "resource": 2 },
                "byRule": { "LW101": 3, "LW301": 1, "LW302": 1 }
            })
        );
    }
}
