"""What the literature says of Table 1 is told; sides are facts; mixtures are in the Trace."""

from collections.abc import Mapping
from typing import Any

import pytest

from nesy import pipeline, vocabulary
from nesy.cli.summary import summary
from nesy.explain import render, tell
from nesy.ground import ground
from nesy.pipeline import engine_for
from nesy.reason.engine import Engine
from nesy.trace import ActionUnit, Case, Face, Observation, Trace, parse_trace

WORDS = vocabulary.load()
PAPER = [pair for pair in WORDS.pairs if pair.from_paper]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return engine_for()


def trace(face: Mapping[str, Any], line: Mapping[str, Any], **declared: list[str]) -> Trace:
    case = {"id": "c1", "image": "f.png", "line": "So.", "declared": declared}
    faces = [{"id": "f1", **face}]
    observation = {"perceiver": "hand", "faces": faces, "line": line}
    return parse_trace({"case": case, "observation": observation})


@pytest.mark.parametrize("expression", sorted({pair.expression for pair in PAPER}))
def test_each_voice_of_table_1_tells_its_support(engine: Engine, expression: str) -> None:
    seen = {"expressions": [{"expression": expression, "confidence": 900}]}
    reasoned = pipeline.reason(trace(seen, {}), engine=engine)
    for pair in (p for p in PAPER if p.expression == expression):
        node = pipeline.why(reasoned, f"reads(f1,{pair.emotion})", engine=engine)
        told = tell.tell(node, engine)
        own = [t for t in told.because if t.rule == f"table1.{expression}.{pair.emotion}"]
        assert len(own) == 1
        assert own[0].evidence == pair.evidence
        assert own[0].support is not None
        assert {"contradicted": "contradicted", "none": "not supported"}.get(
            pair.support, f"{pair.support[:6]}"
        ) in own[0].support
        assert pair.condition in own[0].support
        assert f"literature: {own[0].support}. {pair.evidence}" in render.as_text(told)
        assert own[0].as_json()["support"] == own[0].support


def test_the_side_of_a_unit_is_a_fact() -> None:
    left = ActionUnit(unit=14, intensity=500, confidence=900, side="left")
    right = left.model_copy(update={"side": "right", "confidence": 700, "intensity": 300})
    unknown = ActionUnit(unit=12, intensity=500, confidence=900)

    def facts(*units: ActionUnit) -> set[str]:
        seen = Observation(perceiver="hand", faces=(Face(id="f1", action_units=units),))
        return {f.atom for f in ground(Case(id="c1"), seen, WORDS) if f.atom.startswith("au")}

    assert facts(left, unknown) == {
        "au(f1,14,500,900)",
        "au_side(f1,14,left)",
        "au(f1,12,500,900)",
    }
    assert facts(left, right) == {"au(f1,14,500,900)", "au_side(f1,14,both)"}
    doubted = right.model_copy(update={"confidence": 400})
    assert facts(left, doubted) == {"au(f1,14,500,900)", "au_side(f1,14,left)"}
    assert "side" not in unknown.model_dump()


def test_a_side_is_withheld_with_the_face(engine: Engine) -> None:
    units = [{"unit": 14, "intensity": 500, "confidence": 900, "side": "left"}]
    line = {"valence": [{"valence": "neutral", "confidence": 900}]}
    seen = trace({"action_units": units}, line, context=["workplace"], jurisdiction=["eu"])
    found = pipeline.reason(seen, engine=engine)
    assert {f.withheld for f in found.facts or () if f.atom.startswith("au")} == {"E101"}
    assert found.reading is not None
    assert "contempt_leak" not in found.reading["f1"].mismatches
    elsewhere = pipeline.reason(trace({"action_units": units}, line), engine=engine)
    assert elsewhere.reading is not None
    assert elsewhere.reading["f1"].mismatches == ("contempt_leak",)


SURPRISED = {
    "expressions": [
        {"expression": "raised_eyebrows", "confidence": 900},
        {"expression": "pursed_lips", "confidence": 700},
    ],
    "action_units": [
        {"unit": 1, "intensity": 600, "confidence": 900},
        {"unit": 2, "intensity": 600, "confidence": 900},
        {"unit": 26, "intensity": 600, "confidence": 600},
    ],
}


def test_surprise_and_doubt_are_a_mixture(engine: Engine) -> None:
    line = {"emotions": [{"emotion": "doubt", "confidence": 750}]}
    found = pipeline.reason(trace(SURPRISED, line), engine=engine)
    assert found.reading is not None
    assert found.reading["f1"].mixture == ("surprise", "doubt")
    assert not found.reading["f1"].ambiguous
    assert "surprise and doubt at once" in summary(found, WORDS)
    told = render.as_text(tell.tell(pipeline.why(found, None, engine=engine), engine))
    assert "surprise and doubt are nearly as probable" in told


def test_an_eye_roll_alone_is_ambiguous_and_no_mixture(engine: Engine) -> None:
    seen = {"expressions": [{"expression": "eye_roll", "confidence": 900}]}
    found = pipeline.reason(trace(seen, {}), engine=engine)
    assert found.reading is not None
    assert found.reading["f1"].ambiguous
    assert found.reading["f1"].mixture == ()


def test_a_smile_beside_sad_words_is_called(engine: Engine) -> None:
    units = [{"unit": u, "intensity": 700, "confidence": 900} for u in (6, 12, 25)]
    line = {
        "valence": [{"valence": "negative", "confidence": 900}],
        "emotions": [{"emotion": "sadness", "confidence": 900}],
    }
    found = pipeline.reason(trace({"action_units": units}, line), engine=engine)
    assert found.reading is not None
    assert found.reading["f1"].ambiguous
