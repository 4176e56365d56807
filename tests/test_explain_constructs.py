"""Every construct of clingo's syntax, each with what an atom's minimal justifications rest on."""

from __future__ import annotations

from pathlib import Path

import clingo
import pytest

from nesy.benchmarks.explain import questions
from nesy.benchmarks.explain.constructs import CONSTRUCTS, supports
from nesy.benchmarks.explain.scasp import dialect
from nesy.explain.why.program import Program


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_a_construct_is_explained_by_its_minimal_supports(name: str) -> None:
    construct = CONSTRUCTS[name]
    assert supports(construct) == {frozenset(leaves.split()) for leaves in construct.leaves}


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_what_is_shown_is_one_of_them_and_names_what_it_has_to(name: str) -> None:
    construct = CONSTRUCTS[name]
    facts = [clingo.parse_term(fact) for fact in construct.facts]
    (one,) = Program.read(construct.text).answer_sets(facts)
    atom = clingo.parse_term(construct.atom)
    steps = one.steps(atom)
    assert len(one.leaves(atom)) == min(len(leaves.split()) for leaves in construct.leaves)
    told = [str(a) for s in steps.values() for a in (*s.grounds, *s.absent, *s.assumed)]
    told += [text for step in steps.values() for text in step.instance.compared]
    assert [n for n in construct.names if not any(n in each for each in told)] == []


def test_an_optimum_is_explained_by_what_it_costs() -> None:
    construct = CONSTRUCTS["weak constraint"]
    (one,) = Program.read(construct.text).answer_sets([clingo.parse_term("f(1)")])
    (paid,) = one.paid()
    assert (str(paid.head), list(map(str, paid.positive))) == ("_cost(1,2,(a,))", ["p"])
    assert one.cost() == {2: 1}


FORBIDDEN = """
{ joke }.
sad :- loss.
:- joke, sad.
:- sad, not consoled, X = #count { Y : seen(Y) }, X >= 1.
#defined consoled/0.
"""


def test_an_excluded_atom_is_explained_by_the_constraint_that_it_would_break() -> None:
    program = Program.read(FORBIDDEN, "norms.lp")
    facts = [clingo.parse_term("loss")]
    (one,) = program.answer_sets(facts)
    assert clingo.Function("joke") not in one.atoms
    nearest = program.excluded(facts, clingo.Function("joke"))
    assert nearest is not None
    (broken,) = nearest.broken()
    assert broken.rule.place == "norms.lp:4"
    assert [str(atom) for atom in broken.positive] == ["joke", "sad"]
    assert nearest.leaves(broken.positive[1]) == {("fact", facts[0])}


def test_without_an_answer_set_the_broken_constraint_is_named() -> None:
    program = Program.read(FORBIDDEN, "norms.lp")
    facts = [clingo.parse_term(fact) for fact in ("loss", "seen(f1)")]
    assert list(program.answer_sets(facts)) == []
    nearest = program.excluded(facts)
    assert nearest is not None
    (broken,) = nearest.broken()
    assert (broken.rule.line, list(map(str, broken.negative))) == (5, ["consoled"])
    assert {str(atom) for atom in broken.together} == {"seen(f1)"}
    steps, rest = nearest.through(broken)
    assert {str(atom) for atom in (*steps.grounds, *rest)} >= {"sad"}


def test_an_atom_that_nothing_derives_is_not_excluded_by_a_constraint() -> None:
    assert Program.read(FORBIDDEN).excluded([], clingo.Function("nobody")) is None


def test_variables_of_a_head_are_not_those_of_an_aggregate() -> None:
    program = Program.read("{ p(V) : g(V); q } :- #count { V : f(V) } >= 2. :- not p(1). :- q.")
    facts = [clingo.parse_term(fact) for fact in ("g(1)", "f(2)", "f(3)")]
    (one,) = program.answer_sets(facts)
    leaves = {str(atom) for _, atom in one.leaves(clingo.parse_term("p(1)"))}
    assert leaves == {"g(1)", "f(2)", "f(3)"}
    ((_, value),) = one.steps(clingo.parse_term("p(1)"))[
        clingo.parse_term("p(1)")
    ].instance.bindings
    assert str(value) == "1"


def test_a_constant_is_put_in_for_its_name() -> None:
    program = Program.read("#const n = 3. p(n) :- f(n), not g(n, f(n)), n < 4.")
    (one,) = program.answer_sets([clingo.parse_term("f(3)")])
    (step,) = one.steps(clingo.parse_term("p(3)")).values()
    assert [str(atom) for atom in step.absent] == ["g(3,f(3))"]
    assert step.instance.compared == ("3 < 4, from n < 4",)


def test_a_fact_that_rules_derive_as_well_is_no_ground_they_need() -> None:
    program = Program.read("q :- e. p :- q.")
    (one,) = program.answer_sets([clingo.parse_term(fact) for fact in ("q", "e")])
    from nesy.explain.why.supports import minimal

    found = {frozenset(str(a) for _, a in leaves) for leaves in minimal(one, clingo.Function("p"))}
    assert found == {frozenset({"q"}), frozenset({"e"})}


KB = Program.read((Path(questions.__file__).parent / "kb.lp").read_text(encoding="utf-8"), "kb.lp")


def test_every_single_change_is_answered_as_it_is_alone() -> None:
    over = questions.variants(KB)
    for item in (1, 4):
        cases = questions.changed(item)
        found = questions.what_if(over, cases, item)
        assert True in found and False in found
        joy = clingo.parse_term(f"reading({item},joy)")
        alone = [joy in one.atoms for case in cases for one in KB.answer_sets(sorted(case))]
        assert found == alone


def test_why_not_goes_down_to_facts_that_are_not_there() -> None:
    told = questions.WhyNot(questions.solved(KB, 1), questions.index(KB)).told(
        "mismatch(1,masking)"
    )
    assert told.startswith("not mismatch(1,masking)\n kb.lp:32 fails:\n  not posed_smile(1)")
    assert 'not words(1,negative,"_")' in told


def test_what_a_tool_without_aggregates_cannot_say_is_left_out() -> None:
    text, left_out = dialect(KB)
    assert left_out == 7
    assert "#" not in text and "reading(" not in text and "A \\= question." in text
    assert ":- dynamic expression/3." in text
