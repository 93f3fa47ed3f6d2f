//! `mem.report`.

use leakwright_engine::{NoProgress, check};
use rmcp::schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::Asked;
use crate::answer::{Answer, LONGEST, answer, shortened};
use crate::folders::Folders;

#[derive(Deserialize, JsonSchema)]
#[schemars(crate = "rmcp::schemars")]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The file or folder to report on; the whole project if it is not said.
    path: Option<String>,
    /// Python source to report on by itself, instead of what lies at the path; the path is the name it goes by.
    text: Option<String>,
    /// Rules to run instead of the configured ones: codes, prefixes of codes, names, families, `all`.
    #[serde(default)]
    select: Vec<String>,
}

/// The longest report, in bytes: it is asked for as a whole.
const LONGEST_REPORT: usize = 4 * LONGEST;

pub(crate) fn run(folders: &Folders, params: &Params) -> Answer {
    let Params { path, text, select } = params;
    let (subject, options) = Asked { path, text, select, min_confidence: None }.opened(folders)?;
    let checked = check(&subject.input, &options, &NoProgress);
    let whole = leakwright_report::markdown(&checked);
    let shown = shortened(&whole, LONGEST_REPORT);
    let findings = checked.active().count();
    Ok(answer(&shown, json!({ "findings": findings, "complete": shown.len() == whole.len() })))
}
