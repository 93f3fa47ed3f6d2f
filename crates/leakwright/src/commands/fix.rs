//! `leakwright fix`.

use std::fmt::Write;
use std::path::PathBuf;

use leakwright_engine::{
    Applied, Checked, FixOptions, Input, Journal, Outcome, Written, check_for_new, fix, fix_with,
    silence_all, write, write_unrecorded,
};
use leakwright_rules::{Applicability, Fix, Severity};

use super::asking::Asking;
use super::{Exit, exit_of, report_problem, report_problems, shown};
use crate::args::FixArgs;
use crate::progress::Bar;
use crate::terminal;

pub(crate) fn run(args: &FixArgs) -> anyhow::Result<Exit> {
    let options = FixOptions {
        check: args.selection.options(),
        allow_unsafe: args.unsafe_fixes,
        baseline: args.baseline.clone(),
    };
    let input = Input::Paths(args.paths.clone());
    let bar = Bar::new();
    let outcome = if args.add_suppressions {
        silence_all(&input, &options, args.reason.as_deref(), &bar)
    } else if args.interactive {
        fix_with(&input, &options, &bar, &mut Asking::new(&bar))
    } else {
        fix(&input, &options, &bar)
    };
    bar.finish();
    let outcome = outcome?;
    if args.diff {
        return Ok(show(&outcome, args));
    }
    let written = write_all(&outcome, args);
    // What was agreed to is looked at again as it is on disk now.
    let bar = Bar::new();
    let check = || check_for_new(&input, &options.check, args.baseline.as_deref(), &bar);
    let again = (!outcome.changed.is_empty()).then(check).transpose()?;
    bar.finish();
    let remaining = again.as_ref().unwrap_or(&outcome.remaining);
    report_problems(remaining);
    written.errors.iter().for_each(report_problem);
    let applied: Vec<&Applied> =
        outcome.applied.iter().filter(|applied| written.files.contains(&applied.path)).collect();
    terminal::print(&listing(&applied));
    terminal::print(&summary(applied.len(), written.files.len(), remaining, args));
    terminal::print(&left(remaining));
    if args.add_suppressions
        && args.reason.is_none()
        && remaining
            .active()
            .any(|judged| remaining.file(judged.finding.module).config.requires_suppression_reason)
    {
        terminal::warn("the configuration requires a reason: give one with `--reason`");
    }
    if let Some(hint) = hint(&written) {
        terminal::note(&hint);
    }
    Ok(if written.errors.is_empty() { exit_of(remaining) } else { Exit::Failed })
}

/// Shows what would change.
fn show(outcome: &Outcome, args: &FixArgs) -> Exit {
    report_problems(&outcome.remaining);
    for file in &outcome.changed {
        let path = file.path.to_string_lossy().replace('\\', "/");
        terminal::print(&leakwright_report::coloured_diff(&path, &file.before, &file.after));
    }
    let (fixes, files) = (outcome.applied.len(), outcome.changed.len());
    let summary = summary(fixes, files, &outcome.remaining, args);
    terminal::note(summary.trim_end_matches([':', '\n']));
    if outcome.changed.is_empty() { exit_of(&outcome.remaining) } else { Exit::Found }
}

fn write_all(outcome: &Outcome, args: &FixArgs) -> Written {
    if args.no_journal {
        return write_unrecorded(outcome);
    }
    let homes: Vec<PathBuf> = args.paths.iter().map(|path| Journal::home_of(path, None)).collect();
    write(outcome, &homes)
}

/// The fixes that were applied, a line each.
fn listing(applied: &[&Applied]) -> String {
    let mut out = String::new();
    for Applied { path, line, code, fix, alternatives, .. } in applied {
        let _ = write!(out, "{}:{line}: [{code}] {} ({})", path.display(), fix.title, kind(fix));
        if !alternatives.is_empty() {
            let _ = write!(out, "; also possible: {}", alternatives.join("; "));
        }
        out.push('\n');
    }
    out
}

/// Whether a fix is safe, in a word.
pub(super) fn kind(fix: &Fix) -> &'static str {
    if fix.applicability == Applicability::Safe { "safe" } else { "unsafe" }
}

/// What was done, and whether anything is left. Ends in a colon where findings follow.
fn summary(fixes: usize, files: usize, remaining: &Checked, args: &FixArgs) -> String {
    let (what, endings) = match (args.add_suppressions, args.diff) {
        (false, false) => ("Applied", ["fix", "fixes"]),
        (false, true) => ("Would apply", ["fix", "fixes"]),
        (true, false) => ("Suppressed", ["finding", "findings"]),
        (true, true) => ("Would suppress", ["finding", "findings"]),
    };
    let things = endings[usize::from(fixes != 1)];
    let mut out = format!("{what} {fixes} {things} in {files} file{}", if files == 1 { "" } else { "s" });
    let left = remaining.active().count();
    let leaks = remaining.active().filter(|judged| judged.finding.severity >= Severity::Warning).count();
    match (leaks, left) {
        (0, 0) if args.add_suppressions => out += ". Nothing is left.",
        (0, 0) => out += ". No leaks detected.",
        (0, notes) => {
            let _ = write!(out, ". No leaks detected ({notes} more for information)");
        }
        _ => {
            let _ = write!(out, "; {left} finding{} left", if left == 1 { "" } else { "s" });
        }
    }
    let unsafe_left = remaining.active().filter(|judged| has_unsafe_fix(remaining, judged)).count();
    if unsafe_left > 0 && !args.unsafe_fixes && !args.add_suppressions {
        let _ = write!(out, ", {unsafe_left} with an unsafe fix (`--unsafe-fixes` applies them)");
    }
    out + if left == 0 { "\n" } else { ":\n" }
}

fn has_unsafe_fix(checked: &Checked, judged: &leakwright_engine::Judged) -> bool {
    let fixes = checked.fixes(&judged.finding);
    fixes.iter().any(|fix| fix.applicability == Applicability::Unsafe && !fix.edits.is_empty())
}

/// The findings that are left, a line each.
fn left(remaining: &Checked) -> String {
    remaining.active().map(|judged| leakwright_report::headline(remaining, judged) + "\n").collect()
}

/// How to take it back.
fn hint(written: &Written) -> Option<String> {
    let commands: Vec<String> = written
        .homes
        .iter()
        .map(|home| {
            let is_here = Journal::home_of(std::path::Path::new("."), None) == *home;
            if is_here {
                "`leakwright undo`".to_owned()
            } else {
                format!("`leakwright undo {}`", shown(home))
            }
        })
        .collect();
    let (last, others) = commands.split_last()?;
    Some(if others.is_empty() {
        format!("{last} takes it back.")
    } else {
        format!("{} and {last} take it back.", others.join(", "))
    })
}
