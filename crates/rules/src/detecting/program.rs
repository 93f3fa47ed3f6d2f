//! The text of a program: imports, what it needs, one unit of work, the measuring.

use std::collections::BTreeSet;
use std::fmt::Write;

use leakwright_analysis::ir::VarId;
use leakwright_analysis::project::{CodeId, ModuleId, Project};
use leakwright_syntax::Tree;

use super::Detection;
use super::calls::Work;
use crate::context::Context;
use crate::finding::Finding;
use crate::fix::Sources;

/// Names that programs use for themselves.
const TAKEN: &[&str] = &[
    "n", "work", "kept", "before", "after", "grown", "line", "lines", "caught", "made", "opened", "released",
    "alive", "left", "counts", "watch", "fail", "loop", "main", "scratch", "Anything", "size", "it", "found",
    "folder",
];

/// Words that no variable can be called.
const KEYWORDS: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def",
    "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is",
    "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

/// An object of unknown class. A mock would remember its calls, and so grow itself.
const ANYTHING: &str = include_str!("templates/anything.py.txt");

/// A folder of its own for a program that opens files.
const SCRATCH: &str = include_str!("templates/scratch.py.txt");

/// How to find a line that has moved.
const LINE: &str = include_str!("templates/line.py.txt");

/// Lines of one statement that are watched at most.
const MAX_LINES: u32 = 20;

/// How many times the work is done before the measuring begins, at least: more than limits usually are.
const WARM_UP: u32 = 1100;

/// A program that is being written.
pub(super) struct Program<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) sources: &'a dyn Sources,
    pub(super) finding: &'a Finding,
    /// The item that the finding stands in.
    pub(super) code: CodeId,
    root: &'a str,
    tree: &'a Tree,
    standard: BTreeSet<String>,
    modules: Vec<(ModuleId, String)>,
    variables: Vec<String>,
    setup: Vec<String>,
    /// Parameters that are given the same value each time.
    pub(super) shared: Vec<(CodeId, VarId, String)>,
    helpers: Vec<String>,
    watched: Vec<String>,
    needs_anything: bool,
    needs_scratch: bool,
    open: Vec<String>,
}

impl<'a> Program<'a> {
    pub(super) fn new(
        context: &'a Context<'a>,
        sources: &'a dyn Sources,
        root: &'a str,
        tree: &'a Tree,
        finding: &'a Finding,
        code: CodeId,
    ) -> Self {
        Self {
            context,
            sources,
            finding,
            code,
            root,
            tree,
            standard: BTreeSet::new(),
            modules: Vec::new(),
            variables: Vec::new(),
            setup: Vec::new(),
            shared: Vec::new(),
            helpers: Vec::new(),
            watched: Vec::new(),
            needs_anything: false,
            needs_scratch: false,
            open: Vec::new(),
        }
    }

