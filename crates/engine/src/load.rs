//! From a path to the facts of its file.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use leakwright_analysis::FileFacts;
use leakwright_analysis::project::Module;
use leakwright_syntax::{Budget, Parser, Refusal, SourceEncoding, Tree, decode, definitions};
use serde::{Deserialize, Serialize};

use crate::cache::{self, Cache};
use crate::config::{Config, ConfigError};
use crate::configurations::Configurations;
use crate::discover::Found;
use crate::error::{FileError, Problem};
use crate::module_name::{is_test, module_name};
use crate::source::content_hash;
use crate::suppress::{Suppression, may_silence, suppressions};

/// A file that is being checked.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// The path, as it is shown.
    pub path: PathBuf,
    /// Its text.
    pub text: Arc<str>,
    /// Hash of its bytes, as they were read.
    pub hash: String,
    /// The settings that hold for it.
    pub config: Arc<Config>,
    pub(crate) absolute: PathBuf,
    pub(crate) encoding: SourceEncoding,
    pub(crate) module: Module,
    pub(crate) is_stub: bool,
    pub(crate) suppressions: Vec<Suppression>,
    /// Line of the first syntax error.
    pub(crate) syntax_error: Option<u32>,
}

/// A file as it was read, and what holds for it.
pub(crate) struct Read {
    pub(crate) path: PathBuf,
    pub(crate) absolute: PathBuf,
    pub(crate) place: Place,
    bytes: Vec<u8>,
    /// What its bytes are known by.
    pub(crate) key: cache::Key,
}

impl Read {
    /// Reads a file.
    pub(crate) fn new(found: &Found, configurations: &Configurations) -> Result<Self, FileError> {
        let bytes = std::fs::read(&found.path)
            .map_err(|error| FileError::new(shown(&found.path), Problem::Unreadable(error.to_string())))?;
        Self::of(found, bytes, configurations)
    }

    /// The same, for text that is not on disk.
    pub(crate) fn of(
        found: &Found,
        bytes: Vec<u8>,
        configurations: &Configurations,
    ) -> Result<Self, FileError> {
        let error = |problem| FileError::new(shown(&found.path), problem);
        let absolute = std::path::absolute(&found.path).unwrap_or_else(|_| found.path.clone());
        let root = std::path::absolute(&found.root).unwrap_or_else(|_| found.root.clone());
        let place = Place::find(&absolute, &root, configurations)
            .map_err(|wrong| error(Problem::Configuration(wrong.to_string())))?;
        if let Some(limit) = place.config.max_file_bytes.filter(|limit| bytes.len() > *limit) {
            return Err(error(Problem::Refused(Refusal::FileTooLarge { limit })));
        }
        Ok(Self { path: shown(&found.path), absolute, place, key: cache::key(&bytes), bytes })
    }

    /// Whether the bytes that were read have a hash.
    pub(crate) fn has_hash(&self, hash: &str) -> bool {
        content_hash(&self.bytes) == hash
    }

    /// Decodes the file, and maps it unless that has been done. What is as it was in previous facts of the file is
    /// shared with them.
    pub(crate) fn map(self, cache: &Cache, previous: Option<&FileFacts>) -> Result<SourceFile, FileError> {
        let Self { path, absolute, place, bytes, key } = self;
        let decoded =
            decode(&bytes).map_err(|wrong| FileError::new(&path, Problem::Undecodable(wrong.to_string())))?;
        let text: Arc<str> = decoded.text.into();
        let mapped =
            cache.entry(key, || map(&text, previous)).map_err(|problem| FileError::new(&path, problem))?;
        Ok(SourceFile {
            path,
            text,
            hash: content_hash(&bytes),
            config: place.config,
            is_stub: absolute.extension().is_some_and(|ending| ending == "pyi"),
            encoding: decoded.encoding,
            module: Module {
                name: place.module_name,
                is_package: place.is_package,
                is_test: place.is_test,
                facts: mapped.facts,
            },
            absolute,
            suppressions: mapped.suppressions,
            syntax_error: mapped.syntax_error,
        })
    }
}

impl SourceFile {
    /// The file with another text; what was read from disk is remembered as it was.
    pub(crate) fn with_text(&self, text: &str) -> Result<Self, Problem> {
        let text: Arc<str> = text.into();
        let mapped = map(&text, Some(&self.module.facts))?;
        let mut changed = self.clone();
        changed.text = text;
        changed.module.facts = mapped.facts;
        changed.suppressions = mapped.suppressions;
        changed.syntax_error = mapped.syntax_error;
        Ok(changed)
    }
}

