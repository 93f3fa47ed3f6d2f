//! Where the time of a run goes: `cargo run --release --example phases -- DIRECTORY`.
//!
//! Prints seconds of wall time on all processors: reading and parsing alone, a whole run, and the part of it
//! that follows resources, which runs on one processor, with the function that takes longest.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool for the terminal")]

use std::path::PathBuf;
use std::time::Instant;

use leakwright_analysis::obligation;
use leakwright_engine::{Configurations, Input, NoProgress, Options, check, discover, pool};
use leakwright_syntax::{Budget, Document, Parser};
use rayon::prelude::*;

fn main() {
    let Some(directory) = std::env::args().nth(1).map(PathBuf::from) else {
        eprintln!("usage: phases DIRECTORY");
        return;
    };
    let found = discover(std::slice::from_ref(&directory), &Configurations::default());
    let start = Instant::now();
    let parsed = pool().install(|| {
        let files = found.files.par_iter();
        files.filter(|file| parses(&file.path)).count()
    });
    let parse = start.elapsed();
    println!("{parsed} files of {} parsed in {:.2} s", found.files.len(), parse.as_secs_f64());

    let start = Instant::now();
    let checked = check(&Input::Paths(vec![directory]), &Options::default(), &NoProgress);
    println!("checked in {:.2} s", start.elapsed().as_secs_f64());
    let timing = obligation::timing(&checked.project);
    let share = timing.total.as_secs_f64() / parse.as_secs_f64();
    println!("resources followed in {:.2} s, {:.0} % of parsing", timing.total.as_secs_f64(), share * 100.0);
    if let Some((code, time)) = timing.slowest {
        let module = checked.project.module(code.module);
        let name = module.facts.dotted_name(code.item);
        println!("longest: {} {name}, {:.1} ms", module.name, time.as_secs_f64() * 1000.0);
    }
}

/// Whether a file can be read and parsed.
fn parses(path: &std::path::Path) -> bool {
    let Ok(bytes) = std::fs::read(path) else { return false };
    let Ok(text) = String::from_utf8(bytes) else { return false };
    Document::new(&text).parse(&mut Parser::new(), Budget::BACKGROUND).is_ok()
}
