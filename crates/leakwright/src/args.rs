//! The command line.

mod notes;
mod output;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use leakwright_engine::Selector;
use leakwright_rules::Confidence;

pub(crate) use notes::{AddArgs, NoteFilter, NotesArgs, NotesCommand, NotesFormat};
pub(crate) use output::{FailArgs, Format, OutputArgs};

/// Finds and fixes memory leaks, unbounded growth and unreleased resources in Python code.
///
/// Exit codes: 0 no leaks, 1 leaks found, 2 could not run (wrong arguments or configuration, a path
/// that does not exist).
#[derive(Parser)]
#[command(version, propagate_version = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// When to use colour.
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto)]
    pub(crate) color: Colour,

    /// Print findings and errors only: no heading, no progress, no warnings, no counts.
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,

    /// Say on standard error what was read from the cache.
    #[arg(long, short, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
}

/// When to use colour.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    /// Where the terminal has it.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Find leaks of all kinds.
    Check(CheckArgs),
    /// The same as `check`.
    Leaks(CheckArgs),
    /// Find containers and caches that grow without end.
    Scan(CheckArgs),
    /// Find resources that are not released.
    Handles(CheckArgs),
    /// Write what is found now into a file, so that `check --baseline` shows only what is new.
    Baseline(BaselineArgs),
    /// Mend what can be mended.
    Fix(FixArgs),
    /// Take back what `fix` changed last; again, what it changed before that.
    Undo(UndoArgs),
    /// Remove what is kept of files that were checked.
    Clean(CleanArgs),
    /// Keep what was learnt about leaks in the repository, and find it again.
    Notes(NotesArgs),
    /// Write an audit: each leak with its evidence, a program that shows it, and its fix.
    Report(ReportArgs),
    /// Explain a rule.
    Explain(ExplainArgs),
    /// List the rules.
    Rules(RulesArgs),
    /// Show the settings that hold for a file, and where they come from.
    Config(ConfigArgs),
    /// Run the language server on standard input and output.
    Server(ServerArgs),
    /// Run a Model Context Protocol server, for assistants, on standard input and output.
    Mcp(McpArgs),
    /// Print what completes the command line in a shell.
    Completions(CompletionsArgs),
    /// Print the manual page, or write one for each command.
    Man(ManArgs),
}

#[derive(Args)]
pub(crate) struct Selection {
    /// Rules to run instead of the configured ones: codes, prefixes of codes, names, families, `all`.
    #[arg(long, value_delimiter = ',', value_name = "RULE")]
    pub(crate) select: Option<Vec<Selector>>,

    /// Rules not to run.
    #[arg(long, value_delimiter = ',', value_name = "RULE")]
    pub(crate) ignore: Vec<Selector>,

    /// Hide findings that are less sure.
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub(crate) min_confidence: Option<ConfidenceArg>,
}

/// How sure a finding is.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum ConfidenceArg {
    /// Show all.
    Low,
    /// Hide those with more against them than for them.
    Medium,
    /// Show the surest only.
    High,
}

impl From<ConfidenceArg> for Confidence {
    fn from(arg: ConfidenceArg) -> Self {
        match arg {
            ConfidenceArg::Low => Self::Low,
            ConfidenceArg::Medium => Self::Medium,
            ConfidenceArg::High => Self::High,
        }
    }
}

impl Selection {
    pub(crate) fn options(&self) -> leakwright_engine::Options {
        leakwright_engine::Options {
            select: self.select.clone(),
            ignore: self.ignore.clone(),
            min_confidence: self.min_confidence.map(Confidence::from),
        }
    }
}

#[derive(Args)]
pub(crate) struct CheckArgs {
    /// Files and directories; `-` for standard input.
    #[arg(default_value = ".")]
    pub(crate) paths: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) selection: Selection,

    #[command(flatten)]
    pub(crate) output: OutputArgs,

    #[command(flatten)]
    pub(crate) fail: FailArgs,

    /// Show only what is not in this baseline; without it, in the configured one.
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,

    /// Show only what the change since this revision of git introduced: a branch, tag or commit. Where the history has
    /// gone two ways since, the common ancestor is what is compared with.
    #[arg(long, value_name = "REV")]
    pub(crate) diff_base: Option<String>,

    /// The path that standard input goes by: for configuration, and in what is printed.
    #[arg(long, value_name = "PATH")]
    pub(crate) stdin_filename: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

#[derive(Args)]
pub(crate) struct CacheArgs {
    /// Do not read or write the cache. The same as setting `LEAKWRIGHT_NO_CACHE`.
    #[arg(long, short = 'n')]
    pub(crate) no_cache: bool,

