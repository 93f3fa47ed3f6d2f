//! Notebooks: the cells of one are analysed as one module.
//!
//! A notebook is a [`Document`] like any other. Whatever changes in it, the text of its module is put together
//! again, and the part that is different becomes one change of the document; so cells that are moved, added
//! or taken out need no thought of their own. What is found in the module is told under the addresses of
//! the cells.

mod action;
mod layout;
mod magics;
mod messages;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use leakwright_syntax::{Change, Encoding, Position, PositionRange, Text};

pub(crate) use action::cell_action;
pub(crate) use layout::Layout;
pub(crate) use messages::{DidChange, DidClose, DidOpen, DidSave, capability};

use crate::lsp::{Diagnostic, TextDocumentItem, Url};
use messages::{Cell, Content, Event};

/// Versions of a module whose cells are remembered: more than are ever analysed at a time.
const REMEMBERED: usize = 64;

/// A notebook under edit.
pub(crate) struct Notebook {
    encoding: Encoding,
    state: Mutex<State>,
    /// What the client was told of each cell, and of which version.
    told: Mutex<BTreeMap<Url, (i32, Vec<Diagnostic>)>>,
}

#[derive(Default)]
struct State {
    cells: Vec<Cell>,
    texts: BTreeMap<Url, CellText>,
    module: Text,
    version: i32,
    layouts: VecDeque<(i32, Arc<Layout>)>,
}

/// The text of a cell.
struct CellText {
    is_python: bool,
    version: i32,
    text: Text,
}

impl Notebook {
    /// A notebook as it is opened; also the text of its module.
    pub(crate) fn open(message: DidOpen, encoding: Encoding) -> (Self, String) {
        let mut state = State { cells: message.notebook_document.cells, ..State::default() };
        message.cell_text_documents.into_iter().for_each(|item| state.open(item));
        let text = state.put_together(encoding);
        state.module = Text::new(&text);
        (Self { encoding, state: Mutex::new(state), told: Mutex::default() }, text)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a change; what it changes in the module, and the version that leads to.
    pub(crate) fn change(&self, event: Event) -> (Change, i32) {
        let mut state = self.state();
        let cells = event.cells.unwrap_or_default();
        if let Some(structure) = cells.structure {
            state.restructure(structure.array.start, structure.array.delete_count, structure.array.cells);
            structure.did_close.into_iter().flatten().for_each(|closed| state.close(&closed.uri));
            structure.did_open.into_iter().flatten().for_each(|item| state.open(item));
        }
        for cell in cells.data.into_iter().flatten() {
            if let Some(own) = state.cells.iter_mut().find(|own| own.document == cell.document) {
                own.kind = cell.kind;
            }
        }
        cells.text_content.into_iter().flatten().for_each(|content| state.edit(content, self.encoding));
        state.version += 1;
        let text = state.put_together(self.encoding);
        let change = difference(&state.module, &text);
        state.module = Text::new(&text);
        (change, state.version)
    }

    /// Where the cells lie in a version of the module.
    pub(crate) fn layout(&self, version: i32) -> Option<Arc<Layout>> {
        self.state().layouts.iter().find(|(of, _)| *of == version).map(|(_, layout)| Arc::clone(layout))
    }

    /// Whether a text is that of one of the cells.
    pub(crate) fn has_cell(&self, uri: &Url) -> bool {
        self.state().cells.iter().any(|cell| cell.document == *uri)
    }

    /// The cells that the client was told of.
    pub(crate) fn told(&self) -> Vec<Url> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    /// What the client is to be told of cells of which it knows something else, given what is found in a version
    /// of the module.
    pub(crate) fn news(
        &self,
        version: i32,
        module: &Url,
        found: &[Diagnostic],
    ) -> Vec<(Url, Vec<Diagnostic>, Option<i32>)> {
        let Some(layout) = self.layout(version) else { return Vec::new() };
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let mut before = std::mem::take(&mut *told);
        let mut news = Vec::new();
        for (uri, version) in layout.cells() {
            let now = (version, layout.in_cell(uri, module, found).collect::<Vec<_>>());
            if before.remove(uri).as_ref() != Some(&now) {
                news.push((uri.clone(), now.1.clone(), Some(version)));
            }
            told.insert(uri.clone(), now);
        }
        news.extend(before.into_keys().map(|uri| (uri, Vec::new(), None)));
        news
    }
}

impl State {
    fn open(&mut self, item: TextDocumentItem) {
        let is_python = item.language_id == "python";
        self.texts
            .insert(item.uri, CellText { is_python, version: item.version, text: Text::new(&item.text) });
    }

