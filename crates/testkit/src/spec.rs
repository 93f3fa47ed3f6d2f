//! Specs: Markdown in which Python code says what the rules find in it, and what fixes make of it.
//!
//! * A `python` block is checked by itself. A line that ends in `# error: [LW101]` has that finding, a
//!   line without such a mark has none; `# information: [LW203]` and `# hint: [LW204]` say how bad it is.
//! * `file=name.py` gives a block a path. Blocks under one heading that have paths are one project.
//! * `select=LW204` runs other rules than the default ones.
//! * `fix=deque` applies the fix of that name of the first finding that has it; the next block, marked
//!   `after`, is what comes out. Both are run by Python and have to print the same. `no-fix` says that no
//!   finding has a fix that can be applied.

use std::path::{Path, PathBuf};

use leakwright_engine::{Checked, Input, Judged, NoProgress, Options, apply_edits, check};
use leakwright_rules::Severity;
use leakwright_syntax::TextRange;

use crate::markdown::{Fence, fences};
use crate::python::python;

/// Checks all specs in a directory. Panics with everything that is wrong.
pub fn check_specs(directory: &Path) {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(directory)
        .expect("the specs are there")
        .map(|entry| entry.expect("the entry can be read").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "no specs in {}", directory.display());
    let failures: Vec<String> = paths
        .iter()
        .flat_map(|path| check_fences(path, &std::fs::read_to_string(path).expect("the spec can be read")))
        .collect();
    assert!(failures.is_empty(), "{} failures:\n\n{}", failures.len(), failures.join("\n\n"));
}

/// Checks the Python blocks of one Markdown text; returns what is wrong.
pub fn check_fences(path: &Path, text: &str) -> Vec<String> {
    let blocks: Vec<Fence> = fences(text).into_iter().filter(|fence| fence.language == "python").collect();
    let mut failures = Vec::new();
    let mut index = 0;
    while index < blocks.len() {
        let group = group_length(&blocks[index..]);
        let group = &blocks[index..index + group];
        let after = blocks.get(index + group.len()).filter(|next| next.options.contains_key("after"));
        let mut report = |problem: String| {
            failures.push(format!("{}:{} ({}):\n{problem}", path.display(), group[0].line, group[0].heading));
        };
        check_group(group, after, &mut report);
        index += group.len() + usize::from(after.is_some());
    }
    failures
}

/// How many blocks belong to the project that the first one begins.
fn group_length(blocks: &[Fence]) -> usize {
    let first = &blocks[0];
    if !first.options.contains_key("file") {
        return 1;
    }
    blocks
        .iter()
        .take_while(|block| block.options.contains_key("file") && block.heading == first.heading)
        .count()
}

fn check_group(group: &[Fence], after: Option<&Fence>, report: &mut impl FnMut(String)) {
    let path = |fence: &Fence| PathBuf::from(fence.options.get("file").map_or("example.py", String::as_str));
    let texts = group.iter().map(|fence| (path(fence), without_marks(&fence.code).into_bytes())).collect();
    let select = group[0].options.get("select").map(|rules| {
        rules.split(',').map(|rule| rule.parse().expect("the spec selects rules that exist")).collect()
    });
    let options = Options { select, ..Options::default() };
    let checked = check(&Input::Texts(texts), &options, &NoProgress);
    for error in &checked.errors {
        report(format!("{error}"));
    }
    for fence in group {
        let expected = marks(&fence.code);
        let found = findings_in(&checked, &path(fence));
        if expected != found {
            report(format!("expected {expected:#?}\nfound {found:#?}"));
        }
    }
    if group[0].options.contains_key("no-fix") {
        let fixable = checked.active().find(|judged| applicable(&checked, judged, None).is_some());
        if let Some(judged) = fixable {
            report(format!("a fix is offered for {}", judged.finding.message));
        }
    }
    if let Some(id) = group[0].options.get("fix") {
        match after {
            Some(after) => check_fix(&checked, &without_marks(&group[0].code), id, after, report),
            None => report("a block with a fix needs one `after` it".to_owned()),
        }
    }
}

/// The code as it would be without saying what is found in it.
fn without_marks(code: &str) -> String {
    let cut = |line: &str| {
        let marks = ["error", "information", "hint"].map(|word| format!("  # {word}: ["));
        let end = marks.iter().filter_map(|mark| line.find(mark)).min().unwrap_or(line.len());
        format!("{}\n", &line[..end])
    };
    code.lines().map(cut).collect()
}

/// Lines with the codes that they say to have.
fn marks(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (index, line) in code.lines().enumerate() {
        for word in ["error", "information", "hint"] {
            let Some((_, rest)) = line.split_once(&format!("# {word}: [")) else { continue };
            let codes = rest.split(']').next().unwrap_or_default();
            found.extend(codes.split(", ").map(|code| (index + 1, format!("{word} {code}"))));
        }
    }
    found.sort();
    found
}

/// Lines with the codes that were found in a file.
fn findings_in(checked: &Checked, path: &Path) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = checked
        .active()
        .filter(|judged| checked.file(judged.finding.module).path == path)
        .map(|judged| {
            let text = &checked.file(judged.finding.module).text;
            let line = 1 + text[..judged.finding.range.start as usize].matches('\n').count();
            let word = match judged.finding.severity {
                Severity::Warning | Severity::Error => "error",
                Severity::Information => "information",
                Severity::Hint => "hint",
            };
            (line, format!("{word} {}", judged.finding.rule.metadata().code))
        })
        .collect();
    found.sort();
    found
}

/// The text that a fix of a finding makes, if it has one that can be applied.
fn applicable(checked: &Checked, judged: &Judged, id: Option<&str>) -> Option<String> {
    let fix = checked
        .fixes(&judged.finding)
        .into_iter()
        .find(|fix| !fix.edits.is_empty() && id.is_none_or(|id| fix.id == id))?;
    let edits: Vec<(TextRange, &str)> =
        fix.edits.iter().map(|edit| (edit.range, edit.text.as_str())).collect();
    Some(
        apply_edits(&checked.file(judged.finding.module).text, &edits)
            .expect("the edits of a fix go together"),
    )
}

fn check_fix(checked: &Checked, before: &str, id: &str, after: &Fence, report: &mut impl FnMut(String)) {
    let Some(fixed) = checked.active().find_map(|judged| applicable(checked, judged, Some(id))) else {
        report(format!("no finding has a fix called {id}"));
        return;
    };
    if fixed != after.code {
        report(format!("the fix {id} makes:\n{fixed}\nnot:\n{}", after.code));
    }
    let Some(python) = python() else { return };
    let directory = tempfile::tempdir().expect("a directory can be made");
    let (was, is) = (python.print(before, directory.path()), python.print(&fixed, directory.path()));
    if was != is || was.is_empty() {
        report(format!("prints before the fix:\n{was}\nafter it:\n{is}"));
    }
}
