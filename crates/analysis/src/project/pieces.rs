//! Pieces of an item that others look at: an edit that leaves them as they were changes nothing for those.
//!
//! Most of what is read of a module or class from elsewhere is what one of its variables is by name. Such an answer
//! holds no value of the item, so that it stands whatever else is changed in it.

use super::entity::{MethodKind, method_kind};
use super::reads::Read;
use super::{CodeId, ModuleId, Project, Site};
use crate::bindings::GlobalId;
use crate::file::{FileFacts, ItemId};
use crate::ir::{BinaryOp, Const, ItemFacts, Op, ParamKind, Step, Use, UseKind, Val, VarId};

/// How deep values are compared.
const MAX_DEPTH: u32 = 24;

impl Project {
    /// Notes that it is read what a variable of an item is bound to.
    pub(super) fn note_bound(&self, code: CodeId, var: VarId) {
        if self.is_watched(code.module) {
            self.note(Read::Bound(code, var));
        }
    }

    /// The module's own variable behind one of its names; notes that it is read what that is bound to.
    pub(super) fn global_variable(&self, module: ModuleId, global: GlobalId) -> (CodeId, Option<VarId>) {
        if self.is_watched(module) {
            self.note(Read::Global(module, global));
        }
        let var = self.module(module).facts.bindings.global(global).var;
        (CodeId { module, item: ItemId::MODULE }, var)
    }

    /// The one value that a variable of a module is bound to, to be looked at by name.
    pub(crate) fn global_value(&self, module: ModuleId, global: GlobalId) -> Option<(CodeId, Val)> {
        let (code, var) = self.global_variable(module, global);
        Some((code, self.peek(code).only_value(var?)?))
    }

    /// The modules, as written, that a module's own code imports or imports from.
    pub(crate) fn imports(&self, module: ModuleId) -> impl Iterator<Item = &str> {
        if self.is_watched(module) {
            self.note(Read::Imports(module));
        }
        imports(self.peek(CodeId { module, item: ItemId::MODULE }))
    }

    /// The attributes of its object that a method binds, some of them several times.
    pub(super) fn bound_on_self(&self, method: CodeId) -> impl Iterator<Item = &str> {
        if self.is_watched(method.module) {
            self.note(Read::BoundOnSelf(method));
        }
        bound_on_self(self.peek(method))
    }

    /// Whether what is done at a site may make a container, or text that grows: a quick look before a long one.
    pub(crate) fn may_make(&self, site: Site) -> bool {
        if self.is_watched(site.code.module) {
            self.note(Read::Makers(site.code));
        }
        let facts = self.peek(site.code);
        may_make(facts, &facts.uses[site.index as usize])
    }
}

fn imports(facts: &ItemFacts) -> impl Iterator<Item = &str> {
    facts.body.insts.iter().filter_map(|inst| match inst.op {
        Op::Import(path) => Some(facts.str(path)),
        Op::ImportFrom { module, .. } => Some(facts.str(module)),
        _ => None,
    })
}

fn may_make(facts: &ItemFacts, used: &Use) -> bool {
    match used.kind {
        UseKind::Bind(value) => {
            matches!(facts.body.op(value), Op::Display { .. } | Op::Comprehension { .. } | Op::Call { .. })
        }
        UseKind::Augment(op) => op == BinaryOp::Add,
        _ => false,
    }
}

fn makers(facts: &ItemFacts) -> impl Iterator<Item = usize> {
    let uses = facts.uses.iter().enumerate();
    uses.filter(|(_, used)| may_make(facts, used)).map(|(index, _)| index)
}

fn bound_on_self(facts: &ItemFacts) -> impl Iterator<Item = &str> {
    let first = facts.params.first().filter(|param| param.kind == ParamKind::Positional);
    let is_method = || facts.is_function() && method_kind(facts) == MethodKind::Instance;
    let this = first.filter(|_| is_method()).map(|first| first.var);
    let uses = this.into_iter().flat_map(|_| &facts.uses);
    uses.filter_map(move |used| match (used.kind, facts.places.path(used.place)) {
        (UseKind::Bind(_), (var, steps)) if Some(var) == this => match *steps {
            [Step::Attr(name)] => Some(facts.str(name)),
            _ => None,
        },
        _ => None,
    })
}

