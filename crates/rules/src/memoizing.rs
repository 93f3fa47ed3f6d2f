//! The fix that takes a hand-made cache away and puts `@lru_cache` on its function.

use leakwright_analysis::ItemId;
use leakwright_analysis::growth::{Growing, HolderKind, Memo};
use leakwright_analysis::ir::{Display, ItemKind, Op, ParamKind, Val};
use leakwright_analysis::project::{CodeId, Project};
use leakwright_catalogue::ContainerKind;
use leakwright_syntax::{Field, Kind, Node, TextRange, Tree};

use crate::context::Context;
use crate::edits;
use crate::fix::{Applicability, Edit, Fix, Sources};

/// The fix, where the whole pattern is in view and nothing else uses the dict.
pub(crate) fn fix(growing: &Growing, context: &Context<'_>, sources: &dyn Sources) -> Option<Fix> {
    let memo = growing.memo?;
    let project = context.project;
    if !is_private_to(growing, memo)
        || !is_plain_function(project, memo.function)
        || !keys_are_parameters(project, memo)
    {
        return None;
    }
    let module = memo.function.module;
    let tree = sources.tree(module)?;
    let file = project.file(module);
    let definition = tree.root().covering(file.item(memo.function.item).range)?;
    let function = std::iter::once(definition)
        .chain(definition.ancestors())
        .find(|node| node.kind() == Kind::Function)?;
    let [created] = growing.created.as_slice() else { return None };
    let dict = edits::exact(tree, file.value_range(created.code.item, created.value))?.statement()?;
    let name = dict
        .named_children()
        .next()?
        .field(Field::Left)
        .filter(|left| left.kind() == Kind::Identifier)?
        .text();
    let pattern = Pattern { tree, name, body: function.field(Field::Body)? };
    let limit = context.settings.cache_maxsize;
    let imported = edits::import_name(module, tree, "functools", "lru_cache")?;
    let indent = edits::indentation(tree.text(), function.range().start);
    let eol = edits::line_break(tree.text());
    let start = function.range().start;
    let mut changes =
        vec![Edit::insert(module, start, format!("@{}(maxsize={limit}){eol}{indent}", imported.name))];
    changes.extend(imported.edit);
    changes.push(Edit::delete(module, removed_lines(tree, dict)?));
    changes.extend(pattern.rewrite(module)?);
    Some(Fix {
        id: "lru-cache",
        title: format!("Use `@lru_cache(maxsize={limit})` in place of `{name}`"),
        applicability: Applicability::Unsafe,
        edits: changes,
    })
}

/// Whether a module dict is used in the caching function and nowhere else.
fn is_private_to(growing: &Growing, memo: Memo) -> bool {
    let own = |code: CodeId| code == memo.function || code.item == ItemId::MODULE;
    growing.holder_kind == HolderKind::Module
        && growing.container == ContainerKind::Dict
        && growing.created.len() == 1
        && growing.growth.len() == 1
        && growing.other.iter().all(|(site, effect)| {
            let creation = *effect == leakwright_analysis::growth::Effect::Create;
            own(site.code) && (creation || site.code == memo.function)
        })
}

fn is_plain_function(project: &Project, function: CodeId) -> bool {
    let facts = project.facts(function);
    facts.kind == ItemKind::Function { is_async: false, is_generator: false }
        && facts.decorators.is_empty()
        && project.parent(function).is_some_and(|outer| outer.item == ItemId::MODULE)
        && !facts.params.is_empty()
}

/// Whether the key is all parameters, in their order, as the caller passed them.
fn keys_are_parameters(project: &Project, memo: Memo) -> bool {
    let facts = project.facts(memo.function);
    let keys: Vec<Val> = match facts.body.op(memo.key) {
        Op::Display { kind: Display::Tuple, args } => {
            facts.body.args(args).iter().map(|arg| arg.value).collect()
        }
        _ => vec![memo.key],
    };
    let is_param = |(key, param): (&Val, &leakwright_analysis::ir::Param)| {
        let untouched = facts.var(param.var).stores.is_empty();
        let positional = param.kind == ParamKind::Positional;
        positional && untouched && matches!(facts.body.op(*key), Op::Load(var) if var == param.var)
    };
    keys.len() == facts.params.len() && keys.iter().zip(&facts.params).all(is_param)
}

