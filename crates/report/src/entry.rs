//! A finding as JSON, with everything that it says and what would mend it.

use leakwright_analysis::project::ModuleId;
use leakwright_engine::{Checked, FileError, Judged};
use leakwright_rules::{
    Applicability, Confidence, Family, Fix, Growth, LeakType, RiskLevel, Role, Severity, Tier,
};
use leakwright_syntax::{PositionRange, TextRange};
use serde::Serialize;

use crate::positions::{Positions, slashed};

/// A path that could not be dealt with, or only in part.
#[derive(Serialize)]
pub(crate) struct Problem {
    path: String,
    message: String,
}

impl Problem {
    pub(crate) fn new(error: &FileError) -> Self {
        Self { path: slashed(&error.path), message: error.problem.to_string() }
    }
}

#[derive(Serialize)]
pub(crate) struct Finding<'c> {
    code: &'static str,
    name: &'static str,
    family: Family,
    severity: Severity,
    confidence: Confidence,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier: Option<Tier>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    suppressed: bool,
    leak_type: LeakType,
    message: &'c str,
    pattern: &'c str,
    risk: RiskLevel,
    risk_reason: &'c str,
    recommendation: &'c str,
    path: String,
    range: Range,
    symbol: &'c str,
    growth: Growth,
    impact: &'c str,
    evidence: Vec<Evidence<'c>>,
    fixes: Vec<FixEntry>,
    help: String,
    fingerprint: &'c str,
}

#[derive(Serialize)]
struct Evidence<'c> {
    role: Role,
    path: String,
    range: Range,
    message: &'c str,
}

#[derive(Serialize)]
struct FixEntry {
    id: &'static str,
    title: String,
    applicability: Applicability,
    edits: Vec<Edit>,
}

#[derive(Serialize)]
struct Edit {
    path: String,
    content_hash: String,
    range: Range,
    text: String,
}

/// One-based, the end exclusive, columns in characters.
#[derive(Serialize)]
struct Range {
    start: Place,
    end: Place,
}

#[derive(Serialize)]
struct Place {
    line: u32,
    column: u32,
}

impl From<PositionRange> for Range {
    fn from(range: PositionRange) -> Self {
        let place = |position: leakwright_syntax::Position| Place {
            line: position.line + 1,
            column: position.column + 1,
        };
        Self { start: place(range.start), end: place(range.end) }
    }
}

/// Makes entries of findings.
pub(crate) struct Entries<'c> {
    checked: &'c Checked,
    positions: Positions<'c>,
}

impl<'c> Entries<'c> {
    pub(crate) fn new(checked: &'c Checked) -> Self {
        Self { checked, positions: Positions::new(checked) }
    }

    fn range(&mut self, module: ModuleId, range: TextRange) -> Range {
        self.positions.of(module, range).into()
    }

    pub(crate) fn finding(&mut self, judged: &'c Judged) -> Finding<'c> {
        let finding = &judged.finding;
        let metadata = finding.rule.metadata();
        let evidence = finding
            .evidence
            .iter()
            .map(|place| Evidence {
                role: place.role,
                path: self.positions.path(place.module),
                range: self.range(place.module, place.range),
                message: &place.message,
            })
            .collect();
        let fixes = self.checked.fixes(finding).into_iter().map(|fix| self.fix(fix)).collect();
        Finding {
            code: metadata.code,
            name: metadata.name,
            family: metadata.family,
            severity: finding.severity,
            confidence: finding.confidence,
            tier: finding.tier,
            suppressed: judged.is_suppressed,
            leak_type: finding.leak_type,
            message: &finding.message,
            pattern: &finding.pattern,
            risk: finding.risk.level,
            risk_reason: &finding.risk.reason,
            recommendation: &finding.recommendation,
            path: self.positions.path(finding.module),
            range: self.range(finding.module, finding.range),
            symbol: &finding.symbol,
            growth: finding.growth,
            impact: &finding.impact,
            evidence,
            fixes,
            help: metadata.help(),
            fingerprint: &judged.fingerprint,
        }
    }

    fn fix(&mut self, fix: Fix) -> FixEntry {
        let edits = fix
            .edits
            .into_iter()
            .map(|edit| Edit {
                path: self.positions.path(edit.module),
                content_hash: self.checked.file(edit.module).hash.clone(),
                range: self.range(edit.module, edit.range),
                text: edit.text,
            })
            .collect();
        FixEntry { id: fix.id, title: fix.title, applicability: fix.applicability, edits }
    }
}
