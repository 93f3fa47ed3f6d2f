//! Flat trees that are made without a concrete one are those that are copied from it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use leakwright_syntax::{Budget, FlatTree, Kind, Node, Parser, decode, definitions};
use leakwright_testkit::{Random, python};

/// Whether the short way is open to a text, after checking that it leads to where the long one does.
fn check(parser: &mut Parser, text: &str, path: &Path) -> bool {
    let Some(found) = definitions(text) else { return false };
    let tree = parser.parse(text.into(), Budget::BATCH).unwrap();
    let shown = |at: u32| format!("{}, byte {at} of:\n{text}", path.display());
    assert_eq!(tree.first_error(), None, "{}", shown(0));
    let is_inner = |node: &Node<'_>| node.parent().is_some_and(|parent| parent.kind() == Kind::Decorated);
    let nodes: Vec<Node<'_>> = std::iter::once(tree.root())
        .chain(tree.root().descendants().filter(|node| node.kind().is_definition() && !is_inner(node)))
        .collect();
    assert_eq!(nodes.len(), found.items.len(), "{}", shown(0));
    for (node, own) in nodes.iter().zip(&found.items) {
        assert!(FlatTree::new(*node) == own.tree, "{}", shown(own.range.start));
    }
    for comment in &found.comments {
        assert_eq!(tree.root().covering(*comment).unwrap().kind(), Kind::Comment, "{}", shown(comment.start));
    }
    true
}

fn python_files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("site-packages") {
            python_files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "py") {
            found.push(path);
        }
    }
}

fn standard_library() -> Vec<(PathBuf, String)> {
    let Some(python) = python() else { return Vec::new() };
    let mut files = Vec::new();
    python_files(&python.standard_library(), &mut files);
    files.sort();
    let read = |path: PathBuf| Some((path.clone(), decode(&std::fs::read(&path).ok()?).ok()?.text));
    files.into_iter().filter_map(read).collect()
}

#[test]
fn both_ways_give_the_same_trees_of_the_standard_library() {
    let mut parser = Parser::new();
    let files = standard_library();
    let sample: Vec<_> = files.iter().step_by(3).collect();
    let short = sample.iter().filter(|(path, text)| check(&mut parser, text, path)).count();
    assert!(short * 100 >= sample.len() * 95, "{short} of {} files", sample.len());
}

#[test]
fn what_is_not_python_is_left_to_the_parser() {
    let mut parser = Parser::new();
    let mut random = Random::new(7);
    for (path, text) in standard_library() {
        let excerpt = damaged(&text, &mut random);
        check(&mut parser, &excerpt, &path);
    }
}

/// Some lines of a text, one or another of them cut, doubled, moved, or with something put into it.
fn damaged(text: &str, random: &mut Random) -> String {
    const PUT: [&str; 20] = [
        "(",
        ")",
        "*",
        ":",
        ",",
        "=",
        "\"",
        "lambda x: ",
        "not ",
        "await ",
        "print ",
        "\n",
        "{",
        "]",
        ".",
        "if ",
        " for x in ",
        "async ",
        "# c",
        "\\\n",
    ];
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let from = random.below(lines.len());
    let is_outer = |line: &&str| line.starts_with(|c: char| c.is_ascii_alphabetic() || c == '@');
    let first = from + lines[from..].iter().position(is_outer).unwrap_or(0);
    let mut damaged = String::new();
    for line in lines.iter().skip(first).take(40) {
        let at = random.below(line.len());
        match random.below(100) {
            0 => {}
            1 => damaged.extend([*line, *line]),
            2 => damaged.extend([" ", *line]),
            3 => damaged += line.trim_start_matches("    "),
            4 if line.is_char_boundary(at + 1) && line.is_char_boundary(at) => {
                damaged.extend([&line[..at], &line[at + 1..]]);
            }
            5 if line.is_char_boundary(at) => {
                damaged.extend([&line[..at], *random.pick(&PUT), &line[at..]]);
            }
            _ => damaged += line,
        }
    }
    damaged
}
