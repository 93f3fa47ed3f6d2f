//! # LW502 unremoved-hook
//!
//! ## What it does
//!
//! Finds hooks of PyTorch modules that stay: registered by a function that runs the module and drops the handle,
//! registered by each object of a class on a module it was given, or taken off only where nothing raises.
//!
//! ## Why it leaks
//!
//! A module keeps its hooks, and whatever they refer to, until the handles take them off. One more at each
//! call is kept, and run, for as long as the module lives.
//!
//! ## Example
//!
//! ```python
//! import torch
//!
//!
//! def activations(model: torch.nn.Module, batch):
//!     found = []
//!     model.encoder.register_forward_hook(lambda module, args, output: found.append(output))  # error: [LW502]
//!     model(batch)
//!     return found
//! ```
//!
//! ## Use instead
//!
//! ```python
//! import torch
//!
//!
//! def activations(model: torch.nn.Module, batch):
//!     found = []
//!     with model.encoder.register_forward_hook(lambda module, args, output: found.append(output)):
//!         model(batch)
//!     return found
//! ```
//!
//! ## Fix safety
//!
//! Where the hook has done its work is for a person to say: the remedy is shown.
//!
//! ## Known limits
//!
//! Hooks that a module puts on its own parts go with it, and are passed over, as are handles that are kept. A hook
//! that stays only if something raises, or one for each object of a class, is information.
//!
//! ## References
//!
//! - [`torch.nn.Module.register_forward_hook`](https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_forward_hook)

use leakwright_analysis::tensor::{self, HookLoss, UnremovedHook};

use crate::context::Context;
use crate::detaching;
use crate::finding::{Confidence, Finding, LeakType, RiskLevel, Role, Severity};
use crate::fix::{Fix, Sources};
use crate::lasting;
use crate::registry::docs;
use crate::rule::{Family, Metadata, Rule, RuleId};

pub(crate) struct UnremovedHookRule;

static METADATA: Metadata = Metadata {
    code: "LW502",
    name: "unremoved-hook",
    summary: "a hook is put on a module again and again, and not taken off",
    family: Family::Tensor,
    severity: Severity::Warning,
    leak_type: LeakType::Tensor,
    is_default: true,
    docs: docs::LW502,
};

impl Rule for UnremovedHookRule {
    fn metadata(&self) -> &'static Metadata {
        &METADATA
    }

    fn check(&self, context: &Context<'_>, findings: &mut Vec<Finding>) {
        let Some(rule) = RuleId::from_code(METADATA.code) else { return };
        let hooks = tensor::unremoved_hooks(context.project, context.module, context.items());
        findings.extend(hooks.iter().map(|hook| finding(context, rule, hook)));
    }

    fn fixes(&self, finding: &Finding, _: &Context<'_>, _: &dyn Sources) -> Vec<Fix> {
        vec![Fix::display("remove-hook", finding.recommendation.clone())]
    }
}

fn finding(context: &Context<'_>, rule: RuleId, hook: &UnremovedHook) -> Finding {
    let words = match hook.loss {
        HookLoss::Dropped => [
            "each call leaves another hook on the module".to_owned(),
            "the handle of a hook is dropped by a function that runs the module".to_owned(),
            "keep the handle, and remove it in a `finally`, or use it in a `with` statement".to_owned(),
        ],
        HookLoss::PerObject(class) => {
            let class = context.project.own_name(class.0);
            [
                format!("the module keeps a hook, and with it every `{class}` that was made for it"),
                "each object of a class hooks itself to a module that it was given".to_owned(),
                "keep the handle, and remove it when the object is done with".to_owned(),
            ]
        }
        HookLoss::OnError { .. } => [
            "the hooks stay on the module if something raises before they are removed".to_owned(),
            "hooks are removed only where nothing raises".to_owned(),
            "remove them in a `finally`".to_owned(),
        ],
    };
    let range = context.file().value_range(hook.code.item, hook.call);
    let mut finding = lasting::finding(context, rule, range, context.name_of(hook.code), words);
    "what the hook refers to, and one more run at each call of the module".clone_into(&mut finding.impact);
    "a module keeps its hooks until they are removed".clone_into(&mut finding.risk.reason);
    let mut show = |role, at, message: &str| {
        finding.evidence.push(detaching::place(context, role, hook.code.value(at), message));
    };
    show(Role::Registered, hook.call, "registered here");
    if let HookLoss::OnError { run, removed } = hook.loss {
        show(Role::ErrorPath, run, "an exception here leads past the removal");
        show(Role::Released, removed, "removed here");
    }
    if hook.loss != HookLoss::Dropped {
        finding.severity = Severity::Information;
        finding.confidence = Confidence::Medium;
        finding.risk.level = RiskLevel::Low;
    }
    finding
}
