"""Hold the answers against what people said: every measure, each in one process, then the files."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from nesy import strict_json

from ..measures import MEASURES, likert, named
from ..samples import Task
from . import manifest, measured, pool, store
from .cache import Cache
from .folder import Run
from .measured import Measured
from .progress import Progress
from .setup import Setup

EXPLAINED, VETO = ("soundness", "coverage", "explanation_length"), "veto"


def ready(tasks: Iterable[Task]) -> None:
    """Raise what would keep the answers from being scored, before a model has looked for hours.

    NesyError N710 for an unknown measure, MissingError N902 for a package that is not installed.
    """
    for name in sorted({name for task in tasks for name in task.measures}):
        named(name).score([], [], None)


def score(run: Run, setup: Setup, cache: Cache, *, quiet: bool = False) -> dict[str, Any]:
    """Score every answer of a run; write ``scores/`` and ``results.json``, and return these."""
    conditions = run.conditions
    wanted = {task.name: _wanted(run, task) for task in run.tasks}
    progress = Progress("score", len(conditions) * sum(map(len, wanted.values())), quiet)
    found: dict[tuple[str, str], Measured] = {}
    maker = partial(measured.scoring, run.path, cache.path)
    for done in pool.mapped(([unit] for unit in _units(wanted)), maker, setup.jobs):
        for each in done[0]:
            found[each.task, each.measure] = each
            progress.advance(len(each.blocks))
    progress.end()
    places = [(task, name) for task, names in wanted.items() for name in names]
    for condition in conditions:
        lines = (found[place].blocks[condition].lines for place in places)
        store.replace(run.scores(condition).path, b"".join(lines))
    results = {
        "figures": [
            figure
            for condition in conditions
            for place in places
            for figure in found[place].blocks[condition].figures
        ],
        "differences": [told for place in places for told in found[place].differences],
        "of": run.said(),
        "versions": manifest.versions(setup.vocabulary),
    }
    text = strict_json.dumps(results, indent=1).encode() + b"\n"
    store.replace(run.path / "results.json", text)
    return results


def _units(wanted: dict[str, list[str]]) -> list[tuple[str, list[str]]]:
    """Return each measure with its tasks, for one process to load its model; the dear first."""
    tasks: dict[str, list[str]] = {}
    for task, names in wanted.items():
        for name in names:
            tasks.setdefault(name, []).append(task)
    return sorted(tasks.items(), key=lambda unit: -len(MEASURES[unit[0]].needs))


def _wanted(run: Run, task: Task) -> list[str]:
    """Return a task's measures, and those of what was asked for beside it: judges, explanations."""
    from ..conditions import CONDITIONS

    found = [*task.measures]
    if any(each.task == task.name for each in run.judgements.rows.read()):
        found += likert.CRITERIA
    if run.manifest["setup"].get("explain_every"):
        found += EXPLAINED
    if any(CONDITIONS[c].governed for c in run.conditions if c in CONDITIONS):
        found.append(VETO)
    return list(dict.fromkeys(found))
