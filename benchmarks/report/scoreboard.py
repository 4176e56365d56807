"""The scoreboard: each condition against people, and what each single change is worth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from nesy.benchmarks.conditions import CONDITIONS
from nesy.benchmarks.measures import MEASURES
from nesy.benchmarks.samples import Task

from .found import NO_RESULT, Found, cell, condition_title, counted, measure_title
from .section import Section
from .table import Cell, Table, written

# Where a reference does not come from people, a figure says how well a system repeats a convention.
ORIGINS = {
    "people": "said by people",
    "template": "made from labels or votes by a template",
    "drawn": "known because the face was drawn so",
    "posed": "what the person was asked to pose",
    "published": "printed in a publication",
    "authors": "written by the authors of the data",
}
HOW = ("95 % intervals, whole clusters drawn again. “no result”: nothing could be scored; no 0.",)
# Measures that a table has room for.
WIDEST = 6
DIFFERS = (
    "Paired by sample, one change at a time; an interval without 0 is a difference. p by swapping "
    "clusters, corrected within task and measure (Holm).",
)


def worth(found: Found) -> Section:
    """Return how close each condition comes to people, and what each single change is worth.

    A task is told by its first measure; its own section has them all.
    """
    judged = [task for task in found.tasks if "people" in _origins(found, task) and task.measures]
    if not judged:
        intro = "No task of this run holds what people said, so nothing is told here."
        return Section("worth", "What the rules add", intro)
    shown = [c for c in found.conditions if not c.startswith("-")]
    heads = [f"{t.name}: {_headed(t.measures[0])}" for t in judged]
    rows = [
        (condition_title(c), *(cell(found.figure(t.name, c, t.measures[0])) for t in judged))
        for c in shown
    ]
    counts = [[found.figure(t.name, c, t.measures[0]) for c in shown] for t in judged]
    rows.append(("n", *map(counted, counts)))
    close = Table("Each condition against what people said", ("", *heads), tuple(rows), HOW)
    by = {
        (d["task"], d["measure"], d["condition"]): d
        for t in judged
        for d in found.differences(t.name)
    }
    moves = [c for c in found.conditions if CONDITIONS[c].base in found.conditions]
    changes = tuple(
        (_move(c), *(_told(by.get((t.name, t.measures[0], c))) for t in judged)) for c in moves
    )
    each = Table("What each change is worth", ("", *heads), changes, DIFFERS)
    intro = (
        "Rows change one thing at a time and keep the rest. A difference is told only where its "
        "interval leaves 0 out."
    )
    return Section("worth", "What the rules add", intro, (close, each))


def _headed(measure: str) -> str:
    arrows = {"higher": " ↑", "lower": " ↓", "none": ""}
    return measure_title(measure) + arrows[MEASURES[measure].better]


def _move(condition: str) -> str:
    base = CONDITIONS[condition].base
    return f"{condition_title(base or '')} → {condition_title(condition)}"


def _told(told: dict[str, Any] | None) -> str | None:
    """Return a difference with whether it is for the better."""
    if told is None:
        return None
    if told["value"] is None:
        return NO_RESULT
    return f"{written(cell(told))} {_verdict(told)}"


def _verdict(told: dict[str, Any]) -> str:
    low, high, better = told["low"], told["high"], MEASURES[told["measure"]].better
    if low is None or high is None:
        return "(cannot be told)"
    if low <= 0 <= high or better == "none":
        return "(not shown)" if low <= 0 <= high else "(differs)"
    return "(better)" if (low > 0) == (better == "higher") else "(worse)"


def tasks(found: Found) -> list[Section]:
    """Return a section for each task: all its figures, what was not scored, and its slices."""
    return [_task(found, task) for task in found.tasks]


def _task(found: Found, task: Task) -> Section:
    figures = {
        (c, m): found.figure(task.name, c, m) for c in found.conditions for m in task.measures
    }
    shown = [m for m in task.measures if any(figures[c, m] is not None for c in found.conditions)]
    some = [shown[at : at + WIDEST] for at in range(0, len(shown), WIDEST)]
    tables = [_figures(found, task, figures, measures) for measures in some]
    tables += [_differences(found, task, measures) for measures in some]
    if missing := _missing(found, task, figures, shown):
        tables.append(missing)
    tables += _slices(found, task, shown)
    origins = ", ".join(ORIGINS[name] for name in _origins(found, task))
    against = (
        f"Held against what is {origins}." if origins else "Samples are held against each other."
    )
    intro = f"{task.asks} {len(found.samples[task.name])} samples, drawn by {task.cluster}."
    points = (against, *task.limits)
    heading = f"{task.title} ({task.name} v{task.version})"
    return Section(f"task-{task.name}", heading, intro, tuple(tables), points=points)


def _figures(
    found: Found,
    task: Task,
    figures: dict[tuple[str, str], dict[str, Any] | None],
    measures: Sequence[str],
) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for condition in found.conditions:
        mine = [figures[condition, m] for m in measures]
        if any(figure is not None for figure in mine):
            rows.append((condition_title(condition), *map(cell, mine), counted(mine)))
    heads = map(_headed, measures)
    signatures = [f"{measure_title(m)}: {MEASURES[m].signature}." for m in measures]
    return Table(task.title, ("", *heads, "n"), tuple(rows), (*HOW, *signatures))


def _differences(found: Found, task: Task, measures: Sequence[str]) -> Table:
    by = {(d["condition"], d["measure"]): d for d in found.differences(task.name)}
    moves = [c for c in found.conditions if any((c, m) in by for m in measures)]
    rows = tuple((_move(c), *(_told(by.get((c, m))) for m in measures)) for c in moves)
    heads = ("", *map(_headed, measures))
    return Table(f"{task.title}: what each change is worth", heads, rows, DIFFERS)


def _missing(
    found: Found,
    task: Task,
    figures: dict[tuple[str, str], dict[str, Any] | None],
    measures: Sequence[str],
) -> Table | None:
    """Return who was not scored, by reason; each sample once, where its measures agree."""
    rows: list[tuple[Cell, ...]] = []
    for condition in found.conditions:
        reasons: dict[tuple[str, int], list[str]] = {}
        for measure in measures:
            figure = figures[condition, measure]
            for reason, count in (figure["not_scored"] if figure else {}).items():
                reasons.setdefault((reason, count), []).append(measure_title(measure))
        for (reason, count), names in sorted(reasons.items()):
            said = "all" if len(names) == len(measures) else ", ".join(names)
            rows.append((condition_title(condition), reason, said, count))
    if not rows:
        return None
    heads = ("", "reason", "measures", "samples")
    return Table(f"{task.title}: what was not scored, and why", heads, tuple(rows))


def _slices(found: Found, task: Task, measures: Sequence[str]) -> list[Table]:
    """Return a table for each kind of slice, of the last condition that has the task's measures."""
    chosen = next((c for c in ("learned", "rules", "constrained") if c in found.conditions), None)
    if chosen is None:
        return []
    kept = measures[:4]
    by: dict[str, dict[str, dict[str, dict[str, Any]]]] = {}
    for measure in kept:
        for figure in found.sliced(task.name, chosen, measure):
            ((kind, value),) = figure["slice"].items()
            by.setdefault(kind, {}).setdefault(value, {})[measure] = figure
    tables = []
    for kind, values in by.items():
        rows = tuple(
            (value, *(cell(of.get(m)) for m in kept), counted(list(of.values())))
            for value, of in values.items()
        )
        title = f"{task.title} by {kind.replace('_', ' ')}, {condition_title(chosen)}"
        tables.append(Table(title, ("", *map(measure_title, kept), "n"), rows, HOW))
    return tables


def _origins(found: Found, task: Task) -> list[str]:
    """Return where the references of a task come from, the commonest first."""
    held = [each.reference for each in found.samples[task.name] if each.reference is not None]
    counts = Counter(reference.texts_origin or reference.origin for reference in held)
    counts += Counter(reference.origin for reference in held)
    return [name for name, _ in counts.most_common()]


def changes() -> Table:
    """Return the conditions and how each differs from its base."""
    rows = tuple(
        (each.name, each.title, each.base or "–", each.change) for each in CONDITIONS.values()
    )
    return Table("The conditions", ("name", "title", "differs from", "by"), rows)