    /// Forgets the text of a cell, unless it is only moved.
    fn close(&mut self, uri: &Url) {
        if !self.cells.iter().any(|cell| cell.document == *uri) {
            self.texts.remove(uri);
        }
    }

    /// Puts cells in the place of others. What lies outside of the notebook is passed over.
    fn restructure(&mut self, start: usize, deleted: usize, cells: Option<Vec<Cell>>) {
        let start = start.min(self.cells.len());
        let end = start.saturating_add(deleted).min(self.cells.len());
        self.cells.splice(start..end, cells.unwrap_or_default());
    }

    fn edit(&mut self, content: Content, encoding: Encoding) {
        let Some(cell) = self.texts.get_mut(&content.document.uri) else {
            tracing::warn!("{}: changed but not open", content.document.uri);
            return;
        };
        cell.version = content.document.version;
        let mut edited = leakwright_syntax::Document::new(&cell.text.to_string());
        let changes: Vec<Change> =
            content.changes.into_iter().map(|change| crate::from_proto::change(change, encoding)).collect();
        edited.apply(&changes);
        cell.text = edited.text().clone();
    }

    /// The text of the module; where the cells lie in it is remembered for its version.
    fn put_together(&mut self, encoding: Encoding) -> String {
        let code = self.cells.iter().filter(|cell| cell.is_code());
        let texts = code.filter_map(|cell| {
            let text = self.texts.get(&cell.document).filter(|text| text.is_python)?;
            Some((cell.document.clone(), text.version, text.text.to_string()))
        });
        let (layout, module) = Layout::new(texts, encoding);
        self.layouts.push_back((self.version, Arc::new(layout)));
        if self.layouts.len() > REMEMBERED {
            self.layouts.pop_front();
        }
        module
    }
}

/// The one change that makes a text another one.
fn difference(old: &Text, new: &str) -> Change {
    let before = old.to_string();
    let (a, b) = (before.as_bytes(), new.as_bytes());
    let mut start = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    // Between the two characters of a line break there is no place.
    let is_place = |offset: usize| {
        before.is_char_boundary(offset)
            && !(a.get(offset) == Some(&b'\n') && a[..offset].last() == Some(&b'\r'))
    };
    while !is_place(start) || !new.is_char_boundary(start) {
        start -= 1;
    }
    let rest = a[start..].iter().rev().zip(b[start..].iter().rev());
    let mut same = rest.take_while(|(a, b)| a == b).count();
    while !is_place(a.len() - same) || !new.is_char_boundary(b.len() - same) {
        same -= 1;
    }
    let place = |offset: usize| -> Position { old.position(offset as u32, Encoding::Utf8) };
    let range = PositionRange::new(place(start), place(a.len() - same));
    Change::Range(range, Encoding::Utf8, new[start..b.len() - same].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_makes_one_text_the_other() {
        let texts =
            ["", "a\nb\n", "a\nxb\n", "a\r\nb", "é\nè\n", "è\né\n", "aa", "aaa", "a\rb\r\nc\n", "a\nb\nc\n"];
        for old in texts {
            for new in texts {
                let mut document = leakwright_syntax::Document::new(old);
                document.apply(&[difference(&Text::new(old), new)]);
                assert_eq!(document.text().to_string(), new, "{old:?}");
            }
        }
    }
}
