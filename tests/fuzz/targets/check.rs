//! No bytes make a check fail by a fault of its own.

#![no_main]

use leakwright_engine::{Input, NoProgress, Options, Problem, check};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let input = Input::Texts(vec![("fuzzed.py".into(), bytes.to_vec())]);
    let checked = check(&input, &Options::default(), &NoProgress);
    let fault = checked.errors.iter().find(|error| matches!(error.problem, Problem::Internal(..)));
    assert!(fault.is_none(), "{fault:?}");
});
