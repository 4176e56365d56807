"""The whole way: the same in, the same out; what is withheld; what is held."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nesy import pipeline, rulebook, vocabulary, weights
from nesy.cli.running import failure
from nesy.diagnostics import Diagnostic, NesyError
from nesy.explain import render, tell
from nesy.pipeline import engine_for
from nesy.reason.engine import Engine
from nesy.trace import Case, Face, Observation, SeenExpression, Trace, parse_trace

FACES = Path(__file__).parent.parent / "benchmarks" / "demo" / "faces"
WEIGHTS = Path(__file__).parent.parent / "adapters" / "embedded" / "weights" / "model.safetensors"


def _seen(expression: str, confidence: int = 930) -> Observation:
    seen = (SeenExpression(expression=expression, confidence=confidence),)
    return Observation(perceiver="hand", faces=(Face(id="f1", expressions=seen),))


def _reasoned(line: str, expression: str, **declared: str) -> Trace:
    said = {key: (value,) for key, value in declared.items()}
    case = Case(id="c", image="face.png", line=line, declared=said)
    return pipeline.reason(Trace(case=case, observation=_seen(expression)))


@pytest.mark.skipif(not WEIGHTS.exists(), reason="no weights are shipped")
def test_the_same_case_and_seed_give_the_same_bytes() -> None:
    cases = [
        Case(id="a", image=str(FACES / "troubled_smile.png"), line="I'm fine."),
        Case(id="b", image=str(FACES / "london_087_smiling.jpg"), line="That's great, really."),
        Case(id="c", line="I failed the exam again."),
    ]
    once, twice = ([t.as_json() for t in pipeline.run(cases, seed=7)] for _ in range(2))
    assert once == twice
    assert all(parse_trace(json.loads(t)).error is None for t in once)


def test_replaying_a_trace_changes_nothing() -> None:
    done = _reasoned("I'm fine.", "smile", context="support")
    assert pipeline.reason(done).as_json() == done.as_json()


def test_at_work_the_face_is_seen_and_not_read() -> None:
    free = _reasoned("I'm fine.", "frown", context="support", jurisdiction="eu")
    work = _reasoned("I'm fine.", "frown", context="workplace", jurisdiction="eu")
    assert free.reading and work.reading and work.facts
    assert free.reading["f1"].distribution["sadness"] > 0.2
    assert "sadness" not in work.reading["f1"].distribution
    assert {f.withheld for f in work.facts if f.atom.startswith("expression")} == {"E101"}
    assert {f.withheld for f in free.facts or ()} == {None}


def test_recruitment_is_work_too() -> None:
    trace = _reasoned("I'm fine.", "frown", context="recruitment", jurisdiction="eu")
    assert "E101" in {f.withheld for f in trace.facts or ()}


def test_a_smile_never_lowers_a_crisis() -> None:
    alone = pipeline.reason(Trace(case=Case(id="c", line="I want to end my life.")))
    smiling = _reasoned("I want to end my life.", "smile")
    for trace in (alone, smiling):
        assert trace.verdict and trace.verdict.crisis == ("self_harm",)
        assert trace.response and "give_crisis_resource" in trace.response.acts


@pytest.mark.parametrize("packs", [[], ["table1"], ["facs", "words"]])
def test_no_choice_of_packs_takes_the_crisis_contact_away(packs: list[str]) -> None:
    engine = Engine.load(packs)
    trace = pipeline.reason(Trace(case=Case(id="c", line="I want to die.")), engine=engine)
    assert trace.verdict and trace.verdict.crisis == ("self_harm",)
    assert trace.response and "give_crisis_resource" in trace.response.acts


def test_norms_without_one_answer_hold_the_reply(tmp_path: Path) -> None:
    open_choice = tmp_path / "choice.lp"
    open_choice.write_text("{ forbidden(joke, e205) } :- reads(_, _, _).\n", encoding="utf-8")
    book = rulebook.load(None, [open_choice])
    engine = Engine(vocabulary.load(), book, weights.load())
    trace = pipeline.reason(Trace(case=Case(id="c", line="Hello.")), engine=engine)
    assert trace.verdict and trace.verdict.status == "hold"
    assert [(n.norm, n.force) for n in trace.verdict.norms] == [("E601", "hold")]
    assert trace.response and "crisis line" in trace.response.text
    assert failure(trace) == 3
    with pytest.raises(NesyError, match="N308"):
        Engine.load(None, [open_choice])


def test_a_held_reply_is_told_as_held(tmp_path: Path) -> None:
    open_choice = tmp_path / "choice.lp"
    open_choice.write_text("{ forbidden(joke, e205) } :- reads(_, _, _).\n", encoding="utf-8")
    engine = Engine(vocabulary.load(), rulebook.load(None, [open_choice]), weights.load())
    trace = pipeline.reason(Trace(case=Case(id="c", line="Hello.")), engine=engine)
    told = tell.tell(pipeline.why(trace, engine=engine), engine)
    assert render.as_text(told).startswith("No verdict was reached")


def test_a_picture_without_a_face_is_an_error_and_the_others_go_on() -> None:
    class Blind:
        def describe(self):
            return {"name": "blind", "model": "none"}

        def perceive(self, cases, *, seed):
            for case in cases:
                if case.id == "broken":
                    fault = Diagnostic("N124", "damaged", "cut off", "save it again")
                    yield NesyError(fault)
                else:
                    yield Observation(perceiver="blind")

    cases = [
        Case(id="empty", image="wall.png", line="Hello."),
        Case(id="broken", image="x.png", line="Hello."),
        Case(id="words", line="Hello."),
    ]
    found = list(pipeline.run(cases, perceiver=Blind(), engine=engine_for()))
    codes = [t.error and t.as_json().split('"code":"')[1][:4] for t in found]
    assert codes == ["N141", "N124", None]
    assert found[2].verdict and found[2].verdict.status == "release"
