//! An editable text with positions.
//!
//! Lines end at `\n`, `\r\n` and a lone `\r`: the set that both Python's tokenizer and the language
//! server protocol use. Form feeds and Unicode separators do not end a line. The rope behind it is
//! private, so that a change of rope changes this file only.

use ropey::Rope;

use crate::{Encoding, Position, PositionRange, TextRange};

/// An editable text. Cloning is cheap: clones share their content until one of them is edited.
#[derive(Clone, Debug, Default)]
pub struct Text {
    rope: Rope,
}

impl Text {
    /// A buffer holding `text`.
    pub fn new(text: &str) -> Self {
        Self { rope: Rope::from_str(text) }
    }

    /// Length in bytes.
    pub fn len(&self) -> u32 {
        self.rope.len_bytes() as u32
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.rope.len_bytes() == 0
    }

    /// Number of lines; a text without a line end has one.
    pub fn line_count(&self) -> u32 {
        self.rope.len_lines() as u32
    }

    /// Replaces `range` by `text`. Offsets beyond the end or inside a character are rounded down.
    /// Returns the range that was replaced.
    pub fn replace(&mut self, range: TextRange, text: &str) -> TextRange {
        let start = self.char_at(range.start);
        let end = self.char_at(range.end).max(start);
        let replaced =
            TextRange::new(self.rope.char_to_byte(start) as u32, self.rope.char_to_byte(end) as u32);
        if start < end {
            self.rope.remove(start..end);
        }
        if !text.is_empty() {
            self.rope.insert(start, text);
        }
        replaced
    }

    /// The byte offset of `position`. A column beyond the end of its line means the end of the line
    /// (before the line break), a line beyond the last one means the end of the text, and a column
    /// inside a character is rounded down to its start.
    pub fn offset(&self, position: Position, encoding: Encoding) -> u32 {
        let line = position.line as usize;
        if line >= self.rope.len_lines() {
            return self.len();
        }
        let first = self.rope.line_to_char(line);
        let last = first + self.line_width(line);
        let column = position.column as usize;
        let at = match encoding {
            Encoding::Utf8 => {
                let start = self.rope.char_to_byte(first);
                let wanted = start.saturating_add(column).min(self.rope.len_bytes());
                self.rope.byte_to_char(wanted)
            }
            Encoding::Utf16 => {
                let start = self.rope.char_to_utf16_cu(first);
                let wanted = start.saturating_add(column).min(self.rope.len_utf16_cu());
                self.rope.utf16_cu_to_char(wanted)
            }
            Encoding::Utf32 => first.saturating_add(column),
        };
        self.rope.char_to_byte(at.min(last)) as u32
    }

    /// The position of the byte at `offset`; offsets beyond the end mean the end.
    pub fn position(&self, offset: u32, encoding: Encoding) -> Position {
        let at = self.char_at(offset);
        let line = self.rope.char_to_line(at);
        let first = self.rope.line_to_char(line);
        let column = match encoding {
            Encoding::Utf8 => self.rope.char_to_byte(at) - self.rope.char_to_byte(first),
            Encoding::Utf16 => self.rope.char_to_utf16_cu(at) - self.rope.char_to_utf16_cu(first),
            Encoding::Utf32 => at - first,
        };
        Position::new(line as u32, column as u32)
    }

    /// Both ends of a range as positions.
    pub fn position_range(&self, range: TextRange, encoding: Encoding) -> PositionRange {
        PositionRange::new(self.position(range.start, encoding), self.position(range.end, encoding))
    }

    /// Both ends of a range of positions as offsets. An inverted range is the empty one at its end.
    pub fn range(&self, range: PositionRange, encoding: Encoding) -> TextRange {
        let start = self.offset(range.start, encoding);
        let end = self.offset(range.end, encoding);
        TextRange::new(start.min(end), end)
    }

    /// The bytes at a range; empty where it does not lie on character boundaries.
    pub fn slice(&self, range: TextRange) -> String {
        let slice = self.rope.get_byte_slice(range.start as usize..range.end as usize);
        slice.map(|slice| slice.to_string()).unwrap_or_default()
    }

    /// What is before an offset on its line.
    pub fn line_before(&self, offset: u32) -> String {
        let offset = offset.min(self.len());
        let line = self.rope.byte_to_line(offset as usize);
        self.slice(TextRange::new(self.rope.line_to_byte(line) as u32, offset))
    }

    /// Where the first line behind an offset ends that is neither blank nor a comment; the end of the text if there
    /// is none. `None` if that is farther away than a limit.
    pub fn end_of_next_code_line(&self, offset: u32, limit: u32) -> Option<u32> {
        let first = self.rope.byte_to_line(offset.min(self.len()) as usize) + 1;
        for line in first..self.rope.len_lines() {
            let start = self.rope.line_to_byte(line) as u32;
            if start - offset.min(start) > limit {
                return None;
            }
            let text = self.rope.line(line);
            let code = text.chars().find(|c| !matches!(c, ' ' | '\t' | '\x0c' | '\r' | '\n'));
            if code.is_some_and(|c| c != '#') {
                return Some(start + text.len_bytes() as u32);
            }
        }
        Some(self.len())
    }