    pub(super) fn project(&self) -> &'a Project {
        self.context.project
    }

    /// Imports a module of the standard library, or another one that is installed.
    pub(super) fn import(&mut self, name: &str) {
        self.standard.insert(name.to_owned());
    }

    /// Imports a file of the project, and says what it is called in the program.
    pub(super) fn module(&mut self, module: ModuleId) -> String {
        if let Some((_, handle)) = self.modules.iter().find(|(known, _)| *known == module) {
            return handle.clone();
        }
        let dotted = &self.context.project.module(module).name;
        let last = dotted.rsplit('.').next().unwrap_or(dotted);
        let handle = self.unused(last, "module");
        self.modules.push((module, handle.clone()));
        handle
    }

    /// A name for a variable that nothing else in the program has: the one that is wanted, or a number
    /// behind another.
    pub(super) fn variable(&mut self, wanted: &str) -> String {
        let name = self.unused(wanted, "target");
        self.variables.push(name.clone());
        name
    }

    fn unused(&self, wanted: &str, instead: &str) -> String {
        let is_free = |name: &str| {
            is_identifier(name)
                && !TAKEN.contains(&name)
                && !KEYWORDS.contains(&name)
                && !is_standard(name)
                && !self.variables.iter().any(|known| known == name)
                && !self.modules.iter().any(|(_, known)| known == name)
        };
        if is_free(wanted) {
            return wanted.to_owned();
        }
        let mut numbered = (2..).map(|number| format!("{instead}_{number}"));
        if is_free(instead) {
            instead.to_owned()
        } else {
            numbered.find(|name| is_free(name)).unwrap_or_default()
        }
    }

    /// A line that runs once, before the work.
    pub(super) fn set_up(&mut self, line: String) {
        self.setup.push(line);
    }

    /// Takes back what was to run before the work.
    pub(super) fn forget_setup(&mut self) {
        self.setup.clear();
    }

    /// An object that takes every call and keeps nothing.
    pub(super) fn anything(&mut self) -> String {
        self.needs_anything = true;
        "Anything()".to_owned()
    }

    /// A path in a folder of its own, where a file is.
    pub(super) fn path(&mut self, name: &str) -> String {
        self.needs_scratch = true;
        format!("scratch({name:?})")
    }

    /// A folder of its own, `folder.name`.
    pub(super) fn needs_folder(&mut self) {
        self.needs_scratch = true;
    }

    /// A definition that the program needs.
    pub(super) fn helper(&mut self, text: String) {
        self.helpers.push(text);
    }

    /// Says what a person has to put in.
    pub(super) fn leave_open(&mut self, what: impl Into<String>) {
        self.open.push(what.into());
    }

    /// The first and last line of the place that is watched, counted from 1.
    pub(super) fn lines(&self) -> (u32, u32) {
        let range = self.finding.range;
        let text = range.of(self.tree.text()).trim_end();
        let first = self.line_of(range.start);
        (first, first + text.matches('\n').count() as u32)
    }

    /// The line of an offset in the file of the finding, counted from 1.
    pub(super) fn line_of(&self, offset: u32) -> u32 {
        1 + self.tree.text()[..(offset as usize).min(self.tree.text().len())].matches('\n').count() as u32
    }

    /// The text of the file of the finding, as a tree.
    pub(super) fn tree(&self) -> &'a Tree {
        self.tree
    }

    /// Finds the lines that are watched, as `lines`, when the program runs.
    pub(super) fn find_lines(&mut self) {
        let (first, last) = self.lines();
        let found = self.line_now(first);
        // A statement of many lines allocates at some of them.
        let count = (last - first).min(MAX_LINES) + 1;
        self.watched.push(match count {
            1 => format!("lines = [{found}]"),
            _ => format!("lines = [{found} + more for more in range({count})]"),
        });
    }

    /// Finds a line at which the program raises an exception, as `failing`, when it runs.
    pub(super) fn find_failing(&mut self, line: u32) {
        let found = self.line_now(line);
        self.watched.push(format!("failing = {found}"));
    }

    fn line_now(&mut self, line: u32) -> String {
        self.import("linecache");
        let text = self.tree.text().lines().nth(line as usize - 1).unwrap_or_default().trim();
        format!("line_now({line}, {})", literal(text))
    }

    /// The file of the finding, as tracebacks name it.
    pub(super) fn file(&mut self) -> String {
        let module = self.finding.module;
        if self.code.item == leakwright_analysis::ItemId::MODULE {
            // It is run, not imported.
            self.import("importlib.util");
            let name = &self.context.project.module(module).name;
            return format!("importlib.util.find_spec({}).origin", literal(name));
        }
        format!("{}.__file__", self.module(module))
    }

    /// `line 23 of memory_store.episodes`
    pub(super) fn place(&self) -> String {
        let module = plain(&self.context.project.module(self.finding.module).name);
        match self.lines() {
            (first, last) if first == last => format!("line {first} of {module}"),
            (first, last) => format!("lines {first} to {last} of {module}"),
        }
    }

    /// How many times the work is done before the measuring begins.
    pub(super) fn warm_up(&self) -> u32 {
        let limits = self.context.settings.deque_maxlen.max(self.context.settings.cache_maxsize);
        // A program with limits of millions would not end.
        WARM_UP.max(limits.min(20_000) + 100)
    }

    /// The program: what it shows, one unit of work, and a template for the measuring with what is to be put
    /// into it.
    pub(super) fn finish(
        mut self,
        shows: String,
        work: &Work,
        measuring: &str,
        values: &[(&str, String)],
    ) -> Detection {
        let (needed, measuring) = measuring.split_once("\n\n").unwrap_or(("", measuring));
        for name in needed.lines().filter_map(|line| line.strip_prefix("import ")) {
            self.import(name);
        }
        let mut measuring = measuring.to_owned();
        for (key, value) in values {
            let value = if *key == "NAME" { plain(value) } else { value.clone() };
            measuring = measuring.replace(&format!("${key}$"), &value);
        }
        if work.is_async {
            self.import("asyncio");
            self.setup.splice(
                0..0,
                ["loop = asyncio.new_event_loop()".to_owned(), "asyncio.set_event_loop(loop)".to_owned()],
            );
        }
        if !self.watched.is_empty() {
            // Before the imports are written: it may add one.
            self.file();
        }
        let mut sections = vec![self.imports()];
        if self.needs_anything {
            sections.push(ANYTHING.to_owned());
        }
        sections.append(&mut self.helpers);
        if self.needs_scratch {
            sections.push(SCRATCH.to_owned());
        }
        if !self.watched.is_empty() {
            let file = self.file();
            sections.push(LINE.replace("$FILE$", &file));
            sections.push(self.watched.join("\n"));
        }
        if !self.setup.is_empty() {
            sections.push(self.setup.join("\n"));
        }
        sections.push(unit_of_work(work));
        sections.push(measuring);
        let sections: Vec<&str> = sections.iter().map(|section| section.trim_matches('\n')).collect();
        let program = format!("\"\"\"{}\"\"\"\n\n{}\n", docstring(&shows), sections.join("\n\n\n"));
        Detection { shows, program, open: self.open }
    }

    fn imports(&mut self) -> String {
        self.import("sys");
        self.import("os");
        if self.needs_scratch {
            for name in ["atexit", "shutil", "tempfile"] {
                self.import(name);
            }
        }
        let mut text: String = self.standard.iter().map(|name| format!("import {name}\n")).collect();
        let root = literal(self.root);
        let _ = writeln!(
            text,
            "\nsys.path.insert(0, os.path.abspath({root}))  # where the project's modules are found"
        );
        for (module, handle) in &self.modules {
            text += &import_line(&self.context.project.module(*module).name, handle);
        }
        text
    }
}

