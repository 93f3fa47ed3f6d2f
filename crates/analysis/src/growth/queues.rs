//! Queues without a limit: what puts into them, and whether anything takes out again.
//!
//! A queue is meant to be drained, so an empty `get` side is the leak; where there is one, a producer that
//! events drive may still run ahead of it.

use super::binding::Creation;
use super::confidence::{Sign, holder_name, repetition_sign};
use super::holder::{HolderKind, all_sites, is_broken, is_initial};
use super::objects::object_signs;
use super::repetition::{self, Repeats};
use super::{Freshness, Growth, GrowthForm};
use crate::ir::{ArgKind, Args, Const, Op, Step, UseKind, Val};
use crate::project::{CodeId, CreatedContainer, Holder, Project, Site, Symbol, ValueId};
use leakwright_catalogue::ContainerKind;

/// A queue without a limit that is put into again and again.
#[derive(Clone, Debug)]
pub struct UnboundedQueue {
    /// What holds it.
    pub holder: Holder,
    /// How long that lives.
    pub holder_kind: HolderKind,
    /// Where it is made.
    pub created: ValueId,
    /// Where it is put into, the place that shows it best first.
    pub puts: Vec<(Site, Repeats)>,
    /// Whether something takes out of it.
    pub drain: Drain,
    /// What speaks for and against it.
    pub signs: Vec<Sign>,
}

/// Whether something takes out of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drain {
    /// Nothing does.
    Never,
    /// Here.
    At(Site),
}

/// The queue in a variable or attribute: where it is made, and whether it has a limit.
pub fn queue(project: &Project, holder: Holder) -> Option<(ValueId, bool)> {
    if matches!(holder, Holder::Local { .. }) {
        return None;
    }
    project.sites(holder).iter().filter(|site| site.depth == 0 && project.may_make(**site)).find_map(|site| {
        let UseKind::Bind(value) = site.find(project).kind else { return None };
        Some((site.code.value(value), created(project, site.code, value)?))
    })
}

/// The queue in a variable or attribute, if it may grow without end.
pub fn unbounded_queue(project: &Project, holder: Holder) -> Option<UnboundedQueue> {
    if matches!(holder, Holder::Local { .. }) {
        return None;
    }
    let binds = |site: &&Site| site.depth == 0 && project.may_make(**site);
    let made = project.sites(holder).iter().filter(binds).find_map(|site| match site.find(project).kind {
        UseKind::Bind(value) => Some((*site, value, created(project, site.code, value)?)),
        _ => None,
    });
    let (first, value, bounded) = made?;
    if bounded || is_broken(project, holder) {
        return None;
    }
    let mut puts = Vec::new();
    let mut drain = Drain::Never;
    for site in all_sites(project, holder) {
        match used(project, site) {
            QueueUse::Made | QueueUse::Looked => {}
            QueueUse::Put => puts.push(site),
            QueueUse::Taken => drain = Drain::At(site),
            QueueUse::Unknown => return None,
        }
    }
    drain = elsewhere(project, holder).map_or(drain, Drain::At);
    let kind = match holder {
        Holder::Attribute { .. } if project.is_class(first.code) => HolderKind::Class,
        Holder::Attribute { .. } => HolderKind::Instance,
        _ => HolderKind::Module,
    };
    let created = first.code.value(value);
    let container = CreatedContainer { kind: ContainerKind::Deque, is_bounded: false, is_empty: true };
    let creation = Creation { kind, container, values: vec![created] };
    let repeating = |site: Site| (site, repetition::repeats(project, &creation, site));
    let mut puts: Vec<(Site, Repeats)> =
        puts.into_iter().map(repeating).filter(|(_, repeats)| *repeats != Repeats::Once).collect();
    puts.sort_by_key(|(_, repeats)| std::cmp::Reverse(*repeats));
    let signs = signs(project, holder, kind, &puts, drain)?;
    Some(UnboundedQueue { holder, holder_kind: kind, created, puts, drain, signs })
}

/// Whether a value makes a queue, and one with a limit.
fn created(project: &Project, code: CodeId, value: Val) -> Option<bool> {
    let facts = project.facts(code);
    let Op::Call { callee, args } = facts.body.op(value) else { return None };
    let path = project.import_path(code, callee)?;
    let known = project.catalogue().queues.get(&path)?;
    Some(limit(project, code, args, known).is_some_and(|limit| !is_unlimited(project, code, limit)))
}

/// The argument that limits the size.
fn limit(project: &Project, code: CodeId, args: Args, known: &leakwright_catalogue::Queue) -> Option<Val> {
    let facts = project.facts(code);
    facts.body.args(args).iter().enumerate().find_map(|(position, arg)| {
        let limits = match arg.kind {
            ArgKind::Keyword(name) => known.bound.as_deref() == Some(facts.str(name)),
            ArgKind::Positional => known.bound_at == Some(position),
            ArgKind::Star | ArgKind::DoubleStar => known.bound.is_some(),
        };
        limits.then_some(arg.value)
    })
}

