//! Classes: members, bases, and which class an attribute belongs to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::entity::{MethodKind, method_kind};
use super::holders::Symbol;
use super::ledger::{Cell, Notes};
use super::reads::Read;
use super::{CodeId, Entity, Project, Table};
use crate::bindings::Binding;
use crate::file::ItemId;
use crate::ir::{ArgKind, Op, ParamKind, VarId};

/// A class of the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassId(pub CodeId);

/// What is known of the classes of a project.
#[derive(Clone, Default)]
pub(super) struct Classes {
    entries: Table<ClassId, Class>,
    /// Methods that a derived class, or a later definition in the class itself, has another of.
    redefined: Arc<FxHashSet<CodeId>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Class {
    /// Methods and nested classes, in the order of their names; the last definition wins.
    members: Box<[(Symbol, CodeId)]>,
    /// The attributes that the class body or a method binds, in order.
    attributes: Box<[Symbol]>,
    /// Bases within the project, in order.
    bases: Vec<ClassId>,
    /// Import paths of the other bases.
    external_bases: Vec<String>,
    /// Whether a base could not be resolved.
    has_unknown_base: bool,
    /// Classes of the project that derive from it directly.
    derived: Vec<ClassId>,
}

/// How many classes that derive from a mixin are looked at for who binds what it uses.
const MAX_SIBLINGS: usize = 8;

impl Classes {
    pub(super) fn find(project: &Project, notes: &mut Notes<'_>) -> Self {
        let mut entries: FxHashMap<ClassId, Class> = FxHashMap::default();
        let mut order = Vec::new();
        for (module, _) in project.modules() {
            for code in project.items(module).filter(|code| project.is_class(*code)) {
                let id = ClassId(code);
                order.push(id);
                entries.insert(id, notes.add(Cell::Class(code), || Class::of(project, id)));
            }
        }
        for &id in &order {
            let bases = entries.get(&id).map(|class| class.bases.clone()).unwrap_or_default();
            for base in bases {
                if let Some(base) = entries.get_mut(&base) {
                    base.derived.push(id);
                }
            }
        }
        let mut classes = Self { entries: entries.into(), redefined: Arc::default() };
        let mut redefined = FxHashSet::default();
        for &id in &order {
            classes.note_redefined(project, id, &mut redefined);
        }
        classes.redefined = Arc::new(redefined);
        classes
    }

    /// Puts what is known of a class anew in the place of what was. Whether the attributes that it binds
    /// are others; `None` if its place among the classes is another one.
    pub(super) fn update(&mut self, id: ClassId, class: Class) -> Option<bool> {
        let before = self.entries.get(id)?;
        let class = Class { derived: before.derived.clone(), ..class };
        let is_same = class.attributes == before.attributes;
        let is_in_place = class == Class { attributes: class.attributes.clone(), ..before.clone() };
        if is_in_place && !is_same {
            self.entries.set(id, Some(class));
        }
        is_in_place.then_some(!is_same)
    }

    /// Everything, in order; for comparisons.
    pub(super) fn describe(&self) -> Vec<String> {
        let mut lines: Vec<String> =
            self.entries.entries().iter().map(|(id, class)| format!("{id:?} {class:?}")).collect();
        let redefined: BTreeSet<&CodeId> = self.redefined.iter().collect();
        lines.push(format!("redefined {redefined:?}"));
        lines
    }

    /// Notes the methods that a class has another of: its own earlier ones, and those of its bases.
    fn note_redefined(&self, project: &Project, id: ClassId, redefined: &mut FxHashSet<CodeId>) {
        let mut names: FxHashMap<&str, CodeId> = FxHashMap::default();
        for member in project.own_members(id) {
            let name = project.own_name(member);
            if let Some(other) = names.insert(name, member) {
                redefined.extend([other, member]);
            }
        }
        for base in self.ancestry(id).into_iter().skip(1) {
            let members = project.own_members(base);
            redefined.extend(members.filter(|member| names.contains_key(project.own_name(*member))));
        }
    }

