//! Whether code outside the view of an analysis names something: fixes that change what a name means ask.

use leakwright_analysis::growth::holder_name;
use leakwright_analysis::ir::{Const, Op, Val};
use leakwright_analysis::project::{CodeId, Holder, ModuleId, Project, Site};

/// Every use of a holder in the project, that of tests included, with those on objects of unknown class
/// that may be its.
pub(crate) fn all_sites(project: &Project, holder: Holder) -> Vec<Site> {
    let mut sites = project.sites(holder).to_vec();
    if let Holder::Attribute { name, .. } = holder {
        sites.extend(project.unresolved_sites(name));
    }
    sites
}

/// Whether an attribute is reached by its name in a string: `getattr(queue, "messages")`.
pub(crate) fn is_reached_by_string(project: &Project, holder: Holder) -> bool {
    let Some(name) = holder_name(project, holder) else { return true };
    project.items_passing(&name).into_iter().any(|code| {
        let facts = project.facts(code);
        let Some(text) = facts.names.find(&name) else { return false };
        let is_text = |value| matches!(facts.body.op(value), Op::Const(Const::Str(found)) if found == text);
        facts.body.insts.iter().any(|inst| match inst.op {
            Op::Call { callee, args } => {
                let reads = match facts.body.op(callee) {
                    Op::Load(var) => {
                        matches!(facts.var_name(var), "getattr" | "setattr" | "hasattr" | "attrgetter")
                    }
                    Op::Attr { name, .. } => facts.str(name) == "attrgetter",
                    _ => false,
                };
                reads && facts.body.args(args).iter().any(|arg| is_text(arg.value))
            }
            _ => false,
        })
    })
}

/// Whether anything but some functions of its file names a module variable: another file, `__all__`, or a
/// string that may be its name.
pub(crate) fn is_named_outside(project: &Project, module: ModuleId, name: &str, own: &[CodeId]) -> bool {
    let in_file = project.items(module).filter(|code| !own.contains(code)).any(|code| {
        let facts = project.facts(code);
        let Some(text) = facts.names.find(name) else { return false };
        facts.body.insts.iter().any(|inst| match inst.op {
            Op::Const(Const::Str(found)) => found == text,
            _ => false,
        })
    });
    let own_name = project.module(module).name.as_str();
    let last = own_name.rsplit('.').next().unwrap_or(own_name);
    let elsewhere = || {
        project.modules().filter(|(other, _)| *other != module).any(|(other, _)| {
            project.items(other).any(|code| {
                let facts = project.facts(code);
                let Some(text) = facts.names.find(name) else { return false };
                facts.body.insts.iter().any(|inst| match inst.op {
                    Op::ImportFrom { module, name } => name == text && facts.str(module).ends_with(last),
                    Op::Attr { name, base } => name == text && is_named(project, code, base, last),
                    _ => false,
                })
            })
        })
    };
    in_file || elsewhere()
}

/// Whether a value is a variable or attribute that may be a module of a name.
fn is_named(project: &Project, code: CodeId, value: Val, last: &str) -> bool {
    let facts = project.facts(code);
    match facts.body.op(value) {
        Op::Load(_) | Op::Attr { .. } => {
            project.import_path(code, value).is_none_or(|path| path.rsplit('.').next() == Some(last))
        }
        _ => false,
    }
}
