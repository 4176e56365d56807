"""Two perceivers of one picture: what they agree on is in the Trace, the reading is the first's."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nesy import pipeline, resources
from nesy.beside import beside, in_words
from nesy.diagnostics import Diagnostic, NesyError
from nesy.trace import ActionUnit, Case, Claim, Face, Observation, SeenExpression, Trace
from tests.strategies import WORDS, claims, expressions, few, units

DATA = Path(__file__).parent / "adapters" / "data"
faces = st.builds(
    Face,
    id=st.just("f1"),
    action_units=few(units, 12),
    unobservable=few(st.sampled_from(WORDS.reported_units), 12),
    expressions=few(expressions),
    claims=few(claims),
)


def of(*found):
    numbered = [face.model_copy(update={"id": f"f{n}"}) for n, face in enumerate(found, 1)]
    return Observation(perceiver="p", faces=tuple(numbered))


def face(present=(), absent=(), **more):
    told = [(code, 900) for code in present] + [(code, 100) for code in absent]
    seen = [ActionUnit(unit=u, intensity=500, confidence=c) for u, c in told]
    unseen = set(WORDS.reported_units) - set(present) - set(absent)
    return Face(id="f1", action_units=tuple(seen), unobservable=tuple(unseen), **more)


def compared(one, other):
    return beside(of(one), of(other), "second", WORDS)


def test_only_what_both_could_see_is_compared():
    found = compared(face((12, 6), (4, 1)), face((12, 4, 9), (1,))).units
    # 6 and 9 were each seen by one alone and looked for by one alone.
    assert (found.asked, found.same, found.first_only, found.second_only) == (3, 2, (), ("au4",))
    # Both: 1 present of 3 against 2 of 3; by hand (2/3 - 4/9) / (5/9).
    assert found.kappa == 0.4


def test_who_reports_no_unit_saw_none_of_them_absent():
    assert compared(face((12,)), Face(id="f1")).units is None


@given(one=faces, other=faces)
def test_agreement_is_symmetric_and_whole_with_oneself(one, other):
    forth, back = compared(one, other), compared(other, one)
    for name in ("units", "expressions"):
        first, second = getattr(forth, name), getattr(back, name)
        assert (first is None) == (second is None)
        if first is not None:
            assert (first.asked, first.same, first.kappa) == (
                second.asked,
                second.same,
                second.kappa,
            )
            assert (first.first_only, first.second_only) == (second.second_only, second.first_only)
            assert first.asked == first.same + len(first.first_only) + len(first.second_only)
    own = compared(one, one)
    assert own.units is None or (own.units.same, own.units.kappa) in (
        (own.units.asked, 1.0),
        (own.units.asked, None),
    )
    assert own.claims is None or own.claims.same
    assert in_words(forth).startswith("second ")


@given(
    held=st.lists(
        st.tuples(st.sampled_from(WORDS.reported_units), st.booleans(), st.booleans()),
        min_size=1,
        unique_by=lambda each: each[0],
    )
)
def test_kappa_is_cohens(held):
    metrics = pytest.importorskip("sklearn.metrics")
    one = face([u for u, a, _ in held if a], [u for u, a, _ in held if not a])
    other = face([u for u, _, b in held if b], [u for u, _, b in held if not b])
    found = compared(one, other).units
    first, second = [a for _, a, _ in held], [b for _, _, b in held]
    if found.kappa is None:
        assert len({*first, *second}) == 1
    else:
        assert found.kappa == pytest.approx(metrics.cohen_kappa_score(first, second), abs=1e-6)


def test_expressions_and_claims_are_compared_where_both_name_some():
    smile = SeenExpression(expression="smile", confidence=900)
    joy, fear = (Claim(emotion=e, confidence=700) for e in ("joy", "fear"))
    first = Face(id="f1", expressions=(smile,), claims=(joy,))
    second = Face(
        id="f1",
        expressions=(SeenExpression(expression="frown", confidence=900),),
        claims=(fear, joy.model_copy(update={"confidence": 100})),
    )
    found = compared(first, second)
    assert (found.expressions.asked, found.expressions.same) == (len(WORDS.expressions), 11)
    assert (found.expressions.first_only, found.expressions.second_only) == (("smile",), ("frown",))
    assert found.claims.model_dump() == {"first": "joy", "second": "fear", "same": False}
    assert compared(first, Face(id="f1", claims=(fear,))).expressions is None


def test_several_faces_and_a_failure_are_told_and_not_compared():
    found = beside(of(face((12,))), of(face((12,)), face((4,))), "second", WORDS)
    assert found.units is None and found.faces == (1, 2) and "2 faces" in in_words(found)
    error = NesyError(Diagnostic("N143", "nothing of it", "why", "fix"))
    lost = beside(of(face((12,))), error, "second", WORDS)
    assert lost.error["diagnostics"][0]["code"] == "N143" and "could not tell" in in_words(lost)


def test_a_claim_its_own_units_and_a_second_perceiver_disagree(tmp_path, nesy):
    """py-feat's emotion model says happy, its units are sad, OpenFace sees a smile: all told."""
    text = (DATA / "pyfeat_v2.csv").read_text()
    sad = "0.2109,0.0021,0.6914"
    assert sad in text
    (tmp_path / "fex.csv").write_text(text.replace(sad, "0.2109,0.6914,0.0021"))
    smile = (DATA / "openface_pictures" / "smile.csv").read_text()
    (tmp_path / "downcast.csv").write_text(smile)
    (tmp_path / "cases.jsonl").write_text(
        json.dumps({"id": "c1", "image": "downcast.jpg", "line": "I'm fine"})
    )
    asked = ("run", tmp_path / "cases.jsonl", "--with", f"pyfeat:{tmp_path / 'fex.csv'}")
    second = ("--beside", f"openface:{tmp_path / 'downcast.csv'}")
    alone = json.loads(nesy(*asked, "--json").out)
    both = nesy(*asked, *second, "--json")
    trace = json.loads(both.out)
    found = trace.pop("beside")
    # The reading rests on the first alone: all else is as without the second.
    assert trace == alone
    claimed = max(trace["observation"]["faces"][0]["claims"], key=lambda c: c["confidence"])
    read = next(iter(trace["reading"]["f1"]["distribution"]))
    assert claimed["emotion"] == "happiness" and read == "sadness"
    assert found["units"]["first_only"] == ["au1", "au4", "au15", "au17"]
    assert found["units"]["second_only"] == ["au6", "au7", "au12", "au25"]
    assert found["units"]["kappa"] < 0
    assert "24" not in "".join(found["units"]["second_only"])
    told = nesy(*asked, *second).out
    assert "only it sees au6, au7, au12, au25" in told
    # What is written is read again, and reasoning keeps it.
    again = Trace.model_validate_json(both.out)
    assert pipeline.reason(again).beside == again.beside


