//! Programs for resources: dropped open, or never released.

use leakwright_analysis::ir::{Op, Val};
use leakwright_analysis::obligation::{self, Acquisition, Share};
use leakwright_analysis::project::{CodeId, ValueId};
use leakwright_catalogue::{Family, Resource};
use leakwright_syntax::{Field, Kind, Node, TextRange};

use super::calls::{Objects, Work};
use super::program::{Program, literal};
use super::{Detection, kept};

const WARNED: &str = include_str!("templates/warned.py.txt");
const RELEASED: &str = include_str!("templates/released.py.txt");
const DESCRIPTORS: &str = include_str!("templates/descriptors.py.txt");
const FAULT: &str = include_str!("templates/fault.py.txt");

/// For a resource that a function acquires.
pub(super) fn acquired(mut program: Program<'_>, code: CodeId, call: Val) -> Detection {
    let found = obligation::acquired(program.project(), code).iter().find(|(found, _)| found.call == call);
    let acquisition = found.map(|(acquisition, _)| acquisition.clone());
    let work = program.work(code, Objects::Fresh);
    match acquisition {
        Some(acquisition) => measured(program, work, code, &acquisition),
        None => dropped(program, &work),
    }
}

/// For a resource that an attribute owns.
pub(super) fn owned(mut program: Program<'_>, store: ValueId, teardown: Option<CodeId>) -> Detection {
    let project = program.project();
    let found = obligation::owned(project, store.code).into_iter().find(|owned| owned.store == store);
    let mut work = program.work(store.code, Objects::Fresh);
    let class = project.enclosing_class(teardown.unwrap_or(store.code));
    if let Some(class) = class {
        kept::end_objects(&mut program, class, &mut work);
    }
    match found {
        Some(owned) => measured(program, work, store.code, &owned.acquisition),
        None => dropped(program, &work),
    }
}

/// For a resource of which no more is known than where it shows.
pub(super) fn warned(mut program: Program<'_>) -> Detection {
    let code = program.code;
    let work = program.work(code, Objects::Fresh);
    dropped(program, &work)
}

/// For threads: none is really started.
pub(super) fn threads(mut program: Program<'_>) -> Detection {
    let code = program.code;
    let mut work = program.work(code, Objects::Fresh);
    if let Some(class) = program.project().enclosing_class(code) {
        kept::end_objects(&mut program, class, &mut work);
    }
    let range = program.finding.range;
    let Some(opener) = opener(&mut program, code, range) else { return dropped(program, &work) };
    let methods = "handle.join, handle.cancel".to_owned();
    released(program, work, &opener, "MagicMock()", ["opened.return_value".to_owned(), methods])
}

fn measured(mut program: Program<'_>, work: Work, code: CodeId, acquisition: &Acquisition) -> Detection {
    let resource = &acquisition.resource;
    if resource.warns && acquisition.factory.is_none() {
        return dropped(program, &work);
    }
    if resource.family == Family::Descriptor && resource.release.is_empty() {
        return finish(program, &work, DESCRIPTORS, &[]);
    }
    let project = program.project();
    let range = project.file(code.module).value_range(code.item, acquisition.call);
    let methods = release_methods(resource);
    let opener = opener(&mut program, code, range).filter(|_| !methods.is_empty());
    let Some(opener) = opener else { return dropped(program, &work) };
    let is_awaited = project
        .facts(code)
        .body
        .insts
        .iter()
        .any(|inst| matches!(inst.op, Op::Await(value) if value == acquisition.call));
    let one = if resource.is_async || !resource.awaited.is_empty() { "AsyncMock()" } else { "MagicMock()" };
    let one = format!("unittest.mock.{one}");
    let (value, handle) = match acquisition.share {
        Share::Whole => (one, "opened.return_value".to_owned()),
        Share::Part(at) => {
            let parts = vec![one; (at as usize + 1).max(2)].join(", ");
            (format!("({parts})"), format!("opened.return_value[{at}]"))
        }
        Share::Each => (format!("[{one}]"), "opened.return_value[0]".to_owned()),
    };
    let kind = if is_awaited { "AsyncMock" } else { "MagicMock" };
    released(program, work, &opener, &format!("{kind}(return_value={value})"), [handle, methods])
}

/// Counts what is opened and what is released, on a stand-in.
fn released(
    mut program: Program<'_>,
    mut work: Work,
    opener: &Opener,
    stand_in: &str,
    [handle, methods]: [String; 2],
) -> Detection {
    program.import("unittest.mock");
    let run = match opener {
        Opener::Patched(target) => format!(
            "with unittest.mock.patch{target}, new=unittest.mock.{stand_in}) as opened:\n    \
             for n in range(10):\n        attempt(n)"
        ),
        Opener::OfSelf { class, method, path } => {
            let arguments = program.arguments(*method, &[], super::values::Moment::During);
            let own = program.project().own_name(*method).to_owned();
            let comma = if arguments.is_empty() { "" } else { ", " };
            let call = format!("{class}.{own}(receiver{comma}{arguments})");
            work = program.called(*method, call, work.name, None);
            // What the class opens for itself is left out.
            program.forget_setup();
            program.set_up("receiver = unittest.mock.MagicMock()  # stands in for the object".to_owned());
            format!(
                "receiver.{path} = unittest.mock.{stand_in}\nopened = receiver.{path}\n\
                 for n in range(10):\n    attempt(n)"
            )
        }
    };
    finish(program, &work, RELEASED, &[("RUN", run), ("HANDLE", handle), ("METHODS", methods)])
}

