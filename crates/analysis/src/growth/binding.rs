//! What a holder is bound to: where its container is made, put back to nothing, or replaced.

use leakwright_catalogue::ContainerKind;

use super::effect::{Effect, GrowthForm};
use super::guard::says_absent;
use super::holder::{HolderKind, is_initial};
use super::{Reason, site_value};
use crate::flow::Flow;
use crate::ir::{BinaryOp, Const, Op, Step, UseKind, Val};
use crate::project::{ClassId, CodeId, CreatedContainer, Holder, Project, Site, ValueId};

/// How the container of a holder comes to be.
pub(super) struct Creation {
    /// How long the holder lives.
    pub(super) kind: HolderKind,
    /// What it is.
    pub(super) container: CreatedContainer,
    /// The values that create it.
    pub(super) values: Vec<ValueId>,
}

/// How many operands of a value are looked at for where it comes from.
const MAX_OPERANDS: usize = 64;

/// Finds where the container of a holder is created.
pub(super) fn creation(project: &Project, holder: Holder, sites: &[Site]) -> Result<Creation, Reason> {
    let mut container: Option<CreatedContainer> = None;
    let mut values = Vec::new();
    let mut on_class = false;
    let mut on_object = false;
    for &site in sites.iter().filter(|site| site.depth == 0) {
        let UseKind::Bind(value) = site.find(project).kind else { continue };
        let Some(made) = project.created_container(site.code, value) else { continue };
        let in_class_body = project.is_class(site.code);
        let per_object =
            !in_class_body || project.is_field_factory(site.code, value) || is_copied(project, site.code);
        on_object |= per_object;
        on_class |= !per_object;
        values.push(site.code.value(value));
        container = Some(match container {
            None => made,
            Some(known) => merge(known, made).ok_or(Reason::NotAContainer)?,
        });
    }
    if container.is_none() && !matches!(holder, Holder::Local { .. }) {
        values = texts(project, sites);
        container = (!values.is_empty()).then_some(EMPTY_TEXT);
    }
    let container = container.ok_or(Reason::NotAContainer)?;
    let kind = match holder {
        Holder::Global { .. } => HolderKind::Module,
        Holder::Attribute { .. } if on_class && !on_object => HolderKind::Class,
        Holder::Attribute { .. } => HolderKind::Instance,
        Holder::Local { code, .. } if sites.iter().any(|site| site.code != code) => HolderKind::Closure,
        Holder::Local { .. } => HolderKind::Local,
    };
    Ok(Creation { kind, container, values })
}

const EMPTY_TEXT: CreatedContainer =
    CreatedContainer { kind: ContainerKind::Text, is_bounded: false, is_empty: true };

/// The strings or bytes that a holder begins with, if text is added to what it holds.
fn texts(project: &Project, sites: &[Site]) -> Vec<ValueId> {
    if !sites.iter().any(|site| adds_to_text(project, *site)) {
        return Vec::new();
    }
    let bound = sites.iter().filter(|site| site.depth == 0).filter_map(|site| {
        let UseKind::Bind(value) = site.find(project).kind else { return None };
        is_text(project, site.code, value).then(|| site.code.value(value))
    });
    bound.collect()
}

/// Whether a value is a string or bytes written out.
fn is_text(project: &Project, code: CodeId, value: Val) -> bool {
    matches!(
        project.facts(code).body.op(value),
        Op::Const(Const::Str(_) | Const::Text | Const::Bytes) | Op::Format(_)
    )
}

/// Whether a use adds something to what may be text: `log += line`. What is written out is of one size.
pub(super) fn adds_to_text(project: &Project, site: Site) -> bool {
    let facts = project.facts(site.code);
    let used = site.find(project);
    if site.depth > 0 || used.kind != UseKind::Augment(BinaryOp::Add) {
        return false;
    }
    let stored = match facts.body.op(used.at) {
        Op::Store { value, .. } | Op::StoreAttr { value, .. } => facts.body.op(value),
        _ => return false,
    };
    let Op::InPlace { right, .. } = stored else { return false };
    !matches!(facts.body.op(right), Op::Const(_))
}

/// Whether what a class body binds is what each object gets one of its own of: fields of a named tuple are
/// given as it is made, those of a model are copied.
fn is_copied(project: &Project, class: CodeId) -> bool {
    project.external_bases(ClassId(class)).iter().any(|base| {
        let last = base.rsplit('.').next().unwrap_or(base);
        matches!(last, "NamedTuple" | "TypedDict" | "BaseModel" | "BaseSettings" | "SQLModel")
    })
}

