//! What the client can do, and what we say we can.

use leakwright_syntax::Encoding;

use crate::lsp::{
    ClientCapabilities, CodeActionKind, CodeActionOptions, CodeActionProviderCapability, CodeLensOptions,
    DiagnosticOptions, DiagnosticServerCapabilities, ExecuteCommandOptions, FileOperationFilter,
    FileOperationPattern, FileOperationPatternKind, FileOperationRegistrationOptions,
    HoverProviderCapability, OneOf, PositionEncodingKind, Registration, SaveOptions, ServerCapabilities,
    TextDocumentSyncCapability, TextDocumentSyncKind, TextDocumentSyncOptions, TextDocumentSyncSaveOptions,
    WorkDoneProgressOptions, WorkspaceFileOperationsServerCapabilities, WorkspaceFoldersServerCapabilities,
    WorkspaceServerCapabilities,
};
use crate::{actions, commands};
use serde_json::json;

/// Files that are code.
const CODE: &str = "**/*.{py,pyi,pyw}";

/// Files that configure us, and what a baseline is called unless it is said otherwise.
const CONFIGURATION: &str = "**/{pyproject.toml,leakwright.toml,.leakwright.toml,leakwright-baseline.json}";

/// What the client can do.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Client {
    /// What columns are counted in.
    pub(crate) encoding: Encoding,
    /// Whether diagnostics may refer to other places.
    pub(crate) related_information: bool,
    /// Whether edits may name the version they are for.
    pub(crate) document_changes: bool,
    /// Whether edits may say that the user has to look at them.
    pub(crate) annotates_changes: bool,
    /// Whether the edit of an action may be worked out when it is chosen.
    pub(crate) resolves_edits: bool,
    /// Whether it opens pages for us.
    pub(crate) shows_documents: bool,
    /// Whether it watches files for us.
    pub(crate) watches_files: bool,
    /// Whether it can be asked for settings.
    pub(crate) has_settings: bool,
    /// Whether it must be asked to tell of changed settings.
    pub(crate) registers_settings: bool,
    /// Whether it shows how far work is.
    pub(crate) shows_progress: bool,
    /// Whether it asks for what is found in documents, and can be asked to ask again.
    pub(crate) pulls: bool,
    /// Whether it wants the number that a fix puts in to be selected.
    pub(crate) selects_numbers: bool,
    /// Whether it can be asked to ask for lenses again.
    pub(crate) refreshes_lenses: bool,
}

impl Client {
    /// What a client says that it can; `name` is what it says it is called.
    pub(crate) fn new(capabilities: &ClientCapabilities, name: Option<&str>) -> Self {
        let text = capabilities.text_document.as_ref();
        let publish = text.and_then(|text| text.publish_diagnostics.as_ref());
        let workspace = capabilities.workspace.as_ref();
        let edits = workspace.and_then(|workspace| workspace.workspace_edit.as_ref());
        let configuration = workspace.and_then(|workspace| workspace.did_change_configuration.as_ref());
        let action = text.and_then(|text| text.code_action.as_ref());
        let keeps_data = action.and_then(|action| action.data_support).unwrap_or(false);
        let resolves = action.and_then(|action| action.resolve_support.as_ref()).filter(|_| keeps_data);
        let resolves = resolves.map(|support| &support.properties);
        let window = capabilities.window.as_ref();
        let watches = workspace.and_then(|workspace| workspace.did_change_watched_files.as_ref());
        Self {
            encoding: encoding(capabilities),
            related_information: publish.and_then(|publish| publish.related_information).unwrap_or(false),
            document_changes: edits.and_then(|edits| edits.document_changes).unwrap_or(false),
            annotates_changes: edits.is_some_and(|edits| edits.change_annotation_support.is_some()),
            resolves_edits: resolves.is_some_and(|names| names.iter().any(|name| name == "edit")),
            shows_documents: window
                .and_then(|window| window.show_document.as_ref())
                .is_some_and(|show| show.support),
            watches_files: watches.and_then(|watches| watches.dynamic_registration).unwrap_or(false),
            has_settings: workspace.and_then(|workspace| workspace.configuration).unwrap_or(false),
            registers_settings: configuration.and_then(|it| it.dynamic_registration).unwrap_or(false),
            // Neovim, asked to ask again, asks only for files that are not open.
            pulls: name != Some("Neovim")
                && text.is_some_and(|text| text.diagnostic.is_some())
                && workspace
                    .and_then(|workspace| workspace.diagnostic.as_ref())
                    .is_some_and(|diagnostic| diagnostic.refresh_support == Some(true)),
            selects_numbers: capabilities
                .experimental
                .as_ref()
                .is_some_and(|experimental| experimental["leakwright"]["selectsNumbers"] == true),
            refreshes_lenses: workspace
                .and_then(|workspace| workspace.code_lens.as_ref())
                .is_some_and(|lens| lens.refresh_support == Some(true)),
            shows_progress: window.and_then(|window| window.work_done_progress).unwrap_or(false),
        }
    }
}

