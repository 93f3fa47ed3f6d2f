//! The checklist: for each question how many places were looked at, and what was found.

use std::collections::BTreeMap;

use leakwright_engine::Checked;
use leakwright_rules::Question;

/// What is said of the table.
pub(crate) const LEAD: &str = "For each question the places that were looked at, those found sound with the reasons, and \
    those found leaking. Open are places of which more speaks against a leak than for it, or that are silenced or \
    switched off.";

/// A question and its answers.
pub(crate) struct Row {
    pub(crate) question: Question,
    /// Places that were looked at.
    pub(crate) examined: usize,
    pub(crate) sound: usize,
    /// Why, the most frequent reason first.
    pub(crate) reasons: Vec<(String, usize)>,
    pub(crate) leaking: usize,
}

impl Row {
    /// Places that are neither sound nor reported: more speaks against a leak than for it, they are silenced, or
    /// the rule is switched off.
    pub(crate) fn open(&self) -> usize {
        self.examined.saturating_sub(self.sound + self.leaking)
    }
}

/// The answers to all questions.
pub(super) fn rows(checked: &Checked) -> Vec<Row> {
    let mut examined: BTreeMap<Question, (usize, BTreeMap<String, usize>)> = BTreeMap::new();
    for found in checked.examined() {
        let (count, reasons) = examined.entry(found.question).or_default();
        *count += 1;
        if let Some(sound) = found.sound {
            *reasons.entry(sound.reason).or_default() += 1;
        }
    }
    let mut leaking: BTreeMap<Question, usize> = BTreeMap::new();
    for judged in checked.active() {
        *leaking.entry(checked.question(&judged.finding)).or_default() += 1;
    }
    let row = |question: Question| {
        let (count, reasons) = examined.remove(&question).unwrap_or_default();
        let leaking = leaking.get(&question).copied().unwrap_or_default();
        let mut reasons: Vec<(String, usize)> = reasons.into_iter().collect();
        reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let sound = reasons.iter().map(|(_, count)| count).sum();
        Row {
            question,
            // What two rules say of one place is one place.
            examined: count.max(sound + leaking),
            sound,
            reasons,
            leaking,
        }
    };
    Question::ALL.into_iter().map(row).collect()
}
