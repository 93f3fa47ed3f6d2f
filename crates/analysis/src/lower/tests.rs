//! What Python code is lowered to. Blocks in order, one instruction a line.

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
fn attributes_calls_and_constants() {
    check(
        "self.items.append(f'{x!r:>{w}}', n=-1, *a)\n",
        expect![[r#"
        b0:
            %0 = free self
            %1 = %0.items
            %2 = %1.append
            %3 = free x
            %4 = free w
            %5 = format(%3, %4)
            %6 = 1
            %7 = -1
            %8 = free a
            %9 = call %2(%5, n=%7, *%8)
            leave
        b1:
            leave
    "#]],
    );
}

#[test]
fn assignment_goes_right_to_left_and_takes_values_apart() {
    check(
        "a, (b.c, *d[0]) = e = f\n",
        expect![[r#"
        b0:
            %0 = free f
            %1 = %0 part 0
            %2 = a := %1
            %3 = %0 part 1
            %4 = %3 part 0
            %5 = free b
            %6 = %5.c := %4
            %7 = %3 rest
            %8 = free d
            %9 = 0
            %10 = %8[%9] := %7
            %11 = e := %0
            leave
        b1:
            leave
    "#]],
    );
}

#[test]
fn targets_take_the_elements_of_a_display_directly() {
    check(
        "a, b.c = b.c, []\n",
        expect![[r#"
        b0:
            %0 = free b
            %1 = %0.c
            %2 = List()
            %3 = Tuple(%1, %2)
            %4 = a := %1
            %5 = free b
            %6 = %5.c := %2
            leave
        b1:
            leave
    "#]],
    );
}

#[test]
fn augmented_assignment_reads_its_place_once() {
    check(
        "a.b[f()] += 1\nx |= y\n",
        expect![[r#"
        b0:
            %0 = free a
            %1 = %0.b
            %2 = free f
            %3 = call %2()
            %4 = %1[%3]
            %5 = 1
            %6 = in-place Add(%4, %5)
            %7 = %1[%3] := %6
            %8 = x
            %9 = free y
            %10 = in-place Or(%8, %9)
            %11 = x := %10
            leave
        b1:
            leave
    "#]],
    );
}

#[test]
fn conditions_take_short_cuts() {
    check(
        "if a and not b or c:\n    x\nelif d:\n    y\n",
        expect![[r#"
        b0:
            %0 = free a
            if %0 goto b6 else b5
        b1:
            leave
        b2:
            leave
        b3:
            %3 = free x
            goto b2
        b4:
            %4 = free d
            if %4 goto b7 else b8
        b5:
            %2 = free c
            if %2 goto b3 else b4
        b6:
            %1 = free b
            if %1 goto b5 else b3
        b7:
            %5 = free y
            goto b2
        b8:
            goto b2
    "#]],
    );
}

#[test]
fn values_of_conditions_are_merged() {
    check(
        "x = a or (b if c else 1 < d < 2)\n",
        expect![[r#"
        b0:
            %0 = free a
            if %0 goto b3 else b2
        b1:
            leave
        b2:
            %1 = free c
            if %1 goto b4 else b5
        b3:
            %10 = either(%0, %9)
            %11 = x := %10
            leave
        b4:
            %2 = free b
            goto b6
        b5:
            %3 = 1
            %4 = free d
            %5 = Less(%3, %4)
            if %5 goto b8 else b7
        b6:
            %9 = either(%2, %8)
            goto b3
        b7:
            %8 = either(%5, %7)
            goto b6
        b8:
            %6 = 2
            %7 = Less(%4, %6)
            goto b7
    "#]],
    );
}

#[test]
fn loops_know_how_they_end() {
    check(
        "while True:\n    if a: break\n    continue\nelse:\n    b\n",
        expect![[r#"
        b0:
            goto b2
        b1:
            leave
        b2 in l0:
            goto b3
        b3 in l0:
            %0 = free a
            if %0 goto b7 else b8
        b4:
            %1 = free b
            goto b5
        b5:
            leave
        b6 in l0:
            goto b2
        b7 in l0:
            goto b5
        b8 in l0:
            goto b6
        l0: forever at b2, break
    "#]],
    );
    check(
        "def f():\n    for x in y:\n        return x\n",
        expect![[r#"
        b0:
            %0 = free y
            %1 = iterate %0
            goto b2
        b1:
            leave
        b2 in l0:
            each %1 goto b3 else b4
        b3 in l0:
            %2 = next %1
            %3 = x := %2
            %4 = x
            %5 = return %4
            leave
        b4:
            goto b5
        b5:
            leave
        l0: for %0 at b2, return
    "#]],
    );
}

#[test]
fn comprehensions_are_loops_with_a_scope_of_their_own() {
    check(
        "[x + (z := y) for x in y if x]\n",
        expect![[r#"
        b0:
            %0 = free y
            %1 = iterate %0
            goto b2
        b1:
            leave
        b2 in l0:
            each %1 goto b3 else b4
        b3 in l0:
            %2 = next %1
            %3 = x := %2
            %4 = x
            if %4 goto b5 else b2
        b4:
            %9 = List comprehension(%0, %8)
            leave
        b5 in l0:
            %5 = x
            %6 = free y
            %7 = z := %6
            %8 = Add(%5, %6)
            goto b2
        l0: comprehension at b2
    "#]],
    );
}

#[test]
fn exceptions_go_to_their_handlers() {
    check(
        "try:\n    a()\nexcept (B, C) as e:\n    d\nelse:\n    f\n",
        expect![[r#"
        b0:
            goto b4
        b1:
            leave
        b2:
            leave
        b3:
            except b6 or raise
        b4 raises to b3:
            %0 = free a
            %1 = call %0()
            goto b5
        b5:
            %2 = free f
            goto b2
        b6:
            %3 = free B
            %4 = free C
            %5 = Tuple(%3, %4)
            %6 = caught(%5)
            %7 = e := %6
            %8 = free d
            %9 = del e
            goto b2
    "#]],
    );
}

#[test]
fn finally_is_copied_for_each_way_through_it() {
    check(
        "def f():\n    try:\n        return a()\n    finally:\n        b\n",
        expect![[r#"
        b0:
            goto b5
        b1:
            leave
        b2:
            leave
        b3 copy:
            %4 = free b
            raise
        b4:
            %3 = free b
            goto b2
        b5 raises to b3:
            %0 = free a
            %1 = call %0()
            %2 = return %1
            goto b6
        b6 copy:
            %5 = free b
            leave
    "#]],
    );
}

#[test]
fn a_context_is_left_on_every_way_out() {
    check(
        "def f():\n    with a as b, c:\n        return b\n",
        expect![[r#"
        b0:
            %0 = free a
            %1 = enter %0
            goto b3
        b1:
            leave
        b2 copy:
            %11 = exit %0
            raise unless %0 swallows, then goto b9
        b3 raises to b2:
            %2 = b := %1
            %3 = free c
            %4 = enter %3
            goto b5
        b4 copy raises to b2:
            %9 = exit %3
            raise unless %3 swallows, then goto b8
        b5 raises to b4:
            %5 = b
            %6 = return %5
            goto b6
        b6 copy raises to b2:
            %7 = exit %3
            goto b7
        b7 copy:
            %8 = exit %0
            leave
        b8 raises to b2:
            goto b10
        b9:
            leave
        b10:
            %10 = exit %0
            goto b9
    "#]],
    );
}

#[test]
fn a_break_passes_the_cleanup_between_it_and_its_loop() {
    check(
        "for x in y:\n    with a:\n        try:\n            break\n        finally:\n            b\n",
        expect![[r#"
        b0:
            %0 = free y
            %1 = iterate %0
            goto b2
        b1:
            leave
        b2 in l0:
            each %1 goto b3 else b4
        b3 in l0:
            %2 = next %1
            %3 = x := %2
            %4 = free a
            %5 = enter %4
            goto b7
        b4:
            goto b5
        b5:
            leave
        b6 copy in l0:
            %11 = exit %4
            raise unless %4 swallows, then goto b14
        b7 in l0 raises to b6:
            goto b11
        b8 in l0 raises to b6:
            goto b15
        b9 copy in l0 raises to b6:
            %7 = free b
            raise
        b10 in l0 raises to b6:
            %6 = free b
            goto b8
        b11 in l0 raises to b9:
            goto b12
        b12 copy in l0 raises to b6:
            %8 = free b
            goto b13
        b13 copy in l0:
            %9 = exit %4
            goto b5
        b14 in l0:
            goto b2
        b15 in l0:
            %10 = exit %4
            goto b14
        l0: for %0 at b2, break
    "#]],
    );
}

#[test]
fn lambdas_are_frames_of_their_own() {
    check(
        "f(lambda x, y=z: x + y + w, v)\n",
        expect![[r#"
        b0:
            %0 = free f
            %1 = free z
            goto b3
        b1:
            leave
        b2:
            %2 = x
            %3 = y
            %4 = Add(%2, %3)
            %5 = free w
            %6 = Add(%4, %5)
            %7 = return %6
            leave
        b3:
            %8 = lambda b2
            %9 = free v
            %10 = call %0(%8, %9)
            leave
    "#]],
    );
}

#[test]
fn names_belong_to_the_scope_that_binds_them_anywhere() {
    check(
        "def f(a, b=a):\n    global g\n    nonlocal n\n    g = n = a\n    later\n    later = [a for q in q]\n    lambda: (g, later)\n",
        expect![[r#"
            b0:
                %1 = a
                %2 = global g := %1
                %3 = free n := %1
                %4 = later
                %5 = free q
                %6 = iterate %5
                goto b2
            b1:
                %0 = free a
                leave
            b2 in l0:
                each %6 goto b3 else b4
            b3 in l0:
                %7 = next %6
                %8 = q := %7
                %9 = a
                goto b2
            b4:
                %10 = List comprehension(%5, %9)
                %11 = later := %10
                goto b6
            b5:
                %12 = global g
                %13 = later
                %14 = Tuple(%12, %13)
                %15 = return %14
                leave
            b6:
                %16 = lambda b5
                leave
            l0: comprehension at b2
        "#]],
    );
}

#[test]
fn names_of_a_class_body_are_not_seen_from_scopes_within_it() {
    check(
        "class A:\n    x = 1\n    y = [x for _ in x]\n",
        expect![[r#"
        b0:
            %0 = 1
            %1 = x := %0
            %2 = x
            %3 = iterate %2
            goto b2
        b1:
            leave
        b2 in l0:
            each %3 goto b3 else b4
        b3 in l0:
            %4 = next %3
            %5 = _ := %4
            %6 = free x
            goto b2
        b4:
            %7 = List comprehension(%2, %6)
            %8 = y := %7
            leave
        l0: comprehension at b2
    "#]],
    );
}

#[test]
fn imports_bind_what_they_name() {
    check(
        "import a.b, c.d as e\nfrom ..f import g as h\nfrom . import *\n",
        expect![[r#"
        b0:
            %0 = import a
            %1 = a := %0
            %2 = import c.d
            %3 = e := %2
            %4 = from ..f import g
            %5 = h := %4
            %6 = from . import *
            leave
        b1:
            leave
    "#]],
    );
}

#[test]
fn match_captures_names_and_leaves_values_alone() {
    check(
        "match x:\n    case [A.B, y, *z] if y:\n        a\n    case P(k=v) as q:\n        b\n    case _:\n        c\n",
        expect![[r#"
        b0:
            %0 = free x
            %1 = opaque(%0)
            if %1 goto b3 else b4
        b1:
            leave
        b2:
            leave
        b3:
            %2 = opaque(%0)
            %3 = z := %2
            %4 = opaque(%0)
            %5 = y := %4
            %6 = y
            if %6 goto b5 else b4
        b4:
            %8 = opaque(%0)
            if %8 goto b6 else b7
        b5:
            %7 = free a
            goto b2
        b6:
            %9 = opaque(%0)
            %10 = q := %9
            %11 = opaque(%0)
            %12 = v := %11
            %13 = free b
            goto b2
        b7:
            goto b8
        b8:
            %14 = free c
            goto b2
        b9:
            goto b2
    "#]],
    );
}

#[test]
fn definitions_are_children_by_number() {
    check_item(
        "if x:\n    def f(): pass\n@d\nclass C: pass\nf = C\n",
        0,
        expect![[r#"
        b0:
            %0 = free x
            if %0 goto b3 else b4
        b1:
            leave
        b2:
            %3 = define 1
            %4 = C := %3
            %5 = C
            %6 = f := %5
            leave
        b3:
            %1 = define 0
            %2 = f := %1
            goto b2
        b4:
            goto b2
    "#]],
    );
    check(
        "@d(1)\nasync def f(a: int, /, *, b: 'B' = 2, **c) -> list[int]:\n    yield a\n",
        expect![[r#"
        b0:
            %9 = a
            %10 = yield %9
            leave
        b1:
            %0 = free d
            %1 = 1
            %2 = call %0(%1)
            %3 = free int
            %4 = "B"
            %5 = 2
            %6 = free list
            %7 = free int
            %8 = %6[%7]
            leave
    "#]],
    );
}

#[test]
fn slices_know_their_parts() {
    check(
        "del x[:-10], y[1::2]\n",
        expect![[r#"
        b0:
            %0 = free x
            %1 = 10
            %2 = -10
            %3 = None
            %4 = None
            %5 = slice(%3, %2, %4)
            %6 = del %0[%5]
            %7 = free y
            %8 = 1
            %9 = 2
            %10 = None
            %11 = slice(%8, %10, %9)
            %12 = del %7[%11]
            leave
        b1:
            leave
    "#]],
    );
}

#[test]
fn an_assertion_that_fails_raises() {
    check(
        "assert a, b\n",
        expect![[r#"
        b0:
            %0 = free a
            if %0 goto b2 else b3
        b1:
            leave
        b2:
            leave
        b3:
            %1 = free b
            %2 = raise
            raise
    "#]],
    );
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
