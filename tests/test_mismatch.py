"""All 20 kinds of mismatch are rules, each with its guard, its cap and its innocent explanation."""

import re

import pytest
from hypothesis import given, settings

from nesy import rulebook, vocabulary
from nesy.ground import ground
from nesy.interpret import interpret
from nesy.reason import asp
from nesy.reason.engine import Engine
from nesy.rulebook import Rule
from nesy.trace import Case
from tests.strategies import observations

WORDS = vocabulary.load()
KINDS = WORDS.terms["mismatch"]
SHIPPED = rulebook.load().rules("interpret")
PACK = [rule for rule in SHIPPED if rule.id.startswith("mismatch.")]


def _kind(rule: Rule) -> str | None:
    found = re.match(r"mismatch\(\w+,(\w+)\)", str(rule.statement.head).replace(" ", ""))
    return found[1] if found else None


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_each_kind_is_a_rule_with_its_innocent_explanation(kind: str) -> None:
    rules = [rule for rule in PACK if _kind(rule) == kind]
    assert KINDS[kind].one("guard")
    assert rules, "no rule finds it"
    code = KINDS[kind].one("code")
    for rule in rules:
        assert rule.notes.get("innocent"), rule.id
    assert any(code in rule.notes["source"] for rule in rules)


def test_the_kinds_are_those_of_the_ontology() -> None:
    assert len(KINDS) == 20
    assert {_kind(rule) for rule in PACK} - {None} == set(KINDS)


@pytest.mark.parametrize(
    "rule", [r for r in PACK if ("evidence", 3) in r.heads], ids=lambda r: r.id
)
def test_no_voice_of_a_mismatch_is_above_its_cap(rule: Rule) -> None:
    head = str(rule.statement.head).replace(" ", "")
    strength = re.match(r"evidence\(\w+,\w+,(\d+)\)", head)
    kinds = re.findall(r"mismatch\(\w+,(\w+)\)", str(rule.statement).replace(" ", ""))
    assert strength
    assert len(kinds) == 1
    assert int(strength[1]) <= int(KINDS[kinds[0]].one("cap"))


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load(["mismatch", "contrary"])


@settings(max_examples=100)
@given(observations(speaker=True))
def test_without_a_side_nothing_is_contempt(engine: Engine, observation) -> None:  # type: ignore[no-untyped-def]
    facts = ground(Case(id="c1"), observation, WORDS)
    atoms = asp.symbols([fact.atom for fact in facts if not fact.atom.startswith("au_side")])
    found = interpret(engine.rulebook, engine.weights, atoms, engine.static)
    assert "contempt_leak" not in {
        str(a.arguments[1]) for a in found.atoms if a.match("mismatch", 2)
    }


@settings(max_examples=100)
@given(observations(speaker=True))
def test_a_plain_disagreement_is_always_called(engine: Engine, observation) -> None:  # type: ignore[no-untyped-def]
    """Where words are plainly of one tone and the face of the other, a mismatch or `contrary`."""
    facts = asp.symbols([fact.atom for fact in ground(Case(id="c1"), observation, WORDS)])
    found = interpret(engine.rulebook, engine.weights, facts, engine.static)
    tones = {str(a.arguments[0]) for a in found.atoms if a.match("tone", 1)}
    tones |= {str(a.arguments[0]) for a in facts if a.match("line_valence", 2)}
    called = {str(a.arguments[0]) for a in found.atoms if a.name in ("mismatch", "contrary")}
    crisis = any(a.match("crisis", 1) for a in found.atoms)
    for leaning in (a for a in found.atoms if a.match("leans", 2)):
        face, valence = map(str, leaning.arguments)
        opposite = {"positive": "negative", "negative": "positive"}[valence]
        strong = f"tone({opposite})" in set(map(str, found.atoms))
        if strong and valence not in tones and not crisis:
            assert face in called
