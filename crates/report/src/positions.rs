//! Lines and columns of the files of a run, and their paths as they are shown.

use std::collections::BTreeMap;
use std::path::Path;

use leakwright_analysis::project::ModuleId;
use leakwright_engine::Checked;
use leakwright_syntax::{Encoding, PositionRange, Text, TextRange};

/// Translates ranges, each file's lines counted once.
pub(crate) struct Positions<'c> {
    checked: &'c Checked,
    texts: BTreeMap<ModuleId, Text>,
}

impl<'c> Positions<'c> {
    pub(crate) fn new(checked: &'c Checked) -> Self {
        Self { checked, texts: BTreeMap::new() }
    }

    /// Zero-based lines and columns in characters.
    pub(crate) fn of(&mut self, module: ModuleId, range: TextRange) -> PositionRange {
        let checked = self.checked;
        let text = self.texts.entry(module).or_insert_with(|| Text::new(&checked.file(module).text));
        text.position_range(range, Encoding::Utf32)
    }

    /// The path of a file as it is shown, with forward slashes.
    pub(crate) fn path(&self, module: ModuleId) -> String {
        slashed(&self.checked.file(module).path)
    }
}

/// A path with forward slashes.
pub(crate) fn slashed(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

/// A path as seen from another folder than the working directory, where it lies below that folder: services
/// that show findings beside the code want paths from the top of the repository.
pub(crate) fn seen_from(path: &Path, root: Option<&Path>) -> String {
    let below_root = || {
        let absolute = std::path::absolute(path).ok()?;
        Some(slashed(absolute.strip_prefix(root?).ok()?))
    };
    below_root().unwrap_or_else(|| slashed(path))
}
