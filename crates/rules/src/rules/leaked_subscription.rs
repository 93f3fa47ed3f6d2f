//! # LW401 leaked-subscription
//!
//! ## What it does
//!
//! Finds callbacks that a class hands to something that lives longer than its objects, and never takes
//! back: bound methods, closures over `self`, and the object itself, given to `atexit`, to an event bus, to
//! emitters of the project or a known library. Also finds what is given to something that lives as long as the
//! process anew each time the code runs: another handler of a logger for each object.
//!
//! ## Why it leaks
//!
//! Whoever keeps a bound method keeps its object, with everything that hangs on it. Each new object
//! registers once more, stays, and goes on being called.
//!
//! ## Example
//!
//! ```python
//! class Widget:
//!     def __init__(self, event_bus):
//!         event_bus.subscribe("click", self.on_click)  # error: [LW401]
//!
//!     def on_click(self, event):
//!         print(event)
//! ```
//!
//! ## Use instead
//!
//! ```python
//! class Widget:
//!     def __init__(self, event_bus):
//!         self._event_bus = event_bus
//!         event_bus.subscribe("click", self.on_click)
//!
//!     def on_click(self, event):
//!         print(event)
//!
//!     def close(self):
//!         self._event_bus.unsubscribe("click", self.on_click)
//! ```
//!
//! ## Fix safety
//!
//! Where the class has a method that lets go, what takes the callback back is added at its end. Where the emitter
//! calls what the callbacks it keeps give, as it does with weak references, the method is wrapped in a
//! `WeakMethod`. Both are *unsafe*: the object is not told of events any more after that. Elsewhere the remedy is
//! shown: only a person knows when the object is done with.
//!
//! ## Known limits
//!
//! What a registration returns, and somebody keeps, is believed to take the callback back. Objects of which
//! there is one for the whole process (made with a module, singletons, plugins by their name) are passed
//! over. Closures connected to a Qt object's own signals are information: they last until the object is
//! destroyed, which its last reference does not do.
//!
//! Libraries of your own are added by `[[subscriptions]]` in the configuration, with `register`, `undo` and
//! `holds`.
//!
//! ## References
//!
//! - [`weakref.WeakMethod`](https://docs.python.org/3/library/weakref.html#weakref.WeakMethod)

use leakwright_analysis::Callback;
use leakwright_analysis::growth::Repeats;
use leakwright_analysis::subscription::{
    self, LeakedSubscription, Registered, Removal, RepeatedRegistration, Sink,
};

use crate::context::Context;
use crate::finding::{Evidence, Finding, LeakType, Risk, RiskLevel, Role, Severity};
use crate::fix::{Fix, Sources};
use crate::registry::docs;
use crate::rule::{Family, Metadata, Rule, RuleId};
use crate::subject::Subject;
use crate::{lasting, unregistering};

pub(crate) struct LeakedSubscriptionRule;

static METADATA: Metadata = Metadata {
    code: "LW401",
    name: "leaked-subscription",
    summary: "a callback is handed to something that outlives its object, and never taken back",
    family: Family::Reference,
    severity: Severity::Warning,
    leak_type: LeakType::EventHandler,
    is_default: true,
    docs: docs::LW401,
};

impl Rule for LeakedSubscriptionRule {
    fn metadata(&self) -> &'static Metadata {
        &METADATA
    }

    fn check(&self, context: &Context<'_>, findings: &mut Vec<Finding>) {
        let Some(rule) = RuleId::from_code(METADATA.code) else { return };
        let leaks = subscription::leaked(context.project, context.items());
        findings.extend(leaks.iter().map(|leak| finding(context, rule, leak)));
        let repeated = subscription::repeated(context.project, context.items());
        findings.extend(repeated.iter().map(|found| repeated_finding(context, rule, found)));
    }

    fn fixes(&self, finding: &Finding, context: &Context<'_>, sources: &dyn Sources) -> Vec<Fix> {
        let fixes = unregistering::fixes(finding, context, sources);
        if fixes.is_empty() {
            vec![Fix::display("unregister", finding.recommendation.clone())]
        } else {
            fixes
        }
    }
}

