//! Ways through the code: conditions, loops, exceptions and cleanup.

use expect_test::expect;

use super::check;

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
