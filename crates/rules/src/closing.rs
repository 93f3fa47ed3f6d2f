//! Fixes that put a resource into a `with` statement.

use leakwright_analysis::ir::{Val, VarId};
use leakwright_analysis::project::{CodeId, ModuleId};
use leakwright_syntax::{Field, Kind, Node, TextRange, Tree};

use crate::context::Context;
use crate::edits;
use crate::fix::{Applicability, Edit, Fix, Sources};

/// Names for a file that had none.
const FILE_NAMES: [&str; 5] = ["f", "file", "handle", "stream", "opened"];

/// Puts an acquired resource into a `with` statement, where its extent can be proven.
pub(crate) fn with_fix(
    context: &Context<'_>,
    sources: &dyn Sources,
    code: CodeId,
    call: Val,
    variables: &[VarId],
) -> Option<Fix> {
    let tree = sources.tree(code.module)?;
    let node = edits::exact(tree, context.file().value_range(code.item, call))?;
    let acquired = Acquired { module: code.module, tree, call: node };
    let path = context.project.facts(code).body.op(call);
    let leakwright_analysis::ir::Op::Call { callee, .. } = path else { return None };
    let resource = context.project.import_path(code, callee);
    let resource = resource.and_then(|path| context.project.catalogue().resources.get(&path));
    if resource.is_some_and(|resource| !resource.with || resource.is_async || !resource.parts.is_empty()) {
        return None;
    }
    match variables {
        [] => acquired.within_expression(),
        _ => acquired.bound_to_name(),
    }
}

struct Acquired<'t> {
    module: ModuleId,
    tree: &'t Tree,
    /// The call that opens it.
    call: Node<'t>,
}

impl<'t> Acquired<'t> {
    /// `f = open(path)`, with uses of `f` in the statements that follow.
    fn bound_to_name(&self) -> Option<Fix> {
        let assignment = self.call.parent().filter(|parent| parent.kind() == Kind::Assignment)?;
        let target = assignment.field(Field::Left).filter(|left| left.kind() == Kind::Identifier)?;
        let statement = assignment.parent().filter(|parent| parent.kind() == Kind::ExpressionStatement)?;
        let is_plain =
            assignment.field(Field::Right) == Some(self.call) && assignment.field(Field::Type).is_none();
        if !is_plain || !edits::is_alone_on_lines(self.tree, statement) {
            return None;
        }
        let extent = self.extent(statement, target.text())?;
        let head = format!("with {} as {}:", self.call.text(), target.text());
        let mut changes = vec![Edit::replace(self.module, statement.range(), head)];
        let unit = edits::unit_of_indentation(self.tree, statement);
        match extent.last() {
            Some(last) => {
                let lines = TextRange::new(
                    edits::statement_lines(self.tree, statement).end,
                    edits::statement_lines(self.tree, *last).end,
                );
                changes.extend(edits::indent_lines(self.module, self.tree, lines, &unit)?);
            }
            None => {
                let indent = edits::indentation(self.tree.text(), statement.range().start);
                let eol = edits::line_break(self.tree.text());
                let end = edits::statement_lines(self.tree, statement).end;
                changes.push(Edit::insert(self.module, end, format!("{indent}{unit}pass{eol}")));
            }
        }
        Some(Fix {
            id: "with",
            title: format!("Open `{}` in a `with` statement", target.text()),
            applicability: Applicability::Unsafe,
            edits: changes,
        })
    }

