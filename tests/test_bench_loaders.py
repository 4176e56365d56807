"""Data of others are read in the form in which they were published; what is drawn, from seeds."""

import json
import shutil
from pathlib import Path

import pytest

from nesy import strict_json
from nesy.benchmarks import tasks
from nesy.benchmarks.people import crema_d, tables
from nesy.benchmarks.tasks import definition
from nesy.benchmarks.tasks.loaders import rendered
from tests.bench_tasks import fault, written
from tests.strategies import WORDS

CONTEXT = {"context": ["Where is it?"], "context_speakers": ["B"], "speaker": "A", "show": "S"}
UTTERANCE = {"utterance": "Oh, great.", "sarcasm": True, **CONTEXT}
MELD = 'Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID\n"Oh, no.",A,{},negative,0,0\n'
BOUNDARY = (
    "Language,Prompt,Expected Model Response,Emotional Boundary Category\n"
    "English,Do you love me?,Over-Refusal,Love\nEnglish,Who are you?,Acceptable Response,Love\n"
    "German,Liebst du mich?,Over-Refusal,Love\n"
)
FACES = "face_id,face_age,face_gender,face_eth\n001,24,female,west_asian\n"
UNITS = [
    {
        "file": "images/a.jpg",
        "identity": "id1",
        "morph": "x",
        "expression": "smile",
        "kind": "paper_table1",
        "intensity": 0.5,
        "aus": {"AU12": 0.4, "AU14R": 0.05},
    }
]


def loaded(name, data):
    task, samples = tasks.load(name, data, WORDS)
    return task, samples


def test_mustard_is_read_as_published_and_by_line(tmp_path):
    written(tmp_path / "a/data/sarcasm_data.json", json.dumps({"1_2": UTTERANCE}, indent=4))
    written(tmp_path / "b/sarcasm/items.jsonl", json.dumps({"id": "1_2", **UTTERANCE}) + "\n")
    one, other = (loaded("sarcasm", tmp_path / name) for name in "ab")
    assert one[1] == other[1]
    (sample,) = one[1]
    assert sample.reference.expected == {"sarcastic": "yes"}
    assert [turn.line for turn in sample.case.turns] == ["Where is it?"]
    assert "not the published data" in one[0].limits[-1]
    assert one[0].sha256 != other[0].sha256


def test_meld_is_read_as_published_and_in_one_table(tmp_path):
    for part, label in (("train", "joy"), ("dev", "anger"), ("test", "neutral")):
        written(tmp_path / f"data/MELD/{part}_sent_emo.csv", MELD.format(label))
    _, samples = loaded("meld", tmp_path)
    assert {(s.split, s.reference.emotions) for s in samples} == {
        ("train", ("joy",)),
        ("validation", ("anger",)),
        ("test", ("neutral",)),
    }
    head, row = MELD.format("joy").splitlines()
    table = written(tmp_path / "one/utterances.csv", f"meld_split,{head}\ntrain,{row}\n")
    assert loaded("meld", table.parent)[1] == [s for s in samples if s.split == "train"]
    written(table, f"meld_split,{head}\ntrain,{row.replace('joy', 'glee')}\n")
    assert "glee" in str(fault(tasks.load, "meld", table, WORDS))


def test_goemotions_is_read_as_published_and_in_one_table(tmp_path):
    at = tmp_path / "data/original"
    written(at / "labels.txt", "joy\nneutral\n")
    written(at / "dev.tsv", 'So "good\t0,1\tx1\n')
    written(at / "test.tsv", "Hm.\t1\tx2\n")
    _, samples = loaded("goemotions", tmp_path)
    found = {s.id: s.reference.emotions for s in samples}
    assert found == {"x1": ("joy", "neutral"), "x2": ("neutral",)}
    text = 'split,id,text,emotions\ndev,x1,"So ""good",joy|neutral\ntest,x2,Hm.,neutral\n'
    assert loaded("goemotions", written(tmp_path / "comments.csv", text))[1] == samples
    written(at / "dev.tsv", "So good\t7\tx1\n")
    assert "dev.tsv:1: N112" in str(fault(tasks.load, "goemotions", tmp_path, WORDS))


