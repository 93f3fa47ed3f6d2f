//! `leakwright man`.

use anyhow::Context;
use clap::CommandFactory;

use super::Exit;
use crate::args::{Cli, ManArgs};
use crate::terminal;

pub(crate) fn run(args: &ManArgs) -> anyhow::Result<Exit> {
    let command = Cli::command().name("leakwright");
    if let Some(folder) = &args.out {
        std::fs::create_dir_all(folder)
            .and_then(|()| clap_mangen::generate_to(command, folder))
            .with_context(|| folder.display().to_string())?;
    } else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page)?;
        terminal::print(&String::from_utf8_lossy(&page));
    }
    Ok(Exit::Clean)
}
