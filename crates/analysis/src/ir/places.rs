//! Places: variables and what is reached from them, such as `self.items` or `cache[key]`.
//!
//! A local variable that is only ever a name for another place (`waiters = self._waiters[key]`) *is*
//! that place. Places are found without looking outside the item; who owns `self` or a global is
//! settled when files are linked.

use std::num::NonZeroU16;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::ids::MAX_ENTRIES;
use super::{ItemFacts, Name, Op, Val, VarId};

/// A place of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PlaceId(NonZeroU16);

impl PlaceId {
    fn new(index: usize) -> Self {
        let index = u16::try_from(index).unwrap_or(u16::MAX);
        Self(NonZeroU16::MIN.saturating_add(index))
    }

    fn index(self) -> usize {
        usize::from(self.0.get()) - 1
    }
}

/// One step on the way to a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Step {
    /// Begins at a variable.
    Var(VarId),
    /// On to an attribute.
    Attr(Name),
    /// On to an element, whatever its key.
    Element,
    /// On to what iterating gives: elements of a list, keys of a dict.
    Iterated,
    /// On to `place.items()`, whose elements are pairs.
    Items,
    /// On to `place.values()`, whose elements are elements of the place.
    Values,
    /// On to one of the pairs of `place.items()`.
    Pair,
}

/// The places of an item.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Places {
    /// The place before the last step, and that.
    nodes: Box<[(Option<PlaceId>, Step)]>,
    /// The places that values were read from.
    of: Box<[Option<PlaceId>]>,
    /// All places, in the order of their nodes.
    sorted: Box<[PlaceId]>,
}

impl Places {
    /// The place that a value was read from, if it was.
    pub fn of(&self, value: Val) -> Option<PlaceId> {
        self.of.get(value.index()).copied().flatten()
    }

    /// The last step to a place.
    pub fn last(&self, place: PlaceId) -> Step {
        self.nodes[place.index()].1
    }

    /// The place without its last step.
    pub fn parent(&self, place: PlaceId) -> Option<PlaceId> {
        self.nodes[place.index()].0
    }

    /// The variable a place begins at, and the steps from there.
    pub fn path(&self, place: PlaceId) -> (VarId, Vec<Step>) {
        let mut steps = Vec::new();
        let mut current = place;
        loop {
            match (self.last(current), self.parent(current)) {
                (Step::Var(var), _) => {
                    steps.reverse();
                    return (var, steps);
                }
                (step, Some(parent)) => {
                    steps.push(step);
                    current = parent;
                }
                (_, None) => unreachable!("a place begins at a variable"),
            }
        }
    }

    /// The variable a place begins at.
    pub fn root(&self, place: PlaceId) -> VarId {
        let mut current = place;
        loop {
            match (self.last(current), self.parent(current)) {
                (Step::Var(var), _) => return var,
                (_, Some(parent)) => current = parent,
                (_, None) => unreachable!("a place begins at a variable"),
            }
        }
    }

    /// The place one step on, if the item has it.
    pub fn find_step(&self, from: Option<PlaceId>, step: Step) -> Option<PlaceId> {
        let found = self.sorted.binary_search_by_key(&(from, step), |place| self.nodes[place.index()]);
        found.ok().map(|at| self.sorted[at])
    }

    /// Whether there are more places than can be counted.
    pub(crate) fn is_overfull(&self) -> bool {
        self.nodes.len() >= MAX_ENTRIES
    }

    /// All places.
    pub fn ids(&self) -> impl Iterator<Item = PlaceId> + use<> {
        (0..self.nodes.len()).map(PlaceId::new)
    }

    /// Finds the places of an item.
    pub(crate) fn find(facts: &ItemFacts) -> Self {
        let of = Vec::with_capacity(facts.body.insts.len());
        let mut finder = Finder { facts, nodes: Vec::new(), of, steps: FxHashMap::default() };
        for index in 0..facts.body.insts.len() {
            let place = finder.place(Val::new(index));
            finder.of.push(place);
        }
        let Finder { nodes, of, .. } = finder;
        let mut sorted: Box<[PlaceId]> = (0..nodes.len()).map(PlaceId::new).collect();
        sorted.sort_unstable_by_key(|place| nodes[place.index()]);
        Self { nodes: nodes.as_slice().into(), of: of.into(), sorted }
    }
}

