//! How a function of the project is called from outside.

use leakwright_analysis::ItemId;
use leakwright_analysis::ir::{ItemKind, Op};
use leakwright_analysis::project::{ClassId, CodeId, Project};

use super::program::Program;
use super::values::Moment;

/// One unit of work: a call of some function.
#[derive(Clone, Debug)]
pub(super) struct Work {
    /// Its lines; `n` is its number.
    pub(super) lines: Vec<String>,
    /// What it calls, in words.
    pub(super) name: String,
    /// The object whose method it calls: its class, and the variable that holds it.
    pub(super) object: Option<(ClassId, String)>,
    /// Whether it makes a coroutine that has to be awaited.
    pub(super) is_async: bool,
}

/// Whether objects are made before the work or with each unit of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Objects {
    /// One serves all units of work.
    Shared,
    /// Each unit makes its own, and drops it.
    Fresh,
}

impl Program<'_> {
    /// One unit of work that runs the code of an item. Where it cannot be called from outside, a person is
    /// asked for it.
    pub(super) fn work(&mut self, code: CodeId, objects: Objects) -> Work {
        self.work_with(code, objects, &[])
    }

    /// The same, with parameters that are given though they have a default.
    pub(super) fn work_with(&mut self, code: CodeId, objects: Objects, fill: &[&str]) -> Work {
        let project = self.project();
        let name = project.file(code.module).dotted_name(code.item);
        if code.item == ItemId::MODULE {
            return self.running_module(code);
        }
        if project.is_class(code) {
            let made = self.object(ClassId(code), fill, Moment::During);
            return match made {
                Some(made) => plain(vec![made], name),
                None => self.nothing(&name),
            };
        }
        if let Some(class) = project.class_of(code)
            && self.name_of(class.0).is_some()
        {
            return self.method(code, class, objects, fill);
        }
        if let Some(function) = self.name_of(code) {
            let call = format!("{function}({})", self.arguments(code, fill, Moment::During));
            return self.called(code, call, name, None);
        }
        self.inner(code, objects)
    }

    fn running_module(&mut self, code: CodeId) -> Work {
        self.import("runpy");
        let name = &self.project().module(code.module).name;
        plain(vec![format!("runpy.run_module({})", super::program::literal(name))], name.clone())
    }

    fn method(&mut self, method: CodeId, class: ClassId, objects: Objects, fill: &[&str]) -> Work {
        let project = self.project();
        let facts = project.facts(method);
        let own = facts.own_name().to_owned();
        let name = project.file(method.module).dotted_name(method.item);
        if matches!(own.as_str(), "__init__" | "__new__" | "__post_init__") {
            let made = self.object(class, fill, Moment::During);
            return match made {
                Some(made) => plain(vec![made], name),
                None => self.nothing(&name),
            };
        }
        if !project.is_instance_method(method) {
            let Some(class) = self.name_of(class.0) else { return self.nothing(&name) };
            let call = format!("{class}.{own}({})", self.arguments(method, fill, Moment::During));
            return self.called(method, call, name, None);
        }
        let variable = self.variable(&variable_name(project.own_name(class.0)));
        let moment = if objects == Objects::Fresh { Moment::During } else { Moment::Before };
        let Some(made) = self.object(class, &[], moment) else { return self.nothing(&name) };
        let line = format!("{variable} = {made}");
        let mut before = Vec::new();
        match objects {
            Objects::Fresh => before.push(line),
            Objects::Shared => self.set_up(line),
        }
        // A name that the class keeps to itself is seen from outside under another.
        let seen = mangled(project, class, &own);
        let is_property = is_property(project, method);
        let call = if is_property {
            format!("{variable}.{seen}")
        } else {
            format!("{variable}.{seen}({})", self.arguments(method, fill, Moment::During))
        };
        let mut work = self.called(method, call, name, Some((class, variable)));
        work.lines.splice(0..0, before);
        work
    }

    /// A function that another one makes: called if that returns it, else run by the other.
    fn inner(&mut self, code: CodeId, objects: Objects) -> Work {
        let project = self.project();
        let name = project.file(code.module).dotted_name(code.item);
        let Some(outer) = project.parent(code) else { return self.nothing(&name) };
        let facts = project.facts(outer);
        if !facts.is_function() {
            return self.nothing(&name);
        }
        let returns_it = facts.body.insts.iter().any(|inst| {
            let Op::Return(Some(value)) = inst.op else { return false };
            let made = match facts.body.op(value) {
                Op::Load(var) => facts.only_value(var),
                _ => None,
            };
            made.and_then(|made| project.file(outer.module).defined(outer.item, made)) == Some(code.item)
        });
        if !returns_it || self.name_of(outer).is_none() {
            return self.work(outer, objects);
        }
        let Some(function) = self.name_of(outer) else { return self.nothing(&name) };
        let variable = self.variable(&variable_name(project.own_name(code)));
        let made = format!("{variable} = {function}({})", self.arguments(outer, &[], Moment::Before));
        self.set_up(made);
        let call = format!("{variable}({})", self.arguments(code, &[], Moment::During));
        self.called(code, call, name, None)
    }

    /// What is done with the result of a call, so that its code runs.
    pub(super) fn called(
        &mut self,
        code: CodeId,
        call: String,
        name: String,
        object: Option<(ClassId, String)>,
    ) -> Work {
        let project = self.project();
        let ItemKind::Function { is_async, is_generator } = project.facts(code).kind else {
            return Work { lines: vec![call], name, object, is_async: false };
        };
        let lines = match (is_async, is_generator) {
            (_, _) if is_property(project, code) => vec![call],
            (_, true) if is_context_manager(project, code) => {
                let word = if is_async { "async with" } else { "with" };
                vec![format!("{word} {call}:"), "    pass".to_owned()]
            }
            (false, false) => vec![call],
            (true, false) => vec![format!("await {call}")],
            (false, true) => {
                self.import("itertools");
                vec![format!("for it in itertools.islice({call}, 10):"), "    pass".to_owned()]
            }
            (true, true) => vec![format!("async for it in {call}:"), "    break".to_owned()],
        };
        Work { lines, name, object, is_async }
    }

    /// Asks a person for the work.
    pub(super) fn nothing(&mut self, name: &str) -> Work {
        let module = self.finding.module;
        self.module(module);
        self.leave_open(format!("what makes `{name}` run once"));
        let message = super::program::literal(&format!("put here what makes {name} run once"));
        plain(vec![format!("raise NotImplementedError({message})")], name.to_owned())
    }
}

