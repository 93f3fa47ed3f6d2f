//! Arrays, frames and tensors that are concatenated onto themselves.
//!
//! Each concatenation copies all there is: over a loop that is quadratic, whatever becomes of the array;
//! where the holder outlives the work, it grows without end as well.

use super::binding::Creation;
use super::confidence::{MERGED, Sign, is_merged, repetition_sign};
use super::effect::Effect;
use super::holder::{HolderKind, all_sites, is_broken, is_initial};
use super::objects::object_signs;
use super::repetition::{self, Repeats, endless_loop};
use super::{Freshness, Growth, GrowthForm};
use crate::examined::{Examined, leaks};
use crate::flow::Flow;
use crate::ir::{
    BlockId, CompareOp, Const, ItemFacts, LoopId, LoopKind, Op, PlaceId, Step, UseKind, Val, VarId,
};
use crate::project::{CodeId, CreatedContainer, Holder, Project, Site, Symbol};
use leakwright_catalogue::ContainerKind;

/// An array that is concatenated onto itself in code that repeats.
#[derive(Clone, Debug)]
pub struct GrowingArray {
    /// The item that does it.
    pub code: CodeId,
    /// What it is bound to.
    pub holder: Holder,
    /// The concatenation.
    pub call: Val,
    /// Why it repeats, and how long the array lives.
    pub life: ArrayLife,
    /// What speaks for and against it.
    pub signs: Vec<Sign>,
}

/// Why the concatenation of an array is sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArrayReason {
    /// It does not repeat.
    Once,
    /// Each round begins with another array.
    Fresh,
    /// The rounds are few, or end when the array is long enough.
    Limited,
    /// It is cut down, measured against a limit or replaced.
    Cut,
    /// Code around it could not be parsed.
    Broken,
    /// Objects that hold it are few, or go with the work.
    ShortLived,
}

/// Why a concatenation repeats, and how long its array lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArrayLife {
    /// As long as a loop.
    Loop(LoopId),
    /// A loop that does not end.
    Endless(LoopId),
    /// Longer than the calls that enlarge it.
    Kept(HolderKind, Repeats),
}

/// The arrays that the code of items concatenates onto themselves, in their order.
pub fn growing_arrays(project: &Project, items: impl Iterator<Item = CodeId>) -> Vec<GrowingArray> {
    leaks(examined_arrays(project, items))
}

/// The concatenations of an array and more, bound to what the array was bound to.
pub fn examined_arrays(
    project: &Project,
    items: impl Iterator<Item = CodeId>,
) -> Vec<Examined<GrowingArray, ArrayReason>> {
    let mut found = Vec::new();
    for code in items {
        let facts = project.facts(code);
        if project.is_broken(code) {
            continue;
        }
        for block in facts.body.originals() {
            for at in facts.body.values(block) {
                found.extend(enlarged(project, code, block, at));
            }
        }
    }
    found
}

fn enlarged(
    project: &Project,
    code: CodeId,
    block: BlockId,
    at: Val,
) -> Option<Examined<GrowingArray, ArrayReason>> {
    let facts = project.facts(code);
    let (value, place) = match facts.body.op(at) {
        Op::Store { var, value } => (value, facts.places.find_step(None, Step::Var(var))?),
        Op::StoreAttr { base, name, value } => {
            (value, facts.places.find_step(Some(facts.places.of(base)?), Step::Attr(name))?)
        }
        _ => return None,
    };
    let call = concatenation(project, code, value, place)?;
    let located = project.locate(code, place).filter(|located| located.rest.is_empty())?;
    let holder = located.holder;
    let verdict = match (holder, facts.body.op(at)) {
        (Holder::Local { .. }, Op::Store { var, .. }) => looped(project, (code, block), var, at, place)
            .map(|life| GrowingArray { code, holder, call, life, signs: Vec::new() }),
        (Holder::Local { .. }, _) => return None,
        _ if is_broken(project, holder) => Err(ArrayReason::Broken),
        _ if is_cut(project, code, holder) => Err(ArrayReason::Cut),
        _ => kept(project, code, holder, at, block, call)?,
    };
    Some(Examined::new(code, call, verdict))
}

/// How long the array in a local variable grows.
fn looped(
    project: &Project,
    (code, block): (CodeId, BlockId),
    var: VarId,
    at: Val,
    place: PlaceId,
) -> Result<ArrayLife, ArrayReason> {
    let facts = project.facts(code);
    let round = facts.body.loops_around(block).next().ok_or(ArrayReason::Once)?;
    if is_made_in(facts, var, block, at, round) {
        return Err(ArrayReason::Fresh);
    }
    if is_limited(project, code, round, place) {
        return Err(ArrayReason::Limited);
    }
    if is_cut(project, code, Holder::Local { code, var }) {
        return Err(ArrayReason::Cut);
    }
    Ok(match endless_loop(facts, block) {
        Some(id) => ArrayLife::Endless(id),
        None => ArrayLife::Loop(round),
    })
}

