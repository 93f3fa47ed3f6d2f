//! # LW301 unclosed-file
//!
//! ## What it does
//!
//! Finds files, archives, temporary files and file descriptors that are opened and never closed: not
//! by `close()`, not by `with`, not by a function they are given to.
//!
//! ## Why it leaks
//!
//! CPython closes a file object when its last reference goes. Until then it stays open: as long as a
//! traceback, a cycle or a generator refers to it, and on other implementations until some later
//! collection. What was written may not have reached the disk. A raw descriptor is never closed by
//! itself.
//!
//! ## Example
//!
//! ```python
//! def read_file(path):
//!     f = open(path)  # error: [LW301]
//!     return f.read()
//! ```
//!
//! ## Use instead
//!
//! ```python
//! def read_file(path):
//!     with open(path) as f:
//!         return f.read()
//! ```
//!
//! ## Fix safety
//!
//! A file that is opened and used within one expression (`data = open(path).read()`) is information, and
//! the rewrite to `with` is *safe* there: it closes the file where it was dropped. A file bound to a name
//! is a warning; the `with` block reaches to the last use of the file and of whatever reads from it, and the
//! fix is *unsafe*, since the file is closed earlier than it was. No fix is offered where the extent
//! cannot be proven.
//!
//! ## Known limits
//!
//! A file that is returned, stored in an attribute or a container, captured by a function or given to
//! code that cannot be seen is somebody else's to close, and silent. So is one in a module variable that
//! functions use: it is meant to stay open. In test code only descriptors are reported.
//!
//! ## References
//!
//! - [Reading and writing files](https://docs.python.org/3/tutorial/inputoutput.html#reading-and-writing-files)

use leakwright_analysis::obligation::{self, Acquisition, Drop, Fate};
use leakwright_analysis::project::CodeId;
use leakwright_catalogue::{Family as ResourceFamily, OnDrop};

use crate::closing;
use crate::context::Context;
use crate::finding::{
    Confidence, Evidence, Finding, Growth, LeakType, Risk, RiskLevel, Role, Severity, Tier,
};
use crate::fix::{Fix, Sources};
use crate::registry::docs;
use crate::rule::{Family, Metadata, Rule, RuleId};
use crate::subject::Subject;

pub(crate) struct UnclosedFile;

static METADATA: Metadata = Metadata {
    code: "LW301",
    name: "unclosed-file",
    summary: "a file, archive or descriptor is opened and never closed",
    family: Family::Resource,
    severity: Severity::Warning,
    leak_type: LeakType::Resource,
    is_default: true,
    docs: docs::LW301,
};

impl Rule for UnclosedFile {
    fn metadata(&self) -> &'static Metadata {
        &METADATA
    }

    fn check(&self, context: &Context<'_>, findings: &mut Vec<Finding>) {
        let Some(rule) = RuleId::from_code(METADATA.code) else { return };
        for code in context.items() {
            for acquisition in obligation::acquisitions(context.project, code) {
                let tier = tier(&acquisition);
                if context.project.module(context.module).is_test && tier != Tier::T1 {
                    continue;
                }
                let fate = obligation::fate(context.project, code, &acquisition);
                if fate.is_forgotten() {
                    findings.push(finding(context, rule, code, &acquisition, &fate, tier));
                }
            }
        }
    }

    fn fixes(&self, finding: &Finding, context: &Context<'_>, sources: &dyn Sources) -> Vec<Fix> {
        let Subject::Acquired { code, call, variables } = &finding.subject else { return Vec::new() };
        match closing::with_fix(context, sources, *code, *call, variables) {
            Some(fix) => vec![fix],
            None => vec![Fix::display(
                "close",
                "Close it in a `finally` clause, or open it in a `with` statement",
            )],
        }
    }
}

fn tier(acquisition: &Acquisition<'_>) -> Tier {
    match acquisition.resource.on_drop {
        OnDrop::Kept | OnDrop::Lost => Tier::T1,
        OnDrop::Collected => Tier::T2,
        OnDrop::Closed => Tier::T3,
    }
}