/// The methods of a stand-in that release what it stands for.
fn release_methods(resource: &Resource) -> String {
    let mut methods: Vec<String> = resource.release.iter().map(|name| format!("handle.{name}")).collect();
    if resource.with && !methods.is_empty() {
        methods.push(if resource.is_async { "handle.__aexit__" } else { "handle.__exit__" }.to_owned());
    }
    methods.join(", ")
}

/// How what opens a resource is replaced by a stand-in.
enum Opener {
    /// By `unittest.mock.patch`, with these arguments: the name by which the code looks it up.
    Patched(String),
    /// By calling the method on an object that is all stand-in.
    OfSelf {
        /// The class, as the program names it.
        class: String,
        /// The method.
        method: CodeId,
        /// What is called, from the object.
        path: String,
    },
}

fn opener(program: &mut Program<'_>, code: CodeId, range: TextRange) -> Option<Opener> {
    let tree = program.sources.tree(code.module)?;
    let node = tree.root().covering(range)?;
    let call = std::iter::once(node).chain(node.ancestors()).find(|node| node.kind() == Kind::Call)?;
    let names = dotted(call.field(Field::Function)?)?;
    let (name, owners) = names.split_last()?;
    let project = program.project();
    let facts = project.facts(code);
    let first = *names.first()?;
    if names.len() > 1
        && project.is_instance_method(code)
        && facts.own_var(first) == Some(facts.params.first()?.var)
    {
        let class = project.class_of(code)?;
        let class = program.name_of(class.0)?;
        return Some(Opener::OfSelf { class, method: code, path: names.get(1..)?.join(".") });
    }
    if project.file(code.module).global_named(first).is_none() {
        // A builtin. What a function imports for itself is looked up where it comes from.
        let is_local = facts.own_var(first).is_some();
        let path = if is_local { imported(program, code, range)? } else { format!("builtins.{name}") };
        return Some(Opener::Patched(format!("({}", literal(&path))));
    }
    let handle = program.module(code.module);
    let owner: Vec<&str> = std::iter::once(handle.as_str()).chain(owners.iter().copied()).collect();
    Some(Opener::Patched(format!(".object({}, {}", owner.join("."), literal(name))))
}

/// The path of the file that is opened at the place of the finding, where it is written there.
fn written_path(program: &Program<'_>) -> Option<String> {
    let node = program.tree().root().covering(program.finding.range)?;
    let first = node.field(Field::Arguments)?.named_children().next()?;
    let (prefix, path) =
        leakwright_syntax::string_value(first.text()).filter(|_| first.kind() == Kind::String)?;
    let is_own = !prefix.formatted && !prefix.bytes && !path.starts_with('/') && !path.contains("..");
    is_own.then_some(path)
}

/// The import path of what is called at a place.
fn imported(program: &Program<'_>, code: CodeId, range: TextRange) -> Option<String> {
    let project = program.project();
    let facts = project.facts(code);
    let file = project.file(code.module);
    (0..facts.body.insts.len()).map(Val::new).find_map(|value| match facts.body.op(value) {
        Op::Call { callee, .. } if file.value_range(code.item, value) == range => {
            project.import_path(code, callee)
        }
        _ => None,
    })
}

/// The names of `a.b.c`.
fn dotted(node: Node<'_>) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    let mut current = node;
    while current.kind() == Kind::Attribute {
        names.push(current.field(Field::Attribute)?.text());
        current = current.field(Field::Object)?;
    }
    if current.kind() != Kind::Identifier {
        return None;
    }
    names.push(current.text());
    names.reverse();
    Some(names)
}

/// For what Python warns of when it is dropped.
fn dropped(mut program: Program<'_>, work: &Work) -> Detection {
    if let Some(path) = written_path(&program) {
        let line = program.path(&path);
        program.set_up(line);
    }
    finish(program, work, WARNED, &[])
}

fn finish(program: Program<'_>, work: &Work, template: &str, values: &[(&str, String)]) -> Detection {
    let mut program = program;
    let verb = if template == WARNED { "drops open what it opens" } else { "opens what nothing releases" };
    let shows = format!("Shows that {} {verb}.", program.place());
    if template == WARNED {
        program.find_lines();
    }
    let file = program.file();
    let (first, _) = program.lines();
    let failing = kept::error_lines(&program).into_iter().find(|line| *line != first);
    let is_on_error = failing.is_some() || !kept::error_lines(&program).is_empty();
    if is_on_error && failing.is_none() {
        program
            .leave_open(format!("arguments with which line {first} raises an exception after it has opened"));
    }
    let (fault, trace) = match failing {
        Some(line) => {
            program.find_failing(line);
            (FAULT.to_owned(), "sys.settrace(fail)\n        ".to_owned())
        }
        None => (String::new(), String::new()),
    };
    let mut all = vec![("FAULT", fault), ("TRACE", trace)];
    all.extend(values.iter().cloned());
    all.extend([("FILE", file), ("PLACE", program.place()), ("NAME", work.name.clone())]);
    program.finish(shows, work, template, &all)
}
