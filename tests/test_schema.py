"""The report schema: derived from the ontology, finite, and turned into an Observation."""

import json
import random

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outlines_core import Index, Vocabulary
from outlines_core.json_schema import build_regex_from_schema

from nesy import schema, vocabulary
from nesy.adapters.transformers import backends
from nesy.adapters.transformers.characters import Characters
from nesy.adapters.transformers.spelling import Spelling
from nesy.diagnostics import NesyError

WORDS = vocabulary.load()
FULL = schema.report_schema(WORDS)


def longest_path(report: schema.Schema) -> int:
    """Walk the automaton that outlines_core builds over single bytes; -1 where it has a cycle."""
    regex = build_regex_from_schema(json.dumps(report), "")
    index = Index(regex, Vocabulary(256, {bytes([i]): [i] for i in range(256)}))
    moves = {
        state: {target for token, target in options.items() if token != 256}
        for state, options in index.get_transitions().items()
    }
    lengths: dict[int, int] = {}
    path: list[tuple[int, bool]] = [(index.get_initial_state(), False)]
    open_states: set[int] = set()
    while path:
        state, finished = path.pop()
        if finished:
            open_states.discard(state)
            lengths[state] = max((1 + lengths[t] for t in moves.get(state, ())), default=0)
        elif state not in lengths:
            open_states.add(state)
            path.append((state, True))
            for target in moves.get(state, ()):
                if target in open_states:
                    return -1
                path.append((target, False))
    return lengths[index.get_initial_state()]


def report(**changed: object) -> dict[str, object]:
    value = {
        "faces": "one",
        "action_units": {f"au{c}": "0" for c in WORDS.reported_units},
        "expressions": dict.fromkeys(WORDS.expressions, "no"),
        "emotion": "happiness",
        "line": {"valence": "neutral", "act": "none", "cues": dict.fromkeys(WORDS.cues, "no")},
        "caption": "none",
        "rationale": "the lip corners are up",
    }
    return {**value, **changed}


def test_evidence_is_asked_before_conclusions() -> None:
    keys = list(FULL["properties"])
    assert keys == list(schema.REPORTS)
    assert keys.index("action_units") < keys.index("expressions") < keys.index("emotion")


def test_every_term_asked_is_one_of_the_ontology() -> None:
    parts = FULL["properties"]
    assert list(parts["action_units"]["properties"]) == [f"au{c}" for c in WORDS.reported_units]
    assert set(parts["emotion"]["enum"]) == {e for e, t in WORDS.emotions.items() if t.claimable}
    assert "negation_marker" in WORDS.emotions


def test_only_the_named_reports_are_asked_in_the_fixed_order() -> None:
    part = schema.report_schema(WORDS, ["emotion", "faces"])
    assert list(part["properties"]) == ["faces", "emotion"]


@pytest.mark.parametrize("reports", [["emotions"], []])
def test_an_unknown_report_is_refused(reports: list[str]) -> None:
    with pytest.raises(NesyError) as caught:
        schema.report_schema(WORDS, reports)
    assert [d.code for d in caught.value.diagnostics] == ["N106"]
    assert "emotion" in caught.value.diagnostics[0].fix


def test_the_certificate_of_the_report_is_the_longest_path_of_the_automaton() -> None:
    assert schema.longest(FULL) == longest_path(FULL)


NAMES = st.from_regex(r"\A[ -!#-\[\]-~]{1,8}\Z")
ENUMS = st.lists(st.from_regex(r"\A[ -!#-\[\]-~]{1,9}\Z"), min_size=1, max_size=5, unique=True).map(
    lambda members: {"type": "string", "enum": members}
)
SETS = st.sampled_from([r" -!#-\[\]-~", "a-z", "0-9A-F", "x", r" \^\-\]", r"\^-b"])
PATTERNS = st.builds(
    lambda allowed, most: {"type": "string", "pattern": f"^[{allowed}]{{0,{most}}}$"},
    SETS,
    st.integers(0, 40),
)


def _object(parts: dict[str, schema.Schema]) -> schema.Schema:
    return {
        "type": "object",
        "properties": parts,
        "required": list(parts),
        "additionalProperties": False,
    }


def _objects(of: st.SearchStrategy[schema.Schema]) -> st.SearchStrategy[schema.Schema]:
    return st.dictionaries(NAMES, of, min_size=1, max_size=4).map(_object)


@settings(max_examples=60, deadline=None)
@given(_objects(st.recursive(ENUMS | PATTERNS, _objects, max_leaves=8)))
def test_the_certificate_equals_the_longest_path(part: schema.Schema) -> None:
    assert schema.longest(part) == longest_path(part)


@settings(max_examples=40, deadline=None)
@given(_objects(st.recursive(ENUMS | PATTERNS, _objects, max_leaves=8)), st.integers(0, 99))
def test_no_backend_knows_another_answer(part: schema.Schema, seed: int) -> None:
    """Along answers drawn at random, each engine allows the same characters at every place."""
    characters = Characters(part)
    assert characters.most == longest_path(part)
    spelling = Spelling({code: chr(code) for code in range(32, 127)}, 0)
    engines = [backends.compile_schema(name, part, spelling).matcher() for name in backends.NAMES]
    chance, state = random.Random(seed), characters.start
    while options := characters.moves.get(state):
        ends = [0] if state in characters.finals else []
        for engine in engines:
            assert engine.legal().tolist() == ends + sorted(options)
        byte = chance.choice(sorted(options))
        state = options[byte]
        for engine in engines:
            engine.take(byte)
    assert state in characters.finals
    assert [engine.legal().tolist() for engine in engines] == [[0]] * len(engines)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(schema.REPORTS), min_size=1, unique=True))
