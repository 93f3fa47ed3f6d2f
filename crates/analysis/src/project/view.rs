//! One file of a linked project, as the analyses see it.
//!
//! They look at a project through this and through [`super::Project`] only, so that what an answer was worked
//! out from can be noted where it is read.

use super::reads::{self, Read};
use super::{CodeId, ModuleId};
use crate::bindings::{Binding, Global, GlobalId};
use crate::file::{FileFacts, ItemId};
use crate::ir::{ItemFacts, ItemRange, Val, VarId};
use leakwright_syntax::TextRange;

/// One file of a linked project. Copying is free.
#[derive(Clone, Copy)]
pub struct File<'p> {
    module: ModuleId,
    facts: &'p FileFacts,
    /// Whether it is noted what is read.
    is_watched: bool,
}

impl<'p> File<'p> {
    pub(super) fn new(module: ModuleId, facts: &'p FileFacts, is_watched: bool) -> Self {
        Self { module, facts, is_watched }
    }

    fn note(self, read: impl FnOnce(CodeId) -> Read, item: ItemId) {
        if self.is_watched {
            reads::note(read(CodeId { module: self.module, item }));
        }
    }

    fn note_globals(self) {
        self.note(|code| Read::Globals(code.module), ItemId::MODULE);
    }

    /// The facts of an item.
    pub fn facts(self, item: ItemId) -> &'p ItemFacts {
        self.note(Read::Facts, item);
        self.facts.facts(item)
    }

    /// The numbers of all items.
    pub fn ids(self) -> impl DoubleEndedIterator<Item = ItemId> + use<> {
        self.facts.ids()
    }

    /// The item that one is nested in.
    pub fn parent(self, item: ItemId) -> Option<ItemId> {
        self.facts.item(item).parent
    }

    /// The items nested in one, in the order of the source.
    pub fn children(self, item: ItemId) -> &'p [ItemId] {
        &self.facts.item(item).children
    }

    /// The items around one, innermost first.
    pub fn ancestors(self, item: ItemId) -> impl Iterator<Item = ItemId> + use<'p> {
        self.facts.ancestors(item)
    }

    /// The name of an item; empty for the module.
    pub fn own_name(self, item: ItemId) -> &'p str {
        self.facts.facts(item).own_name()
    }

    /// Whether an item is a class.
    pub fn is_class(self, item: ItemId) -> bool {
        self.facts.facts(item).is_class()
    }

    /// Whether an item is a function.
    pub fn is_function(self, item: ItemId) -> bool {
        self.facts.facts(item).is_function()
    }

    /// Whether an item is another one, or nested in it.
    pub fn is_within(self, item: ItemId, outer: ItemId) -> bool {
        item == outer || self.ancestors(item).any(|around| around == outer)
    }

    /// Whether an item, or one nested in it, could not be parsed.
    pub fn is_broken_within(self, outer: ItemId) -> bool {
        self.note(Read::Broken, outer);
        self.facts.broken().any(|item| self.is_within(item, outer))
    }

    /// The dotted name of an item within its module; empty for the module.
    pub fn dotted_name(self, item: ItemId) -> String {
        self.facts.dotted_name(item)
    }

    /// The item that an [`crate::ir::Op::Define`] value defines.
    pub fn defined(self, item: ItemId, value: Val) -> Option<ItemId> {
        self.note(Read::Facts, item);
        self.facts.defined(item, value)
    }

    /// Where the whole definition of an item stands now, decorators included.
    pub fn whole(self, item: ItemId) -> TextRange {
        self.facts.item(item).range
    }

    /// Where a range of an item stands now.
    pub fn range(self, item: ItemId, range: ItemRange) -> TextRange {
        self.facts.range(item, range)
    }

    /// Where the source of a value stands now.
    pub fn value_range(self, item: ItemId, value: Val) -> TextRange {
        self.note(Read::Facts, item);
        self.facts.value_range(item, value)
    }

    /// What a variable of an item stands for.
    pub fn binding(self, item: ItemId, var: VarId) -> Binding {
        self.note(Read::Facts, item);
        self.facts.bindings.of(item, var)
    }

    /// A variable of the module.
    pub fn global(self, id: GlobalId) -> &'p Global {
        self.note(Read::Facts, ItemId::MODULE);
        self.facts.bindings.global(id)
    }

    /// The name of a variable of the module.
    pub fn global_name(self, id: GlobalId) -> &'p str {
        self.note_globals();
        &self.facts.bindings.global(id).name
    }

    /// The variable of the module with a name.
    pub fn global_named(self, name: &str) -> Option<GlobalId> {
        self.note_globals();
        self.facts.bindings.global_named(name)
    }

    /// The names of the variables of the module.
    pub fn global_names(self) -> impl Iterator<Item = &'p str> {
        self.note_globals();
        self.facts.bindings.globals().map(|(_, global)| &*global.name)
    }

    /// Whether the module's own code unbinds one of its variables somewhere.
    pub fn is_deleted(self, id: GlobalId) -> bool {
        self.note(|code| Read::Global(code.module, id), ItemId::MODULE);
        let var = self.facts.bindings.global(id).var;
        var.is_some_and(|var| self.facts.facts(ItemId::MODULE).var(var).is_deleted)
    }

    /// The modules, as written, from which the module imports all names.
    pub(super) fn stars(self) -> impl Iterator<Item = &'p str> {
        self.note_globals();
        self.facts.bindings.stars()
    }
}
