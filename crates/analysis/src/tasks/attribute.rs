//! Tasks that an object keeps and does not cancel at its end, though it cancels others.

use super::teardown::{all_methods, ends_life};
use super::{creation, makes_tasks};
use crate::growth::is_initial;
use crate::ir::{Const, Name, Op, UseKind, Val};
use crate::project::{ClassId, CodeId, Holder, ModuleId, Project, Site, Symbol, ValueId};

/// A task in an attribute that outlives its object.
#[derive(Clone, Debug)]
pub struct UncancelledTask {
    /// The attribute.
    pub holder: Holder,
    /// Its name.
    pub name: String,
    /// The call that makes the task.
    pub made: ValueId,
    /// Where the teardown cancels another task, or waits for it.
    pub sibling: Site,
}

/// An attribute that tasks are kept in.
struct Kept {
    name: String,
    holder: Holder,
    made: Vec<ValueId>,
}

/// The tasks that classes of a file keep in attributes and do not cancel.
pub fn uncancelled_tasks(
    project: &Project,
    module: ModuleId,
    items: impl Iterator<Item = CodeId>,
) -> Vec<UncancelledTask> {
    if project.module(module).is_test || !makes_tasks(project, module) {
        return Vec::new();
    }
    let classes = items.filter(|code| project.is_class(*code));
    classes.flat_map(|code| of_class(project, ClassId(code))).collect()
}

fn of_class(project: &Project, class: ClassId) -> Vec<UncancelledTask> {
    let mut kept: Vec<Kept> = Vec::new();
    for method in project.own_members(class) {
        for (name, made) in kept_in(project, method) {
            let name = project.facts(method).str(name).to_owned();
            let holder = project.attribute(class, Symbol::of(&name));
            match kept.iter_mut().find(|known| known.holder == holder) {
                Some(known) => known.made.push(made),
                None => kept.push(Kept { name, holder, made: vec![made] }),
            }
        }
    }
    if kept.len() < 2 {
        return Vec::new();
    }
    let ended: Vec<(Holder, Site)> =
        kept.iter().filter_map(|kept| Some((kept.holder, ended_at(project, kept)?))).collect();
    let forgotten = kept.iter().filter(|kept| !is_managed(project, class, kept));
    forgotten
        .filter_map(|kept| {
            let (_, sibling) = ended.iter().find(|(holder, _)| *holder != kept.holder)?;
            let made = *kept.made.last()?;
            Some(UncancelledTask { holder: kept.holder, name: kept.name.clone(), made, sibling: *sibling })
        })
        .collect()
}

/// The attributes of `self` that a method keeps new tasks in.
fn kept_in(project: &Project, method: CodeId) -> Vec<(Name, ValueId)> {
    let facts = project.facts(method);
    if project.is_broken(method) || !facts.is_function() {
        return Vec::new();
    }
    let stored = facts.body.originals().flat_map(|block| facts.body.values(block));
    let kept = stored.filter_map(|at| {
        let Op::StoreAttr { base, name, value } = facts.body.op(at) else { return None };
        let Op::Load(var) = facts.body.op(base) else { return None };
        project.self_class(method, var).filter(|(_, is_class)| !is_class)?;
        let made = match facts.body.op(value) {
            Op::Load(local) => facts.only_value(local)?,
            _ => value,
        };
        creation::makes_task(project, method, made).then(|| (name, method.value(made)))
    });
    kept.collect()
}

/// Where a method at the end of the object's life ends the task of an attribute.
fn ended_at(project: &Project, kept: &Kept) -> Option<Site> {
    project.sites(kept.holder).iter().copied().find(|site| {
        let makes = kept.made.iter().any(|made| made.code == site.code);
        !makes && ends_life(project, site.code) && manages(project, *site)
    })
}

/// Whether anything else than the methods that make it has to do with the task of an attribute.
fn is_managed(project: &Project, class: ClassId, kept: &Kept) -> bool {
    let is_own = |site: &Site| kept.made.iter().any(|made| made.code == site.code);
    let known = project.sites(kept.holder).iter().any(|site| {
        // A task that is forgotten once it is done ends by itself.
        let forgets = matches!(site.find(project).kind, UseKind::Bind(value)
            if !is_initial(project, site.code) && is_none(project, site.code, value));
        let restarts = is_own(site)
            && site.depth == 0
            && matches!(site.find(project).kind, UseKind::Call(name) if project.facts(site.code).str(name) == "cancel");
        forgets || !restarts && manages(project, *site)
    });
    let elsewhere =
        project.unresolved_sites(Symbol::of(&kept.name)).iter().any(|site| manages(project, *site));
    known || elsewhere || is_named_in_text(project, class, &kept.name)
}

fn is_none(project: &Project, code: CodeId, value: Val) -> bool {
    matches!(project.facts(code).body.op(value), Op::Const(Const::None))
}

/// Whether a use cancels a task, waits for it, or hands it on.
fn manages(project: &Project, site: Site) -> bool {
    let facts = project.facts(site.code);
    match site.find(project).kind {
        UseKind::Call(name) if site.depth == 0 => !project.catalogue().tasks.is_neutral(facts.str(name)),
        UseKind::Bind(_) | UseKind::Unbind | UseKind::Test | UseKind::Operand => false,
        _ => true,
    }
}

/// Whether a method has the name of an attribute as a string: `getattr(self, "_task")`.
fn is_named_in_text(project: &Project, class: ClassId, name: &str) -> bool {
    all_methods(project, class).into_iter().any(|method| {
        let facts = project.facts(method);
        let is_it = |value: Val| matches!(facts.body.op(value), Op::Const(Const::Str(text)) if facts.str(text) == name);
        (0..facts.body.insts.len()).map(Val::new).any(is_it)
    })
}
