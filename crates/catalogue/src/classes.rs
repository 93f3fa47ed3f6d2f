//! Which class the functions of libraries return objects of.

use std::collections::BTreeMap;

use serde::Deserialize;

/// `classes.toml`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Classes {
    returns: BTreeMap<String, String>,
}

impl Classes {
    /// The class of what a function returns, both by import path.
    pub fn returned_by(&self, function: &str) -> Option<&str> {
        self.returns.get(function).map(String::as_str)
    }
}
