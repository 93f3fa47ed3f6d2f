//! # LW602 unjoined-thread
//!
//! ## What it does
//!
//! Finds threads and processes that run a loop without a way out and that nothing joins, where the code
//! that starts them runs for each object or event, or where a method closes the object and leaves its
//! thread running. Also finds timers that arm themselves again without asking whether they were stopped, and, as
//! information, executors that a loop without end feeds without waiting for anything.
//!
//! ## Why it leaks
//!
//! A thread that runs is never collected, nor is anything that it refers to: its stack, its object, its
//! arguments. One per call or per object adds up until no more can be started.
//!
//! What an executor is given waits in a queue without limit. Where work comes in faster than it is done, the queue holds the
//! difference, with all arguments.
//!
//! ## Example
//!
//! ```python
//! import threading
//! import time
//!
//!
//! class Monitor:
//!     def start(self):
//!         self._thread = threading.Thread(target=self._run)  # error: [LW602]
//!         self._thread.start()
//!
//!     def _run(self):
//!         while True:
//!             time.sleep(1)
//!
//!     def close(self):
//!         print("closed")
//! ```
//!
//! ## Use instead
//!
//! ```python
//! import threading
//!
//!
//! class Monitor:
//!     def __init__(self):
//!         self._stopped = threading.Event()
//!
//!     def start(self):
//!         self._thread = threading.Thread(target=self._run)
//!         self._thread.start()
//!
//!     def _run(self):
//!         while not self._stopped.wait(1):
//!             print("looked")
//!
//!     def close(self):
//!         self._stopped.set()
//!         self._thread.join()
//! ```
//!
//! ## Fix safety
//!
//! How a thread is told to end is a decision: the fix is shown, not applied.
//!
//! ## Known limits
//!
//! Threads whose function is not in view or ends by itself are passed over, as are threads that are
//! handed on, and loops that an exception may end because what they read from is closed. A loop that waits
//! for results, for a time, or for a place, or that compares how much there is, feeds no executor without bound.
//!
//! ## References
//!
//! - [`threading.Thread`](https://docs.python.org/3/library/threading.html#thread-objects)

use leakwright_analysis::project::CodeId;
use leakwright_analysis::tasks::{self, Unended};
use leakwright_syntax::TextRange;

use crate::context::Context;
use crate::finding::{Confidence, Evidence, Finding, LeakType, RiskLevel, Role, Severity};
use crate::fix::{Fix, Sources};
use crate::registry::docs;
use crate::rule::{Family, Metadata, Rule, RuleId};
use crate::{detaching, lasting};

pub(crate) struct UnjoinedThread;

static METADATA: Metadata = Metadata {
    code: "LW602",
    name: "unjoined-thread",
    summary: "a thread, timer or process is started again and again, or by an object that is closed, and never ends",
    family: Family::Task,
    severity: Severity::Warning,
    leak_type: LeakType::Task,
    is_default: true,
    docs: docs::LW602,
};

impl Rule for UnjoinedThread {
    fn metadata(&self) -> &'static Metadata {
        &METADATA
    }

    fn check(&self, context: &Context<'_>, findings: &mut Vec<Finding>) {
        let Some(rule) = RuleId::from_code(METADATA.code) else { return };
        let threads = tasks::unjoined_threads(context.project, context.module, context.items());
        findings.extend(threads.iter().map(|thread| thread_finding(context, rule, thread)));
        let timers = tasks::rearmed_timers(context.project, context.module, context.items());
        findings.extend(timers.iter().map(|timer| timer_finding(context, rule, timer)));
        let fed = tasks::unbounded_submissions(context.project, context.module, context.items());
        findings.extend(fed.iter().map(|fed| submission_finding(context, rule, fed)));
    }

    fn fixes(&self, finding: &Finding, _: &Context<'_>, _: &dyn Sources) -> Vec<Fix> {
        vec![Fix::display("stop", finding.recommendation.clone())]
    }
}

