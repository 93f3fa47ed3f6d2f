//! Where the cells of a notebook lie in its module, and what of the module is in which of them.

use leakwright_syntax::{Encoding, Text};

use super::magics::mask;
use crate::lsp::{Diagnostic, DiagnosticRelatedInformation, Location, Position, Range, TextEdit, Url};

/// One version of a notebook: its cells one after the other.
#[derive(Default)]
pub(crate) struct Layout {
    cells: Vec<Placed>,
    /// Lines of the module that are not in the notebook as they are here.
    masked: Vec<u32>,
    lines: u32,
}

/// A cell in its place.
struct Placed {
    uri: Url,
    version: i32,
    /// Its first line.
    start: u32,
    /// Where its text ends, by itself.
    end: Position,
}

/// A place in a cell: which one, by number, and where.
type Place = (usize, Range);

impl Layout {
    /// Puts the texts of cells one after the other; also what that makes.
    pub(super) fn new(cells: impl Iterator<Item = (Url, i32, String)>, encoding: Encoding) -> (Self, String) {
        let (mut layout, mut module) = (Self::default(), String::new());
        for (uri, version, text) in cells {
            let (python, masked) = mask(&text);
            let own = Text::new(&text);
            let end = own.position(own.len(), encoding);
            let start = layout.lines;
            layout.masked.extend(masked.into_iter().map(|line| start + line));
            layout.cells.push(Placed { uri, version, start, end: Position::new(end.line, end.column) });
            layout.lines += end.line + 1;
            module.push_str(&python);
            module.push('\n');
        }
        (layout, module)
    }

    fn find(&self, uri: &Url) -> Option<&Placed> {
        self.cells.iter().find(|cell| cell.uri == *uri)
    }

    /// The cells and their versions.
    pub(crate) fn cells(&self) -> impl Iterator<Item = (&Url, i32)> {
        self.cells.iter().map(|cell| (&cell.uri, cell.version))
    }

    /// A range of a cell in the module.
    pub(crate) fn to_module(&self, uri: &Url, range: Range) -> Option<Range> {
        let start = self.find(uri)?.start;
        let moved = |place: Position| Position::new(start.saturating_add(place.line), place.character);
        Some(Range::new(moved(range.start), moved(range.end)))
    }

    /// The number of the cell that a line of the module is in.
    fn cell_at(&self, line: u32) -> Option<usize> {
        let behind = self.cells.partition_point(|cell| cell.start <= line);
        behind.checked_sub(1).filter(|index| line <= self.cells[*index].start + self.cells[*index].end.line)
    }

    /// Where a range of the module is. One that goes on into the next cell ends with its own.
    pub(crate) fn to_cell(&self, range: Range) -> Option<(&Url, Range)> {
        let (index, range) = self.place(range)?;
        Some((&self.cells[index].uri, range))
    }

    fn place(&self, range: Range) -> Option<Place> {
        let index = self.cell_at(range.start.line)?;
        let cell = &self.cells[index];
        let start = Position::new(range.start.line - cell.start, range.start.character);
        let end = Position::new(range.end.line.saturating_sub(cell.start), range.end.character);
        Some((index, Range::new(start, if end > cell.end { cell.end } else { end })))
    }

    /// What a line of the module is called.
    pub(crate) fn line(&self, line: u32) -> String {
        match self.cell_at(line) {
            Some(index) => format!("cell {}, line {}", index + 1, line - self.cells[index].start + 1),
            None => format!("line {}", line + 1),
        }
    }

