"""Temperatures: found where they are known, honest about cases held out, bound to one model."""

import json
import math
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from nesy import calibrate, labelled, schema, vocabulary
from nesy.benchmarks import random_models
from nesy.benchmarks.measures.calibration import calibration_error
from nesy.calibrate import Calibration, Example, fit, tempered, vector_of
from nesy.diagnostics import NesyError
from nesy.looked import Looked
from nesy.trace import Trace

WORDS = vocabulary.load()
IDENTITY = {"model": "m", "weights": "sha256:0", "soft_facts": "recorded"}
EVENTS = np.eye(3)
COMMAND = [sys.executable, "-m", "nesy"]


def drawn(truth, count=1500, seed=0):
    """Return examples of a model whose probabilities are too sure by a known temperature."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(count):
        logits = rng.normal(0, 2.0, 3)
        said = np.exp(logits) / np.exp(logits).sum()
        true = tempered(said, truth)
        label = EVENTS[rng.choice(3, p=true)]
        made.append(Example("emotion", f"c{number % 60}", said, EVENTS, label))
    return made


@pytest.mark.parametrize("truth", [0.5, 1.0, 2.5])
def test_a_known_temperature_is_found_and_helps_where_it_was_not_fitted(truth):
    made = fit(drawn(truth), IDENTITY, labels="x", cases=1500)
    group = made.groups["emotion"]
    assert group.temperature == pytest.approx(truth, rel=0.12)
    if truth != 1.0:
        assert group.after.nll < group.before.nll and group.after.ece < group.before.ece / 2
    assert group.after.ece < 0.04
    assert (made.clusters, made.cases, group.fields) == (60, 1500, 1500)


def test_figures_are_of_cases_held_out():
    """Labels that are noise within each cluster's fold cannot be foretold from the others."""
    rng = np.random.default_rng(1)
    said = np.array([0.9, 0.05, 0.05])
    noise = [
        Example("emotion", f"c{n}", said, EVENTS, EVENTS[rng.choice(3, p=said)]) for n in range(40)
    ]
    made = fit(noise, IDENTITY, labels="x", cases=40).groups["emotion"]
    own = calibrate.figures(noise, [made.temperature] * len(noise))
    assert own.nll <= made.after.nll


vectors = st.lists(st.floats(0.001, 1), min_size=2, max_size=6).map(
    lambda v: np.array(v) / math.fsum(v)
)


@given(vector=vectors, temperature=st.floats(0.05, 20))
def test_a_temperature_keeps_the_order_and_the_sum(vector, temperature):
    made = tempered(vector, temperature)
    assert made.sum() == pytest.approx(1.0)
    assert tempered(vector, 1.0) == pytest.approx(vector)
    order = np.argsort(vector, kind="stable")
    assert (np.diff(made[order]) >= -1e-12).all()
    if temperature > 1:
        assert made.max() <= vector.max() + 1e-9


@given(
    confidence=st.lists(st.floats(0, 1), min_size=1, max_size=60),
    data=st.data(),
)
def test_the_calibration_error_is_that_of_the_benchmarks(confidence, data):
    size = len(confidence)
    outcome = data.draw(st.lists(st.sampled_from([0.0, 1.0]), min_size=size, max_size=size))
    given_ = np.array(confidence), np.array(outcome)
    assert calibrate.calibration_error(*given_) == pytest.approx(calibration_error(*given_))


SCHEMA = schema.report_schema(WORDS, ["faces", "action_units", "expressions", "emotion"])


def calibration(**temperatures):
    none = calibrate.Figures(ece=0, nll=0, brier=0)
    groups = {
        name: calibrate.Group(temperature=t, fields=1, before=none, after=none)
        for name, t in temperatures.items()
    }
    return Calibration(**IDENTITY, groups=groups, labels="x", cases=10, clusters=10)


