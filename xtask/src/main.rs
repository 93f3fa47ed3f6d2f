//! Development tasks: `cargo xtask --help`.

mod bench;
mod corpus;
mod debian;
mod editors;
mod generate;
mod new_rule;
mod packaging;
mod run;
mod test;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Development tasks of Leakwright.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Runs all tests but those in editors, after format, lints and generated files.
    Test {
        #[command(subcommand)]
        which: Option<Tests>,
    },
    /// Writes the files that are made from others: the list of rules, their pages, and the contents of the site.
    Gen {
        /// Only says whether they are up to date.
        #[arg(long)]
        check: bool,
    },
    /// Measures what a check costs, or counts whether it costs more than it did.
    Bench(bench::Options),
    /// Checks published packages, and says what a change gained and lost in them.
    Corpus(corpus::Options),
    /// Begins a rule: its file and its spec, with the headings they need.
    NewRule {
        /// Code, such as `LW105`.
        code: String,
        /// Name of the smell, such as `mutable-default-growth`.
        name: String,
    },
}

#[derive(Subcommand)]
enum Tests {
    /// Only the tests in real editors: those that are installed, or that are fetched.
    Editors(editors::Options),
    /// Only the tests of what is published: each package is built, installed in an empty place, and used.
    Packaging(packaging::Options),
}

fn main() -> ExitCode {
    let result = match Cli::parse().task {
        Task::Test { which: None } => test::run(),
        Task::Test { which: Some(Tests::Editors(options)) } => editors::run(&options),
        Task::Test { which: Some(Tests::Packaging(options)) } => packaging::run(&options),
        Task::Gen { check } => generate::run(check),
        Task::Bench(options) => bench::run(&options),
        Task::Corpus(options) => corpus::run(&options),
        Task::NewRule { code, name } => new_rule::run(&code, &name),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            run::say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// The root of the repository.
fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned()
}
