//! What a value is by name: a module, class, function or variable of the project, or something of a
//! library under its import path.

use super::{ClassId, CodeId, ModuleId, Project};
use crate::bindings::{Binding, GlobalId};
use crate::ir::{Const, ItemFacts, Op, Val, VarId};

/// Longest chain of imports and aliases that is followed.
const MAX_CHAIN: u32 = 24;

/// What a value is by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Entity {
    /// A file of the project.
    Module(ModuleId),
    /// A class of the project.
    Class(ClassId),
    /// A function of the project.
    Function(CodeId),
    /// A module variable of the project that is none of these.
    Global(ModuleId, GlobalId),
    /// Something outside the project, by its import path; builtins by their bare name.
    External(String),
}

impl Entity {
    /// The import path of something outside the project.
    pub fn external(&self) -> Option<&str> {
        match self {
            Self::External(path) => Some(path),
            _ => None,
        }
    }
}

impl Project {
    /// What a value is by name, as far as names alone tell.
    pub fn entity(&self, code: CodeId, value: Val) -> Option<Entity> {
        self.note_facts(code);
        self.entity_by_name(code, value)
    }

    /// The same, where what is looked at of the item is noted as what one of its variables is bound to.
    pub(super) fn entity_by_name(&self, code: CodeId, value: Val) -> Option<Entity> {
        self.entity_within(code, value, MAX_CHAIN)
    }

    /// The import path of a value: builtins by their bare name, things of the project by theirs.
    pub fn import_path(&self, code: CodeId, value: Val) -> Option<String> {
        let own = |code: CodeId| {
            join(&self.module(code.module).name, &self.file(code.module).dotted_name(code.item))
        };
        Some(match self.entity(code, value)? {
            Entity::External(path) => path,
            Entity::Module(module) => self.module(module).name.clone(),
            Entity::Class(class) => own(class.0),
            Entity::Function(code) => own(code),
            Entity::Global(module, global) => {
                join(&self.module(module).name, self.file(module).global_name(global))
            }
        })
    }

    fn entity_within(&self, code: CodeId, value: Val, fuel: u32) -> Option<Entity> {
        let fuel = fuel.checked_sub(1)?;
        let facts = self.peek(code);
        match facts.body.op(value) {
            Op::Load(var) => self.variable(code, var, fuel),
            Op::Attr { base, name } => {
                let base = self.entity_within(code, base, fuel)?;
                self.member(&base, facts.str(name), fuel)
            }
            Op::Define(_) => {
                let item = self.module(code.module).facts.defined(code.item, value)?;
                Some(self.item_entity(CodeId { item, ..code }))
            }
            Op::Import(path) => Some(self.imported(facts.str(path))),
            Op::ImportFrom { module, name } => {
                let module = self.absolute(code.module, facts.str(module))?;
                let from = self.imported(&module);
                let submodule = || self.imported(&join(&module, facts.str(name)));
                // A package that imports from itself, as by `from . import events`, imports its submodule.
                if from == Entity::Module(code.module) {
                    return Some(submodule());
                }
                self.member(&from, facts.str(name), fuel).or_else(|| Some(submodule()))
            }
            _ => None,
        }
    }

    /// The class or function that an item is.
    pub fn item_entity(&self, code: CodeId) -> Entity {
        if self.is_class(code) { Entity::Class(ClassId(code)) } else { Entity::Function(code) }
    }

    fn variable(&self, code: CodeId, var: VarId, fuel: u32) -> Option<Entity> {
        match self.module(code.module).facts.bindings.of(code.item, var) {
            Binding::Local(item, var) | Binding::Class(item, var) => {
                let code = CodeId { item, ..code };
                self.note_bound(code, var);
                self.stored(code, var, fuel)
            }
            Binding::Global(global) => Some(self.global_entity(code.module, global, fuel)),
            Binding::Builtin => Some(self.builtin(code, self.peek(code).var_name(var), fuel)),
        }
    }

    /// What a module variable is.
    fn global_entity(&self, module: ModuleId, global: GlobalId, fuel: u32) -> Entity {
        let (code, var) = self.global_variable(module, global);
        var.and_then(|var| self.stored(code, var, fuel)).unwrap_or(Entity::Global(module, global))
    }

    /// What the one value that a variable is bound to is; that it is read is noted already. Fallbacks (`except ImportError: x = None`)
    /// and alternatives that are imported as well do not count.
    fn stored(&self, code: CodeId, var: VarId, fuel: u32) -> Option<Entity> {
        let facts = self.peek(code);
        let stores = facts.stores(var);
        if facts.var(var).is_parameter {
            return None;
        }
        let values = || stores.iter().filter_map(|store| facts.stored(*store));
        let is_import = |value: &Val| matches!(facts.body.op(*value), Op::Import(_) | Op::ImportFrom { .. });
        let is_none = |value: &Val| matches!(facts.body.op(*value), Op::Const(Const::None));
        if values().any(|value| is_import(&value)) {
            let only_imports = values().all(|value| is_import(&value) || is_none(&value));
            return values()
                .filter(is_import)
                .find_map(|value| self.entity_within(code, value, fuel))
                .filter(|_| only_imports);
        }
        let mut rest = values();
        match (rest.next(), rest.next()) {
            (Some(only), None) => self.entity_within(code, only, fuel),
            _ => self.entity_within(code, self.behind_overloads(code, var)?, fuel),
        }
    }

