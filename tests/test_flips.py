"""Minimal sets of changes that flip an atom: against brute force, on random small programs."""

from itertools import combinations

import clingo
import pytest
from clingo import ast
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from nesy.explain.what_if.dependence import Dependence, fits, read, sides
from nesy.explain.what_if.flips import Edit, edited, search
from nesy.explain.what_if.variants import Variants, minimal_flips

FACTS = ("x", "y", "z", "p(1)", "p(2)")
DERIVED = ("a", "b", "c", "d", "q(1)", "q(2)")


def parsed(text):
    found = []
    ast.parse_string(text, found.append)
    return found


def atom(text):
    return clingo.parse_term(text)


def toggle(text, facts):
    one = frozenset([atom(text)])
    return Edit(one, frozenset(), text) if one <= facts else Edit(frozenset(), one, text)


@st.composite
def programs(draw, *, choices=True, weak=True):
    """A few rules over five facts: negation, choice, aggregates, constraints, weak constraints."""
    literal = st.sampled_from([*FACTS, *DERIVED, "p(X)", "q(X)"]).flatmap(
        lambda a: st.sampled_from([a, a, f"not {a}"])
    )
    text = []
    for _ in range(draw(st.integers(1, 7))):
        body = draw(st.lists(literal, min_size=1, max_size=3))
        if any("X" in each for each in body):
            body.append("p(X)")
        if draw(st.integers(0, 4)) == 0:
            body.append(f"{draw(st.integers(1, 2))} <= #count {{ Y : p(Y); 7 : x }}")
        head = draw(st.sampled_from([*DERIVED, *(["q(X)"] if "p(X)" in body else [])]))
        form = draw(st.sampled_from(["rule", "rule", "rule", "choice", "constraint", "weak"]))
        conditions = "; ".join(body)
        if form == "choice" and choices:
            text.append(f"{{ {head} }} :- {conditions}.")
        elif form == "constraint" and choices:
            text.append(f":- {conditions}; {head if head != 'q(X)' else 'a'}.")
        elif form == "weak" and weak:
            text.append(f":~ {conditions}. [{draw(st.integers(1, 2))}@{draw(st.integers(1, 2))}]")
        else:
            text.append(f"{head} :- {conditions}.")
    declared = " ".join(f"#defined {n}." for n in ("x/0", "y/0", "z/0", "p/1", "a/0", "b/0", "c/0"))
    return "\n".join([declared, "#defined d/0. #defined q/1.", *text])


def holds(text, facts, asked, mode):
    """Say what plain clingo says of one set of facts."""
    weighs = ":~" in text
    control = clingo.Control(["--warn=none", "0", *(["--opt-mode=optN"] if weighs else [])])
    control.add("base", [], text + " ".join(f"{fact}." for fact in facts))
    control.ground([("base", [])])
    models = []
    with control.solve(yield_=True) as handle:
        for model in handle:
            if not model.cost or model.optimality_proven:
                models.append(set(model.symbols(atoms=True)))
    found = [asked in model for model in models]
    return any(found) if mode == "brave" else bool(found) and all(found)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    programs(),
    st.frozensets(st.sampled_from(FACTS)),
    st.sampled_from(DERIVED[:4]),
    st.sampled_from(["brave", "cautious"]),
)
def test_what_is_found_is_what_brute_force_finds(text, stated, asked, mode):
    facts = frozenset(map(atom, stated))
    pool = [toggle(one, facts) for one in FACTS]
    now = holds(text, facts, atom(asked), mode)
    expected = []
    for size in (1, 2, 3):
        for edits in combinations(pool, size):
            smaller = any(than < frozenset(edits) for than in expected)
            if not smaller and holds(text, edited(facts, edits), atom(asked), mode) != now:
                expected.append(frozenset(edits))
    found = minimal_flips(parsed(text), facts, pool, (asked, ()), size=3, mode=mode)
    assert {frozenset(edits) for edits in found.sets} == set(expected)
    assert [len(edits) for edits in found.sets] == sorted(len(edits) for edits in found.sets)
    assert found.stopped is None and found.whole == 3


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    programs(choices=False, weak=False),
    st.frozensets(st.sampled_from(FACTS)),
    st.sampled_from(DERIVED[:4]),
)
def test_what_an_atom_does_not_look_at_never_flips_it(text, stated, asked):
    facts = frozenset(map(atom, stated))
    looks = Dependence(read(parsed(text))).of([(asked, ())])
    blind = [toggle(one, facts) for one in FACTS if not any(fits(p, atom(one)) for p in looks)]
    every = (some for n in range(len(FACTS) + 1) for some in combinations(FACTS, n))
    assume(blind and all(_has_one_answer_set(text, some) for some in every))
    assert minimal_flips(parsed(text), facts, blind, (asked, ()), size=2).sets == ()


