//! Small views of large arrays that are kept when the array is done with.
//!
//! A slice of an array is a view: it refers to the whole of it. Stored where it lives on, it keeps the array too.

use crate::ir::{Const, Op, Step, UseKind, Val, VarId};
use crate::project::{CodeId, Entity, Holder, Project, ValueId};

/// A view that keeps its base.
#[derive(Clone, Debug)]
pub struct KeptView {
    /// The function that keeps it.
    pub code: CodeId,
    /// Where it is kept from.
    pub at: Val,
    /// The view.
    pub view: Val,
    /// Where the array is made.
    pub base: ValueId,
    /// What keeps it.
    pub holder: Holder,
    /// Whether that is a container, which keeps many.
    pub is_element: bool,
    /// Whether it is a tensor.
    pub is_tensor: bool,
}

/// How far a view is followed back to its array.
const MAX_STEPS: u32 = 6;

/// The views that items keep with their base, in the order of the source.
pub fn kept_views(project: &Project, items: impl Iterator<Item = CodeId>) -> Vec<KeptView> {
    let mut found = Vec::new();
    for code in items {
        let facts = project.facts(code);
        if project.is_broken(code)
            || !facts.is_function()
            || !facts.body.insts.iter().any(|inst| is_small(project, code, inst.op))
        {
            continue;
        }
        for at in facts.body.originals().flat_map(|block| facts.body.values(block)) {
            found.extend(kept(project, code, at));
        }
    }
    found
}

fn is_small(project: &Project, code: CodeId, op: Op) -> bool {
    matches!(op, Op::Index { key, .. } if part(project, code, key).is_some())
}

fn kept(project: &Project, code: CodeId, at: Val) -> Option<KeptView> {
    let facts = project.facts(code);
    let (place, view) = match facts.body.op(at) {
        Op::StoreAttr { value, .. } | Op::StoreIndex { value, .. } | Op::Store { value, .. } => {
            let used = facts.uses.iter().find(|used| {
                used.at == at && matches!(used.kind, UseKind::Bind(_) | UseKind::StoreElement)
            })?;
            (used.place, value)
        }
        Op::Call { callee, args } => {
            let Op::Attr { base, name } = facts.body.op(callee) else { return None };
            let [arg] = facts.body.args(args) else { return None };
            let adds = matches!(facts.str(name), "append" | "add" | "appendleft");
            (adds.then(|| facts.places.of(base))??, arg.value)
        }
        _ => return None,
    };
    let (var, base, is_tensor) = view_of(project, code, view, false, MAX_STEPS)?;
    let located = project.locate(code, place)?;
    let is_plain = located.rest.iter().all(|step| matches!(step, Step::Element | Step::Iterated));
    let is_element = !matches!(facts.body.op(at), Op::StoreAttr { .. } | Op::Store { .. });
    if !is_plain || matches!(located.holder, Holder::Local { .. }) || is_kept_otherwise(project, code, var) {
        return None;
    }
    Some(KeptView { code, at, view, base: code.value(base), holder: located.holder, is_element, is_tensor })
}

/// The array that a value is a small view of: the variable that holds it, the call that makes it, and whether it is a
/// tensor.
fn view_of(
    project: &Project,
    code: CodeId,
    value: Val,
    is_cut: bool,
    fuel: u32,
) -> Option<(VarId, Val, bool)> {
    let fuel = fuel.checked_sub(1)?;
    let facts = project.facts(code);
    let large = &project.catalogue().large;
    match facts.body.op(value) {
        Op::Attr { base, name } if matches!(facts.str(name), "T" | "real" | "imag") => {
            view_of(project, code, base, is_cut, fuel)
        }
        Op::Call { callee, .. } => {
            let Op::Attr { base, name } = facts.body.op(callee) else { return None };
            large.is_view(facts.str(name)).then(|| view_of(project, code, base, is_cut, fuel))?
        }
        Op::Index { base, key } => {
            let part = part(project, code, key)?;
            let Op::Load(var) = facts.body.op(base) else {
                return view_of(project, code, base, true, fuel);
            };
            let (made, path) = array(project, code, var)?;
            let is_view = part == Part::Slice || large.makes_matrix(&path);
            is_view.then(|| (var, made, large.is_tensor(&path)))
        }
        Op::Load(var) => {
            let stored = facts.only_value(var).filter(|_| facts.is_local(var))?;
            match facts.body.op(stored) {
                Op::Call { .. } if is_cut => {
                    let (made, path) = array(project, code, var)?;
                    Some((var, made, large.is_tensor(&path)))
                }
                _ => view_of(project, code, stored, is_cut, fuel),
            }
        }
        _ => None,
    }
}

/// The call that makes the array which a local variable holds, and its import path.
fn array(project: &Project, code: CodeId, var: VarId) -> Option<(Val, String)> {
    let facts = project.facts(code);
    let made = facts.only_value(var).filter(|_| facts.is_local(var))?;
    let Op::Call { callee, args } = facts.body.op(made) else { return None };
    let Some(Entity::External(path)) = project.entity(code, callee) else { return None };
    // `numpy.load(path, mmap_mode="r")` reads what is asked for.
    let is_mapped =
        facts.body.args(args).iter().any(
            |arg| matches!(arg.kind, crate::ir::ArgKind::Keyword(name) if facts.str(name) == "mmap_mode"),
        );
    (project.catalogue().large.makes_array(&path) && !is_mapped).then_some((made, path))
}

/// What an index takes of an array.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// One element.
    Element,
    /// A few elements, from one end.
    Slice,
}

/// What a key takes of an array, if it is little: an element, or a slice up to a number.
fn part(project: &Project, code: CodeId, key: Val) -> Option<Part> {
    let facts = project.facts(code);
    let is_number = |value: Val| match facts.body.op(value) {
        Op::Const(Const::Int(_)) => true,
        Op::Unary(inner) => matches!(facts.body.op(inner), Op::Const(Const::Int(_))),
        _ => false,
    };
    let is_left_out = |value: Val| matches!(facts.body.op(value), Op::Const(Const::None));
    match facts.body.op(key) {
        Op::Slice(args) => match facts.body.args(args) {
            [lower, upper, ..] => {
                let up_to = is_number(upper.value)
                    && matches!(facts.body.op(upper.value), Op::Const(_))
                    && (is_left_out(lower.value) || is_number(lower.value));
                let from_end = matches!(facts.body.op(lower.value), Op::Unary(_))
                    && is_number(lower.value)
                    && is_left_out(upper.value);
                (up_to || from_end).then_some(Part::Slice)
            }
            _ => None,
        },
        _ if is_number(key) => Some(Part::Element),
        // `array[0, :10]`
        Op::Display { args, .. } => {
            let parts: Vec<Option<Part>> =
                facts.body.args(args).iter().map(|arg| part(project, code, arg.value)).collect();
            let is_cut = parts.iter().any(Option::is_some);
            (is_cut && parts.len() > 1).then_some(Part::Slice)
        }
        _ => None,
    }
}

/// Whether the array itself is kept, returned or handed on: then the view costs nothing.
fn is_kept_otherwise(project: &Project, code: CodeId, var: VarId) -> bool {
    let holder = Holder::Local { code, var };
    project.sites(holder).iter().any(|site| {
        site.code != code
            || site.depth == 0 && matches!(site.find(project).kind, UseKind::Keep | UseKind::Return)
    })
}
