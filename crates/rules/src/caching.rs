//! Functions with a caching decorator: how many results they keep, and how to limit them.

use leakwright_analysis::growth::{self, Freshness};
use leakwright_analysis::ir::{ArgKind, Const, ItemKind, Op, Val};
use leakwright_analysis::project::{ClassId, CodeId, ReferenceKind};
use leakwright_catalogue::Cache;
use leakwright_syntax::{Field, Kind, Node, Tree};

use crate::context::Context;
use crate::edits;
use crate::finding::{Confidence, Evidence, Finding, Growth, Risk, RiskLevel, Role};
use crate::fix::{Applicability, Edit, Fix, Sources};
use crate::rule::RuleId;
use crate::subject::Subject;

/// A function with a caching decorator.
pub(crate) struct CachedFunction<'c> {
    /// The function.
    pub(crate) function: CodeId,
    /// The decorator.
    pub(crate) decorator: Val,
    /// What is known of it.
    pub(crate) cache: &'c Cache,
    /// How many results it keeps at most; `u32::MAX` for a limit that is computed.
    pub(crate) limit: Option<u32>,
    /// Whether the limit is written out.
    pub(crate) is_explicit: bool,
}

/// The functions of a file with a caching decorator, in the order of the source.
pub(crate) fn cached_functions<'p>(context: &Context<'p>) -> Vec<CachedFunction<'p>> {
    let project = context.project;
    let mut found = Vec::new();
    for function in context.items().filter(|code| project.facts(*code).is_function()) {
        for &decorator in &project.facts(function).decorators {
            found.extend(cached_by(context, function, decorator));
        }
    }
    found
}

fn cached_by<'p>(context: &Context<'p>, function: CodeId, decorator: Val) -> Option<CachedFunction<'p>> {
    let project = context.project;
    let facts = project.facts(function);
    let (callee, args) = match facts.body.op(decorator) {
        Op::Call { callee, args } => (callee, Some(args)),
        _ => (decorator, None),
    };
    let cache = project.catalogue().caches.get(&project.import_path(function, callee)?)?;
    let written = args.and_then(|args| {
        facts.body.args(args).iter().enumerate().find_map(|(position, arg)| match arg.kind {
            ArgKind::Keyword(name) => (cache.bound.as_deref() == Some(facts.str(name))).then_some(arg.value),
            ArgKind::Positional => (cache.bound_at == Some(position)).then_some(arg.value),
            _ => None,
        })
    });
    let limit = match written.map(|value| facts.body.op(value)) {
        Some(Op::Const(Const::None)) => None,
        Some(Op::Const(Const::Int(limit))) => Some(u32::try_from(limit.max(0)).unwrap_or(u32::MAX)),
        Some(_) => Some(u32::MAX),
        None if args.is_some() => cache.default,
        None => cache.bare,
    };
    Some(CachedFunction { function, decorator, cache, limit, is_explicit: written.is_some() })
}

impl CachedFunction<'_> {
    /// The decorator as a reader knows it: `lru_cache(maxsize=None)`.
    pub(crate) fn written(&self, _context: &Context<'_>) -> String {
        let name = self.cache.decorator.rsplit('.').next().unwrap_or_default();
        match (self.limit, self.is_explicit) {
            (None, true) => format!("{name}(maxsize=None)"),
            (Some(limit), true) if limit < u32::MAX => format!("{name}(maxsize={limit})"),
            _ => name.to_owned(),
        }
    }

    /// A finding about the function, with the words of a rule.
    pub(crate) fn finding(
        &self,
        context: &Context<'_>,
        rule: RuleId,
        message: String,
        pattern: String,
        recommendation: String,
    ) -> Finding {
        let file = context.file();
        let item = self.function.item;
        let range = file.value_range(item, self.decorator);
        let name = file.range(item, context.project.facts(self.function).name_range);
        let place = |role, range, message: &str| Evidence {
            role,
            module: context.module,
            range,
            message: message.to_owned(),
        };
        Finding {
            rule,
            severity: rule.metadata().severity,
            confidence: Confidence::High,
            signs: Vec::new(),
            tier: None,
            leak_type: rule.metadata().leak_type,
            message,
            pattern,
            risk: Risk {
                level: RiskLevel::High,
                reason: "grows linearly, one result per new set of arguments".to_owned(),
            },
            recommendation,
            module: context.module,
            range,
            symbol: context.name_of(self.function),
            growth: Growth::Linear,
            impact: "one result and its arguments per new set of arguments; size unknown".to_owned(),
            evidence: vec![
                place(Role::Registered, range, "the cache is put on the function here"),
                place(Role::Repeats, name, "each new set of arguments adds a result"),
            ],
            subject: Subject::Decorator { function: self.function, decorator: self.decorator },
        }
    }
}

