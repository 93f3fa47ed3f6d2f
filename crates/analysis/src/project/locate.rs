//! From a place of an item to the variable or attribute that holds it.

use super::holders::Symbol;
use super::{ClassId, CodeId, Entity, Holder, ModuleId, Project};
use crate::bindings::{Binding, GlobalId};
use crate::ir::{Op, PlaceId, Step, Val, VarId};

/// Where a place lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// What holds it.
    pub holder: Holder,
    /// The steps from the holder to the place.
    pub rest: Vec<Step>,
}

impl Project {
    /// What holds a place of an item, as far as it can be told.
    pub fn locate(&self, code: CodeId, place: PlaceId) -> Option<Located> {
        let facts = self.facts(code);
        let (var, steps) = facts.places.path(place);
        match self.file(code.module).binding(code.item, var) {
            Binding::Local(item, var) => self.locate_local(code, CodeId { item, ..code }, var, steps),
            Binding::Global(global) => Some(self.locate_global(code, code.module, global, steps)),
            // It has the same name in the class.
            Binding::Class(item, _) => {
                let class = ClassId(CodeId { item, ..code });
                let name = Symbol::of(facts.var_name(var));
                Some(Located { holder: self.attribute(class, name), rest: steps })
            }
            Binding::Builtin => None,
        }
    }

    /// The attribute of a class, or of its objects, by the class it belongs to.
    pub fn attribute(&self, class: ClassId, name: Symbol) -> Holder {
        Holder::Attribute { class: self.attribute_owner(class, name), name }
    }

    fn locate_local(&self, code: CodeId, owner: CodeId, var: VarId, steps: Vec<Step>) -> Option<Located> {
        if let Some(Step::Attr(name)) = steps.first() {
            let name = Symbol::of(self.facts(code).str(*name));
            let class = self.class_of_local(owner, var);
            if let Some(class) = class {
                return Some(Located { holder: self.attribute(class, name), rest: steps[1..].to_vec() });
            }
            if let Some(entity) = self.entity_of_local(owner, var) {
                return self.locate_member(code, &entity, steps);
            }
            return None;
        }
        Some(Located { holder: Holder::Local { code: owner, var }, rest: steps })
    }

    /// The class that objects in a local variable are of: `self`, or made by a constructor.
    fn class_of_local(&self, owner: CodeId, var: VarId) -> Option<ClassId> {
        let facts = self.facts(owner);
        if let Some((class, _)) = self.self_class(owner, var) {
            return Some(class);
        }
        if let Some(param) = facts.params.iter().find(|param| param.var == var) {
            return self.annotated_class(owner, param.annotation?);
        }
        let value = facts.only_value(var)?;
        self.constructed_class(owner, value)
    }

    fn entity_of_local(&self, owner: CodeId, var: VarId) -> Option<Entity> {
        let value = self.facts(owner).only_value(var)?;
        self.entity(owner, value)
    }

    /// The class that an annotation names, directly or as a string.
    pub(super) fn annotated_class(&self, code: CodeId, annotation: Val) -> Option<ClassId> {
        if let Some(Entity::Class(class)) = self.entity(code, annotation) {
            return Some(class);
        }
        let name = self.facts(code).string(annotation)?;
        let global = self.file(code.module).global_named(name)?;
        let (module, value) = self.global_value(code.module, global)?;
        match self.entity_by_name(module, value)? {
            Entity::Class(class) => Some(class),
            _ => None,
        }
    }

    /// The class of the project whose constructor makes a value.
    pub fn constructed_class(&self, code: CodeId, value: Val) -> Option<ClassId> {
        self.note_facts(code);
        self.constructed_by_name(code, value)
    }

    /// The same, where what is looked at of the item is noted as what one of its variables is bound to.
    pub(super) fn constructed_by_name(&self, code: CodeId, value: Val) -> Option<ClassId> {
        match self.peek(code).body.op(value) {
            Op::Call { callee, .. } => match self.entity_by_name(code, callee)? {
                Entity::Class(class) => Some(class),
                _ => None,
            },
            Op::Await(inner) => self.constructed_by_name(code, inner),
            _ => None,
        }
    }

    fn locate_global(&self, code: CodeId, module: ModuleId, global: GlobalId, steps: Vec<Step>) -> Located {
        if let Some((own, value)) = self.global_value(module, global) {
            let entity = self.entity_by_name(own, value);
            if let Some(located) = entity.and_then(|entity| self.locate_member(code, &entity, steps.clone()))
            {
                return located;
            }
            if let (Some(class), Some(Step::Attr(name))) =
                (self.constructed_by_name(own, value), steps.first())
            {
                let name = Symbol::of(self.facts(code).str(*name));
                return Located { holder: self.attribute(class, name), rest: steps[1..].to_vec() };
            }
        }
        let name = Symbol::of(self.file(module).global_name(global));
        Located { holder: Holder::Global { module, name }, rest: steps }
    }

    /// What holds something reached from a module, class or variable.
    fn locate_member(&self, code: CodeId, entity: &Entity, steps: Vec<Step>) -> Option<Located> {
        match entity {
            Entity::Global(module, global) => {
                let name = Symbol::of(self.file(*module).global_name(*global));
                let holder = Holder::Global { module: *module, name };
                let (Some(Step::Attr(attribute)), Some(class)) =
                    (steps.first(), self.global_class(*module, *global))
                else {
                    return Some(Located { holder, rest: steps });
                };
                let name = Symbol::of(self.facts(code).str(*attribute));
                Some(Located { holder: self.attribute(class, name), rest: steps[1..].to_vec() })
            }
            Entity::Module(module) => {
                let Some(Step::Attr(name)) = steps.first() else { return None };
                let global = self.file(*module).global_named(self.facts(code).str(*name))?;
                Some(self.locate_global(code, *module, global, steps[1..].to_vec()))
            }
            Entity::Class(class) => {
                let Some(Step::Attr(name)) = steps.first() else { return None };
                let name = Symbol::of(self.facts(code).str(*name));
                Some(Located { holder: self.attribute(*class, name), rest: steps[1..].to_vec() })
            }
            Entity::Function(_) | Entity::External(_) => None,
        }
    }

    /// The class of the object in a module variable.
    fn global_class(&self, module: ModuleId, global: GlobalId) -> Option<ClassId> {
        let (code, value) = self.global_value(module, global)?;
        self.constructed_by_name(code, value)
    }
}
