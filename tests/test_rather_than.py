"""`nesy why --rather-than`: where two atoms part, on cases of the shipped rules."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from nesy.diagnostics import NesyError
from nesy.explain.why_not import otherwise
from nesy.reason.engine import Engine
from tests.by_hand import ENGINE, SMILE, case, told


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.sampled_from(sorted(ENGINE.vocabulary.expressions)), st.integers(300, 990), max_size=3
    ),
    st.sampled_from(["positive", "negative", "neutral"]),
    st.lists(st.sampled_from(sorted(ENGINE.vocabulary.cues)), max_size=2, unique=True),
)
@example({"raised_eyebrows": 500, "inner_brow_raiser": 674}, "positive", ["disbelief"])
def test_what_is_told_adds_up_to_the_difference_in_log_odds(
    expressions: dict[str, int], valence: str, cues: list[str]
) -> None:
    trace = case(
        expressions=expressions, valence={valence: 700}, cues=tuple(cues), context="support"
    )
    assert trace.reading is not None
    shares = trace.reading["f1"].distribution
    for one, other in pairwise(shares):
        if shares[one] <= shares[other]:
            continue
        node = otherwise.rather_than(trace, ENGINE, f"reads(f1, {one})", other)
        difference = math.log(shares[one] / shares[other])
        (own, its) = (score for _, score in node.scores)
        assert math.isclose(own - its, difference, abs_tol=1e-6)
        voices = [n for group in node.because for n in group.because if n.voice]
        total = sum(
            n.voice.contribution * (1 if n.voice.emotion == one else -1) for n in voices if n.voice
        )
        pairs = [n for group in node.because for n in group.because if n.kind == "balance"]
        total += sum(n.scores[0][1] - n.scores[1][1] for n in pairs)
        assert math.isclose(total, difference, abs_tol=1e-6)


def test_voices_from_the_same_fact_are_set_off_against_each_other() -> None:
    trace = case(
        expressions={"smile": 900, "nose_wrinkle": 700},
        valence={"positive": 900},
        context="support",
    )
    assert trace.reading is not None
    shares = trace.reading["f1"].distribution
    ranked = [e for e in ("joy", "happiness", "friendliness", "politeness") if e in shares]
    pairs = [(a, b) for a in ranked for b in ranked if shares[a] > shares[b]]
    assert pairs
    text = told(otherwise.rather_than(trace, ENGINE, f"reads(f1, {pairs[0][0]})", pairs[0][1]))
    assert "log-odds" in text.splitlines()[0]


def test_the_one_voice_that_tips_it_is_named() -> None:
    trace = case(expressions={"eye_roll": 880}, valence={"positive": 300}, context="support")
    node = otherwise.rather_than(trace, ENGINE, "reads(f1, sarcasm)", "reads(f1, neutral)")
    assert "without the one voice of table1.eye_roll.sarcasm, no particular emotion" in told(node)
    with pytest.raises(otherwise.DoesNotHold, match="other way round"):
        otherwise.rather_than(trace, ENGINE, "reads(f1, neutral)", "sarcasm")


def test_two_atoms_part_where_the_other_fails() -> None:
    trace = case(
        expressions={"eye_roll": 880},
        cues=("praise",),
        valence={"positive": 800},
        context="support",
    )
    node = otherwise.rather_than(trace, ENGINE, "mismatch(f1, sarcasm)", "masking_smile")
    text = told(node)
    assert "what both rest on" in text and "here they part" in text
    assert {n.atom for n in node.because[0].because} >= {"speaker(f1)"}


def test_an_act_is_set_against_an_act() -> None:
    assert SMILE.response is not None
    done = SMILE.response.acts[0]
    text = told(otherwise.rather_than(SMILE, ENGINE, f"reply_act({done})", "joke"))
    assert text.startswith("this is a reply that ") and "this is no reply that jokes" in text


@pytest.mark.parametrize(
    ("atom", "other"),
    [
        ("reads(f1, friendliness)", "reads(f2, anger)"),
        ("reply_act(acknowledge)", "reads(f1, anger)"),
        ("reads(f1, joy)", "joy"),
    ],
)
def test_what_does_not_compete_is_refused(atom: str, other: str) -> None:
    with pytest.raises(NesyError, match="N508"):
        otherwise.rather_than(SMILE, ENGINE, atom, other)


CHOOSING = """
%*! flagged(Face) {Face} is flagged. *%
%! mine.flag "{Face} may be flagged"
%  source: a test
{ flagged(Face) } :- face(Face).
%! mine.never "a flag beside words of a loss"
%  source: a test
:- flagged(Face), cue(loss, _).
%! mine.joy "a flagged face speaks of joy"
%  source: a test
evidence(Face, joy, 900) :- flagged(Face).
"""


def test_what_a_constraint_excludes_says_which(rules_file) -> None:  # type: ignore[no-untyped-def]
    engine = Engine.load(rules=[rules_file(CHOOSING)])
    excluded = case(expressions={"frown": 900}, cues=("loss",), context="support", engine=engine)
    text = told(otherwise.why_not(excluded, engine, "flagged(f1)"), engine)
    assert "in the way stands: a flag beside words of a loss" in text
    node = otherwise.rather_than(excluded, engine, "face(f1)", "flagged(f1)")
    (kept,) = (n for n in node.because if n.text == "whatever is chosen, these keep the other out")
    assert [n.atom for n in kept.because] == ["cue(loss,900)"]
    free = case(expressions={"frown": 900}, context="support", engine=engine)
    text = told(otherwise.why_not(free, engine, "flagged(f1)"), engine)
    assert "all its conditions hold, so it may be chosen" in text
    assert free.reading is not None
    one, *_, other = free.reading["f1"].distribution
    node = otherwise.rather_than(free, engine, f"reads(f1, {one})", other)
    assert not node.scores and "the voices of the best one" in told(node, engine)
