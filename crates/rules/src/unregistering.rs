//! Taking a callback back: the rewrites for what is registered and never unregistered.

use leakwright_analysis::project::{CodeId, ValueId};
use leakwright_analysis::reference;
use leakwright_syntax::{Field, Kind, Node, TextRange, Tree};

use crate::context::Context;
use crate::finding::Finding;
use crate::fix::{Applicability, Edit, Fix, Sources};
use crate::owning::append_statement;
use crate::subject::Subject;
use crate::{capturing, edits};

/// The rewrites that can be written for a callback; none where only a person can.
pub(crate) fn fixes(finding: &Finding, context: &Context<'_>, sources: &dyn Sources) -> Vec<Fix> {
    let Subject::Registered { call, undo, teardown, is_dereferenced } = &finding.subject else {
        return Vec::new();
    };
    let removal = teardown.and_then(|teardown| {
        let undo = undo.first()?;
        remove_in(context, sources, *call, undo, teardown)
    });
    let weak = is_dereferenced.then(|| weak_method(context, sources, *call)).flatten();
    let field = reference::field_of_registered(context.project, *call);
    let bound = field.and_then(|field| capturing::bind_field(context, sources, &field));
    removal.into_iter().chain(weak).chain(bound).collect()
}

/// The call of a registration in its tree.
fn call_node<'t>(context: &Context<'_>, tree: &'t Tree, call: ValueId) -> Option<Node<'t>> {
    let range = context.project.file(call.code.module).value_range(call.code.item, call.value);
    edits::exact(tree, range).filter(|node| node.kind() == Kind::Call)
}

/// Adds what takes the callback back to the method that ends the object's life.
fn remove_in(
    context: &Context<'_>,
    sources: &dyn Sources,
    call: ValueId,
    undo: &str,
    teardown: CodeId,
) -> Option<Fix> {
    let project = context.project;
    let (registering, ending) = (project.facts(call.code), project.facts(teardown));
    let own_class =
        project.class_of(call.code).is_some() && project.class_of(teardown) == project.class_of(call.code);
    let this = registering.params.first().map(|param| registering.var_name(param.var))?;
    let same_name = ending.params.first().is_some_and(|param| ending.var_name(param.var) == this);
    if !own_class
        || !same_name
        || registering.own_name() != "__init__"
        || matches!(ending.own_name(), "__del__" | "__init__")
    {
        return None;
    }
    let tree = sources.tree(call.code.module)?;
    let node = call_node(context, tree, call)?;
    let is_at_top = node.statement()?.parent()?.parent()?.kind() == Kind::Function;
    if !is_at_top {
        return None;
    }
    let callee = node.field(Field::Function).filter(|callee| callee.kind() == Kind::Attribute)?;
    let emitter = emitter(tree, node, callee.field(Field::Object)?, this)?;
    let is_function = undo.contains('.');
    let name = undo.rsplit('.').next()?;
    let arguments = arguments(node, this, is_function)?;
    let statement = format!("{emitter}.{name}({})", arguments.join(", "));
    let edit = append_statement(teardown, &statement, context, sources)?;
    Some(Fix {
        id: "unregister",
        title: format!("Add `{statement}` to `{}`", ending.own_name()),
        applicability: Applicability::Unsafe,
        edits: vec![edit],
    })
}

/// What keeps the callback, as it can be written in another method of the class: an attribute of the object, or
/// something of the module.
fn emitter<'t>(tree: &'t Tree, call: Node<'t>, object: Node<'t>, this: &str) -> Option<String> {
    let root = first_name(object)?;
    if root.text() == this && object.kind() == Kind::Attribute {
        return Some(object.text().to_owned());
    }
    let function = call.ancestors().find(|node| node.kind() == Kind::Function)?;
    if object.kind() == Kind::Identifier
        && let Some(attribute) = kept_under(function, object.text(), this)
    {
        return Some(attribute);
    }
    let names = |node: Node<'t>| node.kind() == Kind::Identifier && node.text() == root.text();
    let is_parameter =
        function.field(Field::Parameters).is_some_and(|parameters| parameters.descendants().any(names));
    let is_assigned = function.descendants().any(|node| {
        node.kind() == Kind::Assignment
            && node.field(Field::Left).is_some_and(|left| left.descendants().any(names))
    });
    let is_local = is_parameter || is_assigned;
    let is_of_module = !is_local && is_named_at_top(tree, root.text());
    is_of_module.then(|| object.text().to_owned())
}

