//! Functions with a caching decorator: how many results they keep, and how to limit them.

use leakwright_analysis::growth::{self, Freshness};
use leakwright_analysis::ir::{ArgKind, Const, ItemKind, Op, Param, Val};
use leakwright_analysis::project::{ClassId, CodeId, ModuleId, ReferenceKind, ValueId};
use leakwright_syntax::{Field, Kind, Node, Tree};

use crate::cached::{self, CachedFunction};
use crate::context::Context;
use crate::edits;
use crate::finding::{Confidence, Evidence, Finding, Growth, Risk, RiskLevel, Role};
use crate::fix::{Applicability, Edit, Fix, Sources};
use crate::keys;
use crate::rule::RuleId;
use crate::subject::Subject;

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

    /// The dotted name that the cached function is called by.
    pub(crate) fn name(&self, context: &Context<'_>) -> String {
        self.bound_to.clone().unwrap_or_else(|| context.name_of(self.function))
    }

    /// Where the cache is asked for, if that is somewhere else.
    fn asked_for(&self, context: &Context<'_>) -> Option<Evidence> {
        let ValueId { code, value } = self.source;
        let range = context.project.file(code.module).value_range(code.item, value);
        let is_elsewhere = self.bound_to.is_none() && self.source != self.place;
        let message = "the cache is made here".to_owned();
        is_elsewhere.then_some(Evidence { role: Role::Created, module: code.module, range, message })
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
        let range = file.value_range(self.place.code.item, self.place.value);
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
            symbol: self.name(context),
            growth: Growth::Linear,
            impact: "one result and its arguments per new set of arguments; size unknown".to_owned(),
            evidence: std::iter::once(place(
                Role::Registered,
                range,
                "the cache is put on the function here",
            ))
            .chain(self.asked_for(context))
            .chain([place(Role::Repeats, name, "each new set of arguments adds a result")])
            .collect(),
            subject: Subject::Decorator { function: self.function, place: self.place, source: self.source },
        }
    }
}

/// Whether the function is made inside another one, and its cache goes when it does.
pub(crate) fn is_short_lived(context: &Context<'_>, cached: &CachedFunction<'_>) -> bool {
    context.file().ancestors(cached.function.item).any(|outer| context.file().is_function(outer))
}

/// Whether the arguments come from a finite set: there are none, or annotations or all callers say so.
pub(crate) fn has_finite_arguments(context: &Context<'_>, cached: &CachedFunction<'_>) -> bool {
    let project = context.project;
    let facts = project.facts(cached.function);
    let receiver =
        usize::from(project.class_of(cached.function).is_some() && !is_static(context, cached.function));
    let params = facts.params.get(receiver..).unwrap_or_default();
    let freshness = |param: &Param| {
        let by_default = param
            .default
            .is_some_and(|default| matches!(facts.body.op(default), Op::Const(Const::True | Const::False)));
        if by_default || keys::is_checked(facts, *param) || keys::is_mode(facts, *param) {
            return Freshness::Finite;
        }
        growth::parameter_freshness(project, cached.function, param.var)
    };
    // `-> None`: it does something once for each of a few things, unless those are new again and again.
    let limit = if keys::returns_nothing(facts) { Freshness::Neutral } else { Freshness::Finite };
    params.iter().all(|param| freshness(param) <= limit) || is_called_with_constants(context, cached.function)
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
    // Values stand for themselves: one of several equal ones is kept, as long as it is used.
    let is_value = || {
        let has = |name: &str| project.class_member(class, name).is_some();
        (has("__eq__") && has("__hash__"))
            || project.external_bases(class).iter().any(|base| base.ends_with("NamedTuple"))
    };
    if cached.limit.is_some() && is_value() {
        return true;
    }
    if context.file().ancestors(class.0.item).any(|outer| context.file().is_function(outer)) {
        return false;
    }
    let lasts = |kind: ItemKind| matches!(kind, ItemKind::Module | ItemKind::Class);
    let mut made = project
        .descendants(class)
        .into_iter()
        .flat_map(|class: ClassId| project.references(class.0))
        .peekable();
    made.peek().is_some()
        && made.all(|found| found.kind != ReferenceKind::Call || lasts(project.facts(found.code).kind))
        && project
            .descendants(class)
            .into_iter()
            .flat_map(|class| project.references(class.0))
            .any(|found| found.kind == ReferenceKind::Call)
}

/// Writes a limit into what asks for a cache: a decorator, or what it stands for.
pub(crate) fn limit_fix(
    context: &Context<'_>,
    sources: &dyn Sources,
    (function, place, source): (CodeId, ValueId, ValueId),
    limit: u32,
) -> Option<Fix> {
    let project = context.project;
    let module = source.code.module;
    let tree = sources.tree(module)?;
    let cached = cached::asked(project, function, place, source)?;
    let node = edits::exact(tree, project.file(module).value_range(source.code.item, source.value))?;
    let mut changes = match &cached.cache.bound {
        Some(keyword) => vec![write_limit(module, &cached, node, keyword, limit)?],
        // What is asked for by another name is not replaced there.
        None if cached.cache.decorator == "functools.cache" => replace_decorator(module, tree, node, limit)?,
        None => return None,
    };
    if source != place && cached.bound_to.is_none() {
        // The same call makes the caches of other functions.
        changes = changes.into_iter().map(Edit::shared).collect();
    }
    Some(Fix {
        id: "maxsize",
        title: format!("Limit the cache: `maxsize={limit}`"),
        applicability: Applicability::Unsafe,
        edits: changes,
    })
}

fn write_limit(
    module: ModuleId,
    cached: &CachedFunction<'_>,
    node: Node<'_>,
    keyword: &str,
    limit: u32,
) -> Option<Edit> {
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
fn replace_decorator(module: ModuleId, tree: &Tree, node: Node<'_>, limit: u32) -> Option<Vec<Edit>> {
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
    decorator: ValueId,
) -> Option<Fix> {
    let project = context.project;
    let facts = project.facts(function);
    if decorator.code != function {
        return None;
    }
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
    let node = edits::exact(tree, context.file().value_range(function.item, decorator.value))?;
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
    let name = project.own_name(function);
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
