//! # LW501 tensor-graph-retained
//!
//! ## What it does
//!
//! Finds losses and outputs of PyTorch modules that are collected or added up from step to step with the
//! graph that made them. It follows values through variables, containers and the functions of the
//! project: what counts is whether the graph was left behind (`detach()`, `item()`, `float()`, `no_grad()`),
//! not what anything is called. Hooks that trainers call (Lightning's, those of `transformers`) are known, and
//! so is what Accelerate passes through.
//!
//! With TensorFlow and JAX: what a traced function (`@tf.function`, `@jax.jit`, `jax.vmap(…)`) computes from its
//! parameters and stores outside of itself, and a persistent `GradientTape` that is entered again and again.
//!
//! ## Why it leaks
//!
//! A tensor that came out of a module refers to the operation that made it, that one to its inputs, and so on:
//! the whole graph of a step, on the device. `total += loss` and `losses.append(loss)` keep the graphs of
//! all steps until the sum or the list is dropped.
//!
//! A traced function is run with stand-ins for arrays. One that is stored refers to the whole trace, and cannot be
//! used afterwards. A persistent tape keeps all that it recorded until it is reset, and goes on where it was.
//!
//! ## Example
//!
//! ```python
//! import torch
//!
//!
//! def train(model: torch.nn.Module, batches, optimizer):
//!     losses = []
//!     for batch in batches:
//!         loss = model(batch)
//!         losses.append(loss)  # error: [LW501]
//!         optimizer.zero_grad()
//!         loss.backward()
//!         optimizer.step()
//!     return losses
//! ```
//!
//! ## Use instead
//!
//! ```python
//! import torch
//!
//!
//! def train(model: torch.nn.Module, batches, optimizer):
//!     losses = []
//!     for batch in batches:
//!         loss = model(batch)
//!         losses.append(loss.detach())
//!         optimizer.zero_grad()
//!         loss.backward()
//!         optimizer.step()
//!     return losses
//! ```
//!
//! ## Fix safety
//!
//! Unsafe: nothing can be propagated back through what was detached, and `item()` gives a number in the
//! place of a tensor and waits for the device. `item()` is offered where the loss is added to a sum.
//!
//! ## Known limits
//!
//! Only code that propagates back in the same loop or step is looked at, and trainers' hooks such as
//! `training_step`. Sums and lists that are themselves propagated back are what they should be, and so is
//! what a function collects and returns without having stepped.
//!
//! Results of eager operations of TensorFlow and arrays of JAX hold no graph: collecting them is judged like any other
//! growth. How often a function is traced anew is not looked at.
//!
//! ## References
//!
//! - [PyTorch FAQ: my model reports out of memory](https://docs.pytorch.org/docs/stable/notes/faq.html)
//! - [`jax.errors.UnexpectedTracerError`](https://docs.jax.dev/en/latest/errors.html#jax.errors.UnexpectedTracerError)
//! - [`tf.GradientTape`](https://www.tensorflow.org/api_docs/python/tf/GradientTape)

use leakwright_analysis::project::ValueId;
use leakwright_analysis::tensor::{self, Life, RetainedGraph};

use crate::context::Context;
use crate::detaching;
use crate::finding::{Finding, LeakType, RiskLevel, Role, Severity};
use crate::fix::{Fix, Sources};
use crate::registry::docs;
use crate::rule::{Family, Metadata, Rule, RuleId};
use crate::subject::Subject;
use crate::{lasting, recording};

pub(crate) struct TensorGraphRetained;

static METADATA: Metadata = Metadata {
    code: "LW501",
    name: "tensor-graph-retained",
    summary: "a tensor is kept from step to step with the graph that made it",
    family: Family::Tensor,
    severity: Severity::Warning,
    leak_type: LeakType::Tensor,
    is_default: true,
    docs: docs::LW501,
};

impl Rule for TensorGraphRetained {
    fn metadata(&self) -> &'static Metadata {
        &METADATA
    }

    fn check(&self, context: &Context<'_>, findings: &mut Vec<Finding>) {
        let Some(rule) = RuleId::from_code(METADATA.code) else { return };
        let kept = tensor::retained_graphs(context.project, context.module, context.items());
        findings.extend(kept.iter().map(|kept| finding(context, rule, kept)));
        findings.extend(recording::findings(context, rule));
    }

    fn fixes(&self, finding: &Finding, context: &Context<'_>, sources: &dyn Sources) -> Vec<Fix> {
        let Subject::Kept { tensor, is_summed } = finding.subject else {
            return vec![Fix::display("return", finding.recommendation.clone())];
        };
        let mut fixes: Vec<Fix> = Vec::new();
        if is_summed {
            fixes.extend(detaching::call_on(context, sources, tensor, "item", "Add the number: `.item()`"));
        }
        fixes.extend(detaching::call_on(
            context,
            sources,
            tensor,
            "detach",
            "Leave the graph behind: `.detach()`",
        ));
        fixes
    }
}

fn finding(context: &Context<'_>, rule: RuleId, kept: &RetainedGraph) -> Finding {
    let file = context.project.file(kept.code.module);
    let symbol = lasting::symbol(context, kept.holder);
    let verb = if kept.is_summed { "adds up" } else { "collects" };
    let message = format!("`{symbol}` {verb} tensors with the graphs that made them");
    let pattern = match kept.life {
        Life::Loop(_) => "the graph of every round is kept, in a loop that propagates back",
        Life::Step => "the graph of every step is kept by an object that outlives it",
    };
    let recommendation = if kept.is_summed {
        "add the number instead: .item(), or .detach() to stay on the device"
    } else {
        "keep .detach() of it, or .item() if it is a single number"
    };
    let words = [message, pattern.to_owned(), recommendation.to_owned()];
    let range = file.value_range(kept.code.item, kept.at);
    let mut finding = lasting::finding(context, rule, range, symbol, words);
    "the intermediate results of a forward pass per step".clone_into(&mut finding.impact);
    finding.risk.level = RiskLevel::High;
    "the graph of each step, on its device".clone_into(&mut finding.risk.reason);
    finding.subject = Subject::Kept { tensor: kept.code.value(kept.tensor), is_summed: kept.is_summed };
    finding.evidence.push(source(context, kept.source));
    finding.evidence.push(detaching::place(context, Role::Grows, kept.code.value(kept.at), "kept here"));
    if let Life::Loop(id) = kept.life {
        finding.evidence.push(detaching::loop_place(context, kept.code, id));
    }
    finding
}

fn source(context: &Context<'_>, source: ValueId) -> crate::finding::Evidence {
    detaching::place(context, Role::Created, source, "carries a graph from here")
}
