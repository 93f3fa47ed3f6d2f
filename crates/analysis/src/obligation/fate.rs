//! The forward analysis: which variables hold an open resource at each point.

use std::collections::{BTreeMap, BTreeSet};

use super::step::{Event, event};
use super::{Acquisition, Drop, Fate};
use crate::bindings::Binding;
use crate::file::ItemId;
use crate::ir::{BlockId, Op, Terminator, Val, VarId};
use crate::project::{CodeId, Holder, Project, Symbol};

/// What holds the open resource at a point of the function: nothing but this may name it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Held {
    /// Variables.
    pub(super) vars: BTreeSet<VarId>,
    /// Values on their way from one instruction to another.
    pub(super) values: BTreeSet<Val>,
}

/// More rounds over one function than any lattice of this height needs.
const MAX_ROUNDS: usize = 10_000;

pub(super) fn follow(project: &Project, code: CodeId, acquisition: &Acquisition<'_>) -> Fate {
    let mut analysis =
        Analysis { project, code, acquisition, states: BTreeMap::new(), fate: Fate::default() };
    analysis.run();
    let mut fate = analysis.fate;
    fate.is_process_wide = fate.variables.iter().any(|var| is_process_wide(project, code, *var));
    fate
}

struct Analysis<'a> {
    project: &'a Project,
    code: CodeId,
    acquisition: &'a Acquisition<'a>,
    /// What is held on entering each block that is reached while the resource is open.
    states: BTreeMap<BlockId, Held>,
    fate: Fate,
}

impl Analysis<'_> {
    fn run(&mut self) {
        let mut pending = vec![self.acquisition.block];
        let mut rounds = 0;
        // The first visit starts behind the acquiring call, later ones at the top of their block.
        let mut first = true;
        while let Some(block) = pending.pop() {
            rounds += 1;
            if rounds > MAX_ROUNDS {
                self.fate.escaped.push(self.acquisition.call);
                return;
            }
            let held =
                if first { Held::default() } else { self.states.get(&block).cloned().unwrap_or_default() };
            self.block(block, held, std::mem::take(&mut first), &mut pending);
        }
    }

    fn block(&mut self, block: BlockId, mut held: Held, first: bool, pending: &mut Vec<BlockId>) {
        let facts = self.project.facts(self.code);
        let on_raise = facts.body.block(block).on_raise;
        for at in facts.body.values(block) {
            if first && at <= self.acquisition.call {
                if at == self.acquisition.call {
                    held.values.insert(at);
                }
                continue;
            }
            if at == self.acquisition.call {
                // Acquired again while it is open: a loop came round.
                push_once(&mut self.fate.dropped, Drop::Overwritten(at));
                return;
            }
            if !self.instruction(&mut held, at) {
                return;
            }
            if let Some(handler) = on_raise {
                self.flow(&held, handler, pending);
            }
        }
        match &facts.body.block(block).exit {
            Terminator::Return => {
                if self.is_main(block) {
                    push_once(&mut self.fate.dropped, Drop::AtExit(block));
                }
            }
            Terminator::Raise | Terminator::Unreachable => {
                if let Some(handler) = on_raise {
                    self.flow(&held, handler, pending);
                }
            }
            exit => {
                // Values live within an expression; an expression may span blocks.
                for next in exit.successors() {
                    self.flow(&held, next, pending);
                }
                if let (
                    Terminator::Dispatch { catches_all: false, .. } | Terminator::RaiseUnlessSwallowed { .. },
                    Some(handler),
                ) = (exit, on_raise)
                {
                    self.flow(&held, handler, pending);
                }
            }
        }
    }

    fn is_main(&self, block: BlockId) -> bool {
        let body = &self.project.facts(self.code).body;
        body.block(block).frame == body.block(self.acquisition.block).frame
    }

    fn flow(&mut self, held: &Held, target: BlockId, pending: &mut Vec<BlockId>) {
        let changed = match self.states.get_mut(&target) {
            None => {
                self.states.insert(target, held.clone());
                true
            }
            Some(known) => {
                let before = (known.vars.len(), known.values.len());
                known.vars.extend(&held.vars);
                known.values.extend(&held.values);
                before != (known.vars.len(), known.values.len())
            }
        };
        if changed && !pending.contains(&target) {
            pending.push(target);
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
            Event::Bind(var) => {
                push_once(&mut self.fate.variables, var);
                held.vars.insert(var);
                true
            }
            Event::Unbind(var) => {
                held.vars.remove(&var);
                if held.vars.is_empty() {
                    push_once(&mut self.fate.dropped, Drop::Overwritten(at));
                    return false;
                }
                true
            }
            Event::Release => {
                push_once(&mut self.fate.released, at);
                false
            }
            Event::Escape => {
                push_once(&mut self.fate.escaped, at);
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
    let Binding::Global(global) = project.file(code.module).bindings.of(code.item, var) else { return false };
    let name = Symbol::of(&project.file(code.module).bindings.global(global).name);
    let holder = Holder::Global { module: code.module, name };
    let home = CodeId { module: code.module, item: ItemId::MODULE };
    project.sites(holder).iter().any(|site| site.code != home)
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
        let in_lambda = body.frames[block.frame.index()].kind == crate::ir::FrameKind::Lambda;
        in_lambda
            && body
                .values(BlockId::new(index))
                .any(|at| matches!(body.op(at), Op::Load(loaded) if loaded == var))
    })
}
