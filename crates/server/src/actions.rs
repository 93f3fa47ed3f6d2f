//! `textDocument/codeAction`: what can be done about the findings in a range, or in the document.

use leakwright_engine::{Analysis, Found};
use leakwright_rules::{Edit, Finding, Fix};
use leakwright_syntax::TextRange;
use serde::{Deserialize, Serialize};

use crate::capabilities::Client;
use crate::commands::OPEN_PAGE;
use crate::documents::{Document, Snapshot};
use crate::lsp::{
    CodeAction, CodeActionContext, CodeActionKind, Command, Diagnostic, Range, Url, WorkspaceEdit,
};
use crate::to_proto::{self, Target};
use crate::{from_proto, select};

/// The kind of the action that fixes all that is safe to fix.
pub(crate) const FIX_ALL: &str = "source.fixAll.leakwright";

/// What an action that is resolved later is about.
#[derive(Serialize, Deserialize)]
pub(crate) struct Later {
    pub(crate) uri: Url,
    version: i32,
    /// The rule whose findings are fixed; all, if none is named.
    code: Option<String>,
}

/// A version of a document that actions are offered for.
struct Offer<'a> {
    document: &'a Document,
    snapshot: &'a Snapshot,
    analysis: &'a Analysis,
    client: Client,
}

/// What can be done about the findings that touch a range, best first, and about the whole document if
/// that is asked for by name.
pub(crate) fn code_actions(
    document: &Document,
    snapshot: &Snapshot,
    range: Range,
    context: &CodeActionContext,
    client: Client,
) -> Vec<CodeAction> {
    let Ok(analysis) = &snapshot.analysis else { return Vec::new() };
    let offer = Offer { document, snapshot, analysis, client };
    let mut actions = Vec::new();
    if wants(context, CodeActionKind::QUICKFIX.as_str()) {
        actions.extend(offer.quick_fixes(from_proto::range(&snapshot.text, range, client.encoding)));
    }
    // Only by name: nobody wants a whole file changed by an action that came unasked.
    if context.only.is_some() && wants(context, FIX_ALL) {
        actions.extend(offer.fix_all(None));
    }
    actions
}

/// Fills in the edit of an action. `None` if the document is another one by now.
pub(crate) fn resolve(
    document: &Document,
    snapshot: &Snapshot,
    later: &Later,
    action: CodeAction,
    client: Client,
) -> Option<CodeAction> {
    let analysis = snapshot.analysis.as_ref().ok().filter(|_| snapshot.version == later.version)?;
    let edit = Offer { document, snapshot, analysis, client }.edit_all(later.code.as_deref());
    Some(CodeAction { edit: Some(edit.unwrap_or_default()), ..action })
}

impl<'a> Offer<'a> {
    fn quick_fixes(&self, wanted: TextRange) -> Vec<CodeAction> {
        let touching = |found: &&Found| {
            found.finding.range.touches(wanted) || same_line(self.snapshot, &found.finding, wanted)
        };
        let found: Vec<&Found> = self.analysis.findings.iter().filter(touching).collect();
        let mut actions: Vec<CodeAction> = found.iter().flat_map(|found| self.fixes(found)).collect();
        let mut codes: Vec<&str> = found.iter().map(|found| code(found)).collect();
        codes.sort_unstable();
        codes.dedup();
        actions.extend(codes.iter().filter_map(|code| self.fix_all(Some(code))));
        actions.extend(found.iter().filter_map(|found| self.suppression(found)));
        actions.extend(codes.iter().filter_map(|code| self.page(code, &found)));
        actions
    }

    fn diagnostic(&self, found: &Found) -> Diagnostic {
        to_proto::diagnostic(found, &self.snapshot.text, &self.document.uri, self.client)
    }

