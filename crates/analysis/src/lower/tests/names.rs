//! Names: scopes, imports, definitions.

use expect_test::expect;

use super::{check, check_item};

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
