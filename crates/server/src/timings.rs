//! How long things took lately.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;

/// How many times of each kind are kept.
const KEPT: usize = 256;

/// Of the whole process, as the log is.
static TIMINGS: Mutex<BTreeMap<&'static str, Series>> = Mutex::new(BTreeMap::new());

#[derive(Default)]
struct Series {
    count: u64,
    last: VecDeque<Duration>,
}

/// How long something took, in milliseconds: the last times, of which the longest is the worst.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Summary {
    /// How often it was done at all.
    pub(crate) count: u64,
    pub(crate) last: f64,
    pub(crate) median: f64,
    /// Nineteen of twenty took no longer.
    pub(crate) p95: f64,
    pub(crate) worst: f64,
}

fn timings() -> MutexGuard<'static, BTreeMap<&'static str, Series>> {
    TIMINGS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Notes how long something took.
pub(crate) fn note(what: &'static str, took: Duration) {
    timings().entry(what).or_default().push(took);
}

/// How long everything took lately.
pub(crate) fn summaries() -> BTreeMap<&'static str, Summary> {
    timings().iter().filter_map(|(what, series)| Some((*what, series.summary()?))).collect()
}

impl Series {
    fn push(&mut self, took: Duration) {
        self.count += 1;
        if self.last.len() == KEPT {
            self.last.pop_front();
        }
        self.last.push_back(took);
    }

    fn summary(&self) -> Option<Summary> {
        let mut sorted: Vec<Duration> = self.last.iter().copied().collect();
        sorted.sort_unstable();
        let millis = |took: Duration| (took.as_secs_f64() * 1e6).round() / 1e3;
        let at = |share: usize| sorted.get((sorted.len() - 1) * share / 100).copied().map(millis);
        Some(Summary {
            count: self.count,
            last: millis(*self.last.back()?),
            median: at(50)?,
            p95: at(95)?,
            worst: at(100)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_times_are_summed_up() {
        let mut series = Series::default();
        assert_eq!(series.summary(), None);
        for millis in 1..=1000 {
            series.push(Duration::from_millis(millis));
        }
        let expected = Summary { count: 1000, last: 1000.0, median: 872.0, p95: 987.0, worst: 1000.0 };
        assert_eq!(series.summary(), Some(expected));
        assert_eq!(series.last.len(), KEPT);
    }
}