/// The call that makes a value of an array and more, if it does.
fn concatenation(project: &Project, code: CodeId, value: Val, place: PlaceId) -> Option<Val> {
    let facts = project.facts(code);
    let value = match facts.body.op(value) {
        Op::Load(var) if facts.is_local(var) => facts.only_value(var)?,
        _ => value,
    };
    let Op::Call { callee, args } = facts.body.op(value) else { return None };
    let is_it = |value: Val| facts.places.of(value) == Some(place);
    let args = facts.body.args(args);
    if let Op::Attr { base, name } = facts.body.op(callee)
        && is_it(base)
    {
        let appends = matches!(facts.str(name), "append" | "_append") && !args.is_empty();
        return (appends && is_frame(project, code, place)).then_some(value);
    }
    let path = project.import_path(code, callee)?;
    if !project.catalogue().arrays.joins(&path) {
        return None;
    }
    let holds_it = |value: Val| match facts.body.op(value) {
        Op::Display { args, .. } => {
            facts.body.args(args).len() > 1 && facts.body.args(args).iter().any(|part| is_it(part.value))
        }
        _ => is_it(value),
    };
    let is_single = args.len() == 1 && args.first().is_some_and(|arg| is_it(arg.value));
    (!is_single && args.iter().take(2).any(|arg| holds_it(arg.value))).then_some(value)
}

/// Whether a variable or attribute is bound to a frame somewhere.
fn is_frame(project: &Project, code: CodeId, place: PlaceId) -> bool {
    let Some(located) = project.locate(code, place) else { return false };
    project.sites(located.holder).iter().any(|site| {
        let UseKind::Bind(value) = site.find(project).kind else { return false };
        let Op::Call { callee, .. } = project.facts(site.code).body.op(value) else { return false };
        let path = project.import_path(site.code, callee);
        site.depth == 0 && path.is_some_and(|path| project.catalogue().arrays.makes_frame(&path))
    })
}

/// Whether a round of the loop, or of one around it, begins with another array; the first round of `if x is
/// None: x = new` is where it begins.
fn is_made_in(facts: &ItemFacts, var: VarId, block: BlockId, at: Val, round: LoopId) -> bool {
    let flow = Flow::new(&facts.body);
    let guards = flow.guards(block);
    let outermost = facts.body.loops_around(block).last().unwrap_or(round);
    facts.stores(var).iter().filter(|store| **store != at).any(|store| {
        let Some(other) = facts.body.block_of(*store) else { return false };
        let is_inside = facts.body.loops_around(other).any(|around| around == outermost);
        let is_alternative = flow.guards(other).iter().any(|guard| {
            guards.iter().any(|own| own.condition == guard.condition && own.holds != guard.holds)
        });
        is_inside && !is_alternative
    })
}

/// How many rounds do not matter.
const FEW: i32 = 16;

/// Whether a loop goes over a few things written out, or ends when the array is long enough.
fn is_limited(project: &Project, code: CodeId, round: LoopId, place: PlaceId) -> bool {
    let facts = project.facts(code);
    let body = &facts.body;
    match body.loops[round.index()].kind {
        LoopKind::While(condition) => mentions(facts, condition, place),
        LoopKind::For(value) | LoopKind::AsyncFor(value) => match body.op(value) {
            Op::Display { .. } => true,
            Op::Call { callee, args } => {
                let few =
                    |value: Val| matches!(body.op(value), Op::Const(Const::Int(number)) if number <= FEW);
                project.import_path(code, callee).as_deref() == Some("range")
                    && body.args(args).iter().all(|arg| few(arg.value))
            }
            _ => false,
        },
        _ => false,
    }
}

/// How many operands of a condition are looked at.
const MAX_OPERANDS: usize = 32;

fn mentions(facts: &ItemFacts, value: Val, place: PlaceId) -> bool {
    let mut pending = vec![value];
    for _ in 0..MAX_OPERANDS {
        let Some(current) = pending.pop() else { return false };
        let mut found = facts.places.of(current);
        while let Some(inner) = found {
            if inner == place {
                return true;
            }
            found = facts.places.parent(inner);
        }
        facts.body.operands(facts.body.op(current), |operand| pending.push(operand));
    }
    false
}

