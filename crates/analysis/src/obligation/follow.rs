//! The forward analysis: which variables hold an open resource at each point.

use std::collections::{BTreeMap, BTreeSet};

use super::condition::{Known, none_test};
use super::openness;
use super::raising::{is_fallible, may_be_caught};
use super::step::{Event, event};
use super::{Acquisition, Drop, Escape, Fate, Recipient};
use crate::bindings::Binding;
use crate::file::ItemId;
use crate::flow::Flow;
use crate::ir::{Args, BlockId, CompareOp, FrameKind, ItemFacts, Op, Terminator, UseKind, Val, VarId};
use crate::project::{CodeId, Holder, Project, Symbol};

/// What holds the open resource at a point of the function: nothing but this may name it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Held {
    /// Variables.
    pub(super) vars: BTreeSet<VarId>,
    /// Values on their way from one instruction to another.
    pub(super) values: BTreeSet<Val>,
    /// Those of them that release it when their context is left, whatever it is.
    pub(super) closers: BTreeSet<Val>,
    /// What is known of variables.
    known: Known,
    /// Where the exception was raised that led here.
    error: Option<Val>,
    /// Whether code that it is passed to is taken to give it back: what the function releases later it
    /// has only lent.
    pub(super) is_lent: bool,
}

/// Visits of blocks for all resources of one function together. What needs more is left alone.
const MAX_VISITS: usize = 20_000;

/// Visits that a resource gets, however many others there are.
const MIN_VISITS: usize = 100;

/// Ways out by an exception that are told apart.
const MAX_ERRORS: usize = 4;

/// Follows a resource from where it is acquired.
///
/// `flow` is that of the item, `siblings` the number of resources that it acquires.
pub(super) fn follow(
    project: &Project,
    code: CodeId,
    acquisition: &Acquisition,
    flow: &Flow<'_>,
    siblings: usize,
) -> Fate {
    let facts = project.facts(code);
    let visits = (MAX_VISITS / siblings.max(1)).max(MIN_VISITS);
    let known = Known::at(facts, flow, acquisition.block, acquisition.call);
    let held = Held { known, ..Held::default() };
    let run = |held: Held| run(project, code, acquisition, Some(held), Held::default(), visits);
    let mut fate = run(held.clone());
    let may_be_lent = |to: Recipient| matches!(to, Recipient::Callee | Recipient::Forgetful);
    if fate.escaped.iter().any(|escape| may_be_lent(escape.to)) {
        let lent = run(Held { is_lent: true, ..held });
        let only_errors = lent.dropped.iter().all(|dropped| matches!(dropped, Drop::OnError(_)));
        let is_forgotten = fate.escaped.iter().all(|escape| escape.to == Recipient::Forgetful);
        if !lent.released.is_empty() && lent.escaped.is_empty() && (only_errors || is_forgotten) {
            fate = lent;
        }
    }
    fate.is_process_wide = fate.variables.iter().any(|var| is_process_wide(project, code, *var));
    fate
}

/// Follows a resource that a function is given in a parameter.
pub(super) fn follow_parameter(project: &Project, code: CodeId, given: &Acquisition, param: VarId) -> Fate {
    let held = Held { vars: BTreeSet::from([param]), is_lent: true, ..Held::default() };
    run(project, code, given, None, held, MAX_VISITS)
}

/// Runs the analysis, from behind the acquiring call where `first` is given, else from the top of the
/// block with what is held there.
fn run(
    project: &Project,
    code: CodeId,
    acquisition: &Acquisition,
    first: Option<Held>,
    held: Held,
    visits: usize,
) -> Fate {
    let facts = project.facts(code);
    let mut states = BTreeMap::new();
    if first.is_none() {
        states.insert((acquisition.block, false), held);
    }
    let mut analysis = Analysis { project, code, facts, acquisition, states, fate: Fate::default() };
    analysis.run(first, visits);
    analysis.fate
}

struct Analysis<'a> {
    project: &'a Project,
    code: CodeId,
    facts: &'a ItemFacts,
    acquisition: &'a Acquisition,
    /// What is held on entering each block that is reached while the resource is open; ways that an
    /// exception led to are kept apart.
    states: BTreeMap<(BlockId, bool), Held>,
    fate: Fate,
}

type Point = (BlockId, bool);

