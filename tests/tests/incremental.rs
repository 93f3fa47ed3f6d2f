//! Facts that are kept through edits are the facts of the text as it is now.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use leakwright_analysis::FileFacts;
use leakwright_analysis::project::{Holder, Module, Part, Project};
use leakwright_catalogue::Catalogue;
use leakwright_engine::{DocumentMapper, Input, NoProgress, Options, Problem, check};
use leakwright_rules::{Context, Finding, RuleId, Settings};
use leakwright_syntax::{Budget, Document, Parser, Replaced, TextRange};
use leakwright_testkit::{Random, python, repository};

const SEED: u64 = 20_261_121;

/// What random programs are made of.
const PIECES: [&str; 44] = [
    "def ",
    "class ",
    "async ",
    "lambda ",
    "return ",
    "yield ",
    "await ",
    "with ",
    "open(",
    "as ",
    "for ",
    "in ",
    "while ",
    "True",
    "if ",
    "else:",
    "try:",
    "except ",
    "finally:",
    "match ",
    "case ",
    "_",
    "self",
    ".x",
    "[",
    "]",
    "{",
    "}",
    "(",
    ")",
    ":",
    ":=",
    "=",
    ",",
    "\n",
    "\n    ",
    "\n\t",
    "\r\n",
    "'",
    "\"\"\"",
    "f'{",
    "#",
    "\u{1F40D}",
    "global ",
];

fn files() -> Vec<String> {
    let own = ["02_message_queue_leak.py", "15_store_connections_sound.py", "17_closure_and_global_leak.py"];
    let mut texts: Vec<String> = own
        .iter()
        .map(|name| std::fs::read_to_string(repository().join("tests/patterns").join(name)).unwrap())
        .collect();
    if let Some(python) = python() {
        let names = ["queue.py", "contextlib.py", "sched.py", "asyncio/locks.py", "idlelib/debugger_r.py"];
        let library = python.standard_library();
        texts.extend(names.iter().map(|name| std::fs::read_to_string(library.join(name)).unwrap()));
    }
    texts
}

