//! Bars of how many findings there are, by risk.

use maud::{Markup, html};

use super::code::visible;
use crate::audit::summary::Counts;

/// Width of the longest bar, in units of the drawing.
const WIDTH: usize = 250;
/// Width of what is written before them.
const LABEL: usize = 180;
/// Width of the number behind them.
const NUMBER: usize = 40;
/// Height of a row.
const ROW: usize = 26;
/// Characters shown of a name.
const LONGEST: usize = 21;

/// What a bar narrows the findings down to.
#[derive(Clone, Copy)]
pub(super) enum Choice {
    /// Those for which this filter has the name of the bar.
    Filter(&'static str),
    /// Those in which the name of the bar is found.
    Search,
}

/// A drawing of one bar for each name, of those with most.
pub(super) fn bars<Name: AsRef<str>>(
    title: &str,
    choice: Choice,
    counted: &[(Name, Counts)],
    limit: usize,
) -> Markup {
    let rows = &counted[..counted.len().min(limit)];
    let most = rows.iter().map(|(_, counts)| counts.total()).max().unwrap_or_default().max(1);
    let height = rows.len() * ROW + 4;
    html! {
        figure.chart {
            figcaption {
                (title)
                @if rows.len() < counted.len() { " (" (rows.len()) " of " (counted.len()) ")" }
            }
            svg viewBox={ "0 0 " (LABEL + WIDTH + NUMBER) " " (height) } role="group" aria-label=(title) {
                @for (index, (name, counts)) in rows.iter().enumerate() {
                    (bar(index * ROW, name.as_ref(), *counts, most, choice))
                }
            }
        }
    }
}

fn bar(top: usize, name: &str, counts: Counts, most: usize, choice: Choice) -> Markup {
    let wide = |count: usize| count * WIDTH / most;
    let (high, medium, low) = (wide(counts.high), wide(counts.medium), wide(counts.low));
    let says =
        format!("{}: {} high, {} medium, {} low", visible(name), counts.high, counts.medium, counts.low);
    let control = match choice {
        Choice::Filter(control) => control,
        Choice::Search => "search",
    };
    html! {
        a.bar href="#findings" aria-label=(says) data-control=(control) data-value=(name) data-count=(counts.total()) {
            title { (says) }
            rect.row x="0" y=(top) width=(LABEL + WIDTH + NUMBER) height=(ROW) {}
            text x=(LABEL - 8) y=(top + 18) text-anchor="end" { (shortened(&visible(name))) }
            rect.high x=(LABEL) y=(top + 4) width=(high) height=(ROW - 8) {}
            rect.medium x=(LABEL + high) y=(top + 4) width=(medium) height=(ROW - 8) {}
            rect.low x=(LABEL + high + medium) y=(top + 4) width=(low) height=(ROW - 8) {}
            text x=(LABEL + high + medium + low + 6) y=(top + 18) { (counts.total()) }
        }
    }
}

/// A name with its beginning left out: of a path the end says more.
fn shortened(name: &str) -> String {
    let length = name.chars().count();
    if length <= LONGEST {
        return name.to_owned();
    }
    std::iter::once('…').chain(name.chars().skip(length - LONGEST + 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_what_they_count() {
        let counts = |high, medium, low| Counts { high, medium, low };
        let counted = [("growth", counts(2, 1, 1)), ("a/very/long/path/to/a/folder", counts(0, 0, 1))];
        let drawn = bars("By folder", Choice::Filter("folder"), &counted, 10).into_string();
        assert!(drawn.contains("class=\"high\" x=\"180\" y=\"4\" width=\"125\""), "{drawn}");
        assert!(drawn.contains("class=\"low\" x=\"180\" y=\"30\" width=\"62\""), "{drawn}");
        assert!(drawn.contains(">…ong/path/to/a/folder</text>"), "{drawn}");
        assert!(bars("Worst", Choice::Search, &counted, 1).into_string().contains("Worst (1 of 2)"));
    }
}
