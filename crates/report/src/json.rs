//! The JSON output: a public, versioned interface. Its schema is [`SCHEMA`].

use leakwright_engine::{Checked, Comparison, Judged, Known, UnusedSuppression};
use serde::Serialize;

use crate::entry::{Entries, Finding, Problem};
use crate::positions::slashed;

/// JSON Schema of the output.
pub const SCHEMA: &str = include_str!("../schema/findings.schema.json");

/// Version of the output's form.
pub(crate) const VERSION: u32 = 1;

#[derive(Serialize)]
struct Output<'c> {
    schema: u32,
    tool: Tool,
    files_checked: usize,
    errors: Vec<Problem>,
    findings: Vec<Finding<'c>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unused_suppressions: Vec<Unused<'c>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    comparisons: Vec<Compared<'c>>,
}

/// What the findings were compared with.
#[derive(Serialize)]
struct Compared<'c> {
    against: &'c str,
    known: usize,
    gone: Vec<Gone<'c>>,
}

/// A finding that was known, and is not there any more.
#[derive(Serialize)]
struct Gone<'c> {
    path: &'c str,
    code: &'c str,
    symbol: &'c str,
    fingerprint: &'c str,
    count: usize,
}

/// A line of the output that is a finding which is gone.
#[derive(Serialize)]
struct GoneLine<'c> {
    gone: Gone<'c>,
}

impl<'c> Gone<'c> {
    fn new(known: &'c Known) -> Self {
        let Known { path, code, symbol, fingerprint, count, .. } = known;
        Self { path, code, symbol, fingerprint, count: *count }
    }
}

#[derive(Serialize)]
struct Unused<'c> {
    path: String,
    line: u32,
    comment: &'c str,
    message: String,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

/// A line of the output that is a problem.
#[derive(Serialize)]
struct ProblemLine {
    error: Problem,
}

/// The findings and errors of a run as one JSON document, with a line break at the end.
pub fn json(checked: &Checked, show_suppressed: bool) -> String {
    let mut entries = Entries::new(checked);
    let output = Output {
        schema: VERSION,
        tool: Tool { name: "leakwright", version: env!("CARGO_PKG_VERSION") },
        files_checked: checked.files_checked,
        errors: checked.errors.iter().map(Problem::new).collect(),
        findings: shown(checked, show_suppressed).map(|judged| entries.finding(judged)).collect(),
        unused_suppressions: checked.unused_suppressions.iter().map(unused).collect(),
        comparisons: checked.comparisons.iter().map(compared).collect(),
    };
    pretty(&output)
}

fn compared(comparison: &Comparison) -> Compared<'_> {
    let Comparison { against, known, gone } = comparison;
    Compared { against, known: *known, gone: gone.iter().map(Gone::new).collect() }
}

fn unused(unused: &UnusedSuppression) -> Unused<'_> {
    let message = unused.to_string();
    Unused { path: slashed(&unused.path), line: unused.line, comment: &unused.comment, message }
}

/// The findings as JSON, each on a line of its own, and behind them those that are gone, and the errors.
pub fn json_lines(checked: &Checked, show_suppressed: bool) -> String {
    let mut entries = Entries::new(checked);
    let findings = shown(checked, show_suppressed).map(|judged| line(&entries.finding(judged)));
    let findings: String = findings.collect();
    let errors = checked.errors.iter().map(|error| line(&ProblemLine { error: Problem::new(error) }));
    let gone = checked.comparisons.iter().flat_map(|comparison| &comparison.gone);
    let gone: String = gone.map(|known| line(&GoneLine { gone: Gone::new(known) })).collect();
    findings + &gone + &errors.collect::<String>()
}

/// The findings of a run, with those that comments silence or without.
pub(crate) fn shown(checked: &Checked, show_suppressed: bool) -> impl Iterator<Item = &Judged> {
    checked
        .findings
        .iter()
        .filter(move |judged| !judged.is_known && (show_suppressed || !judged.is_suppressed))
}

/// JSON to be read by people as well, with a line break at the end.
pub(crate) fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default() + "\n"
}
