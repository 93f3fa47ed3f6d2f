//! What is said of records that TensorFlow and JAX make: of traces that a function stores a part of, and of tapes.

use leakwright_analysis::tensor::{self, GrowingTape, LeakedTrace};

use crate::context::Context;
use crate::finding::{Confidence, Finding, RiskLevel, Role};
use crate::rule::RuleId;
use crate::{detaching, lasting};

/// The findings about traced functions and tapes in what is looked at.
pub(crate) fn findings(context: &Context<'_>, rule: RuleId) -> Vec<Finding> {
    let traces = tensor::leaked_traces(context.project, context.module, context.items());
    let tapes = tensor::growing_tapes(context.project, context.module, context.items());
    let traces = traces.iter().map(|leak| of_trace(context, rule, leak));
    traces.chain(tapes.iter().map(|tape| of_tape(context, rule, tape))).collect()
}

fn of_trace(context: &Context<'_>, rule: RuleId, leak: &LeakedTrace) -> Finding {
    let symbol = lasting::symbol(context, leak.holder);
    let function = context.project.facts(leak.code).own_name();
    let verb = if leak.is_added { "collects" } else { "keeps" };
    let words = [
        format!(
            "`{symbol}` {verb} what stands for arrays while `{function}` is traced, and the trace with it"
        ),
        format!("a function that `{}` traces stores what it computes outside of itself", leak.transform),
        "return the value, and keep what the caller gets".to_owned(),
    ];
    let range = context.file().value_range(leak.code.item, leak.at);
    let mut finding = lasting::finding(context, rule, range, symbol, words);
    finding.confidence = if leak.is_added { Confidence::High } else { Confidence::Medium };
    "the record of all operations of the function, each time it is traced".clone_into(&mut finding.impact);
    finding.risk.level = RiskLevel::Medium;
    "each trace is kept as a whole, and its values cannot be used".clone_into(&mut finding.risk.reason);
    finding.evidence = vec![
        detaching::place(
            context,
            Role::Created,
            leak.code.value(leak.source),
            "while it is traced, no array",
        ),
        detaching::place(context, Role::Escapes, leak.code.value(leak.at), "kept here"),
        detaching::place(context, Role::Repeats, leak.traced, "traced by this"),
    ];
    finding
}

fn of_tape(context: &Context<'_>, rule: RuleId, tape: &GrowingTape) -> Finding {
    let symbol = lasting::symbol(context, tape.holder);
    let words = [
        format!("`{symbol}` goes on recording where it was, each time it is entered"),
        "a persistent tape is made once, and entered again and again".to_owned(),
        "make a tape for each step, or call reset() before it is entered".to_owned(),
    ];
    let range = context.file().value_range(tape.code.item, tape.entered);
    let mut finding = lasting::finding(context, rule, range, symbol, words);
    "the intermediate results of a step, per step".clone_into(&mut finding.impact);
    finding.risk.level = RiskLevel::High;
    "the tape keeps what every step computed".clone_into(&mut finding.risk.reason);
    finding.evidence = vec![
        detaching::place(context, Role::Created, tape.made, "made here, once"),
        detaching::place(context, Role::Grows, tape.code.value(tape.entered), "records more here"),
    ];
    finding
}
