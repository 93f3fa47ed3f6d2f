//! `textDocument/codeAction`: quick fixes for the findings in a range.

use leakwright_engine::Found;
use leakwright_rules::Finding;
use leakwright_syntax::{PositionRange, TextRange};

use crate::capabilities::Client;
use crate::documents::{Document, Snapshot};
use crate::lsp::{CodeActionContext, CodeActionKind, CodeActionOrCommand, Range};
use crate::to_proto::{self, Target};

/// The fixes of the findings that touch a range, best first.
pub(crate) fn code_actions(
    document: &Document,
    snapshot: &Snapshot,
    range: Range,
    context: &CodeActionContext,
    client: Client,
) -> Vec<CodeActionOrCommand> {
    let Ok(analysis) = &snapshot.analysis else { return Vec::new() };
    if !wants_quick_fixes(context) {
        return Vec::new();
    }
    let wanted = from_proto(snapshot, range, client);
    let touching =
        |found: &&Found| found.finding.range.touches(wanted) || same_line(snapshot, &found.finding, wanted);
    let mut actions = Vec::new();
    for found in analysis.findings.iter().filter(touching) {
        let diagnostic = to_proto::diagnostic(found, &snapshot.text, &document.uri, client);
        let target = |module| {
            if module != found.finding.module {
                return Target::of(&found.linked, module);
            }
            let (uri, version) = (document.uri.clone(), Some(snapshot.version));
            Some(Target { uri, text: &snapshot.text, version })
        };
        for fix in analysis.fixes(found).iter().filter(|fix| !fix.edits.is_empty()) {
            let action = to_proto::quick_fix(fix, diagnostic.clone(), target, client);
            actions.extend(action.map(CodeActionOrCommand::CodeAction));
        }
    }
    actions
}

fn wants_quick_fixes(context: &CodeActionContext) -> bool {
    context.only.as_ref().is_none_or(|kinds| {
        kinds.iter().any(|kind| *kind == CodeActionKind::QUICKFIX || *kind == CodeActionKind::EMPTY)
    })
}

fn from_proto(snapshot: &Snapshot, range: Range, client: Client) -> TextRange {
    let position =
        |place: crate::lsp::Position| leakwright_syntax::Position::new(place.line, place.character);
    snapshot.text.range(PositionRange::new(position(range.start), position(range.end)), client.encoding)
}

/// An empty range is a cursor: it asks for what its line has.
fn same_line(snapshot: &Snapshot, finding: &Finding, wanted: TextRange) -> bool {
    let line = |offset| snapshot.text.position(offset, leakwright_syntax::Encoding::Utf8).line;
    wanted.is_empty() && line(wanted.start) == line(finding.range.start)
}
