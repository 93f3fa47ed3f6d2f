//! What functions do with what they are given, solved bottom up over the call graph.
//!
//! The summary of a parameter is symbolic at first: methods called on it, functions it is passed on
//! to. Parameters that are passed on to each other form a graph; its strongly connected components
//! are solved callees first, each from bottom, so the result does not depend on what was asked
//! before.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::holders::Symbol;
use super::ledger::{Cell, Notes};
use super::reads::Read;
use super::{CodeId, Holder, Project, Site, Table};
use crate::ir::{ArgKind, FrameKind, ItemFacts, Op, ParamKind, PlaceId, Step, Use, UseKind, Val, VarId};

/// What a function does with one of its parameters, itself or through the functions it calls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ParamSummary {
    /// It is kept, captured, or given to code that cannot be seen.
    pub escapes: bool,
    /// It is returned or yielded.
    pub is_returned: bool,
    /// Its context is entered by `with`.
    pub is_entered: bool,
    /// Elements of it are deleted or assigned.
    pub changes_elements: bool,
    /// Methods called on it, or handed on.
    pub methods: BTreeSet<Symbol>,
    /// Functions outside the project that it is passed to and that the catalogue knows.
    pub functions: BTreeSet<String>,
}

/// A parameter of a function.
type Param = (CodeId, VarId);

/// What functions do with their parameters.
#[derive(Clone, Default)]
pub(super) struct Summaries {
    /// There are few different ones.
    params: Table<Param, Arc<ParamSummary>>,
}

/// What a function itself does with a parameter, and the parameters that it passes it on to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Local {
    pub(super) param: Param,
    summary: ParamSummary,
    passed_to: Vec<Param>,
}

impl Summaries {
    pub(super) fn solve(project: &Project, notes: &mut Notes<'_>) -> Self {
        let mut solver = Solver::default();
        for (module, _) in project.modules() {
            for code in project.items(module) {
                let locals = notes.add(Cell::Params(code), || Local::of(project, code));
                for local in locals {
                    solver.add(local);
                }
            }
        }
        Self { params: solver.solve().into() }
    }

    /// Solves what depends on parameters of which something else is known, or that are gone. The parameters
    /// for which that makes a difference.
    pub(super) fn update(project: &mut Project, changed: &[Param]) -> Vec<Param> {
        let affected = affected(project, changed);
        let mut found: FxHashMap<Param, ParamSummary> =
            affected.iter().map(|(param, local)| (*param, local.summary.clone())).collect();
        let mut is_done = false;
        while !std::mem::replace(&mut is_done, true) {
            for (param, local) in &affected {
                let mut summary = found.get(param).cloned().unwrap_or_default();
                for target in &local.passed_to {
                    let known = found.get(target).or_else(|| project.summaries.of(*target));
                    if let Some(known) = known {
                        summary.absorb(known);
                    }
                }
                if found.get(param) != Some(&summary) {
                    found.insert(*param, summary);
                    is_done = false;
                }
            }
        }
        let gone = changed.iter().filter(|param| !affected.contains_key(param));
        let mut different: Vec<Param> = gone.copied().collect();
        for &param in &different {
            project.summaries.params.set(param, None);
        }
        for param in affected.keys() {
            let summary = found.remove(param);
            if project.summaries.of(*param) != summary.as_ref() {
                project.summaries.params.set(*param, summary.map(Arc::new));
                different.push(*param);
            }
        }
        different
    }

    fn of(&self, param: Param) -> Option<&ParamSummary> {
        self.params.get(param).map(|summary| &**summary)
    }

    pub(super) fn changes(&self) -> usize {
        self.params.changes()
    }

    /// Everything, in order; for comparisons.
    pub(super) fn describe(&self) -> Vec<String> {
        self.params.entries().iter().map(|entry| format!("{entry:?}")).collect()
    }
}

/// The parameters that are passed on to some, over any number of calls, and those themselves.
fn affected(project: &Project, changed: &[Param]) -> BTreeMap<Param, Local> {
    let mut found: BTreeMap<Param, Local> = BTreeMap::new();
    let mut pending: Vec<Param> = changed.to_vec();
    while let Some(param) = pending.pop() {
        if found.contains_key(&param) {
            continue;
        }
        if project.facts(param.0).params.iter().any(|own| own.var == param.1) {
            found.insert(param, Local::new(project, param));
        }
        for caller in callers(project, param.0) {
            let passing = Local::of(project, caller).into_iter();
            let passing = passing.filter(|local| local.passed_to.contains(&param));
            pending.extend(passing.map(|local| local.param));
        }
    }
    found
}

