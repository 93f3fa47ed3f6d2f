//! A project that follows edits is the one that is linked from the texts as they are, and what is found in
//! the parts that an edit concerns, with what was found in the others, is what a check of the files finds.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::sync::Arc;

use leakwright_analysis::FileFacts;
use leakwright_analysis::project::{Module, ModuleId, Part, Project, Tracked};
use leakwright_catalogue::Catalogue;
use leakwright_rules::{Context, Finding, RuleId, Settings};
use leakwright_syntax::{Budget, Document, Parser, TextRange};
use leakwright_testkit::{Random, python, repository};

const SEED: u64 = 20_261_130;

/// Files that need each other: containers that others fill and empty, factories and their callers, classes
/// and their bases, functions that release what they are given, tasks that are handed on.
const FILES: [(&str, &str); 7] = [
    (
        "app.registry",
        "EVENTS = []\nNAMES = {}\nALL = []\n\n\ndef record(event):\n    EVENTS.append(event)\n    ALL.append(event)\n    NAMES[event.name] = event\n\n\nclass Registry:\n    shared = []\n\n    def __init__(self):\n        self.entries = []\n        self.seen = set()\n\n    def handle_event(self, event):\n        self.entries.append(event)\n        self.seen.add(event.name)\n        self.shared.append(event)\n\n    def drain(self):\n        return list(self.entries)\n",
    ),
    (
        "app.reset",
        "from . import registry\nfrom .registry import Registry\n\n\ndef reset(target: Registry):\n    target.entries.clear()\n    target.shared.pop()\n\n\ndef drain(other):\n    registry.EVENTS.clear()\n    other.seen.discard(1)\n    registry.NAMES.pop(other)\n",
    ),
    (
        "app.child",
        "from app.registry import Registry\n\n\nclass Child(Registry):\n    def forget(self):\n        self.entries.pop()\n\n    def handle_event(self, event):\n        self.entries.append(event)\n        self.extra = [event]\n\n    def more(self, event):\n        self.extra.append(event)\n",
    ),
    (
        "app.factory",
        "import socket\n\n\ndef connect(path):\n    handle = open(path)\n    return handle\n\n\ndef through(path):\n    return connect(path)\n\n\ndef release(handle):\n    finish(handle)\n\n\ndef finish(handle):\n    handle.close()\n\n\nclass Holder:\n    def __init__(self, path):\n        self.handle = connect(path)\n        self.sock = socket.socket()\n\n    def close(self):\n        self.handle.close()\n        release(self.sock)\n",
    ),
    (
        "app.user",
        "from .factory import Holder, connect, release, through\n\n\ndef load(path):\n    handle = through(path)\n    return handle.read()\n\n\ndef save(path):\n    handle = connect(path)\n    release(handle)\n\n\ndef hold(path):\n    holder = Holder(path)\n    print(holder)\n\n\nclass User:\n    def __init__(self, path):\n        self.holder = Holder(path)\n\n    def stop(self):\n        self.holder.close()\n",
    ),
    (
        "app.tasks",
        "import asyncio\nfrom functools import lru_cache\n\n\nasync def work():\n    await asyncio.sleep(1)\n\n\ndef spawn():\n    return asyncio.create_task(work())\n\n\nasync def start():\n    spawn()\n    task = spawn()\n    asyncio.create_task(work())\n\n\n@lru_cache(maxsize=None)\ndef compute(x):\n    return x\n\n\nclass Server:\n    def __init__(self, bus):\n        self.bus = bus\n        bus.add_listener(self.on_event)\n        self.error = None\n\n    def on_event(self, event):\n        try:\n            spawn()\n        except Exception as error:\n            self.error = error\n\n    def stop(self):\n        self.bus.remove_listener(self.on_event)\n        compute.cache_clear()\n",
    ),
    (
        "main",
        "from app.tasks import compute, spawn\nfrom app.registry import Registry, record\n\nREGISTRY = Registry()\nCACHE = {}\nFRESH = []\n\n\ndef handle(x):\n    record(x)\n    spawn()\n    REGISTRY.handle_event(x)\n    if x not in CACHE:\n        CACHE[x] = compute(x)\n    return CACHE[x]\n\n\ndef serve(default=[]):\n    while True:\n        default.append(handle(1))\n",
    ),
];

/// Lines that make and mend leaks here and in other files, with the indentation of the line before.
const LINES: [&str; 33] = [
    "self.fresh = []",
    "self.fresh.append(event)",
    "FRESH.append(x)",
    "pass",
    "return None",
    "registry.EVENTS.clear()",
    "target.entries.clear()",
    "EVENTS.clear()",
    "handle.close()",
    "self.entries.clear()",
    "self.entries = []",
    "self.extra = {}",
    "self.seen.clear()",
    "print(compute(object()))",
    "holder.close()",
    "task = spawn()",
    "self.task = spawn()",
    "return spawn()",
    "handle = open(path)",
    "return handle",
    "release(handle)",
    "self.handle = None",
    "global EVENTS",
    "yield handle",
    "REGISTRY.entries.pop()",
    "record(x)",
    "connect(path)",
    "compute.cache_clear()",
    "x = connect",
    "shared = []",
    "shared = None",
    "drain = print",
    "entries = {}",
];

