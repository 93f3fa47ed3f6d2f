//! Values of traced functions that are kept outside of them.
//!
//! TensorFlow and JAX run a function with stand-ins for arrays, to record what it does. A stand-in that the function
//! stores somewhere else keeps that record, with all intermediate values in it, and is no array: whoever uses it later
//! gets an error. What is computed from the parameters of such a function has to be returned.

use super::keep::keeps;
use crate::ir::{Arg, ArgKind, Const, FrameKind, ItemFacts, Op, Step, UseKind, Val, VarId};
use crate::project::{CodeId, Entity, Holder, ModuleId, Project, ReferenceKind, ValueId};

/// A value of a traced function that is kept outside of it.
#[derive(Clone, Debug)]
pub struct LeakedTrace {
    /// The function.
    pub code: CodeId,
    /// The operation that keeps it.
    pub at: Val,
    /// What keeps it.
    pub holder: Holder,
    /// Where the value comes from a parameter.
    pub source: Val,
    /// What traces the function, by its import path.
    pub transform: String,
    /// Where it does.
    pub traced: ValueId,
    /// Whether more is kept each time.
    pub is_added: bool,
}

/// How many operations a value is followed back through.
const MAX_VALUES: usize = 200;

/// The values of traced functions in items of a file that are kept outside of them, in the order of the source.
pub fn leaked_traces(
    project: &Project,
    module: ModuleId,
    items: impl Iterator<Item = CodeId>,
) -> Vec<LeakedTrace> {
    if !may_trace(project, module) {
        return Vec::new();
    }
    let functions = items.filter(|code| project.facts(*code).is_function() && !project.is_broken(*code));
    functions
        .filter_map(|code| Some((code, trace(project, code)?)))
        .flat_map(|(code, trace)| leaked(project, code, &trace))
        .collect()
}

/// Whether a file imports something that traces functions.
pub(super) fn may_trace(project: &Project, module: ModuleId) -> bool {
    let tensors = &project.catalogue().tensors;
    super::imports(project, module, |path| tensors.may_trace(path))
}

/// What traces a function.
struct Trace {
    transform: String,
    traced: ValueId,
    /// The parameters that are taken as they are.
    fixed: Vec<VarId>,
    /// Whether the object of a method is the one that it belongs to.
    keeps_object: bool,
}

/// What traces a function: a decorator, or the call of a transform that is given it.
fn trace(project: &Project, code: CodeId) -> Option<Trace> {
    let facts = project.facts(code);
    let decorated = facts.decorators.iter().find_map(|decorator| {
        let (path, args) = transform(project, code, *decorator)?;
        Some((path, code.value(*decorator), args))
    });
    let (transform, traced, args) = decorated.or_else(|| applied(project, code))?;
    let tensors = &project.catalogue().tensors;
    let told: Vec<&Arg> = args
        .iter()
        .filter(|arg| {
            matches!(arg.kind, ArgKind::Keyword(name) if tensors.says_static(project.facts(traced.code).str(name)))
        })
        .collect();
    let fixed = told.iter().flat_map(|arg| named(project, traced.code, arg.value, facts)).collect();
    let keeps_object = tensors.traces_methods(&transform) || !told.is_empty();
    Some(Trace { transform, traced, fixed, keeps_object })
}

/// What a decorator is, if it traces: `jax.jit`, `tf.function(jit_compile=True)`, `partial(jax.jit, static_argnums=0)`.
fn transform(project: &Project, code: CodeId, decorator: Val) -> Option<(String, &[Arg])> {
    let facts = project.facts(code);
    let tensors = &project.catalogue().tensors;
    let of = |value: Val| project.import_path(code, value).filter(|path| tensors.traces(path));
    let Op::Call { callee, args } = facts.body.op(decorator) else { return Some((of(decorator)?, &[])) };
    let args = facts.body.args(args);
    if let Some(path) = of(callee) {
        return Some((path, args));
    }
    let is_partial = project.import_path(code, callee).as_deref() == Some("functools.partial");
    let first = args.first().filter(|_| is_partial)?;
    Some((of(first.value)?, args))
}

/// The transform that a function is given to: `step = jax.jit(step)`.
fn applied(project: &Project, code: CodeId) -> Option<(String, ValueId, &[Arg])> {
    let tensors = &project.catalogue().tensors;
    let handed = project.references(code).iter().filter(|found| found.kind == ReferenceKind::Value);
    handed.into_iter().find_map(|found| {
        let facts = project.facts(found.code);
        let calls = (0..facts.body.insts.len()).map(Val::new);
        calls.into_iter().find_map(|call| {
            let Op::Call { callee, args } = facts.body.op(call) else { return None };
            let args = facts.body.args(args);
            args.first().filter(|arg| arg.value == found.at)?;
            let path = project.import_path(found.code, callee).filter(|path| tensors.traces(path))?;
            Some((path, found.code.value(call), args))
        })
    })
}

/// The parameters that `static_argnums=(0, 2)` or `static_argnames="mode"` names.
fn named(project: &Project, code: CodeId, value: Val, function: &ItemFacts) -> Vec<VarId> {
    let facts = project.facts(code);
    match facts.body.op(value) {
        Op::Const(Const::Int(index)) => {
            let at = usize::try_from(index).ok();
            at.and_then(|at| function.params.get(at)).map(|param| param.var).into_iter().collect()
        }
        Op::Const(Const::Str(name)) => {
            let name = facts.str(name);
            let is_it = |var: &VarId| function.var_name(*var) == name;
            function.params.iter().map(|param| param.var).filter(is_it).collect()
        }
        Op::Display { args, .. } => {
            let parts = facts.body.args(args).iter();
            parts.flat_map(|part| named(project, code, part.value, function)).collect()
        }
        _ => Vec::new(),
    }
}

