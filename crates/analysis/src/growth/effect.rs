//! What one use of a container does to it.

use leakwright_catalogue::ContainerKind;

use super::arguments;
use super::binding::Creation;
use super::key;
use crate::ir::{BinaryOp, Op, Step, Use, UseKind, Val};
use crate::project::{CodeId, Holder, Project, Site};

/// What a use does to a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Makes it.
    Create,
    /// Adds to it.
    Grow {
        /// How.
        form: GrowthForm,
        /// By which key, or which element of a set.
        key: Option<Val>,
    },
    /// Removes from it.
    Shrink,
    /// Puts another in its place.
    Replace,
    /// Compares its size with a limit.
    Check,
    /// Looks at it.
    Read,
    /// Returns it: the caller sees it, and could do anything.
    Handout,
    /// Hands it to code that could do anything.
    Escape,
}

/// How a container grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrowthForm {
    /// A method that adds one element.
    AddOne,
    /// A method or operator that adds several.
    AddMany,
    /// A key is assigned.
    AssignKey,
    /// Reading a missing key adds it.
    ReadKey,
    /// `setdefault`
    SetDefault,
    /// An element of it, itself a container, is added to.
    Inner,
    /// It is bound to itself and more.
    Rebuild,
}

/// Methods of containers that remove from them.
pub(super) const REMOVALS: [&str; 11] = [
    "pop",
    "popitem",
    "popleft",
    "clear",
    "remove",
    "discard",
    "difference_update",
    "intersection_update",
    "symmetric_difference_update",
    "__delitem__",
    "subtract",
];

/// Whether a method of containers removes from them.
pub(super) fn is_removal(method: &str) -> bool {
    REMOVALS.contains(&method)
}

/// Whether a method of containers adds to them.
fn growth_form(method: &str) -> Option<GrowthForm> {
    match method {
        "append" | "appendleft" | "insert" | "add" => Some(GrowthForm::AddOne),
        "extend" | "extendleft" | "update" => Some(GrowthForm::AddMany),
        "setdefault" => Some(GrowthForm::SetDefault),
        "__setitem__" => Some(GrowthForm::AssignKey),
        _ => None,
    }
}

/// Whether a method of containers adds to them.
pub(super) fn adds(method: &str) -> bool {
    growth_form(method).is_some()
}

fn is_reading(method: &str) -> bool {
    matches!(
        method,
        "get"
            | "keys"
            | "items"
            | "values"
            | "copy"
            | "count"
            | "index"
            | "sort"
            | "reverse"
            | "rotate"
            | "move_to_end"
            | "most_common"
            | "elements"
            | "total"
            | "__len__"
            | "__contains__"
            | "__getitem__"
            | "__iter__"
            | "union"
            | "intersection"
            | "difference"
            | "issubset"
            | "issuperset"
            | "isdisjoint"
            | "decode"
            | "find"
            | "startswith"
            | "endswith"
            | "split"
            | "hex"
            | "__sizeof__"
    )
}

/// What a use does to the container of a holder.
pub(super) fn effect(project: &Project, holder: Holder, creation: &Creation, site: Site) -> Effect {
    let used = site.find(project);
    match site.rest(project).as_slice() {
        [_, ..] if creation.container.kind == ContainerKind::Text => Effect::Read,
        [] => direct(project, holder, creation, site, used),
        [Step::Attr(name)] => bound_method(project, site, used, project.facts(site.code).str(*name)),
        [Step::Element, rest @ ..] => inner(project, creation, site, used, rest),
        [Step::Attr(_), ..] => Effect::Escape,
        _ => Effect::Read,
    }
}

fn direct(project: &Project, holder: Holder, creation: &Creation, site: Site, used: Use) -> Effect {
    let facts = project.facts(site.code);
    let kind = creation.container.kind;
    match used.kind {
        UseKind::Bind(value) => creation.bind_effect(project, holder, site, value),
        UseKind::Augment(BinaryOp::Add) if kind == ContainerKind::Text => {
            Effect::Grow { form: GrowthForm::Rebuild, key: None }
        }
        UseKind::Unbind => Effect::Shrink,
        // Text never changes: whoever gets it cannot do anything to the holder.
        _ if kind == ContainerKind::Text => Effect::Read,
        UseKind::DeleteElement => Effect::Shrink,
        UseKind::Call(name) => method(project, kind, site, used.at, facts.str(name)),
        UseKind::ReadElement => read_element(project, kind, site, used),
        UseKind::StoreElement => store_element(project, kind, site.code, used.at),
        UseKind::AugmentElement => match (kind, element_key(project, site.code, used.at)) {
            (ContainerKind::Counter | ContainerKind::DefaultDict, Some(key)) => {
                grow_by_key(project, site, GrowthForm::ReadKey, key)
            }
            _ => Effect::Read,
        },
        UseKind::Augment(BinaryOp::Add | BinaryOp::Or) => {
            let added = match facts.body.op(used.at) {
                Op::Store { value, .. } | Op::StoreAttr { value, .. } => match facts.body.op(value) {
                    Op::InPlace { right, .. } if kind == ContainerKind::Set => Some(right),
                    _ => None,
                },
                _ => None,
            };
            Effect::Grow { form: GrowthForm::AddMany, key: added }
        }
        UseKind::Augment(BinaryOp::Sub | BinaryOp::And | BinaryOp::Xor) => Effect::Shrink,
        UseKind::Augment(_) | UseKind::Keep | UseKind::Invoke => Effect::Escape,
        UseKind::Argument => arguments::passed(project, site, used),
        UseKind::Return => Effect::Handout,
        UseKind::Iterate | UseKind::Test | UseKind::Operand | UseKind::Enter | UseKind::Await => Effect::Read,
    }
}

