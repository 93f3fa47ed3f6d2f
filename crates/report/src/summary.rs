//! How many leaks there are, and how many of what.

use std::collections::BTreeMap;
use std::fmt::Write;

use leakwright_engine::Checked;
use leakwright_rules::{Applicability, RuleId, Severity};
use serde::Serialize;

use crate::json::{VERSION, pretty};
use crate::words::plural;

/// How many leaks, and how many notes beside them.
pub fn summary(checked: &Checked) -> String {
    let count = |wanted: &dyn Fn(Severity) -> bool| {
        checked.active().filter(|judged| wanted(judged.finding.severity)).count()
    };
    let leaks = count(&|severity| severity >= Severity::Warning);
    let notes = count(&|severity| severity < Severity::Warning);
    let files = plural(checked.files_checked, "file");
    let mut out = if leaks == 0 {
        format!("No leaks detected in {files}")
    } else {
        format!("TOTAL ISSUES FOUND: {leaks} in {files}")
    };
    if notes > 0 {
        let _ = write!(out, " ({notes} more for information)");
    }
    out.push('\n');
    for comparison in &checked.comparisons {
        let _ = writeln!(out, "{} known from {}", comparison.known, comparison.against);
        for gone in &comparison.gone {
            let _ = writeln!(out, "gone: {}: {} `{}`", gone.path, gone.code, gone.symbol);
        }
    }
    out
}

/// How often a rule found something.
#[derive(Serialize)]
struct Count {
    code: &'static str,
    name: &'static str,
    count: usize,
    /// How many of them a safe fix mends.
    safe_fixes: usize,
    /// How many of the others an unsafe fix mends.
    unsafe_fixes: usize,
}

#[derive(Serialize)]
struct Statistics {
    schema: u32,
    files_checked: usize,
    statistics: Vec<Count>,
}

/// How often each rule found something, the most frequent first, as a table.
pub fn statistics(checked: &Checked) -> String {
    let counts = counts(checked);
    let width = counts.iter().map(|count| count.count.to_string().len()).max().unwrap_or_default();
    let name_width = counts.iter().map(|count| count.name.len()).max().unwrap_or_default();
    let mut out = String::new();
    for Count { code, name, count, safe_fixes, unsafe_fixes } in &counts {
        let fixes: Vec<String> = [(safe_fixes, "safe"), (unsafe_fixes, "unsafe")]
            .iter()
            .filter(|(count, _)| **count > 0)
            .map(|(count, kind)| plural(**count, &format!("{kind} fix")).replace("fixs", "fixes"))
            .collect();
        let line = format!("{count:width$}  {code}  {name:name_width$}  {}", fixes.join(", "));
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}

/// The same as JSON.
pub fn statistics_json(checked: &Checked) -> String {
    let (files_checked, statistics) = (checked.files_checked, counts(checked));
    pretty(&Statistics { schema: VERSION, files_checked, statistics })
}

fn counts(checked: &Checked) -> Vec<Count> {
    let mut by_rule: BTreeMap<RuleId, Count> = BTreeMap::new();
    for judged in checked.active() {
        let metadata = judged.finding.rule.metadata();
        let count = by_rule.entry(judged.finding.rule).or_insert(Count {
            code: metadata.code,
            name: metadata.name,
            count: 0,
            safe_fixes: 0,
            unsafe_fixes: 0,
        });
        count.count += 1;
        let fixes = checked.fixes(&judged.finding);
        let best = fixes.iter().filter(|fix| !fix.edits.is_empty()).map(|fix| fix.applicability).min();
        count.safe_fixes += usize::from(best == Some(Applicability::Safe));
        count.unsafe_fixes += usize::from(best == Some(Applicability::Unsafe));
    }
    let mut counts: Vec<Count> = by_rule.into_values().collect();
    counts.sort_by_key(|count| std::cmp::Reverse(count.count));
    counts
}
