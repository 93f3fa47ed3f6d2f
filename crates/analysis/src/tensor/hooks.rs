//! Hooks that stay on a module.
//!
//! A hook that is registered on a module stays until its handle takes it off: with all it refers to, and run at
//! each call. Where the module outlives the code that registers, a handle that is dropped, or removed only where
//! nothing raises, leaves one more hook behind each time. A module's hooks on its own parts go with it.

use super::local::name_of;
use super::modules;
use crate::bindings::Binding;
use crate::capture::{self, Callback};
use crate::flow::Flow;
use crate::growth::{Repeats, function_repeats, is_initial};
use crate::ir::{BlockId, ItemFacts, Op, UseKind, Val, VarId};
use crate::project::{ClassId, CodeId, Entity, ModuleId, Project, Symbol};

/// A hook that stays on a module.
#[derive(Clone, Debug)]
pub struct UnremovedHook {
    /// The function that registers it, or has it registered.
    pub code: CodeId,
    /// The call that does.
    pub call: Val,
    /// How it comes to stay.
    pub loss: HookLoss,
}

/// How a hook comes to stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookLoss {
    /// Its handle is dropped, and the function runs the module: each call leaves a hook.
    Dropped,
    /// Its handle is dropped, and each object of a class registers a hook that holds the object.
    PerObject(ClassId),
    /// It is taken off, unless this raises before.
    OnError {
        /// What may raise.
        run: Val,
        /// What takes it off.
        removed: Val,
    },
}

/// The hooks that items of a file leave on modules, in their order.
pub fn unremoved_hooks(
    project: &Project,
    module: ModuleId,
    items: impl Iterator<Item = CodeId>,
) -> Vec<UnremovedHook> {
    let registers = |code: CodeId| names_registration(project.facts(code));
    if !super::uses_tensors(project, module) || !project.items(module).any(registers) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for code in items.filter(|code| project.is_function(*code)) {
        let facts = project.facts(code);
        let before = found.len();
        if names_registration(facts) {
            let all = facts.body.originals().flat_map(|block| facts.body.values(block));
            found.extend(all.filter_map(|at| dropped(project, code, at)));
        }
        if found.len() == before {
            found.extend(on_error(project, code));
        }
    }
    found
}

/// Whether a method of a name registers a hook on a module.
fn is_registration(name: &str) -> bool {
    matches!(
        name,
        "register_forward_hook"
            | "register_forward_pre_hook"
            | "register_backward_hook"
            | "register_full_backward_hook"
            | "register_full_backward_pre_hook"
    )
}

fn names_registration(facts: &ItemFacts) -> bool {
    facts.names.iter().any(is_registration)
}

/// The object on which a call registers a hook.
fn registered_on(facts: &ItemFacts, call: Val) -> Option<Val> {
    let Op::Call { callee, .. } = facts.body.op(call) else { return None };
    let Op::Attr { base, name } = facts.body.op(callee) else { return None };
    is_registration(facts.str(name)).then_some(base)
}

/// `model.layer.register_forward_hook(hook)`, whose result is not used.
fn dropped(project: &Project, code: CodeId, call: Val) -> Option<UnremovedHook> {
    let facts = project.facts(code);
    let base = registered_on(facts, call)?;
    if is_used(facts, call) || clears_hooks(project, code) {
        return None;
    }
    let Owner::Given(home, var) = owner(project, code, base, 6)? else { return None };
    let loss = if is_initial(project, home) {
        HookLoss::PerObject(kept_object(project, code, call)?)
    } else {
        let repeats = function_repeats(project, home) >= Repeats::Callable;
        (repeats && runs(project, home, var)).then_some(HookLoss::Dropped)?
    };
    Some(UnremovedHook { code, call, loss })
}

fn is_used(facts: &ItemFacts, call: Val) -> bool {
    facts.body.insts.iter().any(|inst| {
        let mut is_used = false;
        facts.body.operands(inst.op, |operand| is_used |= operand == call);
        is_used
    })
}

/// Whether a function, or one of its class, takes hooks off by the attribute of the module that holds them.
fn clears_hooks(project: &Project, code: CodeId) -> bool {
    let names_them = |code: CodeId| {
        project.facts(code).names.iter().any(|name| name.starts_with('_') && name.ends_with("_hooks"))
    };
    let mut methods = project.enclosing_class(code).into_iter().flat_map(|class| project.own_members(class));
    names_them(code) || methods.any(names_them)
}

