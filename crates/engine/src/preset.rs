//! Sets of settings for kinds of projects.

use leakwright_rules::{Finding, RuleId, Severity, Tier};
use serde::Deserialize;

use crate::file_rules::{Layer, Level};
use crate::selector::Selector;

/// A set of settings for a kind of project. What is configured beside it wins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// For CPython.
    #[default]
    Default,
    /// Nothing is left to reference counting, and nothing is left out.
    Strict,
    /// For implementations without reference counting.
    Pypy,
    /// For training and notebooks.
    Ml,
    /// For processes that run for months.
    Server,
}

impl Preset {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Default, Self::Strict, Self::Pypy, Self::Ml, Self::Server];

    /// How it is called in a configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Strict => "strict",
            Self::Pypy => "pypy",
            Self::Ml => "ml",
            Self::Server => "server",
        }
    }

    /// What it is for and what it sets, in a line.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Default => {
                "CPython programs of all kinds: the rules that are on by default, as severe as they say"
            }
            Self::Strict => {
                "nothing is left to reference counting, all rules are on, what leaks on error paths only is a \
                 warning, and comments that silence have to give a reason"
            }
            Self::Pypy => {
                "interpreters without reference counting: a file that is dropped open is a warning, also where \
                 CPython closes it at once"
            }
            Self::Ml => {
                "training and notebooks: tensors kept with their graph and arrays that grow are errors; a file \
                 that CPython closes with its last reference is information"
            }
            Self::Server => {
                "processes that run for months: what grows with each request, caches without a limit, handlers that \
                 stay and tasks that get lost are errors; queues without a limit and what leaks on error paths \
                 only are warnings"
            }
        }
    }

    /// Whether files are closed with their last reference.
    pub(crate) const fn counts_references(self) -> bool {
        !matches!(self, Self::Strict | Self::Pypy)
    }

    /// Whether comments that silence have to give a reason.
    pub(crate) const fn requires_suppression_reason(self) -> bool {
        matches!(self, Self::Strict)
    }

    /// The rules it runs, and how severe they are.
    pub(crate) fn layer(self) -> Layer {
        let selectors =
            |names: &[&str]| -> Vec<Selector> { names.iter().filter_map(|name| name.parse().ok()).collect() };
        let errors = match self {
            Self::Default | Self::Strict | Self::Pypy => selectors(&[]),
            Self::Ml => selectors(&["LW5", "LW104"]),
            Self::Server => selectors(&["growth", "cache", "LW401", "task"]),
        };
        Layer {
            select: (self == Self::Strict).then(|| selectors(&["all"])),
            severity: errors.into_iter().map(|selector| (selector, Level::Error)).collect(),
            ..Layer::default()
        }
    }

    /// How severe a finding is that the rule by itself calls information, or the preset thinks less of.
    pub(crate) fn adapted(self, finding: &Finding) -> Severity {
        let severity = finding.severity;
        match self {
            Self::Strict | Self::Server if is_raised(finding.rule) => severity.max(Severity::Warning),
            Self::Ml if finding.tier == Some(Tier::T3) => severity.min(Severity::Information),
            _ => severity,
        }
    }

    /// Whether its severity for a rule is meant for what the rule calls information as well: it is not, an error in
    /// passing is none.
    pub(crate) fn spares(finding: &Finding) -> bool {
        finding.severity < Severity::Warning
    }
}

/// Rules whose information weighs more where a process runs for long.
fn is_raised(rule: RuleId) -> bool {
    ["LW103", "LW310"].contains(&rule.metadata().code)
}
