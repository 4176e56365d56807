"""Rules evaluated without a grounder: the atoms are clingo's, or clingo is left to find them."""

from collections import Counter
from random import Random

import clingo
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nesy.benchmarks.explain.programs import program
from nesy.reason import asp, parts, rows
from nesy.reason.bottom_up import BottomUp
from nesy.reason.cases import generated
from nesy.reason.conditions import CannotSlice, conditions
from tests.test_bulk import CONSTRUCTS, FACTS, SHOW, parsed, symbols

# What only clingo evaluates.
OUTSIDE = {
    *("an empty body that chooses", "an interval", "an aggregate of literals", "a choice"),
    *("a choice of constants", "a disjunction", "a conditional disjunction", "a constraint"),
    *("a head aggregate", "classical negation", "a symbol in a term", "a function of rules"),
}


def evaluated(statements, show, late=frozenset()):
    return BottomUp(parts.Part("interpret", conditions(statements), show), [], late)


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_every_construct_is_evaluated_or_refused(name):
    statements = parsed(CONSTRUCTS[name])
    if name in OUTSIDE:
        with pytest.raises(CannotSlice):
            evaluated(statements, SHOW)
        return
    found = evaluated(statements, SHOW)
    for facts in FACTS:
        (expected,) = asp.solve(statements, facts, show=SHOW)
        assert found.solve(facts) == expected


EVERY = frozenset({*((name, 1) for name in "fhqpd"), ("g", 2), ("r", 2), ("s", 0), ("t", 0)})


def alone(statement):
    """Tell whether a statement by itself is evaluated."""
    try:
        evaluated([statement], EVERY)
    except CannotSlice:
        return False
    return True


def test_random_programs_have_the_answer_set_that_clingo_finds():
    seen, of = Counter(), Counter()
    for seed in range(250):
        chance = Random(seed)
        made = program(chance)
        rules = [s for s in parsed(made.text) if alone(s)]
        late = frozenset(chance.sample(sorted(EVERY), 2))
        try:
            found = evaluated(rules, EVERY, late)
        except CannotSlice:
            seen["refused"] += 1
            continue
        for facts in (made.facts, made.facts[::2], ()):
            atoms = [clingo.parse_term(str(fact)) for fact in facts]
            answers = asp.solve(rules, atoms, show=EVERY)
            answer = found.solve(atoms)
            seen["undecided" if answer is None else "compared"] += 1
            assert answer is None or [answer] == answers, "\n".join(map(str, rules))
        of += made.constructs
    assert seen["compared"] > 450 and seen["undecided"] < 100
    for construct in ("#sum", "#min", "#count", "conditional", "not not", "pool", "recursion"):
        assert of[construct] > 15


# Terms of every kind, in clingo's order as well as in Python's.
KINDS = """-7 0 3 2147483647 a b aa z f(a) f(b) f(a,b) (a,1) (1,) () "a" "" #inf #sup -a -f(a)"""
terms = st.sampled_from([clingo.parse_term(text) for text in KINDS.split()])
atoms = st.lists(st.tuples(terms, terms), max_size=5).map(
    lambda pairs: [clingo.Function("p", list(pair)) for pair in pairs]
)
LITERALS = [
    *("X < Y", "X <= Y", "X > Y", "X >= Y", "X = Y", "X != Y", "X < a", '"a" < X', "p(Y,X)"),
    *("not p(Y,X)", "p(a,_)", "p((Z,_),Y)", "p((X,1),_)", "p(f(a),X)", "X < #sup", "X = (Z,1)"),
    *("Z = (X,Y), q(Z)", "N = #max { A : p(X,A) }, N < Y", "N = #min { A : p(A,_) }, N != X"),
    *("Z = X+1, Z > 0", "X-Y < 3", "X*Y < 9", "X/Y = 2", "1 <= X < Y <= 9", "Z = -X, Z != 7"),
]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(LITERALS), min_size=1, max_size=2), atoms)
def test_terms_of_every_kind_compare_as_in_clingo(body, facts):
    text = f"q(({{X}},1)) :- p(X,_). q(X,Y) :- p(X,Y), {', '.join(body)}.".replace("{X}", "X")
    show = frozenset({("q", 1), ("q", 2)})
    statements = parsed(text)
    try:
        found = evaluated(statements, show)
    except CannotSlice:
        return
    (expected,) = asp.solve(statements, facts, show=show)
    assert found.solve(facts) in (None, expected)


