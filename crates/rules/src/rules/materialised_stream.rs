//! # LW106 materialised-stream
//!
//! ## What it does
//!
//! Points out streams that are held whole though the code goes through them once: a half of
//! `itertools.tee` that is read to its end before the other is touched, and a generator that reads a file
//! and is put into a list which only one loop makes use of.
//!
//! ## Why it leaks
//!
//! `tee` keeps what one half has read until the other reads it: all of it, here. A list keeps every
//! element until the last is done with. Memory is freed afterwards, so this is information; it is what
//! makes a program that streams need as much memory as its input is large.
//!
//! ## Example
//!
//! ```python
//! import itertools
//!
//!
//! def pairs(lines):
//!     first, second = itertools.tee(line.split() for line in lines)
//!     keys = [row[0] for row in first]  # information: [LW106]
//!     yield from zip(keys, second)
//! ```
//!
//! ## Use instead
//!
//! ```python
//! def pairs(lines):
//!     for line in lines:
//!         row = line.split()
//!         yield row[0], row
//! ```
//!
//! ## Fix safety
//!
//! How to go through the stream once depends on what is done with it. It is shown, not applied.
//!
//! ## Known limits
//!
//! Lists that are used more than once, indexed, measured or handed on are needed, and silent. So are lists
//! that are made before the file is closed and read after.
//!
//! ## References
//!
//! - [`itertools.tee`](https://docs.python.org/3/library/itertools.html#itertools.tee)

use leakwright_analysis::growth::{self, StreamWaste};

use crate::context::Context;
use crate::finding::{Evidence, Finding, LeakType, Risk, RiskLevel, Role, Severity};
use crate::fix::{Fix, Sources};
use crate::lasting;
use crate::registry::docs;
use crate::rule::{Family, Metadata, Rule, RuleId};

pub(crate) struct MaterialisedStream;

static METADATA: Metadata = Metadata {
    code: "LW106",
    name: "materialised-stream",
    summary: "a stream that is gone through once is held whole",
    family: Family::Growth,
    severity: Severity::Information,
    leak_type: LeakType::UnboundedCollection,
    is_default: true,
    docs: docs::LW106,
};

impl Rule for MaterialisedStream {
    fn metadata(&self) -> &'static Metadata {
        &METADATA
    }

    fn check(&self, context: &Context<'_>, findings: &mut Vec<Finding>) {
        let Some(rule) = RuleId::from_code(METADATA.code) else { return };
        let streams = growth::materialised_streams(context.project, context.items());
        findings.extend(streams.iter().map(|stream| finding(context, rule, stream)));
    }

    fn fixes(&self, finding: &Finding, _: &Context<'_>, _: &dyn Sources) -> Vec<Fix> {
        vec![Fix::display("stream", finding.recommendation.clone())]
    }
}

fn finding(context: &Context<'_>, rule: RuleId, stream: &growth::MaterialisedStream) -> Finding {
    let facts = context.project.facts(stream.code);
    let file = context.file();
    let range = file.value_range(stream.code.item, stream.at);
    let words = match stream.waste {
        StreamWaste::Tee(first, other) => {
            let (first, other) = (facts.var_name(first), facts.var_name(other));
            [
                format!("`{first}` is read to its end while `tee` keeps all of it for `{other}`"),
                "the halves of a tee are read one after the other".to_owned(),
                "go through the stream once, or make a list of it: it is no larger".to_owned(),
            ]
        }
        StreamWaste::List => [
            "a list of all elements is made, and gone through once".to_owned(),
            "a generator that reads a file is put into a list for one loop".to_owned(),
            "iterate over the generator itself".to_owned(),
        ],
    };
    let symbol = context.name_of(stream.code);
    let mut finding = Finding {
        impact: "as much memory as the stream is long, until it is gone through".to_owned(),
        risk: Risk {
            level: RiskLevel::Low,
            reason: "freed afterwards, but as large as the input".to_owned(),
        },
        ..lasting::finding(context, rule, range, symbol, words)
    };
    let place = |role, range, message: &str| Evidence {
        role,
        module: context.module,
        range,
        message: message.to_owned(),
    };
    let source = file.value_range(stream.code.item, stream.source);
    finding.evidence.push(place(Role::Created, source, "the stream"));
    finding.evidence.push(place(Role::Grows, range, "held whole from here"));
    finding
}