def _has_one_answer_set(text, facts):
    control = clingo.Control(["--warn=none", "2"])
    control.add("base", [], text + " ".join(f"{fact}." for fact in facts))
    control.ground([("base", [])])
    with control.solve(yield_=True) as handle:
        return len(list(handle)) == 1


def test_all_single_edits_are_one_call_of_the_solver():
    text = "a :- x, not y. b :- a, z."
    facts = frozenset(map(atom, ("x", "z")))
    calls = []
    given = frozenset([("x", 0), ("y", 0), ("z", 0)])
    program = Variants(parsed(text), given, frozenset([("b", 0)]))
    solve = program.holding

    def flips(cases):
        calls.append(len(cases))
        return [not one for one in solve(cases, ("b", ()))]

    found = search(facts, [toggle(one, facts) for one in "xyz"], flips, sizes=(1,))
    assert calls == [3] and len(found.sets) == 3


def test_the_likelier_change_is_tried_first_and_the_time_ends_the_search():
    facts = frozenset()
    pool = [Edit(frozenset(), frozenset([atom(x)]), x, cost=c) for x, c in (("x", 3), ("y", 1))]
    tried = []

    def flips(cases):
        tried.extend(cases)
        return [True for _ in cases]

    found = search(facts, pool, flips, sizes=(1,), chunk=1)
    assert [sorted(map(str, case)) for case in tried] == [["y"], ["x"]]
    assert [edits[0].slot for edits in found.sets] == ["y", "x"]
    assert search(facts, pool, flips, sizes=(1,), until=0.0).stopped == "time"
    ended = search(facts, pool, flips, sizes=(1, 2, 3), enough=1)
    assert ended.stopped == "limit" and ended.whole == 1


def test_a_change_taken_further_is_no_further_answer():
    def less(far):
        return Edit(frozenset([atom("x")]), frozenset(), "x", "less", far)

    pool = [less(10), less(20), less(30)]
    asked = []

    def flips(cases):
        asked.extend(cases)
        return [True for _ in cases]

    assert search(frozenset([atom("x")]), pool, flips, sizes=(1, 2), chunk=1).sets == ((pool[0],),)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ("a :- p(C), C >= 500.", (500, 501)),
        ("a :- p(C), 300 < C, C <= 700.", (300, 301, 700, 701)),
        ("h(C) :- p(C). a :- h(C), C > 40.", (40, 41)),
        ("a :- 60 <= #max { C : p(C) }.", (60, 61)),
        ("h(T) :- T = #max { C : p(C) }, p(_). a :- h(T), T >= 7.", (7, 8)),
        ("a :- p(C), p(D), C > D.", (20, 21)),
        ("a :- p(_).", ()),
        ("a :- p(9).", (9, 10)),
    ],
)
def test_numbers_turn_where_rules_compare_them(rules, expected):
    facts = [atom("p(10)"), atom("p(20)")]
    found = Dependence(read(parsed(rules))).cuts(facts[0], 0, facts)
    assert set(expected) <= set(found) and (found or not expected)


@given(st.lists(st.integers(-50, 1050), max_size=6), st.integers(0, 500))
def test_the_sides_of_cuts_cover_every_number_once(cuts, least):
    ranges = sides(tuple(sorted(set(cuts))), least, 1000)
    covered = [n for low, high in ranges for n in range(low, high + 1)]
    assert covered == list(range(least, 1001))
    assert all(low == least or low in cuts for low, _ in ranges)


def test_conditions_that_never_vary_bind_what_is_looked_at():
    rules = parsed("d :- cue(C), of(C, k). kind(e1). n(N) :- d, kind(N). n(N) :- up(N).")
    static = [atom("of(s,k)"), atom("of(t,m)")]
    found = Dependence(read(rules), static=static)
    assert any(fits(p, atom("cue(s)")) for p in found.of([("d", ())]))
    assert not any(fits(p, atom("cue(t)")) for p in found.of([("d", ())]))
    assert not any(p[0] == "cue" for p in found.of([("n", (atom("e2"),))]))
    assert any(p[0] == "cue" for p in found.of([("n", (atom("e1"),))]))
