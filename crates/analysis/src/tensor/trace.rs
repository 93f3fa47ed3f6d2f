//! What a value carries: followed back through assignments, containers and the functions of the project.
//!
//! The question is asked of one value at a time, against the flow, so that files without tensors cost
//! nothing. A value carries a graph if on some way it comes from the call of a module or from what is
//! propagated back, through operations that record; `detach()` and its like end the way. What an unknown
//! function makes of such a value is believed to carry the graph as soon as it is used as a tensor.

use std::rc::Rc;

use leakwright_catalogue::Hook;
use rustc_hash::FxHashMap;

use super::local::{Local, bases, hook_named, name_of};
use super::modules;
use super::reaching::returned;
use crate::ir::{ArgKind, Args, Const, Display, ItemFacts, Op, ParamKind, Step, Val, VarId};
use crate::project::{CodeId, Entity, Project, ValueId};

/// How many operations are followed for one question.
const MAX_WORK: u32 = 4000;
/// How deep calls are followed into each other.
const MAX_DEPTH: u32 = 6;
/// How many classes that fill in a method are looked at.
const MAX_OVERRIDES: usize = 4;

/// What a value carries; what is worse comes later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Carries {
    /// No graph.
    Nothing,
    /// It cannot be told.
    Unknown,
    /// Something an unknown function made of a value with a graph.
    Derived(ValueId),
    /// A graph, from here.
    Graph(ValueId),
}

/// A part of a value that is asked about.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// An element by its position.
    At(i64),
    /// An entry by its key.
    Key(String),
    /// Some element.
    Any,
}

/// A function, with what its parameters carry.
#[derive(Clone)]
pub(super) struct Frame {
    pub code: CodeId,
    pub params: Vec<(VarId, Carries)>,
    pub depth: u32,
}

/// Answers questions about one project.
pub(super) struct Tracer<'p> {
    pub project: &'p Project,
    locals: FxHashMap<CodeId, Rc<Local>>,
    /// The values that are being followed, against going in circles.
    open: Vec<(CodeId, Val)>,
    work: u32,
    /// Whether it is asked for what stays on a device, with or without a graph.
    is_of_devices: bool,
}

impl<'p> Tracer<'p> {
    pub(super) fn new(project: &'p Project) -> Self {
        Self { project, locals: FxHashMap::default(), open: Vec::new(), work: 0, is_of_devices: false }
    }

    /// The same for what stays on a device: contexts without a graph change nothing, `cpu()` ends the way.
    pub(super) fn of_devices(project: &'p Project) -> Self {
        Self { is_of_devices: true, ..Self::new(project) }
    }

    /// What a function does with graphs.
    pub(super) fn local(&mut self, code: CodeId) -> Rc<Local> {
        let project = self.project;
        Rc::clone(self.locals.entry(code).or_insert_with(|| Rc::new(Local::new(project, code))))
    }

    /// What a value of a function carries.
    pub(super) fn ask(&mut self, frame: &Frame, value: Val) -> Carries {
        self.work = 0;
        self.open.clear();
        self.value(frame, value, &[])
    }

