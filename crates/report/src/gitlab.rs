//! The Code Quality report of GitLab, which its merge requests compare with that of the target branch.

use std::collections::BTreeMap;
use std::path::Path;

use leakwright_engine::Checked;
use leakwright_rules::Severity;
use serde::Serialize;

use crate::json::pretty;
use crate::positions::{Positions, seen_from};

#[derive(Serialize)]
struct Issue {
    #[serde(rename = "type")]
    kind: &'static str,
    check_name: &'static str,
    description: String,
    categories: [&'static str; 1],
    severity: &'static str,
    fingerprint: String,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}

/// Findings as a report, with paths as seen from a folder.
pub fn gitlab(checked: &Checked, root: Option<&Path>) -> String {
    let mut positions = Positions::new(checked);
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let issues = checked.active().map(|judged| {
        let finding = &judged.finding;
        let metadata = finding.rule.metadata();
        let range = positions.of(finding.module, finding.range);
        // Issues with equal fingerprints are taken for one.
        let before = seen.entry(&judged.fingerprint).or_default();
        *before += 1;
        let fingerprint = match *before {
            1 => judged.fingerprint.clone(),
            count => format!("{}-{count}", judged.fingerprint),
        };
        Issue {
            kind: "issue",
            check_name: metadata.code,
            description: format!("{}: {}", metadata.name, finding.message),
            categories: ["Bug Risk"],
            severity: severity(finding.severity),
            fingerprint,
            location: Location {
                path: seen_from(&checked.file(finding.module).path, root),
                lines: Lines { begin: range.start.line + 1, end: range.end.line + 1 },
            },
        }
    });
    pretty(&issues.collect::<Vec<Issue>>())
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "critical",
        Severity::Warning => "major",
        Severity::Information => "minor",
        Severity::Hint => "info",
    }
}
