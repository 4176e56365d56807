"""The replay adapter: what was recorded, by the id of the case."""

import json
from pathlib import Path

import pytest

from nesy import perceive, registry, vocabulary
from nesy.diagnostics import NesyError
from nesy.trace import Case, Observation, Trace

WORDS = vocabulary.load()
SMILE = {
    "perceiver": "someone",
    "faces": [{"id": "f1", "expressions": [{"expression": "smile", "confidence": 930}]}],
}


def write(path: Path, *records: object) -> str:
    path.write_text("\n".join(json.dumps(record) for record in records))
    return f"replay:{path}"


def code_of(spec: str) -> tuple[str, int | None]:
    with pytest.raises(NesyError) as caught:
        registry.perceiver(spec, WORDS)
    fault = caught.value.diagnostics[0]
    return fault.code, fault.line


def test_traces_and_observations_are_replayed(tmp_path: Path) -> None:
    trace = {"schema": "nesy.trace.v1", "case": {"id": "c1"}, "observation": SMILE}
    spec = write(tmp_path / "seen.jsonl", trace, {"id": "c2", **SMILE})
    replay = registry.perceiver(spec, WORDS)
    cases = [Case(id="c2"), Case(id="c1"), Case(id="c2", line="another line")]
    outcomes = list(perceive.perceive_cases(replay, cases, vocabulary=WORDS, seed=9))
    expected = Observation.model_validate(SMILE)
    assert [outcome.observation for outcome in outcomes] == [expected] * 3


@pytest.mark.parametrize("indent", [None, 2])
def test_a_json_file_holds_one_trace_or_a_list(tmp_path: Path, indent: int | None) -> None:
    path = tmp_path / "seen.json"
    trace = Trace(case=Case(id="c1"), observation=Observation.model_validate(SMILE))
    path.write_text(trace.as_json(indent=indent))
    one = registry.perceiver(f"replay:{path}", WORDS)
    path.write_text(f"[{trace.as_json(indent=indent)}]")
    many = registry.perceiver(f"replay:{path}", WORDS)
    for replay in (one, many):
        seen = perceive.perceive_case(replay, Case(id="c1"), vocabulary=WORDS)
        assert seen == trace.observation


def test_a_case_that_was_not_recorded_gets_the_nearest(tmp_path: Path) -> None:
    failed = {"case": {"id": "smile-03"}, "error": {"code": "N124"}}
    spec = write(tmp_path / "seen.jsonl", {"id": "smile-01", **SMILE}, failed)
    cases = [Case(id="smile-02"), Case(id="smile-01"), Case(id="smile-03")]
    replay = registry.perceiver(spec, WORDS)
    outcomes = list(perceive.perceive_cases(replay, cases, vocabulary=WORDS))
    assert [outcome.observation is None for outcome in outcomes] == [True, False, True]
    assert outcomes[0].error is not None
    fault = outcomes[0].error.diagnostics[0]
    assert (fault.code, fault.fix) == ("N108", "did you mean smile-01?")


def test_a_recorded_term_must_be_in_the_vocabulary(tmp_path: Path) -> None:
    face = {"id": "f1", "action_units": [{"unit": 3, "intensity": 1, "confidence": 1}]}
    spec = write(tmp_path / "seen.jsonl", {"id": "c1", "perceiver": "x", "faces": [face]})
    replay = registry.perceiver(spec, WORDS)
    (outcome,) = perceive.perceive_cases(replay, [Case(id="c1")], vocabulary=WORDS)
    assert outcome.error is not None
    assert [fault.code for fault in outcome.error.diagnostics] == ["N201"]


@pytest.mark.parametrize(
    ("records", "code", "line"),
    [
        ([3], "N109", 1),
        ([{"id": "a", **SMILE}, SMILE], "N109", 2),
        ([{"id": "a", **SMILE}, {"id": "a", **SMILE}], "N109", 2),
        ([{"id": "", **SMILE}], "N109", 1),
        ([{"id": "a", "faces": []}], "N113", 1),
        ([{"id": "a", **SMILE}, {"id": "b", "perceiver": "x", "faces": [{"id": "g"}]}], "N113", 2),
    ],
)
def test_what_is_not_a_recording(
    tmp_path: Path, records: list[object], code: str, line: int
) -> None:
    assert code_of(write(tmp_path / "seen.jsonl", *records)) == (code, line)


def test_a_file_that_is_missing_or_no_json(tmp_path: Path) -> None:
    assert code_of(f"replay:{tmp_path / 'missing.jsonl'}")[0] == "N112"
    (tmp_path / "bad.jsonl").write_text("{")
    assert code_of(f"replay:{tmp_path / 'bad.jsonl'}")[0] == "N110"