fn thread_finding(context: &Context<'_>, rule: RuleId, thread: &tasks::UnjoinedThread) -> Finding {
    let project = context.project;
    let code = thread.made.code;
    let range = context.file().value_range(code.item, thread.made.value);
    let target = project.own_name(thread.target);
    let (message, recommendation) = match thread.reason {
        Unended::Repeats(_) => (
            format!("each call leaves a thread behind: `{target}` never returns, and nothing joins it"),
            "start it once, or give it a way to end and join it",
        ),
        Unended::Closed(closing) => {
            let closing = project.own_name(closing);
            (
                format!("`{closing}` leaves the thread running: `{target}` never returns"),
                "tell the thread to end where the object is closed, and join it",
            )
        }
    };
    let pattern = "a thread without end is started and not joined".to_owned();
    let words = [message, pattern, recommendation.to_owned()];
    let mut finding = lasting::finding(context, rule, range, context.name_of(code), words);
    finding.confidence = Confidence::Medium;
    finding.risk.level = RiskLevel::High;
    "a running thread keeps its stack and all that it refers to".clone_into(&mut finding.risk.reason);
    "one thread per call or object".clone_into(&mut finding.impact);
    finding.evidence.push(evidence(context, Role::Created, range, "the thread is made here"));
    let file = project.file(thread.target.module);
    let loop_start = file
        .range(thread.target.item, project.facts(thread.target).body.loops[thread.in_loop.index()].range)
        .start;
    finding.evidence.push(Evidence {
        role: Role::Repeats,
        module: thread.target.module,
        // The keyword stands for the loop.
        range: TextRange::new(loop_start, loop_start + "for".len() as u32),
        message: "this loop has no way out".to_owned(),
    });
    match thread.reason {
        Unended::Repeats(repeats) => finding.evidence.extend(lasting::repeats(context, code, repeats)),
        Unended::Closed(closing) => finding.evidence.push(named(context, closing, "this does not end it")),
    }
    finding
}

fn timer_finding(context: &Context<'_>, rule: RuleId, timer: &tasks::RearmedTimer) -> Finding {
    let code = timer.made.code;
    let range = context.file().value_range(code.item, timer.made.value);
    let stopping = context.project.own_name(timer.teardown);
    let words = [
        format!("the timer arms itself again, even if `{stopping}` has been called since it fired"),
        "a timer's callback starts the next one unconditionally".to_owned(),
        format!("set a flag in `{stopping}`, and look at it before the next timer is started"),
    ];
    let mut finding = lasting::finding(context, rule, range, context.name_of(code), words);
    finding.confidence = Confidence::Medium;
    "a stop that comes while it fires is lost, and the timer goes on for ever"
        .clone_into(&mut finding.risk.reason);
    "one thread per object".clone_into(&mut finding.impact);
    finding.evidence.push(evidence(context, Role::Created, range, "the next timer is made here"));
    finding.evidence.push(named(context, timer.teardown, "a timer that has fired is not stopped by this"));
    finding
}

fn submission_finding(context: &Context<'_>, rule: RuleId, fed: &tasks::UnboundedSubmission) -> Finding {
    let code = fed.call.code;
    let range = context.file().value_range(code.item, fed.call.value);
    let words = [
        "nothing limits what waits in the executor: this loop submits, and waits for nothing".to_owned(),
        "an executor is fed in a loop without end".to_owned(),
        "acquire a semaphore before, and release it in add_done_callback(), or wait for some of the results"
            .to_owned(),
    ];
    let mut finding = lasting::finding(context, rule, range, context.name_of(code), words);
    finding.severity = Severity::Information;
    finding.confidence = Confidence::Medium;
    finding.risk.level = RiskLevel::Low;
    "the queue of an executor has no limit".clone_into(&mut finding.risk.reason);
    "one call with its arguments, where work comes in faster than it is done".clone_into(&mut finding.impact);
    finding.evidence.push(detaching::place(context, Role::Created, fed.made, "the executor is made here"));
    finding.evidence.push(detaching::place(context, Role::Grows, fed.call, "its queue gets one more here"));
    finding.evidence.push(detaching::loop_place(context, code, fed.in_loop));
    finding
}

fn named(context: &Context<'_>, code: CodeId, message: &str) -> Evidence {
    let range = context.project.file(code.module).range(code.item, context.project.facts(code).name_range);
    Evidence { role: Role::Released, module: code.module, range, message: message.to_owned() }
}

fn evidence(context: &Context<'_>, role: Role, range: TextRange, message: &str) -> Evidence {
    Evidence { role, module: context.module, range, message: message.to_owned() }
}
