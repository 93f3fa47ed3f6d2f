//! What a request about a text is about: a document, or a cell of a notebook.

use std::sync::Arc;

use crate::documents::{Document, Documents, Snapshot};
use crate::lsp::{CodeAction, Range, Url};
use crate::notebook::{Layout, cell_action};

/// A document, or a cell of a notebook.
pub(crate) struct Subject {
    pub(crate) document: Arc<Document>,
    cell: Option<Url>,
}

/// A version of it.
pub(crate) struct View {
    module: Url,
    /// The cell that the client speaks of.
    cell: Option<Url>,
    /// Where the cells lie, of a notebook.
    layout: Option<Arc<Layout>>,
}

impl Subject {
    /// What is open under an address.
    pub(crate) fn find(documents: &Documents, uri: &Url) -> Option<Self> {
        if let Some(document) = documents.get(uri) {
            return Some(Self { document, cell: None });
        }
        Some(Self { document: documents.with_cell(uri)?, cell: Some(uri.clone()) })
    }

    /// A version of it; `None` if that is past.
    pub(crate) fn view(&self, snapshot: &Snapshot) -> Option<View> {
        let layout = match &self.document.notebook {
            Some(notebook) => Some(notebook.layout(snapshot.version)?),
            None => None,
        };
        Some(View { module: self.document.uri.clone(), cell: self.cell.clone(), layout })
    }
}

impl View {
    /// A range that the client speaks of, in the document. `None` if the cell is none of the notebook's any more.
    pub(crate) fn range(&self, range: Range) -> Option<Range> {
        match (&self.cell, &self.layout) {
            (Some(uri), Some(layout)) => layout.to_module(uri, range),
            _ => Some(range),
        }
    }

    /// A range of the document, as the client knows it.
    pub(crate) fn shown(&self, range: Range) -> Range {
        let cell = self.layout.as_ref().and_then(|layout| layout.to_cell(range));
        cell.map_or(range, |(_, range)| range)
    }

    /// A range of the document in what the client knows under an address; `None` if it is somewhere else.
    pub(crate) fn shown_in(&self, range: Range, uri: &Url) -> Option<Range> {
        match &self.layout {
            Some(layout) => layout.to_cell(range).filter(|(cell, _)| *cell == uri).map(|(_, range)| range),
            None => Some(range),
        }
    }

    /// An action on the document as one on what the client knows; `None` if it cannot be done there.
    pub(crate) fn action(&self, action: CodeAction) -> Option<CodeAction> {
        match &self.layout {
            Some(layout) => cell_action(action, &self.module, layout),
            None => Some(action),
        }
    }

    /// What a line of the document is called, from one on.
    pub(crate) fn line(&self, line: u32) -> String {
        match &self.layout {
            Some(layout) => layout.line(line),
            None => format!("line {}", line + 1),
        }
    }
}
