//! The kinds of leaks that a command or a tool is about.

use leakwright_rules::{Family, RuleId};

use crate::check::Options;

/// Which rules somebody asks for by the name of what they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All.
    All,
    /// Containers and caches.
    Growth,
    /// Resources.
    Resources,
}

impl Scope {
    /// Options for the rules of this kind only.
    #[must_use]
    pub fn narrow(self, mut options: Options) -> Options {
        let outside = RuleId::all().map(RuleId::metadata).filter(|metadata| !self.has(metadata.family));
        options.ignore.extend(outside.filter_map(|metadata| metadata.code.parse().ok()));
        options
    }

    fn has(self, family: Family) -> bool {
        match self {
            Self::All => true,
            Self::Growth => matches!(family, Family::Growth | Family::Cache),
            Self::Resources => family == Family::Resource,
        }
    }
}
