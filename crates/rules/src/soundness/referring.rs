//! What was looked at of arrays, references and threads, and why it is sound.

use std::collections::BTreeMap;

use leakwright_analysis::growth::{self, ArrayReason};
use leakwright_analysis::reference::{self, CaptureReason, CycleReason, TemporaryReason, TracebackReason};
use leakwright_analysis::subscription::{self, CallbackReason};
use leakwright_analysis::tasks::{self, ThreadReason};
use leakwright_syntax::TextRange;

use super::{Examined, Sound};
use crate::checklist::Question;
use crate::context::Context;

/// What analyses say of a place.
type Place<Leak, Reason> = leakwright_analysis::Examined<Leak, Reason>;

pub(super) fn arrays(context: &Context<'_>) -> Vec<Examined> {
    let found = growth::examined_arrays(context.project, context.items());
    told(context, Question::Arrays, "array", &found, |reason| match reason {
        ArrayReason::Once => "it is not enlarged in code that repeats",
        ArrayReason::Fresh => "each round begins with another one",
        ArrayReason::Limited => "the rounds are few, or end when it is long enough",
        ArrayReason::Cut => "it is cut down, measured against a limit or replaced",
        ArrayReason::Broken => "code around it could not be parsed",
        ArrayReason::ShortLived => "objects that hold it are few, or go with the work",
    })
}

pub(super) fn cycles(context: &Context<'_>) -> Vec<Examined> {
    let found = reference::examined_cycles(context.project, context.items());
    told(context, Question::Cycles, "possible cycle", &found, |reason| match reason {
        CycleReason::OneWay => "there is no reference back",
        CycleReason::HoldsLittle => "nothing of size hangs on it",
        CycleReason::Running => "a task drops its callbacks when it ends",
        CycleReason::OnClass => "it is on a class, which stays anyway",
        CycleReason::PutBack => "the attribute gets something else again",
        CycleReason::Property => "a property may refer weakly",
    })
}

pub(super) fn callbacks(context: &Context<'_>) -> Vec<Examined> {
    let words = |reason| match reason {
        CallbackReason::Weak => "it is held weakly, or called once",
        CallbackReason::Once => "it is handed over once",
        CallbackReason::Handle => "what the call gives takes it back",
        CallbackReason::TakenBack => "it is taken back",
        CallbackReason::Few => "what keeps it goes with the object, or the objects are few",
        CallbackReason::Looked => "the function looks first at what is registered",
    };
    let own = subscription::examined(context.project, context.items());
    let mut found = told(context, Question::Callbacks, "callback", &own, words);
    let repeated = subscription::examined_repeated(context.project, context.items());
    // One place is looked at in two ways; it leaks if it does in one of them.
    let mut seen: BTreeMap<TextRange, usize> =
        own.iter().enumerate().map(|(index, place)| (range(context, place), index)).collect();
    for (place, examined) in
        repeated.iter().zip(told(context, Question::Callbacks, "callback", &repeated, words))
    {
        match seen.get(&range(context, place)) {
            Some(known) if examined.sound.is_none() => found[*known] = examined,
            Some(_) => {}
            None => {
                seen.insert(range(context, place), found.len());
                found.push(examined);
            }
        }
    }
    found
}

pub(super) fn closures(context: &Context<'_>) -> Vec<Examined> {
    let found = reference::examined_captures(context.project, context.items());
    told(context, Question::Closures, "closure", &found, |reason| match reason {
        CaptureReason::Small => "it uses nothing of which it is known that it is large",
        CaptureReason::Needed => "it needs all of what it holds",
    })
}

pub(super) fn temporaries(context: &Context<'_>) -> Vec<Examined> {
    let found = reference::examined_temporaries(context.project, context.items());
    told(context, Question::GlobalTemporaries, "large value", &found, |reason| match reason {
        TemporaryReason::Used => "other code uses it, or the function empties it or looks at it first",
        TemporaryReason::Once => "the function does not run again and again",
    })
}

pub(super) fn tracebacks(context: &Context<'_>) -> Vec<Examined> {
    let mut found = reference::examined_tracebacks(context.project, context.items());
    // A list of exceptions that only grows is looked at as that.
    found.retain(|place| place.verdict.as_ref().map_or(true, |leak| !context.grows_at(leak.code, leak.at)));
    told(context, Question::Tracebacks, "exception", &found, |reason| match reason {
        TracebackReason::Cleared => "its traceback is dropped",
        TracebackReason::LetGo => "it is let go of: deleted, replaced or reset",
        TracebackReason::NotHandled => "no exception is being handled there",
        TracebackReason::Meant => "an exception or a library has a place for it",
        TracebackReason::ShortLived => "the record that holds it goes with the call",
        TracebackReason::Weak => "it is referred to weakly",
    })
}

pub(super) fn threads(context: &Context<'_>) -> Vec<Examined> {
    let timers = tasks::rearmed_timers(context.project, context.module, context.items());
    let is_timer = |place: &Place<_, _>| {
        timers.iter().any(|timer| timer.made.code == place.code && Some(timer.made.value) == place.at)
    };
    let found = tasks::examined_threads(context.project, context.module, context.items());
    let mut examined = told(context, Question::Threads, "thread", &found, |reason| match reason {
        ThreadReason::NotStarted => "it is not started where it is made",
        ThreadReason::NotInView => "what it runs is not in view",
        ThreadReason::Ends => "what it runs comes to an end",
        ThreadReason::Handled => "it is joined, told to end, or handed on",
        ThreadReason::Interrupted => "it ends when what it reads from is closed",
        ThreadReason::InProcess => "it ends with the process that it runs in",
        ThreadReason::Few => "it is started once, or told to end where its object is closed",
    });
    for (place, examined) in found.iter().zip(&mut examined) {
        if is_timer(place) {
            examined.sound = None;
        }
    }
    examined
}

/// The answers to a question, for each place that was looked at.
fn told<Leak, Reason: Copy>(
    context: &Context<'_>,
    question: Question,
    what: &str,
    found: &[Place<Leak, Reason>],
    words: impl Fn(Reason) -> &'static str,
) -> Vec<Examined> {
    let one = |place: &Place<Leak, Reason>| {
        let sound = place.verdict.as_ref().err().map(|reason| Sound {
            range: range(context, place),
            what: what.to_owned(),
            reason: words(*reason).to_owned(),
            shown: None,
        });
        Examined { question, sound }
    };
    found.iter().map(one).collect()
}

/// Where a place is: a value, or the name of an item.
fn range<Leak, Reason>(context: &Context<'_>, place: &Place<Leak, Reason>) -> TextRange {
    let file = context.project.file(place.code.module);
    match place.at {
        Some(at) => file.value_range(place.code.item, at),
        None => file.range(place.code.item, context.project.facts(place.code).name_range),
    }
}