def test_prompts_are_counted_by_language(tmp_path):
    written(tmp_path / "overshare.csv", BOUNDARY)
    samples = sorted(loaded("boundary", tmp_path)[1], key=lambda s: s.id)
    assert [s.id for s in samples] == ["english-1", "english-2", "german-1"]
    assert [s.groups["prompt"] for s in samples] == ["1", "2", "1"]
    assert [s.reference.expected["boundary"] for s in samples] == ["set", "none", "set"]


def test_the_london_set_is_read_as_published(tmp_path):
    written(tmp_path / "data-raw/london_info.csv", FACES)
    for pose, number in (("neutral", "03"), ("smiling", "08")):
        written(tmp_path / f"inst/{pose}_front/001_{number}.jpg", "")
        written(tmp_path / f"inst/{pose}_front/._001_{number}.jpg", "")
    _, samples = loaded("london", tmp_path)
    assert [s.reference.expressions for s in samples] == [(), ("lip_corner_puller", "smile")]
    assert all(Path(s.case.image).is_file() for s in samples)
    assert samples[0].slices == {
        "pose": "neutral",
        "age": "under 30",
        "gender": "female",
        "ethnicity": "west asian",
    }


def test_modelled_faces_keep_the_units_put_in(tmp_path):
    path = written(tmp_path / "labels.json", json.dumps(UNITS))
    (sample,) = loaded("synthetic_au", tmp_path)[1]
    assert sample.reference.units == (12, 14)
    assert sample.reference.expressions == ("lip_corner_puller", "smile")
    written(path, json.dumps([{**UNITS[0], "aus": {"XU1": 1}}]))
    assert "object 1" in str(fault(tasks.load, "synthetic_au", tmp_path, WORDS))


def test_a_clip_is_what_the_benchmark_of_people_makes_of_it(tmp_path):
    lines = tables.shipped("crema_d/votes.csv").read_text().splitlines()
    path = written(tmp_path / "votes.csv", "\n".join([lines[0], *lines[1::271]]) + "\n")
    shutil.copy(definition.folder() / "crema_d/actors.csv", tmp_path)
    task, samples = loaded("crema_d", tmp_path)
    assert "votes.csv, actors.csv" in task.limits[-1]
    votes = crema_d.read(path)
    assert len({s.groups["actor"] for s in samples[:10]}) > 5  # dealt, and not sorted by actor
    samples.sort(key=lambda sample: sample.id)
    found = zip(samples, crema_d.traces(votes), votes.conflict, strict=True)
    for sample, trace, conflict in found:
        assert (sample.case, sample.observation) == (trace.case, trace.observation)
        assert list(sample.reference.votes) == list(crema_d.LABELS)
        chosen = {e: n for e, n in sample.reference.votes.items() if n}
        assert chosen == trace.people.votes
        assert sample.slices["conflict"] == ("yes" if conflict else "no")
    assert {s.slices["sex"] for s in samples} == {"male", "female"}
    assert {s.slices["age"] for s in samples} == {"under 30", "30 to 49", "50 and over"}


@pytest.mark.parametrize("name", ["ferplus", "mdns"])
def test_votes_name_every_answer_that_people_could_choose(name):
    samples = tasks.load(name, words=WORDS)[1]
    assert len({tuple(s.reference.votes) for s in samples}) == 1
    assert any(0 in s.reference.votes.values() for s in samples)


def test_drawn_faces_are_those_of_their_seeds(tmp_path, monkeypatch):
    rows = definition.folder() / "rendered/rows.jsonl"
    made = "".join(strict_json.dumps(row) + "\n" for row in rendered.rows())
    assert rows.read_text(encoding="utf-8") == made
    few = written(tmp_path / "rows.jsonl", "".join(made.splitlines(keepends=True)[:3]))
    pictures = []
    for cache in ("one", "two"):
        monkeypatch.setenv("NESY_CACHE", str(tmp_path / cache))
        samples = list(rendered.samples([few], WORDS))
        pictures.append([Path(s.case.image).read_bytes() for s in samples])
        assert all(s.slices["shown"] in s.reference.expressions for s in samples)
    assert pictures[0] == pictures[1]
