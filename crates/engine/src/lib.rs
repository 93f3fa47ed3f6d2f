//! Leakwright over whole projects.
//!
//! The engine finds the files of a project, reads its configuration, maps and links the files, runs
//! the rules, leaves out what is suppressed, and applies fixes. It knows neither the terminal nor the
//! language server: progress goes through a trait, results are data.

mod audit;
mod baseline;
mod cache;
mod check;
mod config;
mod configurations;
mod discover;
mod document;
mod document_fixes;
mod error;
mod file_rules;
mod fixing;
mod following;
mod gathered;
mod home;
mod known;
mod limits;
mod linked;
mod live;
mod load;
mod module_name;
mod open;
mod overrides;
mod preset;
mod provisional;
mod revision;
mod scope;
mod selector;
mod source;
mod suppress;
mod text_edit;
mod threads;
mod whole;
mod workspace;

pub use baseline::{BaselineError, apply_baselines, check_for_new, write_baseline};
pub use cache::{Cache, Usage, clear_cache};
pub use check::{Checked, Input, Judged, NoProgress, Options, Progress, Silent, check};
pub use config::{Config, ConfigError};
pub use configurations::{Configurations, Origin};
pub use discover::{Discovered, discover};
pub use document::{DocumentContext, DocumentMapper, Mapped};
pub use error::{FileError, Problem};
pub use file_rules::FileRules;
pub use fixing::{
    Answer, Applied, Change, Consent, FileRecord, FixOptions, FixRecord, Fixed, Journal, JournalError,
    Outcome, Proposal, Restoring, Run, UndoError, Written, fix, fix_with, silence_all, write,
    write_unrecorded,
};
pub use gathered::Gathered;
pub use home::{home, part};
pub use known::{Comparison, Known};
pub use linked::{Analysis, Found, Linked};
pub use load::SourceFile;
pub use overrides::Overrides;
pub use preset::Preset;
pub use provisional::Settled;
pub use revision::{BaseRevision, RevisionError};
pub use scope::Scope;
pub use selector::{Selector, UnknownSelector, closest};
pub use source::content_hash;
pub use suppress::{UnusedSuppression, Useless};
pub use text_edit::{EditConflict, apply_edits};
pub use threads::{STACK_SIZE, pool};
pub use whole::write_whole;
pub use workspace::{Owner, Standing, Workspace};