fn finding(
    context: &Context<'_>,
    rule: RuleId,
    code: CodeId,
    acquisition: &Acquisition<'_>,
    fate: &Fate,
    tier: Tier,
) -> Finding {
    let range = context.file().value_range(code.item, acquisition.call);
    let thing = noun(acquisition);
    let name = fate.variables.first().map(|var| context.project.facts(code).var_name(*var));
    let message = match name {
        Some(name) => format!("the {thing} `{name}` is opened here and never closed"),
        None => format!("a {thing} is opened and dropped in one expression, never closed"),
    };
    let on_drop = consequence(acquisition.resource.on_drop);
    let harmless = name.is_none() && tier == Tier::T3 && context.settings.counts_references;
    let severity = if harmless { Severity::Information } else { METADATA.severity };
    Finding {
        rule,
        severity,
        confidence: Confidence::High,
        signs: Vec::new(),
        tier: Some(tier),
        leak_type: METADATA.leak_type,
        message,
        pattern: format!("{}() without close() or `with`", acquisition.resource.constructor),
        risk: Risk { level: risk_level(tier, severity), reason: on_drop.to_owned() },
        recommendation: recommendation(acquisition).to_owned(),
        module: context.module,
        range,
        symbol: context.name_of(code),
        growth: Growth::Linear,
        impact: format!("one open {thing} per execution, until it is dropped"),
        evidence: evidence(context, code, acquisition, fate),
        subject: Subject::Acquired { code, call: acquisition.call, variables: fate.variables.clone() },
    }
}

fn noun(acquisition: &Acquisition<'_>) -> &'static str {
    match acquisition.resource.family {
        ResourceFamily::File => "file",
        ResourceFamily::Archive => "archive",
        ResourceFamily::Temporary => "temporary file",
        ResourceFamily::Descriptor => "file descriptor",
    }
}

fn consequence(on_drop: OnDrop) -> &'static str {
    match on_drop {
        OnDrop::Closed => {
            "CPython closes it with its last reference; tracebacks, cycles and other implementations keep it open"
        }
        OnDrop::Collected => "stays open until the cyclic collector comes by",
        OnDrop::Kept => "nothing ever closes it",
        OnDrop::Lost => "what was written is saved only when it is closed",
    }
}

fn risk_level(tier: Tier, severity: Severity) -> RiskLevel {
    match (tier, severity) {
        (Tier::T1, _) => RiskLevel::High,
        (_, Severity::Information) => RiskLevel::Low,
        _ => RiskLevel::Medium,
    }
}

fn recommendation(acquisition: &Acquisition<'_>) -> &'static str {
    match acquisition.resource.family {
        ResourceFamily::Descriptor => {
            "close it with os.close() in a `finally` clause, or hand it to os.fdopen()"
        }
        _ if acquisition.resource.is_async => "open it in an `async with` statement",
        _ => "open it in a `with` statement",
    }
}

fn evidence(
    context: &Context<'_>,
    code: CodeId,
    acquisition: &Acquisition<'_>,
    fate: &Fate,
) -> Vec<Evidence> {
    let module = context.module;
    let file = context.file();
    let body = &context.project.facts(code).body;
    let range = file.value_range(code.item, acquisition.call);
    let mut evidence =
        vec![Evidence { role: Role::Acquired, module, range, message: "opened here".to_owned() }];
    for dropped in &fate.dropped {
        let (value, message) = match dropped {
            Drop::Overwritten(value) => (Some(*value), "its last name goes here while it is open"),
            Drop::AtExit(block) => (body.values(*block).last(), "the function is left here while it is open"),
        };
        let Some(value) = value.filter(|value| *value != acquisition.call) else { continue };
        let range = file.value_range(code.item, value);
        if evidence.iter().all(|known| known.range != range) {
            evidence.push(Evidence { role: Role::Leaves, module, range, message: message.to_owned() });
        }
    }
    evidence
}