struct Finder<'f> {
    facts: &'f ItemFacts,
    nodes: Vec<(Option<PlaceId>, Step)>,
    of: Vec<Option<PlaceId>>,
    steps: FxHashMap<(Option<PlaceId>, Step), PlaceId>,
}

impl Finder<'_> {
    fn of(&self, value: Val) -> Option<PlaceId> {
        self.of.get(value.index()).copied().flatten()
    }

    fn step(&mut self, from: Option<PlaceId>, step: Step) -> PlaceId {
        let Self { nodes, steps, .. } = self;
        *steps.entry((from, step)).or_insert_with(|| {
            // One place for all beyond what can be counted.
            if nodes.len() < MAX_ENTRIES {
                nodes.push((from, step));
            }
            PlaceId::new(nodes.len() - 1)
        })
    }

    fn place(&mut self, value: Val) -> Option<PlaceId> {
        match self.facts.body.op(value) {
            Op::Load(var) => {
                Some(self.aliased(var, value).unwrap_or_else(|| self.step(None, Step::Var(var))))
            }
            Op::Attr { base, name } => self.on(base, Step::Attr(name)),
            Op::Index { base, key } if !matches!(self.facts.body.op(key), Op::Slice(_)) => {
                self.on(base, Step::Element)
            }
            Op::Next(iterator) => self.next(iterator),
            Op::Unpack { value: whole, index } => self.unpacked(whole, index),
            Op::Call { callee, .. } => self.call(callee),
            Op::Merge(args) => self.merged(args),
            Op::Store { var, .. } | Op::Delete(var) => {
                self.step(None, Step::Var(var));
                None
            }
            Op::StoreAttr { base, name, .. } | Op::DeleteAttr { base, name } => {
                self.on(base, Step::Attr(name));
                None
            }
            _ => None,
        }
    }

    fn on(&mut self, base: Val, step: Step) -> Option<PlaceId> {
        let from = self.of(base)?;
        Some(self.step(Some(from), step))
    }

    /// The place that a local variable is a mere name for.
    fn aliased(&self, var: VarId, load: Val) -> Option<PlaceId> {
        if !self.facts.is_local(var) || self.facts.var(var).is_deleted {
            return None;
        }
        let value = self.facts.only_value(var).filter(|value| value.index() < load.index())?;
        let place = self.of(value)?;
        // What a loop hands out is another thing each time, but it is the same kind of place.
        Some(place)
    }

    /// `place or []`: the place, for what is done with it.
    fn merged(&self, args: super::Args) -> Option<PlaceId> {
        let mut places = self.facts.body.args(args).iter().filter_map(|arg| self.of(arg.value));
        let only = places.next()?;
        let fresh = |value| match self.facts.body.op(value) {
            Op::Const(_) | Op::Display { .. } | Op::Call { .. } => true,
            _ => self.of(value) == Some(only),
        };
        let rest_is_fresh = self.facts.body.args(args).iter().all(|arg| fresh(arg.value));
        (places.next().is_none() && rest_is_fresh).then_some(only)
    }

    fn next(&mut self, iterator: Val) -> Option<PlaceId> {
        let Op::Iterate { value, .. } = self.facts.body.op(iterator) else { return None };
        let from = self.of(value)?;
        let parent = self.nodes[from.index()].0;
        match self.nodes[from.index()].1 {
            Step::Values => Some(self.step(parent, Step::Element)),
            Step::Items => Some(self.step(parent, Step::Pair)),
            _ => Some(self.step(Some(from), Step::Iterated)),
        }
    }

    fn unpacked(&mut self, whole: Val, index: u16) -> Option<PlaceId> {
        let from = self.of(whole)?;
        match (self.nodes[from.index()].1, index) {
            (Step::Pair, 1) => Some(self.step(self.nodes[from.index()].0, Step::Element)),
            (Step::Pair, 0) => Some(self.step(self.nodes[from.index()].0, Step::Iterated)),
            _ => Some(self.step(Some(from), Step::Element)),
        }
    }

    /// Methods of containers that hand out something of them.
    fn call(&mut self, callee: Val) -> Option<PlaceId> {
        let Op::Attr { base, name } = self.facts.body.op(callee) else { return None };
        match self.facts.str(name) {
            "get" | "setdefault" => self.on(base, Step::Element),
            "items" => self.on(base, Step::Items),
            "values" => self.on(base, Step::Values),
            "keys" => self.of(base),
            _ => None,
        }
    }
}
