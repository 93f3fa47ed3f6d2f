//! Fixes that give a list a limit: a deque with a maximal length, or trimming after it grows.

use leakwright_analysis::growth::{self, Effect, Growing, GrowthForm};
use leakwright_analysis::ir::{BinaryOp, CompareOp, Const, LoopKind, Op, Step, UseKind, Val};
use leakwright_analysis::project::{CodeId, Holder, Project, Site, ValueId};
use leakwright_catalogue::ContainerKind;
use leakwright_syntax::{Field, Kind, Node};

use crate::context::Context;
use crate::edits;
use crate::fix::{Applicability, Edit, Fix, Sources};
use crate::mentions;

/// The fixes for a growing container, best first.
pub(crate) fn fixes(growing: &Growing, context: &Context<'_>, sources: &dyn Sources) -> Vec<Fix> {
    let limit = context.settings.deque_maxlen;
    if growing.container != ContainerKind::List {
        return vec![Fix::display(
            "bound",
            format!("Remove entries of the {} that are done with", growing.container.word()),
        )];
    }
    let mut fixes = Vec::new();
    fixes.extend(deque(growing, context, sources, limit));
    fixes.extend(trim(growing, context, sources, limit));
    if fixes.is_empty() {
        fixes.push(Fix::display(
            "bound",
            format!("Keep the last {limit} elements, or remove what is done with"),
        ));
    }
    fixes
}

/// `deque(maxlen=…)` in the place of the list, where every use in the project is one a deque allows.
fn deque(growing: &Growing, context: &Context<'_>, sources: &dyn Sources, limit: u32) -> Option<Fix> {
    let project = context.project;
    let sites = growing.growth.iter().map(|growth| growth.site);
    let grows =
        growing.growth.iter().all(|growth| matches!(growth.form, GrowthForm::AddOne | GrowthForm::AddMany));
    let allowed = grows
        && sites.clone().all(|site| allows_growth(project, site))
        && growing.other.iter().all(|(site, effect)| allows(project, *site, *effect))
        && !grows_while_iterated(project, growing)
        && others_allow(project, growing);
    if !allowed {
        return None;
    }
    let mut edits = Vec::new();
    for created in &growing.created {
        edits.extend(create_deque(project, *created, sources, limit)?);
    }
    edits.extend(declarations(project, growing, sources)?);
    Some(Fix {
        id: "deque",
        title: format!("Use `deque(maxlen={limit})`"),
        applicability: Applicability::Unsafe,
        edits,
    })
}

/// Whether a deque can grow as a site does: `insert` raises when it is full.
fn allows_growth(project: &Project, site: Site) -> bool {
    let facts = project.facts(site.code);
    match site.find(project).kind {
        UseKind::Call(name) => matches!(facts.str(name), "append" | "extend"),
        UseKind::Augment(BinaryOp::Add) => true,
        UseKind::Invoke => {
            matches!(site.rest(project).as_slice(), [Step::Attr(name)] if facts.str(*name) == "append")
        }
        _ => false,
    }
}

/// Whether a deque can be used as a site uses the list.
fn allows(project: &Project, site: Site, effect: Effect) -> bool {
    let facts = project.facts(site.code);
    let used = site.find(project);
    match effect {
        Effect::Create => return true,
        Effect::Read => {}
        _ => return false,
    }
    if !site.rest(project).is_empty() {
        return matches!(site.rest(project)[0], Step::Element | Step::Iterated);
    }
    match used.kind {
        UseKind::Iterate => true,
        UseKind::Call(name) => matches!(facts.str(name), "count" | "index" | "append" | "extend"),
        UseKind::ReadElement => match facts.body.op(used.at) {
            Op::Index { key, .. } => matches!(facts.body.op(key), Op::Const(Const::Int(_))),
            _ => false,
        },
        UseKind::Test => match facts.body.op(used.at) {
            Op::Compare { op, .. } => {
                matches!(op, CompareOp::In | CompareOp::NotIn | CompareOp::Is | CompareOp::IsNot)
            }
            _ => true,
        },
        UseKind::Argument => reads_any_iterable(project, site.code, used.at),
        _ => false,
    }
}