    /// The statements behind `opening`, in the same block, up to the last that uses the resource or what
    /// reads from it; `None` if a use lies elsewhere.
    fn extent(&self, opening: Node<'t>, name: &'t str) -> Option<Vec<Node<'t>>> {
        let block = opening.parent()?;
        let siblings: Vec<Node<'t>> = block.named_children().collect();
        let at = siblings.iter().position(|sibling| *sibling == opening)?;
        let following = &siblings[at + 1..];
        let scope = self.scope(opening);
        let mut names = vec![name];
        loop {
            let last = following.iter().rposition(|statement| mentions(*statement, &names));
            let extent = &following[..last.map_or(0, |last| last + 1)];
            let more = readers(extent, &names);
            if more.iter().all(|name| names.contains(name)) {
                self.stays_within(scope, opening, extent, &names)?;
                return Some(extent.to_vec());
            }
            names.extend(more);
        }
    }

    /// Checks that no name of the resource occurs outside its extent, and that each statement of the
    /// extent can be moved by whole lines.
    fn stays_within(
        &self,
        scope: Node<'t>,
        opening: Node<'t>,
        extent: &[Node<'t>],
        names: &[&str],
    ) -> Option<()> {
        let inside = |node: Node<'_>| {
            opening.range().contains_range(node.range())
                || extent.iter().any(|statement| statement.range().contains_range(node.range()))
        };
        let outside = scope
            .descendants()
            .filter(|node| node.kind() == Kind::Identifier && names.contains(&node.text()))
            .filter(|node| node.parent().is_none_or(|parent| parent.field(Field::Attribute) != Some(*node)))
            .any(|node| !inside(node));
        let movable = extent.iter().all(|statement| edits::is_alone_on_lines(self.tree, *statement));
        (!outside && movable).then_some(())
    }

    /// The function, class or module around a node.
    fn scope(&self, node: Node<'t>) -> Node<'t> {
        node.ancestors()
            .find(|ancestor| matches!(ancestor.kind(), Kind::Function | Kind::Class | Kind::Lambda))
            .unwrap_or_else(|| self.tree.root())
    }

    /// `data = open(path).read()`: the file has no name yet.
    fn within_expression(&self) -> Option<Fix> {
        let statement = self.call.statement()?;
        if !edits::is_alone_on_lines(self.tree, statement) {
            return None;
        }
        let lines = edits::statement_lines(self.tree, statement);
        let indent = edits::indentation(self.tree.text(), statement.range().start);
        let scope = self.scope(statement);
        // A function's own name is not in its way.
        let name = edits::unused_name(
            &[scope.field(Field::Parameters), scope.field(Field::Body).or(Some(scope))],
            &FILE_NAMES,
        )?;
        let eol = edits::line_break(self.tree.text());
        let head = format!("with {} as {name}:{eol}{indent}", self.call.text());
        let applicability = match statement.kind() {
            Kind::For => self.in_loop_header(statement)?,
            _ => self.in_simple_statement(statement)?,
        };
        if self.call.text().contains('\n') {
            return None;
        }
        let unit = edits::unit_of_indentation(self.tree, statement);
        let mut changes = vec![
            Edit::insert(self.module, statement.range().start, format!("{head}{unit}")),
            Edit::replace(self.module, self.call.range(), name),
        ];
        let behind_first_line = self.tree.text()[lines.start as usize..]
            .find('\n')
            .map_or(lines.end, |at| lines.start + at as u32 + 1);
        let rest = TextRange::new(behind_first_line.min(lines.end), lines.end);
        changes.extend(edits::indent_lines(self.module, self.tree, rest, &unit)?);
        Some(Fix {
            id: "with",
            title: "Open it in a `with` statement".to_owned(),
            applicability,
            edits: changes,
        })
    }

    /// Whether opening the file is the first thing that a simple statement does, and all of its use
    /// is over when the statement is.
    fn in_simple_statement(&self, statement: Node<'t>) -> Option<Applicability> {
        if !matches!(statement.kind(), Kind::ExpressionStatement | Kind::Return) {
            return None;
        }
        let mut inner = self.call;
        while let Some(parent) = inner.parent().filter(|parent| *parent != statement) {
            let comes_first = match parent.kind() {
                Kind::Attribute | Kind::Subscript | Kind::Parenthesized => true,
                Kind::Call => {
                    parent.field(Field::Function) == Some(inner) || is_first_argument(parent, inner)
                }
                Kind::ArgumentList => true,
                Kind::Assignment => parent.field(Field::Right) == Some(inner),
                Kind::ForInClause => is_first_clause(parent, inner),
                Kind::ListComprehension | Kind::SetComprehension | Kind::DictionaryComprehension => true,
                Kind::BinaryOperator => parent.field(Field::Left) == Some(inner),
                _ => false,
            };
            if !comes_first {
                return None;
            }
            inner = parent;
        }
        Some(Applicability::Safe)
    }

    /// `for line in open(path):`
    fn in_loop_header(&self, statement: Node<'t>) -> Option<Applicability> {
        let right = statement.field(Field::Right)?;
        let is_direct = right == self.call && statement.child(Kind::AsyncKeyword).is_none();
        let on_own_lines = statement
            .field(Field::Body)?
            .named_children()
            .all(|inner| edits::is_alone_on_lines(self.tree, inner));
        (is_direct && on_own_lines).then_some(Applicability::Unsafe)
    }
}

