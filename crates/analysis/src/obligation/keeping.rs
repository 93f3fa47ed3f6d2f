//! Objects of the project that are given a resource when they are made, and keep it.
//!
//! A class that stores what its constructor is given and releases it in a method takes the resource over: its
//! object is the resource from then on. One that stores it and never releases it leaves the duty with the
//! code that opened it, which mostly believes the opposite.

use super::owner::{self, Owned, Ownership, Teardown};
use super::{Acquisition, Share};
use crate::ir::{Op, UseKind, Val, VarId};
use crate::project::{ClassId, CodeId, Holder, Project, Symbol};

/// What an object does with a resource that it keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keeper {
    /// A method of it releases the resource.
    Releases,
    /// Nothing releases it.
    Forgets,
}

/// What the object that a call makes does with a resource which is passed to it. `None` where that cannot be
/// told, or it is not kept.
pub(super) fn keeper(
    project: &Project,
    code: CodeId,
    call: Val,
    value: Val,
    class: ClassId,
    acquired: &Acquisition,
) -> Option<Keeper> {
    let owned = kept(project, code, call, value, class, acquired)?;
    match owner::ownership(project, &owned) {
        Ownership::Released => owner::class_resource(project, &owned).map(|_| Keeper::Releases),
        // Where there is a method to let go, the object is meant to be asked to.
        Ownership::Forgotten(Teardown::None) => Some(Keeper::Forgets),
        Ownership::Forgotten(_) | Ownership::Unclear => None,
    }
}

/// The attribute of the object that a call makes which keeps what is passed.
pub(super) fn kept(
    project: &Project,
    code: CodeId,
    call: Val,
    value: Val,
    class: ClassId,
    acquired: &Acquisition,
) -> Option<Owned> {
    if !project.is_class(class.0) || project.descendants(class).len() > 1 {
        return None;
    }
    let init = project.class_member(class, "__init__")?;
    let param = project.parameter_for(code, call, value, init)?;
    let store = only_store(project, init, param)?;
    let Op::StoreAttr { base, name, .. } = project.facts(init).body.op(store) else { return None };
    let Op::Load(this) = project.facts(init).body.op(base) else { return None };
    project.self_class(init, this)?;
    Some(Owned {
        class,
        name: Symbol::of(project.facts(init).str(name)),
        store: init.value(store),
        acquisition: Acquisition { share: Share::Whole, ..acquired.clone() },
    })
}

/// The one place where a constructor stores a parameter, if it does nothing else that could lead to its
/// release.
fn only_store(project: &Project, init: CodeId, param: VarId) -> Option<Val> {
    let facts = project.facts(init);
    if !facts.stores(param).is_empty() {
        return None;
    }
    let mut store = None;
    for site in project.sites(Holder::Local { code: init, var: param }) {
        let used = site.find(project);
        match used.kind {
            UseKind::Keep if site.code == init && store.is_none() && site.rest(project).is_empty() => {
                matches!(facts.body.op(used.at), Op::StoreAttr { .. }).then_some(())?;
                store = Some(used.at);
            }
            UseKind::Keep | UseKind::Return | UseKind::Argument | UseKind::Invoke | UseKind::Enter => {
                return None;
            }
            _ if site.code != init => return None,
            _ => {}
        }
    }
    store
}