/// The pieces that are others after an edit of an item, among those that somebody has read.
pub(super) fn changed(
    before: &FileFacts,
    now: &FileFacts,
    code: CodeId,
    is_read: &dyn Fn(Read) -> bool,
) -> Vec<Read> {
    let item = code.item;
    let [then, new] = [before, now].map(|file| file.facts(item));
    let comparison = Comparison { before, now, item };
    let mut changed = Vec::new();
    let variables = then.vars.len().max(new.vars.len());
    for var in (0..variables).map(VarId::new).filter(|var| is_read(Read::Bound(code, *var))) {
        let is_there = var.index() < then.vars.len().min(new.vars.len());
        if !is_there || !comparison.is_same_variable(Some(var), Some(var)) {
            changed.push(Read::Bound(code, var));
        }
    }
    if item == ItemId::MODULE && before.bindings.has_same_names(&now.bindings) {
        for (id, global) in now.bindings.globals() {
            let read = Read::Global(code.module, id);
            if is_read(read) && !comparison.is_same_variable(before.bindings.global(id).var, global.var) {
                changed.push(read);
            }
        }
    }
    if item == ItemId::MODULE && !imports(then).eq(imports(new)) {
        changed.push(Read::Imports(code.module));
    }
    if is_read(Read::BoundOnSelf(code)) && !bound_on_self(then).eq(bound_on_self(new)) {
        changed.push(Read::BoundOnSelf(code));
    }
    if is_read(Read::Makers(code)) && !makers(then).eq(makers(new)) {
        changed.push(Read::Makers(code));
    }
    changed
}

/// The names of a module that are others after an edit, with all that is known under them.
pub(super) fn changed_names(before: &FileFacts, now: &FileFacts, module: ModuleId) -> Vec<Read> {
    if before.bindings.has_same_names(&now.bindings) {
        return Vec::new();
    }
    let count = [before, now].map(|file| file.bindings.globals().count() as u32).into_iter().max();
    let globals = (0..count.unwrap_or_default()).map(|id| Read::Global(module, GlobalId(id)));
    [Read::Globals(module)].into_iter().chain(globals).collect()
}

/// Two versions of an item.
struct Comparison<'f> {
    before: &'f FileFacts,
    now: &'f FileFacts,
    item: ItemId,
}

impl Comparison<'_> {
    fn facts(&self) -> (&ItemFacts, &ItemFacts) {
        (self.before.facts(self.item), self.now.facts(self.item))
    }

    /// Whether a variable is bound to what it was bound to, as far as that is told by name.
    fn is_same_variable(&self, before: Option<VarId>, now: Option<VarId>) -> bool {
        let (Some(before), Some(now)) = (before, now) else { return before == now };
        let (then, new) = self.facts();
        let (old, var) = (then.var(before), new.var(now));
        let is_same_store = |(a, b): (&Val, &Val)| match (then.stored(*a), new.stored(*b)) {
            (Some(a), Some(b)) => self.is_same_value(a, b, MAX_DEPTH),
            (a, b) => a.is_none() && b.is_none(),
        };
        then.str(old.name) == new.str(var.name)
            && (old.is_parameter, old.is_deleted) == (var.is_parameter, var.is_deleted)
            && then.stores(before).len() == new.stores(now).len()
            && then.stores(before).iter().zip(new.stores(now)).all(is_same_store)
    }

    fn is_same_value(&self, before: Val, now: Val, fuel: u32) -> bool {
        let (then, new) = self.facts();
        let Some(fuel) = fuel.checked_sub(1) else { return false };
        match (then.body.op(before), new.body.op(now)) {
            (Op::Load(a), Op::Load(b)) => {
                let stands_for = |file: &FileFacts, var| file.bindings.of(self.item, var);
                then.var_name(a) == new.var_name(b) && stands_for(self.before, a) == stands_for(self.now, b)
            }
            (Op::Attr { base: a, name: old }, Op::Attr { base: b, name }) => {
                then.str(old) == new.str(name) && self.is_same_value(a, b, fuel)
            }
            (Op::Call { callee: a, .. }, Op::Call { callee: b, .. }) | (Op::Await(a), Op::Await(b)) => {
                self.is_same_value(a, b, fuel)
            }
            (Op::Define(a), Op::Define(b)) => a == b,
            (Op::Import(a), Op::Import(b)) => then.str(a) == new.str(b),
            (Op::ImportFrom { module: a, name: old }, Op::ImportFrom { module: b, name }) => {
                (then.str(a), then.str(old)) == (new.str(b), new.str(name))
            }
            (a, b) => is_plain(a) && is_plain(b) && is_none(a) == is_none(b),
        }
    }
}