/// Lines of a module's own code, which say to others what its names are.
const MODULE_LINES: [&str; 19] = [
    "EVENTS = []",
    "EVENTS = {}",
    "EVENTS = None",
    "NAMES = EVENTS",
    "REGISTRY = None",
    "REGISTRY = Registry()",
    "REGISTRY = Holder(1)",
    "CACHE = dict()",
    "from app.registry import *",
    "from app.factory import *",
    "from app.factory import connect",
    "from app.tasks import spawn as connect",
    "from app import registry",
    "connect = open",
    "record = print",
    "Registry = object",
    "del EVENTS",
    "del record",
    "if CACHE: EVENTS = [1]",
];

struct Edited {
    document: Document,
    facts: Arc<FileFacts>,
    /// The last text without a syntax error.
    valid: String,
}

fn modules(files: &[Edited]) -> Vec<Module> {
    let named = files.iter().zip(FILES);
    named
        .map(|(file, (name, _))| Module {
            name: name.to_owned(),
            is_package: false,
            is_test: false,
            facts: Arc::clone(&file.facts),
        })
        .collect()
}

/// Puts a line in, takes one out or exchanges it, or changes a few characters. What is put in stands
/// somewhere else already, or is a line that makes or mends something.
fn edit(document: &mut Document, elsewhere: &[String], random: &mut Random) {
    let text = document.text().to_string();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let at = random.below(lines.len());
    let start: usize = lines[..at].iter().map(|line| line.len()).sum();
    let line = lines[at];
    let indent = &line[..line.len() - line.trim_start().len()];
    let statement = if random.below(2) == 0 { random.pick(&LINES) } else { random.pick(elsewhere).as_str() };
    let opens = line.trim_end().ends_with(':');
    let is_plain = |line: &str| !line.trim().is_empty() && !line.starts_with('@');
    if indent.is_empty() && !opens && is_plain(line) && line.ends_with('\n') && random.below(4) > 0 {
        let statement = random.pick(&MODULE_LINES);
        let end = start + line.len();
        let gone = if random.below(2) == 0 { start..end } else { end..end };
        document.replace(TextRange::new(gone.start as u32, gone.end as u32), &format!("{statement}\n"));
        return;
    }
    let (range, new) = match random.below(12) {
        0 => {
            let word = start + random.below(line.len());
            let word = (0..=word).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
            (word..word, (*random.pick(&["x", ".", "_", "(", ")", " "])).to_owned())
        }
        1 => (start..start + line.len() - line.trim_start().len(), indent.replacen("    ", "", 1)),
        2..6 if !indent.is_empty() && !opens => (start..start + line.len(), format!("{indent}{statement}\n")),
        6 if !indent.is_empty() && !opens => (start..start + line.len(), format!("{indent}pass\n")),
        _ if opens || !line.ends_with('\n') || indent.is_empty() => return,
        _ => {
            let end = start + line.len();
            (end..end, format!("{indent}{statement}\n"))
        }
    };
    document.replace(TextRange::new(range.start as u32, range.end as u32), &new);
}

/// The statements of some texts that fit on a line of their own.
fn statements(texts: &[(&str, String)]) -> Vec<String> {
    let lines = texts.iter().flat_map(|(_, text)| text.lines());
    let inner = lines.filter(|line| line.starts_with("    ")).map(str::trim);
    let parses = |line: &&str| {
        let tree = Parser::new().parse((*line).into(), Budget::BATCH);
        tree.is_ok_and(|tree| !tree.root().has_error())
    };
    inner.filter(|line| !line.is_empty() && !line.ends_with(':')).filter(parses).map(str::to_owned).collect()
}

fn judge(project: &Project, module: ModuleId, part: Part) -> Vec<Finding> {
    let rules: Vec<RuleId> = RuleId::all().collect();
    let settings = Settings::default();
    let checked = leakwright_rules::check(&Context::new(project, module, &settings).of(part), &rules);
    assert!(checked.failed.is_empty(), "{:?}", checked.failed);
    checked.findings
}

/// What is found, without the places in the files: those move, and are moved by whoever keeps findings.
fn described(mut findings: Vec<Finding>) -> Vec<String> {
    for finding in &mut findings {
        finding.range = TextRange::default();
        finding.evidence.iter_mut().for_each(|place| place.range = TextRange::default());
    }
    let mut lines: Vec<String> = findings.iter().map(|finding| format!("{finding:?}")).collect();
    lines.sort();
    lines
}

type Kept = BTreeMap<(ModuleId, Part), Vec<Finding>>;

fn follow(files: &[Edited], watched: &[ModuleId]) -> (Tracked, Kept) {
    let mut tracked =
        Tracked::link(modules(files), Catalogue::builtin(), watched.iter().copied(), &|| false).unwrap();
    let mut kept = Kept::new();
    for &module in watched {
        for part in tracked.parts(module) {
            let found = tracked.judge(part, |project| judge(project, module, part));
            kept.insert((module, part), found.unwrap());
        }
    }
    (tracked, kept)
}