impl Analysis<'_> {
    fn run(&mut self, mut first: Option<Held>, visits: usize) {
        let mut pending = vec![(self.acquisition.block, false)];
        let mut visited = 0;
        while let Some(point) = pending.pop() {
            visited += 1;
            if visited > visits {
                let at = self.acquisition.call;
                self.fate.escaped.push(Escape { at, to: super::Recipient::Other });
                return;
            }
            let is_first = first.is_some();
            let held = first.take().or_else(|| self.states.get(&point).cloned()).unwrap_or_default();
            self.block(point.0, held, is_first, &mut pending);
        }
    }

    fn block(&mut self, block: BlockId, mut held: Held, first: bool, pending: &mut Vec<Point>) {
        let on_raise = self.facts.body.block(block).on_raise;
        for at in self.facts.body.values(block) {
            if first && at <= self.acquisition.call {
                if at == self.acquisition.call {
                    held.values.insert(at);
                }
                continue;
            }
            if at == self.acquisition.call {
                // Acquired again while it is open: a loop came round.
                self.lose(&held, Drop::Overwritten(at));
                return;
            }
            held.known.update(self.facts, at);
            self.note_sibling(&mut held, at);
            if !self.instruction(&mut held, at) {
                return;
            }
            self.raise(&held, at, block, on_raise, pending);
        }
        self.leave(block, &held, on_raise, pending);
    }

    /// The other parts of what the acquiring call returns are there when the resource is.
    fn note_sibling(&self, held: &mut Held, at: Val) {
        if let Op::Store { var, value } = self.facts.body.op(at)
            && let Op::Unpack { value: whole, .. } = self.facts.body.op(value)
            && whole == self.acquisition.call
        {
            held.known.learn(self.facts, var, true, false);
        }
    }

    /// Follows the exception that an instruction may raise.
    fn raise(
        &mut self,
        held: &Held,
        at: Val,
        block: BlockId,
        on_raise: Option<BlockId>,
        pending: &mut Vec<Point>,
    ) {
        let op = self.facts.body.op(at);
        // Until what acquires it is awaited, there is nothing.
        let is_acquiring = match op {
            Op::Await(value) => value == self.acquisition.call,
            // `connect().options(…)` is how it is set up.
            Op::Call { callee, .. } => {
                matches!(self.facts.body.op(callee), Op::Attr { base, .. } if base == self.acquisition.call)
            }
            _ => false,
        };
        if is_acquiring || !may_be_caught(self.project, self.code, at) {
            return;
        }
        let is_new = held.error.is_none();
        match on_raise {
            Some(handler) => {
                let errored = Held { error: held.error.or(Some(at)), ..held.clone() };
                self.flow(errored, handler, true, pending);
            }
            None if is_new && self.is_main(block) && is_fallible(self.project, self.code, at) => {
                self.lose(held, Drop::OnError(at));
            }
            None => {}
        }
    }

    fn leave(&mut self, block: BlockId, held: &Held, on_raise: Option<BlockId>, pending: &mut Vec<Point>) {
        let is_error = held.error.is_some();
        match &self.facts.body.block(block).exit {
            Terminator::Return => {
                if self.is_main(block) {
                    self.lose(held, Drop::AtExit(block));
                }
            }
            Terminator::Raise => self.raise_on(block, held, on_raise, pending),
            Terminator::Unreachable => {}
            Terminator::Branch { condition, then, otherwise } => {
                let truth = self.truth(held, *condition);
                for (target, way) in [(*then, true), (*otherwise, false)] {
                    if truth.is_none_or(|truth| truth == way) {
                        let mut held = held.clone();
                        held.known.assume(self.facts, *condition, way);
                        self.flow(held, target, is_error, pending);
                    }
                }
            }
            exit => {
                for next in exit.successors() {
                    self.flow(held.clone(), next, is_error, pending);
                }
                let goes_on = matches!(
                    exit,
                    Terminator::Dispatch { catches_all: false, .. } | Terminator::RaiseUnlessSwallowed { .. }
                );
                if goes_on {
                    self.raise_on(block, held, on_raise, pending);
                }
            }
        }
    }

    /// Follows an exception that is on its way out of a block.
    fn raise_on(&mut self, block: BlockId, held: &Held, on_raise: Option<BlockId>, pending: &mut Vec<Point>) {
        let raised = held.error.or_else(|| self.facts.body.values(block).last());
        match (on_raise, raised) {
            (Some(handler), _) => {
                self.flow(Held { error: raised, ..held.clone() }, handler, true, pending);
            }
            (None, Some(at)) if self.is_main(block) && is_fallible(self.project, self.code, at) => {
                self.lose(held, Drop::OnError(at));
            }
            _ => {}
        }
    }

    /// Notes that the resource is lost. On a way that an exception led to, the exception is to blame.
    fn lose(&mut self, held: &Held, dropped: Drop) {
        let dropped = held.error.map_or(dropped, Drop::OnError);
        let errors = self.fate.dropped.iter().filter(|known| matches!(known, Drop::OnError(_))).count();
        if !matches!(dropped, Drop::OnError(_)) || errors < MAX_ERRORS {
            push_once(&mut self.fate.dropped, dropped);
        }
    }

    /// Whether a condition is true on the ways where the resource is open, if that is known.
    fn truth(&self, held: &Held, condition: Val) -> Option<bool> {
        let is_held = |value: Val| held.values.contains(&value);
        if let Some((asked, answer)) = openness::asked(self.facts, condition)
            && is_held(asked)
        {
            return Some(answer);
        }
        match self.facts.body.op(condition) {
            Op::Not(inner) => self.truth(held, inner).map(|truth| !truth),
            _ if is_held(condition) && self.is_whole(condition) => Some(true),
            // The pipes of a process that were asked for are there.
            Op::Attr { base, name }
                if is_held(base) && matches!(self.facts.str(name), "stdin" | "stdout" | "stderr") =>
            {
                Some(true)
            }
            Op::Call { callee, args } if self.is_attribute_test(callee, args, held) => Some(true),
            // It is not another object.
            Op::Compare {
                op: op @ (CompareOp::Is | CompareOp::IsNot | CompareOp::Eq | CompareOp::NotEq),
                left,
                right,
            } if is_held(left) != is_held(right)
                && self.is_whole(if is_held(left) { left } else { right }) =>
            {
                Some(matches!(op, CompareOp::IsNot | CompareOp::NotEq))
            }
            Op::Compare { .. } => match none_test(self.facts, condition) {
                Some((value, is_none)) if is_held(value) && self.is_whole(value) => Some(!is_none),
                _ => held.known.truth(self.facts, condition),
            },
            _ => held.known.truth(self.facts, condition),
        }
    }

    /// `hasattr(resource, "close")`
    fn is_attribute_test(&self, callee: Val, args: Args, held: &Held) -> bool {
        let is_hasattr =
            matches!(self.facts.body.op(callee), Op::Load(var) if self.facts.var_name(var) == "hasattr");
        let first = self.facts.body.args(args).first();
        is_hasattr && first.is_some_and(|arg| held.values.contains(&arg.value) && self.is_whole(arg.value))
    }

    /// Whether a value is the resource, not what was read from it.
    fn is_whole(&self, value: Val) -> bool {
        matches!(self.facts.body.op(value), Op::Load(_)) || value == self.acquisition.call
    }

    fn is_main(&self, block: BlockId) -> bool {
        let body = &self.facts.body;
        body.block(block).frame == body.block(self.acquisition.block).frame
    }

    fn flow(&mut self, held: Held, target: BlockId, is_error: bool, pending: &mut Vec<Point>) {
        let point = (target, is_error);
        let changed = match self.states.get_mut(&point) {
            None => {
                self.states.insert(point, held);
                true
            }
            Some(known) => {
                let size = |held: &Held| held.vars.len() + held.values.len() + held.closers.len();
                let before = size(known);
                known.vars.extend(&held.vars);
                known.values.extend(&held.values);
                known.closers.extend(&held.closers);
                let less = known.known.meet(&held.known);
                less || before != size(known)
            }
        };
        if changed && !pending.contains(&point) {
            pending.push(point);
        }
    }

    /// Applies one instruction; false where the resource is open no more.
    fn instruction(&mut self, held: &mut Held, at: Val) -> bool {
        match event(self.project, self.code, self.acquisition, held, at) {
            Event::Nothing => true,
            Event::Alias => {
                held.values.insert(at);
                true
            }
            Event::Closer => {
                held.values.insert(at);
                held.closers.insert(at);
                true
            }
            Event::Call(name) => {
                push_once(&mut self.fate.calls, name);
                true
            }
            Event::Unawaited => {
                push_once(&mut self.fate.unawaited, at);
                true
            }
            Event::Bind(var) => {
                push_once(&mut self.fate.variables, var);
                held.vars.insert(var);
                true
            }
            Event::Unbind(var) => {
                held.vars.remove(&var);
                if held.vars.is_empty() {
                    self.lose(held, Drop::Overwritten(at));
                    return false;
                }
                true
            }
            Event::Release => {
                self.fate.handles_errors |= held.error.is_some();
                push_once(&mut self.fate.released, at);
                false
            }
            Event::Escape(to) => {
                self.fate.handles_errors |= held.error.is_some();
                push_once(&mut self.fate.escaped, Escape { at, to });
                false
            }
        }
    }
}

