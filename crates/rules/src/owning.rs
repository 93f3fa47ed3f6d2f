//! Attributes that own a resource which nothing releases: the finding and the fix.

use leakwright_analysis::ir::ItemKind;
use leakwright_analysis::obligation::{self, Owned, Ownership, Teardown};
use leakwright_analysis::project::{ClassId, CodeId, ValueId};
use leakwright_catalogue::Family::{Directory, Figure};
use leakwright_syntax::{Field, Kind};

use crate::context::Context;
use crate::edits;
use crate::finding::{Confidence, Evidence, Finding, Growth, LeakType, Risk, Role, Severity, Tier};
use crate::fix::{Applicability, Edit, Fix, Sources};
use crate::releasing::{consequence, name_range, released_word, risk_level, tier};
use crate::rule::{Metadata, RuleId};
use crate::subject::Subject;

/// Reports the attributes of the file's classes that own a resource which nothing releases.
pub(crate) fn forgotten(metadata: &'static Metadata, context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some(rule) = RuleId::from_code(metadata.code) else { return };
    for code in context.items() {
        let found = forgotten_in(context, code);
        for (index, (owned, teardown, tier)) in found.iter().enumerate() {
            // One attribute, one finding, however often it is bound.
            let is_same = |other: &Forgotten| (other.0.class, other.0.name) == (owned.class, owned.name);
            let is_told = found[..index].iter().any(is_same)
                || items_before(context, code, owned)
                    .any(|before| forgotten_in(context, before).iter().any(is_same));
            if !is_told {
                findings.push(finding(context, rule, code, owned, teardown, *tier));
            }
        }
    }
}

type Forgotten = (Owned, Teardown, Tier);

/// The attributes that own what an item acquires, and that nothing releases.
fn forgotten_in(context: &Context<'_>, code: CodeId) -> Vec<Forgotten> {
    let is_test = context.project.module(context.module).is_test;
    let forgotten = obligation::owned(context.project, code).into_iter().filter_map(|owned| {
        let tier = tier(owned.acquisition.resource.on_drop);
        if is_test && tier != Tier::T1 || owned.acquisition.resource.family == Figure {
            return None;
        }
        let Ownership::Forgotten(teardown) = obligation::ownership(context.project, &owned) else {
            return None;
        };
        // A temporary directory that is kept goes with the object.
        let is_kept = teardown == Teardown::None && owned.acquisition.resource.family == Directory;
        (!is_kept).then_some((owned, teardown, tier))
    });
    forgotten.collect()
}

/// The items of the file before one that bind the same attribute.
fn items_before<'p>(
    context: &Context<'p>,
    code: CodeId,
    owned: &Owned,
) -> impl Iterator<Item = CodeId> + use<'p> {
    let project = context.project;
    let sites = project.sites(owned.holder(project)).iter().map(|site| site.code);
    let mut last = None;
    let others = sites.filter(move |other| last.replace(*other) != Some(*other));
    others.filter(move |other| other.module == code.module && *other < code && !project.is_broken(*other))
}

/// Reports the methods of the file's classes that let go and leave out what their base lets go of.
pub(crate) fn skipped_bases(metadata: &'static Metadata, context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some(rule) = RuleId::from_code(metadata.code) else { return };
    let project = context.project;
    if project.module(context.module).is_test {
        return;
    }
    for code in context.items().filter(|code| project.is_class(*code)) {
        for skipped in obligation::skipped_bases(project, ClassId(code)) {
            let class = project.own_name(code);
            let name = project.own_name(skipped.method).to_owned();
            let base = skipped.base.and_then(|base| project.class_of(base));
            let base = base.map_or("IOBase", |class| project.own_name(class.0));
            let attribute = &skipped.attribute;
            let (severity, message) = match skipped.base {
                Some(_) => (
                    Severity::Warning,
                    format!("`{class}.{name}` leaves out `{base}.{name}`, which lets go of `{attribute}`"),
                ),
                None => (
                    Severity::Information,
                    format!(
                        "`{class}.{name}` leaves out that of its base: the stream is never marked closed"
                    ),
                ),
            };
            let range = name_range(context, skipped.method);
            let mut evidence = vec![Evidence {
                role: Role::Leaves,
                module: context.module,
                range,
                message: format!("does not call super().{name}()"),
            }];
            evidence.extend(skipped.base.map(|base| Evidence {
                role: Role::Released,
                module: base.module,
                range: name_range(context, base),
                message: format!("lets go of `{attribute}`"),
            }));
            findings.push(Finding {
                rule,
                severity,
                confidence: Confidence::High,
                signs: Vec::new(),
                tier: Some(Tier::T2),
                leak_type: LeakType::Resource,
                message,
                pattern: format!("{name}() overridden without super().{name}()"),
                risk: Risk {
                    level: risk_level(Tier::T2, severity),
                    reason: format!("`{attribute}` stays as it was"),
                },
                recommendation: format!("call super().{name}() at its end"),
                module: context.module,
                range,
                symbol: context.name_of(skipped.method),
                growth: Growth::Linear,
                impact: format!("one open resource per object of `{class}`, until it is collected"),
                evidence,
                subject: Subject::Method { method: skipped.method, base: skipped.base },
            });
        }
    }
}

