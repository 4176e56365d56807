"""Readings: closed form and enumeration agree, every number is a sum of named voices."""

import math

import clingo
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nesy import interpret as interpreting
from nesy import pipeline, rulebook
from nesy.diagnostics import NesyError
from nesy.interpret import NULL_HYPOTHESIS, interpret, needs_enumeration, softmax
from nesy.trace import Case, Trace
from nesy.weights import Weights

EMOTIONS = ("joy", "sadness", "anger", "surprise", "neutral")
EXPRESSIONS = ("smile", "frown", "eye_roll", "lip_bite")
FACES = ("f1", "f2")
# A condition on the reading itself forces enumeration, and here excludes no answer set.
ASKS_THE_READING = "asked(F, E) :- reading(F, E).\n"


def approx(value):
    return pytest.approx(value, abs=1e-9, rel=0)


def read(tmp_path, text, facts, weights=None, name="mine.lp"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    book = rulebook.load([], [path])
    known = [clingo.parse_term(fact) for fact in facts]
    return interpret(book, weights or Weights(3.0), known, []), book


evidence = st.builds(
    "evidence(F, {}, {}) :- expression(F, {}, _).".format,
    st.sampled_from(EMOTIONS),
    st.integers(0, 1000),
    st.sampled_from(EXPRESSIONS),
)
by_confidence = st.builds(
    "evidence(F, {}, C) :- expression(F, _, C).".format, st.sampled_from(EMOTIONS)
)
excluded = st.builds(
    "excluded(F, {}) :- expression(F, {}, _).".format,
    st.sampled_from(EMOTIONS),
    st.sampled_from(EXPRESSIONS),
)
programs = st.lists(evidence | by_confidence | excluded, max_size=8).map("\n".join)
shown = st.sets(st.tuples(st.sampled_from(EXPRESSIONS), st.integers(0, 1000)), max_size=3)


@given(programs, shown, shown, st.floats(-5, 5))
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_closed_form_equals_enumeration(tmp_path, program, first, second, weight):
    facts = [f"speaker({face})" for face in FACES]
    for face, seen in zip(FACES, (first, second), strict=True):
        facts += [f"expression({face},{name},{c})" for name, c in seen]
    closed, book = read(tmp_path, program, facts, Weights(weight))
    listed, longer = read(tmp_path, program + "\n" + ASKS_THE_READING, facts, Weights(weight))
    assert not needs_enumeration(book.rules("interpret"))
    assert needs_enumeration(longer.rules("interpret"))
    for face in FACES:
        ours, theirs = closed.marginals[face], listed.marginals[face]
        assert set(ours) == set(theirs)
        assert all(ours[emotion] == approx(theirs[emotion]) for emotion in ours)
        assert math.fsum(ours.values()) == approx(1 if ours else 0)


@given(programs, shown)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_log_odds_against_neutral_are_the_sum_of_the_voices(tmp_path, program, seen):
    facts = ["speaker(f1)", *(f"expression(f1,{name},{c})" for name, c in seen)]
    found, _ = read(tmp_path, program, facts)
    marginal = found.marginals["f1"]
    if NULL_HYPOTHESIS not in marginal:
        return

    def said(emotion):
        return math.fsum(v.contribution for v in found.voices if v.emotion == emotion)

    for emotion, probability in marginal.items():
        odds = math.log(probability / marginal[NULL_HYPOTHESIS])
        assert odds == pytest.approx(said(emotion) - said(NULL_HYPOTHESIS), abs=1e-6)


def test_nothing_to_go_by_reads_as_neutral(tmp_path):
    found, _ = read(tmp_path, "a.", ["speaker(f1)"])
    assert found.marginals == {"f1": {"neutral": 1.0}}
    assert [str(atom) for atom in found.reads()] == ["reads(f1,neutral,1000)"]


def test_one_voice_of_full_strength_is_worth_its_weight(tmp_path):
    text = "evidence(F, joy, 1000) :- speaker(F)."
    found, _ = read(tmp_path, text, ["speaker(f1)"], Weights(2.0))
    assert found.marginals["f1"]["joy"] == approx(math.exp(2) / (1 + math.exp(2)))


def test_two_rules_of_the_same_strength_are_two_voices(tmp_path):
    text = "evidence(F, joy, 500) :- speaker(F).\nevidence(F, joy, 500) :- face(F)."
    found, _ = read(tmp_path, text, ["speaker(f1)", "face(f1)"], Weights(2.0))
    assert [voice.contribution for voice in found.voices] == [1.0, 1.0]
    assert found.marginals["f1"]["joy"] == approx(math.exp(2) / (1 + math.exp(2)))


def test_one_rule_with_two_bindings_is_two_voices(tmp_path):
    text = "evidence(F, joy, 500) :- speaker(F), expression(F, E, _)."
    facts = ["speaker(f1)", "expression(f1,smile,900)", "expression(f1,frown,900)"]
    found, _ = read(tmp_path, text, facts)
    assert {voice.bindings for voice in found.voices} == {("smile", "f1"), ("frown", "f1")}


def test_an_anonymous_variable_is_no_binding(tmp_path):
    text = "evidence(F, joy, 500) :- speaker(F), expression(F, _, _)."
    facts = ["speaker(f1)", "expression(f1,smile,900)", "expression(f1,frown,900)"]
    found, _ = read(tmp_path, text, facts)
    assert len(found.voices) == 1


def test_a_rules_weight_is_found_by_its_id(tmp_path):
    text = '%! my.joy "x"\nevidence(F, joy, 1000) :- speaker(F).'
    found, _ = read(tmp_path, text, ["speaker(f1)"], Weights(3.0, {"my.joy": 0.5}))
    assert [voice.contribution for voice in found.voices] == [0.5]


@pytest.mark.parametrize("more", ["", ASKS_THE_READING])
def test_what_is_excluded_is_no_candidate_whatever_speaks_for_it(tmp_path, more):
    text = "evidence(F, joy, 1000) :- speaker(F).\nexcluded(F, joy) :- speaker(F).\n" + more
    found, _ = read(tmp_path, text, ["speaker(f1)"])
    assert found.marginals == {"f1": {"neutral": 1.0}}


@pytest.mark.parametrize("more", ["", ASKS_THE_READING])
def test_where_everything_is_excluded_nothing_is_read(tmp_path, more):
    found, _ = read(tmp_path, "excluded(F, neutral) :- speaker(F).\n" + more, ["speaker(f1)"])
    assert found.marginals == {"f1": {}}
    assert list(found.reads()) == []


def test_only_the_speaker_is_read(tmp_path):
    text = "evidence(F, joy, 1000) :- face(F)."
    found, _ = read(tmp_path, text, ["speaker(f1)", "face(f1)", "face(f2)"])
    assert list(found.marginals) == ["f1"]
    alone, _ = read(tmp_path, text, ["speaker(f1)", "face(f1)"])
    assert alone.marginals == found.marginals


def test_a_constraint_across_faces_joins_their_readings(tmp_path):
    text = """
        evidence(F, joy, 1000) :- expression(F, smile, _).
        evidence(F, anger, 900) :- expression(F, frown, _).
        :- reading(f1, E), reading(f2, D), E != D.
    """
    facts = ["speaker(f1)", "speaker(f2)", "expression(f1,smile,900)", "expression(f2,frown,900)"]
    found, book = read(tmp_path, text, facts)
    assert needs_enumeration(book.rules("interpret"))
    # Only neutral is a candidate of both.
    assert found.marginals == {face: {"neutral": approx(1)} for face in FACES}


def test_where_constraints_leave_no_reading_that_is_said(tmp_path):
    text = "evidence(F, joy, 1000) :- speaker(F).\n:- speaker(_)."
    with pytest.raises(NesyError, match="N325") as raised:
        read(tmp_path, text, ["speaker(f1)"])
    assert (raised.value.diagnostics[0].line, raised.value.exit_code) == (2, 2)
    found, _ = read(tmp_path, text, [])
    assert found.marginals == {}


def test_a_case_whose_readings_are_all_excluded_is_held(tmp_path):
    rules = tmp_path / "none.lp"
    rules.write_text('%! own.none "nobody is read"\n:- speaker(_).\n')
    engine = pipeline.engine_for(rules=[rules])
    found = pipeline.reason(Trace(case=Case(id="c", line="I'm fine.")), engine=engine)
    assert found.verdict.status == "hold" and "N325" in str(found.error)


def test_evidence_that_is_chosen_counts_where_it_is_chosen(tmp_path):
    text = "{ evidence(F, joy, 1000) } :- speaker(F)."
    found, _ = read(tmp_path, text, ["speaker(f1)"], Weights(2.0))
    # Two answer sets read neutral (with and without the evidence), one reads joy.
    assert found.marginals["f1"]["joy"] == approx(math.exp(2) / (math.exp(2) + 2))


def test_enumeration_survives_masses_that_underflow(tmp_path):
    text = "".join(f"evidence(F, joy, {900 + n}) :- speaker(F).\n" for n in range(12))
    found, _ = read(tmp_path, text + ASKS_THE_READING, ["speaker(f1)"], Weights(100.0))
    assert found.marginals["f1"] == {"joy": 1.0, "neutral": approx(0)}


@pytest.mark.parametrize(
    "head", ["joy, 1001", "joy, -1", "joy, high", 'joy, "9"', "E, 500", "f(joy), 500"]
)
def test_evidence_of_another_form_is_refused_at_its_rule(tmp_path, head):
    text = f"a.\nevidence(F, {head}) :- speaker(F), E = 12."
    with pytest.raises(NesyError) as caught:
        read(tmp_path, text, ["speaker(f1)"])
    (fault,) = caught.value.diagnostics
    assert (fault.code, fault.line) == ("N317", 2)


def test_what_is_handed_to_the_norms_is_in_thousandths_and_not_for_traces(tmp_path):
    text = "evidence(F, joy, 1000) :- speaker(F). evidence(F, anger, 100) :- speaker(F)."
    found, _ = read(tmp_path, text, ["speaker(f1)"], Weights(8.0))
    read_ = {str(a.arguments[1]): a.arguments[2].number for a in found.reads()}
    assert read_ == {"joy": 999}
    assert interpreting.LEAST_READ == 10


@given(st.dictionaries(st.sampled_from(EMOTIONS), st.floats(-1000, 1000), min_size=1))
def test_softmax_is_a_distribution_in_order(scores):
    found = softmax(scores)
    assert math.fsum(found.values()) == approx(1)
    assert list(found) == sorted(found, key=lambda e: (-found[e], e))
    assert max(scores, key=lambda e: scores[e]) in [
        e for e in found if found[e] == max(found.values())
    ]


def test_the_shipped_packs_have_a_closed_form(shipped):
    assert not needs_enumeration(shipped.rulebook.rules("interpret"))
