//! `leakwright`: finds and fixes memory leaks in Python code.

mod args;
mod commands;
mod output;
mod page;
mod progress;
mod terminal;

use clap::Parser;

use args::{Cli, Command};
use leakwright_engine::Scope;

/// Facts are many small pieces, made and dropped on all threads at once.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    let cli = Cli::parse();
    terminal::set_colour(cli.color);
    terminal::set_quiet(cli.quiet);
    terminal::set_verbose(cli.verbose);
    let result = match cli.command {
        Command::Check(args) | Command::Leaks(args) => commands::check::run(&args, Scope::All),
        Command::Scan(args) => commands::check::run(&args, Scope::Growth),
        Command::Handles(args) => commands::check::run(&args, Scope::Resources),
        Command::Baseline(args) => commands::baseline::run(&args),
        Command::Fix(args) => commands::fix::run(&args),
        Command::Undo(args) => commands::undo::run(&args),
        Command::Clean(args) => commands::clean::run(&args),
        Command::Notes(args) => commands::notes::run(&args),
        Command::Report(args) => commands::report::run(&args),
        Command::Explain(args) => commands::explain::run(&args),
        Command::Rules(args) => Ok(commands::rules::run(&args)),
        Command::Config(args) => commands::config::run(&args),
        Command::Mcp(args) => commands::mcp::run(&args),
        Command::Server(args) => commands::server::run(&args),
        Command::Completions(args) => Ok(commands::completions::run(&args)),
        Command::Man(args) => commands::man::run(&args),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            terminal::complain(&format!("{error:#}"));
            commands::Exit::Failed.into()
        }
    }
}
