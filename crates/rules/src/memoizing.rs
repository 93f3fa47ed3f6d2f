//! The fix that takes a hand-made cache away and puts `@lru_cache` on its function.

use leakwright_analysis::ItemId;
use leakwright_analysis::growth::{Growing, HolderKind, Memo};
use leakwright_analysis::ir::{ArgKind, Display, ItemKind, Op, ParamKind, Val, VarId};
use leakwright_analysis::project::{CodeId, Project};
use leakwright_catalogue::ContainerKind;
use leakwright_syntax::{Field, Kind, Node, TextRange, Tree};

use crate::context::Context;
use crate::edits;
use crate::fix::{Applicability, Edit, Fix, Sources};
use crate::mentions;

mod pattern;

use pattern::Pattern;

/// The fix, where the whole pattern is in view and nothing else uses the dict.
pub(crate) fn fix(growing: &Growing, context: &Context<'_>, sources: &dyn Sources) -> Option<Fix> {
    let memo = growing.memo?;
    let project = context.project;
    if !is_private_to(growing, memo) || !is_plain_function(project, memo.function) {
        return None;
    }
    let key = key_of_parameters(project, memo)?;
    let module = memo.function.module;
    let tree = sources.tree(module)?;
    let file = project.file(module);
    let definition = tree.root().covering(file.whole(memo.function.item))?;
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
    if mentions::is_named_outside(project, module, name, &[]) || !is_whole(project, growing) {
        return None;
    }
    let key = match key {
        Key::Parameters => None,
        Key::Variable(var) => Some(project.facts(memo.function).var_name(var)),
    };
    let pattern = Pattern { tree, module, name, key, body: function.field(Field::Body)? };
    let limit = context.settings.cache_maxsize;
    let imported = edits::import_name(module, tree, "functools", "lru_cache")?;
    let indent = edits::indentation(tree.text(), function.range().start);
    let eol = edits::line_break(tree.text());
    let start = function.range().start;
    let mut changes =
        vec![Edit::insert(module, start, format!("@{}(maxsize={limit}){eol}{indent}", imported.name))];
    changes.extend(imported.edit);
    changes.push(Edit::delete(module, removed_lines(tree, dict)?));
    changes.extend(pattern.rewrite()?);
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
            own(site.code)
                && site.code.module == memo.function.module
                && (creation || site.code == memo.function)
        })
}

fn is_plain_function(project: &Project, function: CodeId) -> bool {
    let facts = project.facts(function);
    facts.kind == ItemKind::Function { is_async: false, is_generator: false }
        && facts.decorators.is_empty()
        && project.parent(function).is_some_and(|outer| outer.item == ItemId::MODULE)
        && !facts.params.is_empty()
}

/// Whether all that is done with the dict is known, what tests do included.
fn is_whole(project: &Project, growing: &Growing) -> bool {
    project.sites(growing.holder).iter().all(|site| {
        growing.growth.iter().any(|growth| growth.site == *site)
            || growing.other.iter().any(|(other, _)| other == site)
    })
}

/// What a result is stored under.
enum Key {
    /// The parameters, written out.
    Parameters,
    /// A variable that holds a tuple of them.
    Variable(VarId),
}

/// The key, if it is all parameters, as the caller passed them.
fn key_of_parameters(project: &Project, memo: Memo) -> Option<Key> {
    let facts = project.facts(memo.function);
    let (key, value) = match facts.body.op(memo.key) {
        Op::Load(var) if facts.is_local(var) && !facts.var(var).is_parameter => {
            (Key::Variable(var), facts.only_value(var)?)
        }
        _ => (Key::Parameters, memo.key),
    };
    let parts: Vec<Val> = match facts.body.op(value) {
        Op::Display { kind: Display::Tuple, args } => {
            let args = facts.body.args(args);
            if args.iter().any(|arg| arg.kind != ArgKind::Positional) {
                return None;
            }
            args.iter().map(|arg| arg.value).collect()
        }
        _ => vec![value],
    };
    let is_part = |param: &leakwright_analysis::ir::Param| {
        let is_it = |part: &Val| matches!(facts.body.op(*part), Op::Load(var) if var == param.var);
        let untouched = facts.stores(param.var).is_empty() && !facts.var(param.var).is_deleted;
        untouched && param.kind != ParamKind::Keywords && parts.iter().any(is_it)
    };
    (parts.len() == facts.params.len() && facts.params.iter().all(is_part)).then_some(key)
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
