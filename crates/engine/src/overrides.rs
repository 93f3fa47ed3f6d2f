//! Settings of an editor, which win over configuration files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use globset::GlobSet;
use leakwright_rules::Confidence;

use crate::baseline::{BaselineError, Baselined};
use crate::config::{Config, ConfigError, globs};
use crate::preset::Preset;
use crate::selector::Selector;

/// Settings that win over configuration files, for a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// The configuration file that holds instead of the nearest ones.
    pub configuration: Option<PathBuf>,
    /// Rules to run instead of the configured ones.
    pub select: Option<Vec<Selector>>,
    /// Rules not to run.
    pub ignore: Vec<Selector>,
    /// Findings that are less sure are not shown.
    pub min_confidence: Option<Confidence>,
    /// The baseline whose findings are not shown, instead of the configured one.
    pub baseline: Option<PathBuf>,
    /// A set of settings for a kind of project.
    pub preset: Option<Preset>,
    /// What is left out beside what configuration leaves out, relative to the folder.
    pub exclude: Vec<String>,
    /// Files with more bytes are left out.
    pub max_file_bytes: Option<usize>,
}

/// What an editor leaves out.
#[derive(Clone, Debug)]
pub(crate) struct Excluded {
    root: PathBuf,
    globs: GlobSet,
}

impl Excluded {
    pub(crate) fn new(root: &Path, patterns: &[String]) -> Result<Self, String> {
        Ok(Self { root: root.to_owned(), globs: globs(patterns)? })
    }

    /// Whether a path is left out, itself or with a folder around it.
    pub(crate) fn has(&self, path: &Path) -> bool {
        let relative = path.strip_prefix(&self.root).unwrap_or(path);
        self.globs.is_match(relative) || relative.ancestors().skip(1).any(|dir| self.globs.is_match(dir))
    }
}

impl Overrides {
    /// What is wrong with patterns of files to leave out, if anything is.
    pub fn check_patterns(patterns: &[String]) -> Result<(), String> {
        globs(patterns).map(|_| ())
    }

    /// The configuration file that holds for all of a folder, if one is named. Its paths are relative to the folder.
    pub(crate) fn read(&self, root: &Path) -> Option<Result<Config, ConfigError>> {
        let path = self.configuration.as_ref()?;
        let error = |message| ConfigError { path: path.clone(), message };
        let read = || {
            let text = std::fs::read_to_string(path)
                .map_err(|problem| error(format!("cannot be read: {problem}")))?;
            let is_shared = path.file_name().is_some_and(|name| name == "pyproject.toml");
            let mut config = if is_shared {
                Config::from_pyproject(path, &text)?
                    .ok_or_else(|| error("it has no table `tool.leakwright`".to_owned()))?
            } else {
                Config::from_own_file(path, &text)?
            };
            root.clone_into(&mut config.root);
            Ok(config)
        };
        Some(read())
    }

    /// A configuration as it is with these settings, and what is known already.
    pub(crate) fn apply(&self, mut config: Config, root: &Path) -> Result<Config, ConfigError> {
        config.with_overrides(self.select.as_deref(), &self.ignore, self.min_confidence);
        if let Some(preset) = self.preset {
            config.set_preset(preset);
        }
        if self.max_file_bytes.is_some() {
            config.max_file_bytes = self.max_file_bytes;
        }
        // Wrong patterns were reported when they were read.
        if let Ok(excluded) = Excluded::new(root, &self.exclude) {
            config.excluded_by_editor = Some(excluded);
        }
        if self.baseline.is_some() {
            config.baseline.clone_from(&self.baseline);
        }
        if let Some(path) = &config.baseline {
            let wrong = |error: BaselineError| ConfigError { path: path.clone(), message: error.problem() };
            config.known = Some(Arc::new(Baselined::read(path).map_err(wrong)?));
        }
        Ok(config)
    }
}
