//! The body of a function that keeps its results in a dict, and what is left of it without the dict.
//!
//! Known are the shapes that people write: a test and a return before the computation, a test around it, a
//! lookup with a handler for the missing key, `get` and a test for `None`, `setdefault`. Whatever else the
//! function does with the dict, or does each time it is called, keeps it as it is.

use leakwright_analysis::project::ModuleId;
use leakwright_syntax::{Field, Kind, Node, TextRange, Tree};

use crate::edits;
use crate::fix::Edit;

/// The body of a function that keeps its results in a dict.
pub(super) struct Pattern<'t> {
    pub(super) tree: &'t Tree,
    pub(super) module: ModuleId,
    /// The dict.
    pub(super) name: &'t str,
    /// The variable that holds the key, if there is one.
    pub(super) key: Option<&'t str>,
    pub(super) body: Node<'t>,
}

/// What follows a block of statements.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    /// The end of the function: the block returns.
    End,
    /// `return cache[key]`, which is taken away: the last store becomes the return.
    ReturnEntry,
    /// `return value`, which stays.
    ReturnValue,
}

impl<'t> Pattern<'t> {
    /// Edits that leave of the body only the computation; `None` for a shape that is not known.
    pub(super) fn rewrite(&self) -> Option<Vec<Edit>> {
        let statements: Vec<Node<'t>> = self.body.named_children().collect();
        let (mut changes, first) = self.head(&statements)?;
        let pattern = &statements[first..];
        changes.extend(
            self.collapsed(pattern)
                .or_else(|| self.store_if_missing(pattern))
                .or_else(|| self.get_or_store(pattern))
                .or_else(|| self.handled(pattern))
                .or_else(|| self.return_if_known(pattern))?,
        );
        let inside = |node: Node<'_>| changes.iter().any(|edit| edit.range.contains_range(node.range()));
        let gone = |node: &Node<'_>| self.is_dict(*node) || self.is_key(*node);
        let all_gone = self.body.descendants().filter(gone).all(inside);
        let comments = changes.iter().any(|edit| edits::has_comment(self.tree, edit.range));
        (all_gone && !comments).then_some(changes)
    }

