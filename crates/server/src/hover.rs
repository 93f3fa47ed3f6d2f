//! `textDocument/hover`: what a finding rests on.

use std::fmt::Write;

use leakwright_rules::Finding;

use crate::capabilities::Client;
use crate::documents::Snapshot;
use crate::lsp::{Hover, HoverContents, MarkupContent, MarkupKind, Position};
use crate::to_proto;

/// The finding at a position, in Markdown.
pub(crate) fn hover(snapshot: &Snapshot, position: Position, client: Client) -> Option<Hover> {
    let analysis = snapshot.analysis.as_ref().ok()?;
    let place = leakwright_syntax::Position::new(position.line, position.character);
    let offset = snapshot.text.offset(place, client.encoding);
    let finding = analysis.findings.iter().find(|finding| finding.range.contains(offset))?;
    Some(Hover {
        contents: HoverContents::Markup(MarkupContent {
            kind: MarkupKind::Markdown,
            value: markdown(finding, snapshot),
        }),
        range: Some(to_proto::range(&snapshot.text, finding.range, client.encoding)),
    })
}

fn markdown(finding: &Finding, snapshot: &Snapshot) -> String {
    let metadata = finding.rule.metadata();
    let mut out = format!("**{}** {}: {}\n\n", metadata.code, metadata.name, finding.message);
    for place in &finding.evidence {
        let line = snapshot.text.position(place.range.start, leakwright_syntax::Encoding::Utf8).line + 1;
        let _ = writeln!(out, "- line {line}: {}", place.message);
    }
    let _ = write!(
        out,
        "\n*Pattern:* {}\n\n*Risk:* {}\n\n*Recommendation:* {}\n\n---\n\n{}.",
        finding.pattern, finding.risk.reason, finding.recommendation, metadata.summary
    );
    out
}
