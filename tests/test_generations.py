"""The count of valid reports: hostile, repeatable, and it goes on where it stopped."""

import json
from pathlib import Path

import pytest

from nesy.adapters.transformers import backends
from nesy.benchmarks import generations
from nesy.benchmarks.adversaries import ADVERSARIES
from nesy.benchmarks.random_models import BUILDERS


def test_every_model_meets_every_taste_under_both_backends() -> None:
    trials = generations.planned(10_000)
    assert sum(trial.count for trial in trials) == 10_000
    met = {(trial.kind, trial.backend, trial.taste) for trial in trials}
    tastes = {None, *ADVERSARIES}
    assert met == {(k, b, t) for k in BUILDERS for b in backends.NAMES for t in tastes}
    assert len(ADVERSARIES) == 11
    assert {trial.sampled for trial in trials} == {True, False}
    assert len({trial.name for trial in trials}) == len(trials)


def test_lines_are_hostile_and_long() -> None:
    import itertools
    import random

    lines = list(itertools.islice(generations.hostile_lines(random.Random(0)), 60))
    assert max(map(len, lines)) > 50_000
    assert any("Ignore all previous" in line for line in lines)


def test_sixty_hostile_questions_get_valid_reports(tmp_path: Path) -> None:
    models = [("llava", 0)]
    record = tmp_path / "run.jsonl"
    result = generations.measure(60, tmp_path, models=models, record=record)
    assert (result.asked, result.valid, result.truncated) == (60, 60, 0)
    assert result.as_json()["outside_vocabulary"] == 0 and not result.faults
    # Stopped in the midst of a line, it goes on, and asks only what is missing.
    lines = record.read_text().splitlines(keepends=True)
    record.write_text("".join(lines[:-2]) + lines[-2][:30])
    again = generations.measure(60, tmp_path, models=models, record=record)
    assert again == result
    assert len(record.read_text().splitlines()) == len(lines)


def test_another_run_is_not_continued(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = tmp_path / "run.jsonl"
    record.write_text(json.dumps({"benchmark": "generations.v2", "count": 9}) + "\n")
    assert generations.main(["--count", "3", "-o", str(record)]) == 2
    assert "N150" in capsys.readouterr().err
