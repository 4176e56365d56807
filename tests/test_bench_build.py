"""The data set builder: deterministic, whole after a stop, nothing shared between splits."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nesy import vocabulary
from nesy.benchmarks import tasks
from nesy.benchmarks.build import annotation, fine
from nesy.benchmarks.build.plots import drawn as plotted
from nesy.benchmarks.build.statistics import described
from nesy.benchmarks.build.writing import Order, build
from nesy.benchmarks.samples import Reference, Sample
from nesy.observation import Case

WORDS = vocabulary.load()
COUNT = 40
NESY = (sys.executable, "-m", "nesy")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("built") / "set"
    build(order(folder), WORDS)
    return folder


def order(folder, **changed):
    return replace(Order(folder, COUNT, photos=0.2, quiet=True), **changed)


def content(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# the whole set


def test_a_set_is_a_task_that_loads(built):
    task, samples = tasks.load(built)
    assert len(samples) == COUNT
    assert task.name == "built" and task.rows == "samples.jsonl"
    assert all(Path(sample.case.image).is_file() for sample in samples)
    assert "CC BY 4.0" in (built / "ATTRIBUTION.md").read_text(encoding="utf-8")
    assert "London" in (built / "ATTRIBUTION.md").read_text(encoding="utf-8")
    from nesy.benchmarks.measures import MEASURES

    assert set(task.measures) <= set(MEASURES)


def test_the_same_seed_gives_the_same_bytes_in_one_process_or_two(built, tmp_path):
    build(order(tmp_path / "again", jobs=2), WORDS)
    assert content(tmp_path / "again") == content(built)


def test_a_build_that_was_killed_goes_on_to_the_same_bytes(built, tmp_path):
    folder = tmp_path / "killed"
    command = [*NESY, "bench", "build", "-o", folder, "--count", COUNT, "--photos", 0.2]
    process = subprocess.Popen([*map(str, command)], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while len(list(folder.glob("pictures/*.png"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    left = len(list(folder.glob("pictures/*.png")))
    assert 0 < left < COUNT and not (folder / "task.toml").exists()
    for part in folder.rglob("*.part"):
        part.unlink()
    done = build(order(folder), WORDS)
    assert done.drawn == COUNT - left
    assert content(folder) == content(built)


def test_a_larger_set_begins_with_the_smaller_one(built, tmp_path):
    build(order(tmp_path / "small", count=11), WORDS)
    small, large = content(tmp_path / "small"), content(built)
    assert all(large[name] == data for name, data in small.items() if name.startswith("pictures"))
    assert large["samples.jsonl"].startswith(small["samples.jsonl"])


def test_another_seed_is_refused_in_the_same_folder(nesy, built):
    before = content(built)
    said = nesy("bench", "build", "-o", built, "--seed", 1, "--count", COUNT, "--photos", 0.2)
    assert said.code == 2 and "N701" in said.err and "seed" in said.err
    assert content(built) == before


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(("--form", "coloured"), "N163"), (("--faces", "nowhere"), "N700")],
)
def test_wrong_options_are_told(nesy, tmp_path, arguments, code):
    said = nesy("bench", "build", "-o", tmp_path / "x", "--count", 1, *arguments)
    assert said.code == 2 and code in said.err and not (tmp_path / "x").exists()


# statistics


def made(number, expressions, emotions, line_emotions=()):
    expected = {"line_emotions": ",".join(line_emotions)} if line_emotions else None
    known = Reference(
        origin="template", expressions=expressions, emotions=emotions, expected=expected
    )
    case = Case(id=str(number), line="one two three")
    return Sample(id=str(number), case=case, reference=known, split="train")


def test_statistics_are_pearsons(built):
    _, samples = tasks.load(built)
    found = described(samples, WORDS)
    row, column = found.expressions.index("smile"), found.emotions.index("joy")
    x = [float("smile" in s.reference.expressions) for s in samples]
    y = [float("joy" in s.reference.emotions) for s in samples]
    assert found.correlation[row][column] == pytest.approx(np.corrcoef(x, y)[0, 1], abs=1e-4)
    assert found.together[row][row] == sum(x)
    assert found.emotion_counts["joy"] == sum(y)
    assert sum(found.words.values()) == found.samples == COUNT
    assert found == described(samples[::-1], WORDS)


def test_statistics_say_nothing_where_there_is_nothing():
    found = described([made(1, ("smile",), ("joy",))], WORDS)
    assert {value for row in found.correlation for value in row} == {None}
    empty = described([], WORDS)
    assert (empty.samples, empty.correlated) == (0, 0)
    found = described([made(1, ("smile",), ("joy",)), made(2, (), ("neutral",))], WORDS)
    assert found.correlation[found.expressions.index("smile")] == [1.0, -1.0]


def test_plots_are_drawings_with_names(built):
    _, samples = tasks.load(built)
    found = plotted(described(samples, WORDS))
    assert set(found) == {"correlation", "together", "emotions", "words", "words_correlation"}
    assert all(svg.startswith("<svg") and "aria-label" in svg for svg in found.values())


# annotation


def filled(path, told):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("id", "emotion"), *told])
    return path


def test_sheets_hold_the_same_cases_in_other_orders(nesy, built, tmp_path):
    _, samples = tasks.load(built)
    paths = annotation.sheets(tmp_path, samples, 12, 2)
    tables = [list(csv.DictReader(path.read_text(encoding="utf-8").splitlines())) for path in paths]
    ids = [[row["id"] for row in table] for table in tables]
    assert sorted(ids[0]) == sorted(ids[1]) and len(set(ids[0])) == 12 and ids[0] != ids[1]
    paths[0].write_text("mine", encoding="utf-8")
    annotation.sheets(tmp_path, samples, 12, 2)
    assert paths[0].read_text(encoding="utf-8") == "mine"


def test_alpha_is_krippendorffs(tmp_path):
    krippendorff = pytest.importorskip("krippendorff")
    rng = np.random.default_rng(5)
    names = ("joy", "anger", "fear", "")
    told = {str(i): [names[j] for j in rng.choice(4, 3, p=[0.5, 0.2, 0.2, 0.1])] for i in range(60)}
    codes = {"joy": 0.0, "anger": 1.0, "fear": 2.0, "": np.nan}
    ratings = np.array([[codes[name] for name in row] for row in told.values()])
    expected = krippendorff.alpha(ratings.T, level_of_measurement="nominal")
    assert annotation.agreement(told).value == pytest.approx(expected)


def test_labels_are_kept_by_the_rule(tmp_path):
    told = {
        "all": ["joy", "joy", "joy"],
        "held": ["joy", "joy", "anger"],
        "alone": ["fear", "fear", "anger"],
        "split": ["joy", "anger", "fear"],
        "one": ["joy", "", ""],
    }
    heuristics = {"held": [("joy", "friendliness")], "alone": [("joy",)]}
    found = {label.id: label.emotion for label in annotation.kept(told, heuristics)}
    assert found == {"all": "joy", "held": "joy", "alone": None, "split": None, "one": None}


def test_agreement_accepts_refuses_and_has_no_result(nesy, tmp_path):
    agree = [("a", "joy"), ("b", "anger"), ("c", "Fear"), ("d", "joy")]
    one, two = filled(tmp_path / "1.csv", agree), filled(tmp_path / "2.csv", agree)
    said = nesy("bench", "agreement", one, two, "-o", tmp_path / "labels.csv", "--json")
    assert said.code == 0 and json.loads(said.out)["alpha"]["value"] == 1
    assert (tmp_path / "labels.csv").read_text(encoding="utf-8").count("all agree") == 4
    apart = filled(tmp_path / "3.csv", [("a", "fear"), ("b", "joy"), ("c", "joy"), ("d", "anger")])
    said = nesy("bench", "agreement", one, apart)
    assert said.code == 1 and "not above 0.7" in said.out and "0 of 4 labels kept" in said.out
    said = nesy("bench", "agreement", one)
    assert said.code == 1 and "alpha: no result" in said.out


def test_a_model_and_the_set_speak_where_people_differ(nesy, built, tmp_path):
    _, samples = tasks.load(built)
    name, emotion = samples[0].id, samples[0].reference.emotions[0]
    other = next(e for e in ("fear", "joy") if e not in samples[0].reference.emotions)
    paths = [
        filled(tmp_path / f"{at}.csv", [(name, told), ("x", at_all)])
        for at, (told, at_all) in enumerate([(emotion, "joy"), (emotion, "joy"), (other, "fear")])
    ]
    said = json.loads(nesy("bench", "agreement", *paths, "--set", built, "--json").out)
    assert said["kept"] == 1
    model = filled(tmp_path / "model.csv", [("x", "joy")])
    more = ("--set", built, "--model-labels", model, "--json")
    assert json.loads(nesy("bench", "agreement", *paths, *more).out)["kept"] == 2


def test_faults_of_sheets_are_told_all(nesy, tmp_path):
    path = filled(tmp_path / "1.csv", [("a", "hapiness"), ("b", "joy"), ("b", "joy")])
    said = nesy("bench", "agreement", path)
    assert said.code == 2 and said.err.count("N702") == 2
    assert "did you mean happiness?" in said.err and "told twice" in said.err


# the task `fine`


def test_a_sheet_given_twice_or_cut_by_another_sign_is_told(nesy, tmp_path):
    path = tmp_path / "one.csv"
    path.write_text("id,emotion\nc1,joy\nc2,anger\n")
    said = nesy("bench", "agreement", path, tmp_path / "." / "one.csv")
    assert said.code == 2 and "N702 this sheet is given twice" in said.err
    path.write_text("id;emotion\nc1;joy\n")
    said = nesy("bench", "agreement", path)
    assert "why: ';' stands between its fields" in said.err


def test_the_shipped_rows_of_fine_are_those_made():
    made_now = fine.samples(WORDS)
    path = tasks.definition.folder() / "fine" / "samples.jsonl"
    shipped = [Sample.model_validate_json(line) for line in path.read_text().splitlines()]
    assert made_now == shipped
    _, samples = tasks.load("fine")
    assert {sample.case.line for sample in samples} == {"I'm fine."}
    assert len({sample.case.image for sample in samples}) == len(samples) == 20
