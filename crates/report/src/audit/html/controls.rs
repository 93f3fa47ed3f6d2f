//! What filters and sorts the findings.

use leakwright_rules::{Confidence, RiskLevel, Severity};
use maud::{Markup, html};

use crate::audit::entry::{Entry, type_word};
use crate::audit::summary::folder;
use crate::words;

/// The search and the choices; shown where scripts run.
pub(super) fn controls(entries: &[Entry]) -> Markup {
    let risks = [RiskLevel::High, RiskLevel::Medium, RiskLevel::Low].map(words::risk);
    let severities = [Severity::Error, Severity::Warning, Severity::Information, Severity::Hint];
    let confidences = [Confidence::High, Confidence::Medium, Confidence::Low].map(words::confidence);
    let is_there =
        |value: &dyn Fn(&Entry) -> String, word: &str| entries.iter().any(|entry| value(entry) == word);
    let among = |words: &[&str], value: &dyn Fn(&Entry) -> String| -> Vec<String> {
        words.iter().filter(|word| is_there(value, word)).map(|word| (*word).to_owned()).collect()
    };
    html! {
        form #controls role="search" aria-label="Filter and sort" hidden {
            div.field.wide {
                label for="search" { "Search " kbd { "/" } }
                input #search type="search" placeholder="words of the message, the code, a path, a rule" autocomplete="off";
            }
            (choice("risk", "Risk", &among(&risks, &|entry| words::risk(entry.risk).to_owned())))
            (choice("severity", "Severity",
                &among(&severities.map(words::severity), &|entry| words::severity(entry.severity).to_owned())))
            (choice("confidence", "Confidence",
                &among(&confidences, &|entry| words::confidence(entry.confidence).to_owned())))
            (choice("family", "Family", &distinct(entries, |entry| entry.family.to_owned())))
            (choice("type", "Leak type", &distinct(entries, |entry| type_word(entry.leak_type).to_owned())))
            (choice("rule", "Rule", &distinct(entries, |entry| entry.code.to_owned())))
            (choice("folder", "Folder", &distinct(entries, |entry| folder(&entry.path))))
            div.field {
                label for="sort" { "Sort by" }
                select #sort {
                    option value="path" { "file and line" }
                    option value="risk" { "risk" }
                    option value="severity" { "severity" }
                    option value="confidence" { "confidence" }
                    option value="type" { "leak type" }
                    option value="rule" { "rule" }
                }
            }
            div.buttons {
                button type="reset" { "Clear" }
                button #expand type="button" { "Open all" }
                button #collapse type="button" { "Close all" }
            }
            p #count role="status" aria-live="polite" {}
            p.keys {
                kbd { "j" } " and " kbd { "k" } " go to the next and the previous finding, "
                kbd { "Enter" } " opens it, " kbd { "Esc" } " leaves the search."
            }
        }
    }
}

fn choice(name: &str, title: &str, options: &[String]) -> Markup {
    html! {
        div.field {
            label for=(name) { (title) }
            select id=(name) data-filter=(name) {
                option value="" { "all" }
                @for option in options { option value=(option) { (super::code::visible(option)) } }
            }
        }
    }
}

fn distinct(entries: &[Entry], value: impl Fn(&Entry) -> String) -> Vec<String> {
    let mut found: Vec<String> = entries.iter().map(value).collect();
    found.sort();
    found.dedup();
    found
}
