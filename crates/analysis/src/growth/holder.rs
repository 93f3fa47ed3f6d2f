//! Which holders are looked at, and how long they live.

use leakwright_catalogue::Words;

use super::binding;
use super::effect::Effect;
use crate::file::ItemId;
use crate::ir::{ItemFacts, ItemKind, Op, Step, UseKind};
use crate::project::{ClassId, CodeId, Holder, ModuleId, Project, Site, Symbol};

/// How long a holder lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HolderKind {
    /// A module variable: as long as the process.
    Module,
    /// An attribute of a class, shared by its objects: as long as the process.
    Class,
    /// An attribute of each object.
    Instance,
    /// A variable of a function: as long as the call.
    Local,
    /// A variable of a function that an inner function uses: as long as that is kept.
    Closure,
    /// The default of a parameter: as long as the function.
    Default,
}

/// Whether a holder is worth a look: what is grown from other files included.
pub fn is_candidate(project: &Project, holder: Holder) -> bool {
    let mut sites = project.sites(holder).iter().filter(|site| project.may_make(**site));
    sites.any(|site| binds_container(project, *site) || binding::adds_to_text(project, *site))
}

/// Whether a site binds the holder to a new container: a quick look before the long one.
fn binds_container(project: &Project, site: Site) -> bool {
    if site.depth > 0 {
        return false;
    }
    match site.find(project).kind {
        UseKind::Bind(value) => project.created_container(site.code, value).is_some(),
        _ => false,
    }
}

/// Everything done with a holder, but for what tests do with it.
pub(super) fn all_sites(project: &Project, holder: Holder) -> Vec<Site> {
    let of_test = |module: ModuleId| project.module(module).is_test;
    let home = of_test(holder.module());
    project.sites(holder).iter().copied().filter(|site| home || !of_test(site.code.module)).collect()
}

/// Whether a part of the code that can name the holder could not be parsed.
pub(super) fn is_broken(project: &Project, holder: Holder) -> bool {
    let within = |root: CodeId| project.file(root.module).is_broken_within(root.item);
    match holder {
        Holder::Global { module, .. } => within(CodeId { module, item: ItemId::MODULE }),
        Holder::Local { code, .. } => within(code),
        Holder::Attribute { class, .. } => {
            project.ancestry(class).into_iter().chain(project.descendants(class)).any(|class| within(class.0))
        }
    }
}

/// Something that removes from an attribute of this name on an object of unknown class, in a file
/// that can be about this class: the same file, or one that imports it.
pub(super) fn removed_elsewhere(project: &Project, holder: Holder) -> Option<Site> {
    let Holder::Attribute { class, name } = holder else { return None };
    removed_under(project, class, name)
}

fn removed_under(project: &Project, class: ClassId, name: Symbol) -> Option<Site> {
    project.unresolved_sites(name).iter().copied().find(|site| {
        let is_related =
            || site.code.module == class.0.module || imports(project, site.code.module, class.0.module);
        is_removal(project, *site) && is_related()
    })
}

/// Something that removes from a container by way of a property that hands it out.
pub(super) fn removed_through_property(
    project: &Project,
    holder: Holder,
    other: &[(Site, Effect)],
) -> Option<Site> {
    let Holder::Attribute { class, .. } = holder else { return None };
    let handed_out = other.iter().filter(|(_, effect)| *effect == Effect::Handout);
    handed_out.map(|(site, _)| site.code).filter(|code| is_property(project, *code)).find_map(|property| {
        let name = Symbol::of(project.own_name(property));
        let known = project.sites(project.attribute(class, name)).iter().copied();
        // The class body binds the property itself.
        let known = known.filter(|site| site.depth == 0 && site.code != class.0);
        known
            .into_iter()
            .find(|site| is_removal(project, *site))
            .or_else(|| removed_under(project, class, name))
    })
}

fn is_property(project: &Project, code: CodeId) -> bool {
    let facts = project.facts(code);
    facts.decorators.iter().any(|decorator| match facts.body.op(*decorator) {
        Op::Load(var) => matches!(facts.var_name(var), "property" | "cached_property"),
        Op::Attr { name, .. } => facts.str(name) == "cached_property",
        _ => false,
    })
}

fn is_removal(project: &Project, site: Site) -> bool {
    let facts = project.facts(site.code);
    match (site.find(project).kind, site.rest(project).as_slice()) {
        (UseKind::Call(name), []) => super::effect::is_removal(facts.str(name)),
        (UseKind::DeleteElement | UseKind::Unbind | UseKind::Bind(_), []) => true,
        // A bound method handed around: `done.add_callback(owner.pending.discard)`.
        (_, [Step::Attr(name)]) => super::effect::is_removal(facts.str(*name)),
        _ => false,
    }
}

/// Whether a file imports another, or something that file defines.
fn imports(project: &Project, from: ModuleId, target: ModuleId) -> bool {
    let path = &project.module(target).name;
    let last = path.rsplit('.').next().unwrap_or(path);
    let code = CodeId { module: from, item: ItemId::MODULE };
    let facts: &ItemFacts = project.facts(code);
    let is_last =
        |name: &str| name.strip_suffix(last).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let mentions = facts.names.iter().any(is_last);
    mentions || project.module(from).name.rsplit_once('.').map(|p| p.0) == path.rsplit_once('.').map(|p| p.0)
}

/// Whether an item makes the objects or modules that it belongs to: runs once for each of them.
pub(crate) fn is_initial(project: &Project, code: CodeId) -> bool {
    let facts = project.facts(code);
    match facts.kind {
        ItemKind::Module | ItemKind::Class => true,
        ItemKind::Function { .. } => is_initializer(facts.own_name()) && project.class_of(code).is_some(),
    }
}

/// Whether a method of this name makes its object ready, once.
pub(crate) fn is_initializer(name: &str) -> bool {
    matches!(
        name,
        "__init__"
            | "__new__"
            | "__post_init__"
            | "__attrs_post_init__"
            | "__attrs_init__"
            | "__init_subclass__"
    )
}

/// Whether a function of this name runs at the end of an object's life.
pub(crate) fn is_teardown(project: &Project, name: &str) -> bool {
    matches!(name, "__exit__" | "__aexit__" | "__del__")
        || Words::any(&project.catalogue().words.teardown, name)
}
