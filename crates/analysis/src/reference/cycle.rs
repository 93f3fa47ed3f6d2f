//! Reference cycles that a few shapes of code make each time they run.
//!
//! Only shapes are looked for that are certain to close a cycle; reference counting never frees it, the
//! cyclic collector does when it comes by.

use super::recursion::recursive_inner;
use crate::bindings::Binding;
use crate::capture::{self, Callback, Outer};
use crate::examined::{Examined, leaks};
use crate::growth::is_initial;
use crate::ir::{Const, ItemFacts, Op, UseKind, Val, VarId};
use crate::project::{CodeId, Entity, Project, Symbol};

/// A cycle that code makes each time it runs.
#[derive(Clone, Debug)]
pub struct Cycle {
    /// The item that closes it.
    pub code: CodeId,
    /// What closes it; the name of the item where there is none.
    pub at: Option<Val>,
    /// What shape it has.
    pub kind: CycleKind,
    /// Where the other reference is.
    pub back: Option<(CodeId, Val)>,
    /// The name of what is held: a variable, function, class or attribute.
    pub name: String,
    /// The name of a variable that hangs on the cycle, if one is known.
    pub held: Option<String>,
}

/// The shape of a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CycleKind {
    /// An inner function refers to itself through the variable that holds it.
    RecursiveInner,
    /// A callback of a future uses the future's variable rather than its argument.
    DoneCallback,
    /// A closure is stored on an object that it uses.
    ClosureOnObject,
    /// A class made by a method holds the method's object.
    InnerClass,
    /// An object refers to its parent, which holds the object.
    Parent,
}

/// Why what may close a cycle does not, or why the cycle does not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CycleReason {
    /// There is no reference back.
    OneWay,
    /// Nothing hangs on it but small things.
    HoldsLittle,
    /// It is on a task that drops its callbacks when it ends.
    Running,
    /// It is on a class, which stays anyway.
    OnClass,
    /// The attribute gets something else again.
    PutBack,
    /// A property may hold it weakly.
    Property,
}

/// Something that may close a cycle.
pub(super) type Looked = Examined<Cycle, CycleReason>;

/// The cycles that the code of items makes, in their order.
pub fn cycles(project: &Project, items: impl Iterator<Item = CodeId>) -> Vec<Cycle> {
    leaks(examined_cycles(project, items))
}

/// What the code of items has of the shapes that may close a cycle: inner functions and classes, closures on objects and
/// futures, parents and children.
pub fn examined_cycles(project: &Project, items: impl Iterator<Item = CodeId>) -> Vec<Looked> {
    let mut found = Vec::new();
    for code in items.filter(|code| !project.is_broken(*code)) {
        let facts = project.facts(code);
        if facts.is_class() {
            found.extend(inner_class(project, code));
        }
        if !facts.is_function() {
            continue;
        }
        recursive_inner(project, code, &mut found);
        for at in facts.body.originals().flat_map(|block| facts.body.values(block)) {
            found.extend(done_callback(project, code, at));
            found.extend(closure_on_object(project, code, at));
            found.extend(parent(project, code, at));
        }
    }
    found
}

/// Where an item, or one nested in it, reads a variable of a function around it.
pub(super) fn reference(project: &Project, code: CodeId, wanted: Outer) -> Option<(CodeId, Val)> {
    let file = project.file(code.module);
    file.ids()
        .filter(|item| *item == code.item || file.ancestors(*item).any(|outer| outer == code.item))
        .find_map(|item| {
            let facts = file.facts(item);
            let loads = (0..facts.body.insts.len()).map(Val::new);
            let mut loads = loads.filter(|at| match facts.body.op(*at) {
                Op::Load(var) => file.binding(item, var) == Binding::Local(wanted.0, wanted.1),
                _ => false,
            });
            loads.next().map(|at| (CodeId { item, ..code }, at))
        })
}

/// `future.add_done_callback(lambda done: use(future))`
fn done_callback(project: &Project, code: CodeId, at: Val) -> Option<Looked> {
    let facts = project.facts(code);
    let Op::Call { callee, args } = facts.body.op(at) else { return None };
    let args = facts.body.args(args);
    let (future, given) = match (facts.body.op(callee), args) {
        (Op::Attr { base, name }, [given, ..]) if facts.str(name) == "add_done_callback" => {
            (base, given.value)
        }
        (Op::Load(var), [future, given]) if facts.var_name(var).ends_with("add_done_callback") => {
            (future.value, given.value)
        }
        _ => return None,
    };
    let variable = local(project, code, future)?;
    let (value, callback) = capture::callback(project, code, given)?;
    if !matches!(callback, Callback::Lambda | Callback::Inner(_)) {
        return None;
    }
    if is_running(project, code, variable) {
        return Some(Examined::new(code, at, Err(CycleReason::Running)));
    }
    if !capture::captured(project, code, (value, &callback)).contains(&variable) {
        return Some(Examined::new(code, at, Err(CycleReason::OneWay)));
    }
    let name = name_of(project, code, variable);
    let back = match callback {
        Callback::Inner(inner) => reference(project, inner, variable),
        _ => Some((code, value)),
    };
    let cycle = Cycle { code, at: Some(at), kind: CycleKind::DoneCallback, back, name, held: None };
    Some(Examined::new(code, at, Ok(cycle)))
}

