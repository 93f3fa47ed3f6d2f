//! What values are: objects of classes of the project, and containers.

use leakwright_catalogue::ContainerKind;

use super::{ClassId, CodeId, Entity, Project};
use crate::ir::{ArgKind, Args, Comprehension, Const, Display, Op, Val};

/// A container that a value creates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreatedContainer {
    /// What it is.
    pub kind: ContainerKind,
    /// Whether its size is limited.
    pub is_bounded: bool,
    /// Whether it is certain to be empty.
    pub is_empty: bool,
}

/// Calls that declare a field, whose factory makes a container for each object.
const FIELDS: [&str; 10] = [
    "dataclasses.field",
    "attr.ib",
    "attr.attrib",
    "attr.field",
    "attrs.field",
    "pydantic.Field",
    "pydantic.PrivateAttr",
    "pydantic.fields.Field",
    "sqlmodel.Field",
    "msgspec.field",
];

/// The container that a trait of a class gives to each object.
fn trait_kind(path: &str) -> Option<ContainerKind> {
    match path {
        "traitlets.List" | "traitlets.traitlets.List" | "traits.api.List" => Some(ContainerKind::List),
        "traitlets.Dict" | "traitlets.traitlets.Dict" | "traits.api.Dict" => Some(ContainerKind::Dict),
        "traitlets.Set" | "traitlets.traitlets.Set" | "traits.api.Set" => Some(ContainerKind::Set),
        _ => None,
    }
}

impl Project {
    /// The class of the project that a value is an object of.
    pub fn class_of_value(&self, code: CodeId, value: Val) -> Option<ClassId> {
        let facts = self.facts(code);
        if let Op::Load(var) = facts.body.op(value)
            && let Some((class, _)) = self.self_class(code, var)
        {
            return Some(class);
        }
        if let Some(class) = self.constructed_class(code, value) {
            return Some(class);
        }
        self.class_of_variable(code, value)
    }

    fn class_of_variable(&self, code: CodeId, value: Val) -> Option<ClassId> {
        use crate::bindings::Binding;
        let Op::Load(var) = self.facts(code).body.op(value) else { return None };
        match self.file(code.module).binding(code.item, var) {
            Binding::Local(item, var) => {
                let owner = CodeId { item, ..code };
                let facts = self.facts(owner);
                if let Some(param) = facts.params.iter().find(|param| param.var == var) {
                    return self.annotated_class(owner, param.annotation?);
                }
                self.constructed_class(owner, facts.only_value(var)?)
            }
            Binding::Global(global) => {
                let (module, value) = self.global_value(code.module, global)?;
                match self.entity_by_name(module, value) {
                    Some(Entity::Global(..)) | None => self.constructed_by_name(module, value),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The class whose body an item lies in, through functions nested in its methods.
    pub fn enclosing_class(&self, code: CodeId) -> Option<ClassId> {
        std::iter::successors(Some(code), |code| self.parent(*code)).find_map(|code| self.class_of(code))
    }

    /// The container that a value creates, if it does.
    pub fn created_container(&self, code: CodeId, value: Val) -> Option<CreatedContainer> {
        let body = &self.facts(code).body;
        let of = |kind, is_empty| Some(CreatedContainer { kind, is_bounded: false, is_empty });
        match body.op(value) {
            Op::Display { kind: Display::List, args } => of(ContainerKind::List, args.is_empty()),
            Op::Display { kind: Display::Set, args } => of(ContainerKind::Set, args.is_empty()),
            Op::Display { kind: Display::Dict, args } => of(ContainerKind::Dict, args.is_empty()),
            Op::Comprehension { kind: Comprehension::List, .. } => of(ContainerKind::List, false),
            Op::Comprehension { kind: Comprehension::Set, .. } => of(ContainerKind::Set, false),
            Op::Comprehension { kind: Comprehension::Dict, .. } => of(ContainerKind::Dict, false),
            Op::Call { callee, args } => self.constructed_container(code, callee, args),
            _ => None,
        }
    }

    fn constructed_container(&self, code: CodeId, callee: Val, args: Args) -> Option<CreatedContainer> {
        let path = self.import_path(code, callee)?;
        if FIELDS.contains(&path.as_str()) {
            return self.factory_container(code, args);
        }
        if let Some(kind) = trait_kind(&path) {
            return Some(CreatedContainer { kind, is_bounded: false, is_empty: true });
        }
        let known = self.catalogue().containers.get(&path)?;
        let facts = self.facts(code);
        let bound = facts.body.args(args).iter().enumerate().find(|(position, arg)| match arg.kind {
            ArgKind::Keyword(name) => known.bound.as_deref() == Some(facts.str(name)),
            ArgKind::Positional => known.bound_at == Some(*position),
            ArgKind::Star | ArgKind::DoubleStar => known.bound.is_some(),
        });
        let is_none = |value| matches!(facts.body.op(value), Op::Const(Const::None));
        let is_bounded = known.always_bound || bound.is_some_and(|(_, arg)| !is_none(arg.value));
        let fills = match known.kind {
            ContainerKind::DefaultDict => args.len() > 1,
            _ => !args.is_empty(),
        };
        Some(CreatedContainer { kind: known.kind, is_bounded, is_empty: !fills })
    }

    /// `field(default_factory=list)`: what the factory makes, for each object anew.
    fn factory_container(&self, code: CodeId, args: Args) -> Option<CreatedContainer> {
        let facts = self.facts(code);
        let named = |wanted: &[&str]| {
            let found =
                facts.body.args(args).iter().find(
                    |arg| matches!(arg.kind, ArgKind::Keyword(name) if wanted.contains(&facts.str(name))),
                );
            found.map(|arg| arg.value)
        };
        let factory = named(&["default_factory", "factory"]).or_else(|| {
            // `default=attr.Factory(list)`
            let Op::Call { callee, args } = facts.body.op(named(&["default"])?) else { return None };
            let path = self.import_path(code, callee)?;
            let is_factory = matches!(path.as_str(), "attr.Factory" | "attrs.Factory");
            facts.body.args(args).first().filter(|_| is_factory).map(|arg| arg.value)
        })?;
        if let Op::Lambda(frame) = facts.body.op(factory) {
            let made = facts.body.blocks.iter().filter(|block| block.frame == frame).find_map(|block| {
                facts.body.insts[block.start as usize..block.end as usize].iter().find_map(|inst| match inst
                    .op
                {
                    Op::Return(value) => value,
                    _ => None,
                })
            });
            return self.created_container(code, made?);
        }
        let path = self.import_path(code, factory)?;
        let kind = self.catalogue().containers.get(&path)?.kind;
        Some(CreatedContainer { kind, is_bounded: false, is_empty: true })
    }

    /// Whether a call creates its container anew for each object, though it stands in a class body.
    pub fn is_field_factory(&self, code: CodeId, value: Val) -> bool {
        let Op::Call { callee, .. } = self.facts(code).body.op(value) else { return false };
        self.import_path(code, callee)
            .is_some_and(|path| FIELDS.contains(&path.as_str()) || trait_kind(&path).is_some())
    }
}

impl Args {
    /// Whether there is no operand.
    pub fn is_empty(self) -> bool {
        self.len == 0
    }

    /// Number of operands.
    pub fn len(self) -> usize {
        self.len as usize
    }
}
