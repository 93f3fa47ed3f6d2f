//! The arguments of `leakwright notes`.

use clap::{Args, Subcommand, ValueEnum};
use leakwright_engine::Selector;

#[derive(Args)]
pub(crate) struct NotesArgs {
    #[command(subcommand)]
    pub(crate) command: NotesCommand,
}

#[derive(Subcommand)]
pub(crate) enum NotesCommand {
    /// Write a note. What is not said is filled in from the last fix.
    Add(AddArgs),
    /// List the notes.
    List(ListArgs),
    /// Print a note.
    Show(ShowArgs),
    /// Find notes by their words, the best first.
    Search(SearchArgs),
}

#[derive(Args)]
pub(crate) struct AddArgs {
    /// What was learnt, in a line.
    pub(crate) title: Option<String>,

    /// What was learnt, in Markdown; `-` reads it from standard input.
    #[arg(long, short, value_name = "TEXT")]
    pub(crate) content: Option<String>,

    /// Words it is found by.
    #[arg(long = "tag", short, value_delimiter = ',', value_name = "TAG")]
    pub(crate) tags: Vec<String>,

    /// The rule it is about; the last fix of that rule is what it is filled in from.
    #[arg(long)]
    pub(crate) rule: Option<Selector>,

    /// The finding it is about, as JSON output names it.
    #[arg(long)]
    pub(crate) fingerprint: Option<String>,

    /// Fill in nothing from the last fix.
    #[arg(long)]
    pub(crate) unrelated: bool,

    /// Open it in `$VISUAL` or `$EDITOR` before it is kept.
    #[arg(long, short)]
    pub(crate) edit: bool,
}

#[derive(Args)]
pub(crate) struct NoteFilter {
    /// Only notes with this tag; given again, with all of them.
    #[arg(long = "tag", short, value_delimiter = ',', value_name = "TAG")]
    pub(crate) tags: Vec<String>,

    /// Only notes about these rules: codes, prefixes of codes, names, families.
    #[arg(long = "rule", value_delimiter = ',', value_name = "RULE")]
    pub(crate) rules: Vec<Selector>,

    /// How to print them.
    #[arg(long, value_enum, default_value_t = NotesFormat::Text)]
    pub(crate) format: NotesFormat,
}

/// How notes are printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum NotesFormat {
    /// A line each.
    Text,
    /// As a JSON document.
    Json,
}

#[derive(Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) filter: NoteFilter,
}

#[derive(Args)]
pub(crate) struct ShowArgs {
    /// Its name, or the beginning of it.
    pub(crate) name: String,
}

#[derive(Args)]
pub(crate) struct SearchArgs {
    /// The words to look for.
    #[arg(required = true)]
    pub(crate) words: Vec<String>,

    #[command(flatten)]
    pub(crate) filter: NoteFilter,

    /// Show at most so many.
    #[arg(long, default_value_t = 20, value_name = "COUNT")]
    pub(crate) limit: usize,
}
