//! What several growth rules say of something that lasts: its name, and a finding to be filled in.

use leakwright_analysis::growth::{self, HolderKind, Repeats, Sign, is_callback};
use leakwright_analysis::project::{CodeId, Holder};
use leakwright_syntax::TextRange;

use crate::context::Context;
use crate::finding::{Confidence, Evidence, Finding, Growth, Risk, RiskLevel, Role};
use crate::rule::RuleId;
use crate::subject::Subject;

/// A finding at a place of the file, with the words of a rule, and what most findings have.
pub(crate) fn finding(
    context: &Context<'_>,
    rule: RuleId,
    range: TextRange,
    symbol: String,
    [message, pattern, recommendation]: [String; 3],
) -> Finding {
    Finding {
        rule,
        severity: rule.metadata().severity,
        confidence: Confidence::High,
        signs: Vec::new(),
        tier: None,
        leak_type: rule.metadata().leak_type,
        message,
        pattern,
        risk: Risk { level: RiskLevel::Medium, reason: String::new() },
        recommendation,
        module: context.module,
        range,
        symbol,
        growth: Growth::Linear,
        impact: "unknown".to_owned(),
        evidence: Vec::new(),
        subject: Subject::Shown,
    }
}

/// What signs add up to.
pub(crate) fn confidence(signs: &[Sign]) -> Confidence {
    match growth::confidence_of(signs) {
        growth::Confidence::Low => Confidence::Low,
        growth::Confidence::Medium => Confidence::Medium,
        growth::Confidence::High => Confidence::High,
    }
}

/// The dotted name of a variable or attribute within its module.
pub(crate) fn symbol(context: &Context<'_>, holder: Holder) -> String {
    let project = context.project;
    let name = growth::holder_name(project, holder).unwrap_or_default();
    let owner = match holder {
        Holder::Global { .. } => None,
        Holder::Attribute { class, .. } => Some(class.0),
        Holder::Local { code, .. } => Some(code),
    };
    match owner.map(|code| project.file(code.module).dotted_name(code.item)) {
        Some(owner) if !owner.is_empty() => format!("{owner}.{name}"),
        _ => name,
    }
}

/// How long a holder lives, in words.
pub(crate) fn lifetime(kind: HolderKind) -> &'static str {
    match kind {
        HolderKind::Module => "lives as long as the process",
        HolderKind::Class => "shared by all objects of the class, lives as long as the process",
        HolderKind::Instance => "lives as long as its object",
        HolderKind::Local => "lives as long as the loop",
        HolderKind::Closure => "lives as long as the inner function is kept",
        HolderKind::Default => "made once with the function, shared by all calls",
    }
}

/// Why the code of an item repeats, where that can be shown at its name.
pub(crate) fn repeats(context: &Context<'_>, code: CodeId, repeats: Repeats) -> Option<Evidence> {
    let message = match repeats {
        Repeats::PerObject => "every new object runs this",
        Repeats::Looped => "a loop that does not end calls this",
        Repeats::Handler if is_callback(context.project, code) => "is handed over, to be called",
        Repeats::Handler => "runs for each event or message",
        Repeats::Callable => "can be called any number of times",
        Repeats::Endless => "a loop that does not end is in this",
        Repeats::Unknown | Repeats::Once => return None,
    };
    let project = context.project;
    let range = project.file(code.module).range(code.item, project.facts(code).name_range);
    Some(Evidence { role: Role::Repeats, module: code.module, range, message: message.to_owned() })
}