    fn ancestry(&self, class: ClassId) -> Vec<ClassId> {
        reach(class, |class| self.entries.get(class).map_or(&[], |entry| &entry.bases))
    }
}

/// A class and all that are reached from it step by step, nearest first, each once.
fn reach<'c>(class: ClassId, next: impl Fn(ClassId) -> &'c [ClassId]) -> Vec<ClassId> {
    let mut found = vec![class];
    let mut seen = FxHashSet::from_iter([class]);
    let mut at = 0;
    while let Some(&current) = found.get(at) {
        at += 1;
        found.extend(next(current).iter().copied().filter(|class| seen.insert(*class)));
    }
    found
}

impl Class {
    /// What is known of a class by itself. Works without anything being known of other classes.
    pub(super) fn of(project: &Project, ClassId(code): ClassId) -> Self {
        let file = project.file(code.module);
        let mut class = Self::default();
        let members = file.children(code.item).iter();
        let members = members.map(|&item| (Symbol::of(file.own_name(item)), CodeId { item, ..code }));
        class.members = members.collect::<BTreeMap<_, _>>().into_iter().collect();
        let mut attributes = BTreeSet::new();
        let facts = project.facts(code);
        for var in (0..facts.vars.len()).map(VarId::new) {
            let is_own = facts.var(var).scope.index() == crate::ir::ItemFacts::OWN_SCOPE;
            if is_own && !facts.stores(var).is_empty() {
                attributes.insert(Symbol::of(facts.var_name(var)));
            }
        }
        for &item in file.children(code.item) {
            let method = CodeId { item, ..code };
            attributes.extend(project.bound_on_self(method).map(Symbol::of));
        }
        class.attributes = attributes.into_iter().collect();
        (class.bases, class.external_bases, class.has_unknown_base) = Self::resolve_bases(project, code);
        class
    }

    /// The method or nested class of a name that the class itself has.
    fn member(&self, name: Symbol) -> Option<CodeId> {
        let at = self.members.binary_search_by_key(&name, |member| member.0).ok()?;
        Some(self.members[at].1)
    }

    fn resolve_bases(project: &Project, code: CodeId) -> (Vec<ClassId>, Vec<String>, bool) {
        let facts = project.facts(code);
        let (mut own, mut external, mut unknown) = (Vec::new(), Vec::new(), false);
        for arg in facts.body.args(facts.bases) {
            match arg.kind {
                ArgKind::Keyword(_) => continue,
                ArgKind::Star | ArgKind::DoubleStar => unknown = true,
                ArgKind::Positional => {}
            }
            // `Generic[T]`, `dict[str, int]`
            let value = match facts.body.op(arg.value) {
                Op::Index { base, .. } => base,
                _ => arg.value,
            };
            match project.entity(code, value) {
                Some(Entity::Class(base)) if base.0 != code => own.push(base),
                Some(Entity::External(path)) => external.push(path),
                _ => unknown = true,
            }
        }
        (own, external, unknown)
    }
}

impl Project {
    /// The class and its project bases, nearest first, each once.
    pub fn ancestry(&self, class: ClassId) -> Vec<ClassId> {
        self.classes.ancestry(class)
    }

    /// The class and all classes of the project that derive from it.
    pub fn descendants(&self, class: ClassId) -> Vec<ClassId> {
        reach(class, |class| self.classes.entries.get(class).map_or(&[], |entry| &entry.derived))
    }

    /// Whether some class that derives from a method's class has another one of its name, or the class
    /// itself.
    pub(super) fn is_redefined(&self, method: CodeId) -> bool {
        self.classes.redefined.contains(&method)
    }

    /// Import paths of all bases outside the project, direct and inherited.
    pub fn external_bases(&self, class: ClassId) -> Vec<&str> {
        self.ancestry(class)
            .into_iter()
            .filter_map(|class| self.classes.entries.get(class))
            .flat_map(|entry| entry.external_bases.iter().map(String::as_str))
            .collect()
    }

    /// Whether some base, direct or inherited, could not be resolved at all.
    pub fn has_unknown_base(&self, class: ClassId) -> bool {
        self.ancestry(class)
            .into_iter()
            .any(|class| self.classes.entries.get(class).is_some_and(|entry| entry.has_unknown_base))
    }

    /// A method or nested class, looked up in the class and then its bases.
    pub fn class_member(&self, class: ClassId, name: &str) -> Option<CodeId> {
        let name = Symbol::of(name);
        self.ancestry(class).into_iter().find_map(|class| self.classes.entries.get(class)?.member(name))
    }

