//! What one instruction does to an open resource.

use leakwright_catalogue::Family;

use super::acquire::is_used;
use super::follow::{Held, is_captured};
use super::keeping::{self, Keeper};
use super::raising::is_decorated_with;
use super::{Acquisition, Recipient, Share};
use crate::bindings::Binding;
use crate::file::ItemId;
use crate::ir::{
    ArgKind, Args, BlockId, Comprehension, Const, ItemKind, LoopId, LoopKind, Name, Op, Val, VarId,
};
use crate::project::{ClassId, CodeId, ParamSummary, Project, Symbol};

/// What an instruction does to an open resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// Nothing.
    Nothing,
    /// Its value is the resource, or something that reads from it.
    Alias,
    /// Its value is a context manager that releases the resource.
    Closer,
    /// One of its methods is called.
    Call(Name),
    /// A release that has to be awaited is called, and nothing awaits it.
    Unawaited,
    /// A variable holds it now.
    Bind(VarId),
    /// A variable that held it does not any more.
    Unbind(VarId),
    /// It is released.
    Release,
    /// It goes where this analysis does not follow.
    Escape(Recipient),
}

/// The effect of an instruction on a resource that `held` holds.
pub(super) fn event(project: &Project, code: CodeId, acquired: &Acquisition, held: &Held, at: Val) -> Event {
    let step = Step { project, code, acquired, held, at };
    step.event()
}

