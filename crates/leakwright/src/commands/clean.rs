//! `leakwright clean`.

use anyhow::Context;
use leakwright_engine::clear_cache;

use super::Exit;
use crate::args::CleanArgs;
use crate::terminal;

pub(crate) fn run(args: &CleanArgs) -> anyhow::Result<Exit> {
    let cleared = clear_cache(&args.paths).context("cannot remove the cache")?;
    for folder in &cleared {
        terminal::print(&format!("Removed {}\n", folder.display()));
    }
    if cleared.is_empty() {
        terminal::print("There is no cache.\n");
    }
    Ok(Exit::Clean)
}
