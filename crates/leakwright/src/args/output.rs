//! How findings are printed, and which of them fail a run.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use leakwright_rules::{Confidence, Severity};

/// Where the findings go, and in which form.
#[derive(Args, Debug)]
pub(crate) struct OutputArgs {
    /// How to print the findings.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,

    /// Write the findings to a file instead: whole, or not at all.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output_file: Option<PathBuf>,

    /// Print how often each rule found something instead (text, concise and JSON).
    #[arg(long)]
    pub(crate) statistics: bool,

    /// Include findings that comments silence (JSON, JSON lines and SARIF).
    #[arg(long)]
    pub(crate) show_suppressed: bool,
}

/// Which findings fail a run.
#[derive(Args, Debug)]
pub(crate) struct FailArgs {
    /// End with code 0 even if leaks are found.
    #[arg(long)]
    pub(crate) exit_zero: bool,

    /// Which findings make the run fail: those at least this severe, at least this sure, or both (`error,high`).
    #[arg(long, value_enum, value_delimiter = ',', value_name = "LEVEL", default_value = "warning")]
    pub(crate) fail_on: Vec<FailOn>,
}

/// How findings are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// With the code that shows them.
    Text,
    /// One line each.
    Concise,
    /// As a JSON document.
    Json,
    /// As a JSON document each, one a line.
    JsonLines,
    /// As a SARIF 2.1.0 log, for code scanning.
    Sarif,
    /// As annotations of GitHub Actions.
    Github,
    /// As a Code Quality report of GitLab.
    Gitlab,
    /// As JUnit XML.
    Junit,
}

/// What a finding must be to fail a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// Errors.
    Error,
    /// Warnings, and what is worse.
    Warning,
    /// Information, and what is worse.
    Information,
    /// All, hints as well.
    Hint,
    /// The surest only.
    High,
    /// Not those with more against them than for them.
    Medium,
    /// However sure.
    Low,
}

impl FailArgs {
    /// The least severity that fails a run.
    pub(crate) fn severity(&self) -> Severity {
        let named = self.fail_on.iter().filter_map(|level| match level {
            FailOn::Error => Some(Severity::Error),
            FailOn::Warning => Some(Severity::Warning),
            FailOn::Information => Some(Severity::Information),
            FailOn::Hint => Some(Severity::Hint),
            FailOn::High | FailOn::Medium | FailOn::Low => None,
        });
        named.min().unwrap_or(Severity::Warning)
    }

    /// The least confidence that fails a run.
    pub(crate) fn confidence(&self) -> Confidence {
        let named = self.fail_on.iter().filter_map(|level| match level {
            FailOn::High => Some(Confidence::High),
            FailOn::Medium => Some(Confidence::Medium),
            FailOn::Low => Some(Confidence::Low),
            FailOn::Error | FailOn::Warning | FailOn::Information | FailOn::Hint => None,
        });
        named.min().unwrap_or(Confidence::Low)
    }
}