/// The function that works once.
fn unit_of_work(work: &Work) -> String {
    let body: String = work.lines.iter().map(|line| format!("    {line}\n")).collect();
    if work.is_async {
        format!("async def once(n):\n{body}\n\ndef work(n):\n    loop.run_until_complete(once(n))\n")
    } else {
        format!("def work(n):\n{body}")
    }
}

/// The line that imports a module under a name.
fn import_line(dotted: &str, handle: &str) -> String {
    if !dotted.split('.').all(|part| is_identifier(part) && !KEYWORDS.contains(&part)) {
        return format!("{handle} = __import__(\"importlib\").import_module({})\n", literal(dotted));
    }
    let (package, name) = dotted.rsplit_once('.').unwrap_or(("", dotted));
    let renamed = if name == handle { String::new() } else { format!(" as {handle}") };
    if package.is_empty() {
        format!("import {name}{renamed}\n")
    } else {
        format!("from {package} import {name}{renamed}\n")
    }
}

/// Whether a name can be that of a variable.
pub(super) fn is_identifier(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// Whether a module of the standard library has this name: programs import some of them.
fn is_standard(name: &str) -> bool {
    leakwright_catalogue::is_standard_library(name)
}

/// A string as Python writes it.
pub(super) fn literal(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out += "\\n",
            '\r' => out += "\\r",
            '\t' => out += "\\t",
            c if leakwright_syntax::is_hidden(c) => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A name without what would end the string that it stands in.
fn plain(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_control() || matches!(c, '"' | '\\' | '{' | '}') { '?' } else { c })
        .collect()
}

/// Text that may stand in a docstring.
fn docstring(text: &str) -> String {
    let plain = text.replace('\\', "\\\\").replace("\"\"\"", "'''").replace(['\n', '\r'], " ");
    if plain.ends_with('"') { format!("{plain} ") } else { plain }
}
