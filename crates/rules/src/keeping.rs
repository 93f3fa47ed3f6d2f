//! Keeping a task: the rewrite that puts it into a set until it is done.

use leakwright_analysis::project::ModuleId;
use leakwright_syntax::{Field, Kind, Node, Tree};

use crate::edits;
use crate::fix::{Applicability, Edit, Fix};

/// Names for the set, and for a task that has none yet.
const SETS: [&str; 3] = ["_background_tasks", "_running_tasks", "_kept_tasks"];
const TASKS: [&str; 3] = ["task", "background_task", "created_task"];

/// Puts the task of a call into a set of the module, and takes it out again when it is done. `None`
/// where the call is not a statement of its own, bound to a name, or returned.
pub(crate) fn keep_and_discard(module: ModuleId, tree: &Tree, call: Node<'_>) -> Option<Fix> {
    let statement = call.statement()?;
    if !edits::is_alone_on_lines(tree, statement) {
        return None;
    }
    let (set, defined) = background_set(module, tree)?;
    let function = call.ancestors().find(|node| node.kind() == Kind::Function);
    let named = edits::unused_name(&[function], &TASKS)?;
    let text = tree.text();
    let indentation = edits::indentation(text, statement.range().start);
    let eol = edits::line_break(text);
    let mut changes = Vec::new();
    let (task, last) = match bound(call, statement)? {
        Bound::Nothing => {
            changes.push(Edit::insert(module, call.range().start, format!("{named} = ")));
            (named, String::new())
        }
        Bound::Name(name) if name.text() == "_" => {
            changes.push(Edit::replace(module, name.range(), named));
            (named, String::new())
        }
        Bound::Name(name) => (name.text(), String::new()),
        Bound::Returned => {
            let before = leakwright_syntax::TextRange::new(statement.range().start, call.range().start);
            changes.push(Edit::replace(module, before, format!("{named} = ")));
            (named, format!("{eol}{indentation}return {named}"))
        }
    };
    let lines = [format!("{set}.add({task})"), format!("{task}.add_done_callback({set}.discard)")];
    let added: String = lines.iter().map(|line| format!("{eol}{indentation}{line}")).collect();
    let end = edits::line_end(text, statement.range().end);
    changes.push(Edit::insert(module, end, added + &last));
    changes.extend(defined);
    Some(Fix {
        id: "keep-and-discard",
        title: format!("Keep the task in `{set}` until it is done"),
        applicability: Applicability::Unsafe,
        edits: changes,
    })
}

/// Has a set forget each task when it is done, where the task is in a variable and added by a statement of its own.
pub(crate) fn discard_when_done(module: ModuleId, tree: &Tree, call: Node<'_>) -> Option<Fix> {
    let statement = call.statement().filter(|statement| call.parent() == Some(*statement))?;
    if !edits::is_alone_on_lines(tree, statement) {
        return None;
    }
    let set = call.field(Field::Function)?.field(Field::Object)?;
    let mut given = call.field(Field::Arguments)?.named_children();
    let task = given.next().filter(|task| task.kind() == Kind::Identifier && given.next().is_none())?;
    let text = tree.text();
    let indentation = edits::indentation(text, statement.range().start);
    let eol = edits::line_break(text);
    let line = format!("{eol}{indentation}{}.add_done_callback({}.discard)", task.text(), set.text());
    let end = edits::line_end(text, statement.range().end);
    Some(Fix {
        id: "discard-when-done",
        title: format!("Take the task out of `{}` when it is done", set.text()),
        applicability: Applicability::Unsafe,
        edits: vec![Edit::insert(module, end, line)],
    })
}

/// What a statement does with the task.
enum Bound<'t> {
    Nothing,
    Name(Node<'t>),
    Returned,
}

fn bound<'t>(call: Node<'t>, statement: Node<'t>) -> Option<Bound<'t>> {
    let parent = call.parent()?;
    match parent.kind() {
        Kind::ExpressionStatement if parent == statement => Some(Bound::Nothing),
        Kind::Return if parent == statement => Some(Bound::Returned),
        Kind::Assignment if parent.field(Field::Right) == Some(call) => {
            let name = parent.field(Field::Left).filter(|left| left.kind() == Kind::Identifier)?;
            (parent.parent() == Some(statement)).then_some(Bound::Name(name))
        }
        _ => None,
    }
}

/// The set that keeps the tasks of a module, and the edit that defines it, unless it is there already.
fn background_set(module: ModuleId, tree: &Tree) -> Option<(&'static str, Option<Edit>)> {
    if let Some(found) = SETS.into_iter().find(|name| defines_set(tree, name)) {
        return Some((found, None));
    }
    let name = edits::unused_name(&[Some(tree.root())], &SETS)?;
    let is_import =
        |node: &Node<'_>| matches!(node.kind(), Kind::Import | Kind::ImportFrom | Kind::FutureImport);
    let is_head = |node: &Node<'_>| {
        is_import(node)
            || node.kind() == Kind::Comment
            || node.kind() == Kind::ExpressionStatement && node.child(Kind::String).is_some()
    };
    let head: Vec<Node<'_>> = tree.root().named_children().take_while(is_head).collect();
    let last = *head.iter().rfind(|node| is_import(node))?;
    if !edits::is_alone_on_lines(tree, last) {
        return None;
    }
    let eol = edits::line_break(tree.text());
    let offset = edits::statement_lines(tree, last).end;
    let edit = Edit::insert(module, offset, format!("{eol}{name} = set(){eol}")).shared();
    Some((name, Some(edit)))
}

/// Whether the module has `name = set()`.
fn defines_set(tree: &Tree, name: &str) -> bool {
    let assignments = tree.root().named_children().filter_map(|node| node.child(Kind::Assignment));
    assignments.into_iter().any(|assignment| {
        assignment.field(Field::Left).is_some_and(|left| left.text() == name)
            && assignment.field(Field::Right).is_some_and(|right| right.text() == "set()")
    })
}