/// The functions with code that calls a function, also in functions nested in them.
fn callers(project: &Project, function: CodeId) -> Vec<CodeId> {
    let mut called = vec![function];
    if project.own_name(function) == "__init__"
        && let Some(class) = project.class_of(function)
    {
        called.extend(project.descendants(class).into_iter().map(|class| class.0));
    }
    let calling = called.into_iter().flat_map(|code| project.references(code)).map(|found| found.code);
    let around = |code: CodeId| std::iter::successors(Some(code), |code| project.parent(*code));
    let mut found: Vec<CodeId> = calling.flat_map(around).collect();
    found.sort_unstable();
    found.dedup();
    found
}

impl Local {
    /// What a function itself does with its parameters.
    pub(super) fn of(project: &Project, function: CodeId) -> Vec<Self> {
        let params = project.facts(function).params.iter();
        params.map(|param| Self::new(project, (function, param.var))).collect()
    }

    fn new(project: &Project, param: Param) -> Self {
        let mut local = Self { param, summary: ParamSummary::default(), passed_to: Vec::new() };
        for &site in project.sites(Holder::Local { code: param.0, var: param.1 }) {
            note(project, param.0, site, &mut local.summary, &mut local.passed_to);
        }
        local
    }
}

impl ParamSummary {
    /// Adds what happens because of a call that passes the parameter on.
    fn absorb(&mut self, callee: &Self) {
        // What a callee returns comes back to the caller in a value that is not followed.
        self.escapes |= callee.is_lost();
        self.is_entered |= callee.is_entered;
        self.changes_elements |= callee.changes_elements;
        self.methods.extend(callee.methods.iter().copied());
        self.functions.extend(callee.functions.iter().cloned());
    }

    /// Whether a caller loses track of what it passes.
    pub fn is_lost(&self) -> bool {
        self.escapes || self.is_returned
    }
}

#[derive(Default)]
struct Solver {
    /// What is known for good: of parameters that are not passed on, from the start.
    solved: FxHashMap<Param, Arc<ParamSummary>>,
    /// There are few different ones.
    shared: FxHashSet<Arc<ParamSummary>>,
    /// Parameters that are passed on.
    nodes: Vec<Local>,
}

impl Solver {
    fn add(&mut self, local: Local) {
        if local.passed_to.is_empty() {
            self.note(local);
        } else {
            self.nodes.push(local);
        }
    }

    fn note(&mut self, local: Local) {
        let known = self.shared.get(&local.summary).map(Arc::clone);
        let summary = known.unwrap_or_else(|| {
            let new = Arc::new(local.summary);
            self.shared.insert(Arc::clone(&new));
            new
        });
        self.solved.insert(local.param, summary);
    }

    /// Tarjan's algorithm, without recursion; components come out callees first.
    fn solve(mut self) -> FxHashMap<Param, Arc<ParamSummary>> {
        let mut nodes = std::mem::take(&mut self.nodes);
        let index: FxHashMap<Param, usize> =
            nodes.iter().enumerate().map(|(index, node)| (node.param, index)).collect();
        let mut edges: Vec<Vec<usize>> = Vec::with_capacity(nodes.len());
        for Local { summary, passed_to, .. } in &mut nodes {
            edges.push(passed_to.iter().filter_map(|param| index.get(param).copied()).collect());
            let known = passed_to.iter().filter_map(|param| self.solved.get(param));
            known.for_each(|known| summary.absorb(known));
        }
        drop(index);
        for component in components(&edges) {
            let mut changed = true;
            while std::mem::take(&mut changed) {
                for &node in &component {
                    let mut summary = nodes[node].summary.clone();
                    edges[node].iter().for_each(|&target| summary.absorb(&nodes[target].summary));
                    changed |= summary != nodes[node].summary;
                    nodes[node].summary = summary;
                }
            }
        }
        for node in nodes {
            self.note(node);
        }
        self.solved
    }
}