/// Whether a variable holds a task that was just started: it drops its callbacks when it ends, as it will.
fn is_running(project: &Project, code: CodeId, (item, var): Outer) -> bool {
    let facts = project.facts(CodeId { item, ..code });
    let Some(Op::Call { callee, .. }) = facts.only_value(var).map(|value| facts.body.op(value)) else {
        return false;
    };
    let name = match facts.body.op(callee) {
        Op::Attr { name, .. } => facts.str(name),
        Op::Load(var) => facts.var_name(var),
        _ => return false,
    };
    name.ends_with("create_task") || name == "ensure_future"
}

/// `object.hook = inner`, where the inner function uses the object.
fn closure_on_object(project: &Project, code: CodeId, at: Val) -> Option<Looked> {
    let facts = project.facts(code);
    let Op::StoreAttr { base, name, value } = facts.body.op(at) else { return None };
    let variable = local(project, code, base)?;
    let (value, callback) = capture::callback(project, code, value)?;
    if !matches!(callback, Callback::Lambda | Callback::Inner(_)) {
        return None;
    }
    // A function that refers to itself is told of where it is defined.
    let owner = CodeId { item: variable.0, ..code };
    if let Some(made) = project.facts(owner).only_value(variable.1)
        && matches!(project.facts(owner).body.op(made), Op::Define(_))
    {
        return None;
    }
    let sound = |reason| Some(Examined::new(code, at, Err(reason)));
    if is_class_object(project, code, base) {
        return sound(CycleReason::OnClass);
    }
    if is_put_back(project, code, at, facts.str(name)) {
        return sound(CycleReason::PutBack);
    }
    if !capture::captured(project, code, (value, &callback)).contains(&variable) {
        return sound(CycleReason::OneWay);
    }
    let cycle = Cycle {
        code,
        at: Some(at),
        kind: CycleKind::ClosureOnObject,
        back: match callback {
            Callback::Inner(inner) => reference(project, inner, variable),
            _ => Some((code, value)),
        },
        name: format!("{}.{}", name_of(project, code, variable), facts.str(name)),
        held: None,
    };
    Some(Examined::new(code, at, Ok(cycle)))
}

/// Whether a value is a class: it stays anyway.
fn is_class_object(project: &Project, code: CodeId, value: Val) -> bool {
    let Op::Load(var) = project.facts(code).body.op(value) else { return false };
    let is_named = match project.entity(code, value) {
        Some(Entity::Class(_)) => true,
        Some(Entity::External(path)) => {
            path.rsplit('.').next().is_some_and(|last| last.starts_with(char::is_uppercase))
        }
        _ => false,
    };
    is_named
        || matches!(project.facts(code).var_name(var), "cls" | "klass" | "kls")
        || project.self_class(code, var).is_some_and(|(_, is_class)| is_class)
}

/// Whether the attribute gets something else again: in the same function, in one nested in it, or in another method
/// of the object.
fn is_put_back(project: &Project, code: CodeId, stored: Val, name: &str) -> bool {
    let file = project.file(code.module);
    let nested =
        file.ids().filter(|item| *item == code.item || file.ancestors(*item).any(|outer| outer == code.item));
    let here = nested.into_iter().any(|item| {
        let facts = file.facts(item);
        facts.body.insts.iter().enumerate().any(|(index, inst)| {
            let is_other = item != code.item || Val::new(index) != stored;
            match inst.op {
                Op::StoreAttr { name: found, .. } => {
                    is_other && facts.str(found) == name && item != code.item
                }
                Op::DeleteAttr { name: found, .. } => facts.str(found) == name,
                // `del object.__dict__["name"]`, `delattr(object, "name")`
                Op::Const(Const::Str(text)) => facts.str(text) == name,
                _ => false,
            }
        })
    });
    let facts = project.facts(code);
    let Op::StoreAttr { base, .. } = facts.body.op(stored) else { return here };
    let Op::Load(var) = facts.body.op(base) else { return here };
    let Some((class, _)) = project.self_class(code, var) else { return here };
    here || project.sites(project.attribute(class, Symbol::of(name))).iter().any(|site| {
        let is_other = site.code != code && site.depth == 0 && !is_initial(project, site.code);
        let facts = project.facts(site.code);
        is_other
            && match site.find(project).kind {
                UseKind::Bind(value) => matches!(facts.body.op(value), Op::Const(Const::None)),
                UseKind::Unbind => true,
                _ => false,
            }
    })
}

