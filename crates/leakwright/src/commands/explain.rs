//! `leakwright explain`.

use anyhow::bail;
use leakwright_engine::Selector;

use super::Exit;
use crate::args::ExplainArgs;
use crate::terminal;

pub(crate) fn run(args: &ExplainArgs) -> anyhow::Result<Exit> {
    let selector: Selector = args.rule.parse()?;
    if selector.rules().is_empty() {
        bail!("no rule has the code `{}`", args.rule);
    }
    for rule in selector.rules() {
        terminal::print(rule.metadata().docs);
    }
    Ok(Exit::Clean)
}
