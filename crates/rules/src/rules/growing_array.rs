//! # LW104 growing-array
//!
//! ## What it does
//!
//! Finds arrays, frames and tensors that are concatenated onto themselves in code that repeats:
//! `x = np.append(x, …)`, `x = np.concatenate([x, …])`, `df = pd.concat([df, …])`, `torch.cat`.
//!
//! ## Why it leaks
//!
//! Each concatenation makes a copy of everything, so that n of them copy n² elements, and old and new
//! exist at the same time. Where the array is kept on an object or in a module, it grows without end as
//! well: a warning. In a loop that ends it is information.
//!
//! ## Example
//!
//! ```python
//! import numpy as np
//!
//!
//! class VectorIndex:
//!     def __init__(self, dim):
//!         self.vectors = np.empty((0, dim))
//!
//!     def add(self, vector):
//!         self.vectors = np.vstack([self.vectors, vector])  # error: [LW104]
//! ```
//!
//! ## Use instead
//!
//! ```python
//! import numpy as np
//!
//!
//! class VectorIndex:
//!     def __init__(self, dim, capacity=10_000):
//!         self.vectors = np.empty((capacity, dim))
//!         self.next = 0
//!
//!     def add(self, vector):
//!         self.vectors[self.next % len(self.vectors)] = vector
//!         self.next += 1
//! ```
//!
//! ## Fix safety
//!
//! What to write instead (a list that is concatenated once, an array of the final size, a ring) depends
//! on what the array is for. It is shown, not applied.
//!
//! ## Known limits
//!
//! Arrays that are cut, replaced or compared with a limit anywhere are passed over, as are loops over a
//! few things written out, and loops that end when the array is long enough.
//!
//! ## References
//!
//! - [`numpy.append`](https://numpy.org/doc/stable/reference/generated/numpy.append.html)
//! - [`pandas.concat`](https://pandas.pydata.org/docs/reference/api/pandas.concat.html)

use leakwright_analysis::growth::{self, ArrayLife};
use leakwright_syntax::TextRange;

use crate::context::Context;
use crate::finding::{Evidence, Finding, Growth, LeakType, RiskLevel, Role, Severity};
use crate::fix::{Fix, Sources};
use crate::lasting;
use crate::registry::docs;
use crate::rule::{Family, Metadata, Rule, RuleId};

pub(crate) struct GrowingArray;

static METADATA: Metadata = Metadata {
    code: "LW104",
    name: "growing-array",
    summary: "an array, frame or tensor is concatenated onto itself again and again",
    family: Family::Growth,
    severity: Severity::Warning,
    leak_type: LeakType::UnboundedCollection,
    is_default: true,
    docs: docs::LW104,
};

impl Rule for GrowingArray {
    fn metadata(&self) -> &'static Metadata {
        &METADATA
    }

    fn check(&self, context: &Context<'_>, findings: &mut Vec<Finding>) {
        let Some(rule) = RuleId::from_code(METADATA.code) else { return };
        let arrays = growth::growing_arrays(context.project, context.items());
        findings.extend(arrays.iter().map(|array| finding(context, rule, array)));
    }

    fn fixes(&self, _: &Finding, _: &Context<'_>, _: &dyn Sources) -> Vec<Fix> {
        vec![Fix::display("collect", "Collect the parts in a list, and concatenate them once".to_owned())]
    }
}

fn finding(context: &Context<'_>, rule: RuleId, array: &growth::GrowingArray) -> Finding {
    let project = context.project;
    let file = project.file(array.code.module);
    let symbol = lasting::symbol(context, array.holder);
    let (unit, recommendation) = match array.life {
        ArrayLife::Kept(..) => ("per call", "write into an array of fixed size, or keep the last parts only"),
        _ => ("per round", "collect the parts in a list and concatenate them once, after the loop"),
    };
    let message = match array.life {
        ArrayLife::Loop(_) => format!("`{symbol}` is copied whole in every round of the loop"),
        _ => format!("`{symbol}` only ever grows, and is copied whole each time"),
    };
    let range = file.value_range(array.code.item, array.call);
    let pattern = format!("an array is concatenated onto itself, {unit}");
    let words = [message, pattern, recommendation.to_owned()];
    let mut finding = lasting::finding(context, rule, range, symbol, words);
    finding.growth = Growth::Quadratic;
    finding.impact = format!("a copy of all there is {unit}; size of an element unknown");
    finding.risk.reason = format!("copies grow quadratically, all there is {unit}");
    let place = |role, range, message: &str| Evidence {
        role,
        module: context.module,
        range,
        message: message.to_owned(),
    };
    finding.evidence.push(place(Role::Grows, range, "the old and the new one exist at the same time here"));
    match array.life {
        ArrayLife::Loop(id) | ArrayLife::Endless(id) => {
            let found = project.facts(array.code).body.loops[id.index()].range;
            let start = file.range(array.code.item, found).start;
            // The keyword stands for the loop.
            let keyword = TextRange::new(start, start + "for".len() as u32);
            finding.evidence.push(place(Role::Repeats, keyword, "in each round of this loop"));
        }
        ArrayLife::Kept(kind, repeats) => {
            finding.confidence = lasting::confidence(&array.signs);
            finding.signs.clone_from(&array.signs);
            finding.evidence.extend(lasting::repeats(context, array.code, repeats));
            finding.risk.level = RiskLevel::High;
            finding.risk.reason = format!("{}; {}", finding.risk.reason, lasting::lifetime(kind));
        }
    }
    match array.life {
        ArrayLife::Loop(_) => {
            finding.severity = Severity::Information;
            finding.risk.level = RiskLevel::Low;
        }
        ArrayLife::Endless(_) => finding.risk.level = RiskLevel::High,
        ArrayLife::Kept(..) => {}
    }
    finding
}
