//! `leakwright report`: the audit, and the programs in it that show each leak.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use leakwright_testkit::{Fence, Python, fences, leakwright, python, repository};
use serde_json::Value;

/// Runs the program in a folder, and gives what it prints.
fn print(folder: &Path, arguments: &[&str]) -> String {
    let output = leakwright(folder).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The programs of a report, in the order of its findings.
fn programs(report: &str) -> Vec<Fence> {
    let is_program = |fence: &Fence| fence.language == "python" && fence.code.starts_with("\"\"\"Shows ");
    fences(report).into_iter().filter(is_program).collect()
}

/// Does the same for each of some things, on two threads.
fn each<T: Sync>(things: &[T], work: impl Fn(usize, &T) + Sync) {
    let next = Mutex::new(0..things.len());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some(index) = next.lock().unwrap().next() else { return };
                    work(index, &things[index]);
                }
            });
        }
    });
}

/// What a program ends with: its status, and what it says.
fn run(python: &Python, program: &str, folder: &Path) -> (Option<i32>, String) {
    let standins = repository().join("tests/standins");
    let program = format!("import sys\nsys.path.append(r'{}')\n{program}", standins.display());
    let output = python.run(&program, folder);
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&said).into_owned())
}

/// Whether a program only says how much is held at one time, which is for a person to judge.
fn is_measured(program: &Fence) -> bool {
    program.code.contains("takes at one time")
}

/// Whether a program showed the leak that it is about.
fn shows_leak((status, said): &(Option<i32>, String)) -> bool {
    let verdicts = ["this leaks", "this makes cycles", "this leaves tasks behind", "this keeps tracebacks"];
    *status == Some(1) && verdicts.iter().any(|verdict| said.contains(verdict))
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "py") {
            std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    }
}

/// Applies the first fix of a finding that can be applied; `None` if there is none.
fn apply_fix(finding: &Value, folder: &Path) -> Option<()> {
    let fixes = finding["fixes"].as_array().unwrap();
    let fix = fixes.iter().find(|fix| !fix["edits"].as_array().unwrap().is_empty())?;
    let mut edits: Vec<&Value> = fix["edits"].as_array().unwrap().iter().collect();
    let at = |edit: &Value, end: &str| {
        let place = &edit["range"][end];
        (place["line"].as_u64().unwrap() as usize, place["column"].as_u64().unwrap() as usize)
    };
    // From the end, so that what comes before stays where it is.
    edits.sort_by_key(|edit| std::cmp::Reverse(at(edit, "start")));
    for edit in edits {
        let path = folder.join(edit["path"].as_str().unwrap());
        let text = std::fs::read_to_string(&path).unwrap();
        let offset = |(line, column): (usize, usize)| {
            let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
            start + text[start..].chars().take(column - 1).map(char::len_utf8).sum::<usize>()
        };
        let (start, end) = (offset(at(edit, "start")), offset(at(edit, "end")));
        let mended = format!("{}{}{}", &text[..start], edit["text"].as_str().unwrap(), &text[end..]);
        std::fs::write(&path, mended).unwrap();
    }
    Some(())
}

#[test]
fn the_programs_show_each_leak_of_the_examples_and_pass_once_it_is_mended() {
    let Some(python) = python() else { return };
    let report = print(repository(), &["report", "examples"]);
    let programs = programs(&report);
    let found = leakwright(repository()).args(["check", "examples", "--format", "json"]).output().unwrap();
    let found: Value = serde_json::from_slice(&found.stdout).unwrap();
    let findings = found["findings"].as_array().unwrap();
    assert_eq!(programs.len(), findings.len(), "each finding has its program");
    let mended = Mutex::new(0);
    each(&programs, |index, program| {
        let ending = run(python, &program.code, repository());
        assert!(is_measured(program) || shows_leak(&ending), "{ending:?}\n{}", program.code);
        let folder = tempfile::tempdir().unwrap();
        copy(&repository().join("examples/memory_store"), &folder.path().join("examples/memory_store"));
        if apply_fix(&findings[index], folder.path()).is_some() {
            let ending = run(python, &program.code, folder.path());
            assert_eq!(ending.0, Some(0), "{}\n{}", ending.1, program.code);
            *mended.lock().unwrap() += 1;
        }
    });
    assert!(*mended.lock().unwrap() >= 9, "most leaks of the examples have a fix");
}

