//! The whole test suite.

use crate::run::cargo;

/// Format, lints, tests; stops at the first that fails.
pub(crate) fn run() -> anyhow::Result<()> {
    cargo("format", &["fmt", "--all", "--check"])?;
    cargo("lints", &["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"])?;
    cargo("tests", &["test", "--workspace", "--quiet"])
}
