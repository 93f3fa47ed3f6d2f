//! What to show of a document before its project is linked again.
//!
//! A document can be judged by itself at once. What the rest of its project disproved, or showed, when
//! all was last linked is taken to hold still: findings that other files disproved stay away, and those
//! that rest on other files stay, moved with the text around them.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use leakwright_analysis::FileFacts;
use leakwright_analysis::project::ModuleId;
use leakwright_rules::{Family, Finding};
use leakwright_syntax::TextRange;
use rustc_hash::{FxHashMap, FxHasher};

use crate::linked::{Analysis, Found, Linked, Member};

/// What was known of a document when its project was last linked.
pub struct Settled {
    /// What was known of it by looking at nothing else, its text included.
    member: Arc<Member>,
    /// What is found by looking at it alone, worked out when it is asked for.
    alone: OnceLock<Vec<Found>>,
    /// What was found in the project.
    full: Vec<Found>,
}

impl Settled {
    pub(crate) fn new(member: Arc<Member>, full: Vec<Found>) -> Self {
        Self { member, alone: OnceLock::new(), full }
    }

    /// Its text at that time.
    fn text(&self) -> &str {
        self.member.open.as_ref().map_or("", |open| open.whole())
    }

    fn alone(&self) -> &[Found] {
        let judged = || Linked::alone(Arc::clone(&self.member)).judge(ModuleId(0)).findings;
        self.alone.get_or_init(judged)
    }
}

impl Analysis {
    /// Of a document judged alone: what to show, going by the last time that its project was linked.
    #[must_use]
    pub fn provisional(mut self, text: &str, settled: &Settled) -> Self {
        self.is_settled = false;
        let mut disproved = Counts::of(settled.alone(), settled.text());
        let mut shown = Counts::of(&settled.full, settled.text());
        disproved.subtract(&settled.full, settled.text());
        shown.subtract(settled.alone(), settled.text());
        self.findings.retain(|found| !disproved.take(&found.finding, text));
        let change = Change::between(settled.text(), text);
        for found in &settled.full {
            if shown.take(&found.finding, settled.text())
                && let Some(moved) = change.carry(found)
                && !self.findings.iter().any(|other| is_same_place(&other.finding, &moved.finding))
            {
                self.findings.push(moved);
            }
        }
        self.findings.sort_by(|a, b| order(&a.finding).cmp(&order(&b.finding)));
        self
    }

    /// Of a document judged alone, before its project was linked with it for the first time: only what no other
    /// file can disprove.
    #[must_use]
    pub fn undisputed(mut self) -> Self {
        self.is_settled = false;
        let facts = Arc::clone(&self.linked.member(self.module).facts);
        self.findings.retain(|found| is_local(&found.finding, &facts));
        self
    }
}

/// Whether a finding is about something that only one function can reach.
fn is_local(finding: &Finding, facts: &FileFacts) -> bool {
    let is_inner = facts
        .ids()
        .any(|item| facts.facts(item).is_function() && facts.item(item).range.contains(finding.range.start));
    finding.family() == Family::Resource && finding.rule.metadata().code != "LW311" && is_inner
}

fn order(finding: &Finding) -> (TextRange, leakwright_rules::RuleId, &str) {
    (finding.range, finding.rule, &finding.symbol)
}

fn is_same_place(a: &Finding, b: &Finding) -> bool {
    order(a) == order(b)
}

/// How often each finding is there, whatever the place.
struct Counts(FxHashMap<u64, usize>);

impl Counts {
    fn of(findings: &[Found], text: &str) -> Self {
        let mut counts = FxHashMap::default();
        for found in findings {
            *counts.entry(identity(&found.finding, text)).or_default() += 1;
        }
        Self(counts)
    }

    fn subtract(&mut self, findings: &[Found], text: &str) {
        for found in findings {
            self.take(&found.finding, text);
        }
    }

    /// Counts one less; whether there was one.
    fn take(&mut self, finding: &Finding, text: &str) -> bool {
        match self.0.get_mut(&identity(finding, text)) {
            Some(count) if *count > 0 => {
                *count -= 1;
                true
            }
            _ => false,
        }
    }
}

fn identity(finding: &Finding, text: &str) -> u64 {
    let mut hasher = FxHasher::default();
    (finding.rule, finding.severity, &finding.symbol, &finding.message).hash(&mut hasher);
    finding.range.of(text).hash(&mut hasher);
    finding.evidence.iter().for_each(|place| place.message.hash(&mut hasher));
    hasher.finish()
}

/// The part of a text that is not the same in another one.
struct Change {
    start: usize,
    old_end: usize,
    new_end: usize,
}

impl Change {
    fn between(old: &str, new: &str) -> Self {
        let (a, b) = (old.as_bytes(), new.as_bytes());
        let start = a.iter().zip(b).take_while(|(a, b)| a == b).count();
        let rest = a[start..].iter().rev().zip(b[start..].iter().rev());
        let same_end = rest.take_while(|(a, b)| a == b).count();
        Self { start, old_end: a.len() - same_end, new_end: b.len() - same_end }
    }

    /// Where a range of the old text is in the new one, unless it was touched.
    fn moved(&self, range: TextRange) -> Option<TextRange> {
        let (start, end) = (range.start as usize, range.end as usize);
        if end <= self.start {
            return Some(range);
        }
        let shift = |offset: usize| (offset - self.old_end + self.new_end) as u32;
        (start >= self.old_end).then(|| TextRange::new(shift(start), shift(end)))
    }

    fn carry(&self, found: &Found) -> Option<Found> {
        let mut moved = found.clone();
        let home = moved.finding.module;
        let finding = Arc::make_mut(&mut moved.finding);
        finding.range = self.moved(found.finding.range)?;
        finding.evidence.retain_mut(|place| {
            let now = if place.module == home { self.moved(place.range) } else { Some(place.range) };
            now.is_some_and(|range| {
                place.range = range;
                true
            })
        });
        Some(moved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_around_a_change_move_with_the_text() {
        let change = Change::between("aaa bbb ccc", "aaa bXXb ccc");
        assert_eq!(change.moved(TextRange::new(0, 3)), Some(TextRange::new(0, 3)));
        assert_eq!(change.moved(TextRange::new(8, 11)), Some(TextRange::new(9, 12)));
        assert_eq!(change.moved(TextRange::new(4, 7)), None);
        let same = Change::between("abc", "abc");
        assert_eq!(same.moved(TextRange::new(0, 3)), Some(TextRange::new(0, 3)));
        let repeated = Change::between("aa", "aaa");
        assert_eq!(repeated.moved(TextRange::new(0, 2)), Some(TextRange::new(0, 2)));
    }
}
