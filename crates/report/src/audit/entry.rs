//! What is told of a finding.

use leakwright_engine::{Checked, Judged};
use leakwright_rules::{Confidence, Detection, Estimate, Growth, LeakType, RiskLevel, Role, Severity};

use super::excerpt::{self, Excerpt};
use super::remedy::{self, Remedy};
use crate::positions::{Positions, slashed};

/// A finding with all that a reader needs to believe and mend it.
pub(crate) struct Entry {
    /// Counted from 1, in the order of the report.
    pub(crate) number: usize,
    pub(crate) path: String,
    pub(crate) line: u32,
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
    pub(crate) family: &'static str,
    pub(crate) severity: Severity,
    pub(crate) confidence: Confidence,
    /// What speaks for and against it, where that was weighed up.
    pub(crate) signs: Vec<String>,
    pub(crate) leak_type: LeakType,
    pub(crate) growth: Growth,
    pub(crate) message: String,
    pub(crate) pattern: String,
    pub(crate) risk: RiskLevel,
    pub(crate) reason: String,
    pub(crate) recommendation: String,
    pub(crate) estimate: Estimate,
    pub(crate) places: Vec<Place>,
    pub(crate) excerpts: Vec<Excerpt>,
    pub(crate) detection: Option<Detection>,
    pub(crate) remedies: Vec<Remedy>,
    pub(crate) fingerprint: String,
    /// Address of the page of its rule.
    pub(crate) help: String,
}

/// A place of the chain that shows a leak.
pub(crate) struct Place {
    /// Counted from 1, within the finding.
    pub(crate) number: usize,
    pub(crate) role: Role,
    pub(crate) path: String,
    pub(crate) line: u32,
    pub(crate) message: String,
}

/// The findings that no comment silences.
pub(super) fn entries(checked: &Checked) -> Vec<Entry> {
    let mut positions = Positions::new(checked);
    let numbered = checked.active().enumerate();
    numbered.map(|(index, judged)| entry(checked, &mut positions, judged, index + 1)).collect()
}

fn entry(checked: &Checked, positions: &mut Positions<'_>, judged: &Judged, number: usize) -> Entry {
    let finding = &judged.finding;
    let metadata = finding.rule.metadata();
    let start = positions.of(finding.module, finding.range).start;
    let places: Vec<Place> = finding
        .evidence
        .iter()
        .enumerate()
        .map(|(index, place)| {
            let start = positions.of(place.module, place.range).start;
            Place {
                number: index + 1,
                role: place.role,
                path: positions.path(place.module),
                line: start.line + 1,
                message: place.message.clone(),
            }
        })
        .collect();
    let signs = finding.signs.iter().filter(|sign| sign.points != 0);
    Entry {
        number,
        path: slashed(&checked.file(finding.module).path),
        line: start.line + 1,
        code: metadata.code,
        name: metadata.name,
        family: metadata.family.name(),
        severity: finding.severity,
        confidence: finding.confidence,
        signs: signs
            .map(|sign| format!("{} {}", if sign.points > 0 { '+' } else { '-' }, sign.says))
            .collect(),
        leak_type: finding.leak_type,
        growth: finding.growth,
        message: finding.message.clone(),
        pattern: finding.pattern.clone(),
        risk: finding.risk.level,
        reason: finding.risk.reason.clone(),
        recommendation: finding.recommendation.clone(),
        estimate: checked.estimate(finding),
        excerpts: excerpt::excerpts(checked, positions, finding),
        places,
        detection: checked.detection(finding),
        remedies: remedy::remedies(checked, finding),
        fingerprint: judged.fingerprint.clone(),
        help: metadata.help(),
    }
}

impl Entry {
    /// Whether it counts as a leak, rather than as information.
    pub(crate) fn is_leak(&self) -> bool {
        self.severity >= Severity::Warning
    }
}

/// The name of a kind of leak.
pub(crate) fn type_word(leak_type: LeakType) -> &'static str {
    match leak_type {
        LeakType::UnboundedCollection => "Unbounded Collection",
        LeakType::Cache => "Cache",
        LeakType::Resource => "Resource",
        LeakType::Task => "Task",
        LeakType::Tensor => "Tensor",
        LeakType::EventHandler => "Event Handler",
        LeakType::CircularReference => "Circular Ref",
    }
}

/// The name of a way to grow.
pub(crate) fn growth_word(growth: Growth) -> &'static str {
    match growth {
        Growth::Constant => "Constant",
        Growth::Linear => "Linear",
        Growth::Quadratic => "Quadratic",
    }
}

/// What a place of the chain shows, in a word or two.
pub(crate) fn role_word(role: Role) -> String {
    let word = serde_json::to_value(role).ok().and_then(|value| value.as_str().map(str::to_owned));
    word.unwrap_or_default().replace('-', " ")
}
