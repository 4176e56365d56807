"""How systems behave: calibration, what an expression changes, attacks, explanations, vetoes."""

from __future__ import annotations

import numpy as np

from nesy.benchmarks.measures import calibration, effect
from nesy.benchmarks.samples import Task

from . import plots
from .found import Found, cell, condition_title, counted, measure_title
from .section import Plot, Section
from .table import Cell, Table

ATTACKED = ("reading_change", "top_change", "verdict_change", "protection_lost")
EXPLAINED = ("soundness", "coverage", "explanation_length", "veto")
# The conditions whose answers to the same line under different faces are told apart.
ASKED = ("constrained", "rules", "governed")


def calibrated(found: Found) -> Section:
    """Return reliability diagrams: whether what is held 70 % likely is so in 70 % of cases."""
    drawn = []
    for task in found.tasks:
        if "ece" not in task.measures:
            continue
        systems = {}
        for condition in found.conditions:
            scores = found.scores(condition, task.name, "ece")
            held = [
                (s.model_extra["confidence"], s.model_extra["outcome"])
                for s in scores
                if s.value is not None and s.model_extra
            ]
            if held and not condition.startswith("-"):
                sure, so = (np.array(side, dtype=np.float64) for side in zip(*held, strict=True))
                bins = calibration.reliability(sure, so)
                points = [(one.confidence, one.outcome, one.n) for one in bins]
                systems[condition_title(condition)] = points
        if systems:
            title = f"Reliability: {task.title}"
            note = "Bins of about equal mass; on the line, probabilities are what they say."
            drawn.append(Plot(title, plots.reliability(title, systems), note))
    intro = "Probability of the top emotion against the share of people who named it."
    if not drawn:
        intro += " No task of this run holds votes."
    return Section("calibration", "Calibration", intro, plots=tuple(drawn))


def effects(found: Found) -> Section:
    """Return what each expression changes while the line stays the same (RQ3)."""
    tables = []
    for task in found.tasks:
        samples = found.samples[task.name]
        if len({e for sample in samples for e in effect.expressions_of(sample)}) < 3:
            continue
        groups = found.clusters(task)
        for condition in (c for c in ASKED if c in found.conditions):
            of = found.answers(condition).get(task.name, {})
            if len(of) < len(samples):
                continue
            told = effect.by_expression(samples, [of[s.id] for s in samples], groups)
            tables += _effects(task, condition, told)
    intro = (
        "Answers to the same line under different faces: sentiment (VADER's compound, -1 to 1), "
        "number of words, tone (taken another or not), content (share of words not in common)."
    )
    if not tables:
        intro += " No task of this run shows three expressions or more beside the same lines."
    return Section("effects", "What an expression changes", intro, tuple(tables))


def _effects(task: Task, condition: str, told: list[effect.Effect]) -> list[Table]:
    names = sorted({each.expression for each in told})
    by = {(each.expression, each.property): each.change for each in told}
    kept = [p for p in effect.PROPERTIES if any(by[n, p].value is not None for n in names)]
    if not kept:
        return []
    rows: list[tuple[Cell, ...]] = []
    for name in names:
        cells = [cell(by[name, p].as_json()) for p in kept]
        rows.append((name, *cells, counted([by[name, p].as_json() for p in kept])))
    rows.sort(key=lambda row: str(row[0]))
    title = f"{task.title}: what an expression changes, {condition_title(condition)}"
    return [Table(title, ("expression", *kept, "n"), tuple(rows))]


def attacked(found: Found) -> Section:
    """Return the robustness suite: change against the clean twin, by kind of change."""
    tables = []
    for task in found.tasks:
        measures = [m for m in ATTACKED if m in task.measures]
        for measure in measures:
            by: dict[str, dict[str, Cell]] = {}
            counts: dict[str, int] = {}
            shown = [c for c in found.conditions if not c.startswith("-")]
            kept = [c for c in shown if _scored(found, task, c, measure)]
            for condition in kept:
                for figure in found.sliced(task.name, condition, measure):
                    ((kind, value),) = figure["slice"].items()
                    if kind == "change":
                        by.setdefault(value, {})[condition] = cell(figure)
                        counts[value] = max(counts.get(value, 0), int(figure["n"]))
            if not kept:
                continue
            rows = [(value, *(of.get(c) for c in kept), counts[value]) for value, of in by.items()]
            whole = [found.figure(task.name, c, measure) for c in kept]
            rows.append(("all changes", *map(cell, whole), counted(whole)))
            heads = ("change", *map(condition_title, kept), "n")
            title = f"{task.title}: {measure_title(measure)}"
            tables.append(Table(title, heads, tuple(rows)))
    intro = (
        "The paper claims robustness to adversarial inputs and reports no experiment. Here each "
        "sample is changed in one way and held against its clean twin; 0 is no change."
    )
    if not tables:
        intro += " This run holds no such task (nesy bench run robustness)."
    return Section("robustness", "Robustness", intro, tuple(tables))


def _scored(found: Found, task: Task, condition: str, measure: str) -> bool:
    figure = found.figure(task.name, condition, measure)
    return figure is not None and figure["value"] is not None


def _told(found: Found, task: Task, measure: str) -> bool:
    return any(_scored(found, task, condition, measure) for condition in found.conditions)


def explained(found: Found) -> Section:
    """Return what explanations are worth, and how often norms stop a reply (P16)."""
    tables = []
    for task in found.tasks:
        measures = [m for m in EXPLAINED if _told(found, task, m)]
        rows: list[tuple[Cell, ...]] = []
        for condition in found.conditions:
            figures = [found.figure(task.name, condition, m) for m in measures]
            if any(f is not None and f["value"] is not None for f in figures):
                rows.append((condition_title(condition), *map(cell, figures), counted(figures)))
        if rows:
            heads = ("", *map(measure_title, measures), "n")
            tables.append(Table(f"Explanations and vetoes: {task.title}", heads, tuple(rows)))
    intro = (
        "An explanation is sound where its leaves and rules derive its conclusion again; a veto is "
        "a verdict other than release."
    )
    if not tables:
        intro += " No task of this run was explained (--explain-every)."
    return Section("explanations", "Explanations and vetoes", intro, tuple(tables))
