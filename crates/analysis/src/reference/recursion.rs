//! Inner functions that call themselves: each is in a cycle with the variable that holds it.
//!
//! The cycle is made on each call of the function around it, and freed by the collector. What matters is what hangs
//! on it: the variables of the outer function that the inner ones use. Where that is nothing but `self` or plain
//! numbers and strings there is nothing worth telling.

use rustc_hash::FxHashSet;

use super::cycle::{Cycle, CycleKind, CycleReason, Looked, reference};
use crate::capture::{self, Outer};
use crate::examined::Examined;
use crate::file::ItemId;
use crate::ir::{Const, ItemFacts, Op, Val, VarId};
use crate::project::{CodeId, Project};

/// An inner function, the variable that holds it, and what it uses of the functions around it.
type Inner = (VarId, ItemId, FxHashSet<Outer>);

/// Inner functions of a function that reach themselves through variables of it, and hold its data with them.
pub(super) fn recursive_inner(project: &Project, outer: CodeId, found: &mut Vec<Looked>) {
    let inner = inner_functions(project, outer);
    let mut seen: FxHashSet<usize> = FxHashSet::default();
    for start in 0..inner.len() {
        if seen.contains(&start) {
            continue;
        }
        let (_, item, _) = inner[start];
        let code = CodeId { item, ..outer };
        let mut looked = |verdict| found.push(Examined { code, at: None, verdict });
        let from = reached(outer.item, &inner, start);
        if !from.contains(&start) {
            looked(Err(CycleReason::OneWay));
            continue;
        }
        seen.extend(
            from.iter().copied().filter(|other| reached(outer.item, &inner, *other).contains(&start)),
        );
        let Some(held) = held(project, outer, &inner, &from) else {
            looked(Err(CycleReason::HoldsLittle));
            continue;
        };
        let back = from.iter().find_map(|other| reference(project, code, (outer.item, inner[*other].0)));
        let name = project.own_name(code).to_owned();
        let kind = CycleKind::RecursiveInner;
        looked(Ok(Cycle { code, at: None, kind, back, name, held: Some(held) }));
    }
}

fn inner_functions(project: &Project, outer: CodeId) -> Vec<Inner> {
    let file = project.file(outer.module);
    let facts = project.facts(outer);
    let kept = (0..facts.vars.len())
        .map(VarId::new)
        .filter(|var| facts.is_local(*var) && !facts.var(*var).is_deleted);
    kept.filter_map(|var| {
        let item = file.defined(outer.item, facts.only_value(var)?)?;
        let mut uses = FxHashSet::default();
        capture::function(project, CodeId { item, ..outer }, &mut uses);
        file.is_function(item).then_some((var, item, uses))
    })
    .collect()
}

/// The inner functions that one can reach through variables, itself included if it is one of them.
fn reached(outer: ItemId, inner: &[Inner], start: usize) -> Vec<usize> {
    let mut found = Vec::new();
    let mut pending = vec![start];
    while let Some(current) = pending.pop() {
        for (index, (var, _, _)) in inner.iter().enumerate() {
            if inner[current].2.contains(&(outer, *var)) && !found.contains(&index) {
                found.push(index);
                pending.push(index);
            }
        }
    }
    found
}

/// The name of a variable that the functions of a cycle hold, and that may hold much.
fn held(project: &Project, outer: CodeId, inner: &[Inner], members: &[usize]) -> Option<String> {
    let file = project.file(outer.module);
    let mut held: Vec<Outer> = members.iter().flat_map(|member| inner[*member].2.iter().copied()).collect();
    held.sort_unstable();
    held.dedup();
    held.into_iter().find_map(|(item, var)| {
        let owner = CodeId { item, ..outer };
        let is_self = project.self_class(owner, var).is_some();
        (!is_self && may_hold_much(project, owner, var)).then(|| file.facts(item).var_name(var).to_owned())
    })
}

/// Whether a variable may hold more than a number, a string or a function.
fn may_hold_much(project: &Project, owner: CodeId, var: VarId) -> bool {
    let facts = project.facts(owner);
    if let Some(param) = facts.params.iter().find(|param| param.var == var) {
        let is_plain = param.annotation.is_some_and(|annotation| is_plain_type(project, owner, annotation));
        let is_counted = param.default.is_some_and(
            |default| matches!(facts.body.op(default), Op::Const(constant) if constant != Const::None),
        );
        return !is_plain && !is_counted;
    }
    let mut values = facts.stores(var).iter().filter_map(|store| facts.stored(*store));
    values.any(|value| makes_much(facts, value))
}

/// Whether an annotation names a type whose objects are small, or a function.
fn is_plain_type(project: &Project, code: CodeId, annotation: Val) -> bool {
    let facts = project.facts(code);
    let annotation = match facts.body.op(annotation) {
        Op::Index { base, .. } => base,
        _ => annotation,
    };
    let path = project.import_path(code, annotation);
    let named = path.as_deref().or_else(|| facts.string(annotation)).unwrap_or_default();
    let last =
        named.split(['[', '|']).next().unwrap_or_default().trim().rsplit('.').next().unwrap_or_default();
    matches!(
        last,
        "int" | "float" | "bool" | "str" | "complex" | "Callable" | "Type" | "type" | "Path" | "Logger"
    )
}

/// Whether an expression makes a container, or an object of unknown size.
fn makes_much(facts: &ItemFacts, value: Val) -> bool {
    match facts.body.op(value) {
        Op::Display { .. } | Op::Comprehension { .. } | Op::Caught(_) | Op::Await(_) => true,
        Op::Call { callee, .. } => {
            let name = match facts.body.op(callee) {
                Op::Attr { name, .. } => facts.str(name),
                Op::Load(var) => facts.var_name(var),
                _ => "",
            };
            !matches!(
                name,
                "len"
                    | "int"
                    | "float"
                    | "str"
                    | "bool"
                    | "getattr"
                    | "isinstance"
                    | "min"
                    | "max"
                    | "count"
                    | "partial"
                    | "compile"
                    | "getLogger"
                    | "abs"
                    | "round"
                    | "Symbol"
                    | "Dummy"
                    | "TypeVar"
                    | "iter"
            )
        }
        _ => false,
    }
}
