//! Closures that need one field of an object: the rewrite that binds it to a variable before.

use leakwright_analysis::project::Symbol;
use leakwright_analysis::reference::OneField;
use leakwright_syntax::{Field, Kind, Node};

use crate::context::Context;
use crate::edits;
use crate::fix::{Applicability, Edit, Fix, Sources};
use crate::mentions;

/// Binds the field to a local variable, which the closure uses in the place of the object. `None` where something may bind
/// the field later, or the text does not allow it.
pub(crate) fn bind_field(context: &Context<'_>, sources: &dyn Sources, field: &OneField) -> Option<Fix> {
    let closure = field.closure.filter(|_| field.is_fixed)?;
    let holder = context.project.attribute(field.class, Symbol::of(&field.name));
    if mentions::is_reached_by_string(context.project, holder) {
        return None;
    }
    let module = closure.code.module;
    let file = context.project.file(module);
    let tree = sources.tree(module)?;
    let node = tree.root().covering(file.value_range(closure.code.item, closure.value))?;
    let statement = node.statement()?;
    let is_decorated = statement.parent().is_some_and(|parent| parent.kind() == Kind::Decorated);
    let is_simple = matches!(statement.kind(), Kind::ExpressionStatement | Kind::Function);
    if !is_simple || is_decorated || !edits::is_alone_on_lines(tree, statement) {
        return None;
    }
    let function = statement.ancestors().find(|node| node.kind() == Kind::Function)?;
    let name = free_name(function, &field.name)?;
    let mut changes = Vec::new();
    let mut read = None;
    for at in &field.reads {
        let range = context.project.file(at.code.module).value_range(at.code.item, at.value);
        let node = edits::exact(tree, range).filter(|node| node.kind() == Kind::Attribute)?;
        let is_plain = node.field(Field::Object).is_some_and(|object| object.kind() == Kind::Identifier);
        read = Some(node.text()).filter(|_| is_plain && at.code.module == module);
        read?;
        changes.push(Edit::replace(module, range, name.clone()));
    }
    let text = tree.text();
    let start = statement.range().start;
    let (indent, eol) = (edits::indentation(text, start), edits::line_break(text));
    let bound = format!("{indent}{name} = {}{eol}", read?);
    changes.insert(0, Edit::insert(module, edits::line_start(text, start), bound));
    Some(Fix {
        id: "bind-field",
        title: format!("Use `{}` by a variable, without its object", field.name),
        applicability: Applicability::Unsafe,
        edits: changes,
    })
}

/// A name for the variable that nothing in a function has.
fn free_name(function: Node<'_>, field: &str) -> Option<String> {
    let plain = field.trim_start_matches('_');
    let names = [plain.to_owned(), format!("own_{plain}"), format!("{plain}_value")];
    let is_taken = |name: &str| {
        // The attribute itself is an identifier as well, and no variable.
        let is_attribute = |node: Node<'_>| {
            node.parent().is_some_and(|parent| {
                parent.kind() == Kind::Attribute && parent.field(Field::Attribute) == Some(node)
            })
        };
        function
            .descendants()
            .any(|node| node.kind() == Kind::Identifier && node.text() == name && !is_attribute(node))
    };
    names.into_iter().find(|name| !plain.is_empty() && !is_taken(name))
}
