//! What Python code is lowered to. Blocks in order, one instruction a line.

mod control;
mod expressions;
mod names;

use expect_test::{Expect, expect};
use leakwright_syntax::{Budget, Parser};

use crate::FileFacts;

/// Checks the printed form of the last item of a file.
fn check(python: &str, expected: Expect) {
    check_item(python, usize::MAX, expected);
}

/// Checks the printed form of an item.
#[expect(clippy::needless_pass_by_value, reason = "reads better at the call")]
fn check_item(python: &str, index: usize, expected: Expect) {
    let tree = Parser::new().parse(python.into(), Budget::BATCH).unwrap();
    assert_eq!(tree.first_error(), None, "the example must parse");
    let file = FileFacts::map(&tree, None);
    let printed = file.items[index.min(file.items.len() - 1)].facts.to_string();
    expected.assert_eq(&printed);
    if let Some(definitions) = leakwright_syntax::definitions(python) {
        let direct = FileFacts::map_direct(&definitions, python, None);
        assert_eq!(direct.items[index.min(direct.items.len() - 1)].facts.to_string(), printed);
    }
}

#[test]
fn what_is_too_large_to_be_counted_is_set_aside_and_the_rest_is_not() {
    let many = |line: fn(usize) -> String| (0..70_000).map(line).collect::<String>();
    let bodies = [
        many(|_| "    f()\n".to_owned()),
        many(|n| format!("    global v{n}\n    v{n} = v{n}.a\n")),
        many(|_| "    g = lambda: [x for x in y]\n".to_owned()),
        many(|n| format!("    f('{n}')\n")),
    ];
    for body in bodies {
        let text = format!("import a\n@a.b\ndef big(p):\n{body}def small(p):\n    p.items.append(1)\n");
        let definitions = leakwright_syntax::definitions(&text).unwrap();
        let file = FileFacts::map_direct(&definitions, &text, None);
        let [module, big, small] = &*file.items else { panic!("three items") };
        assert!(!module.facts.has_error && !small.facts.has_error && big.facts.has_error);
        assert_eq!((big.facts.own_name(), big.facts.params.len()), ("big", 1));
        assert_eq!(big.facts.decorators.len(), 1);
    }
    let parameters = (0..70_000).map(|n| format!("p{n}, ")).collect::<String>();
    let text = format!("def big({parameters}):\n    pass\n");
    let definitions = leakwright_syntax::definitions(&text).unwrap();
    assert!(FileFacts::map_direct(&definitions, &text, None).items[1].facts.has_error);
}

#[test]
fn the_end_of_a_long_table_of_literals_says_nothing_new() {
    let table = (0..600).map(|n| format!("({n}, 'a'), ")).collect::<String>();
    let text = format!("table = [{table}open('x')]\n");
    let definitions = leakwright_syntax::definitions(&text).unwrap();
    let facts = &FileFacts::map_direct(&definitions, &text, None).items[0].facts;
    assert!(facts.body.insts.len() < 3 * 600);
    assert!(facts.names.find("open").is_some(), "what is no literal is seen");
}
