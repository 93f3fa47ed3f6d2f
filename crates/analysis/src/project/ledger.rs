//! Which answers were worked out from what.

use rustc_hash::FxHashMap;

use super::reads::{Read, record};
use super::{CodeId, Holder, ModuleId};

/// What of a file is looked at. Whatever is found in a file is found in one of its items or holders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// All of it.
    Whole,
    /// An item, with its own variables.
    Item(CodeId),
    /// A variable of the module, or an attribute of a class.
    Holder(Holder),
}

impl Part {
    /// The file it is a part of, unless it is all of one.
    pub fn module(self) -> Option<ModuleId> {
        match self {
            Self::Whole => None,
            Self::Item(code) => Some(code.module),
            Self::Holder(holder) => Some(holder.module()),
        }
    }
}

/// An answer that is kept. What comes later is worked out from what comes earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Cell {
    /// Attributes and bases of a class.
    Class(CodeId),
    /// What an item does with which holder.
    Sites(CodeId),
    /// What an item calls and hands around.
    References(CodeId),
    /// What a function itself does with its parameters.
    Params(CodeId),
    /// What an item acquires.
    Acquired(CodeId),
    /// What becomes of the tasks that an item makes.
    Fates(CodeId),
    /// What callers do with the tasks that functions return.
    Helpers,
    /// What is found in a part of a file.
    Part(Part),
}

/// Which answers were worked out from what.
#[derive(Default)]
pub(crate) struct Ledger {
    reads: FxHashMap<Cell, Box<[Read]>>,
    dependents: FxHashMap<Read, Vec<Cell>>,
}

impl Ledger {
    /// Works out an answer, or another part of one, and notes what it rests on.
    pub(super) fn add<T>(&mut self, cell: Cell, work: impl FnOnce() -> T) -> T {
        let (result, reads) = record(work);
        if !reads.is_empty() {
            let mut all = self.reads.get(&cell).map(|known| known.to_vec()).unwrap_or_default();
            all.extend(reads);
            all.sort_unstable();
            all.dedup();
            self.set(cell, all);
        }
        result
    }

    /// Works out an answer anew.
    pub(super) fn replace<T>(&mut self, cell: Cell, work: impl FnOnce() -> T) -> T {
        let (result, reads) = record(work);
        self.set(cell, reads);
        result
    }

    /// Sets what an answer rests on, in order and without doubles.
    fn set(&mut self, cell: Cell, reads: Vec<Read>) {
        let before = self.reads.get(&cell).map_or(&[][..], |reads| &**reads);
        for read in before.iter().filter(|read| reads.binary_search(read).is_err()) {
            if let Some(cells) = self.dependents.get_mut(read) {
                cells.retain(|other| *other != cell);
                if cells.is_empty() {
                    self.dependents.remove(read);
                }
            }
        }
        for &read in reads.iter().filter(|read| before.binary_search(read).is_err()) {
            self.dependents.entry(read).or_default().push(cell);
        }
        if reads.is_empty() {
            self.reads.remove(&cell);
        } else {
            self.reads.insert(cell, reads.into());
        }
    }

    /// Forgets an answer.
    pub(super) fn remove(&mut self, cell: Cell) {
        self.set(cell, Vec::new());
    }

    /// The answers that rest on something.
    pub(super) fn dependents(&self, read: Read) -> &[Cell] {
        self.dependents.get(&read).map_or(&[], Vec::as_slice)
    }

    /// Whether any answer rests on something.
    pub(super) fn is_read(&self, read: Read) -> bool {
        self.dependents.contains_key(&read)
    }

    /// How much is noted.
    pub(super) fn len(&self) -> usize {
        self.reads.values().map(|reads| reads.len()).sum()
    }
}

/// Where linking notes what it does, if somebody wants to know.
pub(crate) struct Notes<'l>(pub(super) Option<&'l mut Ledger>);

impl Notes<'_> {
    /// Works out an answer, or another part of one.
    pub(crate) fn add<T>(&mut self, cell: Cell, work: impl FnOnce() -> T) -> T {
        match &mut self.0 {
            Some(ledger) => ledger.add(cell, work),
            None => work(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::reads::note;
    use super::*;

    #[test]
    fn an_answer_depends_on_what_was_read_for_it_the_last_time() {
        let [a, b, c] = [1, 2, 3].map(|module| Read::MakesTasks(ModuleId(module)));
        let mut ledger = Ledger::default();
        let read = |reads: &[Read]| reads.iter().copied().for_each(note);
        ledger.add(Cell::Helpers, || read(&[a]));
        ledger.add(Cell::Helpers, || read(&[b, a]));
        assert_eq!(
            (ledger.dependents(a), ledger.dependents(b)),
            (&[Cell::Helpers][..], &[Cell::Helpers][..])
        );
        ledger.replace(Cell::Helpers, || read(&[c, b]));
        assert_eq!(ledger.dependents(a), []);
        assert_eq!(ledger.dependents(c), [Cell::Helpers]);
        ledger.remove(Cell::Helpers);
        assert_eq!((ledger.len(), ledger.dependents.len()), (0, 0));
    }
}
