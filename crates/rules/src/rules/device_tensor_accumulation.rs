//! # LW503 device-tensor-accumulation
//!
//! ## What it does
//!
//! Points out outputs of modules that are collected on their device although the code itself says that they are
//! not needed there: after the loop all of them are moved to the CPU, or a trainer's evaluating hook keeps them until
//! its epoch ends.
//!
//! ## Why it leaks
//!
//! The list holds memory of the device for each batch, graph or no graph, until the whole data set has been seen.
//! The more data, the sooner the device is full.
//!
//! ## Example
//!
//! ```python
//! import torch
//!
//!
//! @torch.no_grad()
//! def predict(model: torch.nn.Module, batches, device):
//!     outputs = []
//!     for batch in batches:
//!         outputs.append(model(batch.to(device)))  # information: [LW503]
//!     return torch.cat(outputs).cpu()
//! ```
//!
//! ## Use instead
//!
//! ```python
//! import torch
//!
//!
//! @torch.no_grad()
//! def predict(model: torch.nn.Module, batches, device):
//!     outputs = []
//!     for batch in batches:
//!         outputs.append(model(batch.to(device)).cpu())
//!     return torch.cat(outputs)
//! ```
//!
//! ## Fix safety
//!
//! Unsafe: each round waits for the device.
//!
//! ## Known limits
//!
//! Only PyTorch and its trainers are known. What is a single number by its name, as a loss is, takes no room.
//!
//! ## References
//!
//! - [PyTorch FAQ: my model reports out of memory](https://docs.pytorch.org/docs/stable/notes/faq.html)

use leakwright_analysis::tensor::{self, CollectedOnDevice, Collecting};

use crate::context::Context;
use crate::detaching;
use crate::finding::{Confidence, Finding, LeakType, Role, Severity};
use crate::fix::{Fix, Sources};
use crate::lasting;
use crate::registry::docs;
use crate::rule::{Family, Metadata, Rule, RuleId};
use crate::subject::Subject;

pub(crate) struct DeviceTensorAccumulation;

static METADATA: Metadata = Metadata {
    code: "LW503",
    name: "device-tensor-accumulation",
    summary: "outputs are collected on the device, where they are not needed",
    family: Family::Tensor,
    severity: Severity::Information,
    leak_type: LeakType::Tensor,
    is_default: true,
    docs: docs::LW503,
};

impl Rule for DeviceTensorAccumulation {
    fn metadata(&self) -> &'static Metadata {
        &METADATA
    }

    fn check(&self, context: &Context<'_>, findings: &mut Vec<Finding>) {
        let Some(rule) = RuleId::from_code(METADATA.code) else { return };
        let found = tensor::collected_on_device(context.project, context.module, context.items());
        findings.extend(found.iter().map(|found| finding(context, rule, found)));
    }

    fn fixes(&self, finding: &Finding, context: &Context<'_>, sources: &dyn Sources) -> Vec<Fix> {
        let fix = match finding.subject {
            Subject::Kept { tensor, .. } => {
                detaching::call_on(context, sources, tensor, "cpu", "Move it to the CPU: `.cpu()`")
            }
            _ => None,
        };
        vec![fix.unwrap_or_else(|| Fix::display("cpu", finding.recommendation.clone()))]
    }
}

fn finding(context: &Context<'_>, rule: RuleId, found: &CollectedOnDevice) -> Finding {
    let symbol = lasting::symbol(context, found.holder);
    let pattern = match found.kind {
        Collecting::MovedLater(..) => "outputs are moved to the CPU after a loop has collected all of them",
        Collecting::Hook => "a hook that runs once a batch keeps outputs until the epoch ends",
    };
    let words = [
        format!("`{symbol}` collects outputs on the device, of every batch"),
        pattern.to_owned(),
        "move what is kept to the CPU as it comes: .cpu()".to_owned(),
    ];
    let range = context.file().value_range(found.code.item, found.at);
    let mut finding = lasting::finding(context, rule, range, symbol, words);
    finding.confidence = Confidence::Medium;
    "the output of a batch per batch, on the device".clone_into(&mut finding.impact);
    "until all batches are seen".clone_into(&mut finding.risk.reason);
    if let Collecting::MovedLater(..) = found.kind {
        finding.subject = Subject::Kept { tensor: found.code.value(found.tensor), is_summed: false };
    }
    finding.evidence.push(detaching::place(
        context,
        Role::Created,
        found.source,
        "comes from the module here",
    ));
    finding.evidence.push(detaching::place(context, Role::Grows, found.code.value(found.at), "kept here"));
    if let Collecting::MovedLater(round, away) = found.kind {
        finding.evidence.push(detaching::loop_place(context, found.code, round));
        let away = found.code.value(away);
        finding.evidence.push(detaching::place(context, Role::Released, away, "moved only here"));
    }
    finding
}