fn finding(
    context: &Context<'_>,
    rule: RuleId,
    code: CodeId,
    owned: &Owned,
    teardown: &Teardown,
    tier: Tier,
) -> Finding {
    let (project, resource) = (context.project, &owned.acquisition.resource);
    let class = project.own_name(owned.class.0);
    let attribute = attribute_name(context, owned);
    let name = |method: &CodeId| project.own_name(*method).to_owned();
    let word = released_word(resource);
    let (message, method) = match teardown {
        Teardown::Method(method) => (
            format!("`{class}.{attribute}` is opened here, and `{}` does not get it {word}", name(method)),
            Some(*method),
        ),
        Teardown::OnlyFinalizer(method) => (
            format!("`{class}.{attribute}` is {word} by `__del__` only, not by `{}`", name(method)),
            Some(*method),
        ),
        Teardown::None => {
            (format!("`{class}.{attribute}` is opened here, and no method of `{class}` gets it {word}"), None)
        }
    };
    let is_harmless = matches!(teardown, Teardown::OnlyFinalizer(_))
        || (method.is_none() && tier == Tier::T3 && context.settings.counts_references);
    let severity = if is_harmless { Severity::Information } else { Severity::Warning };
    let range = context.file().value_range(code.item, owned.acquisition.call);
    let mut evidence = vec![Evidence {
        role: Role::Acquired,
        module: context.module,
        range,
        message: format!("opened here, and kept in `{attribute}`"),
    }];
    evidence.extend(method.map(|method| Evidence {
        role: Role::Leaves,
        module: method.module,
        range: name_range(context, method),
        message: "lets go of what the object holds, but not of this".to_owned(),
    }));
    let release = resource.release.first().cloned();
    let call = release
        .as_ref()
        .map_or_else(|| "its release".to_owned(), |name| format!("self.{attribute}.{name}()"));
    Finding {
        rule,
        severity,
        confidence: Confidence::High,
        signs: Vec::new(),
        tier: Some(tier),
        leak_type: LeakType::Resource,
        message,
        pattern: format!("{}() kept in an attribute, with no release in the project", resource.constructor),
        risk: Risk { level: risk_level(tier, severity), reason: consequence(resource.on_drop).to_owned() },
        recommendation: match method {
            Some(method) => format!("add {call} to `{}`", name(&method)),
            None => format!("give `{class}` a close() that calls {call}, and use it as a context manager"),
        },
        module: context.module,
        range,
        symbol: format!("{}.{attribute}", project.file(owned.class.0.module).dotted_name(owned.class.0.item)),
        growth: Growth::Linear,
        impact: format!("one open {} per object of `{class}`, until it is collected", resource.family.noun()),
        evidence,
        subject: Subject::Owned {
            store: owned.store,
            teardown: method.filter(|_| !matches!(teardown, Teardown::OnlyFinalizer(_))),
            is_awaited: release.as_ref().is_some_and(|name| resource.awaited.contains(name)),
            release,
        },
    }
}

/// The name of the attribute that owns a resource.
pub(crate) fn attribute_name(context: &Context<'_>, owned: &Owned) -> String {
    let facts = context.project.facts(owned.store.code);
    match facts.body.op(owned.store.value) {
        leakwright_analysis::ir::Op::StoreAttr { name, .. } => facts.str(name).to_owned(),
        _ => String::new(),
    }
}

