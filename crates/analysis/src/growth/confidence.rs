//! How sure a finding is: what speaks for a long life of the holder, and what against.
//!
//! No single sign decides. Each is worth some points; what adds up is shown as confidence. The signs
//! and their order come from reading real leaks beside sound code that looks the same.

use leakwright_catalogue::{ContainerKind, Words};

use super::binding::Creation;
use super::closures::closure_sign;
use super::effect::{Effect, GrowthForm};
use super::holder::HolderKind;
use super::key::Freshness;
use super::objects::object_signs;
use super::removal::Removal;
use super::repetition::{Repeats, method_duty};
use super::{Growing, Growth, Reason};
use crate::ir::{Op, UseKind, Val};
use crate::project::{CodeId, Holder, Project, Site, Symbol};

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// More against it than for it.
    Low,
    /// As likely as not, or better.
    Medium,
    /// Most signs are there.
    High,
}

/// Something that makes a finding more or less likely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sign {
    /// How much; negative if it speaks against.
    pub points: i32,
    /// In words.
    pub says: &'static str,
}

impl Sign {
    pub(crate) const fn new(points: i32, says: &'static str) -> Self {
        Self { points, says }
    }
}

/// What the signs of a growing container add up to. That a dict remembers results is told by its shape; that
/// another container only ever grows has to be borne out by more.
pub fn confidence(growing: &Growing) -> Confidence {
    if growing.memo.is_some() { confidence_of(&growing.signs) } else { rated(&growing.signs, 4, 2) }
}

/// What signs add up to where the shape of the code tells already that it keeps what it is given.
pub fn confidence_of(signs: &[Sign]) -> Confidence {
    rated(signs, 3, 0)
}

fn rated(signs: &[Sign], high: i32, medium: i32) -> Confidence {
    let sum: i32 = signs.iter().map(|sign| sign.points).sum();
    if sum >= high {
        Confidence::High
    } else if sum >= medium {
        Confidence::Medium
    } else {
        Confidence::Low
    }
}

/// Collects the signs.
pub(super) fn signs(
    project: &Project,
    holder: Holder,
    creation: &Creation,
    growth: &[Growth],
    removals: &[(Site, Removal)],
    other: &[(Site, Effect)],
    is_memo: bool,
) -> Result<Vec<Sign>, Reason> {
    let Some(best) = growth.first() else { return Err(Reason::NeverGrows) };
    let mut signs = Vec::new();
    signs.push(repetition_sign(best.repeats));
    let keeps_tasks = creation.container.kind == ContainerKind::Set
        && crate::tasks::kept_task(project, best.site.code, best.site.find(project).at).is_some();
    if keeps_tasks {
        signs.push(Sign::new(3, "it keeps tasks, each of which is new, and done sooner or later"));
    } else if !removals.iter().any(|(_, removal)| matches!(removal, Removal::OnDemand | Removal::Inner)) {
        signs.extend(key_sign(creation, best, is_memo));
    }
    // `create_task` sets up no more than the task.
    signs.extend(duty_sign(project, creation, best).filter(|sign| sign.points > 0 || !keeps_tasks));
    signs.extend(removal_sign(removals));
    if creation.container.kind == ContainerKind::Text {
        signs.push(Sign::new(-2, "text is mostly put together for one piece of work"));
    }
    if growth.iter().all(|growth| is_merged(project, growth.site.code, growth.site.find(project).at, holder))
    {
        signs.push(MERGED);
    }
    if best.repeats != Repeats::PerObject && adds_callback(project, best) {
        signs.push(Sign::new(-4, "callbacks are registered in it"));
    }
    match holder {
        Holder::Attribute { class, .. } if creation.kind == HolderKind::Instance => {
            signs.extend(object_signs(project, class, growth)?);
        }
        Holder::Attribute { .. } | Holder::Global { .. } if is_memo => {
            signs.push(Sign::new(1, "a cache that lives as long as the process"));
        }
        Holder::Attribute { .. } | Holder::Global { .. } => {
            signs.push(Sign::new(2, "the holder lives as long as the process"));
        }
        Holder::Local { .. } if best.repeats == Repeats::Endless => {
            signs.push(Sign::new(3, "the loop never ends"));
        }
        Holder::Local { code, .. } => signs.push(closure_sign(project, code, best.site.code)),
    }
    signs.extend(name_sign(project, holder, creation));
    if other.iter().any(|(site, _)| is_joined(project, *site)) {
        signs.push(Sign::new(-3, "it holds pieces of a text that are joined"));
    }
    if other.iter().any(|(_, effect)| *effect == Effect::Handout) && !is_memo {
        signs.push(Sign::new(-1, "it is handed out, and whoever gets it could empty it"));
    }
    Ok(signs)
}

