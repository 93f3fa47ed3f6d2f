//! `mem.fix`.

use std::fmt::Write;

use leakwright_engine::{Applied, Checked, FixOptions, Journal, NoProgress, Outcome, Written, fix, write};
use leakwright_rules::{Applicability, Severity};
use rmcp::schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Asked, check::problems};
use crate::answer::{Answer, LONGEST, Refusal, answer, shortened};
use crate::folders::Folders;
use crate::slashed;

#[derive(Deserialize, JsonSchema)]
#[schemars(crate = "rmcp::schemars")]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The file or folder to mend; the whole project if it is not said.
    path: Option<String>,
    /// Python source to mend by itself, instead of what lies at the path; the path is the name it goes by.
    text: Option<String>,
    /// Rules whose findings are mended: codes, prefixes of codes, names, families.
    #[serde(default)]
    select: Vec<String>,
    /// Also apply fixes that change what the program does, under the conditions that `mem.explain` names.
    #[serde(default)]
    unsafe_fixes: bool,
    /// Write the files. Otherwise only the diff is shown.
    #[serde(default)]
    apply: bool,
}

pub(crate) fn run(folders: &Folders, params: &Params) -> Answer {
    if params.apply && params.text.is_some() {
        return Err(Refusal::new(
            &"a text cannot be written: apply fixes to a path, or take the text that is returned",
        ));
    }
    let Params { path, text, select, .. } = params;
    let (subject, options) = Asked { path, text, select, min_confidence: None }.opened(folders)?;
    let options = FixOptions { check: options, allow_unsafe: params.unsafe_fixes, baseline: None };
    let outcome = fix(&subject.input, &options, &NoProgress).map_err(|error| Refusal::new(&error))?;
    if !params.apply {
        return Ok(shown(&outcome, params));
    }
    let home = Journal::home_of(&subject.path(), Some(&subject.inside.folder));
    let written = write(&outcome, &[home]);
    let again = subject.check_for_new(&options.check)?;
    Ok(applied(&outcome, &written, &again))
}

/// What would change.
fn shown(outcome: &Outcome, params: &Params) -> rmcp::model::CallToolResult {
    let applied: Vec<&Applied> = outcome.applied.iter().collect();
    let diff = shortened(&diff(outcome), LONGEST);
    let mut text = format!("{diff}{}", listing(&applied));
    text += &problems(&outcome.remaining);
    let _ = writeln!(text, "{} Nothing was written; `apply` writes it.", left(&outcome.remaining));
    let mut data = data(&applied, &outcome.remaining, false);
    data["diff"] = json!(diff);
    if params.text.is_some() {
        data["text"] = json!(outcome.changed.first().map(|file| &file.after));
    }
    answer(&text, data)
}

/// What was changed, and what a check says afterwards.
fn applied(outcome: &Outcome, written: &Written, again: &Checked) -> rmcp::model::CallToolResult {
    let applied: Vec<&Applied> =
        outcome.applied.iter().filter(|applied| written.files.contains(&applied.path)).collect();
    let mut text = shortened(&diff(outcome), LONGEST) + &listing(&applied);
    for error in &written.errors {
        let _ = writeln!(text, "{error}");
    }
    text += &problems(again);
    let _ = writeln!(text, "{}", left(again));
    if !written.homes.is_empty() {
        text += "`leakwright undo` takes it back.\n";
    }
    let mut data = data(&applied, again, true);
    data["files"] = written.files.iter().map(|path| slashed(path)).collect();
    data["errors"] = written.errors.iter().map(ToString::to_string).collect();
    let mut result = answer(&text, data);
    result.is_error = Some(!written.errors.is_empty());
    result
}

fn diff(outcome: &Outcome) -> String {
    let one = |file: &leakwright_engine::Fixed| {
        leakwright_report::unified_diff(&slashed(&file.path), &file.before, &file.after)
    };
    outcome.changed.iter().map(one).collect()
}

fn kind(applied: &Applied) -> &'static str {
    if applied.fix.applicability == Applicability::Safe { "safe" } else { "unsafe" }
}

fn listing(fixes: &[&Applied]) -> String {
    let mut out = String::new();
    for applied in fixes {
        let Applied { path, line, code, fix, .. } = applied;
        let _ = writeln!(out, "{}:{line}: [{code}] {} ({})", slashed(path), fix.title, kind(applied));
    }
    shortened(&out, LONGEST / 2)
}

/// What is left, in a sentence.
fn left(checked: &Checked) -> String {
    let leaks = checked.active().filter(|judged| judged.finding.severity >= Severity::Warning).count();
    if leaks == 0 {
        return "No leaks detected.".to_owned();
    }
    format!("{leaks} leak{} left; `mem.leaks` shows what.", if leaks == 1 { "" } else { "s" })
}

fn data(fixes: &[&Applied], remaining: &Checked, is_written: bool) -> Value {
    let leaks = remaining.active().filter(|judged| judged.finding.severity >= Severity::Warning).count();
    let one = |applied: &&Applied| {
        json!({
            "path": slashed(&applied.path),
            "line": applied.line,
            "code": applied.code,
            "fingerprint": applied.fingerprint,
            "title": applied.fix.title,
            "applicability": kind(applied),
            "alternatives": applied.alternatives,
        })
    };
    json!({
        "written": is_written,
        "fixes": fixes.iter().map(one).collect::<Vec<_>>(),
        "leaks_left": leaks,
    })
}
