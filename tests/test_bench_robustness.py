"""The robustness suite: one change a twin, the same pictures again, and measures of change."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from nesy import strict_json
from nesy.benchmarks import tasks
from nesy.benchmarks.conditions import CONDITIONS, Settings
from nesy.benchmarks.measures import MEASURES as REGISTERED
from nesy.benchmarks.records import Answer
from nesy.benchmarks.robustness import drawing, lines, suite
from nesy.benchmarks.robustness.measures import CLEAN, MEASURES, NO_TWIN
from nesy.benchmarks.samples import Sample
from nesy.line.text import plain
from nesy.trace import Case
from tests.attacks import WORDS

FOLDER = Path(tasks.__file__).parent / "robustness"
SUPPORT = {"context": ("support",), "jurisdiction": ("eu",), "notice": ("emotion_recognition",)}
AT_WORK = {**SUPPORT, "context": ("workplace",)}
ROW = suite.Drawn("glad", 410_990, {12: 0.8}, "I'm fine.", SUPPORT)


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """Keep pictures out of the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def twins():
    return list(suite.samples([ROW], WORDS))


def test_each_twin_differs_from_its_clean_sample_by_its_change_alone(twins):
    by_name = {s.id: s for s in twins}
    assert len(by_name) == len(twins)
    for twin in (s for s in twins if s.twin):
        clean = by_name[twin.twin]
        assert clean.twin is None and clean.change is None
        same = {
            "picture": twin.case.image == clean.case.image,
            "line": twin.case.line == clean.case.line,
            "report": twin.observation == clean.observation,
            "rules": twin.rules == clean.rules,
        }
        assert sum(not kept for kept in same.values()) == 1, twin.id
        assert twin.case.declared == clean.case.declared and twin.groups == clean.groups
        assert twin.slices["change"] == twin.change


def test_every_change_of_the_readme_is_made():
    attacked = suite.samples([replace(ROW, attacked=True)], WORDS)
    made = {s.change for s in attacked if s.change}
    told = (FOLDER / "README.md").read_text(encoding="utf-8")
    named = [line.split("|")[1] for line in told.splitlines() if line.startswith("| `")]
    assert made == {name for cell in named for name in re.findall(r"`(\w+)`", cell)}


def test_pictures_are_the_same_pixels_again_and_differ_by_change(tmp_path, monkeypatch):
    asked = [("clean", ""), ("blur", ""), ("noise", ""), ("half_intensity", ""), ("written", "JOY")]
    first = [drawing.picture(ROW.person, ROW.units, *each).read_bytes() for each in asked]
    assert len(set(first)) == len(first)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert first == [drawing.picture(ROW.person, ROW.units, *each).read_bytes() for each in asked]


def test_what_is_written_on_a_picture_can_be_seen_and_stays_off_the_face():
    clean, written = (
        np.asarray(Image.open(drawing.picture(ROW.person, ROW.units, *of)).convert("L"), float)
        for of in (("clean",), ("written", "ANGER"))
    )
    rows = np.flatnonzero(np.abs(clean - written).max(axis=1) > 60)
    assert len(rows) > 20 and rows.max() < clean.shape[0] / 6
    assert written[: rows.max()].min() < 60


def test_confusable_letters_look_alike_and_are_others():
    line = "I don't want to be here anymore."
    changed = lines.confusable(line)
    assert changed != line and len(changed) == len(line) and plain(changed) == plain(line)


@given(st.text(max_size=60))
def test_a_paraphrase_is_another_line_or_none(line):
    assert lines.paraphrase(line) != line


def test_every_shipped_line_has_a_paraphrase():
    for _, row in strict_json.lines(FOLDER / "rows.jsonl"):
        assert lines.paraphrase(row["line"]), row["line"]


def answer(name, shares=None, **more):
    return Answer(
        key=name, task="t", sample=name, condition="governed", distribution=shares, **more
    )


def pair(clean, changed):
    twin = Sample(id="b", case=Case(id="b"), twin="a", change="blur", groups={"face": "1"})
    samples = [Sample(id="a", case=Case(id="a"), groups={"face": "1"}), twin]
    return {name: measure.score(samples, [clean, changed])[1] for name, measure in MEASURES.items()}


