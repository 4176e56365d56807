"""The Trace: read as it was written, unknown fields kept, every fault named."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nesy import strict_json, trace
from nesy.diagnostics import Diagnostic, NesyError
from nesy.trace import Case, FaceReading, Fact, Trace, parse_trace, read_traces
from tests.strategies import cases, observations, term
from tests.test_strict_json import values

extra_names = st.sampled_from(["x", "note2", "Ünknown", "_private"])


def faults_of(value):
    with pytest.raises(NesyError) as caught:
        parse_trace(value, file="t.json", line=3)
    assert {d.code for d in caught.value.diagnostics} == {"N113"}
    return [d.what for d in caught.value.diagnostics]


@st.composite
def traces(draw):
    marginals = draw(st.dictionaries(term("emotion"), st.floats(0, 1), max_size=3))
    return Trace(
        case=draw(cases),
        observation=draw(st.none() | observations()),
        facts=draw(st.none() | st.just((Fact(atom="face(f1)", origin="image"),))),
        reading=draw(st.none() | st.just({"f1": FaceReading(distribution=marginals)})),
        versions={"seed": 0},
    )


@given(traces())
def test_a_trace_is_read_as_it_was_written_byte_for_byte(one):
    text = one.as_json()
    again = parse_trace(strict_json.loads(text))
    assert again == one
    assert again.as_json() == text


@given(traces(), st.dictionaries(extra_names, values, min_size=1), st.integers(0, 2))
@settings(max_examples=60)
def test_unknown_fields_are_kept_wherever_they_stand(one, more, where):
    value = strict_json.loads(one.as_json())
    place = [value, value["case"], value.get("observation") or value][where]
    place |= more
    again = strict_json.loads(parse_trace(value).as_json())
    kept = [again, again["case"], again.get("observation") or again][where]
    assert {name: kept[name] for name in more} == more


def test_a_bare_case_is_a_trace_to_be_filled_in():
    found = parse_trace({"line": "hello", "declared": {"context": "support"}}, line=7)
    assert found.case == Case(id="c7", line="hello", declared={"context": ("support",)})


def test_stages_left_out_stay_out():
    assert strict_json.loads(Trace(case=Case(id="c")).as_json()) == {
        "schema": "nesy.trace.v1",
        "case": {"id": "c", "line": "", "turns": [], "declared": {}},
        "versions": {},
    }


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([], "Trace"),
        ({}, "case: Field required"),
        ({"case": {"id": ""}}, "case.id"),
        ({"case": {"id": "x" * 201}}, "case.id"),
        ({"schema": "nesy.trace.v2", "case": {"id": "c"}}, "schema"),
        ({"case": {"id": "c", "line": 5}}, "case.line"),
        ({"case": {"id": "c", "declared": {"Context": ["x"]}}}, "case.declared.Context"),
        ({"case": {"id": "c", "declared": {"context": ["X y"]}}}, "case.declared.context.0"),
        ({"case": {"id": "c"}, "error": {}}, "error"),
        ({"case": {"id": "c"}, "error": {"exit_code": 0, "diagnostics": []}}, "error"),
        ({"case": {"id": "c"}, "reading": {"f1": {"distribution": {"joy": 1.5}}}}, "distribution"),
    ],
)
def test_what_is_no_trace_is_refused_by_name(value, said):
    assert any(said in what for what in faults_of(value)), faults_of(value)


@pytest.mark.parametrize(
    "face",
    [
        {"id": "g1"},
        {"id": "f1). forbidden(x"},
        {"id": "f1", "speaker": "yes"},
        {"id": "f1", "unobservable": ["12"]},
        {"id": "f1", "expressions": [{"expression": "Smile", "confidence": 500}]},
        {"id": "f1", "expressions": [{"expression": "smile", "confidence": 1001}]},
        {"id": "f1", "expressions": [{"expression": "smile", "confidence": 0.5}]},
        {"id": "f1", "action_units": [{"unit": 12, "intensity": -1, "confidence": 5}]},
        {"id": "f1", "action_units": [{"unit": True, "intensity": 1, "confidence": 5}]},
    ],
)
def test_a_face_has_bounded_integers_and_small_words(face):
    assert faults_of({"case": {"id": "c"}, "observation": {"perceiver": "p", "faces": [face]}})


def test_two_faces_with_one_id_would_be_one_face():
    observation = {"perceiver": "p", "faces": [{"id": "f1"}, {"id": "f1"}]}
    (what,) = faults_of({"case": {"id": "c"}, "observation": observation})
    assert "two faces have the same id" in what


def test_every_fault_of_a_trace_is_told_with_its_place(tmp_path):
    path = tmp_path / "many.jsonl"
    path.write_text('{"line": "a"}\n{"case": {"id": "", "line": 1}}\n')
    with pytest.raises(NesyError) as caught:
        list(read_traces(path))
    assert [(d.file, d.line) for d in caught.value.diagnostics] == [(str(path), 2)] * 2


def test_a_failure_is_told_as_it_was_raised():
    fault = Diagnostic("N130", "what", "why", "fix", "f", 1, 2)
    error = {"exit_code": 2, "diagnostics": [fault.as_json()]}
    one = parse_trace({"case": {"id": "c"}, "error": error})
    assert one.failure.diagnostics[0].diagnostic() == fault
    assert trace.Trace(case=Case(id="c")).failure is None
