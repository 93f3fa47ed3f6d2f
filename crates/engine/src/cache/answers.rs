//! Answers of whole runs, a file each.

use std::io::{self, Write};
use std::path::PathBuf;

use super::checksum;
use super::folder::{Folder, age};

/// The ending of their names.
const ENDING: &str = "answer";

/// How many there may be.
const MAX: usize = 16;

fn path(folder: &Folder, key: u128) -> PathBuf {
    folder.own().join(format!("{key:032x}.{ENDING}"))
}

/// An answer, if it is as it was written.
pub(super) fn read(folder: &Folder, key: u128) -> Option<Vec<u8>> {
    let mut bytes = std::fs::read(path(folder, key)).ok()?;
    let sum = bytes.split_off(bytes.len().checked_sub(8)?);
    (checksum(&bytes).to_le_bytes() == *sum).then_some(bytes)
}

/// Keeps an answer, and of the others those that are youngest.
pub(super) fn write(folder: &Folder, key: u128, answer: &[u8]) -> io::Result<()> {
    let mut file = folder.begin()?;
    file.write_all(answer)?;
    file.write_all(&checksum(answer).to_le_bytes())?;
    file.persist(path(folder, key)).map_err(|error| error.error)?;
    let mut all = folder.files(ENDING);
    all.sort_by_key(|path| age(path));
    for old in all.iter().skip(MAX) {
        let _ = std::fs::remove_file(old);
    }
    Ok(())
}
