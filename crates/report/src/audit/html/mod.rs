//! An audit as one HTML page that needs nothing else: no network, no other file.
//!
//! Everything is in the page as it is loaded, so that it can be read and printed without a script. The script
//! filters, sorts and moves; the page lets no other run.

mod chart;
mod code;
mod controls;
mod section;
mod table;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::Audit;
use super::summary::Summary;
use crate::words::plural;
use chart::{Choice, bars};
use section::prose;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// How the page begins.
pub(super) const MARK: &str = "<!DOCTYPE html><!-- written by `leakwright report` -->";

/// How many of the worst files and folders are shown on top.
const WORST: usize = 10;

/// The page.
pub(super) fn page(audit: &Audit) -> String {
    let page = html! {
        (DOCTYPE)
        (PreEscaped("<!-- written by `leakwright report` -->"))
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content={ "leakwright " (env!("CARGO_PKG_VERSION")) };
                title { "Memory leak audit" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#findings" { "Skip to the findings" }
                header { (heading(&audit.summary)) }
                main {
                    (overview(&audit.summary))
                    section id="findings" tabindex="-1" aria-labelledby="findings-title" {
                        h2 id="findings-title" { "Findings" }
                        @if audit.entries.is_empty() {
                            p { "No leaks detected." }
                        } @else {
                            (controls::controls(&audit.entries))
                            div #list { @for entry in &audit.entries { (section::section(entry)) } }
                            p #none hidden { "Nothing fits the filter." }
                        }
                    }
                    (table::checklist(&audit.checklist))
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

/// What the page allows: its own style and script, known by their hashes, and nothing else, whatever a path or a
/// line of code may hold.
fn policy() -> String {
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text.as_bytes())));
    let (style, script) = (hash(STYLE), hash(SCRIPT));
    format!("default-src 'none'; style-src {style}; script-src {script}; base-uri 'none'; form-action 'none'")
}

fn heading(summary: &Summary) -> Markup {
    let Summary { files, lines, rules, leaks, notes, silenced, .. } = summary;
    html! {
        div {
            h1 { "Memory leak audit" }
            p.verdict {
                @if *leaks == 0 { "No leaks detected" } @else { strong { (plural(*leaks, "leak")) } }
                " in " (plural(*files, "file"))
                @if *notes > 0 { ", and " (notes) " more for information" }
                "."
            }
            p.quiet {
                "Checked: " (plural(*files, "file")) " with " (lines) " lines, by " (rules) " rules."
                @if *silenced > 0 { " Comments silence " (plural(*silenced, "finding")) "." }
            }
        }
        button #theme type="button" hidden { "Dark" }
    }
}

fn overview(summary: &Summary) -> Markup {
    html! {
        @if !summary.problems.is_empty() {
            section.problems aria-labelledby="problems-title" {
                h2 id="problems-title" { "Not checked, or not wholly" }
                ul { @for (path, problem) in &summary.problems { li { (code::path(path)) ": " (prose(problem)) } } }
            }
        }
        @if !summary.unused.is_empty() {
            section.problems aria-labelledby="unused-title" {
                h2 id="unused-title" { "Comments that silence nothing" }
                ul {
                    @for (path, line, comment) in &summary.unused {
                        li { (code::place(path, *line)) ": " (prose(comment)) }
                    }
                }
            }
        }
        @if !summary.by_type.is_empty() {
            section aria-labelledby="overview-title" {
                h2 id="overview-title" { "Overview" }
                div.charts {
                    (bars("By family", Choice::Filter("family"), &summary.by_family, WORST))
                    (bars("By leak type", Choice::Filter("type"), &summary.by_type, WORST))
                    (bars("By folder", Choice::Filter("folder"), &summary.by_folder, WORST))
                    (bars("Worst files", Choice::Search, &summary.by_file, WORST))
                }
                p.legend {
                    span.key.high { "high risk" } " " span.key.medium { "medium" } " " span.key.low { "low" }
                    span.scripted hidden { "A bar shows its findings only." }
                }
            }
        }
    }
}
