//! # LW101 unbounded-collection
//!
//! ## What it does
//!
//! Finds containers that outlive the work that feeds them: a list, dict, set or deque in a module
//! variable, a class attribute, an attribute of an object or a variable of a closure that is added to
//! by code that repeats, with nothing in the project that removes from it, bounds it, replaces it or
//! drains it.
//!
//! A removal counts by where it stands. What empties a container only when its owner is closed, a
//! finaliser of an object that the container holds, a callback that means the last round's variable,
//! and what a coroutine removes after waiting, without `finally`, leave it growing: the finding shows them.
//!
//! ## Why it leaks
//!
//! Whatever is put in stays reachable for as long as the holder lives. One entry per call, request or
//! event is enough: memory grows with the work done, and is never given back.
//!
//! ## Example
//!
//! ```python
//! class MessageQueue:
//!     def __init__(self):
//!         self.messages = []
//!
//!     def add_message(self, message):
//!         self.messages.append(message)  # error: [LW101]
//! ```
//!
//! ## Use instead
//!
//! ```python
//! from collections import deque
//!
//!
//! class MessageQueue:
//!     def __init__(self):
//!         self.messages = deque(maxlen=1000)
//!
//!     def add_message(self, message):
//!         self.messages.append(message)
//! ```
//!
//! ## Fix safety
//!
//! Both fixes drop the oldest elements beyond a limit, so they are *unsafe*: whether old elements may
//! go is for you to say. `deque(maxlen=…)` is offered only where every use in the project is one that a
//! deque allows too: no slices, no sorting, no comparison with a list, no way out to code that cannot be
//! seen. The other keeps the list and deletes all but its last elements after it grows. For dicts and
//! sets there is no mechanical fix: which entries are done with is not in the code. A set of asyncio tasks is told
//! to forget each when it is done, which is *unsafe* too: whoever looks at the set later finds only those that run.
//!
//! ## Known limits
//!
//! Attributes set through `setattr` or `__dict__`, and containers handed to code outside the project,
//! are passed over. Whether an attribute lives long is judged by signs (where objects of the class are
//! made, what they are called, what calls the method, whether keys are new again and again); findings
//! with too few of them have low confidence and are hidden.
//!
//! ## References
//!
//! - [`collections.deque`](https://docs.python.org/3/library/collections.html#collections.deque)

use leakwright_analysis::growth::Growing;
use leakwright_analysis::tasks;
use leakwright_catalogue::ContainerKind;

use super::{mutable_default_growth, unbounded_cache, unbounded_collection_in_loop};
use crate::context::Context;
use crate::finding::{Finding, LeakType, Severity};
use crate::fix::{Fix, Sources};
use crate::growing::Words;
use crate::registry::docs;
use crate::rule::{Family, Metadata, Rule, RuleId};
use crate::subject::Subject;
use crate::{bounding, edits, keeping};

pub(crate) struct UnboundedCollection;

static METADATA: Metadata = Metadata {
    code: "LW101",
    name: "unbounded-collection",
    summary: "a container that outlives the work that feeds it only ever grows",
    family: Family::Growth,
    severity: Severity::Warning,
    leak_type: LeakType::UnboundedCollection,
    is_default: true,
    docs: docs::LW101,
};

impl Rule for UnboundedCollection {
    fn metadata(&self) -> &'static Metadata {
        &METADATA
    }

    fn check(&self, context: &Context<'_>, findings: &mut Vec<Finding>) {
        let Some(rule) = RuleId::from_code(METADATA.code) else { return };
        for growing in context.growing() {
            if unbounded_collection_in_loop::applies(growing)
                || unbounded_cache::applies(growing)
                || mutable_default_growth::is_shared_by_accident(context, growing)
                || mutable_default_growth::is_made_anew(growing)
            {
                continue;
            }
            let words = Words::new(context, growing);
            let symbol = words.symbol();
            findings.push(words.finding(
                rule,
                format!("`{symbol}` only ever grows"),
                format!("{} {}, {}", words.operation(), words.unit(), words.lack()),
                recommendation(context, growing),
            ));
        }
    }

    fn fixes(&self, finding: &Finding, context: &Context<'_>, sources: &dyn Sources) -> Vec<Fix> {
        match &finding.subject {
            Subject::Growing(growing) if keeps_tasks(context, growing) => {
                let tree = sources.tree(context.module);
                let call = tree.and_then(|tree| Some((tree, edits::exact(tree, finding.range)?)));
                let fix =
                    call.and_then(|(tree, call)| keeping::discard_when_done(context.module, tree, call));
                vec![fix.unwrap_or_else(|| Fix::display("discard", finding.recommendation.clone()))]
            }
            Subject::Growing(growing) => bounding::fixes(growing, context, sources),
            _ => Vec::new(),
        }
    }
}

/// Whether a set keeps tasks of asyncio.
fn keeps_tasks(context: &Context<'_>, growing: &Growing) -> bool {
    let project = context.project;
    growing.container == ContainerKind::Set
        && growing
            .growth
            .iter()
            .all(|growth| tasks::kept_task(project, growth.site.code, growth.site.find(project).at).is_some())
}

fn recommendation(context: &Context<'_>, growing: &Growing) -> String {
    match growing.container {
        ContainerKind::Set if keeps_tasks(context, growing) => {
            "take each task out when it is done: task.add_done_callback(tasks.discard)".to_owned()
        }
        ContainerKind::List | ContainerKind::Deque => {
            format!("use deque(maxlen={}), or remove what is done with", context.settings.deque_maxlen)
        }
        ContainerKind::Text => "write it out as it comes, or keep the last pieces in a deque".to_owned(),
        ContainerKind::Set => "discard entries that are done with".to_owned(),
        _ => "delete entries that are done with, or evict the oldest beyond a limit".to_owned(),
    }
}
