//! The messages about notebooks, which the library's types lack.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::lsp::{
    TextDocumentContentChangeEvent, TextDocumentIdentifier, TextDocumentItem, Url,
    VersionedTextDocumentIdentifier,
};

/// The kind of cells with code.
const CODE: u32 = 2;

/// `notebookDocument/didOpen`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DidOpen {
    pub(crate) notebook_document: Opened,
    pub(super) cell_text_documents: Vec<TextDocumentItem>,
}

/// A notebook as it is opened.
#[derive(Deserialize)]
pub(crate) struct Opened {
    pub(crate) uri: Url,
    pub(super) cells: Vec<Cell>,
}

/// A cell of a notebook.
#[derive(Deserialize)]
pub(crate) struct Cell {
    pub(super) kind: u32,
    /// The address of its text.
    pub(super) document: Url,
}

impl Cell {
    pub(super) fn is_code(&self) -> bool {
        self.kind == CODE
    }
}

/// `notebookDocument/didChange`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DidChange {
    pub(crate) notebook_document: Identifier,
    pub(crate) change: Event,
}

/// Which notebook it is about.
#[derive(Deserialize)]
pub(crate) struct Identifier {
    pub(crate) uri: Url,
}

/// What has changed.
#[derive(Deserialize)]
pub(crate) struct Event {
    pub(super) cells: Option<Cells>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cells {
    pub(super) structure: Option<Structure>,
    pub(super) data: Option<Vec<Cell>>,
    pub(super) text_content: Option<Vec<Content>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Structure {
    pub(super) array: Splice,
    pub(super) did_open: Option<Vec<TextDocumentItem>>,
    pub(super) did_close: Option<Vec<TextDocumentIdentifier>>,
}

/// Cells in the place of others.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Splice {
    pub(super) start: usize,
    pub(super) delete_count: usize,
    pub(super) cells: Option<Vec<Cell>>,
}

/// Changes of the text of a cell.
#[derive(Deserialize)]
pub(super) struct Content {
    pub(super) document: VersionedTextDocumentIdentifier,
    pub(super) changes: Vec<TextDocumentContentChangeEvent>,
}

/// `notebookDocument/didSave`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DidSave {
    pub(crate) notebook_document: Identifier,
}

/// `notebookDocument/didClose`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DidClose {
    pub(crate) notebook_document: Identifier,
}

/// What we say we can: cells in Python, of all notebooks.
pub(crate) fn capability() -> Value {
    json!({ "notebookSelector": [{ "cells": [{ "language": "python" }] }], "save": true })
}
