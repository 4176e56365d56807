"""One case after the other: what is answered quickly is what all rules answer."""

from itertools import pairwise
from random import Random

import clingo
import pytest
from clingo import ast
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nesy.benchmarks.explain.programs import program
from nesy.govern import govern
from nesy.interpret import interpret
from nesy.reason import asp, parts
from nesy.reason.cases import generated
from nesy.reason.conditions import CannotSlice, Pattern, conditions, conditions_of_any
from nesy.reason.relevance import Relevance
from nesy.reason.warm import Warm
from nesy.rulebook import Rulebook, read_pack
from nesy.weights import Weights
from tests.test_bulk import parsed, symbols


def warm_of(engine):
    return Warm(engine.rulebook, engine.weights, engine.static, few=0)


@pytest.mark.slow
def test_generated_cases_read_and_govern_as_with_all_rules(shipped):
    warm, book, static = warm_of(shipped), shipped.rulebook, shipped.static
    for case in generated(shipped.vocabulary, 150, seed=11):
        undrafted = [a for a in case if asp.signature(a) not in parts.DRAFT]
        facts = [a for a in undrafted if a.name != "reads"]
        read = warm.interpret(facts)
        assert read == interpret(book, shipped.weights, facts, static)
        assert warm.govern(case) == govern(book, case, static)
        admitted, all_of_it = warm.admit(undrafted), govern(book, undrafted, static)
        assert admitted.withheld_by == all_of_it.withheld_by
        assert admitted.atoms <= all_of_it.atoms


terms = st.sampled_from(["X", "Y", "_", "a", "b", "1", "2", "3", "X+1", "f(X)", "(X;2)", "1..2"])
# A head whose terms grow would have no end.
ending = st.sampled_from(["X", "Y", "a", "b", "1", "2", "(X;2)", "1..2"])


def atom(of):
    return st.tuples(st.sampled_from("pqrs"), of, of).map(lambda t: f"{t[0]}({t[1]},{t[2]})")


bounds = st.tuples(
    st.sampled_from("XY"), st.sampled_from(["<", "<=", ">", ">=", "=", "!="]), st.integers(0, 4)
).map(lambda t: f"{t[0]} {t[1]} {t[2]}")
literals = st.tuples(st.sampled_from(["", "", "not "]), atom(terms)).map("".join)
bodies = st.lists(st.one_of(literals, literals, bounds), min_size=1, max_size=3)
rules = st.tuples(atom(ending), bodies).map(lambda t: f"{t[0]} :- {', '.join(t[1])}, e(X,Y).")
facts_of = st.lists(
    st.tuples(st.sampled_from("pe"), st.sampled_from("123ab"), st.sampled_from("123ab")).map(
        lambda t: clingo.parse_term(f"{t[0]}({t[1]},{t[2]})")
    ),
    max_size=6,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(rules, min_size=1, max_size=6), facts_of)
def test_a_rule_left_out_has_no_instance(texts, facts):
    statements = parsed(" ".join(texts))
    every = frozenset((name, 2) for name in "pqrse")
    expected = asp.solve(statements, facts, show=every)
    chosen = Relevance(conditions(statements)).reached(facts)
    found = asp.solve(chosen.statements, facts, show=every)
    assert {answer.atoms for answer in found} == {answer.atoms for answer in expected}


# Programs with more answer sets are not compared.
MOST = 200


def answer_sets(statements, facts):
    """Return the answer sets, with what each weak constraint costs in it."""
    priced = [paid(s) if s.ast_type == ast.ASTType.Minimize else s for s in statements]
    control = asp.ground(priced, facts, extra="", models=MOST + 1, name="any")
    found = set()
    control.solve(on_model=lambda m: found.add(frozenset(m.symbols(atoms=True))))
    return found


def paid(weak):
    terms = ",".join(map(str, [weak.weight, weak.priority, *weak.terms]))
    (rule,) = parsed(f"_paid({terms}) :- {'; '.join(map(str, weak.body))}.")
    return rule


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.booleans(), min_size=7, max_size=7))
def test_of_any_program_what_is_left_out_has_no_instance(seed, kept):
    made = program(Random(seed))
    facts = [fact for fact, keep in zip(made.facts, kept, strict=False) if keep]
    statements = parsed(made.text)
    expected = answer_sets(statements, facts)
    assume(len(expected) <= MOST)
    chosen = Relevance(conditions_of_any(statements)).reached(facts)
    assert answer_sets(chosen.statements, facts) == expected


CONSTRAINTS = ":- a, b. :- a, c. :- not a."
CHOSEN = {
    "a choice by its body": ("{ a(X) : d(X) } :- b. d(1).", "c", ["d(1)."]),
    "a lower bound forbids": ("1 { a : c } :- b.", "b", ["1 <= { a: c } :- b."]),
    "atoms of a choice": (
        "{ a(1); a(2) } :- b. p :- a(2). q :- a(3).",
        "b",
        ["{ a(1); a(2) } :- b.", "p :- a(2)."],
    ),
    "disjunction": ("a ; e :- b. p :- e. q :- g.", "b", ["a; e :- b.", "p :- e."]),
    "constraints": (CONSTRAINTS, "a b", ["#false :- a; b.", "#false :- not a."]),
    "a weak constraint": (":~ a. [1] :~ b. [2]", "b", [":~ b. [2@0]"]),
    "#const": ("#const n = 3. p :- a(n). q :- a(4).", "a(3)", ["#const n = 3.", "p :- a(n)."]),
    "classical negation": (
        "p :- -a. q :- a. -b :- p. r :- -b.",
        "-a",
        ["p :- -a.", "-b :- p.", "r :- -b."],
    ),
    "#external": ("#external a : b. p :- a.", "b", ["#external a : b. [false]", "p :- a."]),
    "what derives nothing": ("#edge (a,b) : c. p :- c.", "", ["#edge (a,b) : c."]),
}


