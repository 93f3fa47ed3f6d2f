//! # LW404 stored-traceback
//!
//! ## What it does
//!
//! Finds exceptions and tracebacks that are kept: in a variable of the frame that caught them, in an attribute
//! that is never emptied, in a module variable, in a context variable, in a record that is handed on.
//!
//! ## Why it leaks
//!
//! An exception holds its traceback, a traceback the frames it passed, and each frame all its variables. Kept
//! on an object whose method is among the frames it closes a cycle; kept for long, everything that was
//! being worked on stays.
//!
//! ## Example
//!
//! ```python
//! last_failure = None
//!
//!
//! def attempt(job):
//!     global last_failure
//!     try:
//!         job()
//!     except ValueError as error:
//!         last_failure = error  # error: [LW404]
//! ```
//!
//! ## Use instead
//!
//! ```python
//! last_failure = ""
//!
//!
//! def attempt(job):
//!     global last_failure
//!     try:
//!         job()
//!     except ValueError as error:
//!         last_failure = repr(error)
//! ```
//!
//! ## Fix safety
//!
//! The exception is stored without its traceback, by `with_traceback(None)`. That is *unsafe*: who looks at it later
//! does not see where it was raised. The exception is the same object, so whoever else has it does not see that either.
//!
//! ## Known limits
//!
//! Exceptions that reach their keeper through more than one function are passed over.
//!
//! ## References
//!
//! - [`BaseException.with_traceback`](https://docs.python.org/3/library/exceptions.html#BaseException.with_traceback)
//! - [`sys.exc_info`](https://docs.python.org/3/library/sys.html#sys.exc_info)

use leakwright_analysis::reference::{self, StoredTraceback, TracebackKind};
use leakwright_syntax::Kind;

use crate::context::Context;
use crate::finding::{Evidence, Finding, Growth, LeakType, Risk, RiskLevel, Role, Severity};
use crate::fix::{Applicability, Edit, Fix, Sources};
use crate::registry::docs;
use crate::rule::{Family, Metadata, Rule, RuleId};
use crate::subject::Subject;
use crate::{edits, lasting};

pub(crate) struct StoredTracebackRule;

static METADATA: Metadata = Metadata {
    code: "LW404",
    name: "stored-traceback",
    summary: "an exception or traceback is kept, and with it the frames it passed",
    family: Family::Reference,
    severity: Severity::Warning,
    leak_type: LeakType::CircularReference,
    is_default: true,
    docs: docs::LW404,
};

impl Rule for StoredTracebackRule {
    fn metadata(&self) -> &'static Metadata {
        &METADATA
    }

    fn check(&self, context: &Context<'_>, findings: &mut Vec<Finding>) {
        let Some(rule) = RuleId::from_code(METADATA.code) else { return };
        let stored = reference::stored_tracebacks(context.project, context.items());
        // A list of exceptions that only grows is told of as that.
        let own = stored.iter().filter(|stored| !context.grows_at(stored.code, stored.at));
        findings.extend(own.map(|stored| finding(context, rule, stored)));
    }

    fn fixes(&self, finding: &Finding, context: &Context<'_>, sources: &dyn Sources) -> Vec<Fix> {
        let fix = drop_traceback(finding, context, sources);
        vec![fix.unwrap_or_else(|| Fix::display("drop-traceback", finding.recommendation.clone()))]
    }
}

/// Stores the exception without its traceback.
fn drop_traceback(finding: &Finding, context: &Context<'_>, sources: &dyn Sources) -> Option<Fix> {
    let Subject::Exception { value } = finding.subject else { return None };
    let module = value.code.module;
    let range = context.project.file(module).value_range(value.code.item, value.value);
    let node = edits::exact(sources.tree(module)?, range).filter(|node| node.kind() == Kind::Identifier)?;
    Some(Fix {
        id: "drop-traceback",
        title: format!("Store `{}.with_traceback(None)`", node.text()),
        applicability: Applicability::Unsafe,
        edits: vec![Edit::insert(module, range.end, ".with_traceback(None)")],
    })
}

fn finding(context: &Context<'_>, rule: RuleId, stored: &StoredTraceback) -> Finding {
    let range = context.file().value_range(stored.code.item, stored.at);
    let is_lasting = stored.kind == TracebackKind::Lasting;
    let symbol = match stored.kind {
        TracebackKind::OwnFrame => context.name_of(stored.code),
        _ => stored.name.clone(),
    };
    let mut finding = Finding {
        severity: if is_lasting { rule.metadata().severity } else { Severity::Information },
        growth: if is_lasting { Growth::Linear } else { Growth::Constant },
        impact: "the variables of all frames in the traceback; size unknown".to_owned(),
        risk: Risk {
            level: if is_lasting { RiskLevel::High } else { RiskLevel::Low },
            reason: "a traceback holds every frame it passed".to_owned(),
        },
        ..lasting::finding(context, rule, range, symbol, words(stored))
    };
    if stored.kind != TracebackKind::OwnFrame {
        finding.subject = Subject::Exception { value: stored.code.value(stored.value) };
    }
    let kept = "kept from here on".to_owned();
    finding.evidence.push(Evidence { role: Role::Escapes, module: context.module, range, message: kept });
    for (code, at) in &stored.used {
        finding.evidence.push(Evidence {
            role: Role::Escapes,
            module: code.module,
            range: context.project.file(code.module).value_range(code.item, *at),
            message: "handed on here, and still kept".to_owned(),
        });
    }
    finding
}

/// Message, pattern and recommendation.
fn words(stored: &StoredTraceback) -> [String; 3] {
    let name = &stored.name;
    match stored.kind {
        TracebackKind::OwnFrame => [
            format!("`{name}` holds the traceback of the frame that it is a variable of"),
            "a traceback is bound to a variable of a frame in it".to_owned(),
            format!("`del {name}` in a `finally`, or use the exception that `except … as` binds"),
        ],
        TracebackKind::Attribute => [
            format!("`{name}` keeps an exception whose traceback leads back to the object"),
            "an exception is stored on an object whose method is in its traceback".to_owned(),
            "unbind it once it was raised or reported, or store `error.with_traceback(None)`".to_owned(),
        ],
        TracebackKind::Lasting => [
            format!("`{name}` keeps exceptions, and with them the frames they passed"),
            "an exception is stored in something that lives as long as the process".to_owned(),
            "store what is needed of it as text, or `error.with_traceback(None)`".to_owned(),
        ],
        TracebackKind::Context => [
            format!("`{name}` keeps an exception, and the frames it passed, for as long as the context"),
            "an exception is set in a context variable".to_owned(),
            "set a weak reference to it, or what is needed of it as text".to_owned(),
        ],
        TracebackKind::Field => [
            format!("`{name}` keeps an exception, and with it the frames it passed"),
            "an exception that was caught is stored in a record".to_owned(),
            "store what is needed of it as text, or `error.with_traceback(None)`".to_owned(),
        ],
    }
}