/// Notes what one use does with a parameter.
fn note(
    project: &Project,
    owner: CodeId,
    site: Site,
    summary: &mut ParamSummary,
    passed_to: &mut Vec<Param>,
) {
    let facts = project.facts(site.code);
    let used = site.find(project);
    let rest = site.rest(project);
    if site.code != owner {
        // An inner function uses it, whenever that is called.
        summary.escapes = true;
    }
    match (used.kind, rest.as_slice()) {
        (UseKind::Call(name), []) => {
            summary.methods.insert(Symbol::of(facts.str(name)));
        }
        (UseKind::DeleteElement | UseKind::StoreElement | UseKind::AugmentElement, []) => {
            summary.changes_elements = true;
        }
        (UseKind::Enter, []) => summary.is_entered = true,
        // What a context manager yields comes back to it.
        (UseKind::Return, []) if is_yielded_by_manager(project, site.code, used) => {}
        (UseKind::Return, []) => summary.is_returned = true,
        (UseKind::Keep | UseKind::Invoke | UseKind::Augment(_), []) => summary.escapes = true,
        (UseKind::Argument, []) => passed(project, site, used, summary, passed_to),
        // A bound method handed around.
        (UseKind::Argument | UseKind::Keep | UseKind::Return | UseKind::Invoke, [Step::Attr(name)]) => {
            let name = facts.str(*name);
            if used.kind == UseKind::Invoke {
                summary.methods.insert(Symbol::of(name));
            } else if !is_data_attribute(name) {
                summary.escapes = true;
            }
        }
        _ => {}
    }
}

/// Whether a use is the `yield` of a function that is made a context manager.
fn is_yielded_by_manager(project: &Project, code: CodeId, used: Use) -> bool {
    let facts = project.facts(code);
    matches!(facts.body.op(used.at), Op::Yield(_))
        && facts.decorators.iter().any(|decorator| {
            matches!(
                project.import_path(code, *decorator).as_deref(),
                Some("contextlib.contextmanager" | "contextlib.asynccontextmanager")
            )
        })
}

/// Attributes of files and the like that are plain data.
pub(crate) fn is_data_attribute(name: &str) -> bool {
    matches!(
        name,
        "name" | "mode" | "closed" | "encoding" | "errors" | "newlines" | "filename" | "maxlen" | "filelist"
    )
}

fn passed(project: &Project, site: Site, used: Use, summary: &mut ParamSummary, passed_to: &mut Vec<Param>) {
    let facts = project.facts(site.code);
    let Op::Call { callee, args } = facts.body.op(used.at) else { return };
    let values = facts.body.args(args).iter().filter(|arg| facts.places.of(arg.value) == Some(used.place));
    let Some(value) = values.map(|arg| arg.value).next() else { return };
    if let Some(path) = project.import_path(site.code, callee)
        && project.catalogue().knows_function(&path)
    {
        summary.functions.insert(path);
        return;
    }
    if let Op::Attr { name, .. } = facts.body.op(callee)
        && project.catalogue().borrowers.is_method(facts.str(name))
    {
        return;
    }
    if project.is_undone(site.code, callee, used.place) {
        return;
    }
    let target = project.called_function(site.code, callee);
    match target.and_then(|code| Some((code, project.parameter_for(site.code, used.at, value, code)?))) {
        Some(param) => passed_to.push(param),
        None => summary.escapes = true,
    }
}

/// Whether the body of a function does nothing, or only raises.
fn is_abstract(facts: &ItemFacts) -> bool {
    let is_idle = |op: Op| {
        matches!(
            op,
            Op::Const(_) | Op::Load(_) | Op::Raise(_) | Op::Return(None) | Op::Define(_) | Op::Format(_)
        ) || matches!(op, Op::Call { callee, .. }
                if matches!(facts.body.op(callee), Op::Load(var) if facts.var_name(var).starts_with("NotImplemented")))
    };
    let own = facts
        .body
        .blocks
        .iter()
        .filter(|block| facts.body.frames[block.frame.index()].kind == FrameKind::Body);
    own.flat_map(|block| &facts.body.insts[block.start as usize..block.end as usize])
        .all(|inst| is_idle(inst.op))
}

/// Strongly connected components of a graph, targets before sources.
fn components(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    const NEW: usize = usize::MAX;
    let mut order = vec![NEW; edges.len()];
    let mut low = vec![0; edges.len()];
    let mut on_stack = vec![false; edges.len()];
    let (mut stack, mut found, mut counter) = (Vec::new(), Vec::new(), 0);
    for root in 0..edges.len() {
        if order[root] != NEW {
            continue;
        }
        let mut calls = vec![(root, 0)];
        while let Some((node, next)) = calls.pop() {
            if next == 0 {
                (order[node], low[node]) = (counter, counter);
                counter += 1;
                stack.push(node);
                on_stack[node] = true;
            }
            if let Some(&target) = edges[node].get(next) {
                calls.push((node, next + 1));
                if order[target] == NEW {
                    calls.push((target, 0));
                } else if on_stack[target] {
                    low[node] = low[node].min(order[target]);
                }
                continue;
            }
            if low[node] == order[node] {
                let mut component = Vec::new();
                while let Some(member) = stack.pop() {
                    on_stack[member] = false;
                    component.push(member);
                    if member == node {
                        break;
                    }
                }
                component.sort_unstable();
                found.push(component);
            }
            if let Some(&(caller, _)) = calls.last() {
                low[caller] = low[caller].min(low[node]);
            }
        }
    }
    found
}