/// Whether what tests do with the list, and what is done with attributes of its name on objects of unknown
/// class, goes with a deque.
fn others_allow(project: &Project, growing: &Growing) -> bool {
    let is_judged = |site: &Site| {
        growing.growth.iter().any(|growth| growth.site == *site)
            || growing.other.iter().any(|(other, _)| other == site)
    };
    let is_attribute = matches!(growing.holder, Holder::Attribute { .. });
    mentions::all_sites(project, growing.holder)
        .into_iter()
        .filter(|site| !is_judged(site))
        .all(|site| allows_unjudged(project, site))
        && !(is_attribute && mentions::is_reached_by_string(project, growing.holder))
}

fn allows_unjudged(project: &Project, site: Site) -> bool {
    let facts = project.facts(site.code);
    let used = site.find(project);
    match (used.kind, site.rest(project).as_slice()) {
        (_, [Step::Attr(name), ..]) => !matches!(facts.str(*name), "sort" | "insert"),
        (_, [_, ..]) => true,
        // Methods that no list has are called on something else.
        (UseKind::Call(name), []) => match facts.str(name) {
            "sort" | "insert" | "copy" | "__add__" => false,
            "pop" => matches!(facts.body.op(used.at), Op::Call { args, .. } if args.is_empty()),
            _ => true,
        },
        (UseKind::ReadElement | UseKind::DeleteElement, []) => match facts.body.op(used.at) {
            Op::Index { key, .. } | Op::DeleteIndex { key, .. } => {
                !matches!(facts.body.op(key), Op::Slice(_))
            }
            _ => false,
        },
        (UseKind::Test, []) => match facts.body.op(used.at) {
            Op::Compare { op, .. } => {
                matches!(op, CompareOp::In | CompareOp::NotIn | CompareOp::Is | CompareOp::IsNot)
            }
            _ => true,
        },
        (UseKind::Argument, []) => reads_any_iterable(project, site.code, used.at),
        (UseKind::Iterate | UseKind::Bind(_) | UseKind::Unbind, []) => true,
        _ => false,
    }
}

/// Edits that change what a class body declares the attribute to be, where it does not make it.
fn declarations(project: &Project, growing: &Growing, sources: &dyn Sources) -> Option<Vec<Edit>> {
    let Holder::Attribute { class, .. } = growing.holder else { return Some(Vec::new()) };
    let name = growth::holder_name(project, growing.holder)?;
    let module = class.0.module;
    let tree = sources.tree(module)?;
    let definition = tree.root().covering(project.file(module).whole(class.0.item))?;
    let class = std::iter::once(definition)
        .chain(definition.descendants().take(8))
        .find(|node| node.kind() == Kind::Class)?;
    let mut edits = Vec::new();
    for statement in class.field(Field::Body)?.named_children() {
        let Some(assignment) = statement.named_children().next() else { continue };
        let is_declaration = assignment.kind() == Kind::Assignment
            && assignment.field(Field::Right).is_none()
            && assignment.field(Field::Left).is_some_and(|left| left.text() == name);
        if is_declaration {
            let imported = edits::import_name(module, tree, "collections", "deque")?;
            edits.extend(edits::list_to_deque(module, assignment, &imported.name)?);
        }
    }
    Some(edits)
}

/// Whether a call takes a deque as well as a list.
fn reads_any_iterable(project: &Project, code: CodeId, call: Val) -> bool {
    let facts = project.facts(code);
    let Op::Call { callee, .. } = facts.body.op(call) else { return false };
    let by_name = matches!(facts.body.op(callee), Op::Attr { name, .. } if matches!(facts.str(name), "join" | "extend" | "update"));
    by_name
        || project.import_path(code, callee).is_some_and(|path| {
            matches!(
                path.as_str(),
                "len"
                    | "list"
                    | "tuple"
                    | "set"
                    | "frozenset"
                    | "sorted"
                    | "sum"
                    | "min"
                    | "max"
                    | "any"
                    | "all"
                    | "enumerate"
                    | "zip"
                    | "map"
                    | "filter"
                    | "iter"
                    | "reversed"
                    | "statistics.mean"
                    | "statistics.median"
                    | "collections.Counter"
                    | "math.fsum"
            )
        })
}

/// A deque must not change while it is iterated over; a list may.
fn grows_while_iterated(project: &Project, growing: &Growing) -> bool {
    growing.growth.iter().any(|growth| {
        let facts = project.facts(growth.site.code);
        let block = growth.site.find(project).block;
        facts.body.loops_around(block).any(|id| match facts.body.loops[id.index()].kind {
            LoopKind::For(value) | LoopKind::AsyncFor(value) => facts
                .places
                .of(value)
                .and_then(|place| project.locate(growth.site.code, place))
                .is_some_and(|located| located.holder == growing.holder),
            _ => false,
        })
    })
}

