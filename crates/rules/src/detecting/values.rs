//! Values for the parameters of functions, made up from their annotations and names.

use leakwright_analysis::ir::{Op, Param, ParamKind};
use leakwright_analysis::project::{ClassId, CodeId, Entity, ModuleId, Project};
use leakwright_syntax::{Field, Kind, Node};

use super::program::{Program, literal};
use super::types::{self, Type};

/// When a value is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// Once, before the work.
    Before,
    /// For each unit of work: it may depend on its number, `n`.
    During,
}

/// How deep objects are put together from others.
const MAX_DEPTH: u32 = 3;

/// What keeps callbacks until they are taken back.
const EMITTER: &str = include_str!("templates/emitter.py.txt");

/// A number that serves as a size, a width or a port.
const SIZE: &str = "8";

impl Program<'_> {
    /// The arguments for a function, as they stand between the parentheses. `fill` names parameters that are
    /// given though they have a default.
    pub(super) fn arguments(&mut self, function: CodeId, fill: &[&str], moment: Moment) -> String {
        self.arguments_within(function, fill, moment, MAX_DEPTH)
    }

    fn arguments_within(&mut self, function: CodeId, fill: &[&str], moment: Moment, depth: u32) -> String {
        let facts = self.project().facts(function);
        let receiver = usize::from(has_receiver(self.project(), function));
        let mut given = Vec::new();
        for param in facts.params.iter().skip(receiver) {
            let name = facts.var_name(param.var);
            let is_free = param.default.is_some() && !fill.contains(&name);
            if is_free || matches!(param.kind, ParamKind::Rest | ParamKind::Keywords) {
                continue;
            }
            let value = self.parameter(function, *param, fill, moment, depth);
            let is_named =
                param.kind == ParamKind::Keyword || (param.default.is_some() && fill.contains(&name));
            given.push(if is_named { format!("{name}={value}") } else { value });
        }
        given.join(", ")
    }

    fn parameter(
        &mut self,
        function: CodeId,
        param: Param,
        fill: &[&str],
        moment: Moment,
        depth: u32,
    ) -> String {
        let project = self.project();
        let facts = project.facts(function);
        let name = facts.var_name(param.var).to_owned();
        if let Some((.., value)) =
            self.shared.iter().find(|(code, var, _)| (*code, *var) == (function, param.var))
        {
            return value.clone();
        }
        let annotation = param.annotation.and_then(|annotation| {
            let range = project.file(function.module).value_range(function.item, annotation);
            let tree = self.sources.tree(function.module)?;
            types::parse(range.of(tree.text()))
        });
        if let Some(annotation) = annotation
            && let Some(value) = self.of_type(function.module, &name, &annotation, moment, depth)
        {
            return value;
        }
        if fill.contains(&name.as_str())
            && let Some(class) = self.project().enclosing_class(function)
            && let Some(value) = self.object_within(class, &[], moment, depth)
        {
            return value;
        }
        self.of_name(&name, moment).unwrap_or_else(|| self.of_use(function, param, &name, moment))
    }

    /// Gives a parameter the same object each time: what keeps callbacks that its method of a name is given.
    pub(super) fn share(&mut self, function: CodeId, param: Param, method: &str) {
        let mut value = self.parameter(function, param, &[], Moment::Before, MAX_DEPTH);
        if value == "Anything()" {
            self.helper(EMITTER.replace("$METHOD$", method));
            "Emitter()".clone_into(&mut value);
        }
        let wanted = self.project().facts(function).var_name(param.var).to_owned();
        let variable = self.variable(&wanted);
        self.set_up(format!("{variable} = {value}"));
        self.shared.push((function, param.var, variable));
    }

    /// A new object of a class of the project; `None` where the program cannot name the class.
    pub(super) fn object(&mut self, class: ClassId, fill: &[&str], moment: Moment) -> Option<String> {
        self.object_within(class, fill, moment, MAX_DEPTH)
    }

    fn object_within(&mut self, class: ClassId, fill: &[&str], moment: Moment, depth: u32) -> Option<String> {
        let depth = depth.checked_sub(1)?;
        let project = self.project();
        let name = self.name_of(class.0)?;
        if project.external_bases(class).iter().any(|base| base.ends_with("Enum") || base.ends_with("Flag")) {
            return Some(format!("next(iter({name}))"));
        }
        let arguments = match project.class_member(class, "__init__") {
            Some(init) => self.arguments_within(init, fill, moment, depth),
            None => self.fields(class, moment, depth),
        };
        Some(format!("{name}({arguments})"))
    }

    /// The fields that an object of a data class has to be given.
    fn fields(&mut self, class: ClassId, moment: Moment, depth: u32) -> String {
        let project = self.project();
        let mut ancestry = project.ancestry(class);
        ancestry.reverse();
        let mut given: Vec<String> = Vec::new();
        for class in ancestry.into_iter().filter(|class| is_record(project, *class)) {
            for (name, annotation) in self.declared(class) {
                let value = types::parse(&annotation)
                    .and_then(|annotation| self.of_type(class.0.module, &name, &annotation, moment, depth));
                let value =
                    value.or_else(|| self.of_name(&name, moment)).unwrap_or_else(|| text(&name, moment));
                given.push(format!("{name}={value}"));
            }
        }
        given.join(", ")
    }

    /// The names that a class body annotates without giving them a value.
    fn declared(&self, class: ClassId) -> Vec<(String, String)> {
        let file = self.project().file(class.0.module);
        let Some(tree) = self.sources.tree(class.0.module) else { return Vec::new() };
        let Some(body) = definition(tree.root().covering(file.whole(class.0.item)), Kind::Class) else {
            return Vec::new();
        };
        let statements = body.named_children().filter_map(|statement| statement.child(Kind::Assignment));
        let bare = statements.filter_map(|assignment| {
            let (left, annotation) = (assignment.field(Field::Left)?, assignment.field(Field::Type)?);
            let is_field =
                assignment.field(Field::Right).is_none() && !annotation.text().contains("ClassVar");
            is_field.then(|| (left.text().to_owned(), annotation.text().to_owned()))
        });
        bare.collect()
    }

    /// What an item at the top of its module, or a class in another, is called in the program.
    pub(super) fn name_of(&mut self, code: CodeId) -> Option<String> {
        let project = self.project();
        let mut outer = project.parent(code);
        while let Some(around) = outer {
            if project.is_function(around) {
                return None;
            }
            outer = project.parent(around);
        }
        let handle = self.module(code.module);
        Some(format!("{handle}.{}", project.file(code.module).dotted_name(code.item)))
    }

    /// A value of an annotated type; `None` where that says nothing.
    fn of_type(
        &mut self,
        module: ModuleId,
        name: &str,
        annotation: &Type,
        moment: Moment,
        depth: u32,
    ) -> Option<String> {
        let (path, parameters) = match annotation {
            Type::Union(parts) => {
                return parts.iter().find_map(|part| self.of_type(module, name, part, moment, depth));
            }
            Type::Other(value) => return Some(value.clone()),
            Type::Name(path, parameters) => (path.as_str(), parameters.as_slice()),
        };
        if let Some(class) = class_named(self.project(), module, path) {
            return self.object_within(class, &[], moment, depth);
        }
        let singular = name.strip_suffix('s').unwrap_or(name);
        let mut inner = |at: usize, name: &str| match parameters.get(at) {
            Some(parameter) => {
                self.of_type(module, name, parameter, moment, depth).unwrap_or_else(|| text(name, moment))
            }
            None => self.of_name(name, moment).unwrap_or_else(|| text(name, moment)),
        };
        let last = path.rsplit('.').next().unwrap_or(path);
        Some(match last {
            "str" | "AnyStr" | "LiteralString" | "Hashable" => {
                return self
                    .of_name(name, moment)
                    .filter(|value| value.starts_with("scratch"))
                    .or_else(|| Some(text(name, moment)));
            }
            "int" | "SupportsInt" => number(name, moment),
            "float" | "complex" | "Decimal" | "Number" if moment == Moment::During && !is_size(name) => {
                "float(n)".to_owned()
            }
            "float" | "complex" | "Decimal" | "Number" => "1.0".to_owned(),
            "bool" => "True".to_owned(),
            "None" | "NoneType" => "None".to_owned(),
            "bytes" | "bytearray" | "memoryview" => format!("{}.encode()", text(name, moment)),
            "list" | "List" | "Sequence" | "MutableSequence" | "Iterable" | "Collection" | "Container"
            | "Reversible" => {
                let element = inner(0, singular);
                // Of tensors a few steps are taken.
                if self.is_about_tensors() {
                    format!("[{element} for _ in range(10)]")
                } else {
                    format!("[{element}]")
                }
            }
            "Iterator" | "Generator" => format!("iter([{}])", inner(0, singular)),
            "deque" | "Deque" => format!("__import__(\"collections\").deque([{}])", inner(0, singular)),
            "set" | "Set" | "frozenset" | "FrozenSet" | "AbstractSet" | "MutableSet" => {
                format!("{{{}}}", inner(0, singular))
            }
            "tuple" | "Tuple" => {
                let parts: Vec<String> = (0..parameters.len().max(1))
                    .filter(|at| parameters.get(*at) != Some(&Type::Other("...".to_owned())))
                    .map(|at| inner(at, singular))
                    .collect();
                if parts.len() == 1 { format!("({},)", parts[0]) } else { format!("({})", parts.join(", ")) }
            }
            "dict" | "Dict" | "Mapping" | "MutableMapping" | "defaultdict" | "OrderedDict" => {
                format!("{{{}: {}}}", inner(0, "key"), inner(1, "value"))
            }
            "Callable" | "Awaitable" | "Coroutine" => "lambda *args, **kwargs: None".to_owned(),
            "type" | "Type" => "object".to_owned(),
            "Literal" => inner(0, name),
            "Path" | "PurePath" | "PathLike" | "StrPath" => {
                self.import("pathlib");
                format!("pathlib.Path({})", self.path(name))
            }
            "TextIO" | "StringIO" => self.made("io", "StringIO()"),
            "BinaryIO" | "BytesIO" | "IO" => self.made("io", "BytesIO()"),
            "datetime" => self.made("datetime", "datetime.now()"),
            "date" => self.made("datetime", "date.today()"),
            "timedelta" => self.made("datetime", "timedelta(seconds=1)"),
            "UUID" => self.made("uuid", "uuid4()"),
            "Logger" => self.made("logging", "getLogger()"),
            "Thread" => self.made("threading", "Thread()"),
            "ndarray" | "NDArray" | "ArrayLike" => self.made("numpy", &format!("zeros({SIZE})")),
            "Tensor" | "FloatTensor" => self.made("torch", "randn(8, 4)"),
            "Module" => self.made("torch", "nn.Linear(4, 1)"),
            "Any" | "object" => return None,
            _ => return (!name.is_empty() && !is_type_variable(last)).then(|| self.anything()),
        })
    }

    fn made(&mut self, module: &str, rest: &str) -> String {
        self.import(module);
        format!("{module}.{rest}")
    }

    /// A value that fits what a parameter is called; `None` where that says nothing.
    fn of_name(&mut self, name: &str, moment: Moment) -> Option<String> {
        let words: Vec<String> = leakwright_catalogue::split_words(name).collect();
        let last = words.last().map_or("", String::as_str);
        Some(match last {
            "path" | "file" | "filename" | "filepath" | "fname" | "pathname" => self.path(name),
            "folder" | "dir" | "directory" => {
                self.needs_folder();
                "folder".to_owned()
            }
            "callback" | "handler" | "func" | "fn" | "function" | "hook" | "listener" | "factory"
            | "predicate" | "cb" => "lambda *args, **kwargs: None".to_owned(),
            "model" | "net" | "network" if self.is_about_tensors() => self.made("torch", "nn.Linear(4, 1)"),
            "criterion" | "fn_loss" if self.is_about_tensors() => self.made("torch", "nn.MSELoss()"),
            "loader" | "dataloader" | "batches" | "data" | "dataset" if self.is_about_tensors() => {
                self.import("torch");
                "[(torch.randn(8, 4), torch.randn(8, 1)) for _ in range(10)]".to_owned()
            }
            _ if self.finding.rule.metadata().code == "LW104" && !is_size(name) => {
                self.made("numpy", &format!("zeros({SIZE})"))
            }
            "inputs" | "input" | "x" | "batch" | "targets" | "target" | "y" if self.is_about_tensors() => {
                self.made("torch", "randn(8, 4)")
            }
            _ if is_size(name) => number(name, moment),
            "value" | "reward" | "score" | "amount" | "price" | "weight" | "rate"
                if moment == Moment::During =>
            {
                "float(n)".to_owned()
            }
            _ => return None,
        })
    }

    /// A value that the function can do with a parameter what it does with it.
    fn of_use(&mut self, function: CodeId, param: Param, name: &str, moment: Moment) -> String {
        let facts = self.project().facts(function);
        let body = &facts.body;
        let is_it = |value| matches!(body.op(value), Op::Load(var) if var == param.var);
        let mut keys: Vec<&str> = Vec::new();
        for inst in &body.insts {
            match inst.op {
                Op::Attr { base, .. } if is_it(base) => return self.anything(),
                Op::Enter { context, .. } if is_it(context) => return self.anything(),
                Op::Await(value) if is_it(value) => return self.anything(),
                Op::Call { callee, .. } if is_it(callee) => return "lambda *args, **kwargs: None".to_owned(),
                Op::Iterate { value, .. } if is_it(value) => {
                    return format!("[{}]", text(name.strip_suffix('s').unwrap_or(name), moment));
                }
                Op::Index { base, key } if is_it(base) => match facts.string(key) {
                    Some(key) => keys.push(key),
                    None => return self.anything(),
                },
                Op::Binary { left, right, .. } | Op::InPlace { left, right, .. }
                    if is_it(left) || is_it(right) =>
                {
                    return number(name, moment);
                }
                _ => {}
            }
        }
        if keys.is_empty() {
            return text(name, moment);
        }
        keys.dedup();
        let pairs: Vec<String> =
            keys.iter().map(|key| format!("{}: {}", literal(key), text(key, moment))).collect();
        format!("{{{}}}", pairs.join(", "))
    }

    /// Whether the finding is about tensors: then a model is one of a framework for them.
    fn is_about_tensors(&self) -> bool {
        self.finding.family() == crate::rule::Family::Tensor
    }
}

