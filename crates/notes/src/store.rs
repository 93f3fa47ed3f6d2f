//! The folder with the notes.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::note::{Note, NoteError};

/// The notes of a project.
#[derive(Clone, Debug)]
pub struct Notes {
    home: PathBuf,
    folder: PathBuf,
}

/// What was read.
#[derive(Clone, Debug, Default)]
pub struct Read {
    /// The notes, by name.
    pub notes: Vec<Note>,
    /// What could not be read.
    pub errors: Vec<NoteError>,
}

/// The longest name that a title gives.
const LONGEST: usize = 60;

impl Notes {
    /// The notes that lie in a folder of a project. Links out of the project are not followed.
    pub fn new(home: &Path, folder: PathBuf) -> Self {
        Self { home: home.canonicalize().unwrap_or_else(|_| home.to_owned()), folder }
    }

    /// Reads them all. None, where the folder does not exist.
    pub fn read(&self) -> Read {
        let mut read = Read::default();
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return read,
            Err(error) => {
                read.errors.push(NoteError::new(&self.folder, &error));
                return read;
            }
        };
        let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "md"));
        paths.sort_by(|a, b| a.file_stem().cmp(&b.file_stem()));
        for path in paths {
            match self.read_one(path) {
                Ok(note) => read.notes.push(note),
                Err(error) => read.errors.push(error),
            }
        }
        read
    }

    fn read_one(&self, path: PathBuf) -> Result<Note, NoteError> {
        let failed = |error: std::io::Error| NoteError::new(&path, &error);
        self.stay_inside(&path)?;
        let bytes = fs::read(&path).map_err(failed)?;
        let text = String::from_utf8(bytes).map_err(|_| NoteError::new(&path, &"not valid UTF-8"))?;
        Note::parse(path, &text)
    }

    /// Notes about a rule; those about this very finding first.
    pub fn about(&self, code: &str, fingerprint: Option<&str>) -> Vec<Note> {
        let mut notes = self.read().notes;
        notes.retain(|note| note.is_about(code));
        notes.sort_by_key(|note| fingerprint.is_none() || note.fingerprint.as_deref() != fingerprint);
        notes
    }

    /// Writes a note, under a name that its title gives and no other note has. Returns it as it is kept.
    pub fn add(&self, mut note: Note) -> Result<Note, NoteError> {
        let failed = |error: std::io::Error| NoteError::new(&self.folder, &error);
        // Before anything is made: a link may lead elsewhere.
        let there = self.folder.ancestors().find(|folder| folder.exists());
        self.stay_inside(there.unwrap_or(&self.folder))?;
        fs::create_dir_all(&self.folder).map_err(failed)?;
        let stem = name_for(&note.title);
        for count in 1.. {
            note.name = if count == 1 { stem.clone() } else { format!("{stem}-{count}") };
            note.path = self.folder.join(format!("{}.md", note.name));
            match fs::File::create_new(&note.path) {
                Ok(mut file) => {
                    file.write_all(note.to_text().as_bytes()).map_err(failed)?;
                    break;
                }
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(NoteError::new(&note.path, &error)),
            }
        }
        Ok(note)
    }

    fn stay_inside(&self, path: &Path) -> Result<(), NoteError> {
        let real = path.canonicalize().map_err(|error| NoteError::new(path, &error))?;
        if real.starts_with(&self.home) {
            Ok(())
        } else {
            Err(NoteError::new(path, &"leads out of the project"))
        }
    }
}

/// A file's name for a title: its letters and digits, in lower case.
fn name_for(title: &str) -> String {
    let mut name = String::new();
    for letter in title.chars().flat_map(char::to_lowercase) {
        if letter.is_alphanumeric() {
            name.push(letter);
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
        if name.chars().count() >= LONGEST {
            break;
        }
    }
    let name = name.trim_end_matches('-');
    // Names that Windows has other uses for.
    let is_device = matches!(name, "" | "con" | "prn" | "aux" | "nul")
        || (name.len() == 4 && (name.starts_with("com") || name.starts_with("lpt")));
    if is_device { format!("note-{name}").trim_end_matches('-').to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_of_titles() {
        assert_eq!(name_for("LW101: Buffers & `deque(maxlen=…)`!"), "lw101-buffers-deque-maxlen");
        assert_eq!(name_for("Über Größe"), "über-größe");
        assert_eq!(name_for("../../etc/passwd"), "etc-passwd");
        assert_eq!(name_for("…"), "note");
        assert_eq!(name_for("NUL"), "note-nul");
        assert_eq!(name_for(&"abc".repeat(99)).chars().count(), 60);
    }

    #[test]
    fn notes_are_added_and_found_by_rule() {
        let home = tempfile::tempdir().unwrap();
        let notes = Notes::new(home.path(), home.path().join(".leakwright/notes"));
        assert!(notes.read().notes.is_empty());
        let add = |title: &str, rule: Option<&str>, fingerprint: Option<&str>| {
            let (rule, fingerprint) = (rule.map(str::to_owned), fingerprint.map(str::to_owned));
            let note = Note { title: title.to_owned(), rule, fingerprint, ..Note::default() };
            notes.add(note).unwrap().name
        };
        assert_eq!(add("Same", Some("LW101"), Some("1")), "same");
        assert_eq!(add("Same", Some("lw101"), Some("2")), "same-2");
        add("Other", Some("LW201"), None);
        let names = |fingerprint| -> Vec<String> {
            notes.about("LW101", fingerprint).into_iter().map(|note| note.name).collect()
        };
        assert_eq!(names(None), ["same", "same-2"]);
        assert_eq!(names(Some("2")), ["same-2", "same"]);
    }

    #[test]
    fn what_cannot_be_read_is_named_and_the_rest_goes_on() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("notes");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("good.md"), "text").unwrap();
        fs::write(folder.join("latin.md"), b"\xff").unwrap();
        fs::write(folder.join("other.txt"), "no note").unwrap();
        #[cfg(unix)]
        {
            let outside = tempfile::NamedTempFile::new().unwrap();
            std::os::unix::fs::symlink(outside.path(), folder.join("link.md")).unwrap();
            let read = Notes::new(home.path(), folder.clone()).read();
            assert!(
                read.errors[1].to_string().ends_with("link.md: leads out of the project"),
                "{:?}",
                read.errors
            );
        }
        let read = Notes::new(home.path(), folder).read();
        assert_eq!(read.notes.len(), 1);
        assert!(
            read.errors[0].to_string().ends_with("latin.md: not valid UTF-8") || cfg!(unix),
            "{:?}",
            read.errors
        );
    }
}
