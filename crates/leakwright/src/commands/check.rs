//! `leakwright check`, `leaks`, `scan` and `handles`.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use leakwright_engine::{Checked, Input, Options, check};
use leakwright_report::Frames;
use leakwright_rules::{Family, RuleId};

use super::{Exit, exit_of, nothing_to_do, report_problems};
use crate::args::{CheckArgs, Format};
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
    let input = input(args)?;
    let options = options(args, scope);
    let bar = Bar::new();
    if args.format == Format::Text && bar.is_hidden() {
        terminal::print("SCANNING FOR MEMORY LEAKS...\n\n");
    }
    let checked = check(&input, &options, &bar);
    bar.finish();
    report_problems(&checked);
    if !nothing_to_do(&checked) || args.format == Format::Json {
        terminal::print(&rendered(&checked, args));
    }
    Ok(exit_of(&checked))
}

fn rendered(checked: &Checked, args: &CheckArgs) -> String {
    match args.format {
        Format::Text => leakwright_report::text(checked, Frames::Full),
        Format::Concise => leakwright_report::text(checked, Frames::None),
        Format::Json => leakwright_report::json(checked, args.show_suppressed),
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
