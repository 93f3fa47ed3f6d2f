//! # LW403 large-closure-capture
//!
//! ## What it does
//!
//! Finds lambdas and inner functions that are kept (in a list of the module, by an event bus, on an object) and
//! use a large local variable only to ask how large it is, of what type, or for one entry of it. Also finds closures and
//! methods in a container of a module or class that keep their whole object, of which they read one field.
//!
//! ## Why it leaks
//!
//! A closure keeps each variable that it uses, whole. One that only asks for the length of a buffer keeps
//! the buffer for as long as it is kept itself, and each call of the function around it adds another.
//!
//! ## Example
//!
//! ```python
//! handlers = []
//!
//!
//! def watch(path):
//!     with open(path, "rb") as file:
//!         frame = file.read()
//!     handlers.append(lambda: print(path, len(frame)))  # error: [LW403]
//! ```
//!
//! ## Use instead
//!
//! ```python
//! handlers = []
//!
//!
//! def watch(path):
//!     with open(path, "rb") as file:
//!         frame = file.read()
//!     size = len(frame)
//!     handlers.append(lambda: print(path, size))
//! ```
//!
//! ## Fix safety
//!
//! What a closure needs of a large variable is worked out before, by a person: the remedy is shown.
//!
//! One field of an object is bound to a variable before, where only the initialiser binds it. *Unsafe*: the closure does
//! not keep the object alive any more.
//!
//! ## Known limits
//!
//! What is large is told by the call that makes it: contents of files, arrays, data frames, decoded documents.
//! A closure that uses the content itself needs it, and is passed over. What is handed to an emitter with its object is
//! leaked-subscription's to tell; the same rewrite is offered there. Of an object that holds nothing known to be
//! large it is information.
//!
//! ## References
//!
//! - [Naming and binding](https://docs.python.org/3/reference/executionmodel.html#naming-and-binding)

use leakwright_analysis::reference::{self, FieldCapture, Keeper, LargeCapture};

use crate::context::Context;
use crate::finding::{Confidence, Evidence, Finding, LeakType, Risk, RiskLevel, Role, Severity};
use crate::fix::{Fix, Sources};
use crate::registry::docs;
use crate::rule::{Family, Metadata, Rule, RuleId};
use crate::subject::Subject;
use crate::{capturing, detaching, lasting};

pub(crate) struct LargeClosureCapture;

static METADATA: Metadata = Metadata {
    code: "LW403",
    name: "large-closure-capture",
    summary: "a closure that is kept holds a large variable, or an object, of which it needs little",
    family: Family::Reference,
    severity: Severity::Warning,
    leak_type: LeakType::CircularReference,
    is_default: true,
    docs: docs::LW403,
};

impl Rule for LargeClosureCapture {
    fn metadata(&self) -> &'static Metadata {
        &METADATA
    }

    fn check(&self, context: &Context<'_>, findings: &mut Vec<Finding>) {
        let Some(rule) = RuleId::from_code(METADATA.code) else { return };
        let captures = reference::large_captures(context.project, context.items());
        findings.extend(captures.iter().map(|capture| finding(context, rule, capture)));
        let fields = reference::field_captures(context.project, context.items());
        findings.extend(fields.into_iter().map(|capture| field_finding(context, rule, capture)));
    }

    fn fixes(&self, finding: &Finding, context: &Context<'_>, sources: &dyn Sources) -> Vec<Fix> {
        let Subject::Field(field) = &finding.subject else {
            return vec![Fix::display("measure-before", finding.recommendation.clone())];
        };
        let fix = capturing::bind_field(context, sources, field);
        vec![fix.unwrap_or_else(|| Fix::display("bind-field", finding.recommendation.clone()))]
    }
}

fn finding(context: &Context<'_>, rule: RuleId, capture: &LargeCapture) -> Finding {
    let project = context.project;
    let file = context.file();
    let variable = project.facts(capture.code).var_name(capture.var);
    let keeper = match &capture.keeper {
        Keeper::Process(name) | Keeper::Argument(name) => format!("`{name}`"),
        Keeper::Attribute(name) => format!("`self.{name}`"),
    };
    let words = [
        format!("{keeper} keeps a closure, and with it all of `{variable}`, of which it needs little"),
        "a closure that is kept only measures a large variable of the function around it".to_owned(),
        format!("work out what is needed of `{variable}` before, and use that in the closure"),
    ];
    let range = file.value_range(capture.code.item, capture.at);
    let mut finding = Finding {
        confidence: match capture.keeper {
            Keeper::Process(_) => Confidence::High,
            Keeper::Argument(_) | Keeper::Attribute(_) => Confidence::Medium,
        },
        impact: "what the variable holds, per closure; size unknown".to_owned(),
        risk: Risk {
            level: RiskLevel::Medium,
            reason: "grows linearly, by what the variable holds".to_owned(),
        },
        ..lasting::finding(context, rule, range, context.name_of(capture.code), words)
    };
    let mut show = |role, code: leakwright_analysis::project::CodeId, at, message: &str| {
        let range = project.file(code.module).value_range(code.item, at);
        finding.evidence.push(Evidence { role, module: code.module, range, message: message.to_owned() });
    };
    show(Role::Created, capture.code, capture.bound, "large as a rule");
    show(Role::Captures, capture.used.0, capture.used.1, "the closure uses it here, and keeps all of it");
    show(Role::Escapes, capture.code, capture.at, "the closure is kept here");
    finding
}

fn field_finding(context: &Context<'_>, rule: RuleId, capture: FieldCapture) -> Finding {
    let project = context.project;
    let class = project.facts(capture.field.class.0).own_name();
    let keeper = lasting::symbol(context, capture.holder);
    let name = &capture.field.name;
    let words = [
        format!("`{keeper}` keeps a callback, and with it all of its `{class}`, of which it needs `{name}`"),
        "a callback that is kept reads one field of its object".to_owned(),
        format!("bind `{name}` to a variable before, and use that in the place of the object"),
    ];
    let range = context.file().value_range(capture.code.item, capture.at);
    let mut finding = Finding {
        confidence: Confidence::Medium,
        severity: if capture.large.is_some() { Severity::Warning } else { Severity::Information },
        impact: format!("one `{class}` and all it refers to, per callback; size unknown"),
        risk: Risk { level: RiskLevel::Medium, reason: format!("grows linearly, by one `{class}`") },
        ..lasting::finding(context, rule, range, context.name_of(capture.code), words)
    };
    if let Some(large) = capture.large {
        finding.evidence.push(detaching::place(
            context,
            Role::Created,
            large,
            "large as a rule, and kept with it",
        ));
    }
    let reads = capture.field.reads.iter().take(3);
    finding.evidence.extend(
        reads.map(|read| detaching::place(context, Role::Captures, *read, "all that it needs of the object")),
    );
    let at = capture.code.value(capture.at);
    finding.evidence.push(detaching::place(context, Role::Escapes, at, "the callback is kept here"));
    finding.subject = Subject::Field(Box::new(capture.field));
    finding
}
