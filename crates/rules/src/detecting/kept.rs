//! Programs for what stays alive: objects that callbacks or caches keep, cycles, exceptions.

use leakwright_analysis::ir::{Op, Val};
use leakwright_analysis::project::{ClassId, CodeId};
use leakwright_catalogue::Words;
use leakwright_syntax::Kind;

use super::calls::{Objects, Work};
use super::program::Program;
use super::values::definition;
use super::{Detection, growth};
use crate::finding::Role;

const OBJECTS: &str = include_str!("templates/objects.py.txt");
const CYCLES: &str = include_str!("templates/cycles.py.txt");
const TRACEBACKS: &str = include_str!("templates/tracebacks.py.txt");

/// For objects that a callback keeps.
pub(super) fn objects(mut program: Program<'_>) -> Detection {
    let code = program.code;
    let Some(class) = program.project().enclosing_class(code) else { return growth::anything(program) };
    share_emitter(&mut program, code);
    let mut work = program.work(code, Objects::Fresh);
    end_objects(&mut program, class, &mut work);
    let why = format!("{} hands over what refers to them", program.place());
    alive(program, class, &work, &why)
}

/// For objects that a cache on their method keeps.
pub(super) fn cached_method(mut program: Program<'_>, method: CodeId) -> Detection {
    let Some(class) = program.project().class_of(method) else { return growth::anything(program) };
    let work = program.work(method, Objects::Fresh);
    let why = format!("the cache that {} puts on the method refers to them", program.place());
    alive(program, class, &work, &why)
}

fn alive(mut program: Program<'_>, class: ClassId, work: &Work, why: &str) -> Detection {
    let project = program.project();
    let own = project.own_name(class.0).to_owned();
    let Some(name) = program.name_of(class.0) else {
        // A class that a function makes: its objects cannot be told from others.
        let warm = program.warm_up();
        let values = growth::counted(&mut program, work, warm);
        let shows = format!("Shows with tracemalloc that {} keeps memory, call by call.", program.place());
        return program.finish(shows, work, include_str!("templates/total.py.txt"), &values);
    };
    let shows = format!("Shows that objects of `{own}` stay alive: {}.", program.place());
    let values = [("CLASS", name), ("NAME", own), ("WHY", why.to_owned())];
    program.finish(shows, work, OBJECTS, &values)
}

/// What keeps the callbacks has to be the same for all objects: a parameter that is one is made once.
fn share_emitter(program: &mut Program<'_>, code: CodeId) {
    let project = program.project();
    let facts = project.facts(code);
    let range = program.finding.range;
    let at = |value: Val| project.file(code.module).value_range(code.item, value);
    let call = (0..facts.body.insts.len())
        .map(Val::new)
        .find(|value| matches!(facts.body.op(*value), Op::Call { .. }) && at(*value) == range);
    let Some(Op::Call { callee, .. }) = call.map(|call| facts.body.op(call)) else { return };
    let Op::Attr { base, name } = facts.body.op(callee) else { return };
    let name = facts.str(name).to_owned();
    let named = |function: CodeId, wanted: &str| {
        let facts = project.facts(function);
        facts.params.iter().find(|param| facts.var_name(param.var) == wanted).copied()
    };
    match facts.body.op(base) {
        Op::Load(var) => {
            let Some(param) = named(code, facts.var_name(var)) else { return };
            program.share(code, param, &name);
        }
        // `self.bus`, which the object was given.
        Op::Attr { name: attribute, .. } => {
            let class = project.enclosing_class(code);
            let init = class.and_then(|class| project.class_member(class, "__init__"));
            let attribute = facts.str(attribute).trim_start_matches('_');
            let Some((init, param)) = init.and_then(|init| Some((init, named(init, attribute)?))) else {
                return;
            };
            program.share(init, param, &name);
        }
        _ => {}
    }
}

/// Calls what ends the life of an object, where its class has such a method: that a leak is mended by it
/// shows only then.
pub(super) fn end_objects(program: &mut Program<'_>, class: ClassId, work: &mut Work) {
    let project = program.project();
    let words = &project.catalogue().words;
    let ends =
        project.ancestry(class).into_iter().flat_map(|class| project.own_members(class)).find(|member| {
            let facts = project.facts(*member);
            let is_plain = facts.params.iter().skip(1).all(|param| param.default.is_some());
            facts.is_function()
                && project.is_instance_method(*member)
                && is_plain
                && Words::first(&words.teardown, facts.own_name())
                && !facts.own_name().starts_with('_')
        });
    let Some(ends) = ends else { return };
    let facts = project.facts(ends);
    let own = facts.own_name();
    let is_async = matches!(facts.kind, leakwright_analysis::ir::ItemKind::Function { is_async: true, .. });
    let variable = match &work.object {
        Some((_, variable)) => variable.clone(),
        None => {
            // The work is making the object.
            let Some(last) = work.lines.last_mut() else { return };
            let variable = program.variable("target");
            *last = format!("{variable} = {last}");
            work.object = Some((class, variable.clone()));
            variable
        }
    };
    work.lines.push(format!("{}{variable}.{own}()", if is_async { "await " } else { "" }));
    work.is_async |= is_async;
}

/// For reference cycles, and exceptions that are kept.
pub(super) fn references(mut program: Program<'_>) -> Detection {
    let code = program.code;
    let symbol = program.finding.symbol.clone();
    let attribute = symbol.rsplit('.').next().unwrap_or_default().to_owned();
    if program.finding.rule.metadata().code == "LW404" {
        return tracebacks(program);
    }
    if program.finding.rule.metadata().code != "LW402" {
        return growth::anything(program);
    }
    let work = program.work_with(code, Objects::Fresh, &[&attribute]);
    let shows =
        format!("Shows that each run of {} makes a cycle that only the collector frees.", program.place());
    let values = [("NAME", work.name.clone())];
    program.finish(shows, &work, CYCLES, &values)
}

fn tracebacks(mut program: Program<'_>) -> Detection {
    let code = program.code;
    let work = program.work(code, Objects::Shared);
    let Some(line) = failing_line(&program) else { return growth::anything(program) };
    let shows =
        format!("Shows that {} keeps tracebacks, and with them the frames they passed.", program.place());
    program.find_failing(line);
    let values = [("NAME", work.name.clone()), ("FILE", program.file())];
    program.finish(shows, &work, TRACEBACKS, &values)
}

/// The first line of what the handler around the finding guards.
fn failing_line(program: &Program<'_>) -> Option<u32> {
    let node = program.tree().root().covering(program.finding.range)?;
    let guarded = std::iter::once(node).chain(node.ancestors()).find(|node| node.kind() == Kind::Try)?;
    let body = definition(Some(guarded), Kind::Try)?;
    Some(program.line_of(body.named_children().next()?.range().start))
}

/// The places where an exception leads past the release.
pub(super) fn error_lines(program: &Program<'_>) -> Vec<u32> {
    let places = program.finding.evidence.iter().filter(|place| place.role == Role::ErrorPath);
    places.map(|place| program.line_of(place.range.start)).collect()
}