/// Whether an operation says nothing by name, but for what kind of operation it is.
fn is_plain(op: Op) -> bool {
    !matches!(
        op,
        Op::Load(_)
            | Op::Attr { .. }
            | Op::Call { .. }
            | Op::Await(_)
            | Op::Define(_)
            | Op::Import(_)
            | Op::ImportFrom { .. }
    )
}

fn is_none(op: Op) -> bool {
    matches!(op, Op::Const(Const::None))
}

#[cfg(test)]
mod tests {
    use super::*;
    use leakwright_syntax::{Budget, Parser};

    const MODULE: ModuleId = ModuleId(0);

    fn map(text: &str) -> FileFacts {
        FileFacts::map(&Parser::new().parse(text.into(), Budget::BATCH).unwrap(), None)
    }

    /// The pieces of an item that are others after an edit, for who has read all of them.
    fn pieces(before: &FileFacts, now: &FileFacts, item: u32) -> Vec<Read> {
        changed(before, now, CodeId { module: MODULE, item: ItemId(item) }, &|_| true)
    }

    #[test]
    fn a_variable_is_another_piece_where_it_is_bound_to_something_else_by_name() {
        let text = "import os\nA = os.path\nB = make()\nC = []\nD = A\n";
        let before = map(text);
        for (old, new, expected) in [
            ("os.path", "os.sep", vec!["A"]),
            ("os.path", "os .path", vec![]),
            ("import os", "import sys as os", vec!["os"]),
            ("make()", "make(3, unknown)", vec![]),
            ("make()", "other()", vec!["B"]),
            ("make()", "make", vec!["B"]),
            ("[]", "{1: unknown}", vec![]),
            ("[]", "None", vec!["C"]),
            ("[]", "[]\nC = 3", vec!["C"]),
            ("D = A", "D = B", vec!["D"]),
            ("D = A", "del D\nD = A", vec!["D"]),
            ("D = A", "D = A\nprint(os, unknown)", vec![]),
        ] {
            let now = map(&text.replace(old, new));
            let pieces = pieces(&before, &now, 0);
            let globals = pieces.iter().filter_map(|piece| match piece {
                Read::Global(_, id) => Some(&*now.bindings.global(*id).name),
                _ => None,
            });
            assert_eq!(globals.collect::<Vec<_>>(), expected, "{old} -> {new}");
            assert_eq!(changed_names(&before, &now, MODULE), [], "{old} -> {new}");
            let imports_else = pieces.contains(&Read::Imports(MODULE));
            assert_eq!(imports_else, new.starts_with("import "), "{old} -> {new}");
        }
    }

    #[test]
    fn names_of_a_module_are_a_piece_of_their_own() {
        let text = "A = 1\ndef f():\n    global A\n    A = 2\n";
        for now in [
            text.replace("A = 1", "A = 1\nB = 1"),
            text.replace("A = 1", "B = 1"),
            text.replace("A = 1", "from os import *\nA = 1"),
            text.replace("global A", "global A, B"),
        ] {
            let reads = changed_names(&map(text), &map(&now), MODULE);
            assert!(reads.contains(&Read::Globals(MODULE)), "{now}");
            assert!(reads.contains(&Read::Global(MODULE, GlobalId(0))), "{now}");
        }
    }

    #[test]
    fn of_a_method_others_see_what_it_binds_on_its_object_and_where_it_may_make_containers() {
        let text = "class A:\n    def f(self, x):\n        self.a = x\n        x.b = []\n";
        let before = map(text);
        let code = CodeId { module: MODULE, item: ItemId(2) };
        for (old, new, binds, makes) in [
            ("self.a = x", "self.a = y", false, false),
            ("self.a = x", "self.a = {}", false, true),
            ("self.a = x", "self.b = x", true, false),
            ("[]", "None", false, true),
            ("x.b = []", "x.b = [1]", false, false),
        ] {
            let pieces = pieces(&before, &map(&text.replace(old, new)), 2);
            assert_eq!(pieces.contains(&Read::BoundOnSelf(code)), binds, "{old} -> {new}");
            assert_eq!(pieces.contains(&Read::Makers(code)), makes, "{old} -> {new}");
        }
    }
}
