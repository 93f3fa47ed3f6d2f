//! JUnit XML, which most services for continuous integration show as the result of tests. A file with findings is
//! a suite, each of its findings a test that failed; what is for information only is a test that was skipped.

use std::fmt::Write;

use leakwright_engine::{Checked, FileError, Judged};
use leakwright_rules::Severity;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::positions::{Positions, slashed};
use crate::words;

/// Findings and errors as JUnit XML.
pub fn junit(checked: &Checked) -> String {
    let mut positions = Positions::new(checked);
    let mut cases: Vec<(String, TestCase)> = Vec::new();
    for judged in checked.active() {
        let path = positions.path(judged.finding.module);
        cases.push((path.clone(), case(checked, &mut positions, judged, &path)));
    }
    cases.extend(checked.errors.iter().map(|error| (slashed(&error.path), problem(error))));
    if cases.is_empty() {
        let name = format!("No leaks detected in {}", words::plural(checked.files_checked, "file"));
        cases.push(("leakwright".to_owned(), TestCase::new(name, TestCaseStatus::success())));
    }
    cases.sort_by(|a, b| a.0.cmp(&b.0));
    let mut report = Report::new("leakwright");
    let mut cases = cases.into_iter().peekable();
    while let Some((path, first)) = cases.next() {
        let mut suite = TestSuite::new(path.as_str());
        suite.add_test_case(first);
        while let Some((_, case)) = cases.next_if(|(next, _)| *next == path) {
            suite.add_test_case(case);
        }
        report.add_test_suite(suite);
    }
    report.to_string().unwrap_or_default()
}

fn case(checked: &Checked, positions: &mut Positions<'_>, judged: &Judged, path: &str) -> TestCase {
    let finding = &judged.finding;
    let metadata = finding.rule.metadata();
    let start = positions.of(finding.module, finding.range).start;
    let (line, column) = (start.line + 1, start.column + 1);
    let mut status = if finding.severity >= Severity::Warning {
        TestCaseStatus::non_success(NonSuccessKind::Failure)
    } else {
        TestCaseStatus::skipped()
    };
    status.set_type(words::severity(finding.severity)).set_message(finding.message.as_str());
    status.set_description(description(checked, positions, judged));
    let name = format!("{} {} at {line}:{column}", metadata.code, metadata.name);
    let mut case = TestCase::new(name, status);
    case.set_classname(path.strip_suffix(".py").unwrap_or(path).replace('/', "."));
    case.extra.insert("file".into(), path.into());
    case.extra.insert("line".into(), line.to_string().into());
    case
}

/// What a reader needs who sees nothing else: the chain of places, and what to do.
fn description(checked: &Checked, positions: &mut Positions<'_>, judged: &Judged) -> String {
    let finding = &judged.finding;
    let mut out = String::new();
    for place in &finding.evidence {
        let line = positions.of(place.module, place.range).start.line + 1;
        let _ = writeln!(out, "{}:{line}: {}", slashed(&checked.file(place.module).path), place.message);
    }
    let _ = writeln!(out, "Pattern: {}", finding.pattern);
    let _ = writeln!(out, "Risk: {} - {}", words::risk(finding.risk.level), finding.risk.reason);
    let _ = writeln!(out, "Recommendation: {}", finding.recommendation);
    out + &finding.rule.metadata().help()
}

fn problem(error: &FileError) -> TestCase {
    let mut status = if error.problem.is_fatal() {
        TestCaseStatus::non_success(NonSuccessKind::Error)
    } else {
        TestCaseStatus::skipped()
    };
    status.set_message(error.problem.to_string());
    TestCase::new("can be checked", status)
}