/// A class body inside a method that uses the method's `self`.
fn inner_class(project: &Project, class: CodeId) -> Option<Looked> {
    let method = project.parent(class).filter(|outer| project.is_function(*outer))?;
    let facts = project.facts(class);
    let loads = facts.body.originals().flat_map(|block| facts.body.values(block));
    let mut of_self = loads.filter(|at| match facts.body.op(*at) {
        Op::Load(var) => {
            let binding = project.file(class.module).binding(class.item, var);
            matches!(binding, Binding::Local(item, _) if item == method.item)
                && project.self_class(class, var).is_some_and(|(_, is_class)| !is_class)
        }
        _ => false,
    });
    let verdict = match of_self.find(|at| is_kept_whole(facts, *at)) {
        None if project.enclosing_class(method).is_none() => return None,
        None => Err(CycleReason::OneWay),
        Some(at) => Ok(Cycle {
            code: class,
            at: None,
            kind: CycleKind::InnerClass,
            back: Some((class, at)),
            name: facts.own_name().to_owned(),
            held: None,
        }),
    };
    Some(Examined { code: class, at: None, verdict })
}

/// Whether a value is used as it is, and not only one of its attributes.
fn is_kept_whole(facts: &ItemFacts, value: Val) -> bool {
    facts.body.insts.iter().any(|inst| {
        let mut is_used = false;
        facts.body.operands(inst.op, |operand| is_used |= operand == value);
        is_used && !matches!(inst.op, Op::Attr { .. })
    })
}

/// `self.parent = parent`, where the same function adds `self` to something of the parent.
fn parent(project: &Project, code: CodeId, at: Val) -> Option<Looked> {
    let facts = project.facts(code);
    let Op::StoreAttr { base, name, value } = facts.body.op(at) else { return None };
    let Op::Load(child) = facts.body.op(base) else { return None };
    let Op::Load(holder) = facts.body.op(value) else { return None };
    let is_var = |value: Val, var: VarId| matches!(facts.body.op(value), Op::Load(loaded) if loaded == var);
    let of_holder =
        |value: Val| matches!(facts.body.op(value), Op::Attr { base, .. } if is_var(base, holder));
    let is_object = |var: VarId| project.self_class(code, var).is_some_and(|(_, is_class)| !is_class);
    // One of the two is the object, the other a parameter: nothing else is known to be an object of its own.
    let are_two = child != holder
        && (is_object(child) && facts.var(holder).is_parameter
            || is_object(holder) && facts.var(child).is_parameter);
    if !are_two {
        return None;
    }
    let adds = |other: Val| match facts.body.op(other) {
        Op::Call { callee, args } => {
            let Op::Attr { base, name } = facts.body.op(callee) else { return false };
            matches!(facts.str(name), "append" | "add" | "insert" | "appendleft")
                && of_holder(base)
                && facts.body.args(args).iter().any(|arg| is_var(arg.value, child))
        }
        Op::StoreIndex { base, value, .. } => of_holder(base) && is_var(value, child),
        Op::StoreAttr { base, value, .. } => is_var(base, holder) && is_var(value, child),
        _ => false,
    };
    let back = (0..facts.body.insts.len()).map(Val::new).find(|other| adds(*other))?;
    if is_class_object(project, code, base) || is_class_object(project, code, value) {
        return Some(Examined::new(code, at, Err(CycleReason::OnClass)));
    }
    let name = facts.str(name).to_owned();
    let class = project.enclosing_class(code)?;
    if is_object(child) && project.class_member(class, &name).is_some() {
        return Some(Examined::new(code, at, Err(CycleReason::Property)));
    }
    let owner = project.file(code.module).dotted_name(class.0.item);
    let name = if is_object(child) { format!("{owner}.{name}") } else { name };
    let cycle =
        Cycle { code, at: Some(at), kind: CycleKind::Parent, back: Some((code, back)), name, held: None };
    Some(Examined::new(code, at, Ok(cycle)))
}

fn local(project: &Project, code: CodeId, value: Val) -> Option<Outer> {
    let Op::Load(var) = project.facts(code).body.op(value) else { return None };
    match project.file(code.module).binding(code.item, var) {
        Binding::Local(item, var) => Some((item, var)),
        _ => None,
    }
}

fn name_of(project: &Project, code: CodeId, (item, var): Outer) -> String {
    project.file(code.module).facts(item).var_name(var).to_owned()
}
