//! `textDocument/codeLens`: how much is found in each class and function, above it.

use leakwright_analysis::FileFacts;
use leakwright_engine::{Analysis, Found};
use leakwright_syntax::TextRange;
use serde_json::json;

use crate::capabilities::Client;
use crate::commands::{Places, SHOW_FINDINGS};
use crate::documents::Snapshot;
use crate::lsp::{CodeLens, Command, Location, Range, Url};
use crate::subject::View;
use crate::tally::{Tally, is_leak};
use crate::to_proto;

/// A lens for each class and function of a version in which there are leaks, those of a cell if that is asked for.
pub(crate) fn lenses(snapshot: &Snapshot, view: &View, uri: &Url, client: Client) -> Vec<CodeLens> {
    let Ok(analysis) = &snapshot.analysis else { return Vec::new() };
    let definitions = definitions(analysis.facts());
    let one = |whole: TextRange| {
        let found = inside(analysis, whole);
        let owned: Vec<Found> = found.iter().map(|found| (*found).clone()).collect();
        let title = Tally::of(&owned).words()?;
        let place =
            |range: TextRange| view.shown_in(to_proto::range(&snapshot.text, range, client.encoding), uri);
        let start = place(TextRange::new(whole.start, whole.start))?;
        let places = found.iter().filter_map(|found| place(found.finding.range));
        let places = places.map(|range| Location::new(uri.clone(), range)).collect();
        Some(lens(start, title, (uri.clone(), start.start, places)))
    };
    definitions.filter_map(one).collect()
}

/// Where classes and functions lie, in their order.
fn definitions(facts: &FileFacts) -> impl Iterator<Item = TextRange> {
    let is_named = |id: &_| facts.facts(*id).is_class() || facts.facts(*id).is_function();
    facts.ids().filter(is_named).map(|id| facts.item(id).range)
}

/// The leaks within a range.
fn inside(analysis: &Analysis, whole: TextRange) -> Vec<&Found> {
    let is_inside = |found: &&Found| {
        let finding = &found.finding;
        is_leak(finding.severity) && whole.start <= finding.range.start && finding.range.start < whole.end
    };
    analysis.findings.iter().filter(is_inside).collect()
}

fn lens(range: Range, title: String, places: Places) -> CodeLens {
    let (uri, position, places) = places;
    let arguments = vec![json!(uri), json!(position), json!(places)];
    let command = Command { title, command: SHOW_FINDINGS.to_owned(), arguments: Some(arguments) };
    CodeLens { range, command: Some(command), data: None }
}