/// Whether an array is cut down somewhere, measured against a limit, or replaced after its life began.
fn is_cut(project: &Project, code: CodeId, holder: Holder) -> bool {
    all_sites(project, holder).into_iter().any(|site| {
        let facts = project.facts(site.code);
        let used = site.find(project);
        match (used.kind, site.rest(project).as_slice()) {
            (UseKind::Bind(value), []) => match holder {
                Holder::Local { .. } => is_shortened(project, site.code, value, used.place),
                _ => {
                    let grows = concatenation(project, site.code, value, used.place).is_some();
                    !grows && !is_initial(project, site.code) && !is_beginning(project, site)
                }
            },
            (UseKind::Unbind | UseKind::DeleteElement | UseKind::Augment(_), []) => true,
            (UseKind::Argument, []) => super::arguments::passed(project, site, used) == Effect::Check,
            // `if self.rows.shape[0] > limit`
            (UseKind::Test, [Step::Attr(name), ..]) if matches!(facts.str(*name), "shape" | "size") => {
                matches!(facts.body.op(used.at), Op::Compare { op, right, .. }
                    if !matches!(op, CompareOp::Eq | CompareOp::NotEq | CompareOp::Is | CompareOp::IsNot)
                        && !matches!(facts.body.op(right), Op::Const(Const::Int(..=1))))
            }
            _ => false,
        }
    }) || is_replaced_elsewhere(project, code, holder)
}

/// `x = x[-limit:]`, `x = x[mask]`, `x = np.delete(x, 0)`
fn is_shortened(project: &Project, code: CodeId, value: Val, place: PlaceId) -> bool {
    let facts = project.facts(code);
    match facts.body.op(value) {
        Op::Index { base, .. } => facts.places.of(base) == Some(place),
        Op::Call { args, .. } => {
            concatenation(project, code, value, place).is_none()
                && facts.body.args(args).iter().any(|arg| facts.places.of(arg.value) == Some(place))
        }
        _ => false,
    }
}

/// Whether binding an attribute stands where it is not there yet: `if self.rows is None`.
fn is_beginning(project: &Project, site: Site) -> bool {
    let facts = project.facts(site.code);
    let used = site.find(project);
    let guards = Flow::new(&facts.body).guards(used.block);
    guards.iter().any(|guard| mentions(facts, guard.condition, used.place))
}

/// Whether an attribute of this name is bound on objects of unknown class.
fn is_replaced_elsewhere(project: &Project, code: CodeId, holder: Holder) -> bool {
    let Holder::Attribute { .. } = holder else { return false };
    let Some(name) = super::holder_name(project, holder) else { return false };
    project.unresolved_sites(Symbol::of(&name)).iter().any(|site| {
        site.code.module == code.module
            && site.depth == 0
            && matches!(site.find(project).kind, UseKind::Bind(_) | UseKind::Unbind)
    })
}

/// An attribute or module variable that is enlarged.
fn kept(
    project: &Project,
    code: CodeId,
    holder: Holder,
    at: Val,
    block: BlockId,
    call: Val,
) -> Option<Result<GrowingArray, ArrayReason>> {
    let facts = project.facts(code);
    let index = facts.uses.iter().position(|used| used.at == at && matches!(used.kind, UseKind::Bind(_)))?;
    let site = Site::new(code, index);
    let kind = match holder {
        Holder::Attribute { .. } => HolderKind::Instance,
        _ => HolderKind::Module,
    };
    let container = CreatedContainer { kind: ContainerKind::List, is_bounded: false, is_empty: true };
    let creation = Creation { kind, container, values: Vec::new() };
    let repeats = repetition::repeats(project, &creation, site);
    if repeats == Repeats::Once {
        // It grows while the object or module is made: the copies remain, the growth does not.
        let Some(round) = facts.body.loops_around(block).next() else {
            return Some(Err(ArrayReason::Once));
        };
        if is_limited(project, code, round, facts.uses[index].place) {
            return Some(Err(ArrayReason::Limited));
        }
        let life = ArrayLife::Loop(round);
        return Some(Ok(GrowingArray { code, holder, call, life, signs: Vec::new() }));
    }
    let growth = Growth {
        site,
        form: GrowthForm::Rebuild,
        repeats,
        key: None,
        freshness: Freshness::Neutral,
        through: None,
    };
    let mut signs = vec![repetition_sign(repeats)];
    signs.extend(is_merged(project, code, call, holder).then_some(MERGED));
    match holder {
        Holder::Attribute { class, .. } => match object_signs(project, class, &[growth]) {
            Ok(more) => signs.extend(more),
            Err(_) => return Some(Err(ArrayReason::ShortLived)),
        },
        _ => signs.push(Sign::new(2, "the holder lives as long as the process")),
    }
    Some(Ok(GrowingArray { code, holder, call, life: ArrayLife::Kept(kind, repeats), signs }))
}
