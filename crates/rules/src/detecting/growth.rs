//! Programs for what grows: containers, caches, arrays.

use leakwright_analysis::ItemId;
use leakwright_analysis::growth::{self, Growing, Repeats};
use leakwright_analysis::ir::Op;
use leakwright_analysis::project::{CodeId, Holder};

use super::calls::{Objects, Work, mangled};
use super::program::Program;
use super::{Detection, kept, running};
use crate::cached;
use crate::subject::Subject;

const GROWTH: &str = include_str!("templates/growth.py.txt");
const CACHE: &str = include_str!("templates/cache.py.txt");
const TOTAL: &str = include_str!("templates/total.py.txt");
const PEAK: &str = include_str!("templates/peak.py.txt");

/// For a container that only grows.
pub(super) fn container(mut program: Program<'_>, growing: &Growing) -> Detection {
    let main = &growing.growth[0];
    if main.repeats == Repeats::Endless {
        return running::endless(program, main.site.code);
    }
    let code = main.through.map_or(main.site.code, |call| call.code);
    let work = program.work(code, Objects::Shared);
    let mut holder = holder(&mut program, growing.holder, &work);
    if growing.memo.is_some()
        && let Some((owner, name)) = holder.as_ref().and_then(|holder| holder.rsplit_once('.'))
    {
        // A fix may take it away.
        holder = Some(format!("getattr({owner}, '{name}', ())"));
    }
    measured(program, &work, holder.as_deref())
}

/// For what grows otherwise: arrays, queues, what a rule found by its own means.
pub(super) fn anything(mut program: Program<'_>) -> Detection {
    let code = program.code;
    if running::is_endless(&program) {
        return running::endless(program, code);
    }
    // Freed again afterwards, or at the next call: what matters is how much there is at one time.
    let is_passing =
        program.finding.evidence.iter().any(|place| place.message.contains("round of this loop"))
            || matches!(program.finding.rule.metadata().code, "LW106" | "LW405");
    let work = program.work(code, Objects::Shared);
    if !is_passing {
        return measured(program, &work, None);
    }
    program.leave_open("an input as large as real ones");
    let shows = format!("Shows how much memory {} takes at one time.", program.place());
    let values = [("PLACE", program.place())];
    program.finish(shows, &work, PEAK, &values)
}

/// The container as the program can name it, where it can.
fn holder(program: &mut Program<'_>, holder: Holder, work: &Work) -> Option<String> {
    let project = program.project();
    let name = growth::holder_name(project, holder)?;
    match holder {
        Holder::Global { module, .. } => Some(format!("{}.{name}", program.module(module))),
        Holder::Attribute { class, .. } => match &work.object {
            Some((made, variable)) if project.ancestry(*made).contains(&class) => {
                Some(format!("{variable}.{}", mangled(project, class, &name)))
            }
            _ => None,
        },
        Holder::Local { .. } => None,
    }
}

fn measured(mut program: Program<'_>, work: &Work, holder: Option<&str>) -> Detection {
    let warm = program.warm_up();
    let shows = format!(
        "Shows with tracemalloc that {} keeps memory, call by call: `{}`.",
        program.place(),
        program.finding.symbol
    );
    let (before, after) = match holder {
        Some(holder) => (
            format!("\nsize = len({holder})"),
            format!("\nprint(f\"{holder} had {{size:,}} elements, and has {{len({holder}):,}}\")"),
        ),
        None => (String::new(), String::new()),
    };
    program.find_lines();
    let mut values = vec![("BEFORE", before), ("AFTER", after)];
    values.extend(counted(&mut program, work, warm));
    program.finish(shows, work, GROWTH, &values)
}

/// What all programs that count calls have in them.
pub(super) fn counted(program: &mut Program<'_>, work: &Work, warm: u32) -> Vec<(&'static str, String)> {
    vec![
        ("FILE", program.file()),
        ("PLACE", program.place()),
        ("NAME", work.name.clone()),
        ("WARM", warm.to_string()),
        ("END", (3 * warm).to_string()),
        ("COUNT", (2 * warm).to_string()),
        ("CALLS", thousands(2 * warm)),
    ]
}

/// `2,200`
fn thousands(number: u32) -> String {
    if number < 1000 { number.to_string() } else { format!("{},{:03}", number / 1000, number % 1000) }
}

/// For a cache on a function.
pub(super) fn cached(mut program: Program<'_>, function: CodeId) -> Detection {
    let project = program.project();
    let Subject::Decorator { place, source, .. } = program.finding.subject else { return anything(program) };
    if project.class_of(function).is_some() && program.finding.rule.metadata().code == "LW203" {
        return kept::cached_method(program, function);
    }
    let mut work = program.work(function, Objects::Shared);
    let own = project.own_name(function);
    let mut cache = work.lines.last().and_then(|line| {
        let call = line.trim_start_matches("await ");
        call.split_once('(').map(|(callee, _)| callee.to_owned())
    });
    if let Some(name) = bound_name(&program, place.code, place.value) {
        // `fast = lru_cache(maxsize=None)(slow)`: it is the other name that has the cache.
        let handle = program.module(function.module);
        for line in &mut work.lines {
            *line = line.replace(&format!("{handle}.{own}("), &format!("{handle}.{name}("));
        }
        cache = Some(format!("{handle}.{name}"));
    }
    let has_info = cached::asked(project, function, place, source).is_some_and(|found| {
        found.cache.decorator.contains("lru_cache") || found.cache.decorator == "functools.cache"
    });
    let warm = program.warm_up();
    let shows = format!("Shows that the cache of `{}` grows, call by call.", work.name);
    let mut values = counted(&mut program, &work, warm);
    match cache.filter(|_| has_info) {
        Some(cache) => {
            values.push(("CACHE", cache));
            program.finish(shows, &work, CACHE, &values)
        }
        None => program.finish(shows, &work, TOTAL, &values),
    }
}

/// The variable of a module that a value is bound to.
fn bound_name(program: &Program<'_>, code: CodeId, wanted: leakwright_analysis::ir::Val) -> Option<String> {
    if code.item != ItemId::MODULE {
        return None;
    }
    let facts = program.project().facts(code);
    facts.body.insts.iter().find_map(|inst| match inst.op {
        Op::Store { var, value } if value == wanted => Some(facts.var_name(var).to_owned()),
        _ => None,
    })
}