    /// The last of several definitions of a function, where all before it are `@overload`.
    fn behind_overloads(&self, code: CodeId, var: VarId) -> Option<Val> {
        let facts = self.peek(code);
        let (last, before) = facts.stores(var).split_last()?;
        let defined = |value| self.module(code.module).facts.defined(code.item, value);
        let is_overload = |store: &Val| {
            let item = facts.stored(*store).and_then(defined);
            item.is_some_and(|item| is_overload(self.facts(CodeId { item, ..code })))
        };
        before.iter().all(is_overload).then(|| facts.stored(*last)).flatten()
    }

    /// A name that the file binds nowhere: what a star import brings, or else a builtin.
    fn builtin(&self, code: CodeId, name: &str, fuel: u32) -> Entity {
        for from in self.file(code.module).stars() {
            let Some(from) = self.absolute(code.module, from) else { continue };
            match self.imported(&from) {
                Entity::Module(id) => {
                    if let Some(global) = self.file(id).global_named(name)
                        && !name.starts_with('_')
                    {
                        return self.global_entity(id, global, fuel);
                    }
                }
                Entity::External(path) => {
                    let path = join(&path, name);
                    if self.catalogue.resources.get(&path).is_some()
                        || self.catalogue.containers.get(&path).is_some()
                    {
                        return Entity::External(path);
                    }
                }
                _ => {}
            }
        }
        Entity::External(name.to_owned())
    }

    /// A module by its absolute name.
    fn imported(&self, path: &str) -> Entity {
        match self.by_name.get(path) {
            Some(&module) => Entity::Module(module),
            None => Entity::External(path.to_owned()),
        }
    }

    /// Something reached from an entity by name.
    fn member(&self, base: &Entity, name: &str, fuel: u32) -> Option<Entity> {
        match base {
            Entity::Module(module) => {
                if let Some(global) = self.file(*module).global_named(name) {
                    return Some(self.global_entity(*module, global, fuel.checked_sub(1)?));
                }
                let submodule = join(&self.module(*module).name, name);
                self.by_name.get(&submodule).map(|&module| Entity::Module(module))
            }
            Entity::External(path) => {
                let path = join(path, name);
                // `import a.b` where the project has `a.b` but not `a`.
                Some(self.imported(&path))
            }
            Entity::Class(class) => self.class_member(*class, name).map(|code| self.item_entity(code)),
            Entity::Function(_) | Entity::Global(..) => None,
        }
    }

    /// A module name as written in an import of a file, made absolute.
    pub(super) fn absolute(&self, from: ModuleId, written: &str) -> Option<String> {
        let rest = written.trim_start_matches('.');
        let dots = written.len() - rest.len();
        if dots == 0 {
            return Some(written.to_owned());
        }
        let module = self.module(from);
        let mut package: Vec<&str> = module.name.split('.').filter(|part| !part.is_empty()).collect();
        let up = if module.is_package { dots - 1 } else { dots };
        package.truncate(package.len().checked_sub(up)?);
        package.extend(rest.split('.').filter(|part| !part.is_empty()));
        (!package.is_empty()).then(|| package.join("."))
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// Whether a definition only describes one way of calling the function that follows it.
fn is_overload(facts: &ItemFacts) -> bool {
    facts.decorators.iter().any(|decorator| match facts.body.op(*decorator) {
        Op::Load(var) => facts.var_name(var) == "overload",
        Op::Attr { name, .. } => facts.str(name) == "overload",
        _ => false,
    })
}

/// Whether a function item is a static or class method, by its decorators.
pub(super) fn method_kind(facts: &ItemFacts) -> MethodKind {
    let decorated = |name: &str| {
        facts.decorators.iter().any(|decorator| match facts.body.op(*decorator) {
            Op::Load(var) => facts.var_name(var) == name,
            Op::Attr { name: attribute, .. } => facts.str(attribute) == name,
            _ => false,
        })
    };
    match facts.own_name() {
        _ if decorated("staticmethod") => MethodKind::Static,
        _ if decorated("classmethod") => MethodKind::Class,
        "__new__" | "__init_subclass__" | "__class_getitem__" => MethodKind::Class,
        _ => MethodKind::Instance,
    }
}

/// What the first parameter of a method is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MethodKind {
    /// The object.
    Instance,
    /// The class.
    Class,
    /// Nothing special.
    Static,
}
