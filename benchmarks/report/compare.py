"""Two runs side by side: their differences, paired by sample, with intervals and a correction."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nesy.benchmarks.measures import MEASURES, compare, corrected
from nesy.benchmarks.samples import Task
from nesy.diagnostics import Diagnostic, NesyError

from .found import Found, cell, condition_title, measure_title
from .table import Cell, Table

NOTE = (
    "B minus A, paired by sample; 95 % intervals by drawing whole clusters; p by swapping "
    "clusters, corrected over all rows (Holm)."
)


def compared(one: Found, other: Found) -> Table:
    """Return B minus A for each task, condition and measure that both runs scored.

    Raises NesyError N751 where they have no task of the same rows in common.
    """
    mine = {task.name: task for task in one.tasks}
    shared = [task for task in other.tasks if _same(mine.get(task.name), task)]
    if not shared:
        what, why = "the two runs have no task in common", _why(one, other)
        fix = "run both on the same version of the same task"
        raise NesyError(Diagnostic("N751", what, why, fix))
    told = [each for task in shared for each in _of_task(one, other, task)]
    tested = [row["p"] for row in told if row["p"] is not None]
    by = iter(corrected(tested))
    rows: list[tuple[Cell, ...]] = []
    for row in told:
        p = "" if row["p"] is None else f"{next(by):.3f}"
        names = (row["task"], condition_title(row["condition"]), measure_title(row["measure"]))
        rows.append((*names, *(cell(row[side]) for side in ("a", "b")), cell(row), row["n"], p))
    heads = ("task", "condition", "measure", "A", "B", "B - A", "n", "p")
    title = f"{one.run.path.name} (A) and {other.run.path.name} (B)"
    return Table(title, heads, tuple(rows), (NOTE, *_changed(one, other)))


def _same(one: Task | None, other: Task) -> bool:
    return one is not None and (one.version, one.sha256) == (other.version, other.sha256)


def _why(one: Found, other: Found) -> str:
    names = [", ".join(f"{t.name} v{t.version}" for t in run.tasks) for run in (one, other)]
    return f"A holds {names[0]}; B holds {names[1]}, or other rows of it"


def _of_task(one: Found, other: Found, task: Task) -> Iterator[dict[str, Any]]:
    held = [{sample.id for sample in run.samples[task.name]} for run in (one, other)]
    kept = held[0] & held[1]
    groups = dict(zip((s.id for s in one.samples[task.name]), one.clusters(task), strict=True))
    for condition in (c for c in one.conditions if c in other.conditions):
        for measure in task.measures:
            scores = [
                {s.sample: s for s in run.scores(condition, task.name, measure)}
                for run in (one, other)
            ]
            names = [s for s in scores[0] if s in kept and s in scores[1]]
            if not names:
                continue
            a, b = ([of[name] for name in names] for of in scores)
            told = compare(MEASURES[measure], b, a, [groups[name] for name in names]).as_json()
            if told["value"] is None:
                continue
            figures = {
                side: run.figure(task.name, condition, measure)
                for side, run in (("a", one), ("b", other))
            }
            named = {"task": task.name, "condition": condition, "measure": measure}
            yield {**told, **figures, **named}


def _changed(one: Found, other: Found) -> tuple[str, ...]:
    """Return what differs between the runs beside their answers."""
    told = []
    for name in ("nesy", "rules", "ontology", "weights"):
        a, b = (run.results["versions"].get(name) for run in (one, other))
        if a != b:
            told.append(f"{name}: {a} and {b}.")
    a, b = (run.run.manifest["setup"] for run in (one, other))
    differing = sorted(k for k in {*a, *b} if a.get(k) != b.get(k))
    told += [f"{name}: {a.get(name)} and {b.get(name)}." for name in differing]
    return tuple(told)