/// Whether the function is made inside another one, and its cache goes when it does.
pub(crate) fn is_short_lived(context: &Context<'_>, cached: &CachedFunction<'_>) -> bool {
    context.file().ancestors(cached.function.item).any(|outer| context.file().facts(outer).is_function())
}

/// Whether the arguments come from a finite set: there are none, or annotations or all callers say so.
pub(crate) fn has_finite_arguments(context: &Context<'_>, cached: &CachedFunction<'_>) -> bool {
    let project = context.project;
    let facts = project.facts(cached.function);
    let receiver =
        usize::from(project.class_of(cached.function).is_some() && !is_static(context, cached.function));
    let params = facts.params.get(receiver..).unwrap_or_default();
    let finite = |param: &leakwright_analysis::ir::Param| {
        let by_default = param
            .default
            .is_some_and(|default| matches!(facts.body.op(default), Op::Const(Const::True | Const::False)));
        by_default || growth::parameter_freshness(project, cached.function, param.var) == Freshness::Finite
    };
    params.iter().all(finite) || is_called_with_constants(context, cached.function)
}

fn is_static(context: &Context<'_>, function: CodeId) -> bool {
    let facts = context.project.facts(function);
    facts.decorators.iter().any(|decorator| match facts.body.op(*decorator) {
        Op::Load(var) => facts.var_name(var) == "staticmethod",
        _ => false,
    })
}

/// Whether all calls that are seen, and there are some, pass nothing but constants.
fn is_called_with_constants(context: &Context<'_>, function: CodeId) -> bool {
    let references = context.project.references(function);
    !references.is_empty()
        && references.iter().all(|found| {
            let body = &context.project.facts(found.code).body;
            match (found.kind, body.op(found.at)) {
                (ReferenceKind::Call, Op::Call { args, .. }) => body.args(args).iter().all(|arg| {
                    matches!(arg.kind, ArgKind::Positional | ArgKind::Keyword(_))
                        && matches!(body.op(arg.value), Op::Const(_))
                }),
                _ => false,
            }
        })
}

/// Whether a cache on a method keeps no object alive that would otherwise be freed: enum members and
/// objects that are only made once, with the module.
pub(crate) fn keeps_nothing_alive(context: &Context<'_>, cached: &CachedFunction<'_>) -> bool {
    let project = context.project;
    if cached.limit == Some(0) {
        return true;
    }
    let Some(class) = project.class_of(cached.function) else { return true };
    if project.external_bases(class).iter().any(|base| base.starts_with("enum.") || *base == "type") {
        return true;
    }
    if context.file().ancestors(class.0.item).any(|outer| context.file().facts(outer).is_function()) {
        return false;
    }
    let mut made = project
        .descendants(class)
        .into_iter()
        .flat_map(|class: ClassId| project.references(class.0))
        .peekable();
    made.peek().is_some()
        && made.all(|found| {
            found.kind != ReferenceKind::Call || project.facts(found.code).kind == ItemKind::Module
        })
        && project
            .descendants(class)
            .into_iter()
            .flat_map(|class| project.references(class.0))
            .any(|found| found.kind == ReferenceKind::Call)
}

/// Writes a limit into a caching decorator.
pub(crate) fn limit_fix(
    context: &Context<'_>,
    sources: &dyn Sources,
    function: CodeId,
    decorator: Val,
    limit: u32,
) -> Option<Fix> {
    let module = function.module;
    let tree = sources.tree(module)?;
    let cached = cached_by(context, function, decorator)?;
    let node = edits::exact(tree, context.file().value_range(function.item, decorator))?;
    let edits = match &cached.cache.bound {
        Some(keyword) => vec![write_limit(context, &cached, node, keyword, limit)?],
        None => replace_decorator(context, tree, node, limit)?,
    };
    Some(Fix {
        id: "maxsize",
        title: format!("Limit the cache: `maxsize={limit}`"),
        applicability: Applicability::Unsafe,
        edits,
    })
}

fn write_limit(
    context: &Context<'_>,
    cached: &CachedFunction<'_>,
    node: Node<'_>,
    keyword: &str,
    limit: u32,
) -> Option<Edit> {
    let module = context.module;
    if node.kind() != Kind::Call {
        return Some(Edit::insert(module, node.range().end, format!("({keyword}={limit})")));
    }
    let arguments = node.field(Field::Arguments)?;
    let mut position = 0;
    for argument in arguments.named_children() {
        if argument.kind() == Kind::KeywordArgument {
            if argument.field(Field::Name)?.text() == keyword {
                return Some(Edit::replace(module, argument.field(Field::Value)?.range(), limit.to_string()));
            }
            continue;
        }
        if cached.cache.bound_at == Some(position) {
            return Some(Edit::replace(module, argument.range(), format!("{keyword}={limit}")));
        }
        position += 1;
    }
    let separator = if arguments.named_children().next().is_some() { ", " } else { "" };
    Some(Edit::insert(module, arguments.range().start + 1, format!("{keyword}={limit}{separator}")))
}

