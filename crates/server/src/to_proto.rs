//! From findings and fixes to what the protocol has for them.

use leakwright_analysis::project::ModuleId;
use leakwright_engine::{Found, Linked};
use leakwright_rules::{Applicability, Edit, Evidence, Fix, Severity};
use leakwright_syntax::{Encoding, Text, TextRange};
use serde_json::json;

use crate::capabilities::Client;
use crate::lsp::{
    AnnotatedTextEdit, ChangeAnnotation, CodeAction, CodeActionKind, CodeDescription, Diagnostic,
    DiagnosticRelatedInformation, DiagnosticSeverity, DocumentChanges, Location, NumberOrString, OneOf,
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

/// Findings as diagnostics, the worst ones if there are more than are wanted, and then how many are left out.
pub(crate) fn diagnostics(
    findings: &[Found],
    text: &Text,
    uri: &Url,
    client: Client,
    most: usize,
) -> Vec<Diagnostic> {
    let one = |found: &Found| diagnostic(found, text, uri, client);
    let Some(rest) = findings.len().checked_sub(most).filter(|rest| *rest > 0) else {
        return findings.iter().map(one).collect();
    };
    let rank = |index: &usize| {
        let finding = &findings[*index].finding;
        (std::cmp::Reverse(finding.severity), std::cmp::Reverse(finding.confidence), *index)
    };
    let mut chosen: Vec<usize> = (0..findings.len()).collect();
    chosen.sort_by_key(rank);
    chosen.truncate(most);
    chosen.sort_unstable();
    let mut shown: Vec<Diagnostic> = chosen.into_iter().map(|index| one(&findings[index])).collect();
    shown.push(left_out(rest, "maxDiagnosticsPerFile"));
    shown
}

/// Says at the beginning of a file how much is not shown, and which setting says so.
pub(crate) fn left_out(count: usize, setting: &str) -> Diagnostic {
    let findings = if count == 1 { "finding is" } else { "findings are" };
    Diagnostic {
        severity: Some(DiagnosticSeverity::INFORMATION),
        source: Some("leakwright".to_owned()),
        message: format!("{count} more {findings} not shown (setting `leakwright.{setting}`)"),
        ..Diagnostic::default()
    }
}

/// A finding as a diagnostic.
pub(crate) fn diagnostic(found: &Found, text: &Text, uri: &Url, client: Client) -> Diagnostic {
    let Found { finding, linked } = found;
    let metadata = finding.rule.metadata();
    let is_itself = |place: &Evidence| (place.module, place.range) == (finding.module, finding.range);
    let elsewhere = finding.evidence.iter().filter(|place| !is_itself(place));
    let related: Vec<_> = elsewhere
        .filter_map(|place| {
            if place.module == finding.module {
                return Some(related_information(place, text, uri.clone(), client));
            }
            let uri = Url::from_file_path(linked.path(place.module)).ok()?;
            Some(related_information(place, linked.text(place.module)?, uri, client))
        })
        .collect();
    Diagnostic {
        range: range(text, finding.range, client.encoding),
        severity: Some(severity(finding.severity)),
        code: Some(NumberOrString::String(metadata.code.to_owned())),
        code_description: page(metadata.code).map(|href| CodeDescription { href }),
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
    uri: Url,
    client: Client,
) -> DiagnosticRelatedInformation {
    DiagnosticRelatedInformation {
        location: Location::new(uri, range(text, place.range, client.encoding)),
        message: place.message.clone(),
    }
}

/// A document that a fix changes.
pub(crate) struct Target<'t> {
    pub(crate) uri: Url,
    pub(crate) text: &'t Text,
    /// The version of one that is open.
    pub(crate) version: Option<i32>,
}

impl<'t> Target<'t> {
    /// A file of a project.
    pub(crate) fn of(linked: &'t Linked, module: ModuleId) -> Option<Self> {
        let uri = Url::from_file_path(linked.path(module)).ok()?;
        Some(Self { uri, text: linked.text(module)?, version: linked.version(module) })
    }
}

/// A fix as a quick fix for a diagnostic. `None` if a file that it changes cannot be read.
pub(crate) fn quick_fix<'t>(
    fix: &Fix,
    of: Diagnostic,
    target: impl Fn(ModuleId) -> Option<Target<'t>>,
    client: Client,
) -> Option<CodeAction> {
    let mut modules: Vec<ModuleId> = fix.edits.iter().map(|edit| edit.module).collect();
    modules.sort_unstable();
    modules.dedup();
    let documents: Option<Vec<_>> = modules
        .into_iter()
        .map(|module| {
            let target = target(module)?;
            let own = fix.edits.iter().filter(|edit| edit.module == module);
            let new = |edit: &Edit| {
                TextEdit::new(range(target.text, edit.range, client.encoding), edit.text.clone())
            };
            let edits: Vec<TextEdit> = own.map(new).collect();
            Some((target, edits))
        })
        .collect();
    let is_safe = fix.applicability == Applicability::Safe;
    let warning = (!is_safe).then(|| fix.title.clone());
    Some(CodeAction {
        title: fix.title.clone(),
        kind: Some(CodeActionKind::QUICKFIX),
        diagnostics: Some(vec![of]),
        edit: Some(workspace_edit(documents?, warning, client)),
        is_preferred: Some(is_safe),
        ..CodeAction::default()
    })
}

/// Rewrites of one document.
pub(crate) fn document_edit(target: Target<'_>, edits: &[Edit], client: Client) -> WorkspaceEdit {
    let new = |edit: &Edit| TextEdit::new(range(target.text, edit.range, client.encoding), edit.text.clone());
    let edits = edits.iter().map(new).collect();
    workspace_edit(vec![(target, edits)], None, client)
}

/// The name of the annotation of edits that change what the program does.
const UNSAFE: &str = "unsafe";

fn workspace_edit(
    documents: Vec<(Target<'_>, Vec<TextEdit>)>,
    warning: Option<String>,
    client: Client,
) -> WorkspaceEdit {
    if !client.document_changes {
        let changes = documents.into_iter().map(|(target, edits)| (target.uri, edits)).collect();
        return WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() };
    }
    let warning = warning.filter(|_| client.annotates_changes);
    let annotated = |text_edit| match warning {
        Some(_) => OneOf::Right(AnnotatedTextEdit { text_edit, annotation_id: UNSAFE.to_owned() }),
        None => OneOf::Left(text_edit),
    };
    let changes = documents.into_iter().map(|(target, edits)| TextDocumentEdit {
        text_document: OptionalVersionedTextDocumentIdentifier { uri: target.uri, version: target.version },
        edits: edits.into_iter().map(&annotated).collect(),
    });
    let changes = DocumentChanges::Edits(changes.collect());
    let annotation = warning.clone().map(|label| ChangeAnnotation {
        label,
        needs_confirmation: Some(true),
        description: Some("The program may do something else; the rule's page says when.".to_owned()),
    });
    WorkspaceEdit {
        document_changes: Some(changes),
        change_annotations: annotation.map(|annotation| [(UNSAFE.to_owned(), annotation)].into()),
        ..WorkspaceEdit::default()
    }
}

/// The address of the page of a rule.
pub(crate) fn page(code: &str) -> Option<Url> {
    Url::parse(&format!("{HELP}/{code}")).ok()
}
