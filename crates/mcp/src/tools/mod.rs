//! The tools, one file each.

pub(crate) mod check;
pub(crate) mod explain;
pub(crate) mod fix;
pub(crate) mod memory;
pub(crate) mod report;

use std::path::PathBuf;

use leakwright_engine::{Checked, Input, NoProgress, Options, Selector, check_for_new};
use leakwright_rules::Confidence;
use rmcp::schemars::JsonSchema;
use serde::Deserialize;

use crate::answer::Refusal;
use crate::folders::{Folders, Inside};

/// How sure a finding is.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[schemars(crate = "rmcp::schemars")]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    Low,
    Medium,
    High,
}

/// What is looked at: a path, or a text that goes by it.
struct Subject {
    input: Input,
    inside: Inside,
}

/// Which part of the project a tool is asked about, as it is asked.
struct Asked<'p> {
    path: &'p Option<String>,
    text: &'p Option<String>,
    select: &'p [String],
    min_confidence: Option<Level>,
}

impl Asked<'_> {
    /// What is looked at, and with which rules.
    fn opened(&self, folders: &Folders) -> Result<(Subject, Options), Refusal> {
        let subject = Subject::find(folders, self.path.as_deref(), self.text.as_deref())?;
        Ok((subject, options(self.select, self.min_confidence)?))
    }
}

impl Subject {
    /// Checks it, and marks what is known already.
    fn check_for_new(&self, options: &Options) -> Result<Checked, Refusal> {
        check_for_new(&self.input, options, None, &NoProgress).map_err(|error| Refusal::new(&error))
    }

    /// The text under the path if there is one, else what lies at the path, else all of the first folder.
    fn find(folders: &Folders, path: Option<&str>, text: Option<&str>) -> Result<Self, Refusal> {
        let within = |input| Input::Within(Box::new(input), folders.all().to_vec());
        if let Some(text) = text {
            let inside = folders.named(path.unwrap_or("text.py"))?;
            let shown = inside.path.strip_prefix(folders.first()).unwrap_or(&inside.path).to_owned();
            return Ok(Self { input: within(Input::Texts(vec![(shown, text.as_bytes().to_vec())])), inside });
        }
        let inside = folders.existing(path.unwrap_or("."))?;
        Ok(Self { input: within(Input::Paths(vec![inside.path.clone()])), inside })
    }

    fn path(&self) -> PathBuf {
        self.inside.path.clone()
    }
}

fn selectors(names: &[String]) -> Result<Vec<Selector>, Refusal> {
    names.iter().map(|name| name.parse().map_err(|error| Refusal::new(&error))).collect()
}

fn options(select: &[String], min_confidence: Option<Level>) -> Result<Options, Refusal> {
    let select = selectors(select)?;
    Ok(Options {
        select: (!select.is_empty()).then_some(select),
        ignore: Vec::new(),
        min_confidence: min_confidence.map(|level| match level {
            Level::Low => Confidence::Low,
            Level::Medium => Confidence::Medium,
            Level::High => Confidence::High,
        }),
    })
}
