//! # LW402 reference-cycle
//!
//! ## What it does
//!
//! Points out shapes of code that make a reference cycle each time they run: an inner function that calls
//! itself, a callback of a future that uses the future's variable, a closure stored on an object that it
//! uses, a class made inside a method from `self`, a child that refers to its parent.
//!
//! ## Why it leaks
//!
//! Reference counts never free a cycle. It stays, with all that hangs on it, until the cyclic collector
//! comes by: late for what is large, never where the collector is disabled. It is a warning where the program
//! turns the collector off, or where an object of the cycle has a `__del__` that waits for it.
//!
//! ## Example
//!
//! ```python
//! def names(tree):
//!     found = []
//!
//!     def walk(node):  # information: [LW402]
//!         found.append(node.name)
//!         for child in node.children:
//!             walk(child)
//!
//!     walk(tree)
//!     return found
//! ```
//!
//! ## Use instead
//!
//! ```python
//! def names(tree):
//!     found = []
//!
//!     def walk(node):
//!         found.append(node.name)
//!         for child in node.children:
//!             walk(child)
//!
//!     walk(tree)
//!     del walk
//!     return found
//! ```
//!
//! ## Fix safety
//!
//! A parent that an object refers to becomes a property that holds a weak reference, where the class is in view and
//! says nothing against it. That is *unsafe*: a parent that nothing else refers to goes away. Elsewhere the remedy is
//! shown.
//!
//! ## Known limits
//!
//! Only shapes that are certain to close a cycle are looked for, and inner functions only where they hold data of
//! the function around them. It is information: whether the collector comes by soon enough depends on what the
//! objects hold.
//!
//! ## References
//!
//! - [`gc`](https://docs.python.org/3/library/gc.html)
//! - [`weakref`](https://docs.python.org/3/library/weakref.html)

use leakwright_analysis::reference::{self, Cycle, CycleKind, Matter};

use crate::context::Context;
use crate::finding::{Confidence, Evidence, Finding, Growth, LeakType, Risk, RiskLevel, Role, Severity};
use crate::fix::{Fix, Sources};
use crate::registry::docs;
use crate::rule::{Family, Metadata, Rule, RuleId};
use crate::subject::Subject;
use crate::{lasting, weakening};

pub(crate) struct ReferenceCycle;

static METADATA: Metadata = Metadata {
    code: "LW402",
    name: "reference-cycle",
    summary: "objects refer to each other, and only the cyclic collector frees them",
    family: Family::Reference,
    severity: Severity::Information,
    leak_type: LeakType::CircularReference,
    is_default: true,
    docs: docs::LW402,
};

impl Rule for ReferenceCycle {
    fn metadata(&self) -> &'static Metadata {
        &METADATA
    }

    fn check(&self, context: &Context<'_>, findings: &mut Vec<Finding>) {
        let Some(rule) = RuleId::from_code(METADATA.code) else { return };
        let cycles = reference::cycles(context.project, context.items());
        findings.extend(cycles.iter().map(|cycle| finding(context, rule, cycle)));
    }

    fn fixes(&self, finding: &Finding, context: &Context<'_>, sources: &dyn Sources) -> Vec<Fix> {
        let fix = weakening::fix(finding, context, sources);
        vec![fix.unwrap_or_else(|| Fix::display("break-cycle", finding.recommendation.clone()))]
    }
}

fn finding(context: &Context<'_>, rule: RuleId, cycle: &Cycle) -> Finding {
    let project = context.project;
    let file = context.file();
    let range = match cycle.at {
        Some(at) => file.value_range(cycle.code.item, at),
        None => file.range(cycle.code.item, project.facts(cycle.code).name_range),
    };
    let symbol = match cycle.kind {
        CycleKind::Parent => cycle.name.clone(),
        _ => context.name_of(cycle.code),
    };
    let mut finding = Finding {
        growth: Growth::Constant,
        impact: "what the cycle holds, until the collector comes by".to_owned(),
        risk: Risk { level: RiskLevel::Low, reason: "freed late, by the cyclic collector".to_owned() },
        ..lasting::finding(context, rule, range, symbol, words(cycle))
    };
    let created = "each run makes the cycle anew".to_owned();
    finding.evidence.push(Evidence { role: Role::Created, module: context.module, range, message: created });
    if let (CycleKind::Parent, Some(at)) = (cycle.kind, cycle.at) {
        finding.subject = Subject::BackReference { store: cycle.code.value(at) };
    }
    if let Some((code, at)) = cycle.back {
        finding.evidence.push(Evidence {
            role: Role::Escapes,
            module: code.module,
            range: project.file(code.module).value_range(code.item, at),
            message: "the reference back".to_owned(),
        });
    }
    if let Some(matter) = reference::matter(project, cycle) {
        raise(context, &mut finding, matter);
    }
    finding
}

/// Makes a cycle a warning whose end matters.
fn raise(context: &Context<'_>, finding: &mut Finding, matter: Matter) {
    let project = context.project;
    let (module, range, message) = match matter {
        Matter::CollectorOff(at) => {
            let module = at.code.module;
            (
                module,
                project.file(module).value_range(at.code.item, at.value),
                "the collector is turned off here",
            )
        }
        Matter::Finalizer(code) => {
            let range = project.file(code.module).range(code.item, project.facts(code).name_range);
            (code.module, range, "this does not run before the collector comes by")
        }
    };
    finding.severity = Severity::Warning;
    finding.confidence = Confidence::Medium;
    finding.risk.level = RiskLevel::Medium;
    if matches!(matter, Matter::CollectorOff(_)) {
        finding.growth = Growth::Linear;
        "nothing frees the cycle: the collector is turned off".clone_into(&mut finding.risk.reason);
        "what the cycle holds, each time".clone_into(&mut finding.impact);
    }
    finding.evidence.push(Evidence { role: Role::Created, module, range, message: message.to_owned() });
}

/// Message, pattern and recommendation.
fn words(cycle: &Cycle) -> [String; 3] {
    let name = &cycle.name;
    let [message, pattern, recommendation] = match cycle.kind {
        CycleKind::RecursiveInner => [
            match &cycle.held {
                Some(held) => {
                    format!("`{name}` refers to itself, and keeps `{held}` of the function around it")
                }
                None => format!("`{name}` refers to itself through a variable of the function around it"),
            },
            "an inner function is in a cycle with its own variable, made on each call".to_owned(),
            format!("move `{name}` out of the function, or `del` it before the function returns"),
        ],
        CycleKind::DoneCallback => [
            format!("the callback keeps `{name}`, which keeps the callback"),
            "a callback of a future uses a variable that holds the future".to_owned(),
            "use the argument that the callback is given".to_owned(),
        ],
        CycleKind::ClosureOnObject => [
            format!("`{name}` is a closure that holds the object it is stored on"),
            "a closure is stored on an object that it uses".to_owned(),
            "use a method, or refer to the object weakly".to_owned(),
        ],
        CycleKind::InnerClass => [
            format!("the class `{name}` is made on each call and holds `self`"),
            "classes are always in cycles: what they hold is freed late".to_owned(),
            "define the class once and give `self` to its objects".to_owned(),
        ],
        CycleKind::Parent => [
            format!("`{name}` refers back to what holds the object"),
            "parent and child refer to each other".to_owned(),
            "let the child refer to its parent by `weakref.ref`".to_owned(),
        ],
    };
    [message, pattern, recommendation]
}
