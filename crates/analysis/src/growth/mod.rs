//! Growth: containers that outlive the work that feeds them.
//!
//! A finding needs three things: a holder that lives long, growth in code that repeats, and nothing
//! in the project that shrinks, bounds, replaces or drains the container. The question is that of
//! LeakChecker (Yan, Xu and Rountev, CGO 2014), asked of containers whose life can be told.
//!
//! [`judge`] answers for one holder with a verdict: leaking, with the whole chain, or sound, with the
//! reason.

mod arguments;
mod arrays;
mod binding;
mod closures;
mod command_line;
mod confidence;
mod dead;
mod defaults;
mod effect;
pub(crate) mod guard;
pub(crate) mod holder;
mod interruption;
mod key;
mod lookup;
mod memo;
mod objects;
mod queues;
mod removal;
mod repetition;
mod skipped;
mod streams;

use leakwright_catalogue::ContainerKind;

use crate::ir::Val;
use crate::project::{CodeId, Holder, Project, Reference, Site, ValueId};

pub use arrays::{ArrayLife, ArrayReason, GrowingArray, examined_arrays, growing_arrays};
pub use confidence::{Confidence, Sign, confidence, confidence_of, holder_name};
pub use defaults::growing_defaults;
pub use effect::{Effect, GrowthForm};
pub use holder::{HolderKind, is_candidate};
pub(crate) use holder::{is_initial, is_teardown};
pub use key::{Freshness, parameter_freshness};
pub use memo::Memo;
pub use queues::{Drain, UnboundedQueue, queue, unbounded_queue};
pub use removal::Removal;
pub use repetition::{Repeats, is_callback};
pub(crate) use repetition::{endless_loop, function_repeats};
pub use streams::{MaterialisedStream, StreamWaste, materialised_streams};

/// What is known of one holder.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// It grows without end.
    Leaking(Box<Growing>),
    /// It does not, or it cannot be told.
    Sound {
        /// The first place it is created, if it is a container at all.
        created: Option<ValueId>,
        /// Why.
        reason: Reason,
    },
}

/// A container that grows without end.
#[derive(Clone, Debug)]
pub struct Growing {
    /// What holds it.
    pub holder: Holder,
    /// How long that lives.
    pub holder_kind: HolderKind,
    /// What it is.
    pub container: ContainerKind,
    /// Where it is created.
    pub created: Vec<ValueId>,
    /// Where it grows in code that repeats; the first is where the finding is shown.
    pub growth: Vec<Growth>,
    /// What speaks for and against it.
    pub signs: Vec<Sign>,
    /// The function that uses it to remember results, if one does.
    pub memo: Option<Memo>,
    /// What removes from it too rarely or too late.
    pub removals: Vec<(Site, Removal)>,
    /// All else that is done with it, removals included.
    pub other: Vec<(Site, Effect)>,
}

/// One place where a container grows.
#[derive(Clone, Debug)]
pub struct Growth {
    /// The use.
    pub site: Site,
    /// How.
    pub form: GrowthForm,
    /// Why the code repeats.
    pub repeats: Repeats,
    /// The key it grows by, if it has one.
    pub key: Option<Val>,
    /// Whether that is new again and again.
    pub freshness: Freshness,
    /// The call by which each new object makes it grow, where that is in another function.
    pub through: Option<Reference>,
}

/// Why a container is not reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No container is created for it, or not always.
    NotAContainer,
    /// Something in it could not be parsed.
    Broken,
    /// It holds its content weakly, or for a thread only.
    Weak,
    /// Its size is limited where it is created.
    Bounded,
    /// Its size is compared with a limit.
    Checked(Site),
    /// Elements are removed.
    Removed(Site),
    /// It is replaced.
    Replaced(Site),
    /// It is handed to code that cannot be seen.
    Escapes(Site),
    /// Nothing is ever added.
    NeverGrows,
    /// It grows only while modules are imported or objects are made.
    GrowsOnce,
    /// Its keys come from a set that does not grow.
    FiniteKeys,
    /// Its holder is made for one piece of work.
    ShortLived,
}

