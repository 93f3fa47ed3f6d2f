//! Hashes the code that answers are written by: those that another build kept are not shown.

include!("../engine/sources.rs");

fn main() {
    println!("cargo::rustc-env=LEAKWRIGHT_WORDS={:032x}", hash_of(&["../report", "."]));
}
