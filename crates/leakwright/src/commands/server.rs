//! `leakwright server`.

use anyhow::Context;

use super::Exit;
use crate::args::ServerArgs;

pub(crate) fn run(_: &ServerArgs) -> anyhow::Result<Exit> {
    let was_shut_down = leakwright_server::run().context("cannot start the server")?;
    Ok(if was_shut_down { Exit::Clean } else { Exit::Found })
}