fn leaked(project: &Project, code: CodeId, trace: &Trace) -> Vec<LeakedTrace> {
    let facts = project.facts(code);
    let added = keeps(project, code).into_iter().map(|keep| (keep.at, keep.value, keep.holder, true));
    let mut kept: Vec<(Val, Val, Holder, bool)> = added.collect();
    for at in facts.body.originals().flat_map(|block| facts.body.values(block)) {
        let (Op::StoreAttr { value, .. } | Op::Store { value, .. }) = facts.body.op(at) else { continue };
        if kept.iter().any(|(known, ..)| *known == at) {
            continue;
        }
        let stored = facts.uses.iter().find(|used| used.at == at && matches!(used.kind, UseKind::Bind(_)));
        let located = stored.and_then(|used| project.locate(code, used.place));
        // A variable of the function around it is bound anew each time, and goes with that.
        let is_kept = |holder: Holder| !matches!(holder, Holder::Local { .. });
        if let Some(located) = located.filter(|located| located.rest.is_empty() && is_kept(located.holder)) {
            kept.push((at, value, located.holder, false));
        }
    }
    let leaks = kept.into_iter().filter(|(at, _, holder, _)| is_outside(project, code, trace, *at, *holder));
    let leaks = leaks.filter_map(|(at, value, holder, is_added)| {
        let source = from_parameter(project, code, trace, value)?;
        let (transform, traced) = (trace.transform.clone(), trace.traced);
        Some(LeakedTrace { code, at, holder, source, transform, traced, is_added })
    });
    let mut leaks: Vec<LeakedTrace> = leaks.collect();
    leaks.sort_by_key(|leak| leak.at);
    leaks
}

/// Whether what an operation stores in is outside of the function that is traced.
fn is_outside(project: &Project, code: CodeId, trace: &Trace, at: Val, holder: Holder) -> bool {
    let facts = project.facts(code);
    let is_body = facts.body.block_of(at).is_some_and(|block| {
        facts.body.frames[facts.body.block(block).frame.index()].kind == FrameKind::Body
    });
    is_body
        && match holder {
            Holder::Global { .. } => true,
            Holder::Attribute { .. } => trace.keeps_object && is_of_self(project, code, at),
            Holder::Local { code: owner, .. } => owner != code && !is_traced(project, owner),
        }
}

/// Whether an operation stores in an attribute of the method's own object, or in a part of it.
fn is_of_self(project: &Project, code: CodeId, at: Val) -> bool {
    let facts = project.facts(code);
    facts.uses.iter().filter(|used| used.at == at).any(|used| {
        let (var, steps) = facts.places.path(used.place);
        matches!(steps.first(), Some(Step::Attr(_))) && project.self_class(code, var).is_some()
    })
}

/// Whether a function is traced, or one around it.
fn is_traced(project: &Project, code: CodeId) -> bool {
    let around = std::iter::successors(Some(code), |code| project.parent(*code));
    around.into_iter().any(|code| project.facts(code).is_function() && trace(project, code).is_some())
}

/// Where a value comes from a parameter that a stand-in is given for.
fn from_parameter(project: &Project, code: CodeId, trace: &Trace, value: Val) -> Option<Val> {
    let facts = project.facts(code);
    let tensors = &project.catalogue().tensors;
    let mut pending = vec![value];
    let mut seen: Vec<Val> = Vec::new();
    while let Some(current) = pending.pop() {
        if seen.len() >= MAX_VALUES || seen.contains(&current) {
            continue;
        }
        seen.push(current);
        match facts.body.op(current) {
            Op::Load(var) if facts.var(var).is_parameter && is_stood_in_for(project, code, trace, var) => {
                return Some(current);
            }
            Op::Load(var) if facts.is_local(var) => {
                pending.extend(facts.stores(var).iter().filter_map(|store| facts.stored(*store)));
            }
            Op::Attr { name, .. } if tensors.is_plain_attribute(facts.str(name)) => {}
            Op::Call { callee, args } => {
                let is_plain = match project.entity(code, callee) {
                    Some(Entity::External(path)) => tensors.gives_plain(&path),
                    _ => false,
                };
                if is_plain
                    || matches!(facts.body.op(callee), Op::Load(var) if tensors.gives_plain(facts.var_name(var)))
                {
                    continue;
                }
                pending.extend(facts.body.args(args).iter().map(|arg| arg.value));
                // `x.sum()`, but not what an object of the function around it makes.
                if let Op::Attr { base, .. } = facts.body.op(callee) {
                    pending.push(base);
                }
            }
            Op::Compare { .. }
            | Op::Not(_)
            | Op::Format(_)
            | Op::Const(_)
            | Op::Lambda(_)
            | Op::Define(_) => {}
            op => facts.body.operands(op, |operand| pending.push(operand)),
        }
    }
    None
}

/// Whether a parameter is given a stand-in: it is not the object, not taken as it is, and no plain value by its annotation
/// or default.
fn is_stood_in_for(project: &Project, code: CodeId, trace: &Trace, var: VarId) -> bool {
    let facts = project.facts(code);
    let Some(param) = facts.params.iter().find(|param| param.var == var) else { return false };
    let is_object = project.self_class(code, var).is_some();
    let annotated = param.annotation.and_then(|annotation| project.import_path(code, annotation));
    let is_plain = annotated.is_some_and(|path| matches!(path.as_str(), "int" | "float" | "bool" | "str"));
    let has_plain_default =
        param.default.is_some_and(|default| matches!(facts.body.op(default), Op::Const(_)));
    !is_object && !is_plain && !has_plain_default && !trace.fixed.contains(&var)
}
