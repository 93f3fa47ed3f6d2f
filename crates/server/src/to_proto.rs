//! From findings and fixes to what the protocol has for them.

use leakwright_rules::{Applicability, Evidence, Finding, Fix, Severity};
use leakwright_syntax::{Encoding, Text, TextRange};
use serde_json::json;

use crate::capabilities::Client;
use crate::lsp::{
    CodeAction, CodeActionKind, CodeDescription, Diagnostic, DiagnosticRelatedInformation,
    DiagnosticSeverity, DocumentChanges, Location, NumberOrString, OneOf,
    OptionalVersionedTextDocumentIdentifier, Position, Range, TextDocumentEdit, TextEdit, Url, WorkspaceEdit,
};

/// Where the pages of the rules are.
const HELP: &str = "https://leakwright.dev/rules";

/// A range of bytes in the client's units.
pub(crate) fn range(text: &Text, range: TextRange, encoding: Encoding) -> Range {
    let range = text.position_range(range, encoding);
    let position = |position: leakwright_syntax::Position| Position::new(position.line, position.column);
    Range::new(position(range.start), position(range.end))
}

/// A finding as a diagnostic.
pub(crate) fn diagnostic(finding: &Finding, text: &Text, uri: &Url, client: Client) -> Diagnostic {
    let metadata = finding.rule.metadata();
    let related = finding.evidence.iter().filter(|place| place.range != finding.range);
    let related: Vec<_> = related.map(|place| related_information(place, text, uri, client)).collect();
    Diagnostic {
        range: range(text, finding.range, client.encoding),
        severity: Some(severity(finding.severity)),
        code: Some(NumberOrString::String(metadata.code.to_owned())),
        code_description: Url::parse(&format!("{HELP}/{}", metadata.code))
            .ok()
            .map(|href| CodeDescription { href }),
        source: Some("leakwright".to_owned()),
        message: format!("{} ({})", finding.message, metadata.name),
        related_information: (client.related_information && !related.is_empty()).then_some(related),
        tags: None,
        data: Some(json!({ "code": metadata.code, "symbol": finding.symbol })),
    }
}

fn severity(severity: Severity) -> DiagnosticSeverity {
    match severity {
        Severity::Error => DiagnosticSeverity::ERROR,
        Severity::Warning => DiagnosticSeverity::WARNING,
        Severity::Information => DiagnosticSeverity::INFORMATION,
        Severity::Hint => DiagnosticSeverity::HINT,
    }
}

fn related_information(
    place: &Evidence,
    text: &Text,
    uri: &Url,
    client: Client,
) -> DiagnosticRelatedInformation {
    DiagnosticRelatedInformation {
        location: Location::new(uri.clone(), range(text, place.range, client.encoding)),
        message: place.message.clone(),
    }
}

/// A fix as a quick fix for a diagnostic of one version of a document.
pub(crate) fn quick_fix(
    fix: &Fix,
    of: Diagnostic,
    text: &Text,
    uri: &Url,
    version: i32,
    client: Client,
) -> CodeAction {
    let edits: Vec<TextEdit> = fix
        .edits
        .iter()
        .map(|edit| TextEdit::new(range(text, edit.range, client.encoding), edit.text.clone()))
        .collect();
    CodeAction {
        title: fix.title.clone(),
        kind: Some(CodeActionKind::QUICKFIX),
        diagnostics: Some(vec![of]),
        edit: Some(workspace_edit(edits, uri, version, client)),
        is_preferred: Some(fix.applicability == Applicability::Safe),
        ..CodeAction::default()
    }
}

fn workspace_edit(edits: Vec<TextEdit>, uri: &Url, version: i32, client: Client) -> WorkspaceEdit {
    if !client.document_changes {
        return WorkspaceEdit { changes: Some([(uri.clone(), edits)].into()), ..WorkspaceEdit::default() };
    }
    let document = OptionalVersionedTextDocumentIdentifier { uri: uri.clone(), version: Some(version) };
    let edits = edits.into_iter().map(OneOf::Left).collect();
    let changes = DocumentChanges::Edits(vec![TextDocumentEdit { text_document: document, edits }]);
    WorkspaceEdit { document_changes: Some(changes), ..WorkspaceEdit::default() }
}
