//! `textDocument/hover`: what a finding rests on, and what the team learnt where the rule fired before.

use std::fmt::Write;

use leakwright_engine::{Found, home, part};
use leakwright_notes::{NOTES, Notes};

use crate::capabilities::Client;
use crate::documents::Snapshot;
use crate::lsp::{Hover, HoverContents, MarkupContent, MarkupKind, Position, Url};
use crate::to_proto;

/// The finding at a position, in Markdown.
pub(crate) fn hover(snapshot: &Snapshot, position: Position, client: Client) -> Option<Hover> {
    let analysis = snapshot.analysis.as_ref().ok()?;
    let place = leakwright_syntax::Position::new(position.line, position.character);
    let offset = snapshot.text.offset(place, client.encoding);
    let found = analysis.findings.iter().find(|found| found.finding.range.contains(offset))?;
    Some(Hover {
        contents: HoverContents::Markup(MarkupContent {
            kind: MarkupKind::Markdown,
            value: markdown(found, snapshot) + &learnt(found),
        }),
        range: Some(to_proto::range(&snapshot.text, found.finding.range, client.encoding)),
    })
}

fn markdown(found: &Found, snapshot: &Snapshot) -> String {
    let Found { finding, linked } = found;
    let metadata = finding.rule.metadata();
    let mut out = format!("**{}** {}: {}\n\n", metadata.code, metadata.name, finding.message);
    for place in &finding.evidence {
        let is_here = place.module == finding.module;
        let text = if is_here { Some(&snapshot.text) } else { linked.text(place.module) };
        let Some(text) = text else { continue };
        let line = text.position(place.range.start, leakwright_syntax::Encoding::Utf8).line + 1;
        let file = linked.path(place.module).file_name().filter(|_| !is_here);
        let file = file.map_or_else(String::new, |name| format!("{}, ", name.display()));
        let _ = writeln!(out, "- {file}line {line}: {}", place.message);
    }
    let _ = write!(
        out,
        "\n*Pattern:* {}\n\n*Risk:* {}\n\n*Recommendation:* {}\n\n---\n\n{}.",
        finding.pattern, finding.risk.reason, finding.recommendation, metadata.summary
    );
    out
}

/// Notes that are shown at once.
const SHOWN: usize = 3;
/// Characters of a note that are shown.
const LONGEST: usize = 400;

/// The notes of the project about the rule, those about this very finding first.
fn learnt(found: &Found) -> String {
    let path = found.linked.path(found.finding.module);
    let home = home(path, NOTES, None);
    let code = found.finding.rule.metadata().code;
    let notes = Notes::new(&home, part(&home, NOTES)).about(code, found.fingerprint().as_deref());
    let mut out = String::new();
    for note in notes.iter().take(SHOWN) {
        let link = Url::from_file_path(&note.path);
        let name = link.map_or_else(|()| note.name.clone(), |uri| format!("[{}]({uri})", note.name));
        let _ = write!(out, "\n\n---\n\n**Note:** {} ({name})\n\n{}", note.title, note.summary(LONGEST));
    }
    if notes.len() > SHOWN {
        let _ = write!(out, "\n\n*{} more notes about {code}*", notes.len() - SHOWN);
    }
    out
}
