//! Facts that follow edits are those of a fresh map, whenever the fresh tree has no error.
//!
//! The input is a text, and its bytes say as well what is edited: pieces of the text take the place of others.

#![no_main]

use leakwright_analysis::FileFacts;
use leakwright_engine::DocumentMapper;
use leakwright_syntax::{Budget, Document, Parser, TextRange};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut parser = Parser::new();
    let mut document = Document::new(text);
    let Ok(tree) = document.parse(&mut parser, Budget::BATCH) else { return };
    let mut mapper = DocumentMapper::default();
    mapper.map(tree, 0);
    for (version, numbers) in bytes.chunks_exact(4).take(24).enumerate() {
        let now = document.text().to_string();
        let place = |high: u8, low: u8| {
            let mut at = (usize::from(high) << 8 | usize::from(low)) % (now.len() + 1);
            while !now.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        // A piece of the text, a line at most, takes the place of another.
        let (from, to) = (place(numbers[0], numbers[1]), place(numbers[2], numbers[3]));
        let piece = now[to..].split_inclusive('\n').next().unwrap_or_default();
        let mut end = (from + usize::from(numbers[3] % 7)).min(now.len());
        while !now.is_char_boundary(end) {
            end -= 1;
        }
        let before = document.text().clone();
        let change = document.replace(TextRange::new(from as u32, end.max(from) as u32), piece);
        let follows = mapper.follow(&before, document.text(), change);
        let Ok(fresh) = parser.parse(document.text().into(), Budget::BATCH) else { return };
        let has_error = fresh.root().has_error();
        let mapped = if follows {
            let followed = mapper.followed(document.text().clone(), version as i32);
            // What the tree says otherwise is mapped with it, as the server does.
            if followed.is_outdated() == has_error { followed } else { mapper.map(fresh.clone(), 0) }
        } else {
            let Ok(kept) = document.parse(&mut parser, Budget::BATCH) else { return };
            mapper.map(kept, version as i32)
        };
        if !has_error {
            let fresh = FileFacts::map(&fresh, None);
            assert!(mapped.facts().is_same(&fresh));
            for id in fresh.ids() {
                assert_eq!(mapped.facts().facts(id).to_string(), fresh.facts(id).to_string());
            }
        }
    }
});
