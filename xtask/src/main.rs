//! Development tasks: `cargo xtask --help`.

mod run;
mod test;

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
    /// Runs what continuous integration runs: format, lints, all tests.
    Test,
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().task {
        Task::Test => test::run(),
    }
}
