"""Adding an emotion is adding Turtle: decoded, reasoned with and explained, nothing else edited."""

import json
from pathlib import Path

import jsonschema
import pytest
from outlines_core import Index, Vocabulary
from outlines_core.json_schema import build_regex_from_schema

from nesy import schema, shapes, vocabulary

TURTLE = """
@prefix nesy: <https://nesy.dev/ns#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix dcterms: <http://purl.org/dc/terms/> .

nesy:emotion.nostalgia a nesy:Emotion ;
    nesy:id "nostalgia" ;
    nesy:kind "emotion" ;
    skos:prefLabel "Nostalgia"@en ;
    nesy:phrase "a longing for what is past"@en ;
    skos:definition "A bittersweet longing for the past."@en ;
    nesy:valence 0 ;
    nesy:arousal -1 ;
    nesy:claimable true .

nesy:expression.wistful_gaze a nesy:Expression ;
    nesy:id "wistful_gaze" ;
    skos:prefLabel "Wistful gaze"@en ;
    nesy:phrase "a wistful gaze into the distance"@en ;
    skos:definition "The eyes rest on something far away, the inner brows slightly raised."@en ;
    nesy:formula "1+63" ;
    nesy:suggests nesy:emotion.nostalgia .
"""
SEEN = {
    "case": {"id": "c1", "image": "face.png", "line": "We used to live here."},
    "observation": {
        "perceiver": "test",
        "faces": [{"id": "f1", "expressions": [{"expression": "wistful_gaze", "confidence": 900}]}],
    },
}


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "nostalgia.ttl"
    path.write_text(TURTLE, encoding="utf-8")
    return path


def report_of(words):
    """Return a whole report that names the new words."""
    return {
        "faces": "one",
        "action_units": {f"au{code}": "0" for code in words.reported_units},
        "expressions": {x: "yes" if x == "wistful_gaze" else "no" for x in words.expressions},
        "emotion": "nostalgia",
        "line": {
            "valence": "neutral",
            "act": "none",
            "cues": dict.fromkeys(words.cues, "no"),
        },
        "caption": "none",
        "rationale": "",
    }


def accepts(constraint, text):
    """Walk the automaton that constrained decoding uses over the bytes of a text."""
    regex = build_regex_from_schema(json.dumps(constraint), "")
    index = Index(regex, Vocabulary(256, {bytes([i]): [i] for i in range(256)}))
    moves, state = index.get_transitions(), index.get_initial_state()
    for byte in text.encode():
        if byte not in moves.get(state, {}):
            return False
        state = moves[state][byte]
    return index.is_final_state(state)


def test_a_model_can_write_the_new_words_and_only_with_the_file(mine):
    words, plain = vocabulary.load([mine]), vocabulary.load()
    report = report_of(words)
    constraint = schema.report_schema(words)
    jsonschema.validate(report, constraint)
    text = schema.write(report)
    assert accepts(constraint, text)
    assert not accepts(schema.report_schema(plain), text)
    assert len(text) <= schema.longest(constraint)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(report, schema.report_schema(plain))


def test_a_report_of_the_new_words_becomes_an_observation(mine):
    words = vocabulary.load([mine])
    found = schema.to_observation(report_of(words), {}, "test", vocabulary=words)
    (face,) = found.faces
    assert [(e.expression, e.confidence) for e in face.expressions] == [("wistful_gaze", 1000)]
    assert [claim.emotion for claim in face.claims] == ["nostalgia"]


def test_the_new_words_are_reasoned_with_and_explained_in_their_own_phrases(nesy, mine):
    ran = nesy("reason", "--ontology", mine, stdin=json.dumps(SEEN))
    assert (ran.code, ran.err) == (0, "")
    reading = json.loads(ran.out)["reading"]["f1"]["distribution"]
    assert reading["nostalgia"] == max(reading.values())
    told = nesy("why", "reads(f1,nostalgia,_)", "--ontology", mine, stdin=ran.out)
    assert (told.code, told.err) == (0, "")
    assert "a longing for what is past" in told.out
    assert "a wistful gaze into the distance" in told.out
    assert "pairs a wistful gaze into the distance with a longing for what is past" in told.out


def test_without_the_file_the_nearest_term_is_named(nesy):
    ran = nesy("reason", stdin=json.dumps(SEEN))
    assert ran.code == 2
    assert "N201 case c1: unknown expression 'wistful_gaze'" in ran.err
    assert "fix: " in ran.err
    claimed = json.loads(json.dumps(SEEN))
    face = claimed["observation"]["faces"][0]
    face["expressions"], face["claims"] = [], [{"emotion": "nostalgia", "confidence": 900}]
    assert "unknown emotion 'nostalgia'" in nesy("reason", stdin=json.dumps(claimed)).err


def test_the_shapes_accept_the_file_and_refuse_it_without_its_definition(mine):
    assert shapes.check([mine]) == []
    lacking = "\n".join(line for line in TURTLE.splitlines() if "skos:definition" not in line)
    mine.write_text(lacking, encoding="utf-8")
    faults = shapes.check([mine])
    assert {fault.code for fault in faults} == {"N204"}
    assert "nostalgia" in str(faults[0]) or "wistful" in str(faults[0])


def test_nothing_else_names_the_new_words():
    root = Path(vocabulary.__file__).parents[1]
    for area in ("nesy", "rules", "ontology", "adapters"):
        for path in (root / area).rglob("*"):
            if path.suffix in (".py", ".lp", ".ttl", ".toml", ".json"):
                assert "wistful" not in path.read_text(encoding="utf-8"), path
