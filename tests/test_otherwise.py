"""`nesy why --not` and `--rather-than`: what is not so and why, on cases of the shipped rules."""

from __future__ import annotations

import json
from datetime import date

import clingo
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from nesy import pipeline
from nesy.diagnostics import NesyError
from nesy.explain import render, tell
from nesy.explain.why_not import otherwise
from nesy.explain.why_not.nearmiss import ways
from nesy.pipeline import engine_for
from nesy.reason.engine import Engine, stages_of
from nesy.trace import (
    Case,
    Observation,
    Trace,
)
from tests import strategies
from tests.by_hand import ENGINE, SMILE, case, told


def why_not(trace: Trace, atom: str | None = None, **more: bool) -> str:
    return told(otherwise.why_not(trace, ENGINE, atom, **more))


def test_the_nearest_rule_comes_first_with_what_it_lacks() -> None:
    trace = case(
        expressions={"eye_roll": 880}, valence={"positive": 800}, hidden=(12,), context="support"
    )
    node = otherwise.why_not(trace, ENGINE, "mismatch(f1, sarcasm)")
    first = node.because[0]
    assert first.rule is not None and first.rule.id == "mismatch.sarcasm_eyes"
    assert "(1 of 7 conditions fails)" in told(node).splitlines()[1]
    assert [n.atom for n in first.because] == ["emphatic"]
    below = {n.atom for n in first.walk() if n.kind == "absent"}
    assert 'cue(praise,"_")' in below or 'cue(hyperbole,"_")' in below


def test_what_stands_in_the_way_is_justified() -> None:
    trace = case(
        expressions={"eye_roll": 880},
        cues=("hyperbole",),
        acts=("denial",),
        valence={"positive": 800},
        context="support",
    )
    text = why_not(trace, "mismatch(f1, sarcasm)")
    assert "in the way stands: the speaker denies a feeling" in text


def test_a_number_is_told_against_its_bound() -> None:
    text = why_not(SMILE, "strong(positive)")
    assert "the confidence has to be at least 70 %: it is 65 %" in text
    text = why_not(case(units={12: 100}, context="support"), "held(f1, 12, _)")
    assert "the intensity has to be at least 30 %: it is 10 %" in text


def test_not_seen_is_not_absent() -> None:
    hidden = case(units={12: 700}, hidden=(6,), context="support")
    assert "could not be seen there, and not seen is not absent" in why_not(hidden, "au(f1,6,_,_)")
    seen = case(units={12: 700}, context="support")
    assert "it could have been seen there and was not" in why_not(seen, "au(f1, 6, _, _)")


def test_what_the_caller_did_not_declare_is_named_with_its_flag() -> None:
    trace = case(expressions={"smile": 900}, context="support", jurisdiction="us_ca")
    assert "(--declare jurisdiction=eu)" in why_not(trace, "in_force(e101)")
    assert "(--declare consent=" in why_not(trace, "exempt(e106)")


def test_a_withheld_face_is_said_first() -> None:
    trace = case(expressions={"smile": 900}, context="education", jurisdiction="eu")
    node = otherwise.why_not(trace, ENGINE, "reads(f1, joy)")
    assert node.because[0].kind == "against"
    assert node.because[0].atom == "forbidden(infer_from_face,e102)"
    text = why_not(trace, "expression(f1, smile, _)")
    assert "in the way stands: emotion is not read from a face in education" in text


def test_a_pack_that_is_switched_off_is_named() -> None:
    trace = pipeline.reason(
        Trace(case=Case(id="c1", image="f.png", line="Great."), observation=_claimed()),
        engine=ENGINE,
    )
    wanted = "evidence(f1, anger, _)"
    assert "the pack conflict concludes it and is switched off (--packs +conflict)" in why_not(
        trace, wanted
    )
    wider = engine_for(["+conflict"])
    assert any(a.match("evidence", 3) for a in stages_of(trace, wider).interpretation.atoms)


def _claimed() -> Observation:
    value = {
        "perceiver": "hand",
        "faces": [{"id": "f1", "claims": [{"emotion": "anger", "confidence": 900}]}],
    }
    return Observation.model_validate_json(json.dumps(value))


def test_an_exception_that_ran_out_is_named() -> None:
    later = ENGINE.on(date(2031, 1, 1))
    trace = case(
        expressions={"smile": 900},
        context="education",
        jurisdiction="eu",
        purpose="medical",
        engine=later,
    )
    text = told(otherwise.why_not(trace, later, "exempt(e102)"), later)
    assert "in the way stands: the declared purpose is" in text and "until 2027-12-31" in text


def test_a_reading_that_is_outweighed_is_set_against_the_top() -> None:
    trace = case(
        expressions={"smile": 900, "eye_roll": 600}, valence={"positive": 650}, context="support"
    )
    assert trace.reading is not None
    shares = trace.reading["f1"].distribution
    below = list(shares)[-2]
    node = otherwise.why_not(trace, ENGINE, f"reading(f1, {below})")
    assert f"({100 * shares[below]:.0f} %)" in told(node).splitlines()[0]
    assert any(n.kind == "contrast" and n.scores for n in node.walk())


def test_a_reading_without_evidence_says_which_rules_lack_what() -> None:
    node = otherwise.why_not(SMILE, ENGINE, "reads(f1, anger)")
    assert node.because[0].atom == 'evidence(f1,anger,"_")' and node.because[0].because
    assert "(0 %)" in told(node).splitlines()[0]


def test_an_excluded_reading_says_what_rules_it_out() -> None:
    trace = case(expressions={"smile": 900}, stated="sadness", context="support")
    text = why_not(trace, "reads(f1, joy)")
    assert "in the way stands: the person said that they feel something negative" in text


