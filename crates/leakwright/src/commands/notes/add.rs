//! `leakwright notes add`.

use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use leakwright_engine::{FixRecord, Journal, Run};
use leakwright_notes::{Note, Notes};

use super::super::{Exit, shown};
use crate::args::AddArgs;
use crate::terminal;

/// Lines of a diff that a note is begun with.
const LONGEST_DIFF: usize = 60;

pub(super) fn run(notes: &Notes, args: &AddArgs) -> anyhow::Result<Exit> {
    let mut note = draft(args)?;
    if args.edit {
        note = edited(&note)?;
    }
    if note.title.trim().is_empty() {
        bail!("a note needs a title: there is no fix to take one from");
    }
    let note = notes.add(note)?;
    terminal::print(&format!("Kept as {}\n", shown(&note.path)));
    Ok(Exit::Clean)
}

/// What is said, and what the last fix fills in.
fn draft(args: &AddArgs) -> anyhow::Result<Note> {
    let rule = args.rule.as_ref().map(|selector| match selector.rules() {
        [rule] => Ok(rule.metadata().code),
        _ => bail!("a note is about one rule: name it by its code or its name"),
    });
    let rule = rule.transpose()?;
    let content = args.content.as_deref().map(given).transpose()?;
    let mut note = Note {
        title: args.title.clone().unwrap_or_default(),
        tags: args.tags.clone(),
        rule: rule.map(str::to_owned),
        fingerprint: args.fingerprint.clone(),
        commit: commit(),
        content: content.clone().unwrap_or_default(),
        ..Note::default()
    };
    let fix = if args.unrelated { None } else { last_fix(rule, args.fingerprint.as_deref())? };
    if let Some(Found { fix, diff }) = fix {
        if note.title.is_empty() {
            note.title.clone_from(&fix.message);
        }
        if content.is_none() {
            note.content = story(&fix, diff);
        }
        note.rule.get_or_insert(fix.code);
        note.fingerprint.get_or_insert(fix.fingerprint);
    }
    Ok(note)
}

fn given(content: &str) -> anyhow::Result<String> {
    if content != "-" {
        return Ok(content.to_owned());
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
    Ok(text)
}

/// A fix that was applied, and what it came to.
struct Found {
    fix: FixRecord,
    diff: Option<String>,
}

/// The last fix, of a rule or a finding if they are named.
fn last_fix(rule: Option<&str>, fingerprint: Option<&str>) -> anyhow::Result<Option<Found>> {
    let journal = Journal::of(&Journal::home_of(Path::new("."), None));
    let is_wanted = |fix: &&FixRecord| {
        rule.is_none_or(|rule| fix.code == rule)
            && fingerprint.is_none_or(|fingerprint| fix.fingerprint == fingerprint)
    };
    for run in journal.runs()? {
        let mut wanted = run.fixes.iter().filter(is_wanted);
        let Some(fix) = wanted.next() else { continue };
        let others = wanted.count();
        if others > 0 {
            terminal::note(&format!(
                "The run applied {others} more; this note is about {}:{}. `--rule` or `--fingerprint` names another.",
                fix.path, fix.line
            ));
        }
        return Ok(Some(Found { fix: fix.clone(), diff: diff(&journal, &run, fix) }));
    }
    Ok(None)
}

/// What the last run changed in the file of a fix, if it still is as the run left it.
fn diff(journal: &Journal, run: &Run, fix: &FixRecord) -> Option<String> {
    let restoring = journal.restoring().ok().filter(|last| last.run == *run)?;
    let (_, now, before) = restoring.changes().find(|(path, ..)| path.ends_with(&fix.path))?;
    let diff = leakwright_report::unified_diff(&fix.path, &before, &now);
    (diff.lines().count() <= LONGEST_DIFF).then_some(diff)
}

/// What happened, in Markdown.
fn story(fix: &FixRecord, diff: Option<String>) -> String {
    let mut out = format!(
        "{}, at {}:{}.\n\nMended by: {}.\n",
        fix.message.trim_end_matches('.'),
        fix.path,
        fix.line,
        fix.title.trim_end_matches('.')
    );
    if let Some(diff) = diff {
        let _ = write!(out, "\n```diff\n{}\n```\n", diff.trim_end());
    }
    out
}

/// The commit that is checked out, where there is a repository of git.
fn commit() -> Option<String> {
    let output = Command::new("git").args(["rev-parse", "--short=12", "HEAD"]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
}

/// The note as the user's editor leaves it.
fn edited(note: &Note) -> anyhow::Result<Note> {
    let editor = ["VISUAL", "EDITOR"].into_iter().find_map(|name| std::env::var(name).ok());
    let editor = editor.filter(|editor| !editor.trim().is_empty()).context("set $VISUAL or $EDITOR")?;
    let mut file = tempfile::Builder::new().prefix("note-").suffix(".md").tempfile()?;
    file.write_all(note.to_text().as_bytes())?;
    let path: PathBuf = file.path().to_owned();
    let mut words = editor.split_whitespace();
    let program = words.next().context("set $VISUAL or $EDITOR")?;
    let status = Command::new(program).args(words).arg(&path).status();
    let status = status.with_context(|| format!("`{editor}` cannot be run"))?;
    let text = std::fs::read_to_string(&path)?;
    if !status.success() || text.trim().is_empty() {
        bail!("no note was kept: `{editor}` failed, or left nothing");
    }
    Ok(Note::parse(path, &text)?)
}