/// Whether an argument is evaluated before anything else that does something: the callee is a plain
/// dotted name.
fn is_first_argument(call: Node<'_>, arguments: Node<'_>) -> bool {
    let plain = call.field(Field::Function).is_some_and(|function| {
        function.descendants().all(|node| !matches!(node.kind(), Kind::Call | Kind::Subscript | Kind::Await))
    });
    plain && call.field(Field::Arguments) == Some(arguments)
}

fn is_first_clause(clause: Node<'_>, inner: Node<'_>) -> bool {
    let first = clause.parent().and_then(|comprehension| comprehension.child(Kind::ForInClause));
    first == Some(clause) && clause.field(Field::Right) == Some(inner)
}

/// Whether a statement mentions one of some names.
fn mentions(statement: Node<'_>, names: &[&str]) -> bool {
    statement.descendants().any(|node| node.kind() == Kind::Identifier && names.contains(&node.text()))
}

/// Names that are bound to something made of the resource: they may go on reading from it.
fn readers<'t>(extent: &[Node<'t>], names: &[&str]) -> Vec<&'t str> {
    let mut found = Vec::new();
    for node in extent.iter().flat_map(|statement| statement.descendants()) {
        let (target, value) = match node.kind() {
            Kind::Assignment => (node.field(Field::Left), node.field(Field::Right)),
            Kind::NamedExpression => (node.field(Field::Name), node.field(Field::Value)),
            _ => continue,
        };
        let (Some(target), Some(value)) = (target, value) else { continue };
        if mentions(value, names) && !is_finished(value) {
            found.extend(target.descendants().filter(|node| node.kind() == Kind::Identifier).map(Node::text));
        }
    }
    found
}

/// Whether an expression has read all it will when it is evaluated: a method such as `read()` that
/// gives plain data, or a call that makes a container of everything.
fn is_finished(value: Node<'_>) -> bool {
    match value.kind() {
        Kind::Call => {
            let Some(function) = value.field(Field::Function) else { return false };
            let name = match function.kind() {
                Kind::Attribute => function.field(Field::Attribute).map_or("", Node::text),
                _ => function.text(),
            };
            let reads = matches!(
                name,
                "read"
                    | "readline"
                    | "readlines"
                    | "readall"
                    | "tell"
                    | "seek"
                    | "write"
                    | "fileno"
                    | "getvalue"
                    | "namelist"
                    | "getnames"
                    | "load"
                    | "loads"
                    | "safe_load"
                    | "len"
                    | "list"
                    | "tuple"
                    | "set"
                    | "dict"
                    | "sorted"
                    | "sum"
                    | "min"
                    | "max"
                    | "int"
                    | "float"
                    | "str"
                    | "bytes"
                    | "join"
                    | "decode"
            );
            let chained = function
                .field(Field::Object)
                .is_some_and(|object| object.kind() == Kind::Call && is_finished(object));
            reads || chained
        }
        Kind::ListComprehension | Kind::SetComprehension | Kind::DictionaryComprehension => true,
        Kind::Integer | Kind::Float | Kind::String | Kind::ComparisonOperator => true,
        Kind::BinaryOperator => {
            [Field::Left, Field::Right].into_iter().all(|side| value.field(side).is_some_and(is_finished))
        }
        Kind::Subscript => value.field(Field::Value).is_some_and(is_finished),
        _ => false,
    }
}
