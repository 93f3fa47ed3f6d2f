//! Which code may matter to a question about all of it, looked up rather than looked for.
//!
//! What is kept here holds for the files as they were linked. Those that follow edits are added to every answer,
//! to be read by who asks.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustc_hash::FxHashMap;

use super::{CodeId, Module, ModuleId, Project, Symbol};
use crate::ir::{Const, ItemFacts, Op};

/// Tables over the files of a project, each made when it is first asked for.
#[derive(Default)]
pub(super) struct Index {
    passing: OnceLock<Box<[(Symbol, CodeId)]>>,
    naming: Mutex<FxHashMap<Symbol, Arc<[CodeId]>>>,
}

impl Project {
    /// The items that may pass an attribute of a name, or the name as a string, to a call; in their order.
    pub fn items_passing(&self, name: &str) -> Vec<CodeId> {
        let passing = self.index.passing.get_or_init(|| self.linked_items(passed).into());
        let name = Symbol::of(name);
        let start = passing.partition_point(|entry| entry.0 < name);
        let known = passing[start..].iter().take_while(|entry| entry.0 == name);
        self.with_watched(known.map(|entry| entry.1))
    }

    /// The items that may name something; in their order. The answer is kept: for names that stand in an analysis,
    /// not for those that it finds.
    pub fn items_naming(&self, name: &'static str) -> Vec<CodeId> {
        let mut naming = self.index.naming.lock().unwrap_or_else(PoisonError::into_inner);
        let known = naming.entry(Symbol::of(name)).or_insert_with(|| {
            let names =
                |facts: &ItemFacts| facts.names.find(name).map(|_| Symbol::of(name)).into_iter().collect();
            self.linked_items(names).into_iter().map(|entry| entry.1).collect()
        });
        self.with_watched(known.iter().copied())
    }

    /// What is found in the items of all files as they were linked, with the items; in order, and each once.
    fn linked_items(&self, find: impl Fn(&ItemFacts) -> Vec<Symbol>) -> Vec<(Symbol, CodeId)> {
        let mut found = Vec::new();
        for (index, Module { facts, .. }) in self.modules.iter().enumerate() {
            for item in facts.ids() {
                let code = CodeId { module: ModuleId(index as u32), item };
                found.extend(find(facts.facts(item)).into_iter().map(|name| (name, code)));
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    fn with_watched(&self, known: impl Iterator<Item = CodeId>) -> Vec<CodeId> {
        let mut found: Vec<CodeId> = known.filter(|code| !self.is_watched(code.module)).collect();
        let watched = self.watched.iter().flat_map(|watched| watched.iter().copied());
        found.extend(watched.flat_map(|module| self.items(module)));
        found.sort_unstable();
        found
    }
}

/// The names of the attributes, and the strings that may be names, that an item passes to calls.
fn passed(facts: &ItemFacts) -> Vec<Symbol> {
    let operands = facts.body.insts.iter().filter_map(|inst| match inst.op {
        Op::Call { args, .. } => Some(facts.body.args(args)),
        _ => None,
    });
    let names = operands.flatten().filter_map(|arg| match facts.body.op(arg.value) {
        Op::Attr { name, .. } => Some(facts.str(name)),
        Op::Const(Const::Str(name)) => Some(facts.str(name)).filter(|text| may_be_name(text)),
        _ => None,
    });
    names.map(Symbol::of).collect()
}

fn may_be_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c == '_' || c.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FileFacts;
    use crate::project::Tracked;
    use leakwright_catalogue::Catalogue;
    use leakwright_syntax::{Budget, Parser};

    fn facts(text: &str) -> Arc<FileFacts> {
        let tree = Parser::new().parse(text.into(), Budget::BATCH).unwrap();
        Arc::new(FileFacts::map(&tree, None))
    }

    #[test]
    fn answers_are_those_of_the_files_as_they_are_after_an_edit() {
        let module = |name: &str, text: &str| Module {
            name: name.to_owned(),
            is_package: false,
            is_test: false,
            facts: facts(text),
        };
        let modules = vec![
            module("kept", "def stop(bus, own):\n    bus.remove(own.on_event)\n"),
            module("edited", "def stop(bus, own):\n    bus.remove(own.on_event)\n"),
            module("other", "def stop(bus, own):\n    bus.remove('on_event', own.closed())\n"),
        ];
        let watched = [ModuleId(1)];
        let mut tracked = Tracked::link(modules, Catalogue::builtin(), watched, &|| false).unwrap();
        let passing = |project: &Project, name: &str| {
            let found = project.items_passing(name).into_iter();
            let passing = found.filter(|code| passed(project.facts(*code)).contains(&Symbol::of(name)));
            passing.map(|code| code.module.0).collect::<Vec<u32>>()
        };
        assert_eq!(passing(tracked.project(), "on_event"), [0, 1, 2]);
        assert_eq!(passing(tracked.project(), "closed"), [0; 0]);
        tracked.edit(ModuleId(1), facts("def stop(bus, own):\n    bus.remove(own.on_other)\n")).unwrap();
        assert_eq!(passing(tracked.project(), "on_event"), [0, 2]);
        assert_eq!(passing(tracked.project(), "on_other"), [1]);
        let naming = tracked.project().items_naming("on_other").into_iter();
        assert_eq!(naming.map(|code| code.module.0).collect::<Vec<u32>>(), [1, 1]);
    }
}
