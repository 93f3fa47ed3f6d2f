//! The whole test suite.

use crate::run::{cargo, step};

/// Format, lints, generated files, tests; stops at the first that fails.
pub(crate) fn run() -> anyhow::Result<()> {
    cargo("format", &["fmt", "--all", "--check"])?;
    step("generated files", || crate::generate::run(true))?;
    cargo("lints", &["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"])?;
    cargo("tests", &["test", "--workspace", "--quiet"])
}