    fn facts(&self, code: CodeId) -> &'p ItemFacts {
        self.project.facts(code)
    }

    fn value(&mut self, frame: &Frame, value: Val, parts: &[Part]) -> Carries {
        self.work += 1;
        let key = (frame.code, value);
        if self.work > MAX_WORK || self.open.contains(&key) {
            return Carries::Nothing;
        }
        self.open.push(key);
        let found = self.operation(frame, value, parts);
        self.open.pop();
        found
    }

    fn join(&mut self, frame: &Frame, values: impl IntoIterator<Item = Val>, parts: &[Part]) -> Carries {
        values.into_iter().map(|value| self.value(frame, value, parts)).max().unwrap_or(Carries::Nothing)
    }

    fn operation(&mut self, frame: &Frame, value: Val, parts: &[Part]) -> Carries {
        let facts = self.facts(frame.code);
        let body = &facts.body;
        let tensors = &self.project.catalogue().tensors;
        match body.op(value) {
            Op::Const(_) | Op::Format(_) | Op::Not(_) | Op::Compare { .. } | Op::Caught(_) => {
                Carries::Nothing
            }
            Op::Load(var) => self.variable(frame, var, value, parts),
            Op::Attr { name, .. } if tensors.attribute_leaves(facts.str(name)) => Carries::Nothing,
            Op::Attr { base, name } => {
                // An output's field is as a dict's entry.
                let parts = with(Part::Key(facts.str(name).to_owned()), parts);
                if is_self(self.project, frame.code, base) {
                    Carries::Unknown
                } else {
                    self.value(frame, base, &parts)
                }
            }
            Op::Index { base, key } => {
                let part = match body.op(key) {
                    Op::Const(Const::Str(name)) => Part::Key(facts.str(name).to_owned()),
                    Op::Const(Const::Int(index)) => Part::At(index.into()),
                    _ => Part::Any,
                };
                self.value(frame, base, &with(part, parts))
            }
            Op::Unpack { value, index } => {
                let part = if index == crate::ir::REST { Part::Any } else { Part::At(i64::from(index)) };
                self.value(frame, value, &with(part, parts))
            }
            Op::Next(iterator) => self.value(frame, iterator, parts),
            Op::Iterate { value, .. } => self.value(frame, value, &with(Part::Any, parts)),
            Op::Binary { left, right, .. } | Op::InPlace { left, right, .. } => {
                let found = self.join(frame, [left, right], parts);
                if self.is_ended(frame.code, value) { Carries::Nothing } else { found }
            }
            Op::Unary(inner) | Op::Await(inner) => self.value(frame, inner, parts),
            Op::Merge(args) => self.merged(frame, args, parts),
            Op::Display { kind, args } => self.display(frame, kind, args, parts),
            Op::Comprehension { args, .. } => {
                // Of a dict's pair the value; keys are no tensors.
                let made = body.args(args).last().map(|arg| arg.value);
                self.join(frame, made, parts.get(1..).unwrap_or_default())
            }
            Op::Call { callee, args } => self.call(frame, value, callee, args, parts),
            Op::Enter { .. } | Op::Slice(_) => Carries::Unknown,
            _ => Carries::Unknown,
        }
    }

    /// `loss.item() if torch.is_tensor(loss) else loss` leaves the graph behind where there is one.
    fn merged(&mut self, frame: &Frame, args: Args, parts: &[Part]) -> Carries {
        let facts = self.facts(frame.code);
        let args = facts.body.args(args);
        if args.iter().any(|arg| self.is_leaving(frame.code, arg.value)) {
            return Carries::Nothing;
        }
        self.join(frame, args.iter().map(|arg| arg.value), parts)
    }

    /// Whether what an operation gives carries nothing because of the context it stands in.
    fn is_ended(&mut self, code: CodeId, at: Val) -> bool {
        !self.is_of_devices && self.local(code).records_none(self.facts(code), at)
    }

    /// Whether a method ends the way of a value by its name.
    fn method_leaves(&self, name: &str) -> bool {
        self.project.catalogue().tensors.method_leaves(name) || self.is_of_devices && name == "cpu"
    }

    /// Whether a value is a call that leaves the graph behind.
    pub(super) fn is_leaving(&self, code: CodeId, value: Val) -> bool {
        let facts = self.facts(code);
        let tensors = &self.project.catalogue().tensors;
        match facts.body.op(value) {
            Op::Call { callee, .. } => match facts.body.op(callee) {
                Op::Attr { base, name } => self.method_leaves(facts.str(name)) || self.is_leaving(code, base),
                Op::Load(var) => tensors.function_leaves(facts.var_name(var)),
                _ => false,
            },
            Op::Attr { base, name } => {
                tensors.attribute_leaves(facts.str(name)) || self.is_leaving(code, base)
            }
            _ => false,
        }
    }

    fn display(&mut self, frame: &Frame, kind: Display, args: Args, parts: &[Part]) -> Carries {
        let facts = self.facts(frame.code);
        let args = facts.body.args(args);
        let rest = parts.get(1..).unwrap_or_default();
        let values: Vec<Val> = match (kind, parts.first()) {
            (Display::Dict, first) => {
                let pairs = args.iter().filter(|arg| arg.kind == ArgKind::Positional).map(|arg| arg.value);
                let pairs: Vec<Val> = pairs.collect();
                let is_asked = |key: Val| match first {
                    Some(Part::Key(wanted)) => facts.string(key).is_none_or(|key| key == wanted),
                    _ => true,
                };
                let spread = args.iter().filter(|arg| arg.kind != ArgKind::Positional).map(|arg| arg.value);
                pairs
                    .chunks(2)
                    .filter(|pair| is_asked(pair[0]))
                    .filter_map(|pair| pair.get(1))
                    .copied()
                    .chain(spread)
                    .collect()
            }
            (_, Some(Part::At(index))) if args.iter().all(|arg| arg.kind == ArgKind::Positional) => {
                let index =
                    if *index < 0 { i64::try_from(args.len()).unwrap_or_default() + index } else { *index };
                usize::try_from(index)
                    .ok()
                    .and_then(|index| args.get(index))
                    .map(|arg| arg.value)
                    .into_iter()
                    .collect()
            }
            _ => args.iter().map(|arg| arg.value).collect(),
        };
        self.join(frame, values, rest)
    }

    fn variable(&mut self, frame: &Frame, var: VarId, load: Val, parts: &[Part]) -> Carries {
        let facts = self.facts(frame.code);
        let local = self.local(frame.code);
        let reaching = local.ways.stores(&facts.body, var, load);
        if reaching.stores.is_empty() {
            return parameter(frame, var, parts);
        }
        // `if torch.is_tensor(loss): loss = loss.item()`
        let stored = || reaching.stores.iter().filter_map(|store| Some((*store, facts.stored(*store)?)));
        if reaching.stores.len() + usize::from(reaching.from_entry) > 1
            && stored().any(|(_, value)| self.is_leaving(frame.code, value) && reads(facts, value, var))
        {
            return Carries::Nothing;
        }
        let mut found = if reaching.from_entry { parameter(frame, var, parts) } else { Carries::Nothing };
        for (store, value) in stored() {
            if local.propagated.contains(&store) && parts.is_empty() {
                found = found.max(Carries::Graph(frame.code.value(value)));
                continue;
            }
            found = found.max(self.value(frame, value, parts));
            if makes_container(facts, value) {
                found = found.max(self.contents(frame, var, parts));
            }
        }
        found
    }

    /// What is put into a container that a variable of the function holds.
    fn contents(&mut self, frame: &Frame, var: VarId, parts: &[Part]) -> Carries {
        let facts = self.facts(frame.code);
        let body = &facts.body;
        let is_it = |value: Val| matches!(body.op(value), Op::Load(found) if found == var);
        let mut found = Carries::Nothing;
        let rest = parts.get(1..).unwrap_or_default();
        for at in body.originals().flat_map(|block| body.values(block)) {
            match body.op(at) {
                Op::StoreIndex { base, key, value } if is_it(base) => {
                    let is_other = match (parts.first(), facts.string(key)) {
                        (Some(Part::Key(wanted)), Some(key)) => key != wanted,
                        _ => false,
                    };
                    if !is_other {
                        found = found.max(self.value(frame, value, rest));
                    }
                }
                Op::Call { callee, args } => {
                    let Op::Attr { base, name } = body.op(callee) else { continue };
                    let Some(arg) = body.args(args).last().filter(|_| is_it(base)) else { continue };
                    found = found.max(match facts.str(name) {
                        "append" | "add" | "insert" | "setdefault" => self.value(frame, arg.value, rest),
                        "update" | "extend" => self.value(frame, arg.value, parts),
                        _ => Carries::Nothing,
                    });
                }
                _ => {}
            }
        }
        found
    }

    fn call(&mut self, frame: &Frame, call: Val, callee: Val, args: Args, parts: &[Part]) -> Carries {
        let facts = self.facts(frame.code);
        let tensors = &self.project.catalogue().tensors;
        if self.is_ended(frame.code, call) {
            return Carries::Nothing;
        }
        let here = Carries::Graph(frame.code.value(call));
        if let Some(function) = self.project.callable(frame.code, callee) {
            return self.project_call(frame, call, function, args, parts);
        }
        if self.is_leaving(frame.code, call) {
            return Carries::Nothing;
        }
        let values: Vec<Val> = facts.body.args(args).iter().map(|arg| arg.value).collect();
        if let Some(Entity::External(path)) = self.project.entity(frame.code, callee) {
            if tensors.function_leaves(&path) {
                return Carries::Nothing;
            }
            let found = self.join(frame, values, &[]);
            // Functions of the framework are given tensors.
            return match found {
                Carries::Derived(from) if path.starts_with("torch.") => Carries::Graph(from),
                _ if tensors.passes(&path) => found,
                _ => derived(found),
            };
        }
        // What a module returns besides is often a count or a state.
        let here = if matches!(parts.first(), Some(Part::At(1..))) { Carries::Unknown } else { here };
        if modules::is_module(self.project, frame.code, callee) {
            return here;
        }
        if let Op::Attr { base, name } = facts.body.op(callee) {
            let name = facts.str(name);
            if name == "forward" && modules::is_module(self.project, frame.code, base) {
                return here;
            }
            // `super().compute_loss(…)`: what a trainer would propagate back.
            let class = self.project.enclosing_class(frame.code).filter(|_| is_super(facts, base));
            if class.and_then(|class| hook_named(self.project, class, name)) == Some(Hook::Training) {
                return here;
            }
            if is_self(self.project, frame.code, base) {
                // `self.loss_function(outputs, targets)`: what a module calls of its own is a module as well, or
                // a function of tensors.
                let found = derived(self.join(frame, values, &[]));
                return match found {
                    Carries::Derived(from) if modules::is_module(self.project, frame.code, base) => {
                        Carries::Graph(from)
                    }
                    _ => found,
                };
            }
            let parts = match name {
                "values" | "items" | "copy" => parts.to_vec(),
                "get" | "pop" => match values.first().and_then(|key| facts.string(*key)) {
                    Some(key) => with(Part::Key(key.to_owned()), parts),
                    None => with(Part::Any, parts),
                },
                _ => Vec::new(),
            };
            let on = self.value(frame, base, &parts);
            return match on {
                Carries::Graph(_) => on,
                Carries::Derived(from) if tensors.is_tensor_method(name) => Carries::Graph(from),
                Carries::Derived(_) => on,
                Carries::Nothing | Carries::Unknown if tensors.method_passes(name) => {
                    self.join(frame, values, &[])
                }
                Carries::Nothing | Carries::Unknown => derived(self.join(frame, values, &[])),
            };
        }
        derived(self.join(frame, values, &[]))
    }

    /// What a function of the project returns, given what the call passes.
    fn project_call(
        &mut self,
        frame: &Frame,
        call: Val,
        target: CodeId,
        args: Args,
        parts: &[Part],
    ) -> Carries {
        let facts = self.facts(target);
        if facts.is_class() {
            return Carries::Unknown;
        }
        if frame.depth >= MAX_DEPTH {
            return Carries::Nothing;
        }
        if facts.own_name().contains("detach") {
            return Carries::Nothing;
        }
        let caller = self.facts(frame.code);
        let mut given: Vec<(Val, Carries)> = Vec::new();
        for arg in caller.body.args(args) {
            given.push((arg.value, self.value(frame, arg.value, &[])));
        }
        let mut functions = vec![target];
        if returned(facts).next().is_none()
            && let Some(class) = self.project.class_of(target)
        {
            let derived = self.project.descendants(class);
            let others = derived.into_iter().skip(1).filter_map(|class| {
                self.project
                    .own_members(class)
                    .find(|member| self.project.own_name(*member) == facts.own_name())
            });
            functions.extend(others.take(MAX_OVERRIDES));
        }
        functions
            .into_iter()
            .map(|function| self.result(frame, call, function, &given, parts))
            .max()
            .unwrap_or(Carries::Unknown)
    }

    fn result(
        &mut self,
        frame: &Frame,
        call: Val,
        function: CodeId,
        given: &[(Val, Carries)],
        parts: &[Part],
    ) -> Carries {
        let facts = self.facts(function);
        if matches!(facts.kind, crate::ir::ItemKind::Function { is_generator: true, .. }) {
            return Carries::Unknown;
        }
        let params = given.iter().filter_map(|(value, carries)| {
            let param = self.project.parameter_for(frame.code, call, *value, function)?;
            Some((param, if leaves(self, function, param) { Carries::Nothing } else { *carries }))
        });
        let inner = Frame { code: function, params: params.collect(), depth: frame.depth + 1 };
        let values: Vec<Val> = returned(facts).collect();
        self.join(&inner, values, parts)
    }

    /// The frame of a function that nothing is known to call.
    pub(super) fn outermost(&self, code: CodeId) -> Frame {
        let facts = self.facts(code);
        let tensors = &self.project.catalogue().tensors;
        let class = self.project.class_of(code);
        let receives = class.is_some_and(|class| {
            bases(self.project, class).iter().any(|base| tensors.receives_outputs(base, facts.own_name()))
        });
        let is_number = |annotation: Option<Val>| {
            let path = annotation.and_then(|annotation| self.project.import_path(code, annotation));
            path.is_some_and(|path| matches!(path.as_str(), "int" | "float" | "bool" | "str"))
        };
        let loads = |var: VarId| {
            let is_it = |at: &Val| matches!(facts.body.op(*at), Op::Load(found) if found == var);
            facts.body.originals().flat_map(|block| facts.body.values(block)).find(is_it)
        };
        let params = facts.params.iter().skip(1).filter(|param| receives && !is_number(param.annotation));
        let params =
            params.filter_map(|param| Some((param.var, Carries::Graph(code.value(loads(param.var)?)))));
        Frame { code, params: params.collect(), depth: 0 }
    }
}

