//! Actions on the module of a notebook, as actions on its cells.

use super::Layout;
use crate::lsp::{
    AnnotatedTextEdit, CodeAction, DocumentChanges, OneOf, OptionalVersionedTextDocumentIdentifier,
    TextDocumentEdit, TextEdit, Url, WorkspaceEdit,
};

/// An action on a module as one on the cells of the notebook. `None` if it touches what is not in the notebook as
/// it is in the module.
pub(crate) fn cell_action(action: CodeAction, module: &Url, layout: &Layout) -> Option<CodeAction> {
    let edit = match action.edit {
        Some(edit) => Some(workspace_edit(edit, module, layout)?),
        None => None,
    };
    let diagnostics = action.diagnostics.map(|all| {
        all.into_iter().map(|diagnostic| layout.diagnostic(diagnostic, module)).collect::<Vec<_>>()
    });
    // Where a number stands after the edits is known of the module only.
    let command = action.command.filter(|command| command.command != crate::commands::SELECT);
    Some(CodeAction { edit, diagnostics, command, ..action })
}

fn workspace_edit(edit: WorkspaceEdit, module: &Url, layout: &Layout) -> Option<WorkspaceEdit> {
    let changes = match edit.changes {
        Some(mut changes) => {
            let own = changes.remove(module).unwrap_or_default();
            changes.extend(layout.edits(&own)?.into_iter().map(|(uri, _, edits)| (uri, edits)));
            Some(changes)
        }
        None => None,
    };
    let document_changes = match edit.document_changes {
        Some(DocumentChanges::Edits(all)) => {
            let split: Option<Vec<_>> =
                all.into_iter().map(|edit| document_edits(edit, module, layout)).collect();
            Some(DocumentChanges::Edits(split?.into_iter().flatten().collect()))
        }
        other => other,
    };
    Some(WorkspaceEdit { changes, document_changes, ..edit })
}

fn document_edits(edit: TextDocumentEdit, module: &Url, layout: &Layout) -> Option<Vec<TextDocumentEdit>> {
    if edit.text_document.uri != *module {
        return Some(vec![edit]);
    }
    let annotation = edit.edits.iter().find_map(|edit| match edit {
        OneOf::Right(annotated) => Some(annotated.annotation_id.clone()),
        OneOf::Left(_) => None,
    });
    let plain: Vec<TextEdit> = edit
        .edits
        .into_iter()
        .map(|edit| match edit {
            OneOf::Left(edit) => edit,
            OneOf::Right(annotated) => annotated.text_edit,
        })
        .collect();
    let annotated = |text_edit| match &annotation {
        Some(id) => OneOf::Right(AnnotatedTextEdit { text_edit, annotation_id: id.clone() }),
        None => OneOf::Left(text_edit),
    };
    let cells = layout.edits(&plain)?.into_iter().map(|(uri, version, edits)| TextDocumentEdit {
        text_document: OptionalVersionedTextDocumentIdentifier { uri, version: Some(version) },
        edits: edits.into_iter().map(&annotated).collect(),
    });
    Some(cells.collect())
}