fn push_once<T: PartialEq>(list: &mut Vec<T>, entry: T) {
    if !list.contains(&entry) {
        list.push(entry);
    }
}

/// Whether a variable is one of the module that functions, or other files, use: such a resource is
/// meant to stay open as long as the process.
fn is_process_wide(project: &Project, code: CodeId, var: VarId) -> bool {
    let Binding::Global(global) = project.file(code.module).binding(code.item, var) else { return false };
    let name = Symbol::of(project.file(code.module).global_name(global));
    let holder = Holder::Global { module: code.module, name };
    let home = CodeId { module: code.module, item: ItemId::MODULE };
    let sites = project.sites(holder);
    // What nothing in its module uses is there for others.
    let is_unused = sites.iter().all(|site| matches!(site.find(project).kind, UseKind::Bind(_)));
    is_unused
        || sites.iter().any(|site| site.code != home)
        || project
            .facts(home)
            .body
            .insts
            .iter()
            .any(|inst| matches!(inst.op, Op::Lambda(_)) && is_captured(project, home, var))
}

/// Whether a lambda of an item loads a variable.
pub(super) fn is_captured(project: &Project, code: CodeId, var: VarId) -> bool {
    let body = &project.facts(code).body;
    body.blocks.iter().enumerate().any(|(index, block)| {
        let in_lambda = body.frames[block.frame.index()].kind == FrameKind::Lambda;
        in_lambda
            && body
                .values(BlockId::new(index))
                .any(|at| matches!(body.op(at), Op::Load(loaded) if loaded == var))
    })
}