def test_every_choice_of_reports_has_a_certificate(reports: list[str]) -> None:
    part = schema.report_schema(WORDS, reports)
    assert schema.longest(part) == longest_path(part)


@pytest.mark.parametrize(
    "part",
    [
        {"type": "string"},
        {"type": "string", "maxLength": 5},
        {"type": "string", "pattern": "^a*$"},
        {"type": "string", "pattern": "^[^a]{0,5}$"},
        {"type": "string", "pattern": "^[ -~]{0,5}$"},
        {"type": "string", "pattern": "^[z-a]{0,5}$"},
        {"type": "string", "pattern": r"^[ -!#-\[\]-~]{0,160}$", "maxLength": 5},
        {"type": "string", "enum": []},
        {"type": "string", "enum": ["é"]},
        {"type": "string", "enum": ['"']},
        {"type": "integer", "minimum": 0, "maximum": 9},
        {"type": "array", "items": {"type": "string", "enum": ["a"]}},
        {"type": "object", "properties": {}},
        {"type": "object", "properties": {"a": {"type": "string", "enum": ["b"]}}},
        {**_object({"a": {"type": "string", "enum": ["b"]}}), "required": []},
        {**_object({"a": {"type": "string", "enum": ["b"]}}), "additionalProperties": True},
    ],
)
def test_what_has_no_certificate_is_refused(part: schema.Schema) -> None:
    with pytest.raises(NesyError) as caught:
        schema.longest(part)
    assert caught.value.diagnostics[0].code == "N104"


def test_spans_are_where_the_values_stand() -> None:
    given_report = report(faces="several")
    jsonschema.validate(given_report, FULL)
    text = schema.write(given_report)
    places = schema.spans(FULL, given_report)
    for path, _ in schema.fields(FULL):
        value: object = given_report
        for key in path:
            value = value[key]  # type: ignore[index]
        start, end = places[path]
        assert text[start:end] == json.dumps(value)


def test_soft_facts_survive() -> None:
    seen = schema.to_observation(
        report(),
        {
            ("action_units", "au12"): {"0": 0.7, "B": 0.1, "C": 0.15, "x": 0.05},
            ("action_units", "au6"): {"0": 0.96, "A": 0.04},
            ("expressions", "smile"): {"no": 0.8},
            ("expressions", "frown"): {"no": 0.96},
            ("emotion",): {"happiness": 0.6, "joy": 0.3, "surprise": 0.03, "anger": 0.01},
        },
        "test",
        vocabulary=WORDS,
        constraint_mass=0.5,
    )
    (face,) = seen.faces
    assert [(u.unit, u.intensity, u.confidence) for u in face.action_units] == [(12, 500, 250)]
    assert [(x.expression, x.confidence) for x in face.expressions] == [("smile", 200)]
    assert [(c.emotion, c.confidence) for c in face.claims] == [
        ("happiness", 600),
        ("joy", 300),
        ("surprise", 30),
    ]
    assert seen.constraint_mass == 0.5


def test_without_probabilities_the_written_value_is_certain() -> None:
    units = {f"au{c}": "0" for c in WORDS.reported_units} | {"au12": "E", "au4": "x"}
    seen = schema.to_observation(report(action_units=units), {}, "test", vocabulary=WORDS)
    (face,) = seen.faces
    assert [(u.unit, u.intensity, u.confidence) for u in face.action_units] == [(12, 900, 1000)]
    assert face.unobservable == (4,)
    assert [(c.emotion, c.confidence) for c in face.claims] == [("happiness", 1000)]


def test_what_is_not_asked_cannot_be_seen() -> None:
    seen = schema.to_observation({"emotion": "anger"}, {}, "test", vocabulary=WORDS)
    assert seen.faces[0].unobservable == WORDS.reported_units
    assert seen.line is None and seen.caption is None and seen.rationale is None


@pytest.mark.parametrize(
    ("faces", "ids"), [("none", []), ("one", ["f1"]), ("several", ["f1", "f2"])]
)
def test_only_one_face_is_bound_to_the_speaker(faces: str, ids: list[str]) -> None:
    seen = schema.to_observation(report(faces=faces), {}, "test", vocabulary=WORDS)
    assert [face.id for face in seen.faces] == ids
    assert [face.speaker for face in seen.faces] == [faces == "one"] * len(ids)


def test_the_line_is_read_with_its_probabilities() -> None:
    line = {"valence": "positive", "act": "none", "cues": dict.fromkeys(WORDS.cues, "no")}
    chances = {
        ("line", "valence"): {"positive": 0.9, "mixed": 0.08, "negative": 0.02},
        ("line", "act"): {"none": 0.5, "thanks": 0.4, "praise": 0.1},
        ("line", "cues", "hedge"): {"no": 0.4},
    }
    seen = schema.to_observation(report(line=line), chances, "test", vocabulary=WORDS).line
    assert seen is not None
    assert [(v.valence, v.confidence) for v in seen.valence] == [("mixed", 80), ("positive", 900)]
    assert [(a.act, a.confidence) for a in seen.acts] == [("praise", 100), ("thanks", 400)]
    assert [(c.cue, c.confidence) for c in seen.cues] == [("hedge", 600)]