struct Step<'a> {
    project: &'a Project,
    code: CodeId,
    acquired: &'a Acquisition,
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
            Op::StoreAttr { value, .. } if self.is_held(value) => Event::Escape(Recipient::Attribute),
            Op::StoreIndex { value, .. } if self.is_held(value) => Event::Escape(Recipient::Other),
            Op::Call { callee, args } => self.call(callee, args),
            Op::Merge(args) if self.any_held(args) => Event::Alias,
            Op::Await(value) if self.is_held(value) => Event::Alias,
            Op::Unpack { value, index } if self.is_held(value) => self.unpack(value, index.into()),
            Op::Iterate { value, .. } if self.is_list() && self.is_held(value) => self.each(),
            Op::Index { base, .. } if self.is_list() && self.is_held(base) => self.element(),
            Op::Binary { left, right, .. }
                if self.is_list() && (self.is_held(left) || self.is_held(right)) =>
            {
                Event::Escape(Recipient::Other)
            }
            Op::Index { base, key } if self.is_part() && self.is_result(base) => match body.op(key) {
                Op::Const(Const::Int(index)) => u32::try_from(index)
                    .map_or(Event::Escape(Recipient::Other), |index| self.unpack(base, index)),
                _ => Event::Escape(Recipient::Other),
            },
            Op::Enter { context, .. } if self.is_held(context) => self.enter(context),
            Op::Return(Some(value)) if self.is_held(value) => Event::Escape(Recipient::Caller),
            Op::Return(Some(value)) if self.is_cursor(value) => Event::Escape(Recipient::Other),
            Op::Enter { context, .. } if self.is_chained(context) => Event::Release,
            Op::Yield(Some(value)) if self.is_held(value) => self.yielded(),
            Op::Raise(Some(value)) if self.is_held(value) => Event::Escape(Recipient::Other),
            // What is raised in a handler goes on with the exception that was caught.
            Op::Raise(_) if self.acquired.resource.caught => Event::Escape(Recipient::Caller),
            Op::Display { args, .. } | Op::Opaque(args) if self.any_held(args) => {
                Event::Escape(Recipient::Other)
            }
            Op::Comprehension { kind, args } if self.any_held(args) => self.comprehension(kind, args),
            Op::Lambda(_) if self.held.vars.iter().any(|var| is_captured(self.project, self.code, *var)) => {
                Event::Escape(Recipient::Other)
            }
            Op::Define(number) => self.define(number),
            Op::Attr { base, name } if self.is_held(base) => self.attribute(name),
            Op::InPlace { left, right, .. } if self.is_held(left) || self.is_held(right) => {
                Event::Escape(Recipient::Other)
            }
            _ => Event::Nothing,
        }
    }

    /// Whether a value is a cursor of the connection: who has it can get at the connection.
    fn is_cursor(&self, value: Val) -> bool {
        let facts = self.project.facts(self.code);
        let made = match facts.body.op(value) {
            Op::Load(var) => facts.only_value(var),
            _ => Some(value),
        };
        let Some(Op::Call { callee, .. }) = made.map(|made| facts.body.op(made)) else { return false };
        let Op::Attr { base, name } = facts.body.op(callee) else { return false };
        let of_held = self.is_held(base)
            || matches!(facts.body.op(base), Op::Load(var) if self.held.vars.contains(&var));
        facts.str(name) == "cursor" && of_held
    }

    /// Whether a value is what a method of the acquired value gave: `connect().options(…)`, itself in
    /// most libraries.
    fn is_chained(&self, value: Val) -> bool {
        let body = &self.project.facts(self.code).body;
        let Op::Call { callee, .. } = body.op(value) else { return false };
        matches!(body.op(callee), Op::Attr { base, .. } if self.is_result(base))
    }

    fn is_part(&self) -> bool {
        matches!(self.acquired.share, Share::Part(_))
    }

    fn is_list(&self) -> bool {
        self.acquired.share == Share::Each
    }

    /// A loop over the list: what it does to an element it does to all.
    fn each(&self) -> Event {
        let facts = self.project.facts(self.code);
        let body = &facts.body;
        let is_element = |value: Val| match body.op(value) {
            Op::Next(iterator) => iterator == self.at,
            Op::Load(var) => facts.stores(var).iter().any(|store| {
                let stored = facts.stored(*store).map(|value| body.op(value));
                matches!(stored, Some(Op::Next(iterator)) if iterator == self.at)
            }),
            _ => false,
        };
        let release = &self.acquired.resource.release;
        let mut event = Event::Nothing;
        for at in (self.at.index() + 1..body.insts.len()).map(Val::new) {
            match body.op(at) {
                Op::Attr { base, name }
                    if is_element(base) && release.iter().any(|known| known == facts.str(name)) =>
                {
                    return Event::Release;
                }
                Op::Attr { .. } | Op::Load(_) | Op::Next(_) | Op::Store { .. } => {}
                op => {
                    let mut uses = false;
                    body.operands(op, |operand| uses |= is_element(operand));
                    if uses {
                        event = Event::Escape(Recipient::Other);
                    }
                }
            }
        }
        event
    }

    /// One element of the list: a method of it does nothing for the others, anything else may.
    fn element(&self) -> Event {
        let body = &self.project.facts(self.code).body;
        let only_asked = body.insts[self.at.index() + 1..].iter().all(|inst| {
            let mut uses = false;
            body.operands(inst.op, |operand| uses |= operand == self.at);
            !uses || matches!(inst.op, Op::Attr { .. })
        });
        if only_asked { Event::Nothing } else { Event::Escape(Recipient::Other) }
    }

    fn store(&self, var: VarId, value: Val) -> Event {
        if !self.is_held(value) {
            return if self.held.vars.contains(&var) { Event::Unbind(var) } else { Event::Nothing };
        }
        // The result of `os.pipe()` is one value with several duties: a name for all of it is too
        // little to go by.
        if self.is_part() && self.is_result(value) {
            return Event::Escape(Recipient::Other);
        }
        match self.project.file(self.code.module).binding(self.code.item, var) {
            Binding::Local(item, _) if item == self.code.item => Event::Bind(var),
            Binding::Global(_) if self.code.item == ItemId::MODULE => Event::Bind(var),
            _ => Event::Escape(Recipient::Other),
        }
    }

    /// Whether a value is what the acquiring call returns, awaited or not.
    fn is_result(&self, value: Val) -> bool {
        let awaited = match self.project.facts(self.code).body.op(value) {
            Op::Await(inner) => inner,
            _ => value,
        };
        awaited == self.acquired.call
    }

    fn unpack(&self, value: Val, index: u32) -> Event {
        match self.acquired.share {
            Share::Part(part) if self.is_result(value) && index == part => Event::Alias,
            Share::Part(_) if self.is_result(value) => Event::Nothing,
            // A figure can be had from its axes.
            _ if self.acquired.resource.family == Family::Figure => Event::Alias,
            _ => Event::Escape(Recipient::Other),
        }
    }

    fn enter(&self, context: Val) -> Event {
        if self.acquired.resource.with
            || self.held.closers.contains(&context)
            || self.is_closer_variable(context)
        {
            Event::Release
        } else {
            Event::Alias
        }
    }

    /// Whether a value was loaded from a variable that only ever holds a context manager which releases
    /// the resource.
    fn is_closer_variable(&self, value: Val) -> bool {
        let facts = self.project.facts(self.code);
        let Op::Load(var) = facts.body.op(value) else { return false };
        facts.only_value(var).is_some_and(|stored| self.held.closers.contains(&stored))
    }

    /// What a context manager or fixture yields comes back to it; what another generator yields is
    /// gone.
    fn yielded(&self) -> Event {
        if is_resumed(self.project, self.code) { Event::Nothing } else { Event::Escape(Recipient::Consumer) }
    }

    /// A comprehension iterates over it, or makes elements of it.
    fn comprehension(&self, kind: Comprehension, args: Args) -> Event {
        let args = self.project.facts(self.code).body.args(args);
        let elements = if kind == Comprehension::Dict { 2 } else { 1 };
        let (iterated, element) = args.split_at(args.len().saturating_sub(elements));
        if element.iter().any(|arg| self.is_held(arg.value)) {
            return Event::Escape(Recipient::Other);
        }
        // A generator goes on reading after it is made.
        let lazy = kind == Comprehension::Generator && iterated.iter().any(|arg| self.is_held(arg.value));
        if lazy { Event::Alias } else { Event::Nothing }
    }

    /// A nested function or class that uses a variable holding it.
    fn define(&self, number: u32) -> Event {
        let file = self.project.file(self.code.module);
        let Some(&child) = file.children(self.code.item).get(number as usize) else {
            return Event::Nothing;
        };
        let captures = file.ids().any(|item| {
            let inside = item == child || file.ancestors(item).any(|outer| outer == child);
            inside
                && (0..file.facts(item).vars.len()).map(VarId::new).any(|var| {
                    matches!(file.binding(item, var), Binding::Local(owner, owned)
                    if owner == self.code.item && self.held.vars.contains(&owned))
                })
        });
        if captures { Event::Escape(Recipient::Other) } else { Event::Nothing }
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
        let name = facts.str(name);
        if used_as_base {
            Event::Nothing
        } else if self.acquired.resource.release.iter().any(|release| release == name)
            || is_method_name(name) && !self.is_run_on_the_spot()
        {
            Event::Escape(Recipient::Other)
        } else if is_part(name) {
            Event::Alias
        } else {
            Event::Nothing
        }
    }

    /// Whether the value is passed to something that calls it, and is done with it when the work is done:
    /// `pool.map(session.get, urls)`.
    fn is_run_on_the_spot(&self) -> bool {
        let body = &self.project.facts(self.code).body;
        let facts = self.project.facts(self.code);
        body.insts[self.at.index() + 1..].iter().any(|inst| {
            let Op::Call { callee, args } = inst.op else { return false };
            let name = match body.op(callee) {
                Op::Attr { name, .. } => facts.str(name),
                Op::Load(var) => facts.var_name(var),
                _ => return false,
            };
            let runs = matches!(
                name,
                "map"
                    | "imap"
                    | "imap_unordered"
                    | "starmap"
                    | "submit"
                    | "apply"
                    | "filter"
                    | "iter"
                    | "to_thread"
                    | "run_in_executor"
                    | "run_sync"
                    | "gather"
            );
            runs && body.args(args).iter().any(|arg| arg.value == self.at)
        })
    }

    fn call(&self, callee: Val, args: Args) -> Event {
        let facts = self.project.facts(self.code);
        if self.is_held(callee) {
            return Event::Escape(Recipient::Other);
        }
        if let Op::Attr { base, name } = facts.body.op(callee)
            && self.is_held(base)
        {
            return self.method(callee, name, args);
        }
        let passed: Vec<Val> =
            facts.body.args(args).iter().filter(|arg| self.is_held(arg.value)).map(|arg| arg.value).collect();
        match passed.as_slice() {
            [] => self.unrelated(callee, args),
            [value] => match self.passed(callee, args, *value) {
                Event::Escape(Recipient::Callee | Recipient::Forgetful) if self.held.is_lent => {
                    Event::Nothing
                }
                event => event,
            },
            _ => Event::Escape(Recipient::Other),
        }
    }

    /// Whether a loop goes through all of the value, or of what a function like `tqdm` makes of it. One that yields may
    /// be left there.
    fn is_iterated_to_its_end(&self) -> bool {
        let facts = self.project.facts(self.code);
        let body = &facts.body;
        let takes_a_part = |callee: Val| {
            let name = match body.op(callee) {
                Op::Attr { name, .. } => facts.str(name),
                Op::Load(var) => facts.var_name(var),
                _ => return true,
            };
            matches!(name, "islice" | "takewhile" | "zip" | "next")
        };
        let is_it = |value: Val| {
            value == self.at
                || matches!(body.op(value), Op::Call { callee, args }
                    if body.args(args).first().is_some_and(|arg| arg.value == self.at) && !takes_a_part(callee))
        };
        let may_be_left = |id: LoopId| {
            (0..body.blocks.len()).map(BlockId::new).any(|block| {
                body.loops_around(block).any(|around| around == id)
                    && body.values(block).any(|at| matches!(body.op(at), Op::Raise(_) | Op::Yield(_)))
            })
        };
        body.loops.iter().enumerate().any(|(index, found)| {
            matches!(found.kind, LoopKind::For(value) if is_it(value))
                && !found.has_break
                && !found.has_return
                && !may_be_left(LoopId::new(index))
        })
    }

    fn method(&self, callee: Val, name: Name, args: Args) -> Event {
        let text = self.project.facts(self.code).str(name);
        let resource = &self.acquired.resource;
        let is_exit = matches!(text, "__exit__" | "__aexit__");
        if is_exit || resource.release.iter().any(|release| release == text) {
            let is_lost = resource.awaited.iter().any(|awaited| awaited == text)
                && !is_used(self.project, self.code, self.at);
            return if is_lost { Event::Unawaited } else { Event::Release };
        }
        if resource.drained_by.iter().any(|drained| drained == text) && self.is_iterated_to_its_end() {
            return Event::Release;
        }
        match text {
            "detach" => Event::Escape(Recipient::Other),
            "pop" | "popleft" | "copy" | "index" if self.is_list() => Event::Escape(Recipient::Other),
            // The descriptor of a socket goes with the file that is made of it.
            "__enter__" | "__aenter__" | "__iter__" | "makefile" => Event::Alias,
            // What a member of an archive reads from is the archive.
            _ if resource.family == Family::Archive
                && super::acquire::resource(self.project, self.code, callee).is_some() =>
            {
                Event::Alias
            }
            _ if self.any_held(args) => Event::Escape(Recipient::Other),
            _ => Event::Call(name),
        }
    }

    /// A call that is not given the resource; `pyplot.close()` means the current figure, or all of them.
    fn unrelated(&self, callee: Val, args: Args) -> Event {
        let resource = &self.acquired.resource;
        if resource.family != Family::Figure || args.len() > 1 {
            return Event::Nothing;
        }
        let path = self.project.import_path(self.code, callee);
        let releases = path.is_some_and(|path| resource.release_by.contains(&path));
        if releases { Event::Release } else { Event::Nothing }
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
            return if self.is_list() { Event::Escape(Recipient::Callee) } else { Event::Nothing };
        }
        let resource = &self.acquired.resource;
        if let Some(path) = self.project.import_path(self.code, callee) {
            if resource.release_by.contains(&path) {
                return Event::Release;
            }
            if resource.transfer_to.contains(&path) {
                return Event::Escape(Recipient::Wrapper);
            }
            if matches!(path.as_str(), "contextlib.closing" | "contextlib.aclosing") {
                return Event::Closer;
            }
            if self.project.catalogue().borrowers.is_view(&path) {
                return Event::Alias;
            }
            if self.project.catalogue().borrowers.is_function(&path) {
                return Event::Nothing;
            }
        }
        if super::acquire::resource(self.project, self.code, callee).is_some() {
            return Event::Escape(Recipient::Wrapper);
        }
        let place = self.project.facts(self.code).places.of(value);
        if place.is_some_and(|place| self.project.is_undone(self.code, callee, place)) {
            return Event::Nothing;
        }
        match self.summary(callee, value) {
            // What a function does with the elements of a list is not followed.
            Some(_) if !self.is_list() && self.runs_later(callee) => Event::Alias,
            // What an object is made of it may hold on to, in parts.
            Some(summary) if !self.is_list() && !self.is_class(callee) => self.by_summary(summary),
            _ => match self.kept(callee, value) {
                Some(kept) => Event::Escape(kept),
                None => Event::Escape(Recipient::Callee),
            },
        }
    }

    fn summary(&self, callee: Val, value: Val) -> Option<&ParamSummary> {
        let function = self.project.called_function(self.code, callee)?;
        let param = self.project.parameter_for(self.code, self.at, value, function)?;
        self.project.param_summary(function, param)
    }

    fn is_class(&self, callee: Val) -> bool {
        let target = self.project.callable(self.code, callee);
        target.is_some_and(|target| self.project.is_class(target))
    }

    /// Whether the callee is a generator or coroutine: its body has not run when the call returns, and
    /// keeps what it is given. One that is awaited on the spot has.
    fn runs_later(&self, callee: Val) -> bool {
        let Some(function) = self.project.callable(self.code, callee) else { return false };
        let body = &self.project.facts(self.code).body;
        match self.project.facts(function).kind {
            ItemKind::Function { is_generator: true, .. } => !is_resumed(self.project, function),
            ItemKind::Function { is_async: true, .. } => !body.insts[self.at.index() + 1..]
                .iter()
                .any(|inst| matches!(inst.op, Op::Await(value) if value == self.at)),
            _ => false,
        }
    }

    /// Where the callee is a class of the project that keeps it: whether it lets go of it.
    fn kept(&self, callee: Val, value: Val) -> Option<Recipient> {
        // Who keeps the output of a process does not keep the process.
        let is_part = matches!(self.project.facts(self.code).body.op(value), Op::Attr { .. });
        if self.is_list() || is_part {
            return None;
        }
        let class = ClassId(self.project.callable(self.code, callee)?);
        match keeping::keeper(self.project, self.code, self.at, value, class, self.acquired)? {
            Keeper::Releases => Some(Recipient::Wrapper),
            // What is made for the object alone is as long-lived as that.
            Keeper::Forgets => (!self.held.vars.is_empty()).then_some(Recipient::Forgetful),
        }
    }

    /// What a function of the project does with it.
    fn by_summary(&self, summary: &ParamSummary) -> Event {
        let resource = &self.acquired.resource;
        let by_method = resource.release.iter().any(|name| summary.methods.contains(&Symbol::of(name)));
        let by_function = resource.release_by.iter().any(|path| summary.functions.contains(path));
        if by_method || by_function || (summary.is_entered && resource.with) {
            return Event::Release;
        }
        let transferred = resource.transfer_to.iter().any(|path| summary.functions.contains(path));
        if summary.is_lost() || transferred { Event::Escape(Recipient::Other) } else { Event::Nothing }
    }
}

