//! Who calls what: references to the functions and classes of the project.

use rustc_hash::{FxHashMap, FxHashSet};

use super::ledger::{Cell, Notes};
use super::{CodeId, Entity, Lists, ListsBuilder, Project, Symbol, Table};
use crate::ir::{BlockId, Body, Op, Val};

/// A place where a function or class is called or handed around.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The item that refers to it.
    pub code: CodeId,
    /// The call, or the value handed around.
    pub at: Val,
    /// The block of that.
    pub block: BlockId,
    /// What is done.
    pub kind: ReferenceKind,
}

/// What is done with a function or class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferenceKind {
    /// It is called.
    Call,
    /// It is handed around as a value: a callback, or an entry of a table.
    Value,
    /// It is applied as a decorator.
    Decorator,
}

/// Who calls what.
#[derive(Clone, Default)]
pub(super) struct Calls {
    references: Lists<CodeId, Reference>,
    /// How many calls there are of methods of a name on objects of unknown class.
    unresolved: Table<Symbol, usize>,
}

/// What one item calls and hands around, in the order of the source.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Called {
    pub(super) known: Vec<(CodeId, Reference)>,
    /// Methods that are called on objects of unknown class.
    pub(super) unresolved: Vec<Symbol>,
}

impl Calls {
    pub(super) fn find(project: &Project, notes: &mut Notes<'_>) -> Self {
        let mut references: ListsBuilder<CodeId, Reference> = ListsBuilder::default();
        let mut unresolved: FxHashMap<Symbol, usize> = FxHashMap::default();
        let mut called = Called::default();
        for (module, _) in project.modules() {
            for code in project.items(module) {
                notes.add(Cell::References(code), || called.note_item(project, code));
                called.known.drain(..).for_each(|(target, reference)| references.push(target, reference));
                for name in called.unresolved.drain(..) {
                    *unresolved.entry(name).or_default() += 1;
                }
            }
        }
        Self { references: references.finish(), unresolved: unresolved.into() }
    }

    pub(super) fn references(&self, code: CodeId) -> &[Reference] {
        self.references.list(code)
    }

    pub(super) fn unresolved(&self, method: Symbol) -> usize {
        self.unresolved.get(method).copied().unwrap_or_default()
    }

    /// Puts what an item calls now in the place of what it called. The functions and classes, and the names,
    /// for which that makes a difference.
    pub(super) fn update(
        &mut self,
        code: CodeId,
        before: &Called,
        now: &Called,
    ) -> (Vec<CodeId>, Vec<Symbol>) {
        let mut targets: Vec<CodeId> = before.known.iter().chain(&now.known).map(|found| found.0).collect();
        targets.sort_unstable();
        targets.dedup();
        targets.retain(|target| {
            let own = now.known.iter().filter(|found| found.0 == *target).map(|found| found.1);
            let own: Vec<Reference> = own.collect();
            let list = self.references.list(*target);
            let start = list.partition_point(|reference| reference.code < code);
            let end = start + list[start..].partition_point(|reference| reference.code == code);
            let is_different = list[start..end] != own;
            if is_different {
                let changed = [&list[..start], &own, &list[end..]].concat();
                self.references.set_list(*target, changed);
            }
            is_different
        });
        let mut names: Vec<Symbol> = before.unresolved.iter().chain(&now.unresolved).copied().collect();
        names.sort_unstable();
        names.dedup();
        names.retain(|name| {
            let count = |called: &Called| called.unresolved.iter().filter(|other| *other == name).count();
            let (old, new) = (count(before), count(now));
            let all = self.unresolved(*name) + new - old;
            if old != new {
                self.unresolved.set(*name, Some(all).filter(|all| *all > 0));
            }
            old != new
        });
        (targets, names)
    }

    pub(super) fn changes(&self) -> usize {
        self.references.changes() + self.unresolved.changes()
    }

