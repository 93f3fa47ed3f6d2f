//! # LW103 unbounded-queue
//!
//! ## What it does
//!
//! Finds queues without a limit that live long and are put into by code that repeats, while nothing in
//! the project takes out of them. Where something does, and events or an endless loop put in, the queue
//! is pointed out as information.
//!
//! ## Why it leaks
//!
//! What nobody takes stays. Where somebody does, a producer that is faster than its consumer for a while
//! fills memory instead of being held up: a limit turns that into waiting.
//!
//! ## Example
//!
//! ```python
//! import queue
//!
//!
//! class AuditLog:
//!     def __init__(self):
//!         self.entries = queue.Queue()
//!
//!     def record(self, entry):
//!         self.entries.put(entry)  # error: [LW103]
//! ```
//!
//! ## Use instead
//!
//! ```python
//! import queue
//!
//!
//! class AuditLog:
//!     def __init__(self):
//!         self.entries = queue.Queue(maxsize=1000)
//!
//!     def record(self, entry):
//!         try:
//!             self.entries.put_nowait(entry)
//!         except queue.Full:
//!             self.entries.get_nowait()
//!             self.entries.put_nowait(entry)
//! ```
//!
//! ## Fix safety
//!
//! The limit is shown, not applied: `put` waits on a full queue, and whether the caller may wait, or
//! rather drops something, is a decision.
//!
//! ## Known limits
//!
//! Queues in local variables, and queues that are handed to code that cannot be seen, are passed over:
//! somebody else may take out of them.
//!
//! ## References
//!
//! - [`queue.Queue`](https://docs.python.org/3/library/queue.html#queue.Queue)

use leakwright_analysis::growth::{self, Drain};

use crate::context::Context;
use crate::finding::{Evidence, Finding, LeakType, Risk, RiskLevel, Role, Severity};
use crate::fix::{Fix, Sources};
use crate::lasting;
use crate::registry::docs;
use crate::rule::{Family, Metadata, Rule, RuleId};

pub(crate) struct UnboundedQueue;

static METADATA: Metadata = Metadata {
    code: "LW103",
    name: "unbounded-queue",
    summary: "a queue without a limit is filled faster than it is drained, or never drained",
    family: Family::Growth,
    severity: Severity::Warning,
    leak_type: LeakType::UnboundedCollection,
    is_default: true,
    docs: docs::LW103,
};

impl Rule for UnboundedQueue {
    fn metadata(&self) -> &'static Metadata {
        &METADATA
    }

    fn check(&self, context: &Context<'_>, findings: &mut Vec<Finding>) {
        let Some(rule) = RuleId::from_code(METADATA.code) else { return };
        let queues = context.holders().filter_map(|holder| growth::unbounded_queue(context.project, holder));
        findings.extend(queues.filter_map(|queue| finding(context, rule, &queue)));
    }

    fn fixes(&self, _: &Finding, context: &Context<'_>, _: &dyn Sources) -> Vec<Fix> {
        let limit = context.settings.deque_maxlen;
        vec![Fix::display("maxsize", format!("Give the queue a limit: `maxsize={limit}`"))]
    }
}

fn finding(context: &Context<'_>, rule: RuleId, queue: &growth::UnboundedQueue) -> Option<Finding> {
    let project = context.project;
    let (site, repeats) = *queue.puts.first()?;
    let symbol = lasting::symbol(context, queue.holder);
    let limit = context.settings.deque_maxlen;
    let (message, pattern) = match queue.drain {
        Drain::Never => (
            format!("`{symbol}` is put into and never taken from"),
            "put() on a queue without maxsize, nothing in the project calls get()".to_owned(),
        ),
        Drain::At(_) => (
            format!("`{symbol}` has no limit: a slow consumer lets it grow"),
            "put() on a queue without maxsize, in code that does not wait for the consumer".to_owned(),
        ),
    };
    let words = [message, pattern, format!("give it a limit: maxsize={limit}")];
    let risk = |level, reason: &str| Risk { level, reason: reason.to_owned() };
    let (severity, risk) = match queue.drain {
        Drain::Never => {
            (rule.metadata().severity, risk(RiskLevel::High, "grows linearly, one element per put()"))
        }
        Drain::At(_) => {
            (Severity::Information, risk(RiskLevel::Low, "grows while the producer is ahead of the consumer"))
        }
    };
    let mut finding = Finding {
        module: site.code.module,
        severity,
        confidence: lasting::confidence(&queue.signs),
        signs: queue.signs.clone(),
        risk,
        impact: "one element per put(); size of an element unknown".to_owned(),
        ..lasting::finding(context, rule, context.site_range(site), symbol, words)
    };
    let place = |role, module, range, message: String| Evidence { role, module, range, message };
    let created = queue.created.code;
    finding.evidence.push(place(
        Role::Created,
        created.module,
        project.file(created.module).value_range(created.item, queue.created.value),
        format!("a queue without a limit, {}", lasting::lifetime(queue.holder_kind)),
    ));
    for (put, _) in &queue.puts {
        let range = context.site_range(*put);
        finding.evidence.push(place(Role::Grows, put.code.module, range, "put into here".to_owned()));
    }
    finding.evidence.extend(lasting::repeats(context, site.code, repeats));
    if let Drain::At(taken) = queue.drain {
        let range = context.site_range(taken);
        finding.evidence.push(place(Role::Released, taken.code.module, range, "taken from here".to_owned()));
    }
    Some(finding)
}
