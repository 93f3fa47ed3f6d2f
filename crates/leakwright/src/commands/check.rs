//! `leakwright check`, `leaks`, `scan` and `handles`.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use leakwright_engine::{Checked, Input, Judged, Options, Problem, apply_baselines, check};
use leakwright_rules::{Family, RuleId};

use super::{Exit, is_incomplete, report_problems};
use crate::args::{CheckArgs, FailArgs};
use crate::progress::Bar;
use crate::terminal;

/// Which rules a command is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// All.
    All,
    /// Containers and caches.
    Growth,
    /// Resources.
    Resources,
}

pub(crate) fn run(args: &CheckArgs, scope: Scope) -> anyhow::Result<Exit> {
    args.output.validate()?;
    let input = input(args)?;
    let options = options(args, scope);
    let bar = Bar::new();
    if args.output.has_heading() && bar.is_hidden() && !terminal::is_quiet() {
        terminal::print("SCANNING FOR MEMORY LEAKS...\n\n");
    }
    let mut checked = check(&input, &options, &bar);
    bar.finish();
    apply_baselines(&mut checked, args.baseline.as_deref(), &input, &options)?;
    report_problems(&checked);
    let exit = exit_of(&checked, &args.fail);
    if !nothing_to_do(&checked) || !args.output.is_for_people() {
        args.output.deliver(&checked, exit)?;
    }
    // The process ends: freeing what is known of thousands of files piece by piece would take a while.
    std::mem::forget(checked);
    Ok(exit)
}

fn input(args: &CheckArgs) -> anyhow::Result<Input> {
    let dash = Path::new("-");
    if !args.paths.iter().any(|path| path == dash) {
        return Ok(Input::Paths(args.paths.clone()));
    }
    if args.paths.len() > 1 {
        bail!("`-` reads standard input and goes with no other path");
    }
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes).context("cannot read standard input")?;
    let name = args.stdin_filename.clone().unwrap_or_else(|| PathBuf::from("<stdin>"));
    Ok(Input::Texts(vec![(name, bytes)]))
}

fn options(args: &CheckArgs, scope: Scope) -> Options {
    let mut options = args.selection.options();
    let outside = |family: Family| match scope {
        Scope::All => false,
        Scope::Growth => !matches!(family, Family::Growth | Family::Cache),
        Scope::Resources => family != Family::Resource,
    };
    let outside = RuleId::all().map(RuleId::metadata).filter(|metadata| outside(metadata.family));
    options.ignore.extend(outside.filter_map(|metadata| metadata.code.parse().ok()));
    options
}

/// How a check ends: what could not be checked comes before what was found.
fn exit_of(checked: &Checked, fail: &FailArgs) -> Exit {
    if is_incomplete(checked) {
        return Exit::Failed;
    }
    let (severity, confidence) = (fail.severity(), fail.confidence());
    let fails =
        |judged: &Judged| judged.finding.severity >= severity && judged.finding.confidence >= confidence;
    if !fail.exit_zero && checked.active().any(fails) { Exit::Found } else { Exit::Clean }
}

/// Whether nothing that was asked for exists.
fn nothing_to_do(checked: &Checked) -> bool {
    checked.files_checked == 0 && checked.errors.iter().any(|error| error.problem == Problem::Missing)
}
