//! The JSON output: a public, versioned interface. Its schema is [`SCHEMA`].

use leakwright_analysis::project::ModuleId;
use leakwright_engine::{Checked, Judged};
use leakwright_rules::{
    Applicability, Confidence, Family, Fix, Growth, LeakType, RiskLevel, Role, Severity, Tier,
};
use leakwright_syntax::{PositionRange, TextRange};
use serde::Serialize;

use crate::positions::Positions;

/// JSON Schema of the output.
pub const SCHEMA: &str = include_str!("../schema/findings.schema.json");

/// Version of the output's form.
const VERSION: u32 = 1;

/// Where the pages of the rules are.
const HELP: &str = "https://leakwright.dev/rules";

#[derive(Serialize)]
struct Output<'c> {
    schema: u32,
    tool: Tool,
    files_checked: usize,
    errors: Vec<Problem>,
    findings: Vec<Finding<'c>>,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Problem {
    path: String,
    message: String,
}

#[derive(Serialize)]
struct Finding<'c> {
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

/// The findings and errors of a run as one JSON document, with a line break at the end.
pub fn json(checked: &Checked, show_suppressed: bool) -> String {
    let mut writer = Writer { checked, positions: Positions::new(checked) };
    let shown = checked.findings.iter().filter(|judged| show_suppressed || !judged.is_suppressed);
    let findings = shown.map(|judged| writer.finding(judged)).collect();
    let errors = checked
        .errors
        .iter()
        .map(|error| Problem {
            path: error.path.to_string_lossy().replace('\\', "/"),
            message: error.problem.to_string(),
        })
        .collect();
    let tool = Tool { name: "leakwright", version: env!("CARGO_PKG_VERSION") };
    let output = Output { schema: VERSION, tool, files_checked: checked.files_checked, errors, findings };
    let mut text = serde_json::to_string_pretty(&output).unwrap_or_default();
    text.push('\n');
    text
}

struct Writer<'c> {
    checked: &'c Checked,
    positions: Positions<'c>,
}

impl<'c> Writer<'c> {
    fn range(&mut self, module: ModuleId, range: TextRange) -> Range {
        self.positions.of(module, range).into()
    }

    fn finding(&mut self, judged: &'c Judged) -> Finding<'c> {
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
            help: format!("{HELP}/{}", metadata.code),
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
