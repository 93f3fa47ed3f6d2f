//! What a callback keeps alive: the object of a bound method, the variables of a closure.

use rustc_hash::FxHashSet;

use crate::bindings::Binding;
use crate::file::ItemId;
use crate::ir::{Op, ScopeKind, Val, VarId};
use crate::project::{ClassId, CodeId, Project};

/// A variable of a function, by the item that owns it.
pub(crate) type Outer = (ItemId, VarId);

/// A value that may be called later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Callback {
    /// `self.method`
    Method(CodeId),
    /// A lambda.
    Lambda,
    /// An inner function.
    Inner(CodeId),
    /// `self`, as an object with methods of its own.
    Object,
}

/// What a value is as a callback, seen through `functools.partial` and plain names.
pub(crate) fn callback(project: &Project, code: CodeId, value: Val) -> Option<(Val, Callback)> {
    let facts = project.facts(code);
    match facts.body.op(value) {
        Op::Lambda(_) => Some((value, Callback::Lambda)),
        Op::Load(var) => {
            if let Some((_, false)) = project.self_class(code, var) {
                return Some((value, Callback::Object));
            }
            let Binding::Local(item, var) = project.file(code.module).binding(code.item, var) else {
                return None;
            };
            let owner = CodeId { item, ..code };
            let made = project.facts(owner).only_value(var)?;
            match project.facts(owner).body.op(made) {
                Op::Define(_) => {
                    let inner = CodeId { item: project.file(code.module).defined(item, made)?, ..code };
                    project.is_function(inner).then_some((value, Callback::Inner(inner)))
                }
                Op::Lambda(_) if owner == code => Some((made, Callback::Lambda)),
                Op::Call { .. } | Op::Attr { .. } if owner == code => callback(project, code, made),
                _ => None,
            }
        }
        Op::Attr { base, name } => {
            let Op::Load(var) = facts.body.op(base) else { return None };
            let (class, is_class) = project.self_class(code, var)?;
            let method = project.class_member(class, facts.str(name)).filter(|_| !is_class)?;
            let is_plain = project.is_instance_method(method) && !is_computed(project, method);
            is_plain.then_some((value, Callback::Method(method)))
        }
        Op::Call { callee, args } => {
            let path = project.import_path(code, callee)?;
            matches!(path.as_str(), "functools.partial" | "functools.partialmethod").then_some(())?;
            facts.body.args(args).iter().find_map(|arg| callback(project, code, arg.value))
        }
        _ => None,
    }
}

/// Whether a method is read like data: a property of some kind.
fn is_computed(project: &Project, method: CodeId) -> bool {
    let facts = project.facts(method);
    facts.decorators.iter().any(|decorator| match facts.body.op(*decorator) {
        Op::Load(var) => facts.var_name(var).ends_with("property"),
        Op::Attr { name, .. } => facts.str(name).ends_with("property") || facts.str(name) == "setter",
        _ => false,
    })
}

/// The variables around a lambda or inner function that it uses, and so keeps alive.
pub(crate) fn captured(project: &Project, code: CodeId, callback: (Val, &Callback)) -> FxHashSet<Outer> {
    let mut found = FxHashSet::default();
    match callback {
        (value, Callback::Lambda) => lambda(project, code, value, &mut found),
        (_, Callback::Inner(inner)) => function(project, *inner, &mut found),
        (value, Callback::Method(_) | Callback::Object) => {
            let facts = project.facts(code);
            let base = facts.attribute_of(value).map_or(value, |(base, _)| base);
            if let Op::Load(var) = facts.body.op(base) {
                note(project, code, var, &mut found);
            }
        }
    }
    found
}

fn note(project: &Project, code: CodeId, var: VarId, found: &mut FxHashSet<Outer>) {
    if let Binding::Local(item, var) = project.file(code.module).binding(code.item, var) {
        found.insert((item, var));
    }
}

fn lambda(project: &Project, code: CodeId, value: Val, found: &mut FxHashSet<Outer>) {
    let facts = project.facts(code);
    let Op::Lambda(frame) = facts.body.op(value) else { return };
    let file = project.file(code.module);
    for block in facts.body.originals().filter(|block| facts.body.block(*block).frame == frame) {
        for value in facts.body.values(block) {
            match facts.body.op(value) {
                Op::Load(var) => {
                    let scope = facts.scopes[facts.var(var).scope.index()].kind;
                    if !matches!(scope, ScopeKind::Lambda | ScopeKind::Comprehension) {
                        note(project, code, var, found);
                    }
                }
                // Inner lambdas have frames of their own.
                Op::Lambda(_) => lambda(project, code, value, found),
                Op::Define(_) => {
                    if let Some(item) = file.defined(code.item, value) {
                        function(project, CodeId { item, ..code }, found);
                    }
                }
                _ => {}
            }
        }
    }
}

/// The variables of the functions around it that a function, or one nested in it, uses.
pub(crate) fn function(project: &Project, inner: CodeId, found: &mut FxHashSet<Outer>) {
    let file = project.file(inner.module);
    let is_within =
        |item: ItemId| item == inner.item || file.ancestors(item).any(|outer| outer == inner.item);
    let last = file.ids().skip(inner.item.0 as usize).take_while(|item| is_within(*item));
    for item in last {
        let facts = file.facts(item);
        let mut seen = vec![false; facts.vars.len()];
        for inst in &facts.body.insts {
            // A variable that no instruction names has become another one: a comprehension's, of its function.
            let (Op::Load(var) | Op::Store { var, .. } | Op::Delete(var)) = inst.op else { continue };
            if !std::mem::replace(&mut seen[var.index()], true)
                && let Binding::Local(owner, var) = file.binding(item, var)
                && !is_within(owner)
            {
                found.insert((owner, var));
            }
        }
    }
}

/// The class whose object a callback keeps alive: that of the `self` among what it captures.
pub(crate) fn kept_class(project: &Project, code: CodeId, captured: &FxHashSet<Outer>) -> Option<ClassId> {
    captured.iter().find_map(|(item, var)| {
        let (class, is_class) = project.self_class(CodeId { item: *item, ..code }, *var)?;
        (!is_class).then_some(class)
    })
}