/// Edits that make a deque where the list is made.
fn create_deque(project: &Project, created: ValueId, sources: &dyn Sources, limit: u32) -> Option<Vec<Edit>> {
    let module = created.code.module;
    let tree = sources.tree(module)?;
    let range = project.file(module).value_range(created.code.item, created.value);
    let node = edits::exact(tree, range)?;
    let imported = edits::import_name(module, tree, "collections", "deque")?;
    let deque = &imported.name;
    let factory = list_factory(node);
    let range = factory.map_or(range, Node::range);
    let text = match node.kind() {
        _ if factory.is_some() => format!("lambda: {deque}(maxlen={limit})"),
        Kind::List if node.named_children().next().is_none() => format!("{deque}(maxlen={limit})"),
        Kind::List | Kind::ListComprehension => format!("{deque}({}, maxlen={limit})", node.text()),
        Kind::Call => match node.field(Field::Arguments)?.named_children().next() {
            None => format!("{deque}(maxlen={limit})"),
            Some(first) if first.kind() != Kind::KeywordArgument => {
                format!("{deque}({}, maxlen={limit})", first.text())
            }
            Some(_) => return None,
        },
        _ => return None,
    };
    let mut edits = vec![Edit::replace(module, range, text)];
    if let Some(assignment) = node.parent().filter(|parent| parent.kind() == Kind::Assignment) {
        edits.extend(edits::list_to_deque(module, assignment, deque)?);
    }
    edits.extend(imported.edit);
    Some(edits)
}

/// The factory in `field(default_factory=list)`.
fn list_factory(node: Node<'_>) -> Option<Node<'_>> {
    let arguments = node.field(Field::Arguments).filter(|_| node.kind() == Kind::Call)?;
    let factory = arguments.named_children().find(|argument| {
        let name = argument.field(Field::Name).filter(|_| argument.kind() == Kind::KeywordArgument);
        name.is_some_and(|name| matches!(name.text(), "default_factory" | "factory"))
    })?;
    factory.field(Field::Value).filter(|value| value.text() == "list")
}

/// `del x[:-N]` behind each place where the list grows.
fn trim(growing: &Growing, context: &Context<'_>, sources: &dyn Sources, limit: u32) -> Option<Fix> {
    if grows_while_iterated(context.project, growing) {
        return None;
    }
    let mut edits = Vec::new();
    for growth in &growing.growth {
        edits.push(trim_after(context, growth.site, sources, limit)?);
    }
    Some(Fix {
        id: "trim",
        title: format!("Keep the last {limit}: `del …[:-{limit}]` after it grows"),
        applicability: Applicability::Unsafe,
        edits,
    })
}

fn trim_after(context: &Context<'_>, site: Site, sources: &dyn Sources, limit: u32) -> Option<Edit> {
    let module = site.code.module;
    let tree = sources.tree(module)?;
    let node = tree.root().covering(context.site_range(site))?;
    let statement = node.statement()?;
    if statement.kind() != Kind::ExpressionStatement {
        return None;
    }
    let inner = statement.named_children().next()?;
    let list = match inner.kind() {
        Kind::Call => inner.field(Field::Function)?.field(Field::Object)?,
        Kind::AugmentedAssignment => inner.field(Field::Left)?,
        _ => return None,
    };
    // Only what can be evaluated again without doing anything.
    let is_plain =
        list.descendants().all(|node| !matches!(node.kind(), Kind::Call | Kind::Subscript | Kind::Await));
    if !is_plain || inner.range() != statement.range() {
        return None;
    }
    let deletion = format!("del {}[:-{limit}]", list.text());
    let end = statement.range().end;
    if !edits::is_alone_on_lines(tree, statement) {
        return Some(Edit::insert(module, end, format!("; {deletion}")));
    }
    let indent = edits::indentation(tree.text(), statement.range().start);
    let eol = edits::line_break(tree.text());
    let lines = edits::statement_lines(tree, statement);
    if tree.text()[..lines.end as usize].ends_with(['\n', '\r']) {
        return Some(Edit::insert(module, lines.end, format!("{indent}{deletion}{eol}")));
    }
    Some(Edit::insert(module, lines.end, format!("{eol}{indent}{deletion}")))
}