/// Whose a module is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// The function made it, or it is a part of the object.
    Own,
    /// It was given to this function, in this parameter.
    Given(CodeId, VarId),
}

/// Whose a module is: parts of it, found by name or one after the other, are its owner's.
fn owner(project: &Project, code: CodeId, value: Val, fuel: u32) -> Option<Owner> {
    let fuel = fuel.checked_sub(1)?;
    let facts = project.facts(code);
    match facts.body.op(value) {
        Op::Attr { base, name } => {
            if let Op::Load(var) = facts.body.op(base)
                && let Some((class, false)) = project.self_class(code, var)
            {
                return of_attribute(project, class, facts.str(name), fuel).or(Some(Owner::Own));
            }
            owner(project, code, base, fuel)
        }
        Op::Index { base: inner, .. }
        | Op::Next(inner)
        | Op::Iterate { value: inner, .. }
        | Op::Unpack { value: inner, .. } => owner(project, code, inner, fuel),
        // `model.named_modules()`, `enumerate(model.layers)`, `getattr(model, name)`
        Op::Call { callee, args } => match (project.entity(code, callee), facts.body.op(callee)) {
            (Some(Entity::External(path)), _) if passes(&path) => {
                owner(project, code, facts.body.args(args).first()?.value, fuel)
            }
            (None, Op::Attr { base, .. }) => owner(project, code, base, fuel),
            _ => None,
        },
        Op::Load(var) => {
            let Binding::Local(item, var) = project.file(code.module).binding(code.item, var) else {
                return None;
            };
            let home = CodeId { item, ..code };
            if project.self_class(home, var).is_some() {
                return Some(Owner::Own);
            }
            let facts = project.facts(home);
            if facts.var(var).is_parameter {
                return Some(Owner::Given(home, var));
            }
            owner(project, home, facts.only_value(var)?, fuel)
        }
        _ => None,
    }
}

/// Whether a function gives parts of its first argument.
fn passes(path: &str) -> bool {
    matches!(path, "enumerate" | "getattr" | "reversed" | "list" | "dict" | "zip" | "next" | "iter")
}

/// Whose the module in an attribute of the object is: that of what it is bound to, if that is one thing.
fn of_attribute(project: &Project, class: ClassId, name: &str, fuel: u32) -> Option<Owner> {
    let holder = project.attribute(class, Symbol::of(name));
    let mut bound = project.sites(holder).iter().filter(|site| site.depth == 0).filter_map(|site| match site
        .find(project)
        .kind
    {
        UseKind::Bind(value) => Some((site.code, value)),
        _ => None,
    });
    let (code, value) = bound.next()?;
    let is_only = bound.next().is_none() && project.is_function(code);
    is_only.then(|| owner(project, code, value, fuel)).flatten()
}

/// Whether a function calls the module in one of its parameters: `model(x)`, `model.generate(x)`.
fn runs(project: &Project, code: CodeId, var: VarId) -> bool {
    let facts = project.facts(code);
    let is_it = |value: Val| matches!(facts.body.op(value), Op::Load(loaded) if loaded == var);
    facts.body.insts.iter().any(|inst| {
        let Op::Call { callee, .. } = inst.op else { return false };
        is_it(callee)
            || matches!(facts.body.op(callee), Op::Attr { base, name }
                if is_it(base) && matches!(facts.str(name), "forward" | "generate" | "predict" | "encode"))
    })
}

/// The class whose object a hook holds, where that is more than a part of the module: a class of modules is one.
fn kept_object(project: &Project, code: CodeId, call: Val) -> Option<ClassId> {
    let facts = project.facts(code);
    let Op::Call { args, .. } = facts.body.op(call) else { return None };
    let class = facts.body.args(args).iter().find_map(|arg| {
        let (value, callback) = capture::callback(project, code, arg.value)?;
        let captured = capture::captured(project, code, (value, &callback));
        (callback != Callback::Object).then(|| capture::kept_class(project, code, &captured))?
    })?;
    (!modules::is_module_class(project, class)).then_some(class)
}