/// One description of two containers that a holder is bound to at different times.
fn merge(a: CreatedContainer, b: CreatedContainer) -> Option<CreatedContainer> {
    let kind = match (a.kind, b.kind) {
        (a, b) if a == b => a,
        (ContainerKind::DefaultDict, ContainerKind::Dict)
        | (ContainerKind::Dict, ContainerKind::DefaultDict) => ContainerKind::DefaultDict,
        (ContainerKind::Weak, _) | (_, ContainerKind::Weak) => ContainerKind::Weak,
        _ => return None,
    };
    Some(CreatedContainer {
        kind,
        is_bounded: a.is_bounded || b.is_bounded,
        is_empty: a.is_empty && b.is_empty,
    })
}

impl Creation {
    /// What binding the holder to a value does to its container.
    pub(super) fn bind_effect(&self, project: &Project, holder: Holder, site: Site, value: Val) -> Effect {
        let code = site.code;
        let body = &project.facts(code).body;
        if matches!(body.op(value), Op::Const(Const::None)) {
            return if is_start(project, holder, code) { Effect::Create } else { Effect::Replace };
        }
        if grows_itself(project, holder, code, value) {
            // `self.options = self.options + [option]` leaves what the class has as it was.
            if self.kind == HolderKind::Class && is_on_object(project, site) {
                return Effect::Read;
            }
            return Effect::Grow { form: GrowthForm::Rebuild, key: None };
        }
        if is_made_from(project, holder, code, value) {
            return Effect::Shrink;
        }
        let is_made = match self.container.kind {
            ContainerKind::Text => is_text(project, code, value),
            _ => project.created_container(code, value).is_some(),
        };
        if !is_made {
            // Elsewhere than where its life begins, something else is put in its place.
            return if is_start(project, holder, code) { Effect::Escape } else { Effect::Replace };
        }
        if is_start(project, holder, code) || self.is_lazy(project, holder, site) {
            return Effect::Create;
        }
        Effect::Replace
    }

    /// Whether this is the one place where the container is made, on first use.
    fn is_lazy(&self, project: &Project, holder: Holder, site: Site) -> bool {
        let flow = Flow::new(&project.facts(site.code).body);
        let block = site.find(project).block;
        if flow.guards(block).into_iter().any(|guard| says_absent(project, holder, site.code, guard)) {
            return true;
        }
        // `except AttributeError: self._cache = {}`
        self.values.len() == 1 && flow.is_in_handler(block)
    }
}

/// Whether a site names an attribute by way of `self`.
fn is_on_object(project: &Project, site: Site) -> bool {
    let facts = project.facts(site.code);
    let root = facts.places.root(site.find(project).place);
    project.self_class(site.code, root).is_some_and(|(_, is_class)| !is_class)
}

/// Whether binding the holder in an item is where its life begins.
fn is_start(project: &Project, holder: Holder, code: CodeId) -> bool {
    match holder {
        Holder::Local { code: owner, .. } => code == owner,
        _ => is_initial(project, code),
    }
}

/// `self.items = self.items + [item]`
fn grows_itself(project: &Project, holder: Holder, code: CodeId, value: Val) -> bool {
    let body = &project.facts(code).body;
    match body.op(value) {
        Op::Binary { op: crate::ir::BinaryOp::Add | crate::ir::BinaryOp::Or, left, right } => {
            [left, right].into_iter().any(|operand| is_holder(project, holder, code, operand))
        }
        // `[*self.items, item]`, `{**self.items, key: value}`
        Op::Display { args, .. } => body.args(args).iter().any(|arg| {
            arg.kind != crate::ir::ArgKind::Positional && is_holder(project, holder, code, arg.value)
        }),
        _ => false,
    }
}

fn is_holder(project: &Project, holder: Holder, code: CodeId, value: Val) -> bool {
    let place = project.facts(code).places.of(value);
    place
        .and_then(|place| project.locate(code, place))
        .is_some_and(|located| located.holder == holder && located.rest.is_empty())
}

/// Whether a value is computed from the holder: filtered, sliced, sorted.
fn is_made_from(project: &Project, holder: Holder, code: CodeId, value: Val) -> bool {
    let facts = project.facts(code);
    let mut pending = vec![value];
    for _ in 0..MAX_OPERANDS {
        let Some(current) = pending.pop() else { return false };
        let place = facts.places.of(current);
        let located = place.and_then(|place| project.locate(code, place));
        if located.is_some_and(|located| {
            located.holder == holder && located.rest.iter().all(|step| !matches!(step, Step::Attr(_)))
        }) {
            return true;
        }
        facts.body.operands(facts.body.op(current), |operand| pending.push(operand));
        if let Op::Load(var) = facts.body.op(current)
            && facts.is_local(var)
        {
            pending.extend(
                facts.stores(var).iter().filter_map(|store| facts.stored(*store)).filter(|v| *v < current),
            );
        }
    }
    false
}

/// Whether two sites are in the same item, the first before the second.
pub(super) fn precedes(project: &Project, first: Site, second: Site) -> bool {
    let (first, second) = (site_value(project, first), site_value(project, second));
    first.0 == second.0 && first.1 < second.1
}
