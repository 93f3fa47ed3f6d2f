//! The rules: verdicts of the analyses turned into findings, in words, with fixes.
//!
//! A rule is one file under `rules/`. It finds (`check`), and for a finding it can say how to mend it
//! (`fixes`), as rewrites of the source that are data. Nothing here reads or writes files or prints.

mod bounding;
mod cached;
mod caching;
mod capturing;
mod checklist;
mod closing;
mod context;
mod defaulting;
mod detaching;
mod detecting;
mod edits;
mod estimate;
mod fault;
mod finding;
mod fix;
mod growing;
mod holding;
mod keeping;
mod keys;
mod lasting;
mod memoizing;
mod mentions;
mod owning;
mod recording;
mod registry;
mod releasing;
mod rule;
mod rules;
mod soundness;
mod subject;
mod unregistering;
mod weakening;

use std::cmp::Ordering;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub use checklist::{Question, question};
pub use context::{Context, Settings};
pub use detecting::{Detection, detection};
pub use estimate::{ELEMENT, ENTRY, Estimate, OBJECT, SLOT, estimate};
pub use fault::fail_if_asked;
pub use finding::{Confidence, Evidence, Finding, Growth, LeakType, Risk, RiskLevel, Role, Severity, Tier};
pub use fix::{Applicability, Edit, Fix, Sources};
pub use rule::{Family, Metadata, RuleId};
pub use soundness::{Examined, Sound, examined, sound};

/// What checking one file gave.
#[derive(Debug, Default)]
pub struct Checked {
    /// The findings, by place, then by rule.
    pub findings: Vec<Finding>,
    /// Rules that failed on the file, by code. That is a fault of the rule; the others went on.
    pub failed: Vec<&'static str>,
}

/// Runs rules over one file.
pub fn check(context: &Context<'_>, rules: &[RuleId]) -> Checked {
    let mut checked = Checked::default();
    let is_test = context.project.module(context.module).is_test;
    for &rule in rules {
        // In test code only resources that outlive the test matter.
        if is_test && rule.metadata().family != Family::Resource {
            continue;
        }
        let mut found = Vec::new();
        let run = catch_unwind(AssertUnwindSafe(|| {
            let has_name = |name: &str| {
                let mut items = context.items();
                items.any(|code| context.project.own_name(code) == name)
            };
            fail_if_asked(rule.metadata().code, has_name);
            rule.rule().check(context, &mut found);
        }));
        match run {
            Ok(()) => checked.findings.append(&mut found),
            Err(_) => checked.failed.push(rule.metadata().code),
        }
    }
    checked.findings.sort_by(order);
    checked
}

/// The order of the findings of a file: by place, then by rule.
pub fn order(a: &Finding, b: &Finding) -> Ordering {
    let key = |finding: &Finding| (finding.range, finding.rule, finding.severity);
    (key(a), &a.symbol, &a.message).cmp(&(key(b), &b.symbol, &b.message))
}

/// The ways to mend a finding, best first.
pub fn fixes(finding: &Finding, context: &Context<'_>, sources: &dyn Sources) -> Vec<Fix> {
    let run = catch_unwind(AssertUnwindSafe(|| finding.rule.rule().fixes(finding, context, sources)));
    run.unwrap_or_default()
}
