//! What one function does with graphs: where it propagates back, and where none is recorded.

use leakwright_catalogue::Hook;

use super::reaching::Ways;
use crate::bindings::Binding;
use crate::ir::{Const, ItemFacts, LoopId, Op, Val, VarId};
use crate::project::{ClassId, CodeId, Project};

/// What one function does with graphs.
pub(super) struct Local {
    pub ways: Ways,
    /// The calls that propagate back.
    pub backward: Vec<Val>,
    /// What is propagated back, as it is read there.
    pub roots: Vec<Val>,
    /// The stores whose value is propagated back as it is.
    pub propagated: Vec<Val>,
    /// Contexts under which no graph is recorded.
    contexts: Vec<Val>,
    /// Whether none is recorded anywhere in it.
    is_without_graph: bool,
}

impl Local {
    pub(super) fn new(project: &Project, code: CodeId) -> Self {
        let facts = project.facts(code);
        let body = &facts.body;
        let tensors = &project.catalogue().tensors;
        let ways = Ways::new(body);
        let mut local = Self {
            ways,
            backward: Vec::new(),
            roots: Vec::new(),
            propagated: Vec::new(),
            contexts: Vec::new(),
            is_without_graph: facts
                .decorators
                .iter()
                .any(|decorator| is_without_graph(project, code, *decorator)),
        };
        for at in body.originals().flat_map(|block| body.values(block)) {
            match body.op(at) {
                Op::Enter { context, .. } if is_without_graph(project, code, context) => {
                    local.contexts.push(context);
                }
                Op::Call { callee, .. } => {
                    if name_of(facts, callee).is_some_and(|name| tensors.is_backward(name)) {
                        local.note_backward(facts, at);
                    } else if is_switched_off(project, code, at) && !is_entered(facts, at) {
                        local.is_without_graph = true;
                    }
                }
                _ => {}
            }
        }
        local
    }

    /// Notes `loss.backward()`, `scaler.scale(loss).backward()` or `accelerator.backward(loss)`.
    fn note_backward(&mut self, facts: &ItemFacts, call: Val) {
        let body = &facts.body;
        let Op::Call { callee, args } = body.op(call) else { return };
        self.backward.push(call);
        let mut roots: Vec<Val> = body
            .args(args)
            .iter()
            .take(2)
            .map(|arg| arg.value)
            .filter(|arg| is_variable(facts, *arg))
            .collect();
        if let Op::Attr { base, .. } = body.op(callee) {
            // `accelerator.backward(loss)` propagates back what it is given, `loss.backward(gradient)` itself.
            let is_tool =
                !roots.is_empty() && !name_of(facts, base).is_some_and(|name| name.contains("loss"));
            if !is_tool {
                roots.push(base);
            }
            if let Op::Call { args, .. } = body.op(base) {
                roots.extend(body.args(args).iter().map(|arg| arg.value));
            }
        }
        for root in roots {
            if let Op::Load(var) = body.op(root) {
                self.propagated.extend(self.ways.stores(body, var, root).stores);
            }
            self.roots.push(root);
        }
    }

    /// Whether no graph is recorded at an instruction.
    pub(super) fn records_none(&self, facts: &ItemFacts, at: Val) -> bool {
        self.is_without_graph
            || self.contexts.iter().any(|context| self.ways.is_within(&facts.body, at, *context))
    }

    /// The calls in a loop that propagate back.
    pub(super) fn backward_in(&self, facts: &ItemFacts, round: LoopId) -> impl Iterator<Item = Val> {
        self.backward.iter().copied().filter(move |call| self.is_in(facts, *call, round))
    }

    /// Whether an instruction stands in a loop.
    pub(super) fn is_in(&self, facts: &ItemFacts, at: Val, round: LoopId) -> bool {
        facts.body.loops_around(self.ways.block_of(at)).any(|around| around == round)
    }
}

/// The last name of what is called.
pub(super) fn name_of(facts: &ItemFacts, callee: Val) -> Option<&str> {
    match facts.body.op(callee) {
        Op::Attr { name, .. } => Some(facts.str(name)),
        Op::Load(var) => Some(facts.var_name(var)),
        _ => None,
    }
}

fn is_variable(facts: &ItemFacts, value: Val) -> bool {
    matches!(facts.body.op(value), Op::Load(_) | Op::Attr { .. } | Op::Index { .. } | Op::Binary { .. })
}