#[test]
fn the_programs_show_the_leaks_of_the_patterns() {
    let Some(python) = python() else { return };
    let folder = repository().join("tests/patterns");
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.to_string_lossy().ends_with("_leak.py"));
    let shown = Mutex::new(0);
    each(&paths, |_, path| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::copy(path, folder.path().join(path.file_name().unwrap())).unwrap();
        for program in programs(&print(folder.path(), &["report"])) {
            let ending = run(python, &program.code, folder.path());
            assert!(is_measured(&program) || shows_leak(&ending), "{ending:?}\n{}", program.code);
            *shown.lock().unwrap() += 1;
        }
    });
    assert!(*shown.lock().unwrap() > 15, "the patterns have leaks");
}

#[test]
fn a_section_says_all_that_an_audit_says_of_a_leak() {
    let report = print(repository(), &["report", "examples/memory_store/episodes.py"]);
    for part in [
        "**1 leak** in 1 file.",
        "| Unbounded Collection | 1 | 0 | 0 | 1 |",
        "### 1. `EpisodeBuffer.episodes` only ever grows",
        "- **File**: `examples/memory_store/episodes.py:23`",
        "- **Leak type**: Unbounded Collection",
        "- **Growth pattern**: Linear (",
        "- **Memory impact**: one element, `Episode` per call of `record`: at least 56 bytes, 53.4 MiB per million \
         (basis: on 64-bit CPython 8 bytes for a slot in the list and at least 48 for the `Episode` in it)",
        "**Evidence**\n\n1. `examples/memory_store/episodes.py:20` *created*: ",
        "\n   |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 2. grows here, one element per call of `record`\n",
        "**Detection**",
        "**Fix**",
        "+        self.episodes: deque[Episode] = deque(maxlen=1000)",
        "## Checklist",
        "| Deques without `maxlen` | 0 | 0 | 0 | 0 |  |",
        "| History and event lists without a limit | 2 | 1 | 1 | 0 | 1 its size is limited where it is created |",
    ] {
        assert!(report.contains(part), "{part}\nis missing from:\n{report}");
    }
}

#[test]
fn the_least_sizes_of_the_estimates_are_those_of_python() {
    let Some(python) = python() else { return };
    let program = "import sys\n\
        class A:\n    def __init__(self):\n        self.x = None\n\
        many = list(range(10_000))\n\
        size = lambda made: (sys.getsizeof(made(many)) - sys.getsizeof(made([]))) // len(many)\n\
        print(size(list), size(lambda it: dict.fromkeys(it)), size(set), sys.getsizeof(A()), sys.maxsize > 2**32)\n";
    let printed = python.print(program, Path::new("."));
    let words: Vec<&str> = printed.split_whitespace().collect();
    let least = [
        leakwright_rules::SLOT,
        leakwright_rules::ENTRY,
        leakwright_rules::ELEMENT,
        leakwright_rules::OBJECT,
    ];
    if words[4] == "True" {
        for (word, least) in words.iter().zip(least) {
            assert!(word.parse::<u64>().unwrap() >= least, "{printed}");
        }
    }
}

