//! What the methods that end an object's life do with its attributes.

use crate::growth::is_teardown;
use crate::ir::{Step, UseKind};
use crate::project::{ClassId, CodeId, Project, Symbol};

/// Whether a function ends the life of an object, or what it started: `close`, `aclose`, `_stop_all`.
pub(super) fn ends_life(project: &Project, code: CodeId) -> bool {
    let facts = project.facts(code);
    let name = facts.own_name();
    let awaited = name.trim_start_matches('_').strip_prefix('a');
    facts.is_function()
        && (is_teardown(project, name) || awaited.is_some_and(|name| is_teardown(project, name)))
}

/// All methods of a class, its bases and the classes derived from it.
pub(super) fn all_methods(project: &Project, class: ClassId) -> Vec<CodeId> {
    let mut classes = project.ancestry(class);
    classes.extend(project.descendants(class).into_iter().skip(1));
    classes.into_iter().flat_map(|class| project.own_members(class).collect::<Vec<_>>()).collect()
}

/// The attributes of `self` that a method names, with what it does with each or with what is reached
/// from it.
pub(super) fn attributes(project: &Project, method: CodeId) -> Vec<(Symbol, UseKind)> {
    let facts = project.facts(method);
    let of_self = |used: &crate::ir::Use| {
        let (var, steps) = facts.places.path(used.place);
        let Some(Step::Attr(name)) = steps.first() else { return None };
        let (_, is_class) = project.self_class(method, var)?;
        (!is_class).then(|| (Symbol::of(facts.str(*name)), used.kind))
    };
    facts.uses.iter().filter_map(of_self).collect()
}
