//! `mem.leaks`, `mem.scan` and `mem.handles`.

use std::fmt::Write;

use leakwright_engine::{Checked, Scope};
use rmcp::schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Asked, Level, memory};
use crate::answer::{Answer, LONGEST, answer, plain, shortened};
use crate::folders::Folders;
use crate::slashed;

#[derive(Deserialize, JsonSchema)]
#[schemars(crate = "rmcp::schemars")]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The file or folder to look at; the whole project if it is not said.
    path: Option<String>,
    /// Python source to look at by itself, instead of what lies at the path; the path is the name it goes by.
    text: Option<String>,
    /// Rules to run instead of the configured ones: codes, prefixes of codes, names, families, `all`.
    #[serde(default)]
    select: Vec<String>,
    /// Leave out findings that are less sure.
    min_confidence: Option<Level>,
    /// How many findings to show at most.
    limit: Option<usize>,
    /// How many findings to pass over first.
    #[serde(default)]
    offset: usize,
}

/// Findings that are shown at once, unless another number is asked for.
const SHOWN: usize = 20;
/// The most that can be asked for.
const MOST: usize = 200;
/// The largest structured content, in bytes.
const LARGEST: usize = 100_000;

pub(crate) fn run(folders: &Folders, params: &Params, scope: Scope) -> Answer {
    let Params { path, text, select, min_confidence, .. } = params;
    let asked = Asked { path, text, select, min_confidence: *min_confidence };
    let (subject, options) = asked.opened(folders)?;
    let mut checked = subject.check_for_new(&scope.narrow(options))?;
    checked.findings.retain(|judged| !judged.is_suppressed && !judged.is_known);
    let (summary, total) = (leakwright_report::summary(&checked), checked.findings.len());
    let codes: Vec<&str> =
        checked.findings.iter().map(|judged| judged.finding.rule.metadata().code).collect();
    let learnt = memory::mention(folders, &subject.inside, &codes);
    let offset = params.offset.min(total);
    checked.findings.drain(..offset);
    checked.findings.truncate(params.limit.unwrap_or(SHOWN).min(MOST));
    let data = data(&mut checked, total, offset);
    let text = leakwright_report::text(&checked);
    let text = shortened(&plain(&text), LONGEST) + &problems(&checked) + &summary;
    let shown = paging(offset, checked.findings.len(), total);
    Ok(answer(&(text + &shown + &learnt), data))
}

/// The findings as the command line's JSON has them, as many as fit.
fn data(checked: &mut Checked, total: usize, offset: usize) -> Value {
    let document = leakwright_report::json(checked, false);
    let mut document: Value = serde_json::from_str(&document).unwrap_or_default();
    if let Some(findings) = document["findings"].as_array_mut() {
        let mut size = 0;
        let fits = |finding: &&Value| {
            size += finding.to_string().len();
            size <= LARGEST
        };
        let count = findings.iter().take_while(fits).count().max(1);
        findings.truncate(count);
        checked.findings.truncate(count);
    }
    document["total"] = json!(total);
    document["offset"] = json!(offset);
    document
}

/// What could not be checked, and why.
pub(super) fn problems(checked: &Checked) -> String {
    let mut out = String::new();
    for error in &checked.errors {
        let _ = writeln!(out, "{}: {}", slashed(&error.path), error.problem);
    }
    shortened(&out, LONGEST / 4)
}

/// Which part of the findings is shown, if it is not all of them.
fn paging(offset: usize, shown: usize, total: usize) -> String {
    if shown == total {
        return String::new();
    }
    let end = offset + shown;
    let rest = if end < total { format!("; `offset` {end} shows those that follow") } else { String::new() };
    format!("Shown: findings {} to {end} of {total}{rest}.\n", offset + usize::from(shown > 0))
}