    /// Everything, in order; for comparisons.
    pub(super) fn describe(&self) -> Vec<String> {
        let references = self.references.entries();
        let mut lines: Vec<String> = references.iter().map(|entry| format!("{entry:?}")).collect();
        lines.extend(self.unresolved.entries().iter().map(|entry| format!("unresolved {entry:?}")));
        lines
    }
}

impl Called {
    /// What an item calls and hands around.
    pub(super) fn by(project: &Project, code: CodeId) -> Self {
        let mut called = Self::default();
        called.note_item(project, code);
        called
    }

    fn note_item(&mut self, project: &Project, code: CodeId) {
        let facts = project.facts(code);
        let body = &facts.body;
        let decorators: FxHashSet<Val> = facts.decorators.iter().copied().collect();
        let handed_on = handed_on(body);
        for block in body.originals() {
            for at in body.values(block) {
                let (callee, kind) = match body.op(at) {
                    Op::Call { callee, .. } => (callee, ReferenceKind::Call),
                    Op::Load(_) | Op::Attr { .. } if decorators.contains(&at) => {
                        (at, ReferenceKind::Decorator)
                    }
                    Op::Load(_) | Op::Attr { .. } if handed_on.contains(&at) => (at, ReferenceKind::Value),
                    _ => continue,
                };
                self.note(project, callee, Reference { code, at, block, kind });
            }
        }
    }

    fn note(&mut self, project: &Project, callee: Val, reference: Reference) {
        match project.callable(reference.code, callee) {
            Some(target) => self.known.push((target, reference)),
            None => {
                let facts = project.facts(reference.code);
                if let (Op::Attr { name, .. }, ReferenceKind::Call) = (facts.body.op(callee), reference.kind)
                {
                    self.unresolved.push(Symbol::of(facts.str(name)));
                }
            }
        }
    }
}

/// Values that are passed, returned or kept: whoever gets them may call them. One that is only called,
/// compared or looked into on the spot is not handed on.
fn handed_on(body: &Body) -> FxHashSet<Val> {
    let mut found = FxHashSet::default();
    for inst in &body.insts {
        match inst.op {
            Op::Call { args, .. } | Op::Display { args, .. } | Op::Merge(args) => {
                found.extend(body.args(args).iter().map(|arg| arg.value));
            }
            Op::Return(Some(value))
            | Op::Yield(Some(value))
            | Op::StoreAttr { value, .. }
            | Op::StoreIndex { value, .. } => {
                found.insert(value);
            }
            _ => {}
        }
    }
    found
}

impl Project {
    /// What an item calls, hands around or is decorated with, in the order of the source.
    pub(crate) fn called_by(&self, code: CodeId) -> Vec<(CodeId, Reference)> {
        Called::by(self, code).known
    }

    /// Whether a value is `super()`.
    fn is_super(&self, code: CodeId, value: Val) -> bool {
        let facts = self.facts(code);
        match facts.body.op(value) {
            Op::Call { callee, .. } => {
                matches!(facts.body.op(callee), Op::Load(var) if facts.var_name(var) == "super")
            }
            _ => false,
        }
    }

    /// The function or class of the project that a value is, methods of known objects included.
    pub fn callable(&self, code: CodeId, value: Val) -> Option<CodeId> {
        match self.entity(code, value) {
            Some(Entity::Function(found)) => return Some(found),
            Some(Entity::Class(class)) => return Some(class.0),
            Some(_) => return None,
            None => {}
        }
        let facts = self.facts(code);
        let Op::Attr { base, name } = facts.body.op(value) else {
            // `cls(…)` in a class method.
            let Op::Load(var) = facts.body.op(value) else { return None };
            return self.self_class(code, var).filter(|(_, is_class)| *is_class).map(|(class, _)| class.0);
        };
        if self.is_super(code, base) {
            // The next class in line: the class itself is not asked.
            let class = self.enclosing_class(code)?;
            return self.inherited_member(class, facts.str(name));
        }
        let class = self.class_of_value(code, base)?;
        self.class_member(class, facts.str(name)).or_else(|| self.mixed_in_member(class, facts.str(name)))
    }
}
