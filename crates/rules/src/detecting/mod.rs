//! Programs that show a leak.
//!
//! For each finding a Python program can be written that imports the module, makes up what the function
//! needs, lets it work again and again, and watches the very line: with `tracemalloc` where memory grows,
//! with Python's own warnings where a file is dropped open, and otherwise by counting what stays alive or is
//! never released. It fails while the leak is there and ends well once it is mended, so that it serves as a
//! test as well. Nothing here runs it: what the function does when it is called is known to people only.

mod calls;
mod growth;
mod kept;
mod program;
mod resources;
mod running;
mod types;
mod values;

use leakwright_analysis::ItemId;
use leakwright_analysis::project::{CodeId, Project};
use leakwright_syntax::TextRange;

use crate::context::Context;
use crate::finding::{Finding, LeakType};
use crate::fix::Sources;
use crate::subject::Subject;
use program::Program;

/// A program that shows a leak.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detection {
    /// What running it shows, in a sentence.
    pub shows: String,
    /// The program, in Python 3.9 or later.
    pub program: String,
    /// What a person has to put in its place before it runs; empty where it runs as it is.
    pub open: Vec<String>,
}

/// A program that shows the leak of a finding; `None` where its file is not at hand.
///
/// `root` is the folder that the modules of the project are imported from, as it is seen from where the
/// program will run.
pub fn detection(
    finding: &Finding,
    context: &Context<'_>,
    sources: &dyn Sources,
    root: &str,
) -> Option<Detection> {
    let tree = sources.tree(finding.module)?;
    let code = code_at(context.project, finding);
    let program = Program::new(context, sources, root, tree, finding, code);
    Some(match (&finding.subject, finding.leak_type) {
        (Subject::Growing(growing), _) => growth::container(program, growing),
        (Subject::Decorator { function, .. }, _) => growth::cached(program, *function),
        (Subject::Acquired { code, call, .. }, _) => resources::acquired(program, *code, *call),
        (Subject::Owned { store, teardown, .. }, _) => resources::owned(program, *store, *teardown),
        (_, LeakType::EventHandler) => kept::objects(program),
        (_, LeakType::CircularReference) => kept::references(program),
        (_, LeakType::Tensor) => running::tensors(program),
        (_, LeakType::Task) => running::tasks(program),
        (_, LeakType::Resource) => resources::warned(program),
        (_, LeakType::UnboundedCollection | LeakType::Cache) => growth::anything(program),
    })
}

/// The innermost item around the place of a finding.
fn code_at(project: &Project, finding: &Finding) -> CodeId {
    let file = project.file(finding.module);
    let holds = |range: TextRange| range.start <= finding.range.start && finding.range.end <= range.end;
    // A decorator belongs to the item it stands on; a name to the item it names.
    let item = file.ids().rfind(|item| *item != ItemId::MODULE && holds(file.whole(*item)));
    CodeId { module: finding.module, item: item.unwrap_or(ItemId::MODULE) }
}
