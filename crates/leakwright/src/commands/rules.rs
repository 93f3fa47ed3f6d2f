//! `leakwright rules`.

use std::fmt::Write;

use leakwright_rules::{Family, LeakType, Metadata, RuleId, Severity};
use serde::Serialize;

use super::Exit;
use crate::args::{RulesArgs, RulesFormat};
use crate::{page, terminal};

pub(crate) fn run(args: &RulesArgs) -> Exit {
    terminal::print(&match args.format {
        RulesFormat::Text => text(terminal::width()),
        RulesFormat::Markdown => markdown(),
        RulesFormat::Json => json(),
    });
    Exit::Clean
}

fn all() -> impl Iterator<Item = &'static Metadata> {
    RuleId::all().map(RuleId::metadata)
}

/// The rules of each family, a line each; lines are wrapped where there is a terminal.
fn text(width: Option<usize>) -> String {
    let longest = all().map(|rule| rule.name.len()).max().unwrap_or_default();
    let mut out = String::new();
    for family in Family::ALL {
        let gap = if out.is_empty() { "" } else { "\n" };
        let _ = writeln!(out, "{gap}\x1b[1m{}\x1b[0m: {}", family.name(), family.about());
        for rule in all().filter(|rule| rule.family == family) {
            let start = format!("  \x1b[36m{}\x1b[0m {:longest$} ", rule.code, rule.name);
            let state = match severity(rule) {
                "warning" => String::new(),
                other => format!(" \x1b[2m({other})\x1b[0m"),
            };
            out += &page::hanging(&start, &format!("{}{state}", rule.summary), width);
        }
    }
    out + "\n`leakwright explain CODE` says more of each.\n"
}

/// How bad the findings of a rule are; `off` if it has to be selected.
fn severity(rule: &Metadata) -> &'static str {
    match rule.severity {
        _ if !rule.is_default => "off by default",
        Severity::Hint => "hint",
        Severity::Information => "information",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

fn markdown() -> String {
    let mut out = "| code | name | finds | default |\n|---|---|---|---|\n".to_owned();
    for rule in all() {
        let default = if rule.is_default { severity(rule) } else { "off" };
        let _ = writeln!(out, "| {} | `{}` | {} | {default} |", rule.code, rule.name, rule.summary);
    }
    out
}

#[derive(Serialize)]
struct Document {
    schema: u32,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
struct Rule {
    code: &'static str,
    name: &'static str,
    family: Family,
    summary: &'static str,
    severity: Severity,
    default: bool,
    leak_type: LeakType,
    help: String,
    /// Its page, in Markdown.
    docs: &'static str,
}

fn json() -> String {
    let rule = |rule: &'static Metadata| Rule {
        code: rule.code,
        name: rule.name,
        family: rule.family,
        summary: rule.summary,
        severity: rule.severity,
        default: rule.is_default,
        leak_type: rule.leak_type,
        help: rule.help(),
        docs: rule.docs,
    };
    let document = Document { schema: 1, rules: all().map(rule).collect() };
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}
