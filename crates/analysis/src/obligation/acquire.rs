//! Where resources are acquired.

use leakwright_catalogue::{Resource, Unless};

use crate::ir::{ArgKind, Args, BlockId, Op, Val};
use crate::project::{CodeId, Project};

/// A call that hands out a resource.
#[derive(Clone, Debug)]
pub struct Acquisition<'c> {
    /// The call.
    pub call: Val,
    /// Its block.
    pub block: BlockId,
    /// What it hands out.
    pub resource: &'c Resource,
    /// The part of the result that is the resource, if the call hands out several.
    pub part: Option<u32>,
}

/// The resources that an item acquires, in the order of the source.
pub fn acquisitions(project: &Project, code: CodeId) -> Vec<Acquisition<'_>> {
    let facts = project.facts(code);
    let mut found = Vec::new();
    for block in facts.body.originals() {
        for call in facts.body.values(block) {
            let Op::Call { callee, args } = facts.body.op(call) else { continue };
            let Some(resource) = resource(project, code, callee) else { continue };
            if owns_nothing(project, code, resource, args) {
                continue;
            }
            if resource.parts.is_empty() {
                found.push(Acquisition { call, block, resource, part: None });
            }
            found.extend(resource.parts.iter().map(|&part| Acquisition {
                call,
                block,
                resource,
                part: Some(part),
            }));
        }
    }
    found
}

/// How many steps back the class of an object is looked for.
const MAX_STEPS: u32 = 6;

/// The resource that calling a value hands out.
pub(super) fn resource(project: &Project, code: CodeId, callee: Val) -> Option<&Resource> {
    resource_within(project, code, callee, MAX_STEPS)
}

fn resource_within(project: &Project, code: CodeId, callee: Val, fuel: u32) -> Option<&Resource> {
    let resources = &project.catalogue().resources;
    if let Some(path) = project.import_path(code, callee) {
        return resources.get(&path);
    }
    // A method of an object whose class is known: `Path(name).open()`.
    let Op::Attr { base, name } = project.facts(code).body.op(callee) else { return None };
    let class = library_class(project, code, base, fuel)?;
    resources.get(&format!("{class}.{}", project.facts(code).str(name)))
}

/// The class from a library that a value is an object of.
fn library_class(project: &Project, code: CodeId, value: Val, fuel: u32) -> Option<String> {
    let fuel = fuel.checked_sub(1)?;
    let facts = project.facts(code);
    match facts.body.op(value) {
        Op::Call { callee, .. } => {
            if let Some(found) = resource_within(project, code, callee, fuel) {
                return found.returns.clone();
            }
            // A class is called to make an object of it; `Path(a) / b` and `p.parent` are paths too.
            let path = project.import_path(code, callee)?;
            path.rsplit('.').next().is_some_and(|last| last.starts_with(char::is_uppercase)).then_some(path)
        }
        Op::Load(var) => {
            if let Some(param) = facts.params.iter().find(|param| param.var == var) {
                return project.import_path(code, param.annotation?);
            }
            library_class(project, code, facts.only_value(var)?, fuel)
        }
        Op::Binary { left, .. } => {
            library_class(project, code, left, fuel).filter(|class| class == "pathlib.Path")
        }
        Op::Enter { context, .. } => library_class(project, code, context, fuel),
        _ => None,
    }
}

/// Whether the arguments of a constructor leave the duty with somebody else.
fn owns_nothing(project: &Project, code: CodeId, resource: &Resource, args: Args) -> bool {
    let facts = project.facts(code);
    let args = facts.body.args(args);
    let is_named = |keyword: &str| {
        args.iter().any(|arg| matches!(arg.kind, ArgKind::Keyword(name) if facts.str(name) == keyword))
    };
    if resource.constructor == "open" && is_named("closefd") {
        return true;
    }
    resource.unless.iter().any(|unless| match unless {
        Unless::Keyword(keyword) => is_named(keyword),
        Unless::Stream(position) => {
            args.get(*position).is_some_and(|arg| is_stream(project, code, arg.value))
        }
    })
}

/// Whether a value is an open stream rather than a path, as far as can be told.
fn is_stream(project: &Project, code: CodeId, value: Val) -> bool {
    let facts = project.facts(code);
    let named = |name: &str| {
        let last = leakwright_catalogue::split_words(name).last();
        last.is_some_and(|word| {
            matches!(
                word.as_str(),
                "fileobj"
                    | "obj"
                    | "stream"
                    | "fp"
                    | "fh"
                    | "f"
                    | "buf"
                    | "buffer"
                    | "io"
                    | "handle"
                    | "raw"
                    | "data"
                    | "response"
            )
        })
    };
    match facts.body.op(value) {
        Op::Call { callee, .. } => {
            let path = project.import_path(code, callee);
            resource(project, code, callee).is_some()
                || matches!(path.as_deref(), Some("io.BytesIO" | "io.StringIO" | "_io.BytesIO"))
        }
        Op::Load(var) => match facts.only_value(var) {
            Some(value) if matches!(facts.body.op(value), Op::Call { .. }) => is_stream(project, code, value),
            _ => named(facts.var_name(var)),
        },
        Op::Attr { name, .. } => named(facts.str(name)),
        Op::Enter { context, .. } => is_stream(project, code, context),
        _ => false,
    }
}