impl Project {
    /// Whether calling a function runs just that function: no class overrides it, and it is more than a
    /// place to be filled.
    pub fn is_final(&self, function: CodeId) -> bool {
        let facts = self.facts(function);
        if !facts.is_function() || is_abstract(facts) {
            return false;
        }
        self.class_of(function).is_none() || !self.is_redefined(function)
    }

    /// The one function that a call runs, if that is certain: for a class its constructor.
    pub fn called_function(&self, code: CodeId, callee: Val) -> Option<CodeId> {
        let target = self.callable(code, callee)?;
        let function = if self.is_class(target) {
            let class = super::ClassId(target);
            let init = self.class_member(class, "__init__")?;
            // One of a library may come first.
            let is_first = self.class_of(init) == Some(class) || self.external_bases(class).is_empty();
            if !is_first || self.class_member(class, "__new__").is_some() {
                return None;
            }
            init
        } else {
            target
        };
        Some(function).filter(|function| self.is_final(*function))
    }

    /// Whether a call hands a value to something, and another call of the same function takes it back, or
    /// the other way round: `logger.addHandler(handler)` and `logger.removeHandler(handler)`.
    pub(crate) fn is_undone(&self, code: CodeId, callee: Val, place: PlaceId) -> bool {
        const PAIRS: [(&str, &str); 5] = [
            ("add", "remove"),
            ("register", "unregister"),
            ("attach", "detach"),
            ("subscribe", "unsubscribe"),
            ("install", "uninstall"),
        ];
        let facts = self.facts(code);
        let Op::Attr { name, .. } = facts.body.op(callee) else { return false };
        let name = facts.str(name);
        let both_ways = PAIRS.iter().flat_map(|(done, undone)| [(done, undone), (undone, done)]);
        let other = both_ways.into_iter().find_map(|(this, other)| Some((other, name.strip_prefix(this)?)));
        let Some((other, rest)) = other else { return false };
        facts.uses.iter().filter(|used| used.kind == UseKind::Argument && used.place == place).any(|used| {
            let Op::Call { callee, .. } = facts.body.op(used.at) else { return false };
            let Op::Attr { name, .. } = facts.body.op(callee) else { return false };
            facts.str(name).strip_prefix(other) == Some(rest)
        })
    }

    /// What a function does with a parameter.
    pub fn param_summary(&self, function: CodeId, param: VarId) -> Option<&ParamSummary> {
        self.note(Read::Summary(function, param));
        self.summaries.of((function, param))
    }

    /// The parameter of a function that gets a value which a call passes.
    pub fn parameter_for(&self, code: CodeId, call: Val, value: Val, function: CodeId) -> Option<VarId> {
        let facts = self.facts(code);
        let Op::Call { callee, args } = facts.body.op(call) else { return None };
        let target = self.facts(function);
        let args = facts.body.args(args);
        let (position, arg) = args.iter().enumerate().find(|(_, arg)| arg.value == value)?;
        match arg.kind {
            ArgKind::Keyword(name) => {
                let name = facts.str(name);
                target.params.iter().find(|param| target.var_name(param.var) == name).map(|param| param.var)
            }
            ArgKind::Positional => {
                let spread_before = args[..position].iter().any(|arg| arg.kind == ArgKind::Star);
                let bound = usize::from(self.passes_self(code, callee, function));
                let param = target.params.get(position + bound)?;
                (param.kind == ParamKind::Positional && !spread_before).then_some(param.var)
            }
            ArgKind::Star | ArgKind::DoubleStar => None,
        }
    }

    /// Whether a call passes `self` by itself: a method looked up on an object.
    fn passes_self(&self, code: CodeId, callee: Val, function: CodeId) -> bool {
        if self.own_name(function) == "__init__"
            && self.callable(code, callee).is_some_and(|target| self.is_class(target))
        {
            return true;
        }
        let through_attribute = matches!(self.facts(code).body.op(callee), Op::Attr { .. });
        let through_class = matches!(self.entity(code, callee), Some(super::Entity::Function(_)));
        through_attribute && !through_class && self.is_instance_method(function)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_come_out_targets_first() {
        // 0 → 1 ⇄ 2 → 3, and 4 by itself.
        let edges = vec![vec![1], vec![2], vec![1, 3], vec![], vec![4]];
        assert_eq!(components(&edges), [vec![3], vec![1, 2], vec![0], vec![4]]);
    }
}