def test_no_change_is_0_and_another_reading_1():
    told = {"verdict": "release", "norms": ("E101",)}
    same = pair(answer("a", {"joy": 1.0}, **told), answer("b", {"joy": 1.0}, **told))
    assert {s.value for s in same.values()} == {0}
    apart = pair(answer("a", {"joy": 1.0}, **told), answer("b", {"anger": 1.0}, **told))
    assert apart["reading_change"].value == pytest.approx(1) and apart["top_change"].value == 1
    assert apart["verdict_change"].value == 0


def test_a_norm_more_is_a_change_and_no_loss_and_a_norm_less_is_both():
    one = answer("a", {"joy": 1.0}, verdict="block", norms=("E101", "E201"))
    more = pair(one, answer("b", {"joy": 1.0}, verdict="block", norms=("E101", "E111", "E201")))
    assert (more["verdict_change"].value, more["protection_lost"].value) == (1, 0)
    less = pair(one, answer("b", {"joy": 1.0}, verdict="block", norms=("E101",)))
    assert (less["verdict_change"].value, less["protection_lost"].value) == (1, 1)
    freed = pair(one, answer("b", {"joy": 1.0}, verdict="release", norms=("E101", "E201")))
    assert freed["protection_lost"].value == 1


def test_what_failed_or_has_no_verdict_is_not_scored_as_no_change():
    clean = answer("a", {"joy": 1.0})
    failed = pair(clean, answer("b", status="refused", reason="N302 the rule file is refused"))
    assert {s.value for s in failed.values()} == {None}
    assert failed["top_change"].reason == "N302 the rule file is refused"
    plain_ = pair(clean, answer("b", {"joy": 1.0}))
    assert plain_["protection_lost"].reason == "the condition gives no verdict"
    lost = pair(answer("a", status="failed", reason="x"), answer("b", {"joy": 1.0}))
    assert lost["reading_change"].reason == NO_TWIN
    alone = [Sample(id="a", case=Case(id="a"))]
    assert MEASURES["top_change"].score(alone, [clean])[0].reason == CLEAN


SHARES = st.dictionaries(st.sampled_from(["joy", "anger", "fear"]), st.floats(0.01, 1), min_size=1)


@given(SHARES, SHARES)
def test_a_change_is_between_0_and_1_and_the_same_both_ways(one, other):
    there, back = (
        pair(answer("a", x), answer("b", y))["reading_change"].value
        for x, y in ((one, other), (other, one))
    )
    assert 0 <= there <= 1 + 1e-9 and there == pytest.approx(back, abs=1e-8)


def test_the_measures_are_registered_and_a_figure_counts_changed_samples_only(twins):
    assert set(MEASURES) <= set(REGISTERED)
    answers = [answer(s.id, {"joy": 1.0}, verdict="release", norms=()) for s in twins]
    for measure in MEASURES.values():
        scores = measure.score(twins, answers)
        figure = measure.figure(scores, [s.id for s in twins])
        assert (figure.value, figure.n) == (0, sum(s.twin is not None for s in twins))
        assert figure.not_scored == {CLEAN: 2}
        assert measure.difference(scores, scores, [s.id for s in twins]).value == 0


def test_no_rule_file_of_a_stranger_lifts_a_prohibition_but_an_exception_in_due_form():
    row = suite.Drawn("work", 410_991, {15: 0.8}, "I failed the exam again.", AT_WORK, True)
    samples = [s for s in suite.samples([row], WORDS) if s.observation]
    answers = list(CONDITIONS["governed"].answers(samples, {}, Settings("robustness")))
    refused = lifted = 0
    for sample, told in zip(samples, answers, strict=True):
        if told.status != "done":
            assert told.status in ("refused", "failed") and told.verdict in (None, "hold")
            refused += 1
        elif "E101" not in told.norms:
            assert sample.slices["file"] == suite.GRANTED
            lifted += 1
    assert (refused, lifted) == (8, 1)


def test_a_recorded_report_is_what_was_drawn_and_its_twin_contradicts_it(twins):
    recorded = next(s for s in twins if s.observation and not s.twin)
    (face,) = recorded.observation.faces
    assert [u.unit for u in face.action_units] == [12]
    twin = next(s for s in twins if s.change == "contradictory_units")
    units = {u.unit: u.confidence for u in twin.observation.faces[0].action_units}
    assert units[15] < units[12]


def test_the_shipped_rows_are_drawn_of_people_nobody_was_trained_on():
    rows = [row for _, row in strict_json.lines(FOLDER / "rows.jsonl")]
    people = {row["person"] for row in rows}
    assert len(rows) == len(people) == 20 and min(people) >= 400_000
