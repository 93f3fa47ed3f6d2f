//! Holding a parent weakly: the rewrite for a child that refers back to what holds it.
//!
//! The attribute becomes a property of the class that keeps a weak reference. So neither what reads it nor what
//! binds it has to change, wherever that is.

use leakwright_analysis::ir::{ParamKind, UseKind};
use leakwright_analysis::project::{ClassId, CodeId, Holder, Project, Symbol, ValueId};
use leakwright_syntax::{Field, Kind, Node};

use crate::context::Context;
use crate::edits;
use crate::finding::Finding;
use crate::fix::{Applicability, Edit, Fix, Sources};
use crate::mentions::is_reached_by_string;
use crate::subject::Subject;

/// Makes the attribute a property that refers to the parent weakly.
pub(crate) fn fix(finding: &Finding, context: &Context<'_>, sources: &dyn Sources) -> Option<Fix> {
    let Subject::BackReference { store } = finding.subject else { return None };
    let project = context.project;
    let (class, name) = attribute(project, store)?;
    if !is_plain(project, class, &name) {
        return None;
    }
    let tree = sources.tree(store.code.module)?;
    let definition = tree.root().covering(project.file(store.code.module).whole(store.code.item))?;
    let method = std::iter::once(definition)
        .chain(definition.descendants())
        .find(|node| node.kind() == Kind::Function)?;
    if !edits::is_alone_on_lines(tree, method) || is_decorated(method) {
        return None;
    }
    let import = edits::import_name(store.code.module, tree, "weakref", "ref")?;
    let text = tree.text();
    let indent = edits::indentation(text, method.range().start);
    let unit = edits::unit_of_indentation(tree, method.field(Field::Body)?);
    let eol = edits::line_break(text);
    let end = edits::line_end(text, method.range().end);
    let lines = property(&name, &import.name, &unit);
    let written: String = lines
        .iter()
        .map(|line| if line.is_empty() { eol.to_owned() } else { format!("{eol}{indent}{line}") })
        .collect();
    let mut changes = vec![Edit::insert(store.code.module, end, written)];
    changes.extend(import.edit);
    Some(Fix {
        id: "weak-reference",
        title: format!("Let `{name}` refer to its object weakly"),
        applicability: Applicability::Unsafe,
        edits: changes,
    })
}

fn property(name: &str, reference: &str, unit: &str) -> Vec<String> {
    let kept = format!("_{name}_ref");
    vec![
        String::new(),
        "@property".to_owned(),
        format!("def {name}(self):"),
        format!("{unit}return None if self.{kept} is None else self.{kept}()"),
        String::new(),
        format!("@{name}.setter"),
        format!("def {name}(self, {name}):"),
        format!("{unit}self.{kept} = None if {name} is None else {reference}({name})"),
    ]
}

/// The class and the attribute that a store binds, where its object is the one that the method is called on.
fn attribute(project: &Project, store: ValueId) -> Option<(ClassId, String)> {
    let facts = project.facts(store.code);
    let leakwright_analysis::ir::Op::StoreAttr { base, name, .. } = facts.body.op(store.value) else {
        return None;
    };
    let leakwright_analysis::ir::Op::Load(var) = facts.body.op(base) else { return None };
    let (class, is_class) = project.self_class(store.code, var)?;
    let is_self = facts.params.first().is_some_and(|param| param.kind == ParamKind::Positional);
    (!is_class && is_self && project.class_of(store.code) == Some(class))
        .then(|| (class, facts.str(name).to_owned()))
}

/// Whether an attribute may become a property: nothing of the name is in the class, the class says nothing of which
/// attributes there are, and nobody unbinds it or reaches it by a string.
fn is_plain(project: &Project, class: ClassId, name: &str) -> bool {
    let holder = project.attribute(class, Symbol::of(name));
    let Holder::Attribute { class: owner, .. } = holder else { return false };
    let family = project.ancestry(class).into_iter().chain(project.descendants(class));
    let is_free = |class: ClassId| {
        let facts = project.facts(class.0);
        ["__slots__", name].iter().all(|other| facts.own_var(other).is_none())
            && facts.decorators.is_empty()
            && ["__getattr__", "__setattr__", "__getstate__", "__reduce__", "__getattribute__"]
                .iter()
                .all(|member| project.class_member(class, member).is_none())
    };
    let is_unbound = |code: CodeId, kind: UseKind| {
        matches!(kind, UseKind::Unbind) || project.is_class(code) && matches!(kind, UseKind::Bind(_))
    };
    owner == class
        && project.external_bases(class).iter().all(|base| *base == "object")
        && !project.has_unknown_base(class)
        && project.class_member(class, name).is_none()
        && family.into_iter().all(is_free)
        && !project.sites(holder).iter().any(|site| is_unbound(site.code, site.find(project).kind))
        && !is_reached_by_string(project, holder)
}

fn is_decorated(method: Node<'_>) -> bool {
    method.parent().is_some_and(|parent| parent.kind() == Kind::Decorated)
}
