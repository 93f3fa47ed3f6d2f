//! A note, and the file it is written in.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Something that was learnt.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Note {
    /// What it goes by: the name of its file, without the ending.
    pub name: String,
    /// Its file.
    pub path: PathBuf,
    /// What was learnt, in a line.
    pub title: String,
    /// Words it is found by.
    pub tags: Vec<String>,
    /// Code of the rule it is about.
    pub rule: Option<String>,
    /// What identifies the finding it is about.
    pub fingerprint: Option<String>,
    /// The commit at which it was learnt.
    pub commit: Option<String>,
    /// What was learnt, in Markdown.
    pub content: String,
}

/// What stands between the two lines of dashes. Keys of others are left alone.
#[derive(Default, Serialize, Deserialize)]
struct FrontMatter {
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
}

/// A note that cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", path.display())]
pub struct NoteError {
    /// The file or folder.
    pub path: PathBuf,
    /// What is wrong with it.
    pub message: String,
}

impl NoteError {
    pub(crate) fn new(path: impl Into<PathBuf>, message: &impl ToString) -> Self {
        Self { path: path.into(), message: message.to_string() }
    }
}

const FENCE: &str = "---";

impl Note {
    /// Reads what a file holds. Where there is no front matter, all of it is the content; where there is no title,
    /// the first heading is, or the name.
    pub fn parse(path: PathBuf, text: &str) -> Result<Self, NoteError> {
        let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
        let (front, content) = split(&text);
        let front: FrontMatter = match front {
            Some(front) if !front.trim().is_empty() => {
                let wrong =
                    |error| NoteError::new(path.clone(), &format!("front matter: {}", first_line(&error)));
                serde_saphyr::from_str(front).map_err(wrong)?
            }
            _ => FrontMatter::default(),
        };
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let content = content.trim().to_owned();
        let heading =
            || content.lines().find_map(|line| line.strip_prefix("# ")).map(|line| line.trim().to_owned());
        Ok(Self {
            title: front
                .title
                .filter(|title| !title.trim().is_empty())
                .or_else(heading)
                .unwrap_or_else(|| name.clone()),
            name,
            path,
            tags: front.tags,
            rule: front.rule,
            fingerprint: front.fingerprint,
            commit: front.commit,
            content,
        })
    }

    /// The text of its file.
    pub fn to_text(&self) -> String {
        let front = FrontMatter {
            title: Some(self.title.clone()),
            tags: self.tags.clone(),
            rule: self.rule.clone(),
            fingerprint: self.fingerprint.clone(),
            commit: self.commit.clone(),
        };
        let front = serde_saphyr::to_string(&front).unwrap_or_default();
        format!("{FENCE}\n{}\n{FENCE}\n\n{}\n", front.trim_end(), self.content.trim())
    }

    /// Whether it is about a rule.
    pub fn is_about(&self, code: &str) -> bool {
        self.rule.as_deref().is_some_and(|rule| rule.eq_ignore_ascii_case(code))
    }

    /// The first paragraph of what was learnt, in at most so many characters.
    pub fn summary(&self, limit: usize) -> String {
        let paragraphs = self.content.split("\n\n").map(str::trim);
        let first = paragraphs
            .into_iter()
            .find(|part| !part.is_empty() && !part.starts_with('#'))
            .unwrap_or_default();
        if first.chars().count() <= limit {
            return first.to_owned();
        }
        first.chars().take(limit).collect::<String>().trim_end().to_owned() + "…"
    }
}

/// Front matter and content.
fn split(text: &str) -> (Option<&str>, &str) {
    let Some(rest) = text.strip_prefix("---\n") else { return (None, text) };
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        if line.trim_end() == FENCE {
            return (Some(&rest[..at]), &rest[at + line.len()..]);
        }
        at += line.len();
    }
    (None, text)
}

fn first_line(error: &impl ToString) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let note = Note {
            name: "a".to_owned(),
            path: PathBuf::from("a.md"),
            title: "LW101: buffers, \"rings\" & queues".to_owned(),
            tags: vec!["replay".to_owned(), "no".to_owned(), "1.5".to_owned()],
            rule: Some("LW101".to_owned()),
            fingerprint: Some("0123456789012345".to_owned()),
            commit: Some("12345e6".to_owned()),
            content: "One.\n\n---\n\nTwo: é.".to_owned(),
        };
        assert_eq!(Note::parse(PathBuf::from("a.md"), &note.to_text()), Ok(note));
    }

    #[test]
    fn notes_written_by_hand_are_read_as_they_are_meant() {
        let read = |text: &str| Note::parse(PathBuf::from("b/by-hand.md"), text).unwrap();
        let note = read(
            "\u{feff}---\r\ntitle: One\r\ncommit: 1234567\r\nauthor: me\r\ntags: [a, b]\r\n---\r\nText\r\n",
        );
        assert_eq!((note.title.as_str(), note.content.as_str()), ("One", "Text"));
        assert_eq!((note.commit.as_deref(), note.tags.len()), (Some("1234567"), 2));
        assert_eq!(read("Just text").title, "by-hand");
        assert_eq!(read("# A heading\n\nText").title, "A heading");
        assert_eq!(read("---\n---\nText").content, "Text");
        assert_eq!(read("---\nno end").content, "---\nno end");
        let error = Note::parse(PathBuf::from("c.md"), "---\ntags: {a: 1}\n---\n").unwrap_err();
        assert!(error.to_string().starts_with("c.md: front matter: "), "{error}");
    }

    #[test]
    fn a_summary_is_the_first_paragraph() {
        let note = |content: &str| Note { content: content.to_owned(), ..Note::default() };
        assert_eq!(note("# T\n\nFirst\nline.\n\nSecond.").summary(80), "First\nline.");
        assert_eq!(note("ééé ééé").summary(4), "ééé…");
        assert_eq!(note("").summary(4), "");
    }
}
