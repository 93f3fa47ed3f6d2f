//! Expressions and assignments.

use expect_test::expect;

use super::check;

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
