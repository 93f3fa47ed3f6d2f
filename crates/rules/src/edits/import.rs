//! Imports that fixes need: added where they belong, and once.

use leakwright_analysis::project::ModuleId;
use leakwright_catalogue::is_standard_library;
use leakwright_syntax::{Field, Kind, Node, Tree};

use crate::fix::Edit;

/// How code can name something that is imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Imported {
    /// What to write.
    pub(crate) name: String,
    /// The edit that makes it so, unless it is so already.
    pub(crate) edit: Option<Edit>,
}

/// Makes `name` of `module` available to the code of a file: by an import that is there, by adding
/// the name to a `from` import that is there, or by a new import in its place. `None` where the
/// name means something else in the file.
pub(crate) fn import_name(file: ModuleId, tree: &Tree, module: &str, name: &str) -> Option<Imported> {
    let imports: Vec<Node<'_>> = tree
        .root()
        .named_children()
        .filter(|node| matches!(node.kind(), Kind::Import | Kind::ImportFrom | Kind::FutureImport))
        .collect();
    for import in &imports {
        if let Some(found) = bound_by_from(*import, module, name) {
            return Some(Imported { name: found, edit: None });
        }
    }
    for import in &imports {
        if let Some(bound) = bound_by_import(*import, module) {
            return Some(Imported { name: format!("{bound}.{name}"), edit: None });
        }
    }
    if is_bound_otherwise(tree, name) {
        return None;
    }
    let edit = match imports.iter().find(|import| extends(**import, module)) {
        Some(import) => add_to(file, *import, name)?,
        None => new_import(file, tree, &imports, module, name),
    };
    Some(Imported { name: name.to_owned(), edit: Some(edit.shared()) })
}

/// The name that `from module import name [as alias]` binds.
fn bound_by_from(import: Node<'_>, module: &str, name: &str) -> Option<String> {
    if import.kind() != Kind::ImportFrom || import.field(Field::ModuleName)?.text() != module {
        return None;
    }
    import.named_children().skip(1).find_map(|part| match part.kind() {
        Kind::DottedName if part.text() == name => Some(name.to_owned()),
        Kind::AliasedImport if part.field(Field::Name)?.text() == name => {
            Some(part.field(Field::Alias)?.text().to_owned())
        }
        _ => None,
    })
}

/// The name that `import module [as alias]` binds.
fn bound_by_import(import: Node<'_>, module: &str) -> Option<String> {
    if import.kind() != Kind::Import {
        return None;
    }
    import.named_children().find_map(|part| match part.kind() {
        Kind::DottedName if part.text() == module => Some(module.to_owned()),
        Kind::AliasedImport if part.field(Field::Name)?.text() == module => {
            Some(part.field(Field::Alias)?.text().to_owned())
        }
        _ => None,
    })
}

/// Whether the file uses a name already, for anything: to be sure, any identifier counts that is not
/// an attribute or a keyword.
fn is_bound_otherwise(tree: &Tree, name: &str) -> bool {
    tree.root().descendants().any(|node| {
        node.kind() == Kind::Identifier
            && node.text() == name
            && node.parent().is_none_or(|parent| match parent.kind() {
                Kind::Attribute => parent.field(Field::Object) == Some(node),
                Kind::KeywordArgument => parent.field(Field::Value) == Some(node),
                Kind::DottedName => parent.parent().is_some_and(|import| import.kind() != Kind::ImportFrom),
                _ => true,
            })
    })
}

/// Whether a name can be added to an import.
fn extends(import: Node<'_>, module: &str) -> bool {
    import.kind() == Kind::ImportFrom
        && import.field(Field::ModuleName).is_some_and(|found| found.text() == module)
        && import.child(Kind::WildcardImport).is_none()
}

/// Adds a name behind the last one that sorts before it, or in front of all.
fn add_to(file: ModuleId, import: Node<'_>, name: &str) -> Option<Edit> {
    let names: Vec<Node<'_>> = import.named_children().skip(1).collect();
    let before = |node: &&Node<'_>| name_order(node.text()) < name_order(name);
    match names.iter().rfind(before) {
        Some(behind) => Some(Edit::insert(file, behind.range().end, format!(", {name}"))),
        None => Some(Edit::insert(file, names.first()?.range().start, format!("{name}, "))),
    }
}

