//! `leakwright notes`.

mod add;

use std::path::Path;

use anyhow::bail;
use leakwright_engine::{Selector, home, part};
use leakwright_notes::{Filter, NOTES, Note, Notes, search};
use serde_json::{Value, json};

use super::{Exit, shown};
use crate::args::{NoteFilter, NotesArgs, NotesCommand, NotesFormat};
use crate::terminal;

pub(crate) fn run(args: &NotesArgs) -> anyhow::Result<Exit> {
    let notes = of_project();
    match &args.command {
        NotesCommand::Add(args) => add::run(&notes, args),
        NotesCommand::List(args) => {
            let filter = filter(&args.filter);
            let found: Vec<Note> = all(&notes).into_iter().filter(|note| filter.accepts(note)).collect();
            print(&found, args.filter.format, "There are no notes.\n");
            Ok(Exit::Clean)
        }
        NotesCommand::Search(args) => {
            let hits = search(all(&notes), &args.words.join(" "), &filter(&args.filter));
            let found: Vec<Note> = hits.into_iter().take(args.limit).map(|hit| hit.note).collect();
            print(&found, args.filter.format, "No note has any of these words.\n");
            Ok(Exit::Clean)
        }
        NotesCommand::Show(args) => show(&notes, &args.name),
    }
}

/// The notes of the project around the working directory.
pub(super) fn of_project() -> Notes {
    let home = home(Path::new("."), NOTES, None);
    Notes::new(&home, part(&home, NOTES))
}

/// All that can be read; the others are named.
pub(super) fn all(notes: &Notes) -> Vec<Note> {
    let read = notes.read();
    read.errors.iter().for_each(|error| terminal::warn(&error.to_string()));
    read.notes
}

fn filter(args: &NoteFilter) -> Filter {
    let rules = args.rules.iter().flat_map(Selector::rules);
    let rules: Vec<String> = rules.map(|rule| rule.metadata().code.to_owned()).collect();
    let rules = (!args.rules.is_empty()).then_some(rules);
    Filter { tags: args.tags.clone(), rules }
}

fn print(notes: &[Note], format: NotesFormat, none: &str) {
    match format {
        NotesFormat::Json => terminal::print(&as_json(notes)),
        NotesFormat::Text if notes.is_empty() => terminal::note(none.trim_end()),
        NotesFormat::Text => notes.iter().for_each(|note| terminal::print(&line(note))),
    }
}

fn as_json(notes: &[Note]) -> String {
    let one = |note: &Note| -> Value {
        let mut value = json!(note);
        value["path"] = json!(shown(&note.path));
        value
    };
    let all: Vec<Value> = notes.iter().map(one).collect();
    format!("{:#}\n", json!({ "notes": all }))
}

fn line(note: &Note) -> String {
    let rule = note.rule.as_ref().map_or_else(String::new, |rule| format!("[{rule}] "));
    let tags: String = note.tags.iter().map(|tag| format!(" #{tag}")).collect();
    format!("\x1b[1m{}\x1b[0m: {rule}{}\x1b[2m{tags}\x1b[0m\n", note.name, note.title)
}

fn show(notes: &Notes, name: &str) -> anyhow::Result<Exit> {
    let all = all(notes);
    let mut found: Vec<&Note> = all.iter().filter(|note| note.name == name).collect();
    if found.is_empty() {
        found = all.iter().filter(|note| note.name.starts_with(name)).collect();
    }
    match found.as_slice() {
        [note] => terminal::print(&page(note)),
        [] => bail!("no note is called `{name}`; `leakwright notes list` shows what there is"),
        several => {
            let names: Vec<String> = several.iter().map(|note| format!("`{}`", note.name)).collect();
            bail!("`{name}` may be {}", names.join(", "));
        }
    }
    Ok(Exit::Clean)
}

/// A note as it is read, with where it is from at the end.
pub(super) fn page(note: &Note) -> String {
    let mut about: Vec<String> = Vec::new();
    about.extend(note.rule.clone());
    about.extend(note.fingerprint.as_ref().map(|fingerprint| format!("finding {fingerprint}")));
    about.extend(note.commit.as_ref().map(|commit| format!("at commit {commit}")));
    about.extend(note.tags.iter().map(|tag| format!("#{tag}")));
    let about = if about.is_empty() { String::new() } else { format!("{}\n", about.join(", ")) };
    format!(
        "\x1b[1m{}\x1b[0m\n\x1b[2m{about}\x1b[0m\n{}\n\n\x1b[2m({})\x1b[0m\n",
        note.title,
        note.content,
        shown(&note.path)
    )
}
