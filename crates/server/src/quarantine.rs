//! Documents on which the analysis fails are left alone until what it may have failed on is another.
//!
//! A failure is a fault of ours, and comes again with each keystroke as long as the code stays that it
//! fails on. Which code that is nobody knows. But it is there whenever the analysis fails: each failure
//! leaves as suspects only those parts of the text that were there at all failures before, and while all
//! of them stand as they did nothing else can be expected.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

/// What an analysis may have failed on: hashes of parts of the text.
#[derive(Debug, Default)]
pub(crate) struct Quarantine {
    suspects: BTreeSet<u64>,
}

impl Quarantine {
    /// The analysis of a text has failed.
    pub(crate) fn failed(&mut self, text: &str) {
        let now = parts(text);
        let still: BTreeSet<u64> = self.suspects.intersection(&now).copied().collect();
        self.suspects = if still.is_empty() { now } else { still };
    }

    /// The analysis of a text has not failed.
    pub(crate) fn passed(&mut self) {
        self.suspects.clear();
    }

    /// Whether it would fail on this text again.
    pub(crate) fn holds(&self, text: &str) -> bool {
        !self.suspects.is_empty() && self.suspects.is_subset(&parts(text))
    }
}

/// The parts of a text: each begins with a line that is not indented.
fn parts(text: &str) -> BTreeSet<u64> {
    let hasher = BuildHasherDefault::<DefaultHasher>::default();
    let mut found = BTreeSet::new();
    let mut start = 0;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let begins = !line.starts_with([' ', '\t', '\r', '\n', ')', ']', '}', '#']);
        if begins && at > start {
            found.insert(hasher.hash_one(&text[start..at]));
            start = at;
        }
        at += line.len();
    }
    found.insert(hasher.hash_one(&text[start..]));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAULT: &str = "def fault():\n    pass\n";

    #[test]
    fn edits_elsewhere_do_not_release_a_document_and_those_of_the_fault_do() {
        let mut quarantine = Quarantine::default();
        let text = |other: &str, fault: &str| format!("import x\n\n\n{fault}\n\ndef other():\n    {other}\n");
        assert!(!quarantine.holds(&text("a", FAULT)));
        quarantine.failed(&text("a", FAULT));
        assert!(quarantine.holds(&text("a", FAULT)), "the same text");
        // What changed may have been it: one more try for each part.
        assert!(!quarantine.holds(&text("ab", FAULT)));
        quarantine.failed(&text("ab", FAULT));
        for other in ["abc", "abcd", "", "x(\n)"] {
            assert!(quarantine.holds(&text(other, FAULT)), "{other}");
        }
        let longer = format!("{}\n\nclass New:\n    pass\n", text("abc", FAULT));
        assert!(quarantine.holds(&longer), "what is added is not it");
        assert!(!quarantine.holds(&text("abc", "def fault():\n    return\n")));
        quarantine.passed();
        assert!(!quarantine.holds(&text("abc", FAULT)));
    }

    #[test]
    fn where_nothing_is_as_it_was_all_is_under_suspicion_again() {
        let mut quarantine = Quarantine::default();
        quarantine.failed("a = 1\n");
        quarantine.failed("b = 1\n");
        assert!(quarantine.holds("b = 1\n") && !quarantine.holds("c = 1\n"));
        quarantine.failed("");
        assert!(quarantine.holds(""));
    }
}
