//! Who calls what: references to the functions and classes of the project.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{CodeId, Entity, Project};
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

#[derive(Default)]
pub(super) struct Calls {
    references: FxHashMap<CodeId, Vec<Reference>>,
    unresolved: FxHashMap<String, usize>,
}

impl Calls {
    pub(super) fn find(project: &Project) -> Self {
        let mut calls = Self::default();
        for (module, _) in project.modules() {
            for code in project.items(module) {
                calls.note_item(project, code);
            }
        }
        calls
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
            Some(target) => self.references.entry(target).or_default().push(reference),
            None => {
                let facts = project.facts(reference.code);
                if let (Op::Attr { name, .. }, ReferenceKind::Call) = (facts.body.op(callee), reference.kind)
                {
                    *self.unresolved.entry(facts.str(name).to_owned()).or_default() += 1;
                }
            }
        }
    }

    pub(super) fn references(&self, code: CodeId) -> &[Reference] {
        self.references.get(&code).map_or(&[], Vec::as_slice)
    }

    pub(super) fn unresolved(&self, method: &str) -> usize {
        self.unresolved.get(method).copied().unwrap_or_default()
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
