//! The audit: what a person who hunts leaks would write down after reading all of the code.
//!
//! [`Audit`] gathers it from a run once, in plain data; the Markdown and the HTML report are two ways to
//! lay it out.

mod checklist;
mod entry;
mod excerpt;
mod html;
mod markdown;
mod names;
mod prose;
mod remedy;
mod summary;

use std::path::Path;

use leakwright_engine::Checked;

use checklist::Row;
use entry::Entry;
use summary::Summary;

/// A run, written up.
pub struct Audit {
    entries: Vec<Entry>,
    summary: Summary,
    checklist: Vec<Row>,
}

/// A file of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its name.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl Audit {
    /// Writes up a run. Findings that comments silence are counted and not told.
    pub fn new(checked: &Checked) -> Self {
        let entries: Vec<Entry> = entry::entries(checked);
        let summary = Summary::new(checked, &entries);
        Self { checklist: checklist::rows(checked), entries, summary }
    }

    /// All of it as one Markdown document.
    pub fn markdown(&self) -> String {
        markdown::whole(self)
    }

    /// A Markdown document for each file that has findings, `LEAK_AUDIT_<file>.md`, and one that leads to
    /// them, `LEAK_AUDIT.md`.
    pub fn markdown_files(&self) -> Vec<Document> {
        markdown::files(self)
    }

    /// All of it as one HTML page that needs nothing else.
    pub fn html(&self) -> String {
        html::page(self)
    }

    /// The HTML page as a file, `LEAK_AUDIT.html`.
    pub fn html_file(&self) -> Document {
        Document { name: names::PAGE.to_owned(), text: self.html() }
    }

    /// The entries of each file, in the order of their paths.
    pub(crate) fn by_file(&self) -> Vec<(&str, Vec<&Entry>)> {
        let mut found: Vec<(&str, Vec<&Entry>)> = Vec::new();
        for entry in &self.entries {
            match found.last_mut().filter(|(path, _)| *path == entry.path) {
                Some((_, entries)) => entries.push(entry),
                None => found.push((&entry.path, vec![entry])),
            }
        }
        found
    }
}

/// A run as a Markdown audit.
pub fn markdown(checked: &Checked) -> String {
    Audit::new(checked).markdown()
}

/// Whether a text is a report, in either form.
pub fn is_report(text: &str) -> bool {
    text.starts_with(markdown::MARK) || text.starts_with(html::MARK)
}

/// Whether a file of a folder is one that a report writes, by its name and its first line.
pub fn is_own_document(path: &Path, text: &str) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    names::is_own(name) && is_report(text)
}