/// Whether a context manager or decorator is one under which no graph is recorded.
fn is_without_graph(project: &Project, code: CodeId, value: Val) -> bool {
    let facts = project.facts(code);
    let tensors = &project.catalogue().tensors;
    let is_named = |value| name_of(facts, value).is_some_and(|name| tensors.is_without_graph(name));
    match facts.body.op(value) {
        Op::Call { callee, args } => {
            is_named(callee)
                // A decorator of the project's own that wraps another, as `no_grad()(function)`.
                || facts.body.args(args).is_empty() && is_without_graph(project, code, callee)
                || is_switched_off(project, code, value)
        }
        Op::Load(var) => match facts.only_value(var) {
            Some(stored) if facts.is_local(var) && stored != value => {
                matches!(facts.body.op(stored), Op::Call { .. }) && is_without_graph(project, code, stored)
            }
            _ => is_named(value),
        },
        Op::Attr { .. } => is_named(value),
        _ => false,
    }
}

/// `torch.set_grad_enabled(False)`
fn is_switched_off(project: &Project, code: CodeId, call: Val) -> bool {
    let facts = project.facts(code);
    let Op::Call { callee, args } = facts.body.op(call) else { return false };
    name_of(facts, callee) == Some("set_grad_enabled")
        && facts
            .body
            .args(args)
            .first()
            .is_some_and(|arg| matches!(facts.body.op(arg.value), Op::Const(Const::False)))
}

fn is_entered(facts: &ItemFacts, call: Val) -> bool {
    facts.body.insts.iter().any(|inst| matches!(inst.op, Op::Enter { context, .. } if context == call))
}

/// Import paths of the bases of a class outside the project, those included that are imported only if they
/// are there, or for annotations.
pub(super) fn bases(project: &Project, class: ClassId) -> Vec<String> {
    let mut found: Vec<String> = project.external_bases(class).into_iter().map(str::to_owned).collect();
    for class in project.ancestry(class) {
        let facts = project.facts(class.0);
        let file = project.file(class.0.module);
        for base in facts.body.args(facts.bases) {
            let Op::Load(var) = facts.body.op(base.value) else { continue };
            let Binding::Global(global) = file.binding(class.0.item, var) else { continue };
            let module = project.module_code(class.0);
            let outer = project.facts(module);
            let Some(var) = file.global(global).var else { continue };
            found.extend(outer.stores(var).iter().filter_map(|store| {
                let value = outer.stored(*store)?;
                match outer.body.op(value) {
                    // `Metric, _ = optional_import("ignite.metrics", "Metric")`
                    Op::Unpack { value, .. } => {
                        let Op::Call { args, .. } = outer.body.op(value) else { return None };
                        let module = outer.string(outer.body.args(args).first()?.value)?;
                        Some(format!("{module}.{}", outer.var_name(var)))
                    }
                    Op::ImportFrom { module, name } => {
                        Some(format!("{}.{}", outer.str(module), outer.str(name)))
                    }
                    _ => None,
                }
            }));
        }
    }
    found
}

/// How a trainer calls a method, if it does.
pub(super) fn hook(project: &Project, code: CodeId) -> Option<Hook> {
    let name = project.own_name(code);
    hook_named(project, project.class_of(code)?, name)
}

/// How a trainer calls the method of a name of a class, if it does.
pub(super) fn hook_named(project: &Project, class: ClassId, name: &str) -> Option<Hook> {
    let tensors = &project.catalogue().tensors;
    let own = |class: &ClassId| tensors.hook(project.own_name(class.0), name);
    let outside = project.external_bases(class).into_iter().find_map(|base| tensors.hook(base, name));
    outside.or_else(|| project.ancestry(class).iter().find_map(own))
}

/// Whether a trainer calls a function and gives it the model in one of its parameters.
pub(super) fn is_given_model(project: &Project, code: CodeId, var: VarId) -> bool {
    let facts = project.facts(code);
    let tensors = &project.catalogue().tensors;
    let name = facts.var_name(var);
    facts.var(var).is_parameter
        && hook(project, code).is_some()
        && project.class_of(code).is_some_and(|class| {
            project.external_bases(class).iter().any(|base| tensors.is_given_model(base, name))
        })
}
