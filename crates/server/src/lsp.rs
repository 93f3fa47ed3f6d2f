//! The protocol's types, under one name: a move to another version of them starts here.

pub(crate) use tower_lsp::lsp_types::*;
