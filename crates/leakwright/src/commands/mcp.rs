//! `leakwright mcp`.

use super::Exit;
use crate::args::McpArgs;

pub(crate) fn run(args: &McpArgs) -> anyhow::Result<Exit> {
    leakwright_mcp::run(&args.folders)?;
    Ok(Exit::Clean)
}