/// The lines of a statement, with the blank lines on one side of it: the smaller gap goes with it, the
/// larger one stays.
fn removed_lines(tree: &Tree, statement: Node<'_>) -> Option<TextRange> {
    if !edits::is_alone_on_lines(tree, statement) {
        return None;
    }
    let text = tree.text();
    let lines = edits::statement_lines(tree, statement);
    if edits::has_comment(tree, lines) {
        return None;
    }
    let is_blank = |line: &&str| line.trim().is_empty();
    let before: Vec<&str> =
        text[..lines.start as usize].split_inclusive('\n').rev().take_while(is_blank).collect();
    let after: Vec<&str> = text[lines.end as usize..].split_inclusive('\n').take_while(is_blank).collect();
    let width = |gap: &[&str]| gap.iter().map(|line| line.len() as u32).sum::<u32>();
    if lines.start == 0 {
        // The import that takes its place brings one blank line along.
        return Some(TextRange::new(0, lines.end + width(after.get(1..).unwrap_or_default())));
    }
    Some(if before.len() <= after.len() {
        TextRange::new(lines.start - width(&before), lines.end)
    } else {
        TextRange::new(lines.start, lines.end + width(&after))
    })
}

/// The body of a function that keeps its results in a dict.
struct Pattern<'t> {
    tree: &'t Tree,
    /// The dict.
    name: &'t str,
    body: Node<'t>,
}

impl<'t> Pattern<'t> {
    /// Edits that leave of the body only the computation; `None` for a shape that is not known.
    fn rewrite(&self, module: leakwright_analysis::project::ModuleId) -> Option<Vec<Edit>> {
        let is_statement = |node: &Node<'_>| node.kind() != Kind::Comment;
        let statements: Vec<Node<'t>> = self.body.named_children().filter(is_statement).collect();
        let first = statements.iter().position(|statement| self.mentions(*statement))?;
        let pattern = &statements[first..];
        let changes = self
            .store_if_missing(module, pattern)
            .or_else(|| self.get_or_store(module, pattern))
            .or_else(|| self.return_if_known(module, pattern))?;
        let inside = |node: Node<'_>| changes.iter().any(|edit| edit.range.contains_range(node.range()));
        let all_gone = self.body.descendants().filter(|node| self.is_dict(*node)).all(inside);
        let comments = changes.iter().any(|edit| edits::has_comment(self.tree, edit.range));
        (all_gone && !comments).then_some(changes)
    }

    fn is_dict(&self, node: Node<'_>) -> bool {
        node.kind() == Kind::Identifier && node.text() == self.name
    }

    fn mentions(&self, node: Node<'t>) -> bool {
        node.descendants().any(|inner| self.is_dict(inner))
    }

