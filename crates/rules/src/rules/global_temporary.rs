//! # LW405 global-temporary
//!
//! ## What it does
//!
//! Points out large values that a function leaves in a variable of the module or of a class, where nothing but
//! this function has to do with it.
//!
//! ## Why it leaks
//!
//! What is needed during one call stays until the next: the content of the last file, the last array. It is
//! one value, and it does not grow, but it is as large as the largest call made it and helps nobody.
//!
//! ## Example
//!
//! ```python
//! last_frame = None
//!
//!
//! def checksum(path):
//!     global last_frame
//!     with open(path, "rb") as file:
//!         last_frame = file.read()  # information: [LW405]
//!     return hash(last_frame)
//! ```
//!
//! ## Use instead
//!
//! ```python
//! def checksum(path):
//!     with open(path, "rb") as file:
//!         frame = file.read()
//!     return hash(frame)
//! ```
//!
//! ## Fix safety
//!
//! Other programs may read the variable: the remedy is shown.
//!
//! ## Known limits
//!
//! What is large is told by the call that makes it. A variable that a condition looks at before it is bound is
//! a cache of one value, and passed over.
//!
//! ## References
//!
//! - [The `global` statement](https://docs.python.org/3/reference/simple_stmts.html#the-global-statement)

use leakwright_analysis::project::Holder;
use leakwright_analysis::reference::{self, GlobalTemporary};

use crate::context::Context;
use crate::finding::{Confidence, Evidence, Finding, Growth, LeakType, Risk, RiskLevel, Role, Severity};
use crate::fix::{Fix, Sources};
use crate::lasting;
use crate::registry::docs;
use crate::rule::{Family, Metadata, Rule, RuleId};

pub(crate) struct GlobalTemporaryRule;

static METADATA: Metadata = Metadata {
    code: "LW405",
    name: "global-temporary",
    summary: "a large value of one call is left in a variable of a module or class",
    family: Family::Reference,
    severity: Severity::Information,
    leak_type: LeakType::CircularReference,
    is_default: true,
    docs: docs::LW405,
};

impl Rule for GlobalTemporaryRule {
    fn metadata(&self) -> &'static Metadata {
        &METADATA
    }

    fn check(&self, context: &Context<'_>, findings: &mut Vec<Finding>) {
        let Some(rule) = RuleId::from_code(METADATA.code) else { return };
        let left = reference::global_temporaries(context.project, context.items());
        findings.extend(left.iter().map(|left| finding(context, rule, left)));
    }

    fn fixes(&self, finding: &Finding, _: &Context<'_>, _: &dyn Sources) -> Vec<Fix> {
        vec![Fix::display("make-local", finding.recommendation.clone())]
    }
}

fn finding(context: &Context<'_>, rule: RuleId, left: &GlobalTemporary) -> Finding {
    let symbol = lasting::symbol(context, left.holder);
    let owner = if matches!(left.holder, Holder::Global { .. }) { "module" } else { "class" };
    let words = [
        format!("`{symbol}` keeps the last large value until the next call"),
        format!("a value of one call is bound to a variable of the {owner} that nothing else uses"),
        "use a local variable".to_owned(),
    ];
    let range = context.file().value_range(left.code.item, left.at);
    let mut finding = Finding {
        confidence: Confidence::Medium,
        growth: Growth::Constant,
        impact: "one value, as large as a call made it".to_owned(),
        risk: Risk { level: RiskLevel::Low, reason: "it does not grow".to_owned() },
        ..lasting::finding(context, rule, range, symbol, words)
    };
    let message = "stays here until the next call".to_owned();
    finding.evidence.push(Evidence { role: Role::Escapes, module: context.module, range, message });
    finding
}
