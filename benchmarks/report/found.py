"""A run as a report reads it: figures and differences by name, samples, answers, scores."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from nesy import strict_json
from nesy.benchmarks.conditions import CONDITIONS
from nesy.benchmarks.measures import MEASURES
from nesy.benchmarks.measures.intervals import Interval
from nesy.benchmarks.records import Answer, Score
from nesy.benchmarks.running.folder import Run
from nesy.benchmarks.running.measured import clusters
from nesy.benchmarks.samples import Sample, Task
from nesy.diagnostics import Diagnostic, NesyError

from .table import Cell

NO_RESULT = "no result"


@dataclass(frozen=True)
class Found:
    """What one run holds."""

    run: Run

    @cached_property
    def results(self) -> dict[str, Any]:
        """Return ``results.json``; raises NesyError N750 where the run was not scored since."""
        path = self.run.path / "results.json"
        if not path.is_file():
            raise self._unscored("has no results", "its answers were not scored")
        found: dict[str, Any] = strict_json.loads(strict_json.read_text(path), file=str(path))
        if found.get("of") != self.run.said():
            raise self._unscored(
                "has figures of before", "answers or ratings have changed since they were scored"
            )
        return found

    def _unscored(self, what: str, why: str) -> NesyError:
        fix = f"nesy bench score {shlex.quote(str(self.run.path))}"
        what = f"{self.run.path.name} {what}"
        return NesyError(Diagnostic("N750", what, why, fix, str(self.run.path)))

    @cached_property
    def tasks(self) -> list[Task]:
        """Return the tasks of the run that were scored."""
        tasks: list[Task] = self.run.tasks
        return tasks

    @property
    def conditions(self) -> list[str]:
        """Return the conditions that have answers, in their own order."""
        names: list[str] = self.run.conditions
        return names

    @cached_property
    def samples(self) -> dict[str, list[Sample]]:
        """Return the samples of each task."""
        samples: dict[str, list[Sample]] = self.run.samples()
        return samples

    @cached_property
    def _figures(self) -> dict[tuple[str, str, str], dict[str, Any]]:
        whole = [each for each in self.results["figures"] if "slice" not in each]
        return {(f["task"], f["condition"], f["measure"]): f for f in whole}

    def figure(self, task: str, condition: str, measure: str) -> dict[str, Any] | None:
        """Return a figure as ``results.json`` holds it, or None where there is none."""
        return self._figures.get((task, condition, measure))

    def sliced(self, task: str, condition: str, measure: str) -> Iterator[dict[str, Any]]:
        """Yield the figures of each slice."""
        for each in self.results["figures"]:
            if "slice" in each and (each["task"], each["condition"], each["measure"]) == (
                task,
                condition,
                measure,
            ):
                yield each

    def differences(self, task: str) -> list[dict[str, Any]]:
        """Return what each condition changes against the one it differs from by one change."""
        return [each for each in self.results["differences"] if each["task"] == task]

    def answers(self, condition: str) -> dict[str, dict[str, Answer]]:
        """Return the answers of a condition, by task and sample."""
        if condition not in self._answers:
            found: dict[str, dict[str, Answer]] = {}
            for answer in self.run.answers(condition).rows.read():
                found.setdefault(answer.task, {})[answer.sample] = answer
            self._answers[condition] = found
        return self._answers[condition]

    @cached_property
    def _answers(self) -> dict[str, dict[str, dict[str, Answer]]]:
        return {}

    def scores(self, condition: str, task: str, measure: str) -> list[Score]:
        """Return the scores of one measure of a task, in the order of the samples."""
        place = (condition, measure)
        if place not in self._scores:
            # A line in forty is of one measure: the others are not read.
            rows = self.run.scores(condition).read(f'"measure":"{measure}"')
            self._scores[place] = [score for score in rows if score.measure == measure]
        return [score for score in self._scores[place] if score.task == task]

    @cached_property
    def _scores(self) -> dict[tuple[str, str], list[Score]]:
        return {}

    def clusters(self, task: Task) -> list[str]:
        """Return the cluster of each sample of a task."""
        groups: list[str] = clusters(task, self.samples[task.name])
        return groups


def condition_title(name: str) -> str:
    """Return what tables call a condition."""
    return CONDITIONS[name].title if name in CONDITIONS else name


def measure_title(name: str) -> str:
    """Return what tables call a measure."""
    return MEASURES[name].title if name in MEASURES else name


def cell(figure: dict[str, Any] | None) -> Cell:
    """Return a figure as a cell: with its interval, alone, or as no result."""
    if figure is None:
        return None
    if figure["value"] is None:
        return NO_RESULT
    value = float(figure["value"])
    if figure["low"] is None or math.isnan(float(figure["low"])):
        return value
    return Interval(value, float(figure["low"]), float(figure["high"]))


def counted(figures: Sequence[dict[str, Any] | None]) -> str:
    """Return how many samples the figures rest on: one number, or the least and the most."""
    found = sorted({figure["n"] for figure in figures if figure is not None})
    if not found:
        return "0"
    return str(found[0]) if len(found) == 1 else f"{found[0]}–{found[-1]}"