pub(super) fn repetition_sign(repeats: Repeats) -> Sign {
    match repeats {
        Repeats::Endless => Sign::new(2, "it grows in a loop that never ends"),
        Repeats::Looped => Sign::new(1, "a loop that never ends makes it grow"),
        Repeats::Handler => Sign::new(1, "events make it grow"),
        Repeats::PerObject => Sign::new(2, "each new object makes it grow"),
        Repeats::Callable => Sign::new(0, "anybody may make it grow"),
        Repeats::Unknown | Repeats::Once => Sign::new(-2, "nothing is seen to make it grow"),
    }
}

pub(super) fn key_sign(creation: &Creation, best: &Growth, is_memo: bool) -> Option<Sign> {
    let keyed = creation.container.kind.is_mapping() || matches!(creation.container.kind, ContainerKind::Set);
    // Merging one dict into another is how settings are put together.
    if best.form == GrowthForm::AddMany && creation.container.kind.is_mapping() {
        return Some(Sign::new(-3, "another mapping is merged into it"));
    }
    match best.freshness {
        Freshness::Fresh => Some(Sign::new(if is_memo { 1 } else { 2 }, "keys are new again and again")),
        Freshness::Neutral if keyed => {
            let points = match (creation.kind, is_memo) {
                (HolderKind::Instance, _) => -2,
                (_, true) => -1,
                (_, false) => -3,
            };
            Some(Sign::new(points, "nothing is known of the keys: it may be a table of some kind"))
        }
        _ => None,
    }
}

/// What is removed now and then, or when all is over.
fn removal_sign(removals: &[(Site, Removal)]) -> Option<Sign> {
    let has = |wanted: &[Removal]| removals.iter().any(|(_, removal)| wanted.contains(removal));
    if has(&[Removal::PassedBy, Removal::BoundLate, Removal::Dead, Removal::Never]) {
        Some(Sign::new(3, "what removes from it is there, and does not always run"))
    } else if has(&[Removal::Skipped]) {
        Some(Sign::new(0, "what removes from it can be skipped"))
    } else if has(&[Removal::OnDemand, Removal::Inner]) {
        Some(Sign::new(5, "looking a key up adds it, and nothing removes a key"))
    } else {
        (!removals.is_empty()).then_some(Sign::new(-1, "it is emptied at the end of its life"))
    }
}

fn duty_sign(project: &Project, creation: &Creation, best: &Growth) -> Option<Sign> {
    match method_duty(project, project.own_name(best.site.code)) {
        Some(true) => Some(Sign::new(1, "the function is called for each piece of work, by its name")),
        Some(false) if best.repeats < Repeats::PerObject || adds_installed(project, best) => {
            // What is set up for the whole process is set up once.
            let points = if creation.kind == HolderKind::Instance { -2 } else { -3 };
            Some(Sign::new(points, "the function sets something up, by its name"))
        }
        _ => None,
    }
}

/// `add_sensor`: there are as many as were installed, whoever calls it.
fn adds_installed(project: &Project, best: &Growth) -> bool {
    let name = project.own_name(best.site.code);
    best.repeats <= Repeats::Handler && Words::last(&project.catalogue().words.installed_key, name)
}

/// Objects that are put together out of others of their kind hold one result.
pub(super) const MERGED: Sign = Sign::new(-3, "objects of its kind are merged");

/// Whether an object is enlarged by what another one of its kind holds under the same name:
/// `self.values.extend(other.values)`. What comes in messages is often called as what it is collected in.
pub(super) fn is_merged(project: &Project, code: CodeId, at: Val, holder: Holder) -> bool {
    let Holder::Attribute { name: own, class } = holder else { return false };
    let facts = project.facts(code);
    let is_alike = |value: Val| {
        let Some((base, name)) = facts.attribute_of(value) else { return false };
        let Op::Load(var) = facts.body.op(base) else { return false };
        let is_other = || match project.class_of_value(code, base) {
            Some(given) => project.ancestry(given).contains(&class),
            None => matches!(facts.var_name(var), "other" | "another" | "that" | "rhs" | "o" | "b"),
        };
        facts.var(var).is_parameter
            && project.self_class(code, var).is_none()
            && Symbol::of(facts.str(name)) == own
            && is_other()
    };
    let mut pending = vec![(at, 3)];
    while let Some((value, depth)) = pending.pop() {
        if is_alike(value) {
            return true;
        }
        if depth > 0 {
            facts.body.operands(facts.body.op(value), |operand| pending.push((operand, depth - 1)));
        }
    }
    false
}