fn char_boundary(text: &str, mut offset: usize) -> usize {
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// Replaces some characters by a random piece, or by another part of the same text.
fn edit(document: &mut Document, random: &mut Random) -> Replaced {
    let text = document.text().to_string();
    let start = char_boundary(&text, random.below(text.len() + 1));
    let length = if random.below(2) == 0 { random.below(60) } else { 0 };
    let end = char_boundary(&text, (start + length).min(text.len())).max(start);
    let new = if random.below(3) == 0 {
        let line = random.below(text.lines().count().max(1));
        text.lines().nth(line).map_or_else(String::new, |line| format!("\n{line}\n"))
    } else {
        (*random.pick(&PIECES)).to_owned()
    };
    document.replace(TextRange::new(start as u32, end as u32), &new)
}

fn assert_same(kept: &FileFacts, fresh: &FileFacts, text: &str) {
    assert!(kept.is_same(fresh), "items differ in:\n{text}");
    for id in fresh.ids() {
        let (kept, fresh) = (kept.facts(id).to_string(), fresh.facts(id).to_string());
        assert_eq!(kept, fresh, "facts differ in:\n{text}");
    }
}

#[test]
fn facts_kept_through_edits_are_those_of_a_fresh_map() {
    let mut random = Random::new(SEED);
    let mut parser = Parser::new();
    let mut compared = 0;
    for text in files() {
        let mut document = Document::new(&text);
        let mut kept = FileFacts::map(&document.parse(&mut parser, Budget::BATCH).unwrap(), None);
        for _ in 0..250 {
            for _ in 0..=random.below(3) {
                edit(&mut document, &mut random);
            }
            let tree = document.parse(&mut parser, Budget::BATCH).unwrap();
            kept = FileFacts::map(&tree, Some(&kept));
            let fresh = parser.parse(tree.shared_text(), Budget::BATCH).unwrap();
            if fresh.root().has_error() {
                // Back to a text that parses, as people come back to it, by one more edit.
                if random.below(2) == 0 {
                    let whole = TextRange::new(0, document.text().to_string().len() as u32);
                    document.replace(whole, &text);
                }
            } else {
                assert_same(&kept, &FileFacts::map(&fresh, None), fresh.text());
                compared += 1;
            }
        }
    }
    assert!(compared > 200, "{compared}");
}

#[test]
fn facts_that_follow_edits_without_a_tree_are_those_of_a_fresh_map() {
    let mut random = Random::new(SEED);
    let mut parser = Parser::new();
    let (mut followed, mut broken, mut misjudged) = (0, 0, 0);
    for text in files() {
        let mut document = Document::new(&text);
        let mut mapper = DocumentMapper::default();
        mapper.map(document.parse(&mut parser, Budget::BATCH).unwrap(), 0);
        let mut undo: Option<(TextRange, String)> = None;
        for version in 1..1200 {
            let before = document.text().clone();
            let change = match undo.take() {
                // What somebody types is on its way to something that parses.
                Some((range, old)) => document.replace(range, &old),
                None => {
                    let change = edit(&mut document, &mut random);
                    undo = (random.below(2) == 0).then(|| (change.new_range(), before.slice(change.range)));
                    change
                }
            };
            let follows = mapper.follow(&before, document.text(), change);
            let fresh = parser.parse(document.text().into(), Budget::BATCH).unwrap();
            let has_error = fresh.root().has_error();
            if !follows {
                mapper.map(fresh, version);
                if has_error {
                    // Nothing is followed from here on.
                    let end = document.text().len();
                    document.replace(TextRange::new(0, end), &text);
                    mapper.map(document.parse(&mut parser, Budget::BATCH).unwrap(), version);
                    undo = None;
                }
                continue;
            }
            let mapped = mapper.followed(document.text().clone(), version);
            match (mapped.is_outdated(), has_error) {
                (true, true) => broken += 1,
                (false, false) => {
                    assert_same(mapped.facts(), &FileFacts::map(&fresh, None), fresh.text());
                    followed += 1;
                }
                _ => {
                    misjudged += 1;
                    mapper.map(fresh, version);
                }
            }
        }
    }
    assert!(followed > 1000 && broken > 1000, "{followed} {broken}");
    assert!(misjudged * 100 < followed + broken, "{misjudged} of {}", followed + broken);
}

#[test]
fn nothing_is_followed_from_facts_of_another_text() {
    let mut document = Document::new("def f():\n    x = 1\n");
    let mut mapper = DocumentMapper::default();
    mapper.map(document.parse(&mut Parser::new(), Budget::BATCH).unwrap(), 1);
    let type_x = |document: &mut Document, mapper: &mut DocumentMapper| {
        let before = document.text().clone();
        let change = document.replace(TextRange::empty(18), "0");
        mapper.follow(&before, document.text(), change)
    };
    assert!(type_x(&mut document, &mut mapper));
    // The text is replaced, and edited before anybody came to map it.
    document = Document::new("def g():\n    y = 2\n");
    assert!(!mapper.lose() && !type_x(&mut document, &mut mapper));
    mapper.map(document.parse(&mut Parser::new(), Budget::BATCH).unwrap(), 4);
    assert!(type_x(&mut document, &mut mapper));
}

#[test]
fn what_is_found_in_a_file_is_what_is_found_in_its_parts() {
    let mut parser = Parser::new();
    let modules = files().into_iter().enumerate().map(|(index, text)| {
        let tree = parser.parse(text.as_str().into(), Budget::BATCH).unwrap();
        let (name, facts) = (format!("m{index}"), Arc::new(FileFacts::map(&tree, None)));
        Module { name, is_package: false, is_test: false, facts }
    });
    let project = Project::link(modules.collect(), Catalogue::builtin());
    let rules: Vec<RuleId> = RuleId::all().collect();
    let settings = Settings::default();
    let mut count = 0;
    for (module, _) in project.modules() {
        let whole = leakwright_rules::check(&Context::new(&project, module, &settings), &rules).findings;
        let items = project.items(module).map(Part::Item);
        let holders = project.holders(module).iter().filter(|holder| !matches!(holder, Holder::Local { .. }));
        let mut found: Vec<Finding> = items
            .chain(holders.copied().map(Part::Holder))
            .map(|part| Context::new(&project, module, &settings).of(part))
            .flat_map(|context| leakwright_rules::check(&context, &rules).findings)
            .collect();
        found.sort_by(leakwright_rules::order);
        assert_eq!(format!("{whole:#?}"), format!("{found:#?}"));
        count += whole.len();
    }
    assert!(count > 5, "{count}");
}

#[test]
fn no_text_makes_the_analysis_panic() {
    let mut random = Random::new(SEED);
    let mut texts: Vec<String> = (0..1500)
        .map(|_| (0..random.below(120)).map(|_| *random.pick(&PIECES)).collect::<Vec<_>>().concat())
        .collect();
    // Parts of real files, cut anywhere.
    for text in files() {
        for _ in 0..60 {
            let from = char_boundary(&text, random.below(text.len()));
            let to = char_boundary(&text, random.below(text.len())).max(from);
            texts.push(text[from..to].to_owned());
        }
    }
    let count = texts.len();
    let inputs =
        texts.into_iter().enumerate().map(|(index, text)| (format!("m{index}.py").into(), text.into()));
    let checked = check(&Input::Texts(inputs.collect()), &Options::default(), &NoProgress);
    let internal: Vec<_> =
        checked.errors.iter().filter(|error| matches!(error.problem, Problem::Internal(..))).collect();
    assert!(internal.is_empty(), "{internal:?}");
    assert!(count > 1500, "{count}");
}
