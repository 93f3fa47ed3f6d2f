//! The rules as SARIF describes them.

use leakwright_rules::{Family, Metadata, RuleId, Severity};
use serde_json::json;

use super::log::{Configuration, Descriptor, Message, Properties};
use super::results::level;
use crate::github::sentence;

/// All rules, in the order of their codes, which results refer to.
pub(super) fn descriptors() -> Vec<Descriptor> {
    RuleId::all().map(|rule| descriptor(rule.metadata())).collect()
}

fn descriptor(metadata: &'static Metadata) -> Descriptor {
    let what_it_does = what_it_does(metadata.docs);
    let more = format!("{what_it_does}\n\nMore: {}", metadata.help());
    Descriptor {
        id: metadata.code,
        name: in_camel_case(metadata.name),
        short_description: Message::plain(sentence(metadata.summary)),
        full_description: Message::plain(what_it_does),
        help: Message { text: more, markdown: Some(metadata.docs.to_owned()) },
        help_uri: metadata.help(),
        default_configuration: Configuration {
            enabled: metadata.is_default,
            level: level(metadata.severity),
        },
        properties: properties(metadata),
    }
}

/// `unclosed-file` as `UnclosedFile`, which is how SARIF writes names.
fn in_camel_case(name: &str) -> String {
    let capitalised = |word: &str| {
        let mut chars = word.chars();
        chars.next().map(|first| first.to_ascii_uppercase().to_string() + chars.as_str()).unwrap_or_default()
    };
    name.split('-').map(capitalised).collect()
}

/// The first section of a rule's page, on one line.
fn what_it_does(page: &str) -> String {
    let section = page.split("## What it does").nth(1).unwrap_or(page);
    let section = section.split("\n## ").next().unwrap_or_default();
    section.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What code scanning services sort and filter by.
fn properties(metadata: &Metadata) -> Properties {
    let weakness = match metadata.family {
        Family::Growth | Family::Cache => "external/cwe/cwe-770",
        Family::Resource | Family::Task => "external/cwe/cwe-772",
        Family::Reference | Family::Tensor => "external/cwe/cwe-401",
    };
    let importance = match metadata.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Information | Severity::Hint => "recommendation",
    };
    Properties::from([
        ("tags", json!(["reliability", "memory-leak", metadata.family.name(), weakness])),
        ("problem.severity", json!(importance)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_described() {
        assert_eq!(in_camel_case("unbounded-lru-cache"), "UnboundedLruCache");
        for rule in descriptors() {
            let text = &rule.full_description.text;
            assert!(text.len() > 40 && text.ends_with('.') && !text.contains('#'), "{}: {text}", rule.id);
        }
    }
}