/// Whether a function leaves the graph of what a parameter gets behind, before it does anything else with it.
fn leaves(tracer: &Tracer<'_>, function: CodeId, param: VarId) -> bool {
    let facts = tracer.facts(function);
    let tensors = &tracer.project.catalogue().tensors;
    let is_plain = facts.params.iter().any(|found| found.var == param && found.kind == ParamKind::Positional);
    is_plain
        && facts.body.insts.iter().any(|inst| match inst.op {
            Op::Attr { base, name } => {
                let place = facts.places.of(base);
                place.is_some_and(|place| {
                    facts.places.root(place) == param
                        && facts.places.path(place).1.iter().all(|step| !matches!(step, Step::Attr(_)))
                }) && (matches!(facts.str(name), "detach" | "item" | "detach_"))
                    && tensors.method_leaves(facts.str(name))
            }
            _ => false,
        })
}

/// What a part of a parameter carries.
fn parameter(frame: &Frame, var: VarId, parts: &[Part]) -> Carries {
    let given = frame.params.iter().find(|(param, _)| *param == var);
    match (given, parts.first()) {
        // What a step is given begins with the outputs; targets follow, which no module made.
        (Some(_), Some(Part::At(1..))) if frame.depth == 0 => Carries::Nothing,
        _ => given.map_or(Carries::Unknown, |(_, carries)| *carries),
    }
}

