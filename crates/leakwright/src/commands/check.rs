//! `leakwright check`, `leaks`, `scan` and `handles`.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use leakwright_engine::{
    BaseRevision, Cache, Checked, Gathered, Input, Judged, Problem, Scope, apply_baselines,
};

use super::answer::Answer;
use super::{Exit, is_incomplete, problems};
use crate::args::{CheckArgs, FailArgs};
use crate::progress::Bar;
use crate::terminal;

pub(crate) fn run(args: &CheckArgs, scope: Scope) -> anyhow::Result<Exit> {
    args.output.validate()?;
    let input = input(args)?;
    let options = scope.narrow(args.selection.options());
    // Before anything is read: a revision that does not exist is told at once.
    let base = args.diff_base.as_deref().map(|name| BaseRevision::find(name, &input)).transpose()?;
    let bar = Bar::new();
    if args.output.has_heading() && bar.is_hidden() && !terminal::is_quiet() {
        terminal::print("SCANNING FOR MEMORY LEAKS...\n\n");
    }
    let gathered = Gathered::read(&input, &bar);
    let cache = cache(args);
    let key = Answer::key(&gathered, &options, args);
    if let Some(answer) = key.and_then(|key| Answer::read(&cache, key)) {
        bar.finish();
        terminal::explain("cache: nothing has changed");
        return answer.give(&args.output);
    }
    let mut checked = gathered.check(&cache, &options, &bar);
    bar.finish();
    apply_baselines(&mut checked, args.baseline.as_deref(), &input, &options)?;
    if let Some(base) = &base {
        base.apply(&mut checked, &cache, &options)?;
    }
    let exit = exit_of(&checked, &args.fail);
    let is_shown = !nothing_to_do(&checked) || !args.output.is_for_people();
    let text = is_shown.then(|| args.output.rendered(&checked, exit));
    let answer = Answer { problems: problems(&checked), text, exit };
    if let Some(key) = key.filter(|_| is_repeatable(&checked)) {
        answer.keep(&cache, key);
    }
    terminal::explain(&format!("cache: {}", cache.usage()));
    // The process ends: freeing what is known of thousands of files piece by piece would take a while.
    std::mem::forget(checked);
    answer.give(&args.output)
}

/// What is kept of the files that are checked. Text on standard input comes from nowhere.
fn cache(args: &CheckArgs) -> Cache {
    match &args.cache.cache_dir {
        _ if args.cache.no_cache || args.paths.iter().any(|path| path == Path::new("-")) => Cache::none(),
        Some(folder) => Cache::at(folder),
        None => Cache::of(&args.paths),
    }
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

/// Whether the same files would give the same: nothing failed that need not fail again.
fn is_repeatable(checked: &Checked) -> bool {
    let is_settled = |problem: &Problem| matches!(problem, Problem::Syntax { .. } | Problem::Undecodable(_));
    checked.errors.iter().all(|error| is_settled(&error.problem))
}

/// Whether nothing that was asked for exists.
fn nothing_to_do(checked: &Checked) -> bool {
    checked.files_checked == 0 && checked.errors.iter().any(|error| error.problem == Problem::Missing)
}
