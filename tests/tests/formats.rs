//! The forms that findings are printed in, each read by something other than what wrote it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::Output;

use leakwright_testkit::{leakwright, python, repository};
use serde_json::Value;
use tempfile::TempDir;

const QUEUE: &str = "class Queue:\n    def __init__(self):\n        self.messages = []\n\n    def add_message(self, m):\n        self.messages.append(m)\n";
const FILE: &str = "def läse(p):\n    g = open('ü' + p)\n    return g.read()\n\n\ntext = open('a').read()\n";

/// Where a finding is, and the rule.
type Place = (String, u64, String);

/// A project whose paths and texts hold what a format has to escape, and two files that cannot be checked whole.
fn project() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in [
        ("a b/50%, c:d.py", QUEUE.as_bytes()),
        ("ü/datei.py", FILE.as_bytes()),
        ("broken.py", b"def f(:\n    pass\n"),
        ("binary.py", b"x = '\xff'\n"),
        (
            "silenced.py",
            b"def f(p):\n    g = open(p)  # leakwright: ignore[LW301] closed by the caller\n    g.read()\n",
        ),
    ] {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn run(dir: &Path, args: &[&str]) -> Output {
    let mut command = leakwright(dir);
    command.env_remove("GITHUB_WORKSPACE").env_remove("CI_PROJECT_DIR");
    command.args(args).output().unwrap()
}

fn check(dir: &Path, format: &str, args: &[&str]) -> String {
    let output = run(dir, &[&["check", "--format", format], args].concat());
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What a Python program makes of a text: places, as JSON.
fn read_by_python(text: &str, program: &str) -> Option<Vec<Place>> {
    let python = python()?;
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("report"), text).unwrap();
    let program = format!(
        "import json, re, xml.etree.ElementTree as ET\ntext = open('report', encoding='utf-8').read()\n\
         places = []\n{program}\nprint(json.dumps(places))\n"
    );
    Some(serde_json::from_str(&python.print(&program, dir.path())).unwrap())
}

fn places(dir: &Path) -> Vec<Place> {
    let document: Value = serde_json::from_str(&check(dir, "json", &[])).unwrap();
    let place = |finding: &Value| {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(&finding["path"]), finding["range"]["start"]["line"].as_u64().unwrap(), text(&finding["code"]))
    };
    document["findings"].as_array().unwrap().iter().map(place).collect()
}

#[test]
fn all_formats_name_the_same_places() {
    let dir = project();
    let expected = places(dir.path());
    assert_eq!(expected.len(), 3);
    let readers = [
        (
            "json-lines",
            "places = [[x['path'], x['range']['start']['line'], x['code']]\n\
            for x in map(json.loads, text.splitlines()) if 'code' in x]",
        ),
        (
            "concise",
            "places = [[m[1], int(m[2]), m[3]]\n\
            for m in re.finditer(r'^(.+):(\\d+):\\d+: \\w+\\[(LW\\d+)\\] ', text, re.M)]",
        ),
        (
            "text",
            "places = [[m[1], int(m[2]), m[3]]\n\
            for m in re.finditer(r'^(\\S.*):(\\d+):\\d+: \\w+\\[(LW\\d+)\\] ', text, re.M)]",
        ),
        (
            "github",
            "from urllib.parse import unquote\n\
            for m in re.finditer(r'^::(?:error|warning|notice) file=([^,]+),line=(\\d+),.*title=Leakwright (\\w+)', text, re.M):\n\
            \x20   places.append([unquote(m[1]), int(m[2]), m[3]])",
        ),
        (
            "gitlab",
            "issues = json.loads(text)\n\
            places = [[i['location']['path'], i['location']['lines']['begin'], i['check_name']] for i in issues]\n\
            assert len({i['fingerprint'] for i in issues}) == len(issues)\n\
            assert {i['severity'] for i in issues} == {'major', 'minor'}",
        ),
        (
            "junit",
            "root = ET.fromstring(text)\n\
            assert root.tag == 'testsuites' and root.get('failures') == '2', text\n\
            for case in root.iter('testcase'):\n\
            \x20   if case.get('line'):\n\
            \x20       places.append([case.get('file'), int(case.get('line')), case.get('name').split()[0]])\n\
            assert root.find(\".//failure\").text.count('Recommendation:') == 1",
        ),
        (
            "sarif",
            "from urllib.parse import unquote\n\
            for r in json.loads(text)['runs'][0]['results']:\n\
            \x20   where = r['locations'][0]['physicalLocation']\n\
            \x20   uri = where['artifactLocation']['uri']\n\
            \x20   places.append([unquote(uri), where['region']['startLine'], r['ruleId']])",
        ),
    ];
    for (format, reader) in readers {
        let text = check(dir.path(), format, &[]);
        let Some(found) = read_by_python(&text, reader) else { return };
        assert_eq!(found, expected, "{format}:\n{text}");
        assert_eq!(check(dir.path(), format, &[]), text, "{format} is not the same every time");
    }
}