/// Whether an attribute is bound by a statement of the function's own block.
fn is_unconditional(store: ValueId, context: &Context<'_>, sources: &dyn Sources) -> bool {
    let Some(tree) = sources.tree(store.code.module) else { return false };
    let file = context.project.file(store.code.module);
    let node = edits::exact(tree, file.value_range(store.code.item, store.value));
    let statement = node.and_then(leakwright_syntax::Node::statement);
    let around = statement.and_then(|statement| statement.parent()?.parent());
    around.is_some_and(|around| around.kind() == Kind::Function)
}

/// Adds the release at the end of the method that lets go.
pub(crate) fn fixes(finding: &Finding, context: &Context<'_>, sources: &dyn Sources) -> Vec<Fix> {
    vec![
        add_release(finding, context, sources)
            .or_else(|| call_base(finding, context, sources))
            .unwrap_or_else(|| {
                Fix::display("release", "Release it where the object lets go of what it holds")
            }),
    ]
}

fn add_release(finding: &Finding, context: &Context<'_>, sources: &dyn Sources) -> Option<Fix> {
    let Subject::Owned { store, teardown: Some(teardown), release: Some(release), is_awaited } =
        &finding.subject
    else {
        return None;
    };
    let project = context.project;
    // An attribute that only some method binds may not be there yet.
    let is_always_bound = project.own_name(store.code) == "__init__";
    let own_class = project.class_of(*teardown) == project.class_of(store.code);
    let facts = project.facts(*teardown);
    let this = facts.params.first().map(|param| facts.var_name(param.var))?;
    let is_async = matches!(facts.kind, leakwright_analysis::ir::ItemKind::Function { is_async: true, .. });
    let at_top = is_unconditional(*store, context, sources);
    if !is_always_bound
        || !own_class
        || !at_top
        || (*is_awaited && !is_async)
        || facts.own_name() == "__del__"
    {
        return None;
    }
    let attribute = finding.symbol.rsplit('.').next()?;
    let wait = if *is_awaited { "await " } else { "" };
    let statement = format!("{wait}{this}.{attribute}.{release}()");
    let edit = append_statement(*teardown, &statement, context, sources)?;
    Some(Fix {
        id: "release",
        title: format!("Add `{this}.{attribute}.{release}()` to `{}`", facts.own_name()),
        applicability: Applicability::Unsafe,
        edits: vec![edit],
    })
}

/// Calls the overridden method at the end of the one that overrides it.
fn call_base(finding: &Finding, context: &Context<'_>, sources: &dyn Sources) -> Option<Fix> {
    let Subject::Method { method, base } = &finding.subject else { return None };
    let is_async =
        |code: CodeId| matches!(context.project.facts(code).kind, ItemKind::Function { is_async: true, .. });
    let facts = context.project.facts(*method);
    let is_plain =
        |code: CodeId| context.project.facts(code).params.len() == 1 && is_async(code) == is_async(*method);
    if !is_plain(*method) || !base.is_none_or(is_plain) {
        return None;
    }
    let wait = if is_async(*method) { "await " } else { "" };
    let statement = format!("{wait}super().{}()", facts.own_name());
    let edit = append_statement(*method, &statement, context, sources)?;
    Some(Fix {
        id: "super",
        title: format!("Add `{statement}` to `{}`", facts.own_name()),
        applicability: Applicability::Unsafe,
        edits: vec![edit],
    })
}

/// Adds a statement at the end of a function.
pub(crate) fn append_statement(
    function: CodeId,
    statement: &str,
    context: &Context<'_>,
    sources: &dyn Sources,
) -> Option<Edit> {
    let tree = sources.tree(function.module)?;
    let definition = tree.root().covering(context.project.file(function.module).whole(function.item))?;
    let node = std::iter::once(definition)
        .chain(definition.descendants())
        .find(|node| node.kind() == Kind::Function)?;
    let last =
        node.field(Field::Body)?.named_children().filter(|node| node.kind() != Kind::Comment).last()?;
    if !edits::is_alone_on_lines(tree, last) || matches!(last.kind(), Kind::Return | Kind::Raise) {
        return None;
    }
    if last.kind() == Kind::Pass {
        return Some(Edit::replace(function.module, last.range(), statement));
    }
    let indent = edits::indentation(tree.text(), last.range().start);
    let end = edits::line_end(tree.text(), last.range().end);
    Some(Edit::insert(function.module, end, format!("{}{indent}{statement}", edits::line_break(tree.text()))))
}
