//! The catalogue's facts about the standard library are those of the Python on this machine.

use std::fmt::Write;
use std::path::Path;

use leakwright_catalogue::{Catalogue, is_standard_library};
use leakwright_testkit::python;
use serde_json::{Value, json};

/// Looks entries up and prints a line for each fact that is not so, then the number of entries that
/// are there to be looked at.
const INTROSPECT: &str = r#"
import importlib, json, sys, warnings
warnings.simplefilter("ignore")

def resolve(path):
    parts = path.split(".")
    for split in range(len(parts), -1, -1):
        try:
            found = importlib.import_module(".".join(parts[:split]) or "builtins")
        except ImportError:
            continue
        try:
            for part in parts[split:]:
                found = getattr(found, part)
        except AttributeError:
            return None
        return found
    return None

looked_at = 0
for entry in ENTRIES:
    constructor = resolve(entry["constructor"])
    if constructor is None:
        continue  # of another version or system
    looked_at += 1
    name = entry["constructor"]
    if not callable(constructor):
        print(name, "is not callable")
    for path in entry["release_by"] + entry["transfer_to"]:
        if not path.startswith("matplotlib") and resolve(path) is None:
            print(name, "names", path, "which is not there")
    for path in entry["aliases"]:
        alias = resolve(path)
        if alias is not None and not callable(alias):
            print(name, "has the alias", path, "which is not callable")
    made = constructor if isinstance(constructor, type) else resolve(entry["returns"] or "")
    if not isinstance(made, type):
        continue
    # Some delegate what they have not, some get the method as they start.
    start = getattr(getattr(made, "start", None), "__code__", None)
    later = start.co_names if start else ()
    for method in entry["release"]:
        is_there = callable(getattr(made, method, None)) or hasattr(made, "__getattr__") or method in later
        if not is_there:
            print(name, "makes", made, "without", method)
    enters = hasattr(made, "__exit__") or hasattr(made, "__aexit__")
    if entry["with"] and entry["release"] and not enters:
        print(name, "makes", made, "which `with` does not take")
print("looked at", looked_at)
"#;

fn entries() -> Value {
    let catalogue = Catalogue::builtin();
    let of_library = catalogue.resources.iter().filter(|resource| {
        let root = resource.constructor.split('.').next().unwrap_or_default();
        is_standard_library(root) || !resource.constructor.contains('.')
    });
    of_library
        .map(|resource| {
            json!({
                "constructor": resource.constructor,
                "aliases": resource.aliases,
                "returns": resource.returns,
                "release": resource.release,
                "release_by": resource.release_by,
                "transfer_to": resource.transfer_to,
                "with": resource.with,
            })
        })
        .collect()
}

#[test]
fn facts_about_the_standard_library_hold() {
    let Some(python) = python() else { return };
    let entries = entries().to_string();
    let program = format!("import json\nENTRIES = json.loads({entries:?})\n{INTROSPECT}");
    let printed = python.print(&program, Path::new("."));
    let (wrong, looked_at) = printed.trim_end().rsplit_once('\n').unwrap_or(("", printed.trim_end()));
    assert_eq!(wrong, "");
    let count: usize = looked_at.rsplit(' ').next().unwrap().parse().unwrap();
    assert!(count > 80, "{looked_at}");
}

/// How to drop one of each that Python is said to warn of. The socket that a pair or a loop has is dropped
/// with it.
const DROPPED: [(&str, &str); 13] = [
    ("open", "open(path)"),
    ("io.open_code", "io.open_code(path)"),
    ("io.FileIO", "io.FileIO(path)"),
    ("pathlib.Path.open", "pathlib.Path(path).open()"),
    ("codecs.open", "codecs.open(path)"),
    ("tokenize.open", "tokenize.open(path)"),
    ("os.fdopen", "os.fdopen(os.open(path, os.O_RDONLY))"),
    ("tempfile.TemporaryFile", "tempfile.TemporaryFile()"),
    ("tempfile.TemporaryDirectory", "tempfile.TemporaryDirectory()"),
    ("socket.socket", "socket.socket()"),
    ("socket.socketpair", "socket.socketpair()"),
    ("asyncio.new_event_loop", "asyncio.new_event_loop()"),
    ("tarfile.open", "tarfile.open(path, 'w')"),
];

#[test]
fn python_warns_of_what_is_said_to_be_warned_of() {
    let catalogue = Catalogue::builtin();
    let said: Vec<&str> = catalogue
        .resources
        .iter()
        .filter(|entry| entry.warns)
        .map(|entry| entry.constructor.as_str())
        .collect();
    let mut tried: Vec<&str> = DROPPED.map(|(constructor, _)| constructor).to_vec();
    assert!(said.iter().all(|constructor| tried.contains(constructor)), "{said:?}");
    tried.retain(|constructor| !said.contains(constructor));
    assert_eq!(tried, Vec::<&str>::new());
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("module.py"), "x = 1\n").unwrap();
    let mut program =
        "import asyncio, codecs, gc, io, os, pathlib, socket, sys, tarfile, tempfile, tokenize, warnings\n\
        path = os.path.abspath('module.py')\n\
        warnings.simplefilter('ignore', DeprecationWarning)\n\
        def drop(name, make):\n    \
            with warnings.catch_warnings(record=True) as caught:\n        \
                warnings.simplefilter('always', ResourceWarning)\n        \
                make()\n        \
                gc.collect()\n    \
            if not any(warning.category is ResourceWarning for warning in caught):\n        \
                print(name)\n"
            .to_owned();
    for (constructor, expression) in DROPPED {
        writeln!(program, "drop({constructor:?}, lambda: {expression})").unwrap();
    }
    assert_eq!(python.print(&program, folder.path()), "", "nothing is said of these");
}
