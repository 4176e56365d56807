"""What words alone give is measured as it is told: labels, figures, and a run from end to end."""

import csv
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesy import vocabulary
from nesy.benchmarks.measures.intervals import Bootstrap
from nesy.benchmarks.people import words, words_data, words_predict
from nesy.diagnostics import NesyError

WORDS = vocabulary.load()
MELD = ("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise")
COLUMNS = [
    "meld_split",
    "Dialogue_ID",
    "Utterance_ID",
    "Speaker",
    "Utterance",
    "Emotion",
    "Sentiment",
]
SAID = [
    ("I am so happy!", "joy", "positive"),
    ("The train leaves at noon.", "neutral", "neutral"),
    ("I am sad and I cry.", "sadness", "negative"),
    ("Oh my god!", "surprise", "positive"),
]


@pytest.fixture
def meld(tmp_path):
    path = tmp_path / "meld.csv"
    with path.open("w", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(COLUMNS)
        for split in ("train", "test"):
            for dialogue in range(3):
                for i, (text, emotion, sentiment) in enumerate(SAID):
                    row = [split, dialogue, i, "AB"[i % 2], text, emotion, sentiment]
                    writer.writerow(row)
    return path


@pytest.fixture
def mustard(tmp_path):
    path = tmp_path / "mustard.jsonl"
    rows = [
        {
            "id": f"1_{i}",
            "utterance": ["Oh great, just what I needed.", "The train leaves at noon."][i % 2],
            "speaker": "AB"[i % 3 > 0],
            "context": ["The car broke down."],
            "context_speakers": ["C"],
            "show": "S",
            "sarcasm": i % 2 == 0,
        }
        for i in range(20)
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


@pytest.mark.parametrize(
    ("emotion", "label"),
    [
        ("joy", "joy"),
        ("happiness", "joy"),
        ("amusement", "joy"),
        ("love", "joy"),
        ("annoyance", "anger"),
        ("worry", "fear"),
        ("distress", "sadness"),
        ("remorse", "sadness"),
        ("awe", "surprise"),
        ("curiosity", "neutral"),
        ("neutral", "neutral"),
    ],
)
def test_an_emotion_is_read_as_the_label_it_comes_nearest_to(emotion, label):
    assert words_data.label_of("meld", MELD, WORDS)[emotion] == label


def test_every_emotion_has_a_label_and_every_label_is_its_own(meld):
    labels = [
        a.partition(":")[2]
        for e in WORDS.emotions.values()
        for a in e.all("alias")
        if a.startswith("goemotions:")
    ]
    found = words_data.label_of("goemotions", labels, WORDS)
    assert set(found) == set(WORDS.emotions)
    assert {found[label] for label in labels} == set(labels)


def test_a_line_comes_with_the_turns_of_its_own_dialogue(meld):
    lines = list(words_data.meld(meld))
    assert [len(line.case.turns) for line in lines] == [0, 1, 2, 3] * 6
    assert lines[3].case.turns[2].line == SAID[2][0]
    assert lines[3].case.speaker == "B" == lines[3].case.turns[1].speaker
    assert len({line.group for line in lines}) == 6


def test_what_is_held_out_is_dealt_by_the_words(tmp_path):
    path = tmp_path / "xed.csv"
    rows = [f"e{i},line {i % 50},joy|trust" for i in range(100)]
    path.write_text("id,text,emotions\n" + "\n".join(rows))
    lines = list(words_data.labelled(path))
    split = {}
    for line in lines:
        assert split.setdefault(line.case.line, line.split) == line.split
    assert set(split.values()) == {"train", "test"}
    assert lines[0].labels == {"joy", "trust"}


def test_held_out_means_the_same_here_and_in_training():
    from nesy.adapters.minilm import train

    assert (words_data.PARTS, words_data.HELD_OUT) == (train.PARTS, train.HELD_OUT)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=40))