/// The name that an expression of attributes begins with.
fn first_name(object: Node<'_>) -> Option<Node<'_>> {
    match object.kind() {
        Kind::Identifier => Some(object),
        Kind::Attribute => first_name(object.field(Field::Object)?),
        _ => None,
    }
}

/// The attribute under which a function keeps a parameter: `self._bus = bus`.
fn kept_under(function: Node<'_>, name: &str, this: &str) -> Option<String> {
    function.descendants().filter(|node| node.kind() == Kind::Assignment).find_map(|assignment| {
        let left = assignment.field(Field::Left).filter(|left| left.kind() == Kind::Attribute)?;
        let right = assignment.field(Field::Right)?;
        let of_self = left.field(Field::Object).is_some_and(|object| object.text() == this);
        (of_self && right.kind() == Kind::Identifier && right.text() == name).then(|| left.text().to_owned())
    })
}

/// Whether the module binds a name: an import, an assignment or a definition at its top.
fn is_named_at_top(tree: &Tree, name: &str) -> bool {
    tree.root().named_children().any(|statement| match statement.kind() {
        Kind::Import | Kind::ImportFrom => {
            statement.descendants().any(|node| node.kind() == Kind::Identifier && node.text() == name)
        }
        Kind::Class | Kind::Function => statement.field(Field::Name).is_some_and(|own| own.text() == name),
        _ => statement
            .child(Kind::Assignment)
            .and_then(|assignment| assignment.field(Field::Left))
            .is_some_and(|left| left.text() == name),
    })
}

/// The arguments by which a callback is taken back: those it was handed over with, up to itself.
fn arguments(call: Node<'_>, this: &str, is_function: bool) -> Option<Vec<String>> {
    let given: Vec<Node<'_>> =
        call.field(Field::Arguments)?.named_children().filter(|node| node.kind() != Kind::Comment).collect();
    let of_self = |node: &Node<'_>| {
        node.kind() == Kind::Attribute
            && node.field(Field::Object).is_some_and(|object| object.text() == this)
    };
    let at = given.iter().position(of_self)?;
    if is_function {
        return (at == 0).then(|| vec![given[0].text().to_owned()]);
    }
    let is_fixed = |node: &Node<'_>| matches!(node.kind(), Kind::String | Kind::Integer) || of_self(node);
    let used = &given[..=at];
    used.iter().all(is_fixed).then(|| used.iter().map(|node| node.text().to_owned()).collect())
}

/// Wraps the callback in a weak reference.
fn weak_method(context: &Context<'_>, sources: &dyn Sources, call: ValueId) -> Option<Fix> {
    let module = call.code.module;
    let facts = context.project.facts(call.code);
    let this = facts.params.first().map(|param| facts.var_name(param.var))?;
    let tree = sources.tree(module)?;
    let node = call_node(context, tree, call)?;
    let callback = node.field(Field::Arguments)?.named_children().find(|node| {
        node.kind() == Kind::Attribute
            && node.field(Field::Object).is_some_and(|object| object.text() == this)
    })?;
    let TextRange { start, end } = callback.range();
    let import = edits::import_name(module, tree, "weakref", "WeakMethod")?;
    let mut changes =
        vec![Edit::insert(module, start, format!("{}(", import.name)), Edit::insert(module, end, ")")];
    changes.extend(import.edit);
    Some(Fix {
        id: "weak-method",
        title: format!("Hand over `WeakMethod({})`", callback.text()),
        applicability: Applicability::Unsafe,
        edits: changes,
    })
}
