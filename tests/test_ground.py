"""From an observation to facts: each in its channel, none from a stranger's string."""

import random

import clingo
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from nesy import line, vocabulary
from nesy.diagnostics import NesyError
from nesy.ground import checked, ground
from nesy.predicates import DECLARABLE, PREDICATES
from nesy.trace import (
    Case,
    Claim,
    Face,
    Fact,
    LineCue,
    LineReading,
    Observation,
    SeenExpression,
    parse_trace,
)
from tests.strategies import cases, faces, hostile, observations

WORDS = vocabulary.load()
NOTHING = Observation(perceiver="p")


def atoms(case, observation):
    return {fact.atom for fact in ground(case, observation, WORDS)}


def codes(error):
    return {d.code for d in error.value.diagnostics}


@given(cases, observations())
def test_every_fact_is_of_the_contract_and_of_its_channel(case, observation):
    for fact in ground(case, observation, WORDS):
        symbol = clingo.parse_term(fact.atom)
        predicate = PREDICATES[symbol.name, len(symbol.arguments)]
        assert predicate.stratum == "input"
        assert predicate.origin == fact.origin
        assert str(symbol) == fact.atom


@given(cases, observations())
def test_facts_that_were_grounded_are_taken_back(case, observation):
    facts = ground(case, observation, WORDS)
    assert checked(facts, WORDS) == facts


@given(cases, observations(), st.randoms(use_true_random=False))
def test_the_order_in_which_things_are_reported_never_matters(case, observation, chance):
    assert ground(case, shuffled(observation, chance), WORDS) == ground(case, observation, WORDS)


def shuffled(observation, chance: random.Random):
    """Return the observation with every list of it in another order."""

    def mixed(value, fields):
        update = {}
        for name in fields:
            many = list(getattr(value, name))
            chance.shuffle(many)
            update[name] = tuple(many)
        return value.model_copy(update=update)

    parts = ("action_units", "unobservable", "expressions", "claims")
    many = [mixed(face, parts) for face in observation.faces]
    chance.shuffle(many)
    spoken = observation.line and mixed(observation.line, ("valence", "emotions", "acts", "cues"))
    return observation.model_copy(update={"faces": tuple(many), "line": spoken})


@given(cases, faces("f1"), faces("f2", speaker=False))
def test_a_face_that_is_not_the_speakers_adds_only_its_own_facts(case, first, second):
    one = Observation(perceiver="p", faces=(first,))
    two = Observation(perceiver="p", faces=(first, second))
    added = atoms(case, two) ^ atoms(case, one)
    assert all("f2" in atom or atom in ("faces(1)", "faces(2)") for atom in added), added


@given(hostile, st.sampled_from(["expression", "emotion", "cue", "declared", "face"]))
@settings(max_examples=300)
def test_a_strangers_string_never_becomes_an_atom(text, place):
    """Whatever is written where a word belongs is refused, in the Trace or against the ontology."""
    seen = {"expression": [{"expression": text, "confidence": 900}]}.get(place, [])
    claimed = [{"emotion": text, "confidence": 900}] if place == "emotion" else []
    cues = [{"cue": text, "confidence": 900}] if place == "cue" else []
    face = {"id": text if place == "face" else "f1", "expressions": seen, "claims": claimed}
    value = {
        "case": {"id": "c", "declared": {"context": text} if place == "declared" else {}},
        "observation": {"perceiver": "p", "faces": [face], "line": {"cues": cues}},
    }
    with pytest.raises(NesyError) as caught:
        trace = parse_trace(value)
        ground(trace.case, trace.observation, WORDS)
    assert codes(caught) <= {"N113", "N201", "N210"}


@given(hostile)
def test_a_strangers_string_is_refused_behind_the_types_as_well(text):
    """The types keep hostile strings out; built without them, the vocabulary still does."""
    face = Face.model_construct(
        id="f1",
        speaker=True,
        action_units=(),
        unobservable=(),
        expressions=(SeenExpression.model_construct(expression=text, confidence=900),),
        claims=(Claim.model_construct(emotion=text, confidence=900),),
    )
    reading = LineReading.model_construct(
        valence=(), emotions=(), acts=(), cues=(LineCue.model_construct(cue=text, confidence=1),)
    )
    observation = Observation.model_construct(
        perceiver="p", faces=(face,), line=reading, caption=None
    )
    with pytest.raises(NesyError) as caught:
        ground(Case(id="c"), observation, WORDS)
    assert codes(caught) == {"N201"}
    assert len(caught.value.diagnostics) == 3


@given(st.text(max_size=80))
def test_no_line_produces_what_only_the_caller_may_declare(text):
    try:
        spoken = line.read(text, WORDS)
    except NesyError:
        return
    facts = ground(Case(id="c"), Observation(perceiver="p", line=spoken), WORDS)
    declared = [fact for fact in facts if fact.origin == "declared"]
    assert declared == [Fact(atom="speaker(f1)", origin="declared")]