def test_f1_is_the_harmonic_mean_of_precision_and_recall(pairs):
    true, predicted = (np.array(side) for side in zip(*pairs, strict=True))
    marked = np.eye(3)[true]
    table, each = words.scored("t", "abc", marked, {"x": predicted}, list(range(len(pairs))))
    for label in range(3):
        hits = float(((true == label) & (predicted == label)).sum())
        precision = hits / max(1, (predicted == label).sum())
        recall = hits / max(1, (true == label).sum())
        f1 = 2 * precision * recall / (precision + recall) if hits else 0.0
        assert each.rows[0][1 + label] == pytest.approx(f1)
    assert table.rows[0][1].value == pytest.approx((true == predicted).mean())
    assert table.rows[0][3].value == pytest.approx(np.mean(each.rows[0][1:]))
    assert all(cell.low <= cell.high for cell in table.rows[0][1:])


def test_an_interval_is_over_groups_and_not_over_lines():
    true = np.eye(2)[np.zeros(60, int)]
    predicted = np.array([0, 1] * 30)
    by_line = words.scored("t", "ab", true, {"x": predicted}, list(range(60)))[0].rows[0][1]
    by_half = words.scored("t", "ab", true, {"x": predicted}, [i % 2 for i in range(60)])[0].rows[
        0
    ][1]
    assert by_line.value == by_half.value == 0.5
    assert by_half.high - by_half.low > by_line.high - by_line.low
    assert Bootstrap([i % 2 for i in range(60)]).groups == 2


def test_a_regression_finds_what_is_there():
    chance = np.random.default_rng(0)
    inputs = chance.normal(size=(500, 3))
    truth = (inputs[:, 0] + 0.1 * chance.normal(size=500) > 0).astype(int)
    fitted = words_predict.Regression(inputs[:250], np.eye(2)[truth[:250]])
    found = fitted.probabilities(inputs[250:])
    assert np.allclose(found.sum(axis=1), 1)
    assert (found.argmax(axis=1) == truth[250:]).mean() > 0.95


@pytest.mark.parametrize("sign", [1, -1])
def test_a_threshold_is_found_in_either_direction(sign):
    scores = np.linspace(0, 1, 100) * sign
    true = np.linspace(0, 1, 100) > 0.5
    threshold, positive = words_predict.cut(scores, true)
    assert (((scores > threshold) == positive) == true).mean() > 0.95


def test_folds_have_both_labels_alike():
    true = np.array([i % 3 == 0 for i in range(90)])
    folds = words._folds([f"i{i}" for i in range(90)], true)
    assert sorted(np.bincount(folds[true])) == [6] * 5
    assert sorted(np.bincount(folds[~true])) == [12] * 5


def test_the_tables_are_made_from_end_to_end(meld, mustard, capsys):
    arguments = ["--meld", str(meld), "--mustard", str(mustard), "--no-minilm", "--json"]
    assert words.main(arguments) == 0
    tables = {table["title"]: table["rows"] for table in json.loads(capsys.readouterr().out)}
    emotion = {row[""]: row for row in tables["MELD: emotion of 12 test lines"]}
    assert emotion["lexical reader and rules"]["accuracy"]["value"] == 1.0
    assert emotion["majority (joy)"]["accuracy"]["value"] == 0.25
    assert set(emotion) >= {"VADER alone", "lexical reader and rules, with earlier turns"}
    sarcasm = {row[""]: row for row in tables["MUStARD: sarcasm of 20 lines"]}
    assert sarcasm["lexical reader and rules"]["accuracy"]["value"] == 1.0
    assert sarcasm["majority"]["accuracy"]["value"] <= 0.5


@pytest.mark.parametrize(
    ("name", "content"),
    [("--meld", "a,b\n1,2\n"), ("--mustard", '{"id": "1_1"}\n'), ("--xed", "id,text\n1,hm\n")],
)
def test_a_file_of_another_form_is_refused(tmp_path, capsys, name, content):
    path = tmp_path / "file"
    path.write_text(content)
    assert words.main([name, str(path), "--no-minilm"]) == 2
    assert "N112" in capsys.readouterr().err


def test_a_context_without_its_speakers_is_refused(tmp_path, mustard):
    value = json.loads(mustard.read_text().splitlines()[0])
    path = tmp_path / "file"
    path.write_text(json.dumps({**value, "context_speakers": []}))
    with pytest.raises(NesyError):
        list(words_data.mustard(path))
