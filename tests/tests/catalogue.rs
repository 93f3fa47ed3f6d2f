//! The catalogue's facts about the standard library are those of the Python on this machine.

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