@pytest.mark.parametrize("key", DECLARABLE)
@pytest.mark.parametrize("text", ["I am {word}", "context: {word}", "{key}({word}).", "{word}"])
def test_the_line_naming_a_declaration_declares_nothing(key, text):
    kind = "emotion" if key == "stated" else key
    word = next(iter(WORDS.terms[kind]))
    spoken = line.read(text.format(key=key, word=word), WORDS)
    facts = ground(Case(id="c"), Observation(perceiver="p", line=spoken), WORDS)
    assert not [fact for fact in facts if fact.atom.startswith(f"{key}(")]


def test_recruitment_implies_workplace():
    found = atoms(Case(id="c", declared={"context": ("recruitment",)}), NOTHING)
    assert {"context(recruitment)", "context(workplace)"} <= found


def test_an_emotion_that_was_stated_is_not_widened():
    found = atoms(Case(id="c", declared={"stated": ("annoyance",)}), NOTHING)
    assert [atom for atom in found if atom.startswith("stated")] == ["stated(annoyance)"]


def test_every_unknown_declaration_is_told():
    declared = {"mood": ("happy",), "context": ("suport",)}
    with pytest.raises(NesyError) as caught:
        ground(Case(id="c", declared=declared), NOTHING, WORDS)
    assert [(d.code, d.fix) for d in caught.value.diagnostics][1] == (
        "N201",
        "did you mean support?",
    )
    assert codes(caught) == {"N210", "N201"}


def test_what_is_less_likely_than_not_is_no_fact_but_a_share_of_an_opinion_is():
    face = Face(
        id="f1",
        expressions=(
            SeenExpression(expression="smile", confidence=499),
            SeenExpression(expression="frown", confidence=500),
        ),
        claims=(Claim(emotion="joy", confidence=300), Claim(emotion="anger", confidence=200)),
    )
    found = atoms(Case(id="c"), Observation(perceiver="p", faces=(face,)))
    assert "expression(f1,frown,500)" in found
    assert "expression(f1,smile,499)" not in found
    assert "claim(f1,joy,300)" in found
    assert "claim(f1,anger,200)" in found


def test_not_seen_is_not_absent():
    face = Face(
        id="f1",
        action_units=({"unit": 12, "intensity": 500, "confidence": 900},),
        unobservable=(24,),
    )
    found = atoms(Case(id="c"), Observation(perceiver="p", faces=(face,)))
    assert "observable(f1,12)" in found
    assert "observable(f1,24)" not in found


def test_where_several_faces_are_unbound_none_of_them_speaks():
    faces_ = tuple(Face(id=name, speaker=False) for name in ("f1", "f2"))
    found = atoms(Case(id="c", image="x.png"), Observation(perceiver="p", faces=faces_))
    assert [atom for atom in found if "speaker" in atom] == ["speaker(f0)"]
    assert "face(f0)" not in found
    assert "faces(2)" in found


@pytest.mark.parametrize(
    ("atom", "origin", "code"),
    [
        ("consent(research)", "image", "N211"),
        ("consent(research)", "line", "N211"),
        ("context(workplace)", "model", "N211"),
        ("forbidden(assert_mismatch,e111)", "derived", "N211"),
        ("exempt(e111)", "declared", "N211"),
        ("reads(f1,joy,1000)", "derived", "N211"),
        ("evidence(f1,joy,1000)", "image", "N211"),
        ("f1). forbidden(x", "image", "N211"),
        ("face(f1). forbidden(x,y)", "image", "N211"),
        ("face(" * 100_000, "image", "N211"),
        ("expression(f1,smile,1001)", "image", "N211"),
        ("expression(joy,smile,900)", "image", "N211"),
        ("expression(f1,smile,-1)", "image", "N211"),
        ('expression(f1,"smile",900)', "image", "N211"),
        ("expression(f1,smile,0900)", "image", "N211"),
        ("caption(perhaps)", "caption", "N211"),
        ("face(f1)\n", "image", "N211"),
        ("expression(f1,smil,900)", "image", "N201"),
        ("au(f1,99,500,900)", "image", "N201"),
        ("context(workplac)", "declared", "N201"),
    ],
)
def test_a_fact_in_a_strangers_trace_is_checked(atom, origin, code):
    with pytest.raises(NesyError) as caught:
        checked([Fact(atom=atom, origin=origin)], WORDS)
    assert codes(caught) == {code}


def test_an_origin_that_is_none_is_no_fact():
    with pytest.raises(ValidationError):
        Fact(atom="face(f1)", origin="draft")
