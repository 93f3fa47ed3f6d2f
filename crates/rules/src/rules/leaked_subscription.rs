//! # LW401 leaked-subscription
//!
//! ## What it does
//!
//! Finds callbacks that a class hands to something that lives longer than its objects, and never takes
//! back: bound methods, closures over `self`, and the object itself, given to `atexit`, to an event bus, to
//! emitters of the project or a known library.
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
//! What takes the callback back is shown, not written: only a person knows when the object is done with.
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
use leakwright_analysis::subscription::{self, LeakedSubscription, Removal, Sink};

use crate::context::Context;
use crate::finding::{Evidence, Finding, LeakType, Risk, RiskLevel, Role, Severity};
use crate::fix::{Fix, Sources};
use crate::lasting;
use crate::registry::docs;
use crate::rule::{Family, Metadata, Rule, RuleId};

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
    }

    fn fixes(&self, finding: &Finding, _: &Context<'_>, _: &dyn Sources) -> Vec<Fix> {
        vec![Fix::display("unregister", finding.recommendation.clone())]
    }
}

fn finding(context: &Context<'_>, rule: RuleId, leak: &LeakedSubscription) -> Finding {
    let project = context.project;
    let file = context.file();
    let range = file.value_range(leak.code.item, leak.call);
    let class = project.facts(leak.class.0).own_name();
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

fn message(context: &Context<'_>, leak: &LeakedSubscription, class: &str) -> String {
    let what = match &leak.callback {
        Callback::Method(method) => format!("`self.{}`", context.project.facts(*method).own_name()),
        Callback::Lambda => "a lambda that uses `self`".to_owned(),
        Callback::Inner(inner) => {
            format!("`{}`, which uses `self`,", context.project.facts(*inner).own_name())
        }
        Callback::Object => "`self`".to_owned(),
    };
    let keeper = match &leak.sink {
        Sink::Process(name) | Sink::Global(name) | Sink::Argument(name) => format!("`{name}`"),
        Sink::Own => "Qt".to_owned(),
    };
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
