//! Compares the two ways to flat trees over files: `cargo run --release --example definitions -- PATH...`.
//!
//! Prints which files cannot take the short way and where that shows, where the trees of a file differ, and how
//! long each way took.

#![expect(clippy::print_stdout, reason = "a tool for the terminal")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use leakwright_syntax::{
    Budget, Definitions, FlatNode, FlatTree, Kind, Node, Parser, Tree, decode, definitions, doubtful_place,
};

fn main() {
    let mut files = Vec::new();
    std::env::args().skip(1).for_each(|path| collect(Path::new(&path), &mut files));
    let mut parser = Parser::new();
    let (mut direct, mut given_up, mut different, mut skipped) = (0, 0, 0, 0);
    let (mut long, mut short) = (Duration::ZERO, Duration::ZERO);
    for file in &files {
        let Some(text) = std::fs::read(file).ok().and_then(|bytes| decode(&bytes).ok()) else { continue };
        let start = Instant::now();
        let Ok(tree) = parser.parse(text.text.as_str().into(), Budget::BATCH) else {
            skipped += 1;
            continue;
        };
        long += start.elapsed();
        let start = Instant::now();
        let found = definitions(&text.text);
        short += start.elapsed();
        match found {
            Some(found) => {
                direct += 1;
                if let Some(line) = difference(&tree, &found, &text.text) {
                    different += 1;
                    println!("{}: {line}", file.display());
                }
            }
            None => {
                given_up += 1;
                let at = doubtful_place(&text.text).unwrap_or_default() as usize;
                let line = 1 + text.text[..at].matches('\n').count();
                let source = text.text.lines().nth(line - 1).unwrap_or_default().trim();
                println!("{}:{line}: given up: {source}", file.display());
            }
        }
    }
    println!("{direct} files direct, {given_up} given up, {different} different, {skipped} skipped");
    println!("parsing {:.2} s, direct {:.2} s", long.as_secs_f64(), short.as_secs_f64());
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    if path.is_dir() {
        let mut inner: Vec<PathBuf> =
            std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        inner.sort();
        for path in inner {
            collect(&path, files);
        }
    } else if path.extension().is_some_and(|ending| ending == "py") {
        files.push(path.to_owned());
    }
}

/// The first difference between the trees of the definitions of a file.
fn difference(tree: &Tree, found: &Definitions, text: &str) -> Option<String> {
    let is_inner = |node: &Node<'_>| node.parent().is_some_and(|parent| parent.kind() == Kind::Decorated);
    let nodes: Vec<Node<'_>> = std::iter::once(tree.root())
        .chain(tree.root().descendants().filter(|node| node.kind().is_definition() && !is_inner(node)))
        .collect();
    if nodes.len() != found.items.len() {
        return Some(format!("{} definitions, not {}", found.items.len(), nodes.len()));
    }
    nodes.iter().zip(&found.items).find_map(|(node, own)| {
        let flat = FlatTree::new(*node);
        let (expected, own) = (lines(flat.root()?), lines(own.tree.root()?));
        let at = expected.iter().zip(&own).position(|(a, b)| a != b);
        let at = at.or((expected.len() != own.len()).then(|| expected.len().min(own.len())))?;
        let show = |lines: &[(String, std::ops::Range<usize>)]| {
            let around = lines[at.saturating_sub(3)..].iter().take(6);
            around
                .map(|(node, range)| {
                    let source: String = text[range.clone()].chars().take(50).collect();
                    format!("    {node} {range:?} {source:?}\n")
                })
                .collect::<String>()
        };
        Some(format!("\n  expected\n{}  got\n{}", show(&expected), show(&own)))
    })
}

fn lines(root: FlatNode<'_>) -> Vec<(String, std::ops::Range<usize>)> {
    let mut found = Vec::new();
    let mut pending = vec![(root, 0)];
    while let Some((node, depth)) = pending.pop() {
        let range = node.range();
        let name = format!("{}{:?}:{:?}", " ".repeat(depth), node.role(), node.kind());
        found.push((name, range.start as usize..range.end as usize));
        let parts: Vec<FlatNode<'_>> = node.children().collect();
        pending.extend(parts.into_iter().rev().map(|part| (part, depth + 1)));
    }
    found
}