    /// `if key not in cache: cache[key] = compute(key)`, then `return cache[key]`.
    fn store_if_missing(
        &self,
        module: leakwright_analysis::project::ModuleId,
        pattern: &[Node<'t>],
    ) -> Option<Vec<Edit>> {
        let [test, result] = pattern else { return None };
        self.is_membership(test.field(Field::Condition)?, Kind::NotIn)?;
        let branch = only_branch(*test)?;
        let [store] = branch.as_slice() else { return None };
        let value = self.stored_value(*store)?.range();
        self.is_return_of_entry(*result)?;
        // A comment behind the store stays, as it is said of the computation.
        let line_end = edits::line_end(self.tree.text(), value.end);
        Some(vec![
            Edit::replace(module, TextRange::new(test.range().start, value.start), "return ".to_owned()),
            Edit::delete(module, TextRange::new(line_end, result.range().end)),
        ])
    }

    /// `value = cache.get(key)`, `if value is None: value = …; cache[key] = value`, `return value`.
    fn get_or_store(
        &self,
        module: leakwright_analysis::project::ModuleId,
        pattern: &[Node<'t>],
    ) -> Option<Vec<Edit>> {
        let [lookup, test, result] = pattern else { return None };
        let assignment = lookup.named_children().next().filter(|node| node.kind() == Kind::Assignment)?;
        let target = assignment.field(Field::Left).filter(|left| left.kind() == Kind::Identifier)?;
        let call = assignment.field(Field::Right).filter(|right| right.kind() == Kind::Call)?;
        let is_get = call.field(Field::Function)?.text() == format!("{}.get", self.name);
        let is_single = call.field(Field::Arguments)?.named_children().count() == 1;
        let is_none = test.field(Field::Condition)?.text() == format!("{} is None", target.text());
        let branch = only_branch(*test)?;
        let [compute, store] = branch.as_slice() else { return None };
        let computed = compute.named_children().next().filter(|node| node.kind() == Kind::Assignment)?;
        let same_target = computed.field(Field::Left)?.text() == target.text();
        let stored = self.stored_value(*store)?;
        let returned = result.named_children().next()?;
        let consistent = is_get
            && is_single
            && is_none
            && same_target
            && stored.text() == target.text()
            && result.kind() == Kind::Return
            && returned.text() == target.text();
        let value = computed.field(Field::Right)?;
        consistent.then(|| {
            vec![Edit::replace(
                module,
                TextRange::new(lookup.range().start, result.range().end),
                format!("return {}", value.text()),
            )]
        })
    }

    /// `if key in cache: return cache[key]`, or the same with `try`; then the computation, with
    /// `cache[key] = …` on its way.
    fn return_if_known(
        &self,
        module: leakwright_analysis::project::ModuleId,
        pattern: &[Node<'t>],
    ) -> Option<Vec<Edit>> {
        let (known, rest) = pattern.split_first()?;
        match known.kind() {
            Kind::If => {
                self.is_membership(known.field(Field::Condition)?, Kind::In)?;
                let branch = only_branch(*known)?;
                let [found] = branch.as_slice() else { return None };
                self.is_return_of_entry(*found)?;
            }
            Kind::Try => self.is_lookup_in_try(*known)?,
            _ => return None,
        }
        let mut changes = vec![Edit::delete(module, edits::statement_lines(self.tree, *known))];
        let mut stored = None;
        for (index, statement) in rest.iter().enumerate() {
            if !self.mentions(*statement) {
                continue;
            }
            if let Some(value) = self.stored_value(*statement) {
                if stored.is_some() || index + 1 >= rest.len() {
                    return None;
                }
                stored = Some((*statement, value));
            } else if index + 1 == rest.len() && self.is_return_of_entry(*statement).is_some() {
                let (store, value) = stored.take()?;
                let between = TextRange::new(store.range().start, statement.range().end);
                changes.push(Edit::replace(module, between, format!("return {}", value.text())));
                return (rest.get(index - 1) == Some(&store)).then_some(changes);
            } else {
                return None;
            }
        }
        let (store, value) = stored?;
        // `cache[key] = result` goes; a value computed on the spot would be lost with it.
        let is_name = value.kind() == Kind::Identifier && edits::is_alone_on_lines(self.tree, store);
        is_name.then(|| {
            changes.push(Edit::delete(module, edits::statement_lines(self.tree, store)));
            changes
        })
    }

    /// `try: return cache[key]` with `except KeyError: pass`.
    fn is_lookup_in_try(&self, node: Node<'t>) -> Option<()> {
        let body: Vec<Node<'t>> = node.field(Field::Body)?.named_children().collect();
        let [found] = body.as_slice() else { return None };
        self.is_return_of_entry(*found)?;
        let clauses: Vec<Node<'t>> = node.named_children().skip(1).collect();
        let [handler] = clauses.as_slice() else { return None };
        let caught = handler.field(Field::Value)?.text();
        let passes = handler.child(Kind::Block)?.named_children().all(|inner| inner.kind() == Kind::Pass);
        (handler.kind() == Kind::Except && caught == "KeyError" && passes).then_some(())
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

    /// The value of `cache[key] = value`.
    fn stored_value(&self, statement: Node<'t>) -> Option<Node<'t>> {
        let assignment = statement.named_children().next().filter(|node| node.kind() == Kind::Assignment)?;
        let left = assignment.field(Field::Left).filter(|left| left.kind() == Kind::Subscript)?;
        let value = assignment.field(Field::Right)?;
        let plain = self.is_dict(left.field(Field::Value)?)
            && value.kind() != Kind::Assignment
            && !self.mentions(value);
        plain.then_some(value)
    }

    /// `return cache[key]`
    fn is_return_of_entry(&self, statement: Node<'t>) -> Option<()> {
        let returned = statement.named_children().next().filter(|node| node.kind() == Kind::Subscript)?;
        (statement.kind() == Kind::Return && self.is_dict(returned.field(Field::Value)?)).then_some(())
    }
}

/// The statements of an `if` without `elif` and `else`, and without its comments.
fn only_branch(node: Node<'_>) -> Option<Vec<Node<'_>>> {
    let is_simple = node.kind() == Kind::If && node.field(Field::Alternative).is_none();
    let branch = node.field(Field::Consequence).filter(|_| is_simple)?;
    Some(branch.named_children().filter(|node| node.kind() != Kind::Comment).collect())
}
