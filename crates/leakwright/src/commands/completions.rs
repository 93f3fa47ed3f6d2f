//! `leakwright completions`.

use clap::CommandFactory;

use super::Exit;
use crate::args::{Cli, CompletionsArgs};
use crate::terminal;

pub(crate) fn run(args: &CompletionsArgs) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "leakwright", &mut script);
    terminal::print(&String::from_utf8_lossy(&script));
    Exit::Clean
}