    /// A method that a mixin calls on its object: the one that all classes it is mixed into have.
    pub(super) fn mixed_in_member(&self, class: ClassId, name: &str) -> Option<CodeId> {
        let mut found = None;
        for derived in self.descendants(class).into_iter().skip(1) {
            let member = self.class_member(derived, name)?;
            if found.is_some_and(|known| known != member) {
                return None;
            }
            found = Some(member);
        }
        found
    }

    /// A method or nested class, looked up in the bases of a class. `None` where a base outside the
    /// project may have it.
    pub(super) fn inherited_member(&self, class: ClassId, name: &str) -> Option<CodeId> {
        let name = Symbol::of(name);
        let mut bases = self.ancestry(class).into_iter().skip(1);
        bases.find_map(|class| self.classes.entries.get(class)?.member(name))
    }

    /// The method or nested class that a class overrides by one of its own.
    pub fn overridden(&self, class: ClassId, name: &str) -> Option<CodeId> {
        self.inherited_member(class, name)
    }

    /// All methods and nested classes that a class body defines, in the order of the source.
    pub fn own_members(&self, class: ClassId) -> impl Iterator<Item = CodeId> {
        let ClassId(code) = class;
        self.file(code.module).children(code.item).iter().map(move |&item| CodeId { item, ..code })
    }

    /// Whether a class binds an attribute itself.
    fn binds(&self, class: ClassId, attribute: Symbol) -> bool {
        if self.is_watched(class.0.module) {
            self.note(Read::Attributes(class));
        }
        self.classes
            .entries
            .get(class)
            .is_some_and(|entry| entry.attributes.binary_search(&attribute).is_ok())
    }

    /// The class that an attribute belongs to: the outermost base that binds it, else the class.
    pub(super) fn attribute_owner(&self, class: ClassId, attribute: Symbol) -> ClassId {
        let binds = |class: &ClassId| self.binds(*class, attribute);
        let Some(entry) = self.classes.entries.get(class) else { return class };
        let own = if entry.bases.is_empty() {
            self.binds(class, attribute).then_some(class)
        } else {
            self.ancestry(class).into_iter().rfind(binds)
        };
        own.or_else(|| self.sibling_owner(class, attribute)).unwrap_or(class)
    }

    /// The class that binds an attribute which a mixin uses: another base of a class that derives from it.
    fn sibling_owner(&self, mixin: ClassId, attribute: Symbol) -> Option<ClassId> {
        let entry = self.classes.entries.get(mixin)?;
        if entry.derived.is_empty() || entry.derived.len() > MAX_SIBLINGS {
            return None;
        }
        let binds = |class: &ClassId| self.binds(*class, attribute);
        let derived = self.descendants(mixin);
        derived
            .into_iter()
            .skip(1)
            .take(MAX_SIBLINGS)
            .find_map(|class| self.ancestry(class).into_iter().rfind(binds))
    }

    /// The class whose method an item is.
    pub fn class_of(&self, method: CodeId) -> Option<ClassId> {
        let parent = self.parent(method)?;
        (self.is_class(parent) && self.is_function(method)).then_some(ClassId(parent))
    }

    /// The class whose `self` or `cls` a variable is, seen from an item, and whether it is the class
    /// itself.
    pub fn self_class(&self, code: CodeId, var: VarId) -> Option<(ClassId, bool)> {
        let Binding::Local(item, var) = self.file(code.module).binding(code.item, var) else {
            return None;
        };
        self.receiver(CodeId { item, ..code }, var)
    }

    fn receiver(&self, method: CodeId, var: VarId) -> Option<(ClassId, bool)> {
        let facts = self.facts(method);
        let first = facts.params.first()?;
        if first.var != var || first.kind != ParamKind::Positional || !facts.stores(var).is_empty() {
            return None;
        }
        let class = self.class_of(method)?;
        match method_kind(facts) {
            MethodKind::Instance => Some((class, false)),
            MethodKind::Class => Some((class, true)),
            MethodKind::Static => None,
        }
    }

    /// Whether a method is given the object it is called on.
    pub fn is_instance_method(&self, method: CodeId) -> bool {
        self.class_of(method).is_some() && method_kind(self.facts(method)) == MethodKind::Instance
    }

    /// The module's own code of a file.
    pub fn module_code(&self, code: CodeId) -> CodeId {
        CodeId { item: ItemId::MODULE, ..code }
    }
}
