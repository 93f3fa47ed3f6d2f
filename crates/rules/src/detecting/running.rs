//! Programs that watch code while it runs: loops without end, training steps, tasks.

use leakwright_analysis::project::CodeId;

use super::calls::Objects;
use super::program::Program;
use super::{Detection, growth, resources};
use crate::finding::Role;

const ENDLESS: &str = include_str!("templates/endless.py.txt");
const TENSORS: &str = include_str!("templates/tensors.py.txt");
const TASKS: &str = include_str!("templates/tasks.py.txt");

/// Whether the code of the finding stands in a loop that does not end.
pub(super) fn is_endless(program: &Program<'_>) -> bool {
    let says = |message: &str| message.contains("does not end");
    program
        .finding
        .evidence
        .iter()
        .any(|place| place.role == Role::Repeats && says(&place.message) && !place.message.contains("calls"))
}

/// For what grows in a loop that does not end.
pub(super) fn endless(mut program: Program<'_>, code: CodeId) -> Detection {
    let work = program.work(code, Objects::Shared);
    let shows = format!(
        "Shows with tracemalloc that {} keeps memory, round by round: `{}`.",
        program.place(),
        program.finding.symbol
    );
    program.find_lines();
    let warm = program.warm_up();
    let mut values = growth::counted(&mut program, &work, warm);
    values.retain(|(key, _)| *key != "CALLS");
    values.extend([("CALLS", (2 * warm).to_string())]);
    program.finish(shows, &work, ENDLESS, &values)
}

/// For tensors that are kept with their graph.
pub(super) fn tensors(mut program: Program<'_>) -> Detection {
    if program.finding.rule.metadata().code != "LW501" {
        return growth::anything(program);
    }
    let code = program.code;
    let work = program.work(code, Objects::Shared);
    program.find_lines();
    let shows = format!("Shows that {} keeps the graph of every step.", program.place());
    let values = [("PLACE", program.place()), ("FILE", program.file())];
    program.finish(shows, &work, TENSORS, &values)
}

/// For tasks and threads that nobody waits for.
pub(super) fn tasks(mut program: Program<'_>) -> Detection {
    if program.finding.rule.metadata().code != "LW601" {
        return resources::threads(program);
    }
    let code = program.code;
    let mut work = program.work(code, Objects::Shared);
    work.is_async = true;
    let shows = format!("Shows that nothing refers to the tasks that {} starts.", program.place());
    let values = [("PLACE", program.place()), ("NAME", work.name.clone())];
    program.finish(shows, &work, TASKS, &values)
}
