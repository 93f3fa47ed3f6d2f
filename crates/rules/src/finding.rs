//! A finding: one defect, with everything a reader needs to believe it.

use leakwright_analysis::growth::Sign;
use leakwright_analysis::project::ModuleId;
use leakwright_syntax::TextRange;
use serde::{Deserialize, Serialize};

use crate::subject::Subject;
use crate::{Family, RuleId};

/// One leak.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule that found it.
    pub rule: RuleId,
    /// How bad it is.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// What speaks for and against it, where that was weighed up.
    pub signs: Vec<Sign>,
    /// For resources: what forgetting it costs.
    pub tier: Option<Tier>,
    /// What kind of leak it is.
    pub leak_type: LeakType,
    /// One line: what leaks, and why it lasts.
    pub message: String,
    /// What the code does.
    pub pattern: String,
    /// How much it matters, and why.
    pub risk: Risk,
    /// What to do.
    pub recommendation: String,
    /// The file.
    pub module: ModuleId,
    /// Where it grows, is acquired or is decorated.
    pub range: TextRange,
    /// What leaks, dotted, within its module.
    pub symbol: String,
    /// How it grows per unit of work.
    pub growth: Growth,
    /// What a unit of work costs.
    pub impact: String,
    /// The chain of places that shows it, in order.
    pub evidence: Vec<Evidence>,
    /// What the fixes need to know.
    pub(crate) subject: Subject,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Hint,
    /// Worth a look; fails nothing.
    Information,
    /// A leak.
    Warning,
    /// A leak that cannot be meant.
    Error,
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// More against it than for it; shown on request.
    Low,
    /// As likely as not, or better.
    Medium,
    /// Most signs are there.
    High,
}

/// What forgetting a resource costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Tier {
    /// It outlives its last reference, or loses data.
    T1,
    /// It stays until the cyclic collector comes by, or is released on some ways only.
    T2,
    /// CPython closes it with the last reference; other implementations do not.
    T3,
}

/// What kind of leak a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum LeakType {
    /// A container that only grows.
    #[serde(rename = "Unbounded Collection")]
    UnboundedCollection,
    /// A cache without a limit.
    Cache,
    /// A resource that is not released.
    Resource,
    /// A task or thread that nobody waits for.
    Task,
    /// A tensor that keeps more alive than it is needed for.
    Tensor,
    /// A callback that is not taken back.
    #[serde(rename = "Event Handler")]
    EventHandler,
    /// Objects that refer to each other, or are referred to for longer than they are needed.
    #[serde(rename = "Circular Ref")]
    CircularReference,
}

/// How much a finding matters, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Risk {
    /// How much.
    pub level: RiskLevel,
    /// Why.
    pub reason: String,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RiskLevel {
    /// Little.
    Low,
    /// Some.
    Medium,
    /// Much.
    High,
}

/// How a leak grows per unit of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Growth {
    /// It does not.
    Constant,
    /// By the same each time.
    Linear,
    /// By more each time, as much as there is already.
    Quadratic,
}

/// One place of the chain that shows a leak.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// What it shows.
    pub role: Role,
    /// The file.
    pub module: ModuleId,
    /// The place.
    pub range: TextRange,
    /// In words.
    pub message: String,
}

/// What a place of the chain shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Here it is made.
    Created,
    /// Here it grows.
    Grows,
    /// This is why the code repeats.
    Repeats,
    /// Here it is acquired.
    Acquired,
    /// Here an exception may be raised that leads past the release.
    ErrorPath,
    /// Here the function is left without releasing it.
    Leaves,
    /// Here it is released, on another way or too late.
    Released,
    /// Here it is handed on, or kept by an object.
    Escapes,
    /// Here a cache is put on a function, or a callback is handed over.
    Registered,
    /// Here something is referred to, and so kept.
    Captures,
}

impl Finding {
    /// The family of its rule.
    pub fn family(&self) -> Family {
        self.rule.metadata().family
    }

    /// What identifies the finding when lines shift: rule, module, symbol and the normalised source
    /// of its range. Hexadecimal.
    pub fn fingerprint(&self, module_name: &str, source: &str) -> String {
        use sha2::{Digest, Sha256};
        let normal: String = self.range.of(source).split_whitespace().collect::<Vec<_>>().join(" ");
        let mut hash = Sha256::new();
        for part in [self.rule.metadata().code, module_name, &self.symbol, &normal] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}
