//! The class from a library that a value is an object of, as far as it is written down.

use crate::bindings::Binding;
use crate::file::ItemId;
use crate::ir::{Op, UseKind, Val};
use crate::project::{ClassId, CodeId, Holder, Project, Symbol};

use super::acquire::resource_within;

/// The class from a library that a value is an object of.
pub(super) fn library_class(project: &Project, code: CodeId, value: Val, fuel: u32) -> Option<String> {
    let fuel = fuel.checked_sub(1)?;
    let facts = project.facts(code);
    match facts.body.op(value) {
        Op::Call { callee, .. } => {
            if let Some(found) = resource_within(project, code, callee, None, fuel) {
                return found.returns.clone();
            }
            let path = project.import_path(code, callee)?;
            if let Some(class) = project.catalogue().classes.returned_by(&path) {
                return Some(class.to_owned());
            }
            // A class is called to make an object of it; `Path(a) / b` and `p.parent` are paths too.
            path.rsplit('.').next().is_some_and(|last| last.starts_with(char::is_uppercase)).then_some(path)
        }
        Op::Load(var) => {
            if let Some((class, false)) = project.self_class(code, var) {
                return of_base(project, class);
            }
            if let Some(param) = facts.params.iter().find(|param| param.var == var) {
                return annotated(project, code, param.annotation?);
            }
            match project.file(code.module).binding(code.item, var) {
                Binding::Local(item, var) => {
                    let owner = CodeId { item, ..code };
                    library_class(project, owner, project.facts(owner).only_value(var)?, fuel)
                }
                Binding::Global(global) => {
                    let module = CodeId { item: ItemId::MODULE, ..code };
                    let var = project.file(code.module).global(global).var?;
                    library_class(project, module, project.facts(module).only_value(var)?, fuel)
                }
                _ => None,
            }
        }
        Op::Attr { base, name } => {
            let class = project.class_of_value(code, base)?;
            let holder = project.attribute(class, Symbol::of(facts.str(name)));
            of_attribute(project, holder, fuel)
        }
        Op::Binary { left, .. } => {
            library_class(project, code, left, fuel).filter(|class| class == "pathlib.Path")
        }
        Op::Enter { context, .. } => library_class(project, code, context, fuel),
        Op::Await(value) => library_class(project, code, value, fuel),
        _ => None,
    }
}

/// The class of a library that a class of the project derives from, if there is one.
fn of_base(project: &Project, class: ClassId) -> Option<String> {
    let mut bases = project.external_bases(class).into_iter();
    let (Some(base), None) = (bases.next(), bases.next()) else { return None };
    let known = project.catalogue().resources.get(base);
    Some(known.and_then(|resource| resource.returns.clone()).unwrap_or_else(|| base.to_owned()))
}

/// The class of what is bound to an attribute, if all that is bound to it agrees.
fn of_attribute(project: &Project, holder: Holder, fuel: u32) -> Option<String> {
    let mut found: Option<String> = None;
    for site in project.sites(holder) {
        if site.depth > 0 {
            continue;
        }
        let UseKind::Bind(value) = site.find(project).kind else { continue };
        if matches!(project.facts(site.code).body.op(value), Op::Const(_)) {
            continue;
        }
        let class = library_class(project, site.code, value, fuel)?;
        if found.as_ref().is_some_and(|known| *known != class) {
            return None;
        }
        found = Some(class);
    }
    found
}

/// The class that an annotation names: `Socket`, `Socket | None`, `Optional[Socket]`.
fn annotated(project: &Project, code: CodeId, annotation: Val) -> Option<String> {
    if let Some(path) = project.import_path(code, annotation) {
        return Some(path);
    }
    let facts = project.facts(code);
    match facts.body.op(annotation) {
        Op::Binary { left, .. } => project.import_path(code, left),
        Op::Index { base, key } => {
            let outer = project.import_path(code, base)?;
            matches!(outer.as_str(), "typing.Optional").then(|| project.import_path(code, key))?
        }
        _ => None,
    }
}
