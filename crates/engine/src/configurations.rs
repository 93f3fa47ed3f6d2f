//! Which configuration holds for a file: the nearest one above it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use crate::config::{Config, ConfigError};
use crate::limits::Limits;
use crate::overrides::Overrides;

/// A configuration and where it comes from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The settings.
    pub config: Arc<Config>,
    /// The file they were read from; `None` for the defaults.
    pub path: Option<PathBuf>,
}

type Found = Result<Option<Origin>, ConfigError>;

/// Finds configurations, each directory once.
#[derive(Debug, Default)]
pub struct Configurations {
    known: Mutex<BTreeMap<PathBuf, Found>>,
    /// What holds in directories that no configuration is above.
    defaults: Mutex<BTreeMap<PathBuf, Arc<Config>>>,
    /// What an editor sets, and for which folder.
    overrides: Option<(Overrides, PathBuf)>,
    /// What the editor sets to be read instead of the nearest configuration.
    only: OnceLock<Found>,
    limits: Limits,
}

/// Names of configuration files, the first that is there wins.
pub(crate) const NAMES: [&str; 3] = ["leakwright.toml", ".leakwright.toml", "pyproject.toml"];

impl Configurations {
    /// With what an editor sets for a folder.
    pub fn with(overrides: Overrides, root: &Path) -> Self {
        Self { overrides: Some((overrides, root.to_owned())), ..Self::default() }
    }

    /// Those that lie within limits.
    pub(crate) fn within(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// What may be read.
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What is wrong with the configurations that were asked for.
    pub fn problems(&self) -> Vec<ConfigError> {
        let known = self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let only = self.only.get().and_then(|found| found.as_ref().err());
        known.values().filter_map(|found| found.as_ref().err()).chain(only).cloned().collect()
    }

    /// The configuration that holds in a directory. The directory should be absolute.
    pub fn nearest(&self, directory: &Path) -> Result<Origin, ConfigError> {
        if let Some(origin) = self.only.get_or_init(|| self.read_only()).clone()? {
            return Ok(origin);
        }
        for dir in directory.ancestors().take_while(|dir| self.limits.contain(dir)) {
            if let Some(origin) = self.own(dir)? {
                return Ok(origin);
            }
        }
        let mut defaults = self.defaults.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let config = match defaults.get(directory) {
            Some(config) => Arc::clone(config),
            None => self.adapted(Config::default_for(directory))?,
        };
        defaults.insert(directory.to_owned(), Arc::clone(&config));
        Ok(Origin { config, path: None })
    }

    /// The configuration that holds for a text that lies in no directory.
    pub(crate) fn anywhere(&self) -> Result<Arc<Config>, ConfigError> {
        let only = self.only.get_or_init(|| self.read_only()).clone()?;
        only.map_or_else(|| self.adapted(Config::default_for(Path::new(""))), |origin| Ok(origin.config))
    }

    /// The configuration that a directory itself has.
    fn own(&self, directory: &Path) -> Found {
        let mut known = self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        known.entry(directory.to_owned()).or_insert_with(|| self.read(directory)).clone()
    }

    fn read_only(&self) -> Found {
        let Some((overrides, root)) = &self.overrides else { return Ok(None) };
        let Some(config) = overrides.read(root).transpose()? else { return Ok(None) };
        Ok(Some(Origin { config: self.adapted(config)?, path: overrides.configuration.clone() }))
    }

    fn read(&self, directory: &Path) -> Found {
        let Some((config, path)) = read(directory, &self.limits)? else { return Ok(None) };
        Ok(Some(Origin { config: self.adapted(config)?, path: Some(path) }))
    }

    /// A configuration with what the editor sets.
    fn adapted(&self, config: Config) -> Result<Arc<Config>, ConfigError> {
        Ok(Arc::new(match &self.overrides {
            Some((overrides, root)) => overrides.apply(config, root)?,
            None => config,
        }))
    }
}

/// The configuration that a directory has, and its file.
fn read(directory: &Path, limits: &Limits) -> Result<Option<(Config, PathBuf)>, ConfigError> {
    for name in NAMES {
        let path = directory.join(name);
        if path.exists() && !limits.allow(&path) {
            let message = "leads out of the folders that may be read".to_owned();
            return Err(ConfigError { path, message });
        }
        let text = match std::fs::read(&path) {
            Ok(bytes) => String::from_utf8(bytes)
                .map_err(|_| ConfigError { path: path.clone(), message: "not valid UTF-8".to_owned() })?,
            Err(error) if is_absent(&error) => continue,
            Err(error) => return Err(ConfigError { path, message: format!("cannot be read: {error}") }),
        };
        let config = match name {
            "pyproject.toml" => Config::from_pyproject(&path, &text)?,
            _ => Some(Config::from_own_file(&path, &text)?),
        };
        if let Some(config) = config {
            return Ok(Some((config, path)));
        }
    }
    Ok(None)
}

fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
}
