//! What an answer about a project was worked out from.
//!
//! A project that is being edited keeps answers: what an item does with which attribute, what a function
//! hands out, what is found in a part of a file. While one of them is worked out, everything that is read
//! of the project is noted, absent things as well. As long as nothing of it changes, the answer stands.
//!
//! Of an item that is read from elsewhere mostly a piece is looked at, which most edits of the item leave as it was:
//! what a variable is bound to, what names there are. Such a piece is noted instead of all facts (`pieces`).
//!
//! Only what an edit can change is noted: facts of files that are being watched, and entries of tables
//! which edits of those files reach. Names, kinds and nesting of items are taken to be fixed: where they
//! change, all is linked anew.

use std::cell::RefCell;

use rustc_hash::FxHashSet;

use super::{ClassId, CodeId, Holder, ModuleId, Symbol};
use crate::bindings::GlobalId;
use crate::ir::VarId;

/// Something that can be read of a project, and that an edit can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Read {
    /// The facts of an item, and what its variables stand for.
    Facts(CodeId),
    /// What of an item's facts tells to what a variable is bound, as far as that goes by name.
    Bound(CodeId, VarId),
    /// The same for a variable of a module.
    Global(ModuleId, GlobalId),
    /// The names of a module's variables, and from where it imports all names.
    Globals(ModuleId),
    /// The modules that a module's own code imports or imports from.
    Imports(ModuleId),
    /// The attributes of its object that a method binds.
    BoundOnSelf(CodeId),
    /// Which uses of an item may make a container, or text that grows.
    Makers(CodeId),
    /// Whether an item, or one nested in it, could not be parsed.
    Broken(CodeId),
    /// Whether the code of a file makes tasks.
    MakesTasks(ModuleId),
    /// The attributes that a class binds.
    Attributes(ClassId),
    /// What is done with a holder.
    Sites(Holder),
    /// What is done with attributes of a name on objects of unknown class.
    Unresolved(Symbol),
    /// The holders of a file.
    Holders(ModuleId),
    /// Where a function or class is used.
    References(CodeId),
    /// How often a method of a name is called on objects of unknown class.
    UnresolvedCalls(Symbol),
    /// What a function does with a parameter.
    Summary(CodeId, VarId),
    /// What an item acquires.
    Acquired(CodeId),
    /// The tasks of an item that nothing refers to.
    Dangling(CodeId),
}

impl Read {
    /// The item of whose facts this is a part.
    fn whole(self) -> Option<CodeId> {
        match self {
            Self::Bound(code, _) | Self::BoundOnSelf(code) | Self::Makers(code) => Some(code),
            _ => None,
        }
    }
}

#[derive(Default)]
struct Recorder {
    reads: FxHashSet<Read>,
    /// Most things are read several times in a row.
    last: Option<Read>,
}

thread_local! {
    static RECORDER: RefCell<Option<Recorder>> = const { RefCell::new(None) };
}

/// Notes that something is read, if somebody wants to know.
#[inline(never)]
pub(super) fn note(read: Read) {
    RECORDER.with_borrow_mut(|recorder| {
        let Some(recorder) = recorder else { return };
        if recorder.last.replace(read) == Some(read) {
            return;
        }
        let is_included = |code| recorder.reads.contains(&Read::Facts(code));
        if !read.whole().is_some_and(is_included) {
            recorder.reads.insert(read);
        }
    });
}

/// Works something out, with everything that is read for it on this thread, in order.
pub(super) fn record<T>(work: impl FnOnce() -> T) -> (T, Vec<Read>) {
    let around = Around(RECORDER.replace(Some(Recorder::default())));
    let result = work();
    let own = RECORDER.take().unwrap_or_default();
    drop(around);
    let mut reads: Vec<Read> = own.reads.into_iter().collect();
    reads.sort_unstable();
    (result, reads)
}

/// The recorder that is put back, also if the work fails.
struct Around(Option<Recorder>);

impl Drop for Around {
    fn drop(&mut self) {
        RECORDER.set(self.0.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_noted_for_whoever_asked_and_nobody_else() {
        let [a, b] = [1, 2].map(|module| Read::MakesTasks(ModuleId(module)));
        note(a);
        let ((), outer) = record(|| {
            note(b);
            let ((), inner) = record(|| note(a));
            assert_eq!(inner, [a]);
            note(b);
        });
        assert_eq!(outer, [b]);
        let failed = std::panic::catch_unwind(|| record(|| panic!("as a rule may")));
        assert!(failed.is_err());
        assert_eq!(record(|| note(a)).1, [a]);
    }
}