/// Whether a generator is run to its end by whoever uses it: a context manager or a fixture.
fn is_resumed(project: &Project, code: CodeId) -> bool {
    is_decorated_with(project, code, &["contextmanager", "asynccontextmanager", "fixture"])
}

/// Names of methods of files, sockets, connections and the like: handed around, they stand for the object.
fn is_method_name(name: &str) -> bool {
    matches!(
        name,
        "read"
            | "readline"
            | "readlines"
            | "readinto"
            | "readall"
            | "write"
            | "writelines"
            | "flush"
            | "seek"
            | "fileno"
            | "send"
            | "sendall"
            | "sendto"
            | "recv"
            | "recv_into"
            | "recvfrom"
            | "accept"
            | "connect"
            | "execute"
            | "executemany"
            | "fetch"
            | "fetchone"
            | "fetchall"
            | "cursor"
            | "commit"
            | "rollback"
            | "get"
            | "post"
            | "put"
            | "patch"
            | "delete"
            | "head"
            | "request"
            | "iter_content"
            | "iter_lines"
            | "stream"
            | "submit"
            | "map"
            | "imap"
            | "apply"
            | "apply_async"
            | "starmap"
            | "run"
            | "call"
            | "stop"
            | "shutdown"
            | "close"
            | "aclose"
            | "terminate"
            | "kill"
            | "wait"
            | "quit"
            | "release"
            | "run_until_complete"
            | "call_soon_threadsafe"
            | "create_task"
            | "publish"
            | "subscribe"
    )
}

/// Names of attributes that are a part of the object and keep it in use.
fn is_part(name: &str) -> bool {
    matches!(
        name,
        "raw" | "fp" | "file" | "buffer" | "stdin" | "stdout" | "stderr" | "sock" | "_sock" | "connection"
    )
}
