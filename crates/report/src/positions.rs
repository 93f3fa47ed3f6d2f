//! Lines and columns of the files of a run.

use std::collections::BTreeMap;

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
        self.checked.file(module).path.to_string_lossy().replace('\\', "/")
    }
}