def test_what_only_clingo_can_tell_is_left_to_it():
    for text in ("a(X*3) :- p(X).", "a(1/X) :- p(X).", "a(N) :- N = #sum { X,Y : q(X,Y) }."):
        found = evaluated(parsed(text), SHOW)
        assert found.solve(symbols("p(7) q(1,1)")) is not None
        large = clingo.Function("p", [clingo.Number(2**31 - 1)])
        beyond = [large, *symbols("p(0) q(2147483647,1) q(2147483646,2)")]
        assert found.solve(beyond) is None
        assert found.solve(symbols("p(x) q(x,1)")) is None


@pytest.mark.parametrize(
    "text",
    [
        *("p(X) :- q(X), not p(X).", "p(X) :- q(X), not r(X). r(X) :- q(X), not p(X)."),
        *("p(X) :- q(X), #count { Y : p(Y) } < 2.", "p(X) :- q(X), r(Y) : p(Y). r(X) :- q(X)."),
    ],
)
def test_what_depends_on_its_own_absence_is_refused(text):
    with pytest.raises(CannotSlice):
        evaluated(parsed(text), SHOW)


def test_a_fact_of_what_is_the_same_in_every_case_is_left_to_clingo():
    found = evaluated(parsed("k(1). a(X) :- k(X), p(X)."), SHOW)
    assert [str(a) for a in found.solve(symbols("p(1)")).named("a", 1)] == ["a(1)"]
    assert found.solve(symbols("p(1) k(2)")) is None


def test_what_does_not_depend_on_what_is_late_is_found_once():
    late = frozenset({("z", 0)})
    found = evaluated(parsed("a(X) :- p(X). b(X) :- a(X), not z."), SHOW, late)
    assert {str(a) for a in found.solve(symbols("p(1)")).atoms} == {"a(1)", "b(1)"}
    assert {str(a) for a in found.solve(symbols("p(1) z")).atoms} == {"a(1)"}
    assert {str(a) for a in found.solve(symbols("p(1)")).atoms} == {"a(1)", "b(1)"}
    assert found._settled.cache_info().misses == 1


def test_a_rule_of_many_loops_is_refused():
    chain = ", ".join(f"q(X{n},X{n + 1})" for n in range(19))
    with pytest.raises(CannotSlice):
        evaluated(parsed(f"a(X0) :- {chain}, X19 > 0."), SHOW)


@given(terms)
def test_a_term_is_its_value(term):
    assert rows.symbol(rows.value(term)) == term
    assert rows.text(rows.value(term)) == str(term)


@given(st.lists(st.tuples(terms, st.one_of(terms, st.integers(-3, 12).map(clingo.Number)))))
def test_rows_are_ordered_as_clingo_orders_atoms(pairs):
    atoms = {clingo.Function("p", list(pair)) for pair in pairs}
    ordered = rows.in_order([rows.row(atom)[1] for atom in atoms])
    assert [rows.atom_of("p", row) for row in ordered] == sorted(atoms)


@given(atoms)
def test_an_answer_tells_the_same_as_atoms_rows_and_words(facts):
    found = evaluated(parsed("q(Y,X) :- p(X,Y)."), frozenset({("q", 2)})).solve(facts)
    told = asp.AnswerSet(found.atoms)
    assert found.named("q", 2) == told.named("q", 2)
    assert set(found.rows("q", 2)) == set(told.rows("q", 2))
    assert found.words("q", 2) == told.words("q", 2) == list(map(asp.words, told.named("q", 2)))


@given(st.sampled_from(["a", "cue"]), st.lists(st.sampled_from(["x", "y1", 0, 1000]), max_size=3))
def test_an_atom_written_is_the_atom_read(name, arguments):
    if arguments:
        text = rows.written(name, tuple(arguments))
        assert text == str(clingo.parse_term(text))
        assert rows.read(text) == rows.row(clingo.parse_term(text))


@pytest.mark.slow
def test_no_case_of_the_shipped_rules_is_left_to_clingo(shipped):
    norms = parts.governing(shipped.rulebook)
    some = [
        BottomUp(part, shipped.static, parts.DRAFT)
        for part in (parts.interpreting(shipped.rulebook), norms.admission, norms.whole)
    ]
    for case in generated(shipped.vocabulary, 60, seed=8):
        undrafted = [a for a in case if asp.signature(a) not in parts.DRAFT]
        read = [a for a in undrafted if a.name != "reads"]
        for found, facts in zip(some, (read, undrafted, case), strict=True):
            assert found.solve(facts) is not None