/// `@cache` has no limit to write: it becomes `@lru_cache(maxsize=…)`, and its import is mended.
fn replace_decorator(context: &Context<'_>, tree: &Tree, node: Node<'_>, limit: u32) -> Option<Vec<Edit>> {
    let module = context.module;
    let callee = if node.kind() == Kind::Call { node.field(Field::Function)? } else { node };
    if callee.kind() == Kind::Attribute {
        let owner = callee.field(Field::Object)?.text();
        return Some(vec![Edit::replace(
            module,
            node.range(),
            format!("{owner}.lru_cache(maxsize={limit})"),
        )]);
    }
    let imported = match sole_import(tree, callee) {
        Some(import) => edits::Imported {
            name: "lru_cache".to_owned(),
            edit: Some(Edit::replace(module, import.range(), "lru_cache")),
        },
        None => edits::import_name(module, tree, "functools", "lru_cache")?,
    };
    let mut edits = vec![Edit::replace(module, node.range(), format!("{}(maxsize={limit})", imported.name))];
    edits.extend(imported.edit);
    Some(edits)
}

/// The imported name that only this decorator uses, where the import does not bring `lru_cache` too.
fn sole_import<'t>(tree: &'t Tree, callee: Node<'t>) -> Option<Node<'t>> {
    let mut import = None;
    for node in tree.root().descendants().filter(|node| node.kind() == Kind::Identifier) {
        if node.text() == "lru_cache" {
            return None;
        }
        if node.text() != callee.text() || node == callee {
            continue;
        }
        let name = node.parent().filter(|parent| parent.kind() == Kind::DottedName)?;
        let statement = name.parent().filter(|parent| parent.kind() == Kind::ImportFrom)?;
        if statement.field(Field::ModuleName)?.text() != "functools" || import.is_some() {
            return None;
        }
        import = Some(name);
    }
    import
}

/// `cached_property` in the place of the cache, with all calls rewritten.
pub(crate) fn property_fix(
    context: &Context<'_>,
    sources: &dyn Sources,
    function: CodeId,
    decorator: Val,
) -> Option<Fix> {
    let project = context.project;
    let facts = project.facts(function);
    let class = project.class_of(function)?;
    let is_plain = matches!(facts.kind, ItemKind::Function { is_async: false, is_generator: false });
    let has_slots = project
        .ancestry(class)
        .into_iter()
        .any(|class| project.facts(class.0).own_var("__slots__").is_some());
    if facts.params.len() != 1
        || facts.decorators.len() != 1
        || !is_plain
        || has_slots
        || project.has_unknown_base(class)
    {
        return None;
    }
    let module = function.module;
    let tree = sources.tree(module)?;
    let node = edits::exact(tree, context.file().value_range(function.item, decorator))?;
    let imported = edits::import_name(module, tree, "functools", "cached_property")?;
    let mut edits = vec![Edit::replace(module, node.range(), imported.name)];
    edits.extend(imported.edit);
    for call in calls_of(context, function)? {
        let tree = sources.tree(call.0.module)?;
        let range = project.file(call.0.module).value_range(call.0.item, call.1);
        let node = edits::exact(tree, range)?;
        edits.push(Edit::delete(call.0.module, node.field(Field::Arguments)?.range()));
    }
    Some(Fix {
        id: "cached-property",
        title: "Use `cached_property`, and drop the parentheses of all calls".to_owned(),
        applicability: Applicability::Unsafe,
        edits,
    })
}

/// All calls of a method, if each mention of its name in the project is a call of it without
/// arguments.
fn calls_of(context: &Context<'_>, function: CodeId) -> Option<Vec<(CodeId, Val)>> {
    let project = context.project;
    let name = project.facts(function).own_name();
    let references = project.references(function);
    let mut mentions = 0;
    for (module, _) in project.modules() {
        for code in project.items(module) {
            let facts = project.facts(code);
            let Some(id) = facts.names.find(name) else { continue };
            mentions += facts
                .body
                .insts
                .iter()
                .filter(|inst| match inst.op {
                    Op::Attr { name, .. } | Op::StoreAttr { name, .. } | Op::DeleteAttr { name, .. } => {
                        name == id
                    }
                    Op::Const(Const::Str(text)) => text == id,
                    _ => false,
                })
                .count();
        }
    }
    let is_bare_call = |found: &leakwright_analysis::project::Reference| {
        let body = &project.facts(found.code).body;
        found.kind == ReferenceKind::Call
            && matches!(body.op(found.at), Op::Call { args, .. } if args.is_empty())
    };
    let all_seen = mentions == references.len() && references.iter().all(is_bare_call);
    all_seen.then(|| references.iter().map(|found| (found.code, found.at)).collect())
}