/// How often an edit was followed, and how often all was linked anew.
fn run(texts: &[(&str, String)], edits: usize, random: &mut Random) -> (usize, usize) {
    let mut parser = Parser::new();
    let elsewhere = statements(texts);
    let mut files: Vec<Edited> = texts
        .iter()
        .map(|(_, text)| {
            let mut document = Document::new(text);
            let tree = document.parse(&mut parser, Budget::BATCH).unwrap();
            Edited { document, facts: Arc::new(FileFacts::map(&tree, None)), valid: text.clone() }
        })
        .collect();
    let all: Vec<ModuleId> = (0..files.len() as u32).map(ModuleId).collect();
    let watch = |random: &mut Random| -> Vec<ModuleId> {
        all.iter().copied().filter(|_| all.len() == 1 || random.below(3) > 0).collect()
    };
    let mut watched = watch(random);
    let (mut tracked, mut kept) = follow(&files, &watched);
    let (mut followed, mut linked) = (0, 0);
    for round in 0..edits {
        let Some(&module) = watched.get(random.below(watched.len().max(1))) else {
            watched.clone_from(&all);
            (tracked, kept) = follow(&files, &watched);
            continue;
        };
        let file = &mut files[module.0 as usize];
        edit(&mut file.document, &elsewhere, random);
        let tree = file.document.parse(&mut parser, Budget::BATCH).unwrap();
        if !tree.root().has_error() {
            tree.text().clone_into(&mut file.valid);
        } else if random.below(3) > 0 {
            let whole = TextRange::new(0, tree.text().len() as u32);
            let valid = file.valid.clone();
            file.document.replace(whole, &valid);
        }
        let tree = file.document.parse(&mut parser, Budget::BATCH).unwrap();
        file.facts = Arc::new(FileFacts::map(&tree, Some(&file.facts)));
        let facts = Arc::clone(&file.facts);
        let text = file.document.text().to_string();
        match tracked.edit(module, facts) {
            Some(parts) => {
                followed += 1;
                for part in parts {
                    let module = part.module().unwrap();
                    match tracked.judge(part, |project| judge(project, module, part)) {
                        Some(found) => kept.insert((module, part), found),
                        None => kept.remove(&(module, part)),
                    };
                }
                let parts = watched.iter().map(|module| tracked.parts(*module).len());
                assert_eq!(kept.len(), parts.sum::<usize>(), "nothing is kept of what is gone");
            }
            None => {
                linked += 1;
                watched = watch(random);
                (tracked, kept) = follow(&files, &watched);
            }
        }
        let fresh = Project::link(modules(&files), Catalogue::builtin());
        let (now, expected) = (tracked.project().describe(), fresh.describe());
        let different = now.iter().filter(|line| !expected.contains(line)).take(5);
        let missing = expected.iter().filter(|line| !now.contains(line)).take(5);
        let [different, missing] = [different.collect::<Vec<_>>(), missing.collect()];
        assert!(now == expected, "round {round}: {different:#?} for {missing:#?}, after:\n{text}");
        for &module in &watched {
            let found: Vec<Finding> = kept
                .range((module, Part::Whole)..)
                .take_while(|(key, _)| key.0 == module)
                .flat_map(|(_, found)| found.clone())
                .collect();
            let expected = judge(&fresh, module, Part::Whole);
            assert_eq!(described(found), described(expected), "round {round}, {module:?}, after:\n{text}");
        }
    }
    (followed, linked)
}

#[test]
fn a_project_that_follows_edits_is_the_one_that_is_linked_anew() {
    let mut random = Random::new(SEED);
    let texts = FILES.map(|(name, text)| (name, text.to_owned()));
    let (mut followed, mut linked) = (0, 0);
    for _ in 0..12 {
        let (more, again) = run(&texts, 200, &mut random);
        (followed, linked) = (followed + more, linked + again);
    }
    assert!(followed > 1500 && linked > 30, "{followed} {linked}");
}

#[test]
fn a_real_file_that_follows_edits_is_the_one_that_is_linked_anew() {
    let mut random = Random::new(SEED);
    let own = ["02_message_queue_leak.py", "15_store_connections_sound.py", "17_closure_and_global_leak.py"];
    let patterns = repository().join("tests/patterns");
    let mut texts: Vec<String> =
        own.iter().map(|name| std::fs::read_to_string(patterns.join(name)).unwrap()).collect();
    if let Some(python) = python() {
        for name in ["asyncio/queues.py", "contextlib.py", "sched.py", "cgitb.py", "pty.py", "imaplib.py"] {
            texts.push(std::fs::read_to_string(python.standard_library().join(name)).unwrap());
        }
    }
    let mut followed = 0;
    for text in texts {
        followed += run(&[("module", text)], 40, &mut random).0;
    }
    assert!(followed > 30, "{followed}");
}
