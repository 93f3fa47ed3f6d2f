//! Findings as SARIF results.

use std::collections::BTreeMap;
use std::path::Path;

use leakwright_engine::{Judged, Known};
use leakwright_rules::{Edit, Evidence, Finding, Role, RuleId, Severity};
use serde_json::json;

use super::log::{
    ArtifactChange, CodeFlow, Content, Fix, Location, LogicalLocation, Message, Properties, Replacement,
    SarifResult, Step, Suppression, ThreadFlow,
};
use super::places::Places;
use crate::github::sentence;

/// A finding that was known, and is not there any more.
pub(super) fn absent(known: &Known) -> SarifResult {
    let rule = RuleId::from_code(&known.code);
    let mut location = Places::line(Path::new(&known.path), None);
    location.logical_locations.push(LogicalLocation { fully_qualified_name: known.symbol.clone() });
    SarifResult {
        rule_id: known.code.clone(),
        rule_index: rule.map(index),
        level: rule.map_or("warning", |rule| level(rule.metadata().severity)),
        baseline_state: Some("absent"),
        message: Message::plain(format!("`{}` does not leak any more.", known.symbol)),
        locations: [location],
        related_locations: Vec::new(),
        code_flows: Vec::new(),
        partial_fingerprints: BTreeMap::from([("leakwright/v1", known.fingerprint.clone())]),
        suppressions: Vec::new(),
        fixes: Vec::new(),
        properties: Properties::new(),
    }
}

/// The place of a rule in the list of all.
fn index(rule: RuleId) -> usize {
    RuleId::all().take_while(|other| *other != rule).count()
}

pub(super) fn result(places: &mut Places<'_>, judged: &Judged) -> SarifResult {
    let finding = &judged.finding;
    let silenced = judged.is_suppressed.then_some(Suppression { kind: "inSource", justification: None });
    let is_compared = !places.checked.comparisons.is_empty();
    let state = if judged.is_known { "unchanged" } else { "new" };
    SarifResult {
        rule_id: finding.rule.metadata().code.to_owned(),
        rule_index: Some(index(finding.rule)),
        level: level(finding.severity),
        baseline_state: is_compared.then_some(state),
        message: Message::plain(format!("{}. {}", finding.message, sentence(&finding.recommendation))),
        locations: [main_location(places, finding)],
        related_locations: related(places, finding),
        code_flows: code_flow(places, finding).into_iter().collect(),
        partial_fingerprints: BTreeMap::from([("leakwright/v1", judged.fingerprint.clone())]),
        suppressions: silenced.into_iter().collect(),
        fixes: fixes(places, finding),
        properties: properties(finding),
    }
}

/// How SARIF calls a severity.
pub(super) fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Information | Severity::Hint => "note",
    }
}

fn main_location(places: &mut Places<'_>, finding: &Finding) -> Location {
    let module = &places.checked.project.module(finding.module).name;
    let fully_qualified_name = format!("{module}.{}", finding.symbol);
    let mut location = places.with_snippet(finding.module, finding.range);
    location.logical_locations.push(LogicalLocation { fully_qualified_name });
    location
}

fn place(places: &mut Places<'_>, evidence: &Evidence) -> Location {
    let mut location = places.location(evidence.module, evidence.range);
    location.message = Some(Message::plain(sentence(&evidence.message)));
    location
}

/// The evidence beside the place of the finding itself.
fn related(places: &mut Places<'_>, finding: &Finding) -> Vec<Location> {
    let elsewhere = finding.evidence.iter().filter(|evidence| !is_main(finding, evidence));
    elsewhere
        .enumerate()
        .map(|(index, evidence)| Location { id: Some(index + 1), ..place(places, evidence) })
        .collect()
}

fn is_main(finding: &Finding, evidence: &Evidence) -> bool {
    (evidence.module, evidence.range) == (finding.module, finding.range)
}

/// The chain of places, if there is more than one.
fn code_flow(places: &mut Places<'_>, finding: &Finding) -> Option<CodeFlow> {
    if finding.evidence.len() < 2 {
        return None;
    }
    let step = |evidence: &Evidence| Step {
        location: place(places, evidence),
        kinds: kinds(evidence.role),
        importance: if is_main(finding, evidence) { "essential" } else { "important" },
    };
    let locations = finding.evidence.iter().map(step).collect();
    Some(CodeFlow { thread_flows: [ThreadFlow { locations }] })
}

/// The standard's own words for what a step is.
fn kinds(role: Role) -> &'static [&'static str] {
    match role {
        Role::Acquired => &["acquire", "resource"],
        Role::Released => &["release", "resource"],
        Role::Leaves => &["exit", "function"],
        Role::ErrorPath => &["branch", "danger"],
        Role::Grows => &["memory"],
        _ => &[],
    }
}

fn fixes(places: &mut Places<'_>, finding: &Finding) -> Vec<Fix> {
    let applicable = places.checked.fixes(finding).into_iter().filter(|fix| !fix.edits.is_empty());
    applicable
        .map(|fix| Fix {
            description: Message::plain(sentence(&fix.title)),
            artifact_changes: changes(places, &fix.edits),
            properties: Properties::from([
                ("applicability", json!(fix.applicability)),
                ("id", json!(fix.id)),
            ]),
        })
        .collect()
}

/// Rewrites by file, in the order of the text.
fn changes(places: &mut Places<'_>, edits: &[Edit]) -> Vec<ArtifactChange> {
    let mut by_file: BTreeMap<_, Vec<&Edit>> = BTreeMap::new();
    for edit in edits {
        by_file.entry(edit.module).or_default().push(edit);
    }
    let change = |(module, mut edits): (_, Vec<&Edit>)| {
        edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
        let replacement = |edit: &Edit| Replacement {
            deleted_region: places.region(module, edit.range),
            inserted_content: Content { text: edit.text.clone() },
        };
        let replacements = edits.into_iter().map(replacement).collect();
        ArtifactChange { artifact_location: places.artifact(module), replacements }
    };
    by_file.into_iter().map(change).collect()
}

fn properties(finding: &Finding) -> Properties {
    let mut properties = Properties::from([
        ("confidence", json!(finding.confidence)),
        ("growth", json!(finding.growth)),
        ("impact", json!(finding.impact)),
        ("leakType", json!(finding.leak_type)),
        ("pattern", json!(finding.pattern)),
        ("risk", json!(finding.risk.level)),
        ("riskReason", json!(finding.risk.reason)),
    ]);
    properties.extend(finding.tier.map(|tier| ("tier", json!(tier))));
    properties
}
