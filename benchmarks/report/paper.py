"""The paper's tables and figures in our numbers, with what it printed beside them."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from nesy.benchmarks.measures import sentiment
from nesy.benchmarks.measures.distributions import Array
from nesy.benchmarks.measures.effect import expressions_of
from nesy.benchmarks.samples import Task

from . import plots
from .found import NO_RESULT, Found, condition_title, counted, measure_title
from .section import Plot, Section
from .table import Cell, Table

# Figure 5b: the words alone against words and face, the same rules, so that only the face changes.
WITHOUT, WITH = "text_rules", "rules"


@lru_cache(maxsize=1)
def published() -> dict[str, Any]:
    """Return what the paper printed, from published.toml."""
    path = Path(__file__).with_name("published.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def overlap(found: Found) -> Section:
    """Return Table 3 and Figure 5a: overlap and similarity with interpretations in words."""
    printed = published()["table3"]
    measures: list[str] = printed["measures"]
    tables = [printed_table("table3")]
    drawn = []
    for task in with_any(found, ["cosine", *measures]):
        rows = []
        for condition in found.conditions:
            figures = [found.figure(task.name, condition, m) for m in measures]
            if any(figure is not None for figure in figures):
                cells = [_per_cent(f, m) for f, m in zip(figures, measures, strict=True)]
                rows.append((condition_title(condition), *cells, counted(figures)))
        heads = ("", *printed["columns"], "n")
        notes = ("In per cent: mean ± standard deviation over samples.", _references(found, task))
        if rows:
            tables.append(Table(f"Table 3 in our numbers: {task.title}", heads, tuple(rows), notes))
        drawn += _similarity(found, task)
    claim = published()["similarity"]
    intro = (
        f"The paper reports {claim['claim']}; {claim['spread']}. Answers are put in words by one "
        "verbaliser for every condition but free text, so that wording is not what differs."
    )
    return Section("overlap", "Interpretations in words", intro, tuple(tables), tuple(drawn))


def with_any(found: Found, measures: Sequence[str]) -> list[Task]:
    """Return the tasks that ask for any of these measures."""
    return [task for task in found.tasks if set(measures) & set(task.measures)]


def printed_table(name: str) -> Table:
    """Return a table as the paper printed it."""
    printed = published()[name]
    rows = tuple((row["name"], *row["values"]) for row in printed["rows"])
    notes = ("Published, not reproduced.", f"{printed['spread']}.")
    return Table(printed["title"], ("", *printed["columns"]), rows, notes)


def _per_cent(figure: dict[str, Any] | None, measure: str) -> Cell:
    if figure is None:
        return None
    if figure["value"] is None:
        return NO_RESULT
    scale = 1 if measure == "bleu4" else 100
    spread = figure.get("sd")
    mean = f"{scale * figure['value']:.1f}"
    return mean if spread is None else f"{mean} ± {scale * spread:.1f}"


def _references(found: Found, task: Task) -> str:
    held = [s.reference for s in found.samples[task.name] if s.reference and s.reference.texts]
    origins = sorted({str(r.texts_origin or r.origin) for r in held})
    return f"References in words are of origin {', '.join(origins) or 'none'}."


def _similarity(found: Found, task: Task) -> list[Plot]:
    if "cosine" not in task.measures:
        return []
    systems = {
        condition_title(c): values
        for c in found.conditions
        if not c.startswith("-") and len(values := _values(found, c, task, "cosine")) > 1
    }
    if not systems:
        return []
    title = f"Figure 5a in our numbers: {task.title}"
    drawn = plots.curves(title, {"cosine similarity": systems}, "similarity to the reference")
    return [Plot(title, drawn, _references(found, task))]


def _values(found: Found, condition: str, task: Task, measure: str) -> Array:
    scores = found.scores(condition, task.name, measure)
    return np.array([s.value for s in scores if s.value is not None], dtype=np.float64)


def shifts(found: Found) -> Section:
    """Return Figure 5b: how sentiment shifts with the face, tested and not judged by eye."""
    kinds = [f"sentiment_{kind}" for kind in sentiment.KINDS]
    tables, drawn = [], []
    for task in with_any(found, kinds):
        groups = found.clusters(task)
        rows: list[tuple[Cell, ...]] = []
        panels: dict[str, dict[str, Array]] = {}
        for kind in kinds:
            one, other = (found.scores(c, task.name, kind) for c in (WITH, WITHOUT))
            if not one or len(one) != len(other):
                continue
            told = sentiment.shift(one, other, groups)
            tests = (told.mean, told.ks, told.wasserstein, told.variance)
            rows.append((measure_title(kind), told.n, *(_statistic(t) for t in tests)))
            panels[measure_title(kind)] = {
                "words alone": _values(found, WITHOUT, task, kind),
                "words and face": _values(found, WITH, task, kind),
            }
        if rows:
            heads = ("", "n", "mean shift", "KS", "Wasserstein", "variance ratio")
            note = (
                "Words and face against words alone, the same rules; p in brackets, by swapping "
                "paired clusters. A variance ratio below 1: narrower with the face."
            )
            tables.append(Table(f"Sentiment shift: {task.title}", heads, tuple(rows), (note,)))
            title = f"Figure 5b in our numbers: {task.title}"
            drawn.append(Plot(title, plots.curves(title, panels, "VADER score"), note))
    claim = published()["sentiment"]["claim"]
    intro = f"The paper says by eye: {claim}. It changes the model together with the condition."
    return Section(
        "sentiment", "Sentiment with and without a face", intro, tuple(tables), tuple(drawn)
    )


def _statistic(told: Any) -> str:
    if told.value is None:
        return told.reason or NO_RESULT
    p = "" if told.p is None else f" (p {'< 0.001' if told.p < 0.001 else f'{told.p:.3f}'})"
    return f"{told.value:.3f}{p}"


def correlation(found: Found) -> Section:
    """Return Figure 4: which emotion is read from which expression, by model and by rules."""
    drawn = []
    for task in found.tasks:
        samples = found.samples[task.name]
        shown = [expressions_of(sample) for sample in samples]
        names = sorted({e for each in shown for e in each})
        if len(names) < 3:
            continue
        for condition in ("constrained", "rules"):
            if condition not in found.conditions:
                continue
            answers = found.answers(condition).get(task.name, {})
            spread = [(answers[s.id].distribution if s.id in answers else None) for s in samples]
            matrix, emotions = _phi(shown, spread, names)
            if emotions:
                title = f"Figure 4 in our numbers: {task.title}, {condition_title(condition)}"
                note = (
                    "Correlation of an expression being shown with the share an emotion is given."
                )
                drawn.append(Plot(title, plots.heat(title, names, emotions, matrix), note))
    intro = "Which emotions go with which expressions, over the samples of a task."
    if not drawn:
        intro += " No task of this run shows three expressions or more."
    return Section("expressions", "Expressions and emotions", intro, plots=tuple(drawn))


def _phi(
    shown: Sequence[Sequence[str]],
    spread: Sequence[dict[str, float] | None],
    names: Sequence[str],
    most: int = 16,
) -> tuple[Array, list[str]]:
    """Return correlations (expressions, emotions) over answered samples, the likeliest emotions."""
    kept = [(e, d) for e, d in zip(shown, spread, strict=True) if d]
    totals: dict[str, float] = {}
    for _, distribution in kept:
        for emotion, share in distribution.items():
            totals[emotion] = totals.get(emotion, 0.0) + share
    emotions = sorted(sorted(totals, key=lambda e: (-totals[e], e))[:most])
    if len(kept) < 3 or not emotions:
        return np.zeros((0, 0)), []
    seen = np.array([[name in e for name in names] for e, _ in kept], dtype=np.float64)
    given = np.array([[d.get(emotion, 0.0) for emotion in emotions] for _, d in kept])
    seen, given = seen - seen.mean(axis=0), given - given.mean(axis=0)
    scale = np.sqrt((seen**2).sum(axis=0))[:, None] * np.sqrt((given**2).sum(axis=0))[None]
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Array = np.where(scale > 0, seen.T @ given / scale, 0.0)
    return found, emotions


def contradictions() -> Section:
    """Return what the paper says against itself: stated, not reproduced."""
    rows = tuple((each["says"], each["but"]) for each in published()["contradictions"])
    table = Table("What the paper says against itself", ("it says", "but"), rows)
    intro = "These are stated here and not reproduced."
    return Section("contradictions", "The paper against itself", intro, (table,))
