//! Fixes that put a resource into a `with` statement.

use leakwright_analysis::ir::{Val, VarId};
use leakwright_analysis::obligation;
use leakwright_analysis::project::{CodeId, ModuleId};
use leakwright_catalogue::Family;
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
    let acquired = Acquired::new(context, sources, code, call)?;
    if let Some(fix) = acquired.in_with_item() {
        return Some(fix);
    }
    match variables {
        [] => acquired.within_expression(),
        _ => acquired.bound_to_name(None),
    }
}

/// Puts an acquired resource into a `with` statement that reaches to where it is released now, in place of
/// that release.
pub(crate) fn replace_release(
    context: &Context<'_>,
    sources: &dyn Sources,
    code: CodeId,
    call: Val,
    release: Val,
) -> Option<Fix> {
    let acquired = Acquired::new(context, sources, code, call)?;
    let release = edits::exact(acquired.tree, context.file().value_range(code.item, release))?;
    acquired.bound_to_name(Some(release))
}

/// Awaits a release that nothing awaits.
pub(crate) fn await_fix(
    context: &Context<'_>,
    sources: &dyn Sources,
    code: CodeId,
    releases: &[Val],
) -> Option<Fix> {
    let tree = sources.tree(code.module)?;
    let mut changes = Vec::new();
    for release in releases {
        let node = edits::exact(tree, context.file().value_range(code.item, *release))?;
        let is_statement = node.parent().is_some_and(|parent| parent.kind() == Kind::ExpressionStatement);
        if !is_statement || !is_in_async_function(node) {
            return None;
        }
        changes.push(Edit::insert(code.module, node.range().start, "await "));
    }
    let title = "Await the release".to_owned();
    Some(Fix { id: "await", title, applicability: Applicability::Safe, edits: changes })
}

/// Whether the function around a node is an `async def`.
fn is_in_async_function(node: Node<'_>) -> bool {
    node.ancestors()
        .find(|ancestor| matches!(ancestor.kind(), Kind::Function | Kind::Lambda | Kind::Class))
        .is_some_and(|function| function.child(Kind::AsyncKeyword).is_some())
}

/// How a resource is put into a `with` statement.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// `with open(path)`
    Plain,
    /// `async with ClientSession()`
    Async,
    /// `with closing(connect())`
    Closing,
}

struct Acquired<'t> {
    module: ModuleId,
    tree: &'t Tree,
    /// The call that opens it.
    call: Node<'t>,
    style: Style,
    /// What release methods it has.
    release: Vec<String>,
    /// Whether what it is was only guessed: then nothing about it is safe.
    is_guess: bool,
}

impl<'t> Acquired<'t> {
    fn new(context: &Context<'_>, sources: &'t dyn Sources, code: CodeId, call: Val) -> Option<Self> {
        let tree = sources.tree(code.module)?;
        let node = edits::exact(tree, context.file().value_range(code.item, call))?;
        let known = obligation::acquired(context.project, code);
        let (acquisition, _) = known.iter().find(|(acquisition, _)| acquisition.call == call)?;
        let resource = &acquisition.resource;
        let style = if !resource.parts.is_empty() || resource.after.is_some() {
            return None;
        } else if resource.is_async {
            Style::Async
        } else if resource.with {
            Style::Plain
        } else {
            Style::Closing
        };
        let can = match style {
            Style::Plain if resource.family == Family::Process => false,
            // Their `with` waits, or kills.
            Style::Plain => {
                !matches!(resource.family, Family::Pool | Family::Process)
                    || resource.release.first().is_some_and(|name| name == "shutdown")
            }
            Style::Async => resource.with && is_in_async_function(node),
            Style::Closing => {
                resource.awaited.is_empty() && resource.release.iter().any(|name| name == "close")
            }
        };
        can.then(|| Self {
            module: code.module,
            tree,
            call: node,
            style,
            release: resource.release.clone(),
            is_guess: acquisition.is_guess,
        })
    }

    fn safe_if_known(&self) -> Applicability {
        if self.is_guess { Applicability::Unsafe } else { Applicability::Safe }
    }

    /// The head of the statement, and the edit that imports what it needs.
    fn head(&self, name: &str) -> Option<(String, Option<Edit>)> {
        let call = self.call.text();
        Some(match self.style {
            Style::Plain => (format!("with {call} as {name}:"), None),
            Style::Async => (format!("async with {call} as {name}:"), None),
            Style::Closing => {
                let imported = edits::import_name(self.module, self.tree, "contextlib", "closing")?;
                (format!("with {}({call}) as {name}:", imported.name), imported.edit)
            }
        })
    }
}