    fn own(&self) -> Target<'a> {
        let (uri, version) = (self.document.uri.clone(), Some(self.snapshot.version));
        Target { uri, text: &self.snapshot.text, version }
    }

    fn fixes(&self, found: &'a Found) -> Vec<CodeAction> {
        let target = |module| {
            if module == found.finding.module { Some(self.own()) } else { Target::of(&found.linked, module) }
        };
        let fixes = self.analysis.fixes(found);
        let fixes = fixes.iter().filter(|fix| !fix.edits.is_empty());
        let action = |fix| {
            let action = to_proto::quick_fix(fix, self.diagnostic(found), target, self.client)?;
            Some(CodeAction { command: self.selection(found, fix), ..action })
        };
        let mut actions: Vec<CodeAction> = fixes.filter_map(action).collect();
        // What a client does without asking is one thing: the best of those that are safe.
        let preferred = actions.iter().position(|action| action.is_preferred == Some(true));
        for (index, action) in actions.iter_mut().enumerate() {
            action.is_preferred = Some(Some(index) == preferred);
        }
        actions
    }

    fn selection(&self, found: &Found, fix: &Fix) -> Option<Command> {
        if !self.client.selects_numbers || !self.client.shows_documents {
            return None;
        }
        let own: Vec<&Edit> = fix.edits.iter().filter(|edit| edit.module == found.finding.module).collect();
        let uri = self.document.uri.clone();
        select::command(fix, &own, uri, &self.snapshot.text, self.client.encoding)
    }

    /// Fixes all that is safe to fix, or all of a rule that is found more than once.
    fn fix_all(&self, code: Option<&str>) -> Option<CodeAction> {
        let is_meant = |found: &&Found| code.is_none_or(|code| self::code(found) == code);
        let count = self.analysis.findings.iter().filter(is_meant).count();
        if count < 1 + usize::from(code.is_some()) {
            return None;
        }
        let (title, kind) = match code {
            Some(code) => (format!("Fix all {code} in this file"), CodeActionKind::QUICKFIX),
            None => ("Fix all that is safe to fix".to_owned(), CodeActionKind::new(FIX_ALL)),
        };
        let later = Later {
            uri: self.document.uri.clone(),
            version: self.snapshot.version,
            code: code.map(str::to_owned),
        };
        // What a menu offers must do something: that a rule has no safe fix here is seen at once.
        let is_later = self.client.resolves_edits && code.is_none();
        let edit = if is_later { None } else { Some(self.edit_all(code)?) };
        let data = if is_later { Some(serde_json::to_value(later).ok()?) } else { None };
        Some(CodeAction { title, kind: Some(kind), edit, data, ..CodeAction::default() })
    }

    fn edit_all(&self, code: Option<&str>) -> Option<WorkspaceEdit> {
        let edits = self.analysis.fix_all(code);
        (!edits.is_empty()).then(|| to_proto::document_edit(self.own(), &edits, self.client))
    }

    fn suppression(&self, found: &Found) -> Option<CodeAction> {
        let edit = self.analysis.suppress(found)?;
        Some(CodeAction {
            title: format!("Suppress {} on this line", code(found)),
            kind: Some(CodeActionKind::QUICKFIX),
            diagnostics: Some(vec![self.diagnostic(found)]),
            edit: Some(to_proto::document_edit(self.own(), &[edit], self.client)),
            is_preferred: Some(false),
            ..CodeAction::default()
        })
    }

    /// Opens the page of a rule, where the client can.
    fn page(&self, code: &str, found: &[&Found]) -> Option<CodeAction> {
        if !self.client.shows_documents {
            return None;
        }
        let own = found.iter().filter(|found| self::code(found) == code);
        let title = format!("Open the page of {code}");
        let arguments = Some(vec![serde_json::Value::from(code)]);
        Some(CodeAction {
            title: title.clone(),
            kind: Some(CodeActionKind::QUICKFIX),
            diagnostics: Some(own.map(|found| self.diagnostic(found)).collect()),
            command: Some(Command { title, command: OPEN_PAGE.to_owned(), arguments }),
            is_preferred: Some(false),
            ..CodeAction::default()
        })
    }
}

fn code(found: &Found) -> &'static str {
    found.finding.rule.metadata().code
}

/// Whether a kind is asked for: by its name, that of a kind around it, or because none is named.
fn wants(context: &CodeActionContext, kind: &str) -> bool {
    let is_around = |asked: &str| {
        kind.strip_prefix(asked)
            .is_some_and(|rest| asked.is_empty() || rest.is_empty() || rest.starts_with('.'))
    };
    context.only.as_ref().is_none_or(|kinds| kinds.iter().any(|asked| is_around(asked.as_str())))
}

/// An empty range is a cursor: it asks for what its line has.
fn same_line(snapshot: &Snapshot, finding: &Finding, wanted: TextRange) -> bool {
    let line = |offset| snapshot.text.position(offset, leakwright_syntax::Encoding::Utf8).line;
    wanted.is_empty() && line(wanted.start) == line(finding.range.start)
}
