//! Conditions around growth that keep it from repeating.

use super::holder::HolderKind;
use crate::flow::{Flow, Guard};
use crate::ir::{BlockId, CompareOp, Const, Op, UseKind, Val};
use crate::project::{CodeId, Holder, Project, Site};

/// What the conditions around a growth site say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guarded {
    /// Nothing.
    Not,
    /// It grows only by what is not in it yet.
    NotIn(Val),
    /// It grows once: a flag is set, or the content is looked at.
    Once,
}

/// Looks at the conditions that hold where a container grows.
pub(super) fn guarded(project: &Project, holder: Holder, kind: HolderKind, site: Site) -> Guarded {
    let facts = project.facts(site.code);
    let block = site.find(project).block;
    for guard in Flow::new(&facts.body).guards(block) {
        if let Some(element) = membership(project, holder, site.code, guard) {
            return Guarded::NotIn(element);
        }
        // `if not container:`, `if container is None:`: what follows fills it once.
        let fills = says_absent(project, holder, site.code, guard);
        if fills
            || looks_at_content(project, holder, site.code, guard)
            || is_flag(project, kind, site.code, guard)
        {
            return Guarded::Once;
        }
    }
    Guarded::Not
}

/// `if x not in container`
fn membership(project: &Project, holder: Holder, code: CodeId, guard: Guard) -> Option<Val> {
    let Op::Compare { op, left, right } = project.facts(code).body.op(guard.condition) else { return None };
    let absent = matches!((op, guard.holds), (CompareOp::NotIn, true) | (CompareOp::In, false));
    (absent && is_of(project, holder, code, right, 0)).then_some(left)
}

/// Whether a key is one of another container that lives as long: `if key in self._known:`.
pub(super) fn is_known_elsewhere(project: &Project, holder: Holder, site: Site, key: Val) -> bool {
    let facts = project.facts(site.code);
    let block = site.find(project).block;
    let asks = |op: Op| matches!(op, Op::Compare { op: CompareOp::In | CompareOp::NotIn, .. });
    if !facts.body.insts.iter().any(|inst| asks(inst.op)) {
        return false;
    }
    Flow::new(&facts.body).guards(block).into_iter().any(|guard| {
        let Op::Compare { op, left, right } = facts.body.op(guard.condition) else { return false };
        let present = matches!((op, guard.holds), (CompareOp::In, true) | (CompareOp::NotIn, false));
        let place = facts.places.of(right).filter(|_| present);
        let located = place.and_then(|place| project.locate(site.code, place));
        located.is_some_and(|located| {
            located.holder != holder
                && located.rest.is_empty()
                && !matches!(located.holder, Holder::Local { .. })
                && super::key::same_value(project, site.code, left, key)
        })
    })
}

/// Whether code runs once only, by a flag that is looked at around a block and then set.
pub(crate) fn runs_once(project: &Project, kind: HolderKind, code: CodeId, block: BlockId) -> bool {
    let facts = project.facts(code);
    Flow::new(&facts.body).guards(block).into_iter().any(|guard| is_flag(project, kind, code, guard))
}

/// `if not container:`
fn is_empty_test(project: &Project, holder: Holder, code: CodeId, guard: Guard) -> bool {
    !guard.holds && is_of(project, holder, code, guard.condition, 0)
}

/// Whether a condition says that a holder is not bound yet, or empty: the way to making it on first use.
pub(super) fn says_absent(project: &Project, holder: Holder, code: CodeId, guard: Guard) -> bool {
    let body = &project.facts(code).body;
    match body.op(guard.condition) {
        Op::Compare { op, left, right } => {
            let is_none =
                matches!(body.op(right), Op::Const(Const::None)) && is_of(project, holder, code, left, 0);
            match op {
                CompareOp::Is | CompareOp::Eq => guard.holds && is_none,
                CompareOp::IsNot | CompareOp::NotEq => !guard.holds && is_none,
                // `if "_cache" not in self.__dict__`
                CompareOp::NotIn => guard.holds && matches!(body.op(left), Op::Const(Const::Str(_))),
                CompareOp::In => !guard.holds && matches!(body.op(left), Op::Const(Const::Str(_))),
                _ => false,
            }
        }
        Op::Call { callee, .. } => {
            !guard.holds && project.import_path(code, callee).as_deref() == Some("hasattr")
        }
        _ => is_empty_test(project, holder, code, guard),
    }
}

/// A condition on some element of the container, compared with a constant.
fn looks_at_content(project: &Project, holder: Holder, code: CodeId, guard: Guard) -> bool {
    let body = &project.facts(code).body;
    let Op::Compare { op, left, right } = body.op(guard.condition) else { return false };
    let is_constant = |value| matches!(body.op(value), Op::Const(constant) if constant != Const::None);
    let compares = !matches!(op, CompareOp::In | CompareOp::NotIn | CompareOp::Is | CompareOp::IsNot);
    compares && is_constant(right) && is_of(project, holder, code, left, 1)
}

/// Whether a value is the container, or something at least so many steps inside it.
fn is_of(project: &Project, holder: Holder, code: CodeId, value: Val, steps: usize) -> bool {
    let place = project.facts(code).places.of(value);
    let located = place.and_then(|place| project.locate(code, place));
    located.is_some_and(|located| {
        located.holder == holder
            && if steps == 0 { located.rest.is_empty() } else { located.rest.len() >= steps }
    })
}

/// `if not done:` where the same function sets `done`, and `done` lives as long as the container.
fn is_flag(project: &Project, kind: HolderKind, code: CodeId, guard: Guard) -> bool {
    let facts = project.facts(code);
    let tested = match (facts.body.op(guard.condition), guard.holds) {
        (Op::Load(_) | Op::Attr { .. }, false) => guard.condition,
        (Op::Compare { op: CompareOp::Is, left, right }, true)
            if matches!(facts.body.op(right), Op::Const(Const::None | Const::False)) =>
        {
            left
        }
        _ => return false,
    };
    let Some(flag) = facts.places.of(tested).and_then(|place| project.locate(code, place)) else {
        return false;
    };
    let lives_as_long = match flag.holder {
        Holder::Global { .. } => true,
        Holder::Attribute { .. } => kind == HolderKind::Instance || is_on_class(project, flag.holder),
        Holder::Local { .. } => false,
    };
    lives_as_long
        && flag.rest.is_empty()
        && project.sites(flag.holder).iter().filter(|site| site.code == code && site.depth == 0).any(|site| {
            match site.find(project).kind {
                UseKind::Bind(value) => {
                    !matches!(facts.body.op(value), Op::Const(Const::False | Const::None))
                }
                // `if not patterns:` where the same function fills them.
                UseKind::Call(name) => super::effect::adds(facts.str(name)),
                UseKind::StoreElement => true,
                _ => false,
            }
        })
}

/// Whether an attribute is bound in the class body.
fn is_on_class(project: &Project, holder: Holder) -> bool {
    project.sites(holder).iter().any(|site| {
        site.depth == 0 && matches!(site.find(project).kind, UseKind::Bind(_)) && project.is_class(site.code)
    })
}
