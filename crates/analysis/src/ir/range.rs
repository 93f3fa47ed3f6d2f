//! Positions relative to an item.
//!
//! An item's own text is its source with each nested definition replaced by one placeholder byte.
//! An [`ItemRange`] counts in that text, so an edit inside a nested function moves nothing in the
//! function around it. The [`Layout`] of the current text translates back.

use std::sync::Arc;

use leakwright_syntax::{Replaced, TextRange};
use serde::{Deserialize, Serialize};

/// A half-open range in an item's own text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ItemRange {
    /// First byte.
    pub start: u32,
    /// Behind the last byte.
    pub end: u32,
}

/// Where the own text of an item lies in the file. Cloning is cheap.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// Where the item begins in the file.
    start: u32,
    /// Nothing where all is in one piece.
    segments: Arc<[Segment]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Segment {
    /// Where it begins in the own text.
    own: u32,
    /// Where it begins, counted from the beginning of the item.
    file: u32,
    /// Whether it stands for a nested definition.
    is_placeholder: bool,
}

/// Own text that is not as it was is followed through this many changes and nested definitions.
const MAX_SEGMENTS: usize = 500;

/// Builds the layout of an item from the ranges of its nested definitions.
pub(crate) struct LayoutBuilder {
    start: u32,
    segments: Vec<Segment>,
    own: u32,
    file: u32,
}

impl LayoutBuilder {
    /// For an item that begins at `start` in the file.
    pub(crate) fn new(start: u32) -> Self {
        Self { start, segments: Vec::new(), own: 0, file: start }
    }

    /// Notes the next nested definition and returns the piece of own text before it.
    pub(crate) fn nested(&mut self, range: TextRange) -> TextRange {
        if self.segments.is_empty() {
            self.segments.push(Segment::FIRST);
        }
        let piece = TextRange::new(self.file, range.start);
        let own = self.own + piece.len();
        let from_start = |file: u32| file - self.start;
        let placeholder = Segment { own, file: from_start(range.start), is_placeholder: true };
        let behind = Segment { own: own + 1, file: from_start(range.end), is_placeholder: false };
        self.segments.extend([placeholder, behind]);
        (self.own, self.file) = (own + 1, range.end);
        piece
    }

    /// The layout, and the last piece of own text, up to `end` in the file.
    pub(crate) fn finish(self, end: u32) -> (Layout, TextRange) {
        (Layout { start: self.start, segments: self.segments.into() }, TextRange::new(self.file, end))
    }
}

impl Segment {
    /// The first one.
    const FIRST: Self = Self { own: 0, file: 0, is_placeholder: false };
}

impl Layout {
    /// Where a range of the own text lies in the file.
    pub fn to_file(&self, range: ItemRange) -> TextRange {
        let start = self.start + self.file_start(range.start);
        let end = if range.end > range.start { self.start + self.file_end(range.end) } else { start };
        TextRange::new(start, end)
    }

    /// Where a range of the file lies in the own text. Ends inside a nested definition are moved
    /// to its placeholder.
    pub(crate) fn to_own(&self, range: TextRange) -> ItemRange {
        let start = self.own_offset(range.start);
        ItemRange { start, end: self.own_offset(range.end).max(start) }
    }

    /// The layout of an item that begins elsewhere, all else being the same.
    pub(crate) fn at(&self, start: u32) -> Self {
        Self { start, segments: Arc::clone(&self.segments) }
    }

    /// The layout after a change in a nested definition, or in one nested in that.
    pub(crate) fn changed_within(&self, change: Replaced) -> Self {
        let moved = |segment: &Segment| Segment { file: self.moved(segment.file, change), ..*segment };
        Self { start: self.start, segments: self.segments.iter().map(moved).collect() }
    }

    /// The layout of the own text as it was, after a change in it. `None` if that is too much to keep up with.
    pub(crate) fn changed(&self, change: Replaced) -> Option<Self> {
        if self.segments.len() >= MAX_SEGMENTS {
            return None;
        }
        let behind = change.range.end.checked_sub(self.start)?;
        let mut segments: Vec<Segment> = self.segments.to_vec();
        if segments.is_empty() {
            segments.push(Segment::FIRST);
        }
        let next = segments.partition_point(|segment| segment.file <= behind);
        let before = segments[next.checked_sub(1)?];
        let own = before.own + (behind - before.file);
        // What was put in before is part of no own text.
        let own = segments.get(next).map_or(own, |segment| segment.own.min(own));
        segments.insert(next, Segment { own, file: behind, is_placeholder: false });
        for segment in &mut segments {
            segment.file = self.moved(segment.file, change);
        }
        Some(Self { start: self.start, segments: segments.into() })
    }

    fn moved(&self, offset: u32, change: Replaced) -> u32 {
        change.moved(self.start + offset) - self.start
    }

    /// The number of the nested definition that begins at an offset of the file.
    pub(crate) fn placeholder(&self, file: u32) -> u32 {
        let offset = file.saturating_sub(self.start);
        let next = self.segments.partition_point(|segment| segment.file <= offset);
        (self.segments[..next].iter().filter(|segment| segment.is_placeholder).count() as u32)
            .saturating_sub(1)
    }

    /// The last segment of the first few.
    fn before(&self, count: usize) -> Segment {
        count.checked_sub(1).and_then(|last| self.segments.get(last)).copied().unwrap_or(Segment::FIRST)
    }

    fn own_offset(&self, file: u32) -> u32 {
        let offset = file.saturating_sub(self.start);
        let segment = self.before(self.segments.partition_point(|segment| segment.file <= offset));
        if segment.is_placeholder { segment.own } else { segment.own + offset.saturating_sub(segment.file) }
    }

    fn file_start(&self, own: u32) -> u32 {
        let segment = self.before(self.segments.partition_point(|segment| segment.own <= own));
        segment.file + (own - segment.own)
    }

    fn file_end(&self, own: u32) -> u32 {
        let next = self.segments.partition_point(|segment| segment.own < own);
        let segment = self.before(next);
        match self.segments.get(next) {
            Some(behind) if segment.is_placeholder => behind.file,
            _ => segment.file + (own - segment.own),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_go_to_the_own_text_and_back() {
        // Item at 10..40 with nested definitions at 15..20 and 25..35.
        let mut builder = LayoutBuilder::new(10);
        assert_eq!(builder.nested(TextRange::new(15, 20)), TextRange::new(10, 15));
        assert_eq!(builder.nested(TextRange::new(25, 35)), TextRange::new(20, 25));
        let (layout, tail) = builder.finish(40);
        assert_eq!(tail, TextRange::new(35, 40));
        for range in [
            (10, 15),
            (12, 14),
            (20, 25),
            (36, 40),
            (15, 20),
            (12, 20),
            (15, 35),
            (10, 40),
            (21, 35),
            (35, 36),
        ] {
            let range = TextRange::new(range.0, range.1);
            assert_eq!(layout.to_file(layout.to_own(range)), range, "{range:?}");
        }
        assert_eq!(layout.to_own(TextRange::new(36, 40)), ItemRange { start: 13, end: 17 });
    }
}
