//! Where the time of a keystroke goes: `cargo run --release --example keystroke -- FILE [ROUNDS]`.
//!
//! Inserts a character at the end of assignments all over the file and takes it out again, as somebody who
//! types would, and prints for each step the median and the 95th percentile over all edits, each edit by its
//! fastest round.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool for the terminal")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use leakwright_engine::{DocumentMapper, NoProgress, Owner, Workspace};
use leakwright_syntax::{Budget, Document, Parser, TextRange};

const STEPS: [&str; 5] = ["edit", "map", "judge", "answer", "tree"];

fn main() {
    let mut arguments = std::env::args().skip(1);
    let Some(path) = arguments.next().map(PathBuf::from) else {
        eprintln!("usage: keystroke FILE [ROUNDS]");
        return;
    };
    let rounds = arguments.next().and_then(|rounds| rounds.parse().ok()).unwrap_or(10);
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("{} cannot be read", path.display());
        return;
    };
    let best = replay(&path, &text, rounds);
    for (step, name) in STEPS.iter().enumerate() {
        let mut times: Vec<Duration> = best.iter().map(|times| times[step]).collect();
        times.sort();
        let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
        println!("{name:6} p50 {:>10.1?} p95 {:>10.1?} max {:>10.1?}", at(50), at(95), at(100));
    }
}

/// For each edit, the shortest time of each step.
fn replay(path: &Path, text: &str, rounds: usize) -> Vec<[Duration; 5]> {
    let mut parser = Parser::new();
    let mut document = Document::new(text);
    let mut mapper = DocumentMapper::default();
    let root = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let workspace = Workspace::new(root.clone());
    workspace.scan(&[], true, &NoProgress);
    let mut version = 0;
    let mut unfollowed = 0;
    let mut step = |document: &mut Document, range: TextRange, new: &str| -> Option<[Duration; 5]> {
        version += 1;
        let start = Instant::now();
        let before = document.text().clone();
        let change = document.replace(range, new);
        let edited = Instant::now();
        let follows = mapper.follow(&before, document.text(), change);
        let mapped = if follows {
            mapper.followed(document.text().clone(), version)
        } else {
            mapper.map(document.parse(&mut parser, Budget::BACKGROUND).ok()?, version)
        };
        let mapped_at = Instant::now();
        let (_, analysis) = workspace.follow(&root, Owner(1), &mapped);
        if analysis.is_none() {
            unfollowed += 1;
            let linked = workspace.link_live()?;
            workspace.judge(&linked, linked.module_at(&root)?);
        }
        let judged = Instant::now();
        drop(analysis);
        document.parse(&mut parser, Budget::BACKGROUND).ok()?;
        let parsed = Instant::now();
        Some([edited - start, mapped_at - edited, judged - mapped_at, judged - start, parsed - judged])
    };
    step(&mut document, TextRange::empty(0), "");
    let places = places(text);
    let mut best = vec![[Duration::MAX; 5]; places.len() * 2];
    for _ in 0..rounds {
        for (index, &at) in places.iter().enumerate() {
            for (half, (range, new)) in
                [(TextRange::empty(at), "x"), (TextRange::new(at, at + 1), "")].into_iter().enumerate()
            {
                let Some(times) = step(&mut document, range, new) else { continue };
                let known = &mut best[index * 2 + half];
                for (known, time) in known.iter_mut().zip(times) {
                    *known = (*known).min(time);
                }
            }
        }
    }
    if std::env::var_os("SLOWEST").is_some() {
        for (index, times) in best.iter().enumerate() {
            let line = text[..places[index / 2] as usize].lines().last().unwrap_or_default();
            if times[3] > Duration::from_micros(500) {
                eprintln!("{times:?} {line}");
            }
        }
    }
    eprintln!("{unfollowed} of {version} edits were linked anew");
    best
}

/// The ends of at most 60 lines that assign something in a function.
fn places(text: &str) -> Vec<u32> {
    let mut found = Vec::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end();
        let indent = content.len() - content.trim_start().len();
        let assigns = content.trim_start().split_once('=').is_some_and(|(left, right)| {
            let is_word = |text: &str| text.chars().all(|c| c.is_alphanumeric() || c == '_');
            !left.trim().is_empty()
                && is_word(left.trim())
                && right.trim_start().starts_with(|c| is_word(&String::from(c)))
        });
        if indent >= 4 && assigns {
            found.push(offset + content.len() as u32);
        }
        offset += line.len() as u32;
    }
    let step = (found.len() / 60).max(1);
    found.into_iter().step_by(step).take(60).collect()
}