@settings(max_examples=50)
@given(yes=st.floats(0.01, 0.99), temperature=st.floats(0.2, 5))
def test_what_is_not_known_stays_unknown_and_other_groups_stay(yes, temperature):
    made = calibration(expressions=temperature)
    found = {
        ("expressions", "smile"): {"no": 1 - yes, "yes": yes},
        ("action_units", "au12"): {"0": 0.25, "A": 0.5},
    }
    after = made.applied(SCHEMA, found)
    assert after["action_units", "au12"] == {"0": 0.25, "A": 0.5}
    smile = after["expressions", "smile"]
    assert math.log(smile["yes"] / smile["no"]) == pytest.approx(
        math.log(yes / (1 - yes)) / temperature, abs=1e-3
    )
    units = calibration(action_units=temperature).applied(SCHEMA, found)["action_units", "au12"]
    assert set(units) == {"0", "A"} and sum(units.values()) < 1


def test_what_is_left_is_shared_by_the_values_without_a_name():
    assert vector_of(("a", "b", "c"), {"a": 0.5}) == pytest.approx([0.5, 0.25, 0.25])


def rows(path, *values):
    path.write_text("".join(json.dumps(value) + "\n" for value in values))
    return path


def test_labels_of_a_table_of_ones_own_and_of_traces(tmp_path):
    face = {"image": "a.png", "line": "hm"}
    file = rows(
        tmp_path / "l.jsonl",
        {**face, "units": [12], "expressions": ["smile"], "emotions": ["joy"], "group": "ann"},
        {**face, "units": {"12": "C"}, "faces": "one"},
        {"case": {"id": "t", **face}, "people": {"votes": {"joy": 3, "fear": 1}, "group": "ann"}},
        {**face, "note": "nobody said anything of this one"},
        {"line": "thanks", "valence": "positive", "act": "none", "cues": []},
    )
    first, letters, voted, words = labelled.read(file, WORDS)
    assert [row.cluster for row in (first, letters, voted, words)] == [
        "ann",
        "row 2",
        "ann",
        "row 5",
    ]
    assert first.case.image == str(tmp_path / "a.png")
    fields = dict(schema.fields(schema.report_schema(WORDS)))
    of = first.of(fields)
    assert of["action_units", "au12"] == {("0", "x"): 0.0, ("A", "B", "C", "D", "E"): 1.0}
    assert of["action_units", "au4"] == {("0", "x"): 1.0, ("A", "B", "C", "D", "E"): 0.0}
    assert of["expressions", "smile"] == {("no",): 0.0, ("yes",): 1.0}
    assert ("faces",) not in of and ("line", "valence") not in of
    assert letters.of(fields)["action_units", "au12"][("C",)] == 1.0
    shares = voted.of(fields)["emotion",]
    assert {k: v for k, v in shares.items() if v} == {("joy",): 0.75, ("fear",): 0.25}
    assert words.of(fields)["line", "act"][("none",)] == 1.0
    cues = [v for k, v in words.of(fields).items() if k[:2] == ("line", "cues")]
    assert cues and all(label == {("no",): 1.0, ("yes",): 0.0} for label in cues)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({"image": "a.png"}, "N166"),
        ({"image": "a.png", "units": "12"}, "N166"),
        ({"image": "a.png", "units": {"12": "F"}}, "N166"),
        ({"image": "a.png", "faces": "two"}, "N166"),
        ({"image": "a.png", "expressions": ["smille"]}, "N201"),
        ({"image": "a.png", "units": [98]}, "N201"),
        ({"image": "a.png", "votes": {"joyy": 1}}, "N201"),
    ],
)
def test_labels_that_cannot_be_used(tmp_path, value, code):
    with pytest.raises(NesyError) as caught:
        labelled.read(rows(tmp_path / "l.jsonl", value), WORDS)
    assert [fault.code for fault in caught.value.diagnostics] == [code]
    assert caught.value.diagnostics[0].line == 1


def keys_refused(tmp_path, value):
    with pytest.raises(NesyError) as caught:
        labelled.read(rows(tmp_path / "l.jsonl", value), WORDS)
    return [(fault.code, fault.what.split()[0], fault.fix) for fault in caught.value.diagnostics]


def test_a_key_that_is_misspelt_is_refused_and_not_ignored(tmp_path):
    row = {"image": "a.png", "units": [12], "frame": 0}
    assert keys_refused(tmp_path, {**row, "emotion": ["joy"], "expresions": ["smile"]}) == [
        ("N166", "'emotion'", "did you mean emotions?"),
        ("N166", "'expresions'", "did you mean expressions?"),
    ]
    assert keys_refused(tmp_path, {"image": "a.png", "unit": [12]}) == [
        ("N166", "'unit'", "did you mean units?")
    ]