/// What comes of a value in an unknown function.
fn derived(carries: Carries) -> Carries {
    match carries {
        Carries::Graph(from) | Carries::Derived(from) => Carries::Derived(from),
        Carries::Nothing | Carries::Unknown => Carries::Unknown,
    }
}

fn with(part: Part, parts: &[Part]) -> Vec<Part> {
    std::iter::once(part).chain(parts.iter().cloned()).collect()
}

/// Whether a value is `super()`.
fn is_super(facts: &ItemFacts, value: Val) -> bool {
    let Op::Call { callee, .. } = facts.body.op(value) else { return false };
    matches!(facts.body.op(callee), Op::Load(var) if facts.var_name(var) == "super")
}

fn is_self(project: &Project, code: CodeId, value: Val) -> bool {
    matches!(project.facts(code).body.op(value), Op::Load(var) if project.self_class(code, var).is_some())
}

/// Whether a value is made of what a variable holds.
fn reads(facts: &ItemFacts, value: Val, var: VarId) -> bool {
    let mut pending = vec![value];
    for _ in 0..16 {
        let Some(current) = pending.pop() else { return false };
        if matches!(facts.body.op(current), Op::Load(found) if found == var) {
            return true;
        }
        facts.body.operands(facts.body.op(current), |operand| pending.push(operand));
    }
    false
}

fn makes_container(facts: &ItemFacts, value: Val) -> bool {
    match facts.body.op(value) {
        Op::Display { .. } => true,
        Op::Call { callee, .. } => {
            matches!(name_of(facts, callee), Some("dict" | "list" | "defaultdict" | "OrderedDict"))
        }
        _ => false,
    }
}