fn method(project: &Project, kind: ContainerKind, site: Site, call: Val, name: &str) -> Effect {
    if is_removal(name) {
        return Effect::Shrink;
    }
    if is_reading(name) {
        return Effect::Read;
    }
    let Some(form) = growth_form(name) else { return Effect::Escape };
    let facts = project.facts(site.code);
    let Op::Call { args, .. } = facts.body.op(call) else { return Effect::Escape };
    let operands = facts.body.args(args);
    let first =
        operands.iter().find(|arg| !matches!(arg.kind, crate::ir::ArgKind::Keyword(_))).map(|arg| arg.value);
    match (form, kind) {
        // A bounded update: adding nothing, or literals.
        (GrowthForm::AddMany, _)
            if first.is_none_or(|value| key::has_literal_keys(project, site.code, value)) =>
        {
            Effect::Read
        }
        (GrowthForm::SetDefault, _) | (GrowthForm::AddOne, ContainerKind::Set) => match first {
            Some(key) => grow_by_key(project, site, form, key),
            None => Effect::Read,
        },
        (GrowthForm::AddMany, ContainerKind::Set) => Effect::Grow { form, key: first },
        _ => Effect::Grow { form, key: None },
    }
}

/// Growth by a key, unless the key is one that the container has already.
fn grow_by_key(project: &Project, site: Site, form: GrowthForm, key: Val) -> Effect {
    if key::is_own(project, site, key) {
        return Effect::Read;
    }
    Effect::Grow { form, key: Some(key) }
}

fn element_key(project: &Project, code: CodeId, at: Val) -> Option<Val> {
    match project.facts(code).body.op(at) {
        Op::Index { key, .. } | Op::StoreIndex { key, .. } | Op::DeleteIndex { key, .. } => Some(key),
        _ => None,
    }
}

fn is_slice(project: &Project, code: CodeId, key: Val) -> bool {
    matches!(project.facts(code).body.op(key), Op::Slice(_))
}

/// Reading a missing key of a defaultdict adds it, unless a test or a store went before.
fn read_element(project: &Project, kind: ContainerKind, site: Site, used: Use) -> Effect {
    match element_key(project, site.code, used.at) {
        Some(key) if kind == ContainerKind::DefaultDict && !is_slice(project, site.code, key) => {
            if key::is_known_present(project, site, key) {
                return Effect::Read;
            }
            grow_by_key(project, site, GrowthForm::ReadKey, key)
        }
        _ => Effect::Read,
    }
}

fn store_element(project: &Project, kind: ContainerKind, code: CodeId, at: Val) -> Effect {
    let Some(key) = element_key(project, code, at) else { return Effect::Read };
    if is_slice(project, code, key) {
        return Effect::Shrink;
    }
    if !kind.is_mapping() {
        return Effect::Read;
    }
    let facts = project.facts(code);
    let Some(index) = facts.uses.iter().position(|used| used.at == at && used.kind == UseKind::StoreElement)
    else {
        return Effect::Grow { form: GrowthForm::AssignKey, key: Some(key) };
    };
    grow_by_key(project, Site::new(code, index), GrowthForm::AssignKey, key)
}

/// A method of the container that is not called on the spot: an alias, or a callback.
fn bound_method(project: &Project, site: Site, used: Use, name: &str) -> Effect {
    if is_removal(name) {
        return Effect::Shrink;
    }
    match (growth_form(name), used.kind) {
        (Some(form), UseKind::Invoke | UseKind::Argument) => {
            let facts = project.facts(site.code);
            let key = match (facts.body.op(used.at), used.kind) {
                (Op::Call { args, .. }, UseKind::Invoke) if form != GrowthForm::AddMany => {
                    facts.body.args(args).first().map(|arg| arg.value)
                }
                _ => None,
            };
            Effect::Grow { form, key: key.filter(|_| form != GrowthForm::AddOne) }
        }
        (Some(_), _) => Effect::Escape,
        (None, _) if is_reading(name) || name == "maxlen" => Effect::Read,
        (None, _) => Effect::Escape,
    }
}

/// Something done with an element. The elements of a container may be containers themselves.
fn inner(project: &Project, creation: &Creation, site: Site, used: Use, rest: &[Step]) -> Effect {
    let facts = project.facts(site.code);
    let name = match (rest, used.kind) {
        ([], UseKind::Call(name)) => facts.str(name),
        ([Step::Attr(name)], _) => facts.str(*name),
        ([], UseKind::DeleteElement) => return Effect::Shrink,
        _ => return Effect::Read,
    };
    if is_removal(name) {
        return Effect::Shrink;
    }
    let adds = matches!(name, "append" | "appendleft" | "add" | "extend" | "insert");
    let nests = creation.container.kind.is_mapping();
    match used.kind {
        UseKind::Call(_) if adds && nests && rest.is_empty() => {
            Effect::Grow { form: GrowthForm::Inner, key: None }
        }
        _ => Effect::Read,
    }
}