    /// Keep what is known of files here, instead of in `.leakwright_cache` beside the configuration or in the folder
    /// that is checked.
    #[arg(long, value_name = "DIR", conflicts_with = "no_cache")]
    pub(crate) cache_dir: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct CleanArgs {
    /// Files and directories.
    #[arg(default_value = ".")]
    pub(crate) paths: Vec<PathBuf>,
}

#[derive(Args)]
pub(crate) struct BaselineArgs {
    /// Files and directories.
    #[arg(default_value = ".")]
    pub(crate) paths: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) selection: Selection,

    /// The file to write; the configured one, or `leakwright-baseline.json`.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct FixArgs {
    /// Files and directories.
    #[arg(default_value = ".")]
    pub(crate) paths: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) selection: Selection,

    /// Also apply fixes that change what the program does, under the conditions that the rule's page names.
    #[arg(long)]
    pub(crate) unsafe_fixes: bool,

    /// Leave alone what is in this baseline; without it, what is in the configured one.
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,

    /// Show what would change; write nothing.
    #[arg(long)]
    pub(crate) diff: bool,

    /// Show each fix, and ask whether it is to be applied: yes, no, all that follow, or quit.
    #[arg(long, short, conflicts_with = "diff")]
    pub(crate) interactive: bool,

    /// Write comments that silence what is found, instead of mending it.
    #[arg(long, conflicts_with_all = ["interactive", "unsafe_fixes"])]
    pub(crate) add_suppressions: bool,

    /// What the comments give as the reason.
    #[arg(long, value_name = "TEXT", requires = "add_suppressions", value_parser = reason)]
    pub(crate) reason: Option<String>,

    /// Do not record what is changed. `undo` cannot take it back.
    #[arg(long)]
    pub(crate) no_journal: bool,
}

/// A reason that fits into a comment.
fn reason(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if text.is_empty() {
        return Err("a reason has words");
    }
    if text.contains(['\n', '\r', '#']) {
        return Err("a reason is one line, without `#`");
    }
    Ok(text.to_owned())
}

#[derive(Args)]
pub(crate) struct UndoArgs {
    /// A file or folder of the project.
    #[arg(default_value = ".")]
    pub(crate) path: PathBuf,

    /// Show what would change; write nothing.
    #[arg(long, conflicts_with_all = ["list", "forget"])]
    pub(crate) diff: bool,

    /// List what can be taken back, the last first.
    #[arg(long, conflicts_with = "forget")]
    pub(crate) list: bool,

    /// Drop the last run from the journal, and leave the files as they are.
    #[arg(long)]
    pub(crate) forget: bool,
}

#[derive(Args)]
pub(crate) struct ReportArgs {
    /// Files and directories.
    #[arg(default_value = ".")]
    pub(crate) paths: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) selection: Selection,

    /// How to write it.
    #[arg(long, value_enum, default_value_t = ReportFormat::Markdown)]
    pub(crate) format: ReportFormat,

    /// Write into this folder: `LEAK_AUDIT_<file>.md` for each file with findings and `LEAK_AUDIT.md`, or
    /// `LEAK_AUDIT.html`.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

/// How an audit is written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// As Markdown.
    Markdown,
    /// As one HTML page that needs nothing else, to be filtered, sorted and printed.
    Html,
}

#[derive(Args)]
pub(crate) struct ExplainArgs {
    /// Code or name of the rule.
    #[arg(required_unless_present = "why_silent")]
    pub(crate) rule: Option<String>,

    /// Say why nothing is reported on a line, linked with all files below the working directory.
    #[arg(long, value_name = "FILE:LINE", conflicts_with = "rule")]
    pub(crate) why_silent: Option<String>,
}

#[derive(Args)]
pub(crate) struct RulesArgs {
    /// How to print them.
    #[arg(long, value_enum, default_value_t = RulesFormat::Text)]
    pub(crate) format: RulesFormat,
}

/// How the list of rules is printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RulesFormat {
    /// By family, a line each.
    Text,
    /// A Markdown table.
    Markdown,
    /// A JSON document.
    Json,
}

#[derive(Args)]
pub(crate) struct ConfigArgs {
    /// The file to show the settings of.
    #[arg(default_value = ".")]
    pub(crate) path: PathBuf,

    /// List the presets, with what they are for and what they set.
    #[arg(long)]
    pub(crate) presets: bool,
}

#[derive(Args)]
pub(crate) struct ServerArgs {
    /// Talk over standard input and output. That is the only way there is; accepted because editors pass it.
    #[arg(long)]
    pub(crate) stdio: bool,
}

#[derive(Args)]
pub(crate) struct McpArgs {
    /// The folders that may be looked at, and changed where that is asked for. Nothing outside of them is read.
    #[arg(default_value = ".")]
    pub(crate) folders: Vec<PathBuf>,
}

#[derive(Args)]
pub(crate) struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Args)]
pub(crate) struct ManArgs {
    /// Write `leakwright.1` and a page for each command into this folder instead.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}