#[test]
fn a_document_for_each_file_and_one_that_leads_to_them() {
    let folder = tempfile::tempdir().unwrap();
    let leak = "seen = []\n\n\ndef handle(event):\n    seen.append(event)\n";
    for path in ["a/store.py", "b/store.py", "b/sound.py", "other.py"] {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, if path.ends_with("sound.py") { "x = 1\n" } else { leak }).unwrap();
    }
    let written = print(folder.path(), &["report", "--out", "audit"]);
    let names = ["LEAK_AUDIT.md", "LEAK_AUDIT_a_store.md", "LEAK_AUDIT_b_store.md", "LEAK_AUDIT_other.md"];
    let expected: String = names.iter().map(|name| format!("audit/{name}\n")).collect();
    assert_eq!(written, expected);
    let read = |name: &str| std::fs::read_to_string(folder.path().join("audit").join(name)).unwrap();
    for name in &names[1..] {
        assert!(read(names[0]).contains(&format!("]({name})")), "the first document leads to {name}");
        assert!(read(name).contains("`seen` only ever grows"), "{name}");
    }
    // The same run writes the same; what is mended is told of; what is no report is left alone.
    let before = read(names[1]);
    std::fs::write(folder.path().join("other.py"), "x = 1\n").unwrap();
    let again = leakwright(folder.path()).args(["report", "--out", "audit"]).output().unwrap();
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(said.contains("audit/LEAK_AUDIT_other.md: from an earlier run"), "{said}");
    assert_eq!(read(names[1]), before);
    std::fs::write(folder.path().join("audit").join(names[0]), "my own notes\n").unwrap();
    let refused = leakwright(folder.path()).args(["report", "--out", "audit"]).output().unwrap();
    assert_eq!((refused.status.code(), read(names[0])), (Some(2), "my own notes\n".to_owned()));
}

#[test]
fn nothing_in_code_or_paths_becomes_markup_or_breaks_a_program() {
    let folder = tempfile::tempdir().unwrap();
    let hostile = "seen = []  # ``` </script> <img src=x onerror=alert(1)> | `\n\n\n\
        def handle(event):\n    seen.append((event, \"\"\"```\n<b>\\\" {x} $LINE$\n\"\"\"))  # \u{202e} ```\n";
    for name in ["a`b|c<b>.py", "x {y} \"q\".py", "new\nline.py", "_under_*star*.py", "class.py", "sys.py"] {
        std::fs::write(folder.path().join(name), hostile).unwrap();
    }
    let report = print(folder.path(), &["report"]);
    let programs = programs(&report);
    assert_eq!(programs.len(), 6, "{report}");
    // Outside of code there is no markup but the report's own.
    let mut prose = report.clone();
    for fence in fences(&report) {
        prose = prose.replace(&fence.code, "");
    }
    assert!(!prose.contains("<img") && !prose.contains("<b>\n") && !prose.contains('\u{202e}'), "{prose}");
    let Some(python) = python() else { return };
    let paths: Vec<PathBuf> = programs
        .iter()
        .enumerate()
        .map(|(index, program)| {
            let path = folder.path().join(format!("program_{index}.py"));
            std::fs::write(&path, &program.code).unwrap();
            path
        })
        .collect();
    assert_eq!(python.uncompilable(&paths), Vec::<String>::new());
}

#[test]
fn the_checklist_counts_what_was_examined_with_the_reasons() {
    let folder = tempfile::tempdir().unwrap();
    let text = "from collections import deque\nfrom functools import lru_cache\n\n\
        seen = []\nlast = deque(maxlen=5)\nqueue = []\nnames = {}\n\n\n\
        def handle(event):\n    seen.append(event)\n    last.append(event)\n    queue.append(event)\n\n\n\
        def drain():\n    while queue:\n        queue.pop()\n\n\n\
        def read(path):\n    with open(path) as file:\n        return file.read()\n\n\n\
        def peek(path):\n    file = open(path)\n    return file.read()\n\n\n\
        @lru_cache(maxsize=8)\ndef double(x):\n    return x * 2\n";
    std::fs::write(folder.path().join("module.py"), text).unwrap();
    let report = print(folder.path(), &["report"]);
    for row in [
        "| Lists that only append | 2 | 1 | 1 | 0 | 1 elements are removed |",
        "| Deques without `maxlen` | 1 | 1 | 0 | 0 | 1 its size is limited where it is created |",
        "| Dicts that only add keys | 1 | 1 | 0 | 0 | 1 nothing is ever added in code that is looked at |",
        "| Caching decorators without size, TTL or finite arguments | 1 | 1 | 0 | 0 | 1 it has a limit |",
        "| Files, archives and descriptors that are not closed | 2 | 1 | 1 | 0 | 1 it is released on every way that is \
         followed |",
        "| Sockets, servers and clients that are not closed | 0 | 0 | 0 | 0 |  |",
    ] {
        assert!(report.contains(row), "{row}\nis missing from:\n{report}");
    }
}