/// A text that is another one for each unit of work.
fn text(name: &str, moment: Moment) -> String {
    let plain: String = name.chars().filter(|c| c.is_alphanumeric() || *c == '_').collect();
    let words = plain.trim_matches('_').replace('_', " ");
    match moment {
        Moment::During => format!("f\"{words} {{n}}\""),
        Moment::Before => format!("\"{words}\""),
    }
}

fn number(name: &str, moment: Moment) -> String {
    if moment == Moment::Before || is_size(name) { SIZE.to_owned() } else { "n".to_owned() }
}

/// Whether a number of this name says how large something is, or how long it takes.
fn is_size(name: &str) -> bool {
    let is_one = |word: String| {
        matches!(
            word.as_str(),
            "size"
                | "count"
                | "limit"
                | "capacity"
                | "maxlen"
                | "maxsize"
                | "dim"
                | "dims"
                | "dimension"
                | "width"
                | "height"
                | "depth"
                | "length"
                | "port"
                | "timeout"
                | "interval"
                | "delay"
                | "seconds"
                | "num"
                | "max"
                | "min"
                | "workers"
                | "retries"
                | "k"
                | "window"
                | "epochs"
                | "steps"
                | "rounds"
        )
    };
    leakwright_catalogue::split_words(name).any(is_one)
}