/// Whether what is added is a parameter that holds a function, by its name: `on_click(self, callback)`.
fn adds_callback(project: &Project, best: &Growth) -> bool {
    let facts = project.facts(best.site.code);
    let Op::Call { args, .. } = facts.body.op(best.site.find(project).at) else { return false };
    let is_callback = |name: &str| {
        leakwright_catalogue::split_words(name).last().is_some_and(|word| {
            matches!(
                word.as_str(),
                "callback"
                    | "cb"
                    | "func"
                    | "function"
                    | "fn"
                    | "handler"
                    | "listener"
                    | "hook"
                    | "observer"
                    | "subscriber"
                    | "middleware"
                    | "filter"
                    | "plugin"
                    | "factory"
                    | "validator"
            )
        })
    };
    facts.body.args(args).iter().any(|arg| match facts.body.op(arg.value) {
        Op::Load(var) => is_callback(facts.var_name(var)),
        Op::Display { args, .. } => facts.body.args(args).iter().any(
            |part| matches!(facts.body.op(part.value), Op::Load(var) if is_callback(facts.var_name(var))),
        ),
        _ => false,
    })
}

/// What the name of a holder says.
fn name_sign(project: &Project, holder: Holder, creation: &Creation) -> Option<Sign> {
    let words = &project.catalogue().words;
    let name = holder_name(project, holder)?;
    if Words::last(&words.accumulating, &name) {
        return Some(Sign::new(1, "work passes through it, by its name"));
    }
    if Words::last(&words.gathered, &name) {
        return Some(Sign::new(-1, "it gathers what one piece of work gives, by its name"));
    }
    let points = if creation.kind == HolderKind::Instance { -2 } else { -1 };
    let undoes = |word: String| matches!(word.as_str(), "unsub" | "unsubscribe" | "unregister" | "unlisten");
    if leakwright_catalogue::split_words(&name).any(undoes) {
        return Some(Sign::new(-3, "it holds what undoes a registration, by its name"));
    }
    let first = leakwright_catalogue::split_words(&name).next().unwrap_or_default();
    if matches!(first.as_str(), "known" | "registered" | "supported" | "available" | "configured" | "current")
    {
        return Some(Sign::new(-2, "it says what there is at present, by its name"));
    }
    if matches!(first.as_str(), "warned" | "reported" | "logged" | "shown") {
        return Some(Sign::new(
            -3,
            "it keeps a message from being repeated: there are as many as were written",
        ));
    }
    let thing = name.strip_suffix("_ids").or_else(|| name.strip_suffix("_id")).unwrap_or(&name);
    if Words::last(&words.installed_key, thing) {
        return Some(Sign::new(points, "it lists things that are installed, by its name"));
    }
    Words::last(&words.descriptive, &name)
        .then(|| Sign::new(points, "it describes something fixed, by its name"))
}

/// The name of a holder, from any of its uses.
pub fn holder_name(project: &Project, holder: Holder) -> Option<String> {
    match holder {
        Holder::Local { code, var } => Some(project.facts(code).var_name(var).to_owned()),
        Holder::Global { module, name } => {
            project.file(module).global_names().find(|found| Symbol::of(found) == name).map(str::to_owned)
        }
        Holder::Attribute { name, .. } => project.sites(holder).iter().find_map(|site| {
            let facts = project.facts(site.code);
            facts.names.iter().find(|found| Symbol::of(found) == name).map(str::to_owned)
        }),
    }
}

/// `"".join(pieces)`
fn is_joined(project: &Project, site: Site) -> bool {
    let used = site.find(project);
    let body = &project.facts(site.code).body;
    let Op::Call { callee, .. } = body.op(used.at) else { return false };
    used.kind == UseKind::Argument
        && matches!(body.op(callee), Op::Attr { name, .. } if project.facts(site.code).str(name) == "join")
}
