//! `leakwright rules`.

use std::fmt::Write;

use leakwright_rules::{RuleId, Severity};

use super::Exit;
use crate::args::{RulesArgs, RulesFormat};
use crate::terminal;

pub(crate) fn run(args: &RulesArgs) -> Exit {
    terminal::print(&match args.format {
        RulesFormat::Text => text(),
        RulesFormat::Markdown => markdown(),
    });
    Exit::Clean
}

fn text() -> String {
    let mut out = String::new();
    for rule in RuleId::all() {
        let metadata = rule.metadata();
        let state = if metadata.is_default { "" } else { " (off by default)" };
        let _ =
            writeln!(out, "\x1b[1m{}\x1b[0m {:32} {}{state}", metadata.code, metadata.name, metadata.summary);
    }
    out
}

fn markdown() -> String {
    let mut out = "| code | name | finds | default |\n|---|---|---|---|\n".to_owned();
    for rule in RuleId::all() {
        let metadata = rule.metadata();
        let default = match (metadata.is_default, metadata.severity) {
            (false, _) => "off",
            (true, Severity::Hint) => "hint",
            (true, Severity::Information) => "information",
            (true, Severity::Warning) => "warning",
            (true, Severity::Error) => "error",
        };
        let _ =
            writeln!(out, "| {} | `{}` | {} | {default} |", metadata.code, metadata.name, metadata.summary);
    }
    out
}
