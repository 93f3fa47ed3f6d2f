//! `textDocument/hover`: what a finding rests on, and what the team learnt where the rule fired before.

use std::fmt::Write;

use leakwright_engine::{Found, home, part};
use leakwright_notes::{NOTES, Notes};

use crate::capabilities::Client;
use crate::documents::Snapshot;
use crate::lsp::{Hover, HoverContents, MarkupContent, MarkupKind, Position, Range, Url};
use crate::subject::View;
use crate::{from_proto, to_proto};

/// The finding at a position, in Markdown.
pub(crate) fn hover(snapshot: &Snapshot, view: &View, position: Position, client: Client) -> Option<Hover> {
    let analysis = snapshot.analysis.as_ref().ok()?;
    let place = view.range(Range::new(position, position))?;
    let offset = from_proto::range(&snapshot.text, place, client.encoding).start;
    let found = analysis.findings.iter().find(|found| found.finding.range.contains(offset))?;
    Some(Hover {
        contents: HoverContents::Markup(MarkupContent {
            kind: MarkupKind::Markdown,
            value: markdown(found, snapshot, view) + &learnt(found),
        }),
        range: Some(view.shown(to_proto::range(&snapshot.text, found.finding.range, client.encoding))),
    })
}

fn markdown(found: &Found, snapshot: &Snapshot, view: &View) -> String {
    let Found { finding, linked } = found;
    let metadata = finding.rule.metadata();
    let code = match to_proto::page(metadata.code) {
        Some(page) => format!("[**{}**]({page})", metadata.code),
        None => format!("**{}**", metadata.code),
    };
    let mut out = format!("{code} {}: {}\n\n", metadata.name, finding.message);
    for place in &finding.evidence {
        let is_here = place.module == finding.module;
        let text = if is_here { Some(&snapshot.text) } else { linked.text(place.module) };
        let Some(text) = text else { continue };
        let line = text.position(place.range.start, leakwright_syntax::Encoding::Utf8).line;
        let file = linked.path(place.module).file_name().filter(|_| !is_here);
        let line = match file {
            Some(name) => format!("{}, line {}", name.display(), line + 1),
            None => view.line(line),
        };
        let _ = writeln!(out, "- {line}: {}", place.message);
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
