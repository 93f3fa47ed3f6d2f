//! Values of string literals.

/// What stands before the opening quote of a string literal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StringPrefix {
    /// `r`: backslashes are themselves.
    pub raw: bool,
    /// `b`: bytes.
    pub bytes: bool,
    /// `f` or `t`: has interpolations.
    pub formatted: bool,
}

/// The prefix and value of one string literal as written in the source, quotes included.
/// Escapes other than the common one-character ones are left as written; `None` if it is no literal.
pub fn string_value(literal: &str) -> Option<(StringPrefix, String)> {
    let quote = literal.find(['"', '\''])?;
    let mut prefix = StringPrefix::default();
    for letter in literal[..quote].chars() {
        match letter.to_ascii_lowercase() {
            'r' => prefix.raw = true,
            'b' => prefix.bytes = true,
            'f' | 't' => prefix.formatted = true,
            'u' => {}
            _ => return None,
        }
    }
    let quoted = &literal[quote..];
    let body =
        ["\"\"\"", "'''", "\"", "'"].iter().find_map(|mark| quoted.strip_prefix(mark)?.strip_suffix(mark))?;
    let value = if prefix.raw || !body.contains('\\') { body.to_owned() } else { unescape(body) };
    Some((prefix, value))
}

fn unescape(body: &str) -> String {
    let mut value = String::with_capacity(body.len());
    let mut chars = body.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            value.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => value.push('\n'),
            Some('t') => value.push('\t'),
            Some('r') => value.push('\r'),
            Some('\n') | None => {}
            Some(quoted @ ('\\' | '\'' | '"')) => value.push(quoted),
            Some(other) => value.extend(['\\', other]),
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_literals() {
        let value = |literal| string_value(literal).map(|(_, value)| value);
        assert_eq!(value("'rb'").as_deref(), Some("rb"));
        assert_eq!(value("\"\"\"a\\n'b'\"\"\"").as_deref(), Some("a\n'b'"));
        assert_eq!(value(r"r'\n'").as_deref(), Some(r"\n"));
        assert_eq!(value("x'a'"), None);
        assert_eq!(value("''").as_deref(), Some(""));
        assert!(string_value("Rb'a'").is_some_and(|(prefix, _)| prefix.raw && prefix.bytes));
    }
}
