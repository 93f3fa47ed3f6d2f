//! Commands that show something in the editor: a page, a number, the findings of a class or function.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tower_lsp::jsonrpc::Result;

use super::{Arguments, Commands};
use crate::lsp::{Location, Position, Range, ShowDocumentParams, Url};
use crate::to_proto;

/// Opens the page of a rule.
pub(crate) const OPEN_PAGE: &str = "leakwright.openPage";

/// Selects the number that a fix has put in.
pub(crate) const SELECT: &str = "leakwright.select";

/// Shows findings. Takes what `editor.action.showReferences` of VS Code does: a document, a place in it, and the
/// places of the findings.
pub(crate) const SHOW_FINDINGS: &str = "leakwright.showFindings";

/// What [`SELECT`] is given.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Selection {
    pub(crate) uri: Url,
    pub(crate) range: Range,
}

/// What [`SHOW_FINDINGS`] is given.
pub(crate) type Places = (Url, Position, Vec<Location>);

impl Commands {
    pub(super) fn open_page(&self, arguments: &Arguments<'_>) -> Result<Option<Value>> {
        let code: String = arguments.at(0, "the code of a rule")?;
        let known = leakwright_rules::RuleId::from_code(&code);
        let page = known.and_then(|rule| to_proto::page(rule.metadata().code));
        let page = page.ok_or_else(|| arguments.wrong(format_args!("there is no rule `{code}`")))?;
        self.show(page, true, None);
        Ok(None)
    }

    pub(super) fn select(&self, arguments: &Arguments<'_>) -> Result<Option<Value>> {
        let Selection { uri, range } = arguments.at(0, "what to select")?;
        self.show(uri, false, Some(range));
        Ok(None)
    }

    /// Goes to the first finding, and says where the others are.
    pub(super) fn show_findings(&self, arguments: &Arguments<'_>) -> Result<Option<Value>> {
        let places: Vec<Location> = arguments.at(2, "where the findings are")?;
        let Some(first) = places.first() else { return Ok(None) };
        let shows = self.workers.client().shows_documents;
        if shows {
            self.show(first.uri.clone(), false, Some(first.range));
        }
        if places.len() > 1 || !shows {
            let mut lines: Vec<u32> = places.iter().map(|place| place.range.start.line + 1).collect();
            lines.dedup();
            let lines: Vec<String> = lines.iter().map(u32::to_string).collect();
            let word = if lines.len() == 1 { "line" } else { "lines" };
            self.tell(format!("Leakwright: see {word} {}", lines.join(", ")));
        }
        Ok(None)
    }

    /// Has the client show something, if it can.
    fn show(&self, uri: Url, external: bool, selection: Option<Range>) {
        let params = ShowDocumentParams { uri, external: Some(external), take_focus: Some(true), selection };
        let connection = self.connection.clone();
        tokio::spawn(async move {
            if let Err(error) = connection.show_document(params).await {
                tracing::warn!("the client did not show what it was asked to: {error}");
            }
        });
    }
}
