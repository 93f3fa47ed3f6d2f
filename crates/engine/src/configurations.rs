//! Which configuration holds for a file: the nearest one above it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::config::{Config, ConfigError};

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
}

/// Names of configuration files, the first that is there wins.
pub(crate) const NAMES: [&str; 3] = ["leakwright.toml", ".leakwright.toml", "pyproject.toml"];

impl Configurations {
    /// The configuration that holds in a directory. The directory should be absolute.
    pub fn nearest(&self, directory: &Path) -> Result<Origin, ConfigError> {
        for dir in directory.ancestors() {
            if let Some(origin) = self.own(dir)? {
                return Ok(origin);
            }
        }
        let mut defaults = self.defaults.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let config =
            defaults.entry(directory.to_owned()).or_insert_with(|| Arc::new(Config::default_for(directory)));
        Ok(Origin { config: Arc::clone(config), path: None })
    }

    /// The configuration that a directory itself has.
    fn own(&self, directory: &Path) -> Found {
        let mut known = self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        known.entry(directory.to_owned()).or_insert_with(|| read(directory)).clone()
    }
}

fn read(directory: &Path) -> Found {
    for name in NAMES {
        let path = directory.join(name);
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
            return Ok(Some(Origin { config: Arc::new(config), path: Some(path) }));
        }
    }
    Ok(None)
}

fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
}
