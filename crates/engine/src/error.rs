//! What went wrong with a file or path, while the rest went on.

use std::path::PathBuf;

/// A path that could not be dealt with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    /// The path.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// It was named and does not exist.
    #[error("no such file or directory")]
    Missing,
    /// It is a directory that was named, and no Python file is in it.
    #[error("no Python files found here")]
    NoPython,
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// Its bytes are not text.
    #[error("{0}")]
    Undecodable(String),
    /// It is not parsed, for a reason that is not a fault of its syntax.
    #[error("{0}")]
    Refused(leakwright_syntax::Refusal),
    /// Some of it could not be parsed; the rest was checked.
    #[error("syntax error at line {line}; the code around it is not checked")]
    Syntax {
        /// One-based line of the first error.
        line: u32,
    },
    /// The configuration that holds for it is wrong.
    #[error("not checked: {0}")]
    Configuration(String),
    /// A rule or the analysis failed on it. That is a fault of this program.
    #[error("internal error in {0}; please report it with the file")]
    Internal(String),
    /// It cannot be written.
    #[error("cannot be written: {0}")]
    Unwritable(String),
    /// It changed between being read and being written.
    #[error("changed since it was read; left as it is")]
    ChangedMeanwhile,
    /// A link leads to it, out of what was to be fixed.
    #[error("lies outside of the project, through a link; left alone")]
    Outside,
    /// The journal cannot be written, so that fixes could not be taken back.
    #[error("the journal cannot be written, so nothing was changed: {0}")]
    Unrecorded(String),
}

impl Problem {
    /// Whether it stops the run from being complete: the run ends with the code for that.
    pub fn is_fatal(&self) -> bool {
        matches!(self, Self::Missing | Self::Configuration(_))
    }
}

impl FileError {
    /// A problem with a path.
    pub fn new(path: impl Into<PathBuf>, problem: Problem) -> Self {
        Self { path: path.into(), problem }
    }
}

impl std::fmt::Display for FileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.problem)
    }
}