    /// What is found in a cell of all that is found in the module, whose address is given.
    pub(crate) fn in_cell<'d>(
        &'d self,
        uri: &'d Url,
        module: &'d Url,
        all: &'d [Diagnostic],
    ) -> impl Iterator<Item = Diagnostic> + 'd {
        all.iter().filter_map(move |diagnostic| {
            let (own, range) = self.to_cell(diagnostic.range)?;
            (own == uri).then(|| Diagnostic { range, ..self.with_places(diagnostic.clone(), module) })
        })
    }

    /// A diagnostic whose places in the module are those in its cells.
    pub(crate) fn diagnostic(&self, diagnostic: Diagnostic, module: &Url) -> Diagnostic {
        let range = self.to_cell(diagnostic.range).map_or(diagnostic.range, |(_, range)| range);
        Diagnostic { range, ..self.with_places(diagnostic, module) }
    }

    fn with_places(&self, mut diagnostic: Diagnostic, module: &Url) -> Diagnostic {
        let place = |information: DiagnosticRelatedInformation| {
            if information.location.uri != *module {
                return Some(information);
            }
            let (uri, range) = self.to_cell(information.location.range)?;
            let location = Location::new(uri.clone(), range);
            Some(DiagnosticRelatedInformation { location, ..information })
        };
        diagnostic.related_information =
            diagnostic.related_information.map(|places| places.into_iter().filter_map(place).collect());
        diagnostic
    }

    /// Edits of the module as edits of its cells, with the versions of those. `None` if they touch what is not
    /// in the notebook as it is in the module.
    pub(crate) fn edits(&self, edits: &[TextEdit]) -> Option<Vec<(Url, i32, Vec<TextEdit>)>> {
        let mut by_cell: Vec<Vec<TextEdit>> = self.cells.iter().map(|_| Vec::new()).collect();
        for edit in edits {
            let (index, edit) = self.edit(edit)?;
            by_cell[index].push(edit);
        }
        let cells = self.cells.iter().zip(by_cell).filter(|(_, edits)| !edits.is_empty());
        Some(cells.map(|(cell, edits)| (cell.uri.clone(), cell.version, edits)).collect())
    }

    fn edit(&self, edit: &TextEdit) -> Option<(usize, TextEdit)> {
        let (start, end) = (edit.range.start, edit.range.end);
        let touched = start.line..end.line + u32::from(end.character > 0);
        if self.masked.iter().any(|line| touched.contains(line)) {
            return None;
        }
        let last = self.cells.len().checked_sub(1)?;
        let index = self.cell_at(start.line).unwrap_or(last);
        // What belongs to a block must not leave the cell that the block is in, and imports stay together.
        let goes_on = [" ", "\t", "import ", "from "].iter().any(|start| edit.new_text.starts_with(start));
        let begins_cell = start.character == 0 && start.line == self.cells[index].start && index > 0;
        if start == end && (start.line >= self.lines || (begins_cell && goes_on)) {
            let index = if start.line >= self.lines { last } else { index - 1 };
            let place = self.cells[index].end;
            let text = format!("\n{}", edit.new_text.trim_end_matches(['\n', '\r']));
            return Some((index, TextEdit::new(Range::new(place, place), text)));
        }
        let cell = &self.cells[index];
        let behind = Position::new(cell.start + cell.end.line + 1, 0);
        if end > behind {
            return None;
        }
        let (index, range) = self.place(edit.range)?;
        let text = if end == behind {
            // The line break at its end is not in the cell.
            edit.new_text.strip_suffix('\n').unwrap_or(&edit.new_text)
        } else {
            &edit.new_text
        };
        Some((index, TextEdit::new(range, text.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(n: i32) -> Url {
        Url::parse(&format!("vscode-notebook-cell:/nb.ipynb#{n}")).unwrap()
    }

    fn layout(texts: &[&str]) -> (Layout, String) {
        let cells = (0..).zip(texts).map(|(n, text)| (uri(n), n, (*text).to_owned()));
        Layout::new(cells, Encoding::Utf16)
    }

    fn range(from: (u32, u32), to: (u32, u32)) -> Range {
        Range::new(Position::new(from.0, from.1), Position::new(to.0, to.1))
    }

    #[test]
    fn ranges_are_found_in_their_cells() {
        let (layout, module) = layout(&["a = 1\nb = 2", "", "%time\nc = 3\n"]);
        assert_eq!(module, "a = 1\nb = 2\n\npass\nc = 3\n\n");
        let cell = |from, to| layout.to_cell(range(from, to)).map(|(uri, range)| (uri.clone(), range));
        assert_eq!(cell((1, 2), (1, 5)), Some((uri(0), range((1, 2), (1, 5)))));
        assert_eq!(cell((4, 0), (4, 1)), Some((uri(2), range((1, 0), (1, 1)))));
        assert_eq!(cell((1, 0), (4, 1)), Some((uri(0), range((1, 0), (1, 5)))), "ends with its cell");
        assert_eq!(cell((6, 0), (6, 0)), None);
        assert_eq!(layout.to_module(&uri(2), range((1, 0), (1, 1))), Some(range((4, 0), (4, 1))));
        assert_eq!(layout.to_module(&uri(7), range((1, 0), (1, 1))), None);
    }

    #[test]
    fn edits_stay_in_their_cells_or_are_refused() {
        let (layout, _) = layout(&["def f():\n    x = 1", "y = 1\n%time", "z = 1"]);
        let edit = |from, to, text: &str| {
            layout.edits(&[TextEdit::new(range(from, to), text.to_owned())]).map(|mut all| {
                let (uri, version, mut edits) = all.remove(0);
                assert_eq!((uri, edits.len()), (self::uri(version), 1));
                let edit = edits.remove(0);
                (version, edit.range, edit.new_text)
            })
        };
        let expected = |cell, from, to, text: &str| Some((cell, range(from, to), text.to_owned()));
        assert_eq!(edit((2, 0), (2, 0), "    return x\n"), expected(0, (1, 9), (1, 9), "\n    return x"));
        assert_eq!(edit((2, 0), (2, 0), "import a\n"), expected(0, (1, 9), (1, 9), "\nimport a"));
        assert_eq!(edit((2, 0), (2, 0), "@cache\n"), expected(1, (0, 0), (0, 0), "@cache\n"));
        assert_eq!(edit((1, 0), (2, 0), "    x = 2\n"), expected(0, (1, 0), (1, 9), "    x = 2"));
        assert_eq!(edit((5, 0), (5, 0), "w = 1\n"), expected(2, (0, 5), (0, 5), "\nw = 1"));
        assert_eq!(edit((1, 4), (2, 1), ""), None, "into the next cell");
        assert_eq!(edit((2, 0), (3, 2), ""), None, "over a magic");
        assert_eq!(edit((2, 0), (3, 0), "y = 2\n"), expected(1, (0, 0), (1, 0), "y = 2\n"), "up to it");
    }
}
