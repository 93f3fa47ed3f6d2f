//! What one instruction does to an open resource.

use super::Acquisition;
use super::acquire::resource;
use super::fate::{Held, is_captured};
use crate::bindings::Binding;
use crate::file::ItemId;
use crate::ir::{ArgKind, Args, Comprehension, Op, Val, VarId};
use crate::project::{CodeId, ParamSummary, Project, Symbol, is_data_attribute};

/// What an instruction does to an open resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// Nothing.
    Nothing,
    /// Its value is the resource, or something that reads from it.
    Alias,
    /// A variable holds it now.
    Bind(VarId),
    /// A variable that held it does not any more.
    Unbind(VarId),
    /// It is released.
    Release,
    /// It goes where this analysis does not follow.
    Escape,
}

/// The effect of an instruction on a resource that `held` holds.
pub(super) fn event(
    project: &Project,
    code: CodeId,
    acquired: &Acquisition<'_>,
    held: &Held,
    at: Val,
) -> Event {
    let step = Step { project, code, acquired, held, at };
    step.event()
}

struct Step<'a> {
    project: &'a Project,
    code: CodeId,
    acquired: &'a Acquisition<'a>,
    held: &'a Held,
    at: Val,
}

impl Step<'_> {
    fn is_held(&self, value: Val) -> bool {
        self.held.values.contains(&value)
    }

    fn any_held(&self, args: Args) -> bool {
        self.project.facts(self.code).body.args(args).iter().any(|arg| self.is_held(arg.value))
    }

    fn event(&self) -> Event {
        let body = &self.project.facts(self.code).body;
        match body.op(self.at) {
            Op::Load(var) if self.held.vars.contains(&var) => Event::Alias,
            Op::Store { var, value } => self.store(var, value),
            Op::Delete(var) if self.held.vars.contains(&var) => Event::Unbind(var),
            Op::StoreAttr { value, .. } | Op::StoreIndex { value, .. } if self.is_held(value) => {
                Event::Escape
            }
            Op::Call { callee, args } => self.call(callee, args),
            Op::Merge(args) if self.any_held(args) => Event::Alias,
            Op::Await(value) if self.is_held(value) => Event::Alias,
            Op::Unpack { value, index } if self.is_held(value) => self.unpack(value, index),
            Op::Enter { context, .. } if self.is_held(context) => self.enter(context),
            Op::Return(Some(value)) | Op::Yield(Some(value)) | Op::Raise(Some(value))
                if self.is_held(value) =>
            {
                Event::Escape
            }
            Op::Display { args, .. } | Op::Opaque(args) if self.any_held(args) => Event::Escape,
            Op::Comprehension { kind, args } if self.any_held(args) => self.comprehension(kind, args),
            Op::Lambda(_) if self.held.vars.iter().any(|var| is_captured(self.project, self.code, *var)) => {
                Event::Escape
            }
            Op::Define(number) => self.define(number),
            Op::Attr { base, name } if self.is_held(base) => self.attribute(name),
            Op::InPlace { left, right, .. } if self.is_held(left) || self.is_held(right) => Event::Escape,
            _ => Event::Nothing,
        }
    }

    fn store(&self, var: VarId, value: Val) -> Event {
        if !self.is_held(value) {
            return if self.held.vars.contains(&var) { Event::Unbind(var) } else { Event::Nothing };
        }
        // The result of `os.pipe()` is one value with several duties: a name for all of it is too
        // little to go by.
        if self.acquired.part.is_some() && value == self.acquired.call {
            return Event::Escape;
        }
        match self.project.file(self.code.module).bindings.of(self.code.item, var) {
            Binding::Local(item, _) if item == self.code.item => Event::Bind(var),
            Binding::Global(_) if self.code.item == ItemId::MODULE => Event::Bind(var),
            _ => Event::Escape,
        }
    }

    fn unpack(&self, value: Val, index: u32) -> Event {
        match self.acquired.part {
            Some(part) if value == self.acquired.call && index == part => Event::Alias,
            Some(_) if value == self.acquired.call => Event::Nothing,
            _ => Event::Escape,
        }
    }

    fn enter(&self, context: Val) -> Event {
        if self.acquired.resource.with || context != self.acquired.call {
            Event::Release
        } else {
            Event::Alias
        }
    }

    /// A comprehension iterates over it, or makes elements of it.
    fn comprehension(&self, kind: Comprehension, args: Args) -> Event {
        let args = self.project.facts(self.code).body.args(args);
        let elements = if kind == Comprehension::Dict { 2 } else { 1 };
        let (iterated, element) = args.split_at(args.len().saturating_sub(elements));
        if element.iter().any(|arg| self.is_held(arg.value)) {
            return Event::Escape;
        }
        // A generator goes on reading after it is made.
        let lazy = kind == Comprehension::Generator && iterated.iter().any(|arg| self.is_held(arg.value));
        if lazy { Event::Alias } else { Event::Nothing }
    }

    /// A nested function or class that uses a variable holding it.
    fn define(&self, number: u32) -> Event {
        let file = self.project.file(self.code.module);
        let Some(&child) = file.item(self.code.item).children.get(number as usize) else {
            return Event::Nothing;
        };
        let captures = file.ids().any(|item| {
            let inside = item == child || file.ancestors(item).any(|outer| outer == child);
            inside
                && (0..file.facts(item).vars.len()).map(VarId::new).any(|var| {
                    matches!(file.bindings.of(item, var), Binding::Local(owner, owned)
                    if owner == self.code.item && self.held.vars.contains(&owned))
                })
        });
        if captures { Event::Escape } else { Event::Nothing }
    }

    /// An attribute that is not called on the spot. Plain data tells nothing; a bound method that
    /// is passed on can be called by whoever gets it.
    fn attribute(&self, name: crate::ir::Name) -> Event {
        let facts = self.project.facts(self.code);
        let used_as_base = facts.body.insts[self.at.index()..].iter().any(|inst| match inst.op {
            Op::Call { callee, .. } => callee == self.at,
            Op::Attr { base, .. } | Op::Index { base, .. } => base == self.at,
            _ => false,
        });
        if used_as_base || is_data_attribute(facts.str(name)) { Event::Nothing } else { Event::Escape }
    }

    fn call(&self, callee: Val, args: Args) -> Event {
        let facts = self.project.facts(self.code);
        if self.is_held(callee) {
            return Event::Escape;
        }
        if let Op::Attr { base, name } = facts.body.op(callee)
            && self.is_held(base)
        {
            return self.method(callee, facts.str(name), args);
        }
        let passed: Vec<Val> =
            facts.body.args(args).iter().filter(|arg| self.is_held(arg.value)).map(|arg| arg.value).collect();
        match passed.as_slice() {
            [] => Event::Nothing,
            [value] => self.passed(callee, args, *value),
            _ => Event::Escape,
        }
    }

    fn method(&self, callee: Val, name: &str, args: Args) -> Event {
        let is_release = |release: &String| release == name;
        if self.acquired.resource.release.iter().any(is_release) || matches!(name, "__exit__" | "__aexit__") {
            return Event::Release;
        }
        match name {
            "detach" => Event::Escape,
            "__enter__" | "__aenter__" | "__iter__" => Event::Alias,
            // What a member of an archive reads from is the archive.
            _ if resource(self.project, self.code, callee).is_some() => Event::Alias,
            _ if self.any_held(args) => Event::Escape,
            _ => Event::Nothing,
        }
    }

    /// The resource is an argument of a call.
    fn passed(&self, callee: Val, args: Args, value: Val) -> Event {
        let facts = self.project.facts(self.code);
        let spread = facts
            .body
            .args(args)
            .iter()
            .any(|arg| arg.value == value && matches!(arg.kind, ArgKind::Star | ArgKind::DoubleStar));
        if spread {
            return Event::Nothing;
        }
        let resource = self.acquired.resource;
        if let Some(path) = self.project.import_path(self.code, callee) {
            if resource.release_by.contains(&path) {
                return Event::Release;
            }
            if resource.transfer_to.contains(&path) {
                return Event::Escape;
            }
            if path == "contextlib.closing"
                || path == "contextlib.aclosing"
                || self.project.catalogue().borrowers.is_view(&path)
            {
                return Event::Alias;
            }
            if self.project.catalogue().borrowers.is_function(&path) {
                return Event::Nothing;
            }
        }
        match self.summary(callee, value) {
            Some(summary) => self.by_summary(summary),
            None => Event::Escape,
        }
    }

    fn summary(&self, callee: Val, value: Val) -> Option<&ParamSummary> {
        let function = self.project.callable(self.code, callee)?;
        if !self.project.facts(function).is_function() {
            return None;
        }
        let param = self.project.parameter_for(self.code, self.at, value, function)?;
        self.project.param_summary(function, param)
    }

    /// What a function of the project does with it.
    fn by_summary(&self, summary: &ParamSummary) -> Event {
        let resource = self.acquired.resource;
        let by_method = resource.release.iter().any(|name| summary.methods.contains(&Symbol::of(name)));
        let by_function = resource.release_by.iter().any(|path| summary.functions.contains(path));
        if by_method || by_function || (summary.is_entered && resource.with) {
            return Event::Release;
        }
        let transferred = resource.transfer_to.iter().any(|path| summary.functions.contains(path));
        if summary.is_lost() || transferred { Event::Escape } else { Event::Nothing }
    }
}