def test_rows_without_a_label_are_counted(tmp_path):
    told = []
    labels, none = {"image": "a.png", "units": [12]}, {"image": "b.png"}
    file = rows(tmp_path / "l.jsonl", labels, none, none)
    assert len(labelled.read(file, WORDS, tell=told.append)) == 1
    assert told == [f"{file}: 2 of 3 rows have no label and are left out"]
    labelled.read(rows(tmp_path / "l.jsonl", labels), WORDS, tell=told.append)
    assert len(told) == 1


def test_too_few_groups_are_told_before_anything_is_looked_at(nesy, tmp_path):
    face = {"image": "nowhere.png", "units": [12]}
    file = rows(tmp_path / "l.jsonl", *[{**face, "group": f"g{n}"} for n in range(9)], face)
    few = rows(tmp_path / "few.jsonl", *[{**face, "group": f"g{n % 9}"} for n in range(12)])
    done = nesy("calibrate", few, "--with", "embedded", "-o", tmp_path / "c.json")
    assert done.code == 2 and "N166 9 groups of cases are too few" in done.err
    # No picture was opened, and no model asked for.
    assert "nowhere.png" not in done.err
    assert "N166" in nesy("calibrate", few, "--with", "none_such").err
    assert "N101" in nesy("calibrate", file, "--with", "none_such").err


def test_too_few_faces_are_refused():
    with pytest.raises(NesyError) as caught:
        fit(drawn(1.0, count=9), IDENTITY, labels="x", cases=9)
    assert caught.value.diagnostics[0].code == "N166"


@pytest.mark.parametrize("text", ["{}", "[]", '{"format": "nesy.calibration.v1"}'])
def test_what_is_no_calibration_is_refused(tmp_path, text):
    (tmp_path / "c.json").write_text(text)
    with pytest.raises(NesyError) as caught:
        calibrate.read(tmp_path / "c.json", IDENTITY)
    assert caught.value.diagnostics[0].code == "N167"


@pytest.mark.parametrize("key", ["weights", "soft_facts"])
def test_a_calibration_is_of_one_model_and_one_kind(tmp_path, key):
    calibrate.write(tmp_path / "c.json", calibration(emotion=2.0))
    assert calibrate.read(tmp_path / "c.json", IDENTITY).groups["emotion"].temperature == 2.0
    with pytest.raises(NesyError) as caught:
        calibrate.read(tmp_path / "c.json", {**IDENTITY, key: "another"})
    assert caught.value.diagnostics[0].code == "N168"


@pytest.fixture
def tiny(tmp_path):
    folder = random_models.build("llava", tmp_path / "tiny")
    card = {"prompt": "Look. {line}", "reports": ["expressions", "emotion"]}
    (folder / "nesy.json").write_text(json.dumps(card))
    Image.effect_noise((60, 60), 80).convert("RGB").save(tmp_path / "a.png")
    names = list(WORDS.expressions)
    values = [
        {"image": "a.png", "line": "x " * n, "expressions": [names[n % 13]], "emotions": ["joy"]}
        for n in range(12)
    ]
    return folder, rows(tmp_path / "labelled.jsonl", *values), str(tmp_path / "a.png")


def test_a_model_is_calibrated_used_and_refused_for_other_weights(nesy, tiny, tmp_path):
    folder, file, face = tiny
    out = tmp_path / "c.json"
    spec = f"transformers:{folder}"
    made = nesy("calibrate", str(file), "--with", spec, "-o", str(out), "--quiet")
    assert made.code == 0 and "expressions" in made.out and f"wrote {out}" in made.out
    kept = json.loads(out.read_text())
    assert kept["weights"].startswith("sha256:") and kept["soft_facts"] == "recorded"
    assert set(kept["groups"]) == {"expressions", "emotion"}

    def seen(spec):
        done = nesy("perceive", face, "--line", "hm", "--with", spec, "--quiet")
        return Trace.model_validate_json(done.out).observation

    plain, used = seen(spec), seen(f"{spec}?calibration={out}")
    assert plain.calibration is None and used.calibration.startswith("sha256:")
    assert plain.faces[0].expressions != used.faces[0].expressions
    (folder / "calibration.json").write_bytes(out.read_bytes())
    assert seen(spec).model_dump() == used.model_dump()
    # Of confidences that came about otherwise it says nothing, and nobody asked for it.
    assert seen(f"{spec}?soft_facts=scored").calibration is None
    asked = nesy("perceive", face, "--with", f"{spec}?soft_facts=scored&calibration={out}")
    assert asked.code == 2 and "N168" in asked.err
    random_models.build("llava", folder, seed=1)
    other = nesy("perceive", face, "--line", "hm", "--with", spec)
    assert other.code == 2 and "N168" in other.err