/// Code that has one place that leaks and one that is sound for questions about arrays, references and threads.
const REFERENCES: &str = r#"
import atexit
import threading

import numpy as np

last = None
body = None
handlers = []


def gather(paths):
    rows = np.zeros(0)
    for path in paths:
        rows = np.concatenate([rows, np.load(path)])
    return rows


def few(paths):
    rows = np.zeros(0)
    for path in ["a", "b"]:
        rows = np.concatenate([rows, np.load(path)])
    return rows


def walk(tree):
    found = []

    def visit(node):
        found.append(node)
        for child in node.children:
            visit(child)

    def plain(node):
        return node

    visit(tree)
    return plain(found)


class Session:
    def __init__(self):
        atexit.register(self.close)

    def close(self):
        pass


class Mended:
    def __init__(self):
        atexit.register(self.close)

    def close(self):
        atexit.unregister(self.close)


def make():
    return Session(), Mended()


def watch(path):
    with open(path, "rb") as file:
        frame = file.read()
    handlers.append(lambda: print(len(frame)))
    handlers.append(lambda: print(path))


def checksum(path):
    global body
    with open(path, "rb") as file:
        body = file.read()
    return hash(body)


def attempt(job):
    global last
    try:
        job()
    except ValueError as error:
        last = error


class Job:
    def run(self, job):
        try:
            job()
        except ValueError as error:
            self.error = error
        finally:
            self.error = None


def poll():
    while True:
        print("x")


def once():
    print("x")


class Handler:
    def handle(self, request):
        threading.Thread(target=poll).start()
        threading.Thread(target=once).start()
"#;

#[test]
fn the_checklist_counts_references_arrays_and_threads_as_well() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("module.py"), REFERENCES).unwrap();
    let report = print(folder.path(), &["report"]);
    let page = print(folder.path(), &["report", "--format", "html"]);
    for (question, sound, leaking, reason) in [
        (
            "Arrays and tensors concatenated onto themselves",
            1,
            1,
            "1 the rounds are few, or end when it is long enough",
        ),
        ("Reference cycles", 1, 1, "1 there is no reference back"),
        ("Callbacks that are never taken back", 1, 1, "1 it is taken back"),
        ("Closures that keep large objects", 1, 1, "1 it uses nothing of which it is known that it is large"),
        ("Temporaries left in module variables", 0, 1, ""),
        ("Exceptions kept with their frames", 1, 1, "1 it is let go of: deleted, replaced or reset"),
        ("Threads and timers that are never joined", 1, 1, "1 what it runs comes to an end"),
    ] {
        let examined = sound + leaking;
        let row = format!("| {question} | {examined} | {sound} | {leaking} | 0 | {reason} |");
        assert!(report.contains(&row), "{row}\nis missing from:\n{report}");
        let row = format!(
            "<th scope=\"row\">{question}</th><td>{examined}</td><td>{sound}</td><td class=\"leaks\">{leaking}</td>\
             <td>0</td><td class=\"why\">{reason}</td>"
        );
        assert!(page.contains(&row), "{row}\nis missing from the page");
    }
    let silent =
        leakwright(folder.path()).args(["explain", "--why-silent", "module.py:22"]).output().unwrap();
    let said = String::from_utf8(silent.stdout).unwrap();
    assert_eq!(said, "array: the rounds are few, or end when it is long enough\n");
}

#[test]
fn what_could_not_be_checked_is_said() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("broken.py"), "def f(:\n").unwrap();
    std::fs::write(folder.path().join("sound.py"), "x = 1\n").unwrap();
    let report = print(folder.path(), &["report"]);
    assert!(report.contains("No leaks detected in 2 files."), "{report}");
    assert!(report.contains("Not checked, or not wholly:\n\n- `broken.py`: "), "{report}");
    let missing = leakwright(folder.path()).args(["report", "missing"]).output().unwrap();
    assert_eq!((missing.status.code(), missing.stdout.is_empty()), (Some(2), true));
}
