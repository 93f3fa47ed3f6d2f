//! Persistent gradient tapes that are entered again and again.
//!
//! A tape of TensorFlow that is persistent keeps what it recorded until it is reset or gone. Entered once more it goes on
//! where it was: one that is made once and entered in each step records all of them.

use super::traced::may_trace;
use crate::growth::is_initial;
use crate::ir::{ArgKind, BlockId, Const, Op, UseKind, Val};
use crate::project::{CodeId, Holder, ModuleId, Project, Site, ValueId};

/// A persistent tape that each step goes on with.
#[derive(Clone, Debug)]
pub struct GrowingTape {
    /// The function that enters it.
    pub code: CodeId,
    /// Where it does.
    pub entered: Val,
    /// What holds it.
    pub holder: Holder,
    /// Where it is made.
    pub made: ValueId,
}

/// The persistent tapes that items of a file enter again and again, in the order of the source.
pub fn growing_tapes(
    project: &Project,
    module: ModuleId,
    items: impl Iterator<Item = CodeId>,
) -> Vec<GrowingTape> {
    if !may_trace(project, module) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for code in items.filter(|code| !project.facts(*code).is_class()) {
        let facts = project.facts(code);
        for block in facts.body.originals() {
            found.extend(facts.body.values(block).filter_map(|at| entered(project, code, block, at)));
        }
    }
    found
}

fn entered(project: &Project, code: CodeId, block: BlockId, at: Val) -> Option<GrowingTape> {
    let facts = project.facts(code);
    let Op::Enter { context, .. } = facts.body.op(at) else { return None };
    let located = project.locate(code, facts.places.of(context)?).filter(|found| found.rest.is_empty())?;
    let holder = located.holder;
    let sites: Vec<Site> = project.sites(holder).iter().copied().filter(|site| site.depth == 0).collect();
    let mut bound = sites.iter().filter_map(|site| match site.find(project).kind {
        UseKind::Bind(value) => Some((site, value)),
        _ => None,
    });
    let (site, value) = bound.next()?;
    let is_only = bound.next().is_none() && is_persistent_tape(project, site.code, value);
    let starts_anew = sites.iter().any(|site| match site.find(project).kind {
        UseKind::Call(name) => project.facts(site.code).str(name) == "reset",
        UseKind::Unbind | UseKind::Argument | UseKind::Keep | UseKind::Return => true,
        _ => false,
    });
    let made = site.code.value(value);
    (is_only && !starts_anew && is_again(project, code, block, holder, made)).then_some(GrowingTape {
        code,
        entered: at,
        holder,
        made,
    })
}

/// Whether a tape is entered more often than it is made.
fn is_again(project: &Project, code: CodeId, block: BlockId, holder: Holder, made: ValueId) -> bool {
    let facts = project.facts(code);
    if made.code == code {
        let own = facts.body.block_of(made.value);
        let mut around = facts.body.loops_around(block);
        return around
            .any(|round| own.is_some_and(|own| !facts.body.loops_around(own).any(|other| other == round)));
    }
    match holder {
        Holder::Attribute { .. } => is_initial(project, made.code) && !is_initial(project, code),
        Holder::Global { .. } => facts.is_function(),
        Holder::Local { .. } => false,
    }
}

/// `tf.GradientTape(persistent=True)`
fn is_persistent_tape(project: &Project, code: CodeId, value: Val) -> bool {
    let facts = project.facts(code);
    let Op::Call { callee, args } = facts.body.op(value) else { return false };
    let is_tape =
        project.import_path(code, callee).is_some_and(|path| project.catalogue().tensors.is_tape(&path));
    is_tape
        && facts.body.args(args).iter().enumerate().any(|(index, arg)| {
            let is_named = match arg.kind {
                ArgKind::Keyword(name) => facts.str(name) == "persistent",
                ArgKind::Positional => index == 0,
                _ => false,
            };
            is_named && matches!(facts.body.op(arg.value), Op::Const(Const::True))
        })
}
