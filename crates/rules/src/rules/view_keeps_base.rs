//! # LW504 view-keeps-base
//!
//! ## What it does
//!
//! Finds a small slice or element of a large array of NumPy or PyTorch that is stored where it lives on,
//! while nothing else needs the array any more.
//!
//! ## Why it leaks
//!
//! A slice of an array is a view: it refers to the whole of it. A row that is kept keeps the array.
//!
//! ## Example
//!
//! ```python
//! from collections import deque
//!
//! import numpy as np
//!
//! thumbnails = deque(maxlen=100)
//!
//!
//! def add(path):
//!     image = np.load(path)
//!     thumbnails.append(image[:8])  # error: [LW504]
//! ```
//!
//! ## Use instead
//!
//! ```python
//! from collections import deque
//!
//! import numpy as np
//!
//! thumbnails = deque(maxlen=100)
//!
//!
//! def add(path):
//!     image = np.load(path)
//!     thumbnails.append(image[:8].copy())
//! ```
//!
//! ## Fix safety
//!
//! Unsafe: what is written to a view is seen in the array, what is written to a copy is not.
//!
//! ## Known limits
//!
//! Only arrays that the same function makes by a known call are followed, and only parts that are small by how
//! they are written: an element, or a slice up to a number. A memory map reads what is asked for, and is passed over.
//!
//! ## References
//!
//! - [Copies and views](https://numpy.org/doc/stable/user/basics.copies.html)

use leakwright_analysis::tensor::{self, KeptView};

use crate::context::Context;
use crate::detaching;
use crate::finding::{Confidence, Finding, Growth, LeakType, RiskLevel, Role, Severity};
use crate::fix::{Fix, Sources};
use crate::lasting;
use crate::registry::docs;
use crate::rule::{Family, Metadata, Rule, RuleId};
use crate::subject::Subject;

pub(crate) struct ViewKeepsBase;

static METADATA: Metadata = Metadata {
    code: "LW504",
    name: "view-keeps-base",
    summary: "a small view is stored, and keeps the large array that it is a part of",
    family: Family::Tensor,
    severity: Severity::Warning,
    leak_type: LeakType::Tensor,
    is_default: true,
    docs: docs::LW504,
};

impl Rule for ViewKeepsBase {
    fn metadata(&self) -> &'static Metadata {
        &METADATA
    }

    fn check(&self, context: &Context<'_>, findings: &mut Vec<Finding>) {
        let Some(rule) = RuleId::from_code(METADATA.code) else { return };
        let views = tensor::kept_views(context.project, context.items());
        findings.extend(views.iter().map(|view| finding(context, rule, view)));
    }

    fn fixes(&self, finding: &Finding, context: &Context<'_>, sources: &dyn Sources) -> Vec<Fix> {
        let Subject::View { view, is_tensor } = finding.subject else { return Vec::new() };
        let (method, title) =
            if is_tensor { ("clone", "Keep a copy: `.clone()`") } else { ("copy", "Keep a copy: `.copy()`") };
        let fix = detaching::call_on(context, sources, view, method, title);
        vec![fix.unwrap_or_else(|| Fix::display("copy", finding.recommendation.clone()))]
    }
}

fn finding(context: &Context<'_>, rule: RuleId, kept: &KeptView) -> Finding {
    let symbol = lasting::symbol(context, kept.holder);
    let method = if kept.is_tensor { "clone" } else { "copy" };
    let words = [
        format!("`{symbol}` keeps a small view, and with it the whole array"),
        "a part of an array is stored, and nothing else needs the array".to_owned(),
        format!("store a copy of the part: .{method}()"),
    ];
    let range = context.file().value_range(kept.code.item, kept.at);
    let mut finding = lasting::finding(context, rule, range, symbol, words);
    finding.confidence = if kept.is_element { Confidence::High } else { Confidence::Medium };
    "the array, per view that is kept; size unknown".clone_into(&mut finding.impact);
    "a view refers to all of its array".clone_into(&mut finding.risk.reason);
    if !kept.is_element {
        finding.growth = Growth::Constant;
        finding.severity = Severity::Information;
        finding.risk.level = RiskLevel::Low;
    }
    finding.subject = Subject::View { view: kept.code.value(kept.view), is_tensor: kept.is_tensor };
    finding.evidence.push(detaching::place(context, Role::Created, kept.base, "the array is made here"));
    let message = "a view of it is kept here";
    finding.evidence.push(detaching::place(context, Role::Captures, kept.code.value(kept.at), message));
    finding
}