fn plain(lines: Vec<String>, name: String) -> Work {
    Work { lines, name, object: None, is_async: false }
}

/// Whether a method is read like an attribute.
fn is_property(project: &Project, method: CodeId) -> bool {
    decorated(project, method, &["property", "cached_property", "reify", "hybrid_property"])
}

fn is_context_manager(project: &Project, function: CodeId) -> bool {
    decorated(project, function, &["contextmanager", "asynccontextmanager"])
}

fn decorated(project: &Project, code: CodeId, wanted: &[&str]) -> bool {
    let facts = project.facts(code);
    facts.decorators.iter().any(|decorator| {
        let name = match facts.body.op(*decorator) {
            Op::Load(var) => facts.var_name(var),
            Op::Attr { name, .. } => facts.str(name),
            _ => return false,
        };
        wanted.contains(&name)
    })
}

/// What a name with two leading underscores is called outside its class.
pub(super) fn mangled(project: &Project, class: ClassId, name: &str) -> String {
    if !name.starts_with("__") || name.ends_with("__") {
        return name.to_owned();
    }
    format!("_{}{name}", project.own_name(class.0).trim_start_matches('_'))
}

/// The last word of a name, for a variable: `EpisodeBuffer` is a `buffer`.
fn variable_name(name: &str) -> String {
    leakwright_catalogue::split_words(name).last().unwrap_or_default()
}
