//! `memory.share_learning` and `memory.search`: what the team learnt.

use std::fmt::Write;
use std::path::Path;

use leakwright_engine::{Selector, home, part};
use leakwright_notes::{Filter, NOTES, Note, Notes};
use rmcp::schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::selectors;
use crate::answer::{Answer, LONGEST, Refusal, answer, shortened};
use crate::folders::{Folders, Inside};
use crate::slashed;

#[derive(Deserialize, JsonSchema)]
#[schemars(crate = "rmcp::schemars")]
#[serde(deny_unknown_fields)]
pub(crate) struct Share {
    /// What was learnt, in a line.
    title: String,
    /// What was learnt, in Markdown: what leaked, why, how it was mended, how to know it next time.
    content: String,
    /// Words it is found by.
    #[serde(default)]
    tags: Vec<String>,
    /// The code or the name of the rule it is about.
    rule: Option<String>,
    /// The fingerprint of the finding it is about.
    fingerprint: Option<String>,
    /// The commit at which it was learnt.
    commit: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[schemars(crate = "rmcp::schemars")]
#[serde(deny_unknown_fields)]
pub(crate) struct Search {
    /// The words to look for; all notes if there are none.
    #[serde(default)]
    query: String,
    /// Only notes with all of these tags.
    #[serde(default)]
    tags: Vec<String>,
    /// Only notes about this rule: a code, the beginning of one, a name, a family.
    rule: Option<String>,
    /// How many to show at most.
    limit: Option<usize>,
}

/// Notes that are shown at once.
const SHOWN: usize = 10;
/// The longest note, in bytes.
const LONGEST_NOTE: usize = 100_000;

pub(crate) fn share(folders: &Folders, params: Share) -> Answer {
    if params.title.trim().is_empty() || params.title.contains('\n') {
        return Err(Refusal::new(&"a note needs a title of one line"));
    }
    if params.content.len() > LONGEST_NOTE {
        return Err(Refusal(format!(
            "a note may have {LONGEST_NOTE} bytes, this one has {}",
            params.content.len()
        )));
    }
    let rule = params.rule.map(|rule| one_rule(&rule)).transpose()?;
    let note = Note {
        title: params.title.trim().to_owned(),
        tags: params.tags,
        rule,
        fingerprint: params.fingerprint,
        commit: params.commit,
        content: params.content,
        ..Note::default()
    };
    let kept = of_folder(folders.first()).add(note).map_err(|error| Refusal::new(&error))?;
    let kept = relative(kept, folders);
    let text = format!("Kept as {}\n", slashed(&kept.path));
    Ok(answer(&text, json!({ "note": kept })))
}

pub(crate) fn search(folders: &Folders, params: &Search) -> Answer {
    let rules: Vec<String> = match &params.rule {
        Some(rule) => selectors(std::slice::from_ref(rule))?.iter().flat_map(codes).collect(),
        None => Vec::new(),
    };
    let filter = Filter { tags: params.tags.clone(), rules: params.rule.is_some().then_some(rules) };
    let all = of_all(folders);
    let mut found: Vec<Note> = if params.query.trim().is_empty() {
        all.into_iter().filter(|note| filter.accepts(note)).collect()
    } else {
        leakwright_notes::search(all, &params.query, &filter).into_iter().map(|hit| hit.note).collect()
    };
    let total = found.len();
    found.truncate(params.limit.unwrap_or(SHOWN));
    let mut text = String::new();
    for note in &found {
        let rule = note.rule.as_ref().map_or_else(String::new, |rule| format!("[{rule}] "));
        let _ = write!(text, "## {rule}{} ({})\n\n{}\n\n", note.title, slashed(&note.path), note.content);
    }
    let mut text = shortened(&text, LONGEST);
    let _ = match total {
        0 => writeln!(text, "No note was found."),
        _ if total > found.len() => writeln!(text, "Shown: {} of {total} notes.", found.len()),
        _ => Ok(()),
    };
    Ok(answer(&text, json!({ "total": total, "notes": data(&found) })))
}

/// Which notes there are about rules that fired, a line each.
pub(super) fn mention(folders: &Folders, inside: &Inside, codes: &[&str]) -> String {
    let home = home(&inside.path, NOTES, Some(&inside.folder));
    let notes = Notes::new(&home, part(&home, NOTES)).read().notes;
    let mut about = notes.into_iter().filter(|note| codes.iter().any(|code| note.is_about(code)));
    let mut out = String::new();
    for note in about.by_ref().take(SHOWN) {
        let note = relative(note, folders);
        let rule = note.rule.as_deref().unwrap_or_default();
        let _ = writeln!(out, "Learnt before about {rule}: {} ({})", note.title, slashed(&note.path));
    }
    let more = about.count();
    if more > 0 {
        let _ = writeln!(out, "`memory.search` finds {more} more.");
    }
    out
}

/// Notes about some rules.
pub(super) fn about(folders: &Folders, codes: &[&str]) -> Vec<Note> {
    let notes = of_all(folders);
    notes.into_iter().filter(|note| codes.iter().any(|code| note.is_about(code))).collect()
}

/// The notes of all folders; those that cannot be read are left out.
fn of_all(folders: &Folders) -> Vec<Note> {
    let mut all: Vec<Note> = Vec::new();
    for folder in folders.all() {
        all.extend(of_folder(folder).read().notes.into_iter().map(|note| relative(note, folders)));
    }
    all
}

/// The notes of a project, without leaving the folder.
fn of_folder(folder: &Path) -> Notes {
    let home = home(folder, NOTES, Some(folder));
    Notes::new(&home, part(&home, NOTES))
}

fn relative(mut note: Note, folders: &Folders) -> Note {
    if let Ok(below) = note.path.strip_prefix(folders.first()) {
        note.path = below.to_owned();
    }
    note
}

fn data(notes: &[Note]) -> Vec<Value> {
    let mut size = 0;
    let fits = |note: &&Note| {
        size += note.content.len();
        size <= LONGEST
    };
    notes.iter().take_while(fits).map(|note| json!(note)).collect()
}

fn one_rule(name: &str) -> Result<String, Refusal> {
    let selector: Selector = name.parse().map_err(|error| Refusal::new(&error))?;
    match selector.rules() {
        [rule] => Ok(rule.metadata().code.to_owned()),
        _ => Err(Refusal(format!("a note is about one rule: `{name}` names several"))),
    }
}

fn codes(selector: &Selector) -> Vec<String> {
    selector.rules().iter().map(|rule| rule.metadata().code.to_owned()).collect()
}