def test_a_second_perceiver_that_does_not_know_the_case_stops_nothing():
    one = Case(id="smile", image="smile.jpg", line="Great")
    first, second = (f"openface:{DATA / 'openface_pictures'}", f"pyfeat:{DATA / 'pyfeat_v1.csv'}")
    (trace,) = pipeline.run([one], perceiver=first, beside=second)
    assert trace.verdict.status == "release"
    assert trace.beside.error["diagnostics"][0]["code"] == "N143"


# ── Four voices ─────────────────────────────────────────────────────────────────────────────────

RECORDED = resources.folder("benchmarks") / "demo" / "recorded"


def test_the_recorded_disagreement_is_told_as_its_readme_shows(tmp_path, nesy):
    reasoned = nesy("reason", RECORDED / "disagreement.json")
    trace = json.loads(reasoned.out)
    voices = trace["beside"]["voices"]
    assert voices["differ"] and voices["claim"] == ["contempt"]
    assert voices["beside_claim"] == ["happiness"] and voices["beside_read"] == ["joy"]
    assert "contempt" not in voices["read"] and "joy" not in voices["read"]
    told = nesy("why", stdin=reasoned.out).out.splitlines()
    block = (RECORDED / "README.md").read_text(encoding="utf-8").split("```console\n")[1]
    shown = block.split("```")[0].splitlines()[1:]
    assert len(shown) > 9
    at = 0
    for line in shown:
        if line != "…":
            assert line in told[at:], line
            at = told.index(line, at) + 1
    # What the second saw decides nothing: all else is as without it.
    alone = {name: value for name, value in trace.items() if name != "beside"}
    bare = json.loads((RECORDED / "disagreement.json").read_text())
    del bare["beside"]
    path = tmp_path / "alone.json"
    path.write_text(json.dumps(bare))
    assert json.loads(nesy("reason", path).out) == alone
    german = nesy("why", "--language", "de", stdin=reasoned.out).out
    assert "pyfeat:pyfeat.csv selbst meint: Fröhlichkeit" in german
    for form in ("json", "dot", "svg", "html"):
        out = nesy("why", "--format", form, stdin=reasoned.out).out
        assert "itself claims: happiness" in out or (form == "svg" and "two perceivers" in out)
    assert nesy("why", "--format", "prov", stdin=reasoned.out).code == 0


def voiced_of(first, second, **declared):
    case = Case(id="c", image="x.png", line="Well.", declared=declared)
    found = beside(of(first), of(second), "second", WORDS)
    trace = pipeline.reason(Trace(case=case, observation=of(first), beside=found))
    return trace.beside.voices


def claims_of(*emotions):
    return tuple(Claim(emotion=e, confidence=800) for e in emotions)


def test_a_kind_of_the_same_emotion_is_no_disagreement():
    smile = SeenExpression(expression="smile", confidence=900)
    units = ((6, 12), (4, 1))
    happy = face(*units, expressions=(smile,), claims=claims_of("happiness"))
    joyful = face(*units, expressions=(smile,), claims=claims_of("joy"))
    assert not voiced_of(happy, joyful).differ
    angry = voiced_of(happy, face(*units, expressions=(smile,), claims=claims_of("anger")))
    assert angry.differ and angry.beside_claim == ("anger",)
    tie = voiced_of(happy, face(*units, claims=claims_of("joy", "anger")))
    assert tie.beside_claim == ("anger", "joy") and not tie.differ


def test_where_a_norm_withholds_the_face_no_opinion_of_it_is_told():
    held = face((12,), claims=claims_of("happiness"))
    other = face((4,), claims=claims_of("anger"))
    assert voiced_of(held, other) is not None
    assert voiced_of(held, other, context=("workplace",), jurisdiction=("eu",)) is None


@given(one=faces, other=faces)
@settings(max_examples=25, deadline=None)
def test_a_second_perceiver_changes_nothing_but_what_stands_beside(one, other):
    case = Case(id="c", image="x.png", line="Well.")
    bare = Trace(case=case, observation=of(one))
    found = beside(of(one), of(other), "second", WORDS)
    plain = pipeline.reason(bare)
    both = pipeline.reason(bare.with_(beside=found))
    assert both.with_(beside=None) == plain
    (bulk,) = pipeline.reason_many([bare.with_(beside=found)])
    assert bulk == both
    if both.error is None:
        assert both.beside.voices.beside_claim or not other.claims