def test_an_interrupted_calibration_goes_on_and_ends_the_same(nesy, tiny, tmp_path):
    folder, file, _ = tiny
    whole, cut = tmp_path / "whole.json", tmp_path / "cut.json"
    command = ["calibrate", file, "--with", f"transformers:{folder}"]
    assert nesy(*command, "-o", whole, "--quiet").code == 0
    looked = cut.with_name(f".{cut.name}.looked")
    arguments = [*COMMAND, *command, "-o", cut, "--quiet"]
    with subprocess.Popen(arguments, stderr=subprocess.PIPE) as process:
        while process.poll() is None and _lines(looked) < 4:
            time.sleep(0.001)
        process.kill()
    before = _lines(looked)
    assert 4 <= before < 13 and not cut.exists()
    with looked.open("a") as stream:
        stream.write('[11, [["emo')
    again = nesy(*command, "-o", cut)
    assert again.code == 0 and f"{before - 1} of 12 cases seen before" in again.err
    assert cut.read_bytes() == whole.read_bytes()
    assert not looked.exists()


def test_what_was_seen_of_other_labels_is_not_taken(tiny, tmp_path):
    _, file, _ = tiny
    first = Looked(tmp_path / "c.json", IDENTITY, file, 0)
    first.keep(3, drawn(1.0, count=2))
    kept = first.done
    del first  # which writes no more
    same = Looked(tmp_path / "c.json", IDENTITY, file, 0).done
    assert list(same) == [3]
    for one, other in zip(same[3], kept[3], strict=True):
        assert (one.vector == other.vector).all() and (one.label == other.label).all()
    assert Looked(tmp_path / "c.json", IDENTITY, file, 1).done == {}
    Looked(tmp_path / "c.json", IDENTITY, file, 0).keep(3, drawn(1.0, count=2))
    file.write_text(file.read_text() + "\n")
    assert Looked(tmp_path / "c.json", IDENTITY, file, 0).done == {}


def _lines(path):
    return path.read_bytes().count(b"\n") if path.exists() else 0


def test_what_was_seen_is_taken_up_to_a_line_that_is_spoiled(tiny, tmp_path):
    _, file, _ = tiny
    first = Looked(tmp_path / "c.json", IDENTITY, file, 0)
    for row in range(4):
        first.keep(row, drawn(1.0, count=2))
    with pytest.raises(NesyError, match="another nesy calibrate writes to it") as caught:
        Looked(tmp_path / "c.json", IDENTITY, file, 0)
    assert caught.value.diagnostics[0].code == "N151"
    path = first.path
    del first
    head, *lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([head, *lines[:2], lines[2][:40] + lines[3], *lines[3:]]))
    assert list(Looked(tmp_path / "c.json", IDENTITY, file, 0).done) == [0, 1]


def test_a_place_that_cannot_be_written_is_told_before_anything_is_looked_at(nesy, tiny):
    folder, file, _ = tiny
    nowhere = file.parent / "nowhere" / "c.json"
    done = nesy("calibrate", file, "--with", f"transformers:{folder}", "-o", nowhere)
    assert done.code == 2 and "N151" in done.err and "Traceback" not in done.err


def test_what_knows_no_probabilities_cannot_be_calibrated(nesy, tiny, tmp_path):
    _, file, _ = tiny
    recorded = tmp_path / "r.jsonl"
    recorded.write_text('{"id": "c1", "perceiver": "x"}\n')
    done = nesy("calibrate", str(file), "--with", f"replay:{recorded}")
    assert done.code == 2 and "N169" in done.err
