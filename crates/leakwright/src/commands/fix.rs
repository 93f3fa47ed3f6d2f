//! `leakwright fix`.

use std::fmt::Write;

use leakwright_engine::{Applied, FixOptions, Input, Outcome, fix, write};
use leakwright_rules::Applicability;

use super::{Exit, exit_of, report_problem, report_problems};
use crate::args::FixArgs;
use crate::progress::Bar;
use crate::terminal;

pub(crate) fn run(args: &FixArgs) -> Exit {
    let options = FixOptions { check: args.selection.options(), allow_unsafe: args.unsafe_fixes };
    let bar = Bar::new();
    let outcome = fix(&Input::Paths(args.paths.clone()), &options, &bar);
    bar.finish();
    report_problems(&outcome.remaining);
    if args.diff {
        for file in &outcome.changed {
            let path = file.path.to_string_lossy().replace('\\', "/");
            terminal::print(&leakwright_report::unified_diff(&path, &file.before, &file.after));
        }
        terminal::note(&summary(&outcome, args));
        return if outcome.changed.is_empty() { exit_of(&outcome.remaining) } else { Exit::Found };
    }
    let unwritten = write(&outcome.changed);
    unwritten.iter().for_each(report_problem);
    terminal::print(&listing(&outcome));
    terminal::print(&format!("{}\n", summary(&outcome, args)));
    if unwritten.is_empty() { exit_of(&outcome.remaining) } else { Exit::Failed }
}

/// The fixes that were applied, a line each.
fn listing(outcome: &Outcome) -> String {
    let mut out = String::new();
    for applied in &outcome.applied {
        let Applied { path, line, code, fix, alternatives, .. } = applied;
        let kind = if fix.applicability == Applicability::Safe { "safe" } else { "unsafe" };
        let _ = write!(out, "{}:{line}: [{code}] {} ({kind})", path.display(), fix.title);
        if !alternatives.is_empty() {
            let _ = write!(out, "; also possible: {}", alternatives.join("; "));
        }
        out.push('\n');
    }
    out
}

fn summary(outcome: &Outcome, args: &FixArgs) -> String {
    let plural = |n: usize| if n == 1 { "" } else { "es" };
    let files = outcome.changed.len();
    let (done, verb) = (outcome.applied.len(), if args.diff { "Would apply" } else { "Applied" });
    let mut out =
        format!("{verb} {done} fix{} in {files} file{}", plural(done), if files == 1 { "" } else { "s" });
    let left = outcome.remaining.active().count();
    let unsafe_left = outcome
        .remaining
        .active()
        .filter(|judged| {
            outcome
                .remaining
                .fixes(&judged.finding)
                .iter()
                .any(|fix| fix.applicability == Applicability::Unsafe && !fix.edits.is_empty())
        })
        .count();
    if left == 0 {
        out += ". No leaks detected.";
    } else {
        let _ = write!(out, "; {left} finding{} left", if left == 1 { "" } else { "s" });
    }
    if unsafe_left > 0 && !args.unsafe_fixes {
        let _ = write!(out, ", {unsafe_left} with an unsafe fix (`--unsafe-fixes` applies them)");
    }
    out
}