    /// What stands before the pattern: the docstring, `global`, the key, and guards that decide by a
    /// comparison with a constant. Anything else is done in each call, and would no longer be.
    fn head(&self, statements: &[Node<'t>]) -> Option<(Vec<Edit>, usize)> {
        let mut changes = Vec::new();
        for (index, statement) in statements.iter().enumerate() {
            let inner = statement.named_children().next();
            let is_docstring = index == 0
                && statement.kind() == Kind::ExpressionStatement
                && inner.is_some_and(|inner| inner.kind() == Kind::String);
            let is_global = statement.kind() == Kind::Global;
            if is_docstring || is_constant_guard(*statement) {
                continue;
            }
            if (is_global && self.mentions(*statement)) || self.is_key_assignment(*statement) {
                let is_only = !is_global || statement.named_children().count() == 1;
                if !is_only || !edits::is_alone_on_lines(self.tree, *statement) {
                    return None;
                }
                changes.push(self.delete_lines(*statement));
                continue;
            }
            return self.mentions(*statement).then_some((changes, index));
        }
        None
    }

    fn is_key_assignment(&self, statement: Node<'t>) -> bool {
        let assignment = statement.named_children().next().filter(|node| node.kind() == Kind::Assignment);
        let left = assignment.and_then(|assignment| assignment.field(Field::Left));
        left.is_some_and(|left| self.is_key(left))
    }

    fn delete_lines(&self, statement: Node<'t>) -> Edit {
        Edit::delete(self.module, edits::statement_lines(self.tree, statement))
    }

    fn is_dict(&self, node: Node<'_>) -> bool {
        node.kind() == Kind::Identifier && node.text() == self.name
    }

    fn is_key(&self, node: Node<'_>) -> bool {
        node.kind() == Kind::Identifier && self.key == Some(node.text())
    }

    fn mentions(&self, node: Node<'t>) -> bool {
        node.descendants().any(|inner| self.is_dict(inner))
    }

    /// `if key not in cache: … cache[key] = compute(key)`, then `return cache[key]`.
    fn store_if_missing(&self, pattern: &[Node<'t>]) -> Option<Vec<Edit>> {
        let [test, result] = pattern else { return None };
        self.is_membership(test.field(Field::Condition)?, Kind::NotIn)?;
        self.is_return_of_entry(*result)?;
        let branch = only_branch(*test)?;
        let last = branch.last()?;
        // A comment behind the store stays, as it is said of the computation.
        let line_end = edits::line_end(self.tree.text(), last.range().end);
        let mut changes = self.unwrapped(*test, &branch, Then::ReturnEntry)?;
        changes.push(Edit::delete(self.module, TextRange::new(line_end, result.range().end)));
        Some(changes)
    }

    /// `value = cache.get(key)`, `if value is None: value = …; cache[key] = value`, `return value`, or the
    /// same with `:=`.
    fn get_or_store(&self, pattern: &[Node<'t>]) -> Option<Vec<Edit>> {
        let (lookup, test, result) = match pattern {
            [lookup, test, result] => (Some(*lookup), *test, *result),
            [test, result] => (None, *test, *result),
            _ => return None,
        };
        let value = self.looked_up(lookup, test, Kind::Is)?;
        if !is_return_of(result, value) {
            return None;
        }
        let branch = only_branch(test)?;
        let mut changes: Vec<Edit> = lookup.map(|lookup| self.delete_lines(lookup)).into_iter().collect();
        changes.extend(self.unwrapped(test, &branch, Then::ReturnValue)?);
        Some(changes)
    }

    /// The shapes with a value in a variable, where that is computed by one expression: `return` it.
    fn collapsed(&self, pattern: &[Node<'t>]) -> Option<Vec<Edit>> {
        let (lookup, test, result) = match pattern {
            [lookup, test, result] => (Some(*lookup), *test, *result),
            [test, result] => (None, *test, *result),
            _ => return None,
        };
        let value = self.looked_up(lookup, test, Kind::Is)?;
        let branch = only_branch(test)?;
        let computed = match branch.as_slice() {
            [compute, store] => {
                let (targets, computed) = assigned(*compute)?;
                let (stores, stored) = assigned(*store)?;
                let is_plain = targets.len() == 1
                    && targets[0].text() == value
                    && stores.len() == 1
                    && self.is_entry(stores[0])
                    && stored.text() == value;
                is_plain.then_some(computed)?
            }
            [both] => {
                let (targets, computed) = assigned(*both)?;
                let is_plain = targets.len() == 2
                    && targets.iter().any(|target| target.text() == value)
                    && targets.iter().any(|target| self.is_entry(*target));
                is_plain.then_some(computed)?
            }
            _ => return None,
        };
        let range = TextRange::new(pattern.first()?.range().start, result.range().end);
        let is_clean =
            is_return_of(result, value) && !self.mentions(computed) && !edits::has_comment(self.tree, range);
        is_clean.then(|| vec![Edit::replace(self.module, range, format!("return {}", computed.text()))])
    }

    /// `try: return cache[key]` with a handler that computes; or `try: value = cache[key]`, with `return
    /// value` after it.
    fn handled(&self, pattern: &[Node<'t>]) -> Option<Vec<Edit>> {
        let (statement, after) = pattern.split_first()?;
        if statement.kind() != Kind::Try {
            return None;
        }
        let (body, handler) = lookup_and_handler(*statement)?;
        let branch: Vec<Node<'t>> = handler.named_children().collect();
        let then = match after {
            [] => {
                self.is_return_of_entry(body)?;
                Then::End
            }
            [result] => {
                let (targets, looked_up) = assigned(body)?;
                let is_lookup = targets.len() == 1 && self.is_entry(looked_up);
                if !is_lookup || !is_return_of(*result, targets[0].text()) {
                    return None;
                }
                Then::ReturnValue
            }
            _ => return None,
        };
        self.unwrapped(*statement, &branch, then)
    }

    /// A return of what is known, then the computation with `cache[key] = …` on its way.
    fn return_if_known(&self, pattern: &[Node<'t>]) -> Option<Vec<Edit>> {
        let (known, rest) = pattern.split_first()?;
        if let Some(alternative) = self.else_of_known(*known)
            && rest.is_empty()
        {
            return self.unwrapped(*known, &alternative, Then::End);
        }
        let (gone, rest) = match known.kind() {
            Kind::If | Kind::Try | Kind::With if self.returns_known(*known).is_some() => (vec![*known], rest),
            Kind::ExpressionStatement if !rest.is_empty() => {
                let (test, rest) = rest.split_first()?;
                let value = self.looked_up(Some(*known), *test, Kind::IsNot)?;
                let branch = only_branch(*test)?;
                let [found] = branch.as_slice() else { return None };
                is_return_of(*found, value).then_some((vec![*known, *test], rest))?
            }
            _ if self.mentions(*known) => (Vec::new(), pattern),
            _ => return None,
        };
        let mut changes: Vec<Edit> = gone.into_iter().map(|statement| self.delete_lines(statement)).collect();
        changes.extend(self.stripped(rest, Then::End)?);
        Some(changes)
    }

    /// `if key in cache: return cache[key]`, the same with `try` or `suppress`, or with `:=`.
    fn returns_known(&self, known: Node<'t>) -> Option<()> {
        match known.kind() {
            Kind::If => {
                let branch = only_branch(known)?;
                let [found] = branch.as_slice() else { return None };
                if let Some(value) = self.looked_up(None, known, Kind::IsNot) {
                    return is_return_of(*found, value).then_some(());
                }
                self.is_membership(known.field(Field::Condition)?, Kind::In)?;
                self.is_return_of_entry(*found)
            }
            Kind::Try => {
                let (body, handler) = lookup_and_handler(known)?;
                let passes = handler.named_children().all(|inner| inner.kind() == Kind::Pass);
                passes.then(|| self.is_return_of_entry(body)).flatten()
            }
            Kind::With => {
                let body: Vec<Node<'t>> = known.field(Field::Body)?.named_children().collect();
                let [found] = body.as_slice() else { return None };
                let suppresses = known.child(Kind::WithClause)?.text().ends_with("suppress(KeyError)");
                suppresses.then(|| self.is_return_of_entry(*found)).flatten()
            }
            _ => None,
        }
    }

    /// The `else` of `if key in cache: return cache[key]`.
    fn else_of_known(&self, known: Node<'t>) -> Option<Vec<Node<'t>>> {
        let alternative = known.field(Field::Alternative).filter(|found| found.kind() == Kind::Else)?;
        self.is_membership(known.field(Field::Condition)?, Kind::In)?;
        let branch: Vec<Node<'t>> = known.field(Field::Consequence)?.named_children().collect();
        let [found] = branch.as_slice() else { return None };
        self.is_return_of_entry(*found)?;
        Some(alternative.child(Kind::Block)?.named_children().collect())
    }

    /// Edits that put the statements of a block in the place of the statement around it.
    fn unwrapped(&self, around: Node<'t>, branch: &[Node<'t>], then: Then) -> Option<Vec<Edit>> {
        let (first, last) = (branch.first()?, branch.last()?);
        let text = self.tree.text();
        let mut changes = self.stripped(branch, then)?;
        let start = around.range().start;
        let inner = with_comments_before(text, edits::line_start(text, first.range().start));
        if inner <= start {
            // `if key not in cache: cache[key] = …` on one line.
            let store = changes.first().filter(|_| branch.len() == 1 && changes.len() == 1)?;
            let range = TextRange::new(start, store.range.end);
            return Some(vec![Edit::replace(self.module, range, store.text.clone())]);
        }
        let gone: Vec<TextRange> = changes
            .iter()
            .map(|edit| edit.range)
            .filter(|range| *range == TextRange::new(edits::line_start(text, range.start), range.end))
            .collect();
        let lines = TextRange::new(inner, last.range().end);
        let indents = (edits::indentation(text, start), edits::indentation(text, first.range().start));
        changes.extend(edits::dedent_lines(self.module, self.tree, lines, indents, &gone)?);
        changes.push(Edit::delete(self.module, TextRange::new(edits::line_start(text, start), inner)));
        Some(changes)
    }

    /// Edits that take the stores out of a computation. It has one way out, at its end: a result that is
    /// returned without being stored is one that must not be kept.
    fn stripped(&self, statements: &[Node<'t>], then: Then) -> Option<Vec<Edit>> {
        let (last, before) = statements.split_last()?;
        let returns = |node: &Node<'t>| {
            let is_own = |found: &Node<'t>| {
                let mut around =
                    found.ancestors().take_while(|outer| outer.range().start >= node.range().start);
                !around.any(|outer| outer.kind() == Kind::Function)
            };
            node.descendants().any(|inner| inner.kind() == Kind::Return && is_own(&inner))
        };
        let ends = (then == Then::End) == (last.kind() == Kind::Return);
        if !ends || before.iter().any(returns) {
            return None;
        }
        let mut changes = Vec::new();
        let mut is_stored = false;
        let mut index = 0;
        while let Some(statement) = statements.get(index) {
            index += 1;
            if !self.mentions(*statement) {
                continue;
            }
            if statement.kind() == Kind::Return {
                changes.extend(self.unstored(*statement)?);
                is_stored = true;
                continue;
            }
            let (targets, value) = assigned(*statement)?;
            let entry = targets.iter().position(|target| self.is_entry(*target))?;
            let is_clean = !self.mentions(value)
                && targets
                    .iter()
                    .enumerate()
                    .all(|(other, target)| other == entry || !self.mentions(*target));
            if !is_clean || std::mem::replace(&mut is_stored, true) {
                return None;
            }
            let from = targets[entry].range().start;
            let next = statements.get(index).copied();
            if targets.len() > 1 {
                // `value = cache[key] = …`
                let until = targets.get(entry + 1).map_or(value, |next| *next).range().start;
                changes.push(Edit::delete(self.module, TextRange::new(from, until)));
            } else if next.is_some_and(|next| self.is_return_of_entry(next).is_some()) && then == Then::End {
                let line_end = edits::line_end(self.tree.text(), value.range().end);
                let start = TextRange::new(statement.range().start, value.range().start);
                changes.push(Edit::replace(self.module, start, "return "));
                changes.push(Edit::delete(self.module, TextRange::new(line_end, next?.range().end)));
                index += 1;
            } else if next.is_none() && then == Then::ReturnEntry {
                let start = TextRange::new(statement.range().start, value.range().start);
                changes.push(Edit::replace(self.module, start, "return "));
            } else {
                // A value computed on the spot would be lost with the store.
                let is_name = value.kind() == Kind::Identifier && statements.len() > 1;
                if !is_name || !edits::is_alone_on_lines(self.tree, *statement) || then == Then::ReturnEntry {
                    return None;
                }
                changes.push(self.delete_lines(*statement));
            }
        }
        is_stored.then_some(changes)
    }

    /// `return cache.setdefault(key, value)`: `return value`.
    fn unstored(&self, statement: Node<'t>) -> Option<Vec<Edit>> {
        let returned = statement.named_children().next().filter(|node| node.kind() == Kind::Call)?;
        if returned.field(Field::Function)?.text() != format!("{}.setdefault", self.name) {
            return None;
        }
        let arguments: Vec<Node<'t>> = returned.field(Field::Arguments)?.named_children().collect();
        let [_, value] = arguments.as_slice() else { return None };
        if value.kind() == Kind::KeywordArgument || self.mentions(*value) {
            return None;
        }
        let (whole, kept) = (returned.range(), value.range());
        Some(vec![
            Edit::delete(self.module, TextRange::new(whole.start, kept.start)),
            Edit::delete(self.module, TextRange::new(kept.end, whole.end)),
        ])
    }

    /// The variable that holds `cache.get(key)`, tested for `None`: assigned before the test, or in it.
    fn looked_up(&self, lookup: Option<Node<'t>>, test: Node<'t>, operator: Kind) -> Option<&'t str> {
        let condition = test.field(Field::Condition).map(bare).filter(|_| test.kind() == Kind::If)?;
        let operands: Vec<Node<'t>> = condition.named_children().collect();
        let [tested, nothing] = operands.as_slice() else { return None };
        if condition.kind() != Kind::ComparisonOperator || condition.child(operator).is_none() {
            return None;
        }
        let (target, call) = match lookup {
            Some(lookup) => {
                let (targets, call) = assigned(lookup)?;
                let [target] = targets.as_slice() else { return None };
                (target.text() == tested.text()).then_some((*target, call))?
            }
            None => {
                let named = Some(bare(*tested)).filter(|node| node.kind() == Kind::NamedExpression)?;
                (named.field(Field::Name)?, named.field(Field::Value)?)
            }
        };
        let is_get =
            call.kind() == Kind::Call && call.field(Field::Function)?.text() == format!("{}.get", self.name);
        let arguments: Vec<Node<'t>> = call.field(Field::Arguments)?.named_children().collect();
        // What `get` gives for a missing key is what the test asks for.
        let asks = match arguments.as_slice() {
            [_] => nothing.kind() == Kind::None,
            [_, missing] => missing.text() == nothing.text(),
            _ => false,
        };
        (is_get && asks && target.kind() == Kind::Identifier).then(|| target.text())
    }

    /// `key in cache`, or `key not in cache`.
    fn is_membership(&self, condition: Node<'t>, operator: Kind) -> Option<()> {
        let operands: Vec<Node<'t>> = condition.named_children().collect();
        let is_right = condition.kind() == Kind::ComparisonOperator
            && condition.child(operator).is_some()
            && operands.len() == 2
            && self.is_dict(*operands.last()?);
        is_right.then_some(())
    }

    /// `cache[key]`
    fn is_entry(&self, node: Node<'t>) -> bool {
        node.kind() == Kind::Subscript && node.field(Field::Value).is_some_and(|value| self.is_dict(value))
    }

    /// `return cache[key]`
    fn is_return_of_entry(&self, statement: Node<'t>) -> Option<()> {
        let returned = statement.named_children().next()?;
        (statement.kind() == Kind::Return && self.is_entry(returned)).then_some(())
    }
}

/// The start of the lines of comments, and blank lines, that stand right before a line.
fn with_comments_before(text: &str, mut line: u32) -> u32 {
    while line > 0 {
        let end = text[..line as usize].strip_suffix('\n').unwrap_or_default();
        let before = end.rfind('\n').map_or(0, |at| at as u32 + 1);
        let content = text[before as usize..line as usize].trim();
        if !content.is_empty() && !content.starts_with('#') {
            break;
        }
        line = before;
    }
    line
}

/// `return value`
fn is_return_of(statement: Node<'_>, value: &str) -> bool {
    let returned = statement.named_children().next();
    statement.kind() == Kind::Return && returned.is_some_and(|returned| returned.text() == value)
}

/// A node without the parentheses around it.
fn bare(node: Node<'_>) -> Node<'_> {
    let inner = node.named_children().next().filter(|_| node.kind() == Kind::Parenthesized);
    inner.map_or(node, bare)
}

/// The targets and the value of an assignment, `a = b = value` included; none with an annotation only.
fn assigned(statement: Node<'_>) -> Option<(Vec<Node<'_>>, Node<'_>)> {
    let mut current = statement.named_children().next().filter(|node| node.kind() == Kind::Assignment)?;
    let mut targets = Vec::new();
    loop {
        targets.push(current.field(Field::Left)?);
        let right = current.field(Field::Right)?;
        if right.kind() != Kind::Assignment {
            return Some((targets, right));
        }
        current = right;
    }
}

/// The statement that is tried and the block of its only handler, for `KeyError`.
fn lookup_and_handler(node: Node<'_>) -> Option<(Node<'_>, Node<'_>)> {
    let body: Vec<Node<'_>> = node.field(Field::Body)?.named_children().collect();
    let [tried] = body.as_slice() else { return None };
    let clauses: Vec<Node<'_>> = node.named_children().skip(1).collect();
    let [handler] = clauses.as_slice() else { return None };
    let is_missing_key = handler.kind() == Kind::Except && handler.field(Field::Value)?.text() == "KeyError";
    is_missing_key.then_some((*tried, handler.child(Kind::Block)?))
}

/// `if number is None: return …`, decided by a comparison with a constant: it holds for no argument that
/// could not be a key.
fn is_constant_guard(node: Node<'_>) -> bool {
    let Some(branch) = only_branch(node) else { return false };
    let Some(condition) = node.field(Field::Condition) else { return false };
    let is_constant = |node: &Node<'_>| {
        matches!(
            node.kind(),
            Kind::None | Kind::Integer | Kind::Float | Kind::String | Kind::True | Kind::False
        )
    };
    let operands: Vec<Node<'_>> = condition.named_children().collect();
    let has = |operators: &[Kind]| operators.iter().any(|operator| condition.child(*operator).is_some());
    // What cannot be a key cannot be less than a number either.
    let is_number = |node: &Node<'_>| matches!(node.kind(), Kind::Integer | Kind::Float);
    let is_decided = operands.last().is_some_and(|right| {
        (is_constant(right) && has(&[Kind::Is, Kind::Eq]))
            || (is_number(right) && has(&[Kind::Less, Kind::LessEq, Kind::Greater, Kind::GreaterEq]))
    });
    let compares = condition.kind() == Kind::ComparisonOperator
        && operands.len() == 2
        && is_decided
        && operands.first().is_some_and(|left| left.kind() == Kind::Identifier);
    let leaves = match branch.as_slice() {
        [only] => match only.kind() {
            Kind::Raise => true,
            Kind::Return => {
                only.named_children().all(|value| is_constant(&value) || value.kind() == Kind::Identifier)
            }
            _ => false,
        },
        _ => false,
    };
    compares && leaves
}

/// The statements of an `if` without `elif` and `else`, and without its comments.
fn only_branch(node: Node<'_>) -> Option<Vec<Node<'_>>> {
    let is_simple = node.kind() == Kind::If && node.field(Field::Alternative).is_none();
    let branch = node.field(Field::Consequence).filter(|_| is_simple)?;
    Some(branch.named_children().collect())
}