def test_a_face_that_is_not_there_has_no_reading() -> None:
    assert "there is no sign that the face (f9) is the speaker" in why_not(SMILE, "reads(f9, joy)")


def test_an_act_is_not_done_because_it_is_forbidden_or_nobody_asks() -> None:
    crisis = case(expressions={"smile": 900}, cues=("self_harm",), context="support")
    text = why_not(crisis, "reply_act(joke)")
    assert "in the way stands: the person seems in distress, so the reply does not joke" in text
    quiet = why_not(SMILE, "reply_act(safety_check)")
    assert "there is no sign that any norm" in quiet


@pytest.fixture(scope="module")
def torn(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """The shipped rules and one that asks for jokes, which E205 forbids in a crisis."""
    path = tmp_path_factory.mktemp("rules") / "mine.lp"
    label = '%! mine.joke "a smile asks for a joke"\n%  source: a test\n%  norm: E110\n'
    path.write_text(label + "obligatory(joke, e110) :- expression(_, smile, _).\n")
    return Engine.load(rules=[path])


def test_an_act_whose_norm_lost_says_which_norm_won(torn: Engine) -> None:
    trace = case(expressions={"smile": 900}, cues=("self_harm",), context="support", engine=torn)
    text = told(otherwise.why_not(trace, torn, "reply_act(joke)"), torn)
    assert "on a reply that jokes gives way to E205" in text
    node = otherwise.rather_than(trace, torn, "forbidden(joke, e205)", "obligatory(joke, e110)")
    assert node.because[0].atom == "overridden(joke,e110,e205)"


def test_every_rule_is_told_when_asked_for() -> None:
    atom = "evidence(f1, sadness, _)"
    few, every = why_not(SMILE, atom), why_not(SMILE, atom, every=True)
    assert "are further off" in few and "are further off" not in every.split("\n└─")[-1]
    top = [n for n in otherwise.why_not(SMILE, ENGINE, atom, every=True).because if n.rule]
    concluding = [
        rule
        for rule in ENGINE.rulebook.rules("interpret")
        for way in ways(rule)
        if way.head.key == ("evidence", 3, True)
        and way.head.terms[1].known({}) in (None, clingo.Function("sadness"))
    ]
    assert {n.rule.id for n in top if n.rule} == {rule.id for rule in concluding}


def test_what_holds_is_a_true_negative() -> None:
    for atom in ("reads(f1, friendliness, _)", "speaker(f1)", "emotion(joy)"):
        with pytest.raises(otherwise.Holds, match="N507") as caught:
            otherwise.why_not(SMILE, ENGINE, atom)
        assert caught.value.exit_code == 1
    assert SMILE.response is not None
    with pytest.raises(otherwise.Holds):
        otherwise.why_not(SMILE, ENGINE, f"reply_act({SMILE.response.acts[0]})")
    with pytest.raises(otherwise.Holds, match="released"):
        otherwise.why_not(SMILE, ENGINE)


@pytest.mark.parametrize(
    ("atom", "fix"),
    [
        ("mismach(f1, sarcasm)", "did you mean mismatch?"),
        ("mismatch(f1, sarcsm)", "did you mean sarcasm?"),
        ("reads(f1, joyy)", "did you mean joy?"),
        ("reply_act(jok)", "did you mean joke?"),
        ("mismatch(f1)", "write it as mismatch(Face, Kind)"),
    ],
)
def test_a_misspelt_question_says_what_was_meant(atom: str, fix: str) -> None:
    with pytest.raises(NesyError, match="N502") as caught:
        otherwise.why_not(SMILE, ENGINE, atom)
    assert fix in str(caught.value) and caught.value.exit_code == 1


@settings(max_examples=4, suppress_health_check=[HealthCheck.too_slow])
@given(st.builds(Trace, case=strategies.cases, observation=strategies.observations(True)))
def test_whatever_does_not_hold_can_be_asked(trace: Trace) -> None:
    done = pipeline.reason(trace, engine=ENGINE)
    assume(done.facts is not None)
    for kind in sorted(ENGINE.vocabulary.terms["mismatch"])[:3]:
        _asked(done, f"mismatch(f1, {kind})")
    for emotion in ("joy", "sarcasm", "neutral"):
        _asked(done, f"reads(f1, {emotion})")
    for name in ("crisis(_)", "hold(_)", "ambiguous(f1)", "reply_act(joke)", "forbidden(joke, _)"):
        _asked(done, name)


def _asked(trace: Trace, atom: str) -> None:
    try:
        node = otherwise.why_not(trace, ENGINE, atom)
    except otherwise.Holds:
        return
    assert node.because
    for form in render.FORMATS.values():
        assert form(tell.tell(node, ENGINE))


def test_the_command_answers_in_text_and_json(nesy, tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "trace.json"
    path.write_text(SMILE.model_dump_json(by_alias=True, exclude_none=True), encoding="utf-8")
    ran = nesy("why", "mismatch(f1, sarcasm)", "--not", path, "--json")
    found = json.loads(ran.out)
    assert found["kind"] == "absent" and found["because"][0]["kind"] == "miss"
    assert found["because"][0]["rule"].startswith("mismatch.sarcasm")
    ran = nesy("why", "reads(f1, joy)", path, "--rather-than", "happiness", "--json")
    assert json.loads(ran.out)["kind"] == "contrast"
    ran = nesy("why", "mismatch(f1, sarcasm)", "--not", path, "--depth", "0")
    assert ran.out.startswith("there is no sign that words and the face (f1)")
    assert "more: nesy why 'mismatch(f1,sarcasm)' --not" in ran.out
    assert nesy("why", "speaker(f1)", "--not", path).code == 1
    assert nesy("why", "mismatch(f1, sarcasm)", "--not", path, "--format", "prov").code == 2
