//! `mem.report`.

use leakwright_engine::{NoProgress, check};
use rmcp::schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{Subject, check::problems, options};
use crate::answer::{Answer, LONGEST, answer, plain, shortened};
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
    let subject = Subject::find(folders, params.path.as_deref(), params.text.as_deref())?;
    let checked = check(&subject.input, &options(&params.select, None)?, &NoProgress);
    let text = leakwright_report::text(&checked);
    let whole = plain(&text) + &problems(&checked) + &leakwright_report::summary(&checked);
    let shown = shortened(&whole, LONGEST_REPORT);
    let findings = checked.active().count();
    Ok(answer(&shown, json!({ "findings": findings, "complete": shown.len() == whole.len() })))
}
