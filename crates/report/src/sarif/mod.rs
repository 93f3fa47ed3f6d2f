//! SARIF 2.1.0, the form that code scanning services and editors exchange results in.
//!
//! One run, with all rules, the results with their evidence as a code flow, and what went wrong as notifications.
//! Places in files below the working directory are relative to it, so that the log says the same wherever the
//! repository lies.

mod log;
mod places;
mod results;
mod rules;

use leakwright_engine::{Checked, FileError, Problem, UnusedSuppression};

use crate::json::pretty;
use log::{Driver, Invocation, Log, Message, Notification, Run, Tool};
use places::Places;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Findings and errors as a SARIF log. The exit code is that of the process which writes it.
pub fn sarif(checked: &Checked, show_suppressed: bool, exit_code: u8) -> String {
    let mut places = Places::new(checked);
    // What is known is listed too: its state tells it from what is new.
    let listed = checked.findings.iter().filter(|judged| show_suppressed || !judged.is_suppressed);
    let mut results: Vec<_> = listed.map(|judged| results::result(&mut places, judged)).collect();
    let gone = checked.comparisons.iter().flat_map(|comparison| &comparison.gone);
    results
        .extend(gone.flat_map(|known| std::iter::repeat_with(|| results::absent(known)).take(known.count)));
    let invocation = invocation(checked, exit_code);
    let version = env!("CARGO_PKG_VERSION");
    let driver = Driver {
        name: "Leakwright",
        version,
        semantic_version: version,
        information_uri: "https://leakwright.dev",
        rules: rules::descriptors(),
    };
    let run = Run {
        tool: Tool { driver },
        column_kind: "unicodeCodePoints",
        original_uri_base_ids: places::bases(),
        invocations: [invocation],
        artifacts: places.into_artifacts(),
        results,
    };
    pretty(&Log { schema: SCHEMA, version: "2.1.0", runs: [run] })
}

fn invocation(checked: &Checked, exit_code: u8) -> Invocation {
    let is_about_configuration = |error: &&FileError| matches!(error.problem, Problem::Configuration(_));
    let (configuration, execution): (Vec<&FileError>, Vec<&FileError>) =
        checked.errors.iter().partition(is_about_configuration);
    let unused = checked.unused_suppressions.iter().map(unused_suppression);
    Invocation {
        execution_successful: !checked.errors.iter().any(|error| error.problem.is_fatal()),
        exit_code,
        tool_execution_notifications: execution.into_iter().map(notification).chain(unused).collect(),
        tool_configuration_notifications: configuration.into_iter().map(notification).collect(),
    }
}

fn notification(error: &FileError) -> Notification {
    let is_error = error.problem.is_fatal() || matches!(error.problem, Problem::Internal(_));
    let line = if let Problem::Syntax { line } = error.problem { Some(line) } else { None };
    Notification {
        level: if is_error { "error" } else { "warning" },
        message: Message::plain(error.to_string()),
        locations: [Places::line(&error.path, line)],
    }
}

fn unused_suppression(unused: &UnusedSuppression) -> Notification {
    Notification {
        level: "note",
        message: Message::plain(unused.to_string()),
        locations: [Places::line(&unused.path, Some(unused.line))],
    }
}