/// `T`, `KeyT`, `T_co`
fn is_type_variable(name: &str) -> bool {
    name.len() <= 2 || name.ends_with("_co") || name.ends_with("_contra") || name.ends_with('T')
}

/// Whether the first parameter of a function is given by how it is called.
fn has_receiver(project: &Project, function: CodeId) -> bool {
    let facts = project.facts(function);
    facts.params.first().is_some_and(|param| project.self_class(function, param.var).is_some())
        || project.is_instance_method(function)
}

/// Whether objects of a class are made from the fields that its body declares.
fn is_record(project: &Project, class: ClassId) -> bool {
    let facts = project.facts(class.0);
    let decorated = facts.decorators.iter().any(|decorator| {
        let callee = match facts.body.op(*decorator) {
            Op::Call { callee, .. } => callee,
            _ => *decorator,
        };
        let path = project.import_path(class.0, callee).unwrap_or_default();
        matches!(path.rsplit('.').next(), Some("dataclass" | "define" | "frozen" | "mutable" | "s" | "attrs"))
    });
    let based = project.external_bases(class).iter().any(|base| {
        matches!(
            base.rsplit('.').next(),
            Some("NamedTuple" | "BaseModel" | "TypedDict" | "Struct" | "SQLModel")
        )
    });
    decorated || based
}

/// The class of the project that a name in a file means.
fn class_named(project: &Project, module: ModuleId, path: &str) -> Option<ClassId> {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let global = project.file(module).global_named(first)?;
    let var = project.file(module).global(global).var?;
    let code = CodeId { module, item: leakwright_analysis::ItemId::MODULE };
    match (project.entity(code, project.facts(code).only_value(var)?)?, rest) {
        (Entity::Class(class), None) => Some(class),
        (Entity::Class(class), Some(name)) => {
            let member = project.class_member(class, name)?;
            project.is_class(member).then_some(ClassId(member))
        }
        (Entity::Module(other), Some(rest)) => class_named(project, other, rest),
        _ => None,
    }
}

/// The body of the definition that a node is or lies in.
pub(super) fn definition(node: Option<Node<'_>>, kind: Kind) -> Option<Node<'_>> {
    let node = node?;
    let inner = node.named_children().find(|child| child.kind() == kind);
    let found =
        std::iter::once(node).chain(inner).chain(node.ancestors()).find(|node| node.kind() == kind)?;
    found.field(Field::Body)
}
