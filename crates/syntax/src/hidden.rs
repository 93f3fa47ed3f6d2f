//! Characters that a reader does not see.

/// Whether a character cannot be seen, or changes how others are shown: a control character, one without width, one that
/// turns the direction of text round.
pub fn is_hidden(c: char) -> bool {
    let is_format =
        matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    c.is_control() || is_format
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_is_hidden() {
        assert!(['\n', '\u{7}', '\u{202e}', '\u{200b}', '\u{feff}'].into_iter().all(is_hidden));
        assert!(!['a', ' ', 'é', '…', '\u{3042}'].into_iter().any(is_hidden));
    }
}