/// What holds for a file because of where it lies.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// The settings.
    pub(crate) config: Arc<Config>,
    /// The dotted name it is imported by.
    pub(crate) module_name: String,
    /// Whether it is the `__init__` of a package.
    pub(crate) is_package: bool,
    /// Whether it is test code.
    pub(crate) is_test: bool,
}

impl Place {
    /// For an absolute path, found below a root.
    pub(crate) fn find(
        path: &Path,
        root: &Path,
        configurations: &Configurations,
    ) -> Result<Self, ConfigError> {
        let path = normal(path);
        let origin = configurations.nearest(path.parent().unwrap_or(Path::new("/")))?;
        let roots: Vec<PathBuf> = match &origin.path {
            Some(_) => origin.config.source_roots().map(|root| normal(&root)).collect(),
            None => vec![normal(root), normal(&root.join("src"))],
        };
        let name = module_name(&path, &roots);
        let test_root = if origin.path.is_some() { normal(&origin.config.root) } else { normal(root) };
        Ok(Self {
            config: origin.config,
            module_name: name.dotted,
            is_package: name.is_package,
            is_test: is_test(&path, &test_root),
        })
    }

    /// Whether the same holds for a file here and there.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.config, &other.config)
            && (&self.module_name, self.is_package, self.is_test)
                == (&other.module_name, other.is_package, other.is_test)
    }

    /// For a path that is nowhere.
    pub(crate) fn unconfigured(path: &Path, config: Arc<Config>) -> Self {
        let name = module_name(path, &[]);
        Self {
            config,
            module_name: name.dotted,
            is_package: name.is_package,
            is_test: is_test(path, Path::new("")),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Mapped {
    facts: Arc<FileFacts>,
    suppressions: Vec<Suppression>,
    syntax_error: Option<u32>,
}

fn map(text: &Arc<str>, previous: Option<&FileFacts>) -> Result<Mapped, Problem> {
    Budget::BATCH.limits.check(text).map_err(Problem::Refused)?;
    let mapping = || match map_direct(text, previous) {
        Some(mapped) => Ok(mapped),
        None => Ok(map_tree(&parse(Arc::clone(text)).map_err(Problem::Refused)?, previous)),
    };
    let internal = |_| Problem::Internal("the analysis".to_owned());
    catch_unwind(AssertUnwindSafe(mapping)).map_err(internal)?
}

/// Maps a file without making its tree, if that can be done.
fn map_direct(text: &str, previous: Option<&FileFacts>) -> Option<Mapped> {
    let definitions = definitions(text)?;
    // What such a comment covers is a question of the tree.
    if may_silence(text, &definitions.comments) {
        return None;
    }
    Some(Mapped {
        facts: Arc::new(FileFacts::map_direct(&definitions, text, previous)),
        suppressions: Vec::new(),
        syntax_error: None,
    })
}

fn map_tree(tree: &Tree, previous: Option<&FileFacts>) -> Mapped {
    Mapped {
        facts: Arc::new(FileFacts::map(tree, previous)),
        suppressions: suppressions(tree),
        syntax_error: tree.first_error().map(|range| line_of(tree.text(), range.start)),
    }
}

/// Parses with the parser of this thread.
pub(crate) fn parse(text: Arc<str>) -> Result<Tree, Refusal> {
    thread_local! {
        static PARSER: std::cell::RefCell<Parser> = std::cell::RefCell::new(Parser::new());
    }
    PARSER.with(|parser| match parser.try_borrow_mut() {
        Ok(mut parser) => parser.parse(text, Budget::BATCH),
        Err(_) => Parser::new().parse(text, Budget::BATCH),
    })
}

/// One-based line of an offset.
pub(crate) fn line_of(text: &str, offset: u32) -> u32 {
    1 + text[..(offset as usize).min(text.len())].matches('\n').count() as u32
}

/// A path relative to the working directory where it lies below it, else as it is.
fn shown(path: &Path) -> PathBuf {
    let relative =
        std::env::current_dir().ok().and_then(|here| path.strip_prefix(here).ok().map(Path::to_owned));
    normal(&relative.unwrap_or_else(|| path.to_owned()))
}

/// Without `.` parts.
fn normal(path: &Path) -> PathBuf {
    let parts: PathBuf = path.components().filter(|part| *part != std::path::Component::CurDir).collect();
    if parts.as_os_str().is_empty() { path.to_owned() } else { parts }
}
