//! Running cargo.

use std::process::Command;
use std::time::Instant;

use anyhow::{Context, ensure};

/// Runs `cargo` with arguments in the workspace and fails if it fails.
#[expect(clippy::print_stderr, reason = "a development task says what it does")]
pub(crate) fn cargo(what: &str, args: &[&str]) -> anyhow::Result<()> {
    eprintln!("== {what}: cargo {}", args.join(" "));
    let start = Instant::now();
    let status = Command::new(env!("CARGO")).args(args).status().context("cannot run cargo")?;
    ensure!(status.success(), "{what} failed");
    eprintln!("== {what}: {:.1} s", start.elapsed().as_secs_f64());
    Ok(())
}