fn finding(context: &Context<'_>, rule: RuleId, leak: &LeakedSubscription) -> Finding {
    let project = context.project;
    let file = context.file();
    let range = file.value_range(leak.code.item, leak.call);
    let class = project.own_name(leak.class.0);
    let words = [message(context, leak, class), pattern(leak), recommendation(leak)];
    let mut finding = Finding {
        severity: if leak.is_qt { Severity::Information } else { rule.metadata().severity },
        confidence: lasting::confidence(&leak.signs),
        signs: leak.signs.clone(),
        impact: format!("one `{class}` and all it refers to, per registration; size unknown"),
        risk: Risk {
            level: if leak.is_qt { RiskLevel::Low } else { RiskLevel::High },
            reason: format!("grows linearly, one `{class}` per registration"),
        },
        ..lasting::finding(context, rule, range, context.name_of(leak.code), words)
    };
    finding.subject = Subject::Registered {
        call: leak.code.value(leak.call),
        undo: leak.undo.clone(),
        teardown: leak.teardown,
        is_dereferenced: leak.is_dereferenced,
    };
    let mut show = |role, module, range, message: String| {
        finding.evidence.push(Evidence { role, module, range, message });
    };
    show(Role::Registered, context.module, range, format!("`{class}` is kept from here on"));
    for other in &leak.others {
        let range = file.value_range(leak.code.item, *other);
        show(Role::Registered, context.module, range, "and here".to_owned());
    }
    if let Some(stored) = leak.stored {
        let range = project.file(stored.code.module).value_range(stored.code.item, stored.value);
        show(Role::Escapes, stored.code.module, range, "stored here".to_owned());
    }
    if let Removal::Finalizer(code) | Removal::Others(code) = leak.removal {
        let range = project.file(code.module).range(code.item, project.facts(code).name_range);
        let message = match leak.removal {
            Removal::Finalizer(_) => "taken back here, which never runs while the callback is kept",
            _ => "this takes back others, and not this one",
        };
        show(Role::Released, code.module, range, message.to_owned());
    }
    finding
}

fn repeated_finding(context: &Context<'_>, rule: RuleId, found: &RepeatedRegistration) -> Finding {
    let range = context.file().value_range(found.code.item, found.call);
    let keeper = keeper(&found.sink);
    let what = match &found.what {
        Registered::Object(class) => format!("another `{class}`"),
        Registered::Method(method) => format!("another `{method}` with its object"),
        Registered::Closure => "another closure with all it uses".to_owned(),
    };
    let each = match found.repeats {
        Repeats::PerObject => "for each new object",
        _ => "each time this runs",
    };
    let words = [
        format!("{keeper} keeps {what} {each}"),
        "something new is registered in code that repeats, and nothing takes it back".to_owned(),
        match found.undo.first() {
            Some(undo) => format!("register once, look first at what is registered, or call `{undo}`"),
            None => "register once for the process".to_owned(),
        },
    ];
    let mut finding = Finding {
        confidence: lasting::confidence(&found.signs),
        signs: found.signs.clone(),
        impact: "one more per registration; size unknown".to_owned(),
        risk: Risk { level: RiskLevel::Medium, reason: format!("grows linearly, by one {each}") },
        ..lasting::finding(context, rule, range, context.name_of(found.code), words)
    };
    let message = "kept from here on".to_owned();
    finding.evidence.push(Evidence { role: Role::Registered, module: context.module, range, message });
    finding.evidence.extend(lasting::repeats(context, found.code, found.repeats));
    finding
}

fn keeper(sink: &Sink) -> String {
    match sink {
        Sink::Process(name) | Sink::Global(name) | Sink::Argument(name) => format!("`{name}`"),
        Sink::Own => "Qt".to_owned(),
    }
}

fn message(context: &Context<'_>, leak: &LeakedSubscription, class: &str) -> String {
    let what = match &leak.callback {
        Callback::Method(method) => format!("`self.{}`", context.project.own_name(*method)),
        Callback::Lambda => "a lambda that uses `self`".to_owned(),
        Callback::Inner(inner) => {
            format!("`{}`, which uses `self`,", context.project.own_name(*inner))
        }
        Callback::Object => "`self`".to_owned(),
    };
    let keeper = keeper(&leak.sink);
    format!("{keeper} keeps {what} and with it every `{class}`")
}

fn pattern(leak: &LeakedSubscription) -> String {
    match leak.removal {
        Removal::Never => "a callback is registered, and nothing in the project takes it back".to_owned(),
        Removal::Finalizer(_) => {
            "a callback is taken back in `__del__` only, which does not run while it is kept".to_owned()
        }
        Removal::Others(_) => "several callbacks are registered, and not all are taken back".to_owned(),
    }
}

fn recommendation(leak: &LeakedSubscription) -> String {
    match leak.undo.first() {
        _ if leak.is_qt => "connect a bound method, which Qt holds weakly".to_owned(),
        Some(undo) => format!("call `{undo}` when the object is done with, or hand over a weak reference"),
        None => "hand over something that refers to the object weakly".to_owned(),
    }
}
