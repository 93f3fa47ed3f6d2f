//! `mem.explain`.

use std::fmt::Write;

use leakwright_engine::{Input, NoProgress, Options, Selector, check};
use rmcp::schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::memory;
use crate::answer::{Answer, LONGEST, Refusal, answer, shortened};
use crate::folders::Folders;
use crate::slashed;

#[derive(Deserialize, JsonSchema)]
#[schemars(crate = "rmcp::schemars")]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The code or the name of a rule.
    rule: Option<String>,
    /// A file, to be told why nothing is reported on one of its lines.
    path: Option<String>,
    /// The line, counted from one.
    line: Option<u32>,
}

pub(crate) fn run(folders: &Folders, params: &Params) -> Answer {
    match params {
        Params { rule: Some(rule), path: None, line: None } => explain(folders, rule),
        Params { rule: None, path: Some(path), line: Some(line) } => why_silent(folders, path, *line),
        _ => Err(Refusal::new(&"say either a `rule`, or a `path` and a `line`")),
    }
}

fn explain(folders: &Folders, rule: &str) -> Answer {
    let selector: Selector = rule.parse().map_err(|error| Refusal::new(&error))?;
    let rules = selector.rules();
    if rules.is_empty() {
        return Err(Refusal(format!("no rule has the code `{rule}`")));
    }
    let codes: Vec<&str> = rules.iter().map(|rule| rule.metadata().code).collect();
    let notes = memory::about(folders, &codes);
    let mut text: String = rules.iter().map(|rule| rule.metadata().docs).collect();
    for note in &notes {
        let _ = write!(text, "\n## Learnt in this project: {}\n\n{}\n", note.title, note.content);
    }
    Ok(answer(&shortened(&text, LONGEST), json!({ "rules": codes, "notes": notes })))
}

fn why_silent(folders: &Folders, path: &str, line: u32) -> Answer {
    let inside = folders.existing(path)?;
    if !inside.path.is_file() {
        return Err(Refusal(format!("{path}: not a file")));
    }
    let paths = Input::Paths(vec![inside.folder.clone()]);
    let input = Input::Within(Box::new(paths), folders.all().to_vec());
    let checked = check(&input, &Options::default(), &NoProgress);
    let Some(silent) = checked.sound_at(&inside.path, line) else {
        return Err(Refusal(format!("{path}: left out by configuration or `.gitignore`, or cannot be read")));
    };
    let mut text = String::new();
    for found in &silent {
        let shown = found
            .shown
            .as_ref()
            .map_or_else(String::new, |(path, line)| format!(" ({}:{line})", slashed(path)));
        let _ = writeln!(text, "{}: {}{shown}", found.what, found.reason);
    }
    if silent.is_empty() {
        text +=
            "Nothing on this line is a container or a resource that the rules look at, or it is reported.\n";
    }
    let reasons: Vec<_> =
        silent.iter().map(|found| json!({ "what": found.what, "reason": found.reason })).collect();
    Ok(answer(&text, json!({ "sound": reasons })))
}
