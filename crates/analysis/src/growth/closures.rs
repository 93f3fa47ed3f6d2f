//! Variables of a function that an inner function goes on using.

use super::confidence::Sign;
use super::key::same_value;
use crate::flow::reaching;
use crate::ir::{ItemFacts, Op, UseKind, Val};
use crate::project::{CodeId, Holder, Project, ReferenceKind, Site};

/// An inner function that its outer function returns or hands on lives as long as the receiver.
pub(super) fn closure_sign(project: &Project, outer: CodeId, inner: CodeId) -> Sign {
    let file = project.file(outer.module);
    let child = std::iter::once(inner.item)
        .chain(file.ancestors(inner.item))
        .find(|item| file.parent(*item) == Some(outer.item));
    let handed_on = child.is_some_and(|item| {
        let references = project.references(CodeId { item, ..outer });
        references
            .iter()
            .any(|found| found.kind == ReferenceKind::Value && is_kept(project, found.code, found.at))
    });
    let is_resumed =
        matches!(project.facts(outer).kind, crate::ir::ItemKind::Function { is_generator: true, .. });
    if is_resumed {
        Sign::new(-4, "the function around it goes on, and ends, after the inner one is done with")
    } else if handed_on {
        Sign::new(1, "the inner function is kept")
    } else {
        Sign::new(-4, "the inner function is not seen to outlive the call")
    }
}

/// Whether a function that is used as a value is returned, stored, or given to something that keeps
/// it, by what that is called.
fn is_kept(project: &Project, code: CodeId, value: Val) -> bool {
    let facts = project.facts(code);
    (0..facts.body.insts.len()).map(Val::new).any(|at| match facts.body.op(at) {
        Op::Return(Some(returned)) | Op::Yield(Some(returned)) => returned == value,
        Op::StoreAttr { value: stored, .. } => stored == value && !is_put_back(project, code, at),
        Op::StoreIndex { base, value: stored, .. } => {
            stored == value && !is_of_the_call(project, code, base) && !is_put_back(project, code, at)
        }
        Op::Call { callee, args } => {
            let is_given = || facts.body.args(args).iter().any(|arg| arg.value == value);
            let is_added =
                || facts.attribute_of(callee).is_none_or(|(base, _)| !is_of_the_call(project, code, base));
            keeps(facts, callee) && is_given() && is_added()
        }
        _ => false,
    })
}

/// Whether the same code puts something else in the place where it stores something, later.
fn is_put_back(project: &Project, code: CodeId, store: Val) -> bool {
    let facts = project.facts(code);
    let of = |value: Val| facts.places.of(value);
    let Some(block) = facts.body.block_of(store) else { return false };
    let comes_later = |later: Val| {
        facts.body.block_of(later).is_some_and(|target| reaching(&facts.body, target)[block.index()])
    };
    (store.index() + 1..facts.body.insts.len()).map(Val::new).any(|later| {
        let is_same_place = match (facts.body.op(store), facts.body.op(later)) {
            (Op::StoreAttr { base: a, name: own, .. }, Op::StoreAttr { base: b, name, .. }) => {
                own == name && of(a).is_some() && of(a) == of(b)
            }
            (Op::StoreIndex { base: a, key: own, .. }, Op::StoreIndex { base: b, key, .. }) => {
                of(a).is_some() && of(a) == of(b) && same_value(project, code, own, key)
            }
            _ => false,
        };
        is_same_place && comes_later(later)
    })
}

/// What a method is called that sets something which is called again and again.
const CALLED: [&str; 12] = [
    "callback", "handler", "hook", "listener", "observer", "function", "func", "factory", "filter", "trace",
    "profile", "on",
];

/// Whether a method keeps what it is given, by its name.
fn keeps(facts: &ItemFacts, callee: Val) -> bool {
    let Op::Attr { name, .. } = facts.body.op(callee) else { return false };
    let name = facts.str(name);
    let words: Vec<String> = leakwright_catalogue::split_words(name).collect();
    let Some((first, rest)) = words.split_first().filter(|_| !runs_once(name)) else { return false };
    match first.as_str() {
        "add" | "append" | "register" | "connect" | "subscribe" | "on" | "bind" | "attach" | "listen"
        | "observe" | "hook" => true,
        // `set`, `set_handler`; `set_keyspace` is given what it calls when that is done.
        "set" => rest.is_empty() || rest.iter().any(|word| CALLED.contains(&word.as_str())),
        _ => false,
    }
}

/// Whether a value is a container that the call makes, and that goes with it: it is filled, looked into and passed on,
/// and nothing keeps it.
fn is_of_the_call(project: &Project, code: CodeId, value: Val) -> bool {
    let facts = project.facts(code);
    let Some(place) = facts.places.of(value) else { return false };
    let (var, steps) = facts.places.path(place);
    let is_own = steps.is_empty() && facts.is_local(var) && !facts.var(var).is_parameter;
    let made = facts.only_value(var).and_then(|made| project.created_container(code, made));
    let goes = |site: &Site| {
        let used = site.find(project);
        site.code == code
            && match used.kind {
                UseKind::Keep | UseKind::Return | UseKind::Await | UseKind::Augment(_) => false,
                UseKind::Argument => match facts.body.op(used.at) {
                    Op::Call { callee, .. } => !keeps(facts, callee),
                    _ => false,
                },
                _ => true,
            }
    };
    is_own && made.is_some() && project.sites(Holder::Local { code, var }).iter().all(goes)
}

/// Whether a method of a name is given what is run once at most: when a future or deferred has its result.
fn runs_once(method: &str) -> bool {
    matches!(method, "addCallback" | "addCallbacks" | "addErrback" | "addBoth" | "add_done_callback")
}
