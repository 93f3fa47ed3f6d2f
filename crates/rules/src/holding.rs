//! Attributes that lose a resource on the way: bound to a new one, or left by an object that is never
//! finished.

use leakwright_analysis::obligation::{self, Owned};
use leakwright_analysis::project::{CodeId, ValueId};

use crate::context::Context;
use crate::finding::{Confidence, Evidence, Finding, Growth, LeakType, Risk, Role, Severity, Tier};
use crate::owning::attribute_name;
use crate::releasing::{consequence, name_range, released_word, risk_level, tier};
use crate::rule::{Metadata, RuleId};
use crate::subject::Subject;

/// Reports the attributes of the file's classes that are bound to a new resource while the one before is
/// open.
pub(crate) fn replaced(metadata: &'static Metadata, context: &Context<'_>, findings: &mut Vec<Finding>) {
    each_method(metadata, context, |rule, code| {
        for replaced in obligation::replaced(context.project, code) {
            let owned = &replaced.owned;
            let attribute = attribute_name(context, owned);
            let thing = owned.acquisition.resource.family.noun();
            let word = released_word(&owned.acquisition.resource);
            let before = Evidence {
                role: Role::Created,
                module: replaced.before.code.module,
                range: context.site_range(replaced.before),
                message: "the one before is stored here".to_owned(),
            };
            findings.push(finding(
                context,
                rule,
                owned,
                Words {
                    severity: Severity::Warning,
                    message: format!(
                        "`self.{attribute}` gets a new {thing}, and the one before is not {word}"
                    ),
                    pattern: format!("self.{attribute} bound again while it is open"),
                    recommendation: format!("release `self.{attribute}` before it is bound again"),
                    impact: format!("one open {thing} per call"),
                },
                vec![before],
            ));
        }
    });
}

/// Reports the attributes of the file's classes that keep a resource open when the object is never
/// finished.
pub(crate) fn unfinished(metadata: &'static Metadata, context: &Context<'_>, findings: &mut Vec<Finding>) {
    each_method(metadata, context, |rule, code| {
        for unfinished in obligation::unfinished(context.project, code) {
            let owned = &unfinished.owned;
            let attribute = attribute_name(context, owned);
            let thing = owned.acquisition.resource.family.noun();
            let method = context.project.own_name(code);
            let errors = unfinished.errors.iter().map(|error| Evidence {
                role: Role::ErrorPath,
                module: context.module,
                range: context.file().value_range(code.item, *error),
                message: "an exception here leaves the caller without the object".to_owned(),
            });
            findings.push(finding(
                context,
                rule,
                owned,
                Words {
                    severity: Severity::Information,
                    message: format!("`self.{attribute}` stays open if `{method}` raises after it"),
                    pattern: format!("{method} that may raise after it has opened something"),
                    recommendation: format!(
                        "release `self.{attribute}` in an `except` clause that raises again"
                    ),
                    impact: format!("one open {thing} per failed call"),
                },
                errors.collect(),
            ));
        }
    });
}

/// Calls `report` for each function of a file that is not a test.
fn each_method(metadata: &'static Metadata, context: &Context<'_>, mut report: impl FnMut(RuleId, CodeId)) {
    let Some(rule) = RuleId::from_code(metadata.code) else { return };
    if context.project.module(context.module).is_test {
        return;
    }
    for code in context.items().filter(|code| context.project.is_function(*code)) {
        report(rule, code);
    }
}

struct Words {
    severity: Severity,
    message: String,
    pattern: String,
    recommendation: String,
    impact: String,
}

fn finding(context: &Context<'_>, rule: RuleId, owned: &Owned, words: Words, more: Vec<Evidence>) -> Finding {
    let ValueId { code, .. } = owned.store;
    let resource = &owned.acquisition.resource;
    let tier: Tier = tier(resource.on_drop);
    let range = context.file().value_range(code.item, owned.acquisition.call);
    let mut evidence = vec![Evidence {
        role: Role::Acquired,
        module: context.module,
        range,
        message: "opened here".to_owned(),
    }];
    evidence.extend(owned.acquisition.factory.map(|factory| Evidence {
        role: Role::Created,
        module: factory.module,
        range: name_range(context, factory),
        message: "opens it and leaves the release to its caller".to_owned(),
    }));
    evidence.extend(more);
    Finding {
        rule,
        severity: words.severity,
        confidence: Confidence::High,
        signs: Vec::new(),
        tier: Some(tier),
        leak_type: LeakType::Resource,
        message: words.message,
        pattern: words.pattern,
        risk: Risk {
            level: risk_level(tier, words.severity),
            reason: consequence(resource.on_drop).to_owned(),
        },
        recommendation: words.recommendation,
        module: context.module,
        range,
        symbol: context.name_of(code),
        growth: Growth::Linear,
        impact: words.impact,
        evidence,
        subject: Subject::Acquired {
            code,
            call: owned.acquisition.call,
            variables: Vec::new(),
            released: Vec::new(),
            unawaited: Vec::new(),
            is_local: false,
        },
    }
}