/// The schema of the standard, as a library for SARIF ships it.
fn sarif_schema() -> jsonschema::Validator {
    let mut command = cargo_metadata::MetadataCommand::new();
    command.manifest_path(repository().join("Cargo.toml"));
    // Of this platform: what others need may not have been fetched.
    let rustc = std::process::Command::new("rustc").arg("-vV").output().unwrap();
    let about = String::from_utf8(rustc.stdout).unwrap();
    let host = about.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let options = ["--offline", "--locked", "--filter-platform", host].map(str::to_owned);
    let metadata = command.other_options(options).exec().unwrap();
    let package = metadata.packages.iter().find(|package| package.name.as_str() == "serde-sarif").unwrap();
    let path = package.manifest_path.parent().unwrap().join("src/schema.json");
    let text = fs::read_to_string(path).unwrap();
    // Two patterns in it have a bracket too many, which the standard's errata took out.
    let text = text.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}$");
    let schema: Value = serde_json::from_str(&text).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn assert_valid(schema: &jsonschema::Validator, log: &str) {
    let document: Value = serde_json::from_str(log).unwrap();
    let errors: Vec<String> =
        schema.iter_errors(&document).map(|error| format!("{error} at {}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn sarif_is_valid_and_whole() {
    let schema = sarif_schema();
    assert_valid(&schema, &check(repository(), "sarif", &["examples"]));
    let dir = project();
    let text = check(dir.path(), "sarif", &["--show-suppressed"]);
    assert_valid(&schema, &text);
    let log: serde_sarif::sarif::Sarif = serde_json::from_str(&text).unwrap();
    let run = &log.runs[0];
    let results = run.results.as_ref().unwrap();
    let rules = run.tool.driver.rules.as_ref().unwrap();
    for result in results {
        let rule = &rules[usize::try_from(result.rule_index.unwrap()).unwrap()];
        assert_eq!(Some(&rule.id), result.rule_id.as_ref());
        assert!(rule.help_uri.as_ref().unwrap().ends_with(&rule.id) && rule.help.is_some());
        assert_eq!(result.partial_fingerprints.as_ref().unwrap().len(), 1);
    }
    let silenced: Vec<_> = results
        .iter()
        .filter(|result| result.suppressions.as_ref().is_some_and(|list| !list.is_empty()))
        .collect();
    assert_eq!(silenced.len(), 1, "{text}");
    let flow = &results[0].code_flows.as_ref().unwrap()[0].thread_flows[0];
    assert_eq!(flow.locations.len(), 3, "created, called, grows");
    let notes = run.invocations.as_ref().unwrap()[0].tool_execution_notifications.as_ref().unwrap();
    assert_eq!(notes.len(), 2, "{text}");
    assert_eq!(run.invocations.as_ref().unwrap()[0].exit_code, Some(1));
}

#[test]
fn sarif_of_the_standard_library_is_valid() {
    let Some(python) = python() else { return };
    let log = check(&python.standard_library(), "sarif", &["--min-confidence", "low"]);
    assert_valid(&sarif_schema(), &log);
    assert!(log.matches("\"ruleId\"").count() > 20, "so much code leaks somewhere");
}

#[test]
fn fixes_in_sarif_can_be_applied() {
    let dir = project();
    let text = check(dir.path(), "sarif", &[]);
    let Some(python) = python() else { return };
    fs::write(dir.path().join("log.sarif"), &text).unwrap();
    let program = "import json\nfrom urllib.parse import unquote\n\
        for result in json.load(open('log.sarif', encoding='utf-8'))['runs'][0]['results']:\n\
        \x20   for fix in result.get('fixes', ()):\n\
        \x20       for change in fix['artifactChanges']:\n\
        \x20           path = unquote(change['artifactLocation']['uri'])\n\
        \x20           text = open(path, encoding='utf-8').read()\n\
        \x20           starts = [0]\n\
        \x20           for line in text.splitlines(True):\n\
        \x20               starts.append(starts[-1] + len(line))\n\
        \x20           for edit in reversed(change['replacements']):\n\
        \x20               at = edit['deletedRegion']\n\
        \x20               start = starts[at['startLine'] - 1] + at['startColumn'] - 1\n\
        \x20               end = starts[at['endLine'] - 1] + at['endColumn'] - 1\n\
        \x20               text = text[:start] + edit['insertedContent']['text'] + text[end:]\n\
        \x20           compile(text, path, 'exec')\n\
        \x20           print(fix['properties']['id'], [line for line in text.splitlines() if 'with' in line or 'deque' in line])\n";
    let printed = python.print(program, dir.path());
    assert!(
        printed.contains("    with open('ü' + p) as g:") && printed.contains("deque(maxlen=1000)"),
        "{printed}"
    );
}

#[test]
fn services_get_paths_from_the_top_of_the_repository() {
    let dir = project();
    let below = dir.path().join("a b");
    for (format, variable, expected) in [
        ("github", "GITHUB_WORKSPACE", "file=a b/50%25%2C c%3Ad.py,line=6,"),
        ("gitlab", "CI_PROJECT_DIR", "\"path\": \"a b/50%, c:d.py\""),
    ] {
        let mut command = leakwright(&below);
        command.env(variable, dir.path()).args(["check", "--format", format]);
        let text = String::from_utf8(command.output().unwrap().stdout).unwrap();
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn what_finds_nothing_is_still_a_report() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("sound.py"), "x = 1\n").unwrap();
    let schema = sarif_schema();
    for (format, expected) in [
        ("gitlab", "[]\n"),
        ("github", ""),
        ("json-lines", ""),
        ("junit", "name=\"No leaks detected in 1 file\""),
    ] {
        let output = run(dir.path(), &["check", "--format", format]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && text.contains(expected), "{format}: {text}");
    }
    // So is one of what is not there.
    let output = run(dir.path(), &["check", "--format", "sarif", "missing"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_valid(&schema, &text);
    assert!(text.contains("\"executionSuccessful\": false") && text.contains("\"exitCode\": 2"), "{text}");
}

#[test]
fn lines_of_json_fit_their_schema() {
    let mut schema: Value = serde_json::from_str(leakwright_report::SCHEMA).unwrap();
    let whole = schema.as_object_mut().unwrap();
    whole.retain(|key, _| key.starts_with('$'));
    whole.insert("$ref".to_owned(), "#/$defs/line".into());
    let schema = jsonschema::validator_for(&schema).unwrap();
    let text = check(project().path(), "json-lines", &["--show-suppressed"]);
    assert_eq!(text.lines().count(), 6, "four findings, two errors");
    text.lines().for_each(|line| assert_valid(&schema, line));
}

#[test]
fn statistics_count_by_rule() {
    let dir = project();
    let text = check(dir.path(), "text", &["--statistics"]);
    let expected = "2  LW301  unclosed-file         1 safe fix, 1 unsafe fix\n\
                    1  LW101  unbounded-collection  1 unsafe fix\nTOTAL ISSUES FOUND: 2 in 4 files";
    assert!(text.starts_with(expected), "{text}");
    let document: Value = serde_json::from_str(&check(dir.path(), "json", &["--statistics"])).unwrap();
    assert_eq!(document["statistics"][0]["count"], 2, "{document}");
    let refused = run(dir.path(), &["check", "--statistics", "--format", "sarif"]);
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn a_file_is_written_whole_or_not_at_all() {
    let dir = project();
    let out = dir.path().join("out.txt");
    let output = run(dir.path(), &["check", "--color", "always", "--output-file", "out.txt"]);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), &b""[..]));
    let written = fs::read_to_string(&out).unwrap();
    assert!(written.contains("warning[LW101]") && !written.contains('\x1b'), "{written}");
    let output = run(dir.path(), &["check", "-o", "missing/out.txt"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("cannot write missing/out.txt"), "{said}");
    let left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 6, "{left:?}");
}

#[test]
fn the_exit_code_follows_what_shall_fail() {
    let dir = project();
    for (args, code) in [
        (&["--exit-zero"][..], 0),
        (&["--fail-on", "error"], 0),
        (&["--fail-on", "warning"], 1),
        (&["--fail-on", "high", "--select", "LW101"], 0),
        (&["--fail-on", "medium", "--select", "LW101"], 1),
        (&["--fail-on", "hint,high"], 1),
        (&["--fail-on", "error,low"], 0),
        (&["--exit-zero", "missing"], 2),
        (&["--fail-on", "sometimes"], 2),
    ] {
        let output = run(dir.path(), &[&["check"], args].concat());
        assert_eq!(output.status.code(), Some(code), "{args:?}");
    }
    fs::write(dir.path().join("broken.py"), "text = open('a').read()\n").unwrap();
    assert_eq!(run(dir.path(), &["check", "broken.py"]).status.code(), Some(0));
    assert_eq!(run(dir.path(), &["check", "--fail-on", "information", "broken.py"]).status.code(), Some(1));
}

#[test]
fn quiet_leaves_findings_and_errors() {
    let dir = project();
    let output = run(dir.path(), &["check", "-q", "--format", "concise", ".", "missing"]);
    let (out, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(out.lines().count(), 3, "{out}");
    assert_eq!(errors.lines().count(), 1, "{errors}");
    assert!(errors.contains("missing: no such file"), "{errors}");
    let loud = run(dir.path(), &["check"]);
    let quiet = run(dir.path(), &["check", "--quiet"]);
    let (loud, quiet) = (String::from_utf8(loud.stdout).unwrap(), String::from_utf8(quiet.stdout).unwrap());
    let frames = loud.strip_prefix("SCANNING FOR MEMORY LEAKS...\n\n").unwrap();
    let (frames, counts) = frames.rsplit_once("TOTAL ISSUES FOUND").unwrap();
    assert_eq!(quiet, frames);
    assert!(counts.starts_with(": 2 in 4 files (1 more for information)"), "{counts}");
}