/// UTF-8 where it is offered, since that is how text is stored; else UTF-16, which every client has.
fn encoding(capabilities: &ClientCapabilities) -> Encoding {
    let offered = capabilities.general.as_ref().and_then(|general| general.position_encodings.as_deref());
    let offers = |kind: &PositionEncodingKind| offered.is_some_and(|offered| offered.contains(kind));
    if offers(&PositionEncodingKind::UTF8) {
        Encoding::Utf8
    } else if offers(&PositionEncodingKind::UTF32) && !offers(&PositionEncodingKind::UTF16) {
        Encoding::Utf32
    } else {
        Encoding::Utf16
    }
}

/// What we say we can.
pub(crate) fn server(client: Client) -> ServerCapabilities {
    ServerCapabilities {
        position_encoding: Some(match client.encoding {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
            Encoding::Utf32 => PositionEncodingKind::UTF32,
        }),
        text_document_sync: Some(TextDocumentSyncCapability::Options(TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(TextDocumentSyncKind::INCREMENTAL),
            save: Some(TextDocumentSyncSaveOptions::SaveOptions(SaveOptions { include_text: Some(false) })),
            ..TextDocumentSyncOptions::default()
        })),
        code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
            code_action_kinds: Some(vec![CodeActionKind::QUICKFIX, CodeActionKind::new(actions::FIX_ALL)]),
            resolve_provider: Some(true),
            ..CodeActionOptions::default()
        })),
        execute_command_provider: Some(ExecuteCommandOptions {
            commands: commands::NAMES.map(str::to_owned).to_vec(),
            work_done_progress_options: WorkDoneProgressOptions { work_done_progress: Some(true) },
        }),
        code_lens_provider: Some(CodeLensOptions { resolve_provider: Some(false) }),
        diagnostic_provider: client.pulls.then(|| {
            DiagnosticServerCapabilities::Options(DiagnosticOptions {
                identifier: Some("leakwright".to_owned()),
                inter_file_dependencies: true,
                workspace_diagnostics: true,
                ..DiagnosticOptions::default()
            })
        }),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        workspace: Some(WorkspaceServerCapabilities {
            workspace_folders: Some(WorkspaceFoldersServerCapabilities {
                supported: Some(true),
                change_notifications: Some(OneOf::Left(true)),
            }),
            file_operations: Some(file_operations()),
        }),
        ..ServerCapabilities::default()
    }
}

/// What files we want to hear of when the editor itself makes, renames or removes them.
fn file_operations() -> WorkspaceFileOperationsServerCapabilities {
    let filter = |glob: &str, matches| FileOperationFilter {
        scheme: Some("file".to_owned()),
        pattern: FileOperationPattern { glob: glob.to_owned(), matches: Some(matches), options: None },
    };
    let filters = vec![
        filter(CODE, FileOperationPatternKind::File),
        filter(CONFIGURATION, FileOperationPatternKind::File),
        filter("**", FileOperationPatternKind::Folder),
    ];
    let options = Some(FileOperationRegistrationOptions { filters });
    WorkspaceFileOperationsServerCapabilities {
        did_create: options.clone(),
        did_rename: options.clone(),
        did_delete: options,
        ..WorkspaceFileOperationsServerCapabilities::default()
    }
}

/// That we want to hear of changed settings.
pub(crate) fn changed_settings() -> Registration {
    Registration {
        id: "settings".to_owned(),
        method: "workspace/didChangeConfiguration".to_owned(),
        register_options: Some(json!({ "section": crate::settings::SECTION })),
    }
}

/// What files we want to hear of: code, and what configures us.
pub(crate) fn watched_files() -> Registration {
    let watchers = [CODE, CONFIGURATION, "**/.gitignore"].map(|pattern| json!({ "globPattern": pattern }));
    Registration {
        id: "files".to_owned(),
        method: "workspace/didChangeWatchedFiles".to_owned(),
        register_options: Some(json!({ "watchers": watchers })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_negotiated() {
        let negotiate = |offered: Option<Vec<PositionEncodingKind>>| {
            let mut capabilities = ClientCapabilities::default();
            capabilities.general.get_or_insert_default().position_encodings = offered;
            encoding(&capabilities)
        };
        let (utf8, utf16, utf32) =
            (PositionEncodingKind::UTF8, PositionEncodingKind::UTF16, PositionEncodingKind::UTF32);
        assert_eq!(negotiate(None), Encoding::Utf16);
        assert_eq!(negotiate(Some(vec![utf16.clone()])), Encoding::Utf16);
        assert_eq!(negotiate(Some(vec![utf32.clone(), utf16, utf8])), Encoding::Utf8);
        assert_eq!(negotiate(Some(vec![utf32])), Encoding::Utf32);
    }
}