/// Constants, then classes, then the rest, each by name: the order that formatters keep.
fn name_order(name: &str) -> (u8, &str) {
    let is_upper = |c: char| c.is_uppercase() || c.is_ascii_digit() || c == '_';
    let kind = match name.chars().next() {
        Some(first) if first.is_uppercase() && name.len() > 1 && name.chars().all(is_upper) => 0,
        Some(first) if first.is_uppercase() => 1,
        _ => 2,
    };
    (kind, name)
}

/// A new import among those at the top of the file, in the order that formatters keep: standard
/// library first, `import` before `from`, by name.
fn new_import(file: ModuleId, tree: &Tree, imports: &[Node<'_>], module: &str, name: &str) -> Edit {
    let text = tree.text();
    let eol = super::line_break(text);
    let line = format!("from {module} import {name}{eol}");
    let top = top_block(tree, imports);
    let place = |import: &Node<'_>| sort_key(*import);
    let own = (true, (1, module.to_owned()));
    let standard = |import: &&Node<'_>| place(import).is_some_and(|key| key.0);
    if let Some(behind) =
        top.iter().filter(standard).rfind(|import| place(import).is_some_and(|key| key < own))
    {
        return Edit::insert(
            file,
            super::statement_lines(tree, *behind).end,
            line_after(text, tree, *behind, &line, eol),
        );
    }
    if let Some(first) = top.iter().find(standard) {
        return Edit::insert(file, super::line_start(text, first.range().start), line);
    }
    if let Some(first) = top.iter().find(|import| import.kind() != Kind::FutureImport) {
        return Edit::insert(file, super::line_start(text, first.range().start), format!("{line}{eol}"));
    }
    let (offset, is_first) = behind_head(tree, imports);
    if !is_first {
        return Edit::insert(file, offset, format!("{eol}{line}"));
    }
    let rest = text[offset as usize..].trim_start();
    let defines = ["def ", "class ", "async def ", "@"].iter().any(|start| rest.starts_with(start));
    Edit::insert(file, offset, format!("{line}{}", if defines { eol.repeat(2) } else { eol.to_owned() }))
}

/// A new line behind a statement that may be the last of the file, without a line break.
fn line_after(text: &str, tree: &Tree, behind: Node<'_>, line: &str, eol: &str) -> String {
    let end = super::statement_lines(tree, behind).end as usize;
    if text[..end].ends_with(['\n', '\r']) { line.to_owned() } else { format!("{eol}{line}") }
}

/// The imports that stand together at the top of a file, each alone on its lines.
fn top_block<'t>(tree: &'t Tree, imports: &[Node<'t>]) -> Vec<Node<'t>> {
    let first_code =
        tree.root().named_children().find(|node| !is_head(*node)).map_or(u32::MAX, |node| node.range().start);
    imports
        .iter()
        .filter(|import| import.range().end <= first_code && super::is_alone_on_lines(tree, **import))
        .copied()
        .collect()
}

/// Whether a statement belongs to the head of a file: docstring, imports, dunder assignments.
fn is_head(node: Node<'_>) -> bool {
    match node.kind() {
        Kind::Import | Kind::ImportFrom | Kind::FutureImport => true,
        Kind::ExpressionStatement => node.child(Kind::String).is_some() || node.text().starts_with("__"),
        _ => false,
    }
}

/// Standard library first; `import` before `from`; by module.
fn sort_key(import: Node<'_>) -> Option<(bool, (u8, String))> {
    let (form, module) = match import.kind() {
        Kind::Import => (0, import.named_children().next()?),
        Kind::ImportFrom => (1, import.field(Field::ModuleName)?),
        _ => return None,
    };
    let module = if module.kind() == Kind::AliasedImport { module.field(Field::Name)? } else { module };
    Some((is_standard_library(module.text()), (form, module.text().to_owned())))
}

/// Where the code of a file begins that has no imports: behind docstring and `__future__` imports, or
/// behind the comments at the top. The flag says that it is the very first statement.
fn behind_head(tree: &Tree, imports: &[Node<'_>]) -> (u32, bool) {
    let docstring = tree.root().named_children().next().filter(|node| {
        node.kind() == Kind::ExpressionStatement
            && node.named_children().next().is_some_and(|inner| inner.kind() == Kind::String)
    });
    let future = imports.iter().rfind(|import| import.kind() == Kind::FutureImport).copied();
    match future.or(docstring) {
        Some(last) => (super::statement_lines(tree, last).end, false),
        None => (behind_comments(tree.text()), true),
    }
}

/// Offset behind a `#!` line, a coding comment and the comments that follow them.
fn behind_comments(text: &str) -> u32 {
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        if !line.starts_with('#') {
            break;
        }
        offset += line.len();
    }
    offset as u32
}
