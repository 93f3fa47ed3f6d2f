//! A file with many entries.
//!
//! The entries come first, then a table that says where each lies with its checksum, then where the table lies
//! with its own. A file that ends early has no table, and is no pack.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::folder::Folder;
use super::{BUILD, Key, checksum};

/// The ending of the names of packs.
pub(super) const ENDING: &str = "pack";

/// Bytes of a row of the table: key, offset, length, checksum.
const ROW: usize = 16 + 8 + 4 + 8;

/// Bytes at the end: build, offset of the table, its rows, its checksum.
const END: usize = 16 + 8 + 8 + 8;

/// Where an entry lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) key: Key,
    offset: u64,
    pub(super) length: u32,
    checksum: u64,
}

/// A pack that is read from.
pub(super) struct Pack {
    pub(super) path: PathBuf,
    pub(super) rows: Vec<Row>,
    file: File,
}

impl Pack {
    /// Opens a pack; `None` if it is not a whole one of this build.
    pub(super) fn open(path: &Path) -> Option<Self> {
        let mut file = File::open(path).ok()?;
        let length = file.metadata().ok()?.len();
        let end = length.checked_sub(END as u64)?;
        let tail = read(&mut file, end, END)?;
        let mut tail = Fields(&tail);
        let (build, start, count, sum) = (tail.u128()?, tail.u64()?, tail.u64()?, tail.u64()?);
        let size = usize::try_from(count).ok()?.checked_mul(ROW)?;
        if build != BUILD || start.checked_add(size as u64)? != end {
            return None;
        }
        let table = read(&mut file, start, size)?;
        if checksum(&table) != sum {
            return None;
        }
        let mut fields = Fields(&table);
        let rows = (0..count).map(|_| fields.row()).collect::<Option<Vec<Row>>>()?;
        Some(Self { path: path.to_owned(), rows, file })
    }

    /// An entry, if it is as it was written.
    pub(super) fn read(&mut self, row: Row) -> Option<Vec<u8>> {
        read(&mut self.file, row.offset, row.length as usize).filter(|bytes| checksum(bytes) == row.checksum)
    }
}

fn read(file: &mut File, offset: u64, length: usize) -> Option<Vec<u8>> {
    file.seek(SeekFrom::Start(offset)).ok()?;
    // What a damaged table says is not allocated before it is there.
    let mut bytes = Vec::new();
    file.take(length as u64).read_to_end(&mut bytes).ok()?;
    (bytes.len() == length).then_some(bytes)
}

struct Fields<'b>(&'b [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*first)
    }

    fn u128(&mut self) -> Option<u128> {
        self.take().map(u128::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    fn row(&mut self) -> Option<Row> {
        let (key, offset) = (self.u128()?, self.u64()?);
        let length = self.take().map(u32::from_le_bytes)?;
        Some(Row { key, offset, length, checksum: self.u64()? })
    }
}

/// A pack that is being written.
pub(super) struct Writer {
    file: BufWriter<NamedTempFile>,
    rows: Vec<Row>,
    offset: u64,
}

impl Writer {
    pub(super) fn new(folder: &Folder) -> io::Result<Self> {
        Ok(Self { file: BufWriter::new(folder.begin()?), rows: Vec::new(), offset: 0 })
    }

    pub(super) fn add(&mut self, key: Key, bytes: &[u8]) -> io::Result<()> {
        let Ok(length) = u32::try_from(bytes.len()) else { return Ok(()) };
        self.file.write_all(bytes)?;
        self.rows.push(Row { key, offset: self.offset, length, checksum: checksum(bytes) });
        self.offset += u64::from(length);
        Ok(())
    }

    /// Bytes of the entries.
    pub(super) fn size(&self) -> u64 {
        self.offset
    }

    /// Puts the pack into the folder, whole.
    pub(super) fn finish(mut self, folder: &Folder) -> io::Result<()> {
        let mut table = Vec::with_capacity(self.rows.len() * ROW);
        for row in &self.rows {
            table.extend(row.key.to_le_bytes());
            table.extend(row.offset.to_le_bytes());
            table.extend(row.length.to_le_bytes());
            table.extend(row.checksum.to_le_bytes());
        }
        self.file.write_all(&table)?;
        self.file.write_all(&BUILD.to_le_bytes())?;
        self.file.write_all(&self.offset.to_le_bytes())?;
        self.file.write_all(&(self.rows.len() as u64).to_le_bytes())?;
        self.file.write_all(&checksum(&table).to_le_bytes())?;
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        let own = file.path().file_name().map(|name| name.to_string_lossy().replacen(".writing-", "", 1));
        let name = format!("{}.{ENDING}", own.unwrap_or_default());
        file.persist(folder.own().join(name)).map_err(|error| error.error)?;
        Ok(())
    }
}
