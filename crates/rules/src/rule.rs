//! What a rule is.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Serialize;

use crate::context::Context;
use crate::finding::{Finding, LeakType, Severity};
use crate::fix::{Fix, Sources};

/// A rule. It finds; the words and the fixes follow from what it found.
pub(crate) trait Rule: Sync {
    /// What the rule is called and what it is about.
    fn metadata(&self) -> &'static Metadata;

    /// Finds the leaks of one file.
    fn check(&self, context: &Context<'_>, findings: &mut Vec<Finding>);

    /// The ways to mend one of its findings, best first.
    fn fixes(&self, finding: &Finding, context: &Context<'_>, sources: &dyn Sources) -> Vec<Fix>;
}

/// What a rule is called and what it is about.
#[derive(Debug)]
pub struct Metadata {
    /// Stable code, such as `LW101`.
    pub code: &'static str,
    /// Name of the smell, such as `unbounded-collection`.
    pub name: &'static str,
    /// What it finds, in a line.
    pub summary: &'static str,
    /// Its family.
    pub family: Family,
    /// How bad its findings are unless they say otherwise.
    pub severity: Severity,
    /// What kind of leak it finds.
    pub leak_type: LeakType,
    /// Whether it is on by default.
    pub is_default: bool,
    /// Its page, in Markdown.
    pub docs: &'static str,
}

/// Where the pages of the rules are.
const HELP: &str = "https://leakwright.dev/rules";

impl Metadata {
    /// The address of its page.
    pub fn help(&self) -> String {
        format!("{HELP}/{}", self.code)
    }
}

/// A group of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// LW1: containers that only grow.
    Growth,
    /// LW2: caches without a limit.
    Cache,
    /// LW3: resources that are not released.
    Resource,
    /// LW6: tasks and threads that nobody waits for.
    Task,
    /// LW5: tensors that keep more alive than they are needed for.
    Tensor,
    /// LW4: references that keep objects alive.
    Reference,
}

impl Family {
    /// All families, in the order of their codes.
    pub const ALL: [Self; 6] =
        [Self::Growth, Self::Cache, Self::Resource, Self::Reference, Self::Tensor, Self::Task];

    /// What its rules are about.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Growth => "containers that only grow",
            Self::Cache => "caches without a limit",
            Self::Resource => "resources that are not released",
            Self::Reference => "references that keep objects alive",
            Self::Tensor => "tensors that keep more alive than they are needed for",
            Self::Task => "tasks and threads that nobody waits for",
        }
    }

    /// Its name, as `--select` takes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Growth => "growth",
            Self::Cache => "cache",
            Self::Resource => "resource",
            Self::Task => "task",
            Self::Tensor => "tensor",
            Self::Reference => "reference",
        }
    }
}

/// A rule, by its place in the registry.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(u8);

impl RuleId {
    /// All rules, in the order of their codes.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..crate::registry::RULES.len() as u8).map(Self)
    }

    /// The rule with a code.
    pub fn from_code(code: &str) -> Option<Self> {
        static CODES: OnceLock<BTreeMap<&str, RuleId>> = OnceLock::new();
        let codes = CODES.get_or_init(|| Self::all().map(|rule| (rule.metadata().code, rule)).collect());
        let known = codes.get(code).copied();
        known.or_else(|| Self::all().find(|rule| rule.metadata().code.eq_ignore_ascii_case(code)))
    }

    /// What the rule is called and what it is about.
    pub fn metadata(self) -> &'static Metadata {
        self.rule().metadata()
    }

    pub(crate) fn rule(self) -> &'static dyn Rule {
        crate::registry::RULES[usize::from(self.0)]
    }
}

impl std::fmt::Debug for RuleId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.metadata().code)
    }
}