@pytest.mark.parametrize("name", CHOSEN)
def test_any_statement_is_chosen_by_what_it_needs(name):
    text, facts, wanted = CHOSEN[name]
    statements, facts = parsed(text), symbols(facts)
    chosen = Relevance(conditions_of_any(statements)).reached(facts)
    assert [str(s) for s in chosen.statements] == wanted
    assert answer_sets(chosen.statements, facts) == answer_sets(statements, facts)


def test_only_rules_that_facts_can_reach_are_chosen():
    program = parsed("""
        seen(F, U) :- au(F, U, C), C >= 300.
        seen(F, U) :- expression(F, E), moves(E, U).
        frown(F) :- seen(F, 4).
        smile(F) :- seen(F, 12), not frown(F).
        happy(F) :- smile(F).
    """)
    relevance = Relevance(conditions(program))

    def heads(text):
        return sorted(
            name for name, _ in relevance.reached(symbols(f"moves(grin,12) {text}")).heads
        )

    assert heads("") == []
    assert heads("au(f1,4,200)") == []
    assert heads("au(f1,4,300)") == ["frown", "seen"]
    assert heads("au(f1,12,900)") == ["happy", "seen", "smile"]
    assert heads("expression(f1,grin)") == ["happy", "seen", "smile"]


def test_what_a_goal_rests_on_follows_its_constants():
    program = parsed("""
        forbidden(A, N) :- act(A), norm(A, N), not lifted(N).
        act(shout). norm(shout, n1). norm(joke, n2).
        lifted(n1) :- play. lifted(n2) :- party.
        party :- music.
    """)
    relevance, shout = Relevance(conditions(program)), clingo.Function("shout")
    behind = relevance.behind([Pattern("forbidden", (shout, None))])
    assert ("act", 1) in behind.heads and ("party", 0) in behind.heads
    narrow = relevance.behind([Pattern("lifted", (clingo.Function("n1"),))])
    assert [str(s) for s in narrow.statements] == ["lifted(n1) :- play."]


def test_a_fact_of_what_is_the_same_in_every_case_goes_the_general_way(rules_file):
    text = "asked(joy). evidence(F, E, 500) :- speaker(F), asked(E)."
    book = Rulebook((read_pack(rules_file(text, "own.lp"), "interpret"),))
    warm, case = Warm(book, Weights(3.0), [], few=0), symbols("speaker(f1) asked(anger)")
    assert warm.interpret(case) == interpret(book, Weights(3.0), case, [])
    assert set(warm.interpret(case).marginals["f1"]) == {"joy", "anger", "neutral"}


def test_what_only_clingo_can_tell_goes_the_general_way(rules_file):
    text = "evidence(F, joy, C*3 - C*3 + 500) :- speaker(F), line_valence(positive, C)."
    book = Rulebook((read_pack(rules_file(text, "own.lp"), "interpret"),))
    warm = Warm(book, Weights(3.0), [], few=0)
    for valence, decided in ((900, True), (2**31 - 1, False)):
        case = symbols(f"speaker(f1) line_valence(positive,{valence})")
        assert (warm._interpreting[0].solve(case) is not None) is decided
        found = warm.interpret(case)
        assert found == interpret(book, Weights(3.0), case, [])
        assert [voice.strength for voice in found.voices] == [500]


def test_a_draft_is_governed_from_what_was_solved_without_it(shipped):
    warm = warm_of(shipped)
    said = symbols("speaker(f1) line_valence(negative,900) cue(loss,900)")
    drafts = [said, *([*said, *symbols(f"drafted reply_act({a})")] for a in ("joke", "boundary"))]
    found = [warm.govern(facts) for facts in drafts]
    assert found == [govern(shipped.rulebook, facts, shipped.static) for facts in drafts]
    assert all(one.violations != other.violations for one, other in pairwise(found))
    assert warm._governing[1]._settled.cache_info().misses == 1


def test_few_questions_are_answered_over_all_rules(shipped):
    warm = Warm(shipped.rulebook, shipped.weights, shipped.static, few=2)
    for case in generated(shipped.vocabulary, 2, seed=3):
        warm.govern(case)
    assert "_governing" not in vars(warm)
    warm.govern([])
    assert "_governing" in vars(warm)


def test_what_cannot_be_sliced_is_said():
    for text in ("{ a }.", "a :- -b.", "-a.", ":- a.", "#external a."):
        statements = []
        ast.parse_string(text, statements.append)
        with pytest.raises(CannotSlice):
            conditions(statements)
