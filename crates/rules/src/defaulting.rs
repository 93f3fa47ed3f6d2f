//! The fix that makes the default of a parameter `None`, and the container at the beginning of each call.

use leakwright_analysis::growth::{Growing, HolderKind};
use leakwright_analysis::project::Holder;
use leakwright_syntax::{Field, Kind, Node};

use crate::context::Context;
use crate::edits;
use crate::fix::{Applicability, Edit, Fix, Sources};

/// The fix, where the default can be made anew by the same expression inside the function.
pub(crate) fn fix(growing: &Growing, context: &Context<'_>, sources: &dyn Sources) -> Option<Fix> {
    let Holder::Local { code, var } = growing.holder else { return None };
    if growing.holder_kind != HolderKind::Default {
        return None;
    }
    let project = context.project;
    let facts = project.facts(code);
    let tree = sources.tree(code.module)?;
    let file = project.file(code.module);
    let default = edits::exact(tree, file.value_range(code.item, growing.created.first()?.value))?;
    let parameter = default
        .parent()
        .filter(|parent| matches!(parent.kind(), Kind::DefaultParameter | Kind::TypedDefaultParameter))?;
    // What the expression names must be the same inside: no parameter or local variable.
    let is_same_inside = default
        .descendants()
        .filter(|node| node.kind() == Kind::Identifier)
        .all(|name| facts.own_var(name.text()).is_none());
    let function = parameter.ancestors().find(|node| node.kind() == Kind::Function)?;
    if !is_same_inside {
        return None;
    }
    let mut changes = vec![Edit::replace(code.module, default.range(), "None")];
    if let Some(annotation) = parameter.field(Field::Type) {
        let text = annotation.text();
        if text.contains(" | ") && !text.contains("None") {
            changes.push(Edit::insert(code.module, annotation.range().end, " | None"));
        } else if !text.contains("None") && !text.contains("Optional") {
            let imported = edits::import_name(code.module, tree, "typing", "Optional")?;
            let optional = format!("{}[{text}]", imported.name);
            changes.push(Edit::replace(code.module, annotation.range(), optional));
            changes.extend(imported.edit);
        }
    }
    let first = first_statement(function)?;
    if !edits::is_alone_on_lines(tree, first) {
        return None;
    }
    let (eol, indent) =
        (edits::line_break(tree.text()), edits::indentation(tree.text(), first.range().start));
    let unit = edits::unit_of_indentation(tree, first);
    let name = facts.var_name(var);
    let made = default.text();
    let guard = format!("{indent}if {name} is None:{eol}{indent}{unit}{name} = {made}{eol}");
    let start = edits::line_start(tree.text(), first.range().start);
    changes.push(Edit::insert(code.module, start, guard));
    Some(Fix {
        id: "none",
        title: format!("Make `{name}` anew in each call"),
        applicability: Applicability::Unsafe,
        edits: changes,
    })
}

/// The first statement of a function that is not its docstring.
fn first_statement(function: Node<'_>) -> Option<Node<'_>> {
    let mut statements = function.field(Field::Body)?.named_children();
    let first = statements.next()?;
    let is_docstring = first.kind() == Kind::ExpressionStatement
        && first.named_children().next().is_some_and(|inner| inner.kind() == Kind::String);
    if is_docstring { statements.next() } else { Some(first) }
}
