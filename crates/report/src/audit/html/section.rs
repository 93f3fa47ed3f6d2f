//! What is told of a finding.

use maud::{Markup, html};

use super::code::{self, anchor, visible};
use crate::audit::entry::{Entry, growth_word, role_word, type_word};
use crate::audit::remedy::Remedy;
use crate::audit::summary::folder;
use crate::words;

/// A finding, closed at first.
pub(super) fn section(entry: &Entry) -> Markup {
    let risk = words::risk(entry.risk);
    let title = format!("title-{}", entry.number);
    html! {
        article.finding id={ "finding-" (entry.number) } aria-labelledby=(title)
            data-number=(entry.number) data-risk=(risk) data-type=(type_word(entry.leak_type)) data-family=(entry.family)
            data-rule=(entry.code) data-severity=(words::severity(entry.severity)) data-folder=(folder(&entry.path))
            data-confidence=(words::confidence(entry.confidence)) {
            details {
                summary {
                    span class={ "badge " (risk.to_lowercase()) } { (risk) }
                    span.what {
                        h3 id=(title) { (prose(&entry.message)) }
                        span.where {
                            (code::place(&entry.path, entry.line)) " · " (type_word(entry.leak_type)) " · " (entry.code)
                        }
                    }
                }
                div.body { (facts(entry)) (evidence(entry)) (detection(entry)) (fix(entry)) }
            }
        }
    }
}

fn facts(entry: &Entry) -> Markup {
    html! {
        dl {
            dt { "File" } dd { (code::place(&entry.path, entry.line)) }
            dt { "Leak type" } dd { (type_word(entry.leak_type)) }
            dt { "Growth pattern" } dd { (growth_word(entry.growth)) " (" (prose(&entry.pattern)) ")" }
            dt { "Memory impact" }
            dd { (prose(&entry.estimate.amount)) br; small { "Basis: " (prose(&entry.estimate.basis)) } }
            dt { "Risk" } dd { (words::risk(entry.risk)) ": " (prose(&entry.reason)) }
            dt { "Confidence" }
            dd {
                (words::confidence(entry.confidence))
                @if !entry.signs.is_empty() { " (" (prose(&entry.signs.join("; "))) ")" }
            }
            dt { "Rule" }
            dd {
                a href=(entry.help) rel="noreferrer" { (entry.code) " " (entry.name) }
                ", family " (entry.family) ", " (words::severity(entry.severity))
            }
            dt { "Fingerprint" } dd { code { (entry.fingerprint) } }
        }
    }
}

fn evidence(entry: &Entry) -> Markup {
    html! {
        h4 { "Evidence" }
        ol.chain {
            @for place in &entry.places {
                li {
                    a href={ "#" (anchor(entry, place.number)) } { (code::place(&place.path, place.line)) }
                    " " em { (role_word(place.role)) } ": " (prose(&place.message))
                }
            }
        }
        @for excerpt in &entry.excerpts { (code::excerpt(entry, excerpt)) }
    }
}

fn detection(entry: &Entry) -> Markup {
    let Some(detection) = &entry.detection else { return html! {} };
    html! {
        h4 { "Detection" }
        p {
            (prose(&detection.shows)) " It fails while the leak is there."
            @for open in &detection.open { " It needs from you: " (prose(open)) "." }
        }
        div.copied {
            button.copy type="button" hidden { "Copy" }
            pre.program tabindex="0" { (detection.program) }
        }
    }
}

fn fix(entry: &Entry) -> Markup {
    html! {
        h4 { "Fix" }
        p { (prose(&entry.recommendation)) "." }
        @for remedy in &entry.remedies { (one_fix(entry, remedy)) }
    }
}

fn one_fix(entry: &Entry, remedy: &Remedy) -> Markup {
    html! {
        @if remedy.says_more_than(&entry.recommendation) { p { (prose(&remedy.title)) " (" (remedy.kind()) "):" } }
        @if !remedy.diff.is_empty() {
            (code::diff(&remedy.diff))
        } @else if let Some(example) = remedy.example {
            p { "Code of this kind that does not leak:" }
            pre tabindex="0" { (example) }
        }
    }
}

/// Text of the program's own, in which what stands between backticks is code.
pub(super) fn prose(text: &str) -> Markup {
    let parts: Vec<&str> = text.split('`').collect();
    let is_even = parts.len() % 2 == 1;
    html! {
        @if is_even {
            @for (index, part) in parts.iter().enumerate() {
                @if index % 2 == 1 { code { (visible(part)) } } @else { (visible(part)) }
            }
        } @else { (visible(text)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_backticks_is_code_and_the_rest_no_markup() {
        assert_eq!(prose("`a` keeps <b>").into_string(), "<code>a</code> keeps &lt;b&gt;");
        assert_eq!(prose("an odd ` tick\n").into_string(), "an odd ` tick\\u{a}");
    }
}