/// Hooks that a function has put on and taken off again, where a run of the module between may raise.
fn on_error(project: &Project, code: CodeId) -> Option<UnremovedHook> {
    let facts = project.facts(code);
    let first = *registering(project, code).first()?;
    let removals = removing(project, code);
    let removed = *removals.last()?;
    if removals.iter().any(|at| *at < first || is_cleanup(facts, *at)) || suspends(facts, first, removed) {
        return None;
    }
    let between = (first.index() + 1..removed.index()).map(Val::new);
    let run = between.filter(|at| *at < removals[0]).find(|at| runs_a_module(facts, *at))?;
    Some(UnremovedHook { code, call: first, loss: HookLoss::OnError { run, removed } })
}

/// Where an item registers hooks, by itself or by a function that it calls or hands on.
fn registering(project: &Project, code: CodeId) -> Vec<Val> {
    let does = |facts: &ItemFacts| names_registration(facts) && !removes(facts);
    by(project, code, |facts, at| registered_on(facts, at).is_some(), does)
}

/// Where an item takes hooks off, likewise.
fn removing(project: &Project, code: CodeId) -> Vec<Val> {
    by(project, code, is_removal, |facts| removes(facts) && !names_registration(facts))
}

/// Where an item does something, or has it done by a function of the project, in order.
fn by(
    project: &Project,
    code: CodeId,
    does: impl Fn(&ItemFacts, Val) -> bool,
    function_does: impl Fn(&ItemFacts) -> bool,
) -> Vec<Val> {
    let facts = project.facts(code);
    let all = facts.body.originals().flat_map(|block| facts.body.values(block));
    let mut found: Vec<Val> = all.filter(|at| does(facts, *at)).collect();
    let called = project.called_by(code).into_iter();
    let called = called.filter(|(target, _)| *target != code && project.is_function(*target));
    found.extend(
        called.filter(|(target, _)| function_does(project.facts(*target))).map(|(_, found)| found.at),
    );
    found.sort_unstable();
    found
}

/// `handle.remove()`: what lists remove is an argument.
fn is_removal(facts: &ItemFacts, at: Val) -> bool {
    let Op::Call { callee, args } = facts.body.op(at) else { return false };
    args.is_empty() && matches!(facts.body.op(callee), Op::Attr { name, .. } if facts.str(name) == "remove")
}

fn removes(facts: &ItemFacts) -> bool {
    facts.names.find("remove").is_some()
        && (0..facts.body.insts.len()).any(|index| is_removal(facts, Val::new(index)))
}

/// Whether an instruction stands in a `finally`, a handler, or where a context is left.
fn is_cleanup(facts: &ItemFacts, at: Val) -> bool {
    let Some(block) = facts.body.block_of(at) else { return true };
    let is_copied = |other: BlockId| {
        let other = facts.body.block(other);
        let range = facts.body.insts[at.index()].range;
        other.is_copy
            && facts.body.insts[other.start as usize..other.end as usize]
                .iter()
                .any(|inst| inst.range == range)
    };
    let blocks = (0..facts.body.blocks.len()).map(BlockId::new);
    Flow::new(&facts.body).is_in_handler(block) || blocks.into_iter().any(is_copied)
}

/// Whether an item hands control to its caller between two instructions: what comes then is not known.
fn suspends(facts: &ItemFacts, first: Val, last: Val) -> bool {
    facts.body.insts[first.index()..last.index()]
        .iter()
        .any(|inst| matches!(inst.op, Op::Yield(_) | Op::YieldFrom(_)))
}

/// Whether an instruction calls a module, or something that works out gradients, by its name.
fn runs_a_module(facts: &ItemFacts, at: Val) -> bool {
    let Op::Call { callee, .. } = facts.body.op(at) else { return false };
    let Some(name) = name_of(facts, callee) else { return false };
    let mut words = leakwright_catalogue::split_words(name);
    let is_run = |word: &str| {
        matches!(
            word,
            "model" | "module" | "forward" | "backward" | "net" | "network" | "generate" | "predict"
        ) || matches!(word, "gradient" | "gradients" | "grad")
    };
    !name.contains("hook") && words.any(|word| is_run(&word))
}
