//! What each stage costs: `cargo bench --package leakwright-engine`, or with `-- map` one of them.
//!
//! The text is made, so that every machine measures the same: classes with containers that grow and are emptied,
//! files that are closed and some that are not.

use std::hint::black_box;
use std::sync::Arc;

use divan::Bencher;
use divan::counter::BytesCount;
use leakwright_analysis::FileFacts;
use leakwright_analysis::project::{Module, ModuleId, Project};
use leakwright_catalogue::Catalogue;
use leakwright_engine::DocumentMapper;
use leakwright_rules::{Context, RuleId, Settings};
use leakwright_syntax::{Budget, Document, Parser, TextRange, Tree, definitions};

/// Classes in the text.
const CLASSES: [usize; 2] = [20, 200];

fn main() {
    divan::main();
}

fn text(classes: usize) -> String {
    let class = |index: usize| {
        format!(
            "\nclass Queue{index}(Base):\n    limit = {index}\n\n    def __init__(self, path):\n        self.messages = []\n        self.by_name = {{}}\n        self.path = path\n\n    def add(self, name, message):\n        if name not in self.by_name:\n            self.by_name[name] = len(self.messages)\n        self.messages.append(message)\n        return self.read(name)\n\n    def drain(self):\n        self.messages.clear()\n\n    def read(self, name):\n        handle = open(self.path)\n        try:\n            return [line for line in handle if line.startswith(name)]\n        finally:\n            handle.close()\n"
        )
    };
    std::iter::once("class Base:\n    pass\n".to_owned()).chain((0..classes).map(class)).collect()
}

fn tree(text: &str) -> Option<Tree> {
    Parser::new().parse(text.into(), Budget::BATCH).ok()
}

fn project(text: &str) -> Option<Project> {
    let facts = Arc::new(FileFacts::map(&tree(text)?, None));
    let module = Module { name: "queues".to_owned(), is_package: false, is_test: false, facts };
    Some(Project::link(vec![module], Catalogue::builtin()))
}

#[divan::bench(args = CLASSES)]
fn parse(bencher: Bencher<'_, '_>, classes: usize) {
    let text = text(classes);
    bencher.counter(BytesCount::of_str(&text)).bench(|| tree(black_box(&text)));
}

#[divan::bench(args = CLASSES)]
fn map(bencher: Bencher<'_, '_>, classes: usize) {
    let text = text(classes);
    let map = || Some(FileFacts::map_direct(&definitions(black_box(&text))?, &text, None));
    bencher.counter(BytesCount::of_str(&text)).bench(map);
}

#[divan::bench(args = CLASSES)]
fn link(bencher: Bencher<'_, '_>, classes: usize) {
    let text = text(classes);
    bencher.with_inputs(|| tree(&text).map(|tree| Arc::new(FileFacts::map(&tree, None)))).bench_values(
        |facts| {
            let module =
                Module { name: "queues".to_owned(), is_package: false, is_test: false, facts: facts? };
            Some(Project::link(vec![module], Catalogue::builtin()))
        },
    );
}

#[divan::bench(args = CLASSES)]
fn judge(bencher: Bencher<'_, '_>, classes: usize) {
    let project = project(&text(classes));
    let (rules, settings): (Vec<RuleId>, _) = (RuleId::all().collect(), Settings::default());
    bencher.bench(|| {
        let context = Context::new(black_box(project.as_ref()?), ModuleId(0), &settings);
        Some(leakwright_rules::check(&context, &rules).findings.len())
    });
}

/// A character in the last function, followed without a tree.
#[divan::bench(args = CLASSES)]
fn follow(bencher: Bencher<'_, '_>, classes: usize) {
    let text = text(classes);
    let at = text.rfind("handle.close()").unwrap_or_default() as u32;
    let mut document = Document::new(&text);
    let mut mapper = DocumentMapper::default();
    let mut parser = Parser::new();
    if let Ok(tree) = document.parse(&mut parser, Budget::BATCH) {
        mapper.map(tree, 0);
    }
    bencher.bench_local(|| {
        for (range, new) in [(TextRange::empty(at), "x"), (TextRange::new(at, at + 1), "")] {
            let before = document.text().clone();
            let change = document.replace(range, new);
            assert!(mapper.follow(&before, document.text(), change), "it is in one function");
        }
    });
}

/// The same, with the tree.
#[divan::bench(args = CLASSES)]
fn reparse(bencher: Bencher<'_, '_>, classes: usize) {
    let text = text(classes);
    let at = text.rfind("handle.close()").unwrap_or_default() as u32;
    let mut document = Document::new(&text);
    let mut parser = Parser::new();
    bencher.bench_local(|| {
        for (range, new) in [(TextRange::empty(at), "x"), (TextRange::new(at, at + 1), "")] {
            document.replace(range, new);
            black_box(document.parse(&mut parser, Budget::BACKGROUND).is_ok());
        }
    });
}
