//! Limits that a text must keep before it reaches the parser.
//!
//! Two of them guard against faults of the parser itself: its scanner aborts the process when a
//! string opens under about 511 levels of indentation, and it stops at a NUL byte. The others keep
//! generated data (a module of one 50 MB line) from taking the time meant for code.

/// Largest inputs that are parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole text.
    pub file_bytes: usize,
    /// Bytes of one line.
    pub line_bytes: usize,
    /// Levels of indentation. CPython itself refuses more than 100.
    pub indent_levels: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { file_bytes: 4 << 20, line_bytes: 100 << 10, indent_levels: 380 }
    }
}

/// Why a text is not parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// The text is larger than the limit.
    #[error("skipped: larger than {}", size(*.limit))]
    FileTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// A line is longer than the limit.
    #[error("skipped: line {line} is longer than {} KB", .limit >> 10)]
    LineTooLong {
        /// One-based line.
        line: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// Lines are indented deeper than the limit.
    #[error("skipped: line {line} is too deeply nested")]
    TooDeep {
        /// One-based line.
        line: usize,
    },
    /// The text has a NUL byte, which Python refuses too.
    #[error("skipped: line {line} contains a NUL byte")]
    NulByte {
        /// One-based line.
        line: usize,
    },
    /// Parsing took longer than its budget.
    #[error("skipped: parsing took more than {millis} ms")]
    OverBudget {
        /// The budget in milliseconds.
        millis: u64,
    },
}

fn size(bytes: usize) -> String {
    if bytes.is_multiple_of(1 << 20) { format!("{} MB", bytes >> 20) } else { format!("{} KB", bytes >> 10) }
}

/// Widest indentation the parser's scanner can count.
const MAX_INDENT_COLUMNS: usize = 60_000;
const TAB_COLUMNS: usize = 8;

impl Limits {
    /// Checks `text` in one pass.
    pub fn check(&self, text: &str) -> Result<(), Refusal> {
        if text.len() > self.file_bytes {
            return Err(Refusal::FileTooLarge { limit: self.file_bytes });
        }
        let mut indents = Vec::new();
        let lines = text.as_bytes().split_inclusive(|byte| *byte == b'\n');
        for (index, bytes) in lines.enumerate() {
            let line = index + 1;
            if bytes.len() > self.line_bytes {
                return Err(Refusal::LineTooLong { line, limit: self.line_bytes });
            }
            if bytes.contains(&0) {
                return Err(Refusal::NulByte { line });
            }
            let Some(columns) = indentation(bytes) else { continue };
            while indents.last().is_some_and(|&outer| outer >= columns) {
                indents.pop();
            }
            if columns > 0 {
                indents.push(columns);
            }
            if indents.len() > self.indent_levels || columns > MAX_INDENT_COLUMNS {
                return Err(Refusal::TooDeep { line });
            }
        }
        Ok(())
    }
}

/// Columns of white space before the first character of a line; `None` for a blank line.
fn indentation(line: &[u8]) -> Option<usize> {
    let mut columns = 0;
    for byte in line {
        match byte {
            b' ' => columns += 1,
            b'\t' => columns += TAB_COLUMNS,
            b'\x0c' => columns = 0,
            b'\n' | b'\r' => return None,
            _ => return Some(columns),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(levels: usize) -> String {
        (0..levels).map(|level| format!("{}if x:\n", " ".repeat(level))).collect::<String>()
            + &" ".repeat(levels)
            + "'s'\n"
    }

    #[test]
    fn ordinary_text_passes() {
        assert_eq!(Limits::default().check("def f():\n\treturn 1\n\n\x0cclass A: pass\r\n"), Ok(()));
        assert_eq!(Limits::default().check(&nested(100)), Ok(()));
    }

    #[test]
    fn each_limit_is_reported_with_its_line() {
        let limits = Limits::default();
        assert_eq!(limits.check(&nested(400)), Err(Refusal::TooDeep { line: 382 }));
        assert_eq!(limits.check("a\nb\0c\n"), Err(Refusal::NulByte { line: 2 }));
        let long = format!("x = 1\ny = '{}'\n", "a".repeat(limits.line_bytes));
        assert_eq!(limits.check(&long), Err(Refusal::LineTooLong { line: 2, limit: limits.line_bytes }));
        let large = "x = 1\n".repeat(limits.file_bytes / 6 + 1);
        assert_eq!(limits.check(&large), Err(Refusal::FileTooLarge { limit: limits.file_bytes }));
    }
}