/// What is known of a holder.
pub fn judge(project: &Project, holder: Holder) -> Verdict {
    let mut created = None;
    match leaking(project, holder, &mut created) {
        Ok(growing) => Verdict::Leaking(Box::new(growing)),
        Err(reason) => Verdict::Sound { created, reason },
    }
}

fn leaking(project: &Project, holder: Holder, created: &mut Option<ValueId>) -> Result<Growing, Reason> {
    let sites = holder::all_sites(project, holder);
    let creation = binding::creation(project, holder, &sites)?;
    *created = creation.values.first().copied();
    if holder::is_broken(project, holder) {
        return Err(Reason::Broken);
    }
    match creation.container.kind {
        ContainerKind::Weak => return Err(Reason::Weak),
        _ if creation.container.is_bounded => return Err(Reason::Bounded),
        _ => {}
    }
    let mut growth = Vec::new();
    let mut removals = Vec::new();
    let mut other = Vec::new();
    for &site in &sites {
        let effect = effect::effect(project, holder, &creation, site);
        match effect {
            Effect::Grow { form, key } => growth.push((site, form, key)),
            Effect::Shrink | Effect::Replace => removals.push((site, effect)),
            Effect::Check => return Err(Reason::Checked(site)),
            Effect::Escape => return Err(Reason::Escapes(site)),
            Effect::Create | Effect::Read | Effect::Handout => other.push((site, effect)),
        }
    }
    let weak = removal::rank(project, holder, &creation, &growth, &removals)?;
    other.extend(removals);
    let elsewhere = holder::removed_elsewhere(project, holder)
        .or_else(|| holder::removed_through_property(project, holder, &other));
    if let Some(site) = elsewhere {
        return Err(Reason::Removed(site));
    }
    if growth.is_empty() {
        return Err(Reason::NeverGrows);
    }
    let growth = repeating(project, holder, &creation, growth)?;
    let memo = memo::find(project, holder, &growth, &other);
    let mut signs = confidence::signs(project, holder, &creation, &growth, &weak, &other, memo.is_some())?;
    if memo.is_some() && creation.kind == HolderKind::Instance {
        signs.extend(memo::life_sign(project, holder, &growth));
    }
    let container = creation.container.kind;
    let created = creation.values;
    let holder_kind = creation.kind;
    Ok(Growing { holder, holder_kind, container, created, growth, signs, memo, removals: weak, other })
}

/// The growth that repeats, by keys that are not from a finite set.
fn repeating(
    project: &Project,
    holder: Holder,
    creation: &binding::Creation,
    growth: Vec<(Site, GrowthForm, Option<Val>)>,
) -> Result<Vec<Growth>, Reason> {
    let mut found = Vec::new();
    let mut once = false;
    for (site, form, key) in growth {
        let guarded = guard::guarded(project, holder, creation.kind, site);
        let key = match guarded {
            guard::Guarded::NotIn(element) => key.or(Some(element)),
            _ => key,
        };
        let freshness = match key {
            Some(key) if guard::is_known_elsewhere(project, holder, site, key) => Freshness::Finite,
            Some(_) if lookup::has_keys_of_another(project, holder) => Freshness::Finite,
            Some(key)
                if creation.kind == HolderKind::Instance && key::is_fixed_beside(project, site, key) =>
            {
                Freshness::Finite
            }
            Some(key) => key::freshness(project, site.code, key),
            None => Freshness::Neutral,
        };
        let repeats = match guarded {
            guard::Guarded::Once => Repeats::Once,
            _ => repetition::repeats(project, creation, site),
        };
        once |= repeats == Repeats::Once;
        if repeats != Repeats::Once && freshness != Freshness::Finite {
            let through = repetition::through(project, creation.kind, site.code, repeats);
            found.push(Growth { site, form, repeats, key, freshness, through });
        }
    }
    if found.is_empty() {
        return Err(if once { Reason::GrowsOnce } else { Reason::FiniteKeys });
    }
    // The place where it shows best comes first; equals stay in the order of the source.
    found.sort_by_key(|growth| std::cmp::Reverse(growth.repeats));
    Ok(found)
}

/// The item and value of a site.
fn site_value(project: &Project, site: Site) -> (CodeId, Val) {
    (site.code, site.find(project).at)
}
