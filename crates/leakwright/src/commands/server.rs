//! `leakwright server`.

use super::Exit;
use crate::args::ServerArgs;

pub(crate) fn run(_: &ServerArgs) -> anyhow::Result<Exit> {
    Ok(Exit::Clean)
}