    /// Bytes of the zero-based `line`, its line break included; empty beyond the last line.
    pub fn line_range(&self, line: u32) -> TextRange {
        let line = line as usize;
        if line >= self.rope.len_lines() {
            return TextRange::empty(self.len());
        }
        let end = (line + 1).min(self.rope.len_lines());
        (self.rope.line_to_byte(line)..self.rope.line_to_byte(end)).into()
    }

    /// Row and byte column as the parser counts them: rows end at `\n` only.
    pub(crate) fn parser_point(&self, offset: u32) -> tree_sitter::Point {
        let offset = (offset as usize).min(self.rope.len_bytes());
        // Without a lone `\r` both ways of counting lines agree; with one the tree is never reused.
        let row = self.rope.byte_to_line(offset);
        tree_sitter::Point::new(row, offset - self.rope.line_to_byte(row))
    }

    fn char_at(&self, offset: u32) -> usize {
        self.rope.byte_to_char((offset as usize).min(self.rope.len_bytes()))
    }

    /// Characters of a line without its line break.
    fn line_width(&self, line: usize) -> usize {
        let line = self.rope.line(line);
        let mut width = line.len_chars();
        while width > 0 && matches!(line.char(width - 1), '\n' | '\r') {
            width -= 1;
        }
        width
    }
}

/// The whole text, in one piece.
impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.rope.chunks().try_for_each(|chunk| f.write_str(chunk))
    }
}

impl From<&Text> for std::sync::Arc<str> {
    fn from(text: &Text) -> Self {
        let mut whole = String::with_capacity(text.rope.len_bytes());
        text.rope.chunks().for_each(|chunk| whole.push_str(chunk));
        whole.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENCODINGS: [Encoding; 3] = [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32];

    /// The same questions answered by walking the text character by character.
    fn naive_position(text: &str, offset: usize, encoding: Encoding) -> Position {
        let (mut line, mut column) = (0, 0);
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            if at >= offset {
                break;
            }
            let joined = c == '\r' && chars.peek().is_some_and(|next| next.1 == '\n');
            if (c == '\n' || c == '\r') && !joined {
                (line, column) = (line + 1, 0);
            } else {
                column += match encoding {
                    Encoding::Utf8 => c.len_utf8() as u32,
                    Encoding::Utf16 => c.len_utf16() as u32,
                    Encoding::Utf32 => 1,
                };
            }
        }
        Position::new(line, column)
    }

    #[test]
    fn positions_agree_with_a_walk_over_the_text_in_every_encoding() {
        let text = "a\u{1F40D}b\r\n\u{e9}\rform\u{c}feed\u{85}\u{2028}same line\n\n\u{10FFFF}";
        let buffer = Text::new(text);
        for encoding in ENCODINGS {
            for (offset, _) in text.char_indices().chain([(text.len(), ' ')]) {
                let position = buffer.position(offset as u32, encoding);
                assert_eq!(position, naive_position(text, offset, encoding), "{offset} {encoding:?}");
                let inside_crlf = text.as_bytes().get(offset) == Some(&b'\n')
                    && text.as_bytes().get(offset.wrapping_sub(1)) == Some(&b'\r');
                if !inside_crlf {
                    assert_eq!(buffer.offset(position, encoding), offset as u32, "{offset} {encoding:?}");
                }
            }
        }
    }

    #[test]
    fn impossible_positions_are_clamped() {
        let buffer = Text::new("ab\r\n\u{1F40D}\n");
        for encoding in ENCODINGS {
            assert_eq!(buffer.offset(Position::new(0, 99), encoding), 2, "end of line, before its break");
            assert_eq!(buffer.offset(Position::new(99, 0), encoding), 9);
            assert_eq!(buffer.offset(Position::new(u32::MAX, u32::MAX), encoding), 9);
        }
        assert_eq!(buffer.offset(Position::new(1, 1), Encoding::Utf16), 4, "inside a surrogate pair");
        assert_eq!(buffer.offset(Position::new(1, 3), Encoding::Utf8), 4, "inside a character");
        let inverted = PositionRange::new(Position::new(1, 0), Position::new(0, 1));
        assert_eq!(buffer.range(inverted, Encoding::Utf16), TextRange::empty(1));
    }

    #[test]
    fn replacing_rounds_down_to_characters_and_says_what_it_replaced() {
        let mut buffer = Text::new("x\u{1F40D}y");
        assert_eq!(buffer.replace(TextRange::new(3, 99), "z"), TextRange::new(1, 6));
        assert_eq!(buffer.to_string(), "xz");
    }

    #[test]
    fn lines_are_found_with_their_breaks() {
        let buffer = Text::new("a\r\nb\rc");
        assert_eq!(buffer.line_count(), 3);
        assert_eq!(buffer.line_range(0), TextRange::new(0, 3));
        assert_eq!(buffer.line_range(1), TextRange::new(3, 5));
        assert_eq!(buffer.line_range(2), TextRange::new(5, 6));
        assert_eq!(buffer.line_range(9), TextRange::new(6, 6));
    }
}