impl<'t> Acquired<'t> {
    /// `with connect(path) as connection:`, where leaving the block does something else than release it: both
    /// are wanted.
    fn in_with_item(&self) -> Option<Fix> {
        let pattern = self.call.parent().filter(|parent| parent.kind() == Kind::AsPattern)?;
        let item = pattern.parent().filter(|parent| parent.kind() == Kind::WithItem)?;
        let clause = item.parent()?;
        let name = pattern.field(Field::Alias)?.text();
        let is_only = clause.named_children().filter(|part| part.kind() == Kind::WithItem).count() == 1;
        let is_name = name.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
        if self.style != Style::Closing || !is_only || !is_name {
            return None;
        }
        let imported = edits::import_name(self.module, self.tree, "contextlib", "closing")?;
        let call = self.call.range();
        let mut changes = vec![
            Edit::insert(self.module, call.start, format!("{}(", imported.name)),
            Edit::insert(self.module, call.end, ")"),
            Edit::insert(self.module, pattern.range().end, format!(", {name}")),
        ];
        changes.extend(imported.edit);
        Some(Fix {
            id: "with",
            title: format!("Close `{name}` at the end of the block, by `closing(…)`"),
            applicability: Applicability::Unsafe,
            edits: changes,
        })
    }

    /// `f = open(path)`, with uses of `f` in the statements that follow, up to `release` if there is
    /// one.
    fn bound_to_name(&self, release: Option<Node<'t>>) -> Option<Fix> {
        let assignment = self.call.parent().filter(|parent| parent.kind() == Kind::Assignment)?;
        let target = assignment.field(Field::Left).filter(|left| left.kind() == Kind::Identifier)?;
        let statement = assignment.parent().filter(|parent| parent.kind() == Kind::ExpressionStatement)?;
        let is_plain =
            assignment.field(Field::Right) == Some(self.call) && assignment.field(Field::Type).is_none();
        if !is_plain || !edits::is_alone_on_lines(self.tree, statement) {
            return None;
        }
        let mut extent = self.extent(statement, target.text())?;
        let (head, import) = self.head(target.text())?;
        let mut changes = vec![Edit::replace(self.module, statement.range(), head)];
        changes.extend(import);
        if let Some(release) = release {
            let last = extent.pop()?;
            if !self.is_release_of(last, release, target.text()) || !runs_through(&extent) {
                return None;
            }
            let lines = edits::statement_lines(self.tree, last);
            if edits::has_comment(self.tree, lines) {
                return None;
            }
            changes.push(Edit::delete(self.module, lines));
        }
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
        let (title, applicability) = match release {
            Some(_) => (format!("Close `{}` by a `with` statement", target.text()), Applicability::Safe),
            None => (format!("Open `{}` in a `with` statement", target.text()), Applicability::Unsafe),
        };
        Some(Fix { id: "with", title, applicability, edits: changes })
    }

    /// Whether a statement is `name.close()`, the release and nothing else.
    fn is_release_of(&self, statement: Node<'t>, release: Node<'t>, name: &str) -> bool {
        let is_statement =
            statement.kind() == Kind::ExpressionStatement && release.parent() == Some(statement);
        let function = release.field(Field::Function);
        let is_method = function.is_some_and(|function| {
            function.field(Field::Object).is_some_and(|object| object.text() == name)
                && function.field(Field::Attribute).is_some_and(|method| {
                    method.text() == "close" || self.release.len() == 1 && self.release[0] == method.text()
                })
        });
        let no_arguments =
            release.field(Field::Arguments).is_some_and(|args| args.named_children().next().is_none());
        let alone = edits::is_alone_on_lines(self.tree, statement);
        is_statement && is_method && no_arguments && alone && self.style != Style::Async
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
        if self.style != Style::Plain {
            return None;
        }
        let head = format!("with {} as {name}:{eol}{indent}", self.call.text());
        let applicability = match statement.kind() {
            Kind::For => self.in_loop_header(statement)?,
            _ => self.in_simple_statement(statement).map(|()| self.safe_if_known())?,
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
    fn in_simple_statement(&self, statement: Node<'t>) -> Option<()> {
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
        Some(())
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

/// Whether nothing in some statements leaves them but an exception.
fn runs_through(statements: &[Node<'_>]) -> bool {
    statements
        .iter()
        .flat_map(|statement| statement.descendants())
        .all(|node| !matches!(node.kind(), Kind::Return | Kind::Break | Kind::Continue | Kind::Yield))
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
                    | "fetchone"
                    | "fetchall"
                    | "fetchmany"
                    | "recv"
                    | "getsockname"
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