/// `maxsize=0`, `maxsize=-1`, `maxsize=None`
fn is_unlimited(project: &Project, code: CodeId, limit: Val) -> bool {
    let body = &project.facts(code).body;
    match body.op(limit) {
        Op::Const(Const::Int(size)) => size <= 0,
        Op::Const(Const::None) | Op::Unary(_) => true,
        _ => false,
    }
}

/// What a use does with a queue.
enum QueueUse {
    Made,
    Put,
    Taken,
    Looked,
    /// It is handed on, measured, replaced, or looked into: others may drain or limit it.
    Unknown,
}

fn used(project: &Project, site: Site) -> QueueUse {
    let facts = project.facts(site.code);
    let used = site.find(project);
    match (used.kind, site.rest(project).as_slice()) {
        (UseKind::Bind(value), []) => {
            let begins = is_initial(project, site.code) && created(project, site.code, value) == Some(false);
            let is_none =
                is_initial(project, site.code) && matches!(facts.body.op(value), Op::Const(Const::None));
            if begins || is_none { QueueUse::Made } else { QueueUse::Unknown }
        }
        (UseKind::Call(name), []) => match facts.str(name) {
            "put" | "put_nowait" => QueueUse::Put,
            "get" | "get_nowait" => QueueUse::Taken,
            "empty" | "full" | "task_done" | "close" => QueueUse::Looked,
            "qsize" if !is_measured(project, site.code, used.at) => QueueUse::Looked,
            _ => QueueUse::Unknown,
        },
        (UseKind::Test, []) => QueueUse::Looked,
        // What is done with an element that was taken.
        (_, [Step::Element, ..]) => QueueUse::Looked,
        // A bound method handed on: `source.subscribe(self.queue.put_nowait)`.
        (UseKind::Argument, [Step::Attr(name)]) => match facts.str(*name) {
            "put" | "put_nowait" => QueueUse::Put,
            "get" | "get_nowait" => QueueUse::Taken,
            _ => QueueUse::Unknown,
        },
        _ => QueueUse::Unknown,
    }
}

/// Whether a size is used for more than to be shown, or to tell whether there is anything.
fn is_measured(project: &Project, code: CodeId, size: Val) -> bool {
    let body = &project.facts(code).body;
    body.insts.iter().any(|inst| {
        let mut is_used = false;
        body.operands(inst.op, |operand| is_used |= operand == size);
        let is_zero = |value: Val| matches!(body.op(value), Op::Const(Const::Int(..=1)));
        match inst.op {
            _ if !is_used => false,
            Op::Compare { left, right, .. } => !is_zero(left) && !is_zero(right),
            Op::Format(_) | Op::Not(_) | Op::Call { .. } => false,
            _ => true,
        }
    })
}

/// Something that takes from, or hands on, an attribute of this name on an object of unknown class.
fn elsewhere(project: &Project, holder: Holder) -> Option<Site> {
    let name = holder_name(project, holder)?;
    project
        .unresolved_sites(Symbol::of(&name))
        .iter()
        .copied()
        .find(|site| !matches!(used(project, *site), QueueUse::Put | QueueUse::Looked | QueueUse::Made))
}

/// The signs; `None` where the queue is drained and nothing shows that its producer may run ahead.
fn signs(
    project: &Project,
    holder: Holder,
    kind: HolderKind,
    puts: &[(Site, Repeats)],
    drain: Drain,
) -> Option<Vec<Sign>> {
    let (site, repeats) = *puts.first()?;
    let mut signs = vec![repetition_sign(repeats)];
    match holder {
        Holder::Attribute { class, .. } if kind == HolderKind::Instance => {
            let growth = Growth {
                site,
                form: GrowthForm::AddOne,
                repeats,
                key: None,
                freshness: Freshness::Neutral,
                through: None,
            };
            signs.extend(object_signs(project, class, &[growth]).ok()?);
        }
        _ => signs.push(Sign::new(2, "the holder lives as long as the process")),
    }
    if let Drain::At(taken) = drain {
        let runs_ahead = matches!(repeats, Repeats::Handler | Repeats::Looped | Repeats::Endless);
        let is_own = puts.iter().any(|(put, _)| put.code == taken.code);
        if !runs_ahead || is_own || signs.iter().map(|sign| sign.points).sum::<i32>() < 2 {
            return None;
        }
        signs.push(Sign::new(-1, "something takes out of it, at its own pace"));
    }
    Some(signs)
}
