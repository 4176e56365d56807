"""What each pack is worth: every interpret pack off in turn, on all that people said.

Packs that alter no reading of a sample of cases are off for free and are named below the table.
House weights unless `learned` is said; learned weights are cross-validated, anew without the pack.
Every reading is mixed with 1 % of equal shares: a pack that is off may leave an answer unread.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nesy import pipeline
from nesy.adapters.embedded.faces.labels import expressions_of
from nesy.benchmarks.measures.distributions import Array, agreement, cross_entropy, shares
from nesy.benchmarks.measures.intervals import Bootstrap
from nesy.benchmarks.report.table import Cell, Table
from nesy.learn import Example
from nesy.reason.engine import Engine
from nesy.rulebook import shipped
from nesy.trace import (
    ActionUnit,
    Case,
    Face,
    LineReading,
    Observation,
    SeenExpression,
    Trace,
    read_traces,
)

from . import crema_d, mdns, rulework, snoek, tables

FLOOR = 0.01
SAMPLE = 40
FOLDS = 5
RIDGE = 1.0
# A reading has changed where this much of its probability has moved.
MOVED = 0.01
# The intensity of a unit that a model has: FACS level C.
SHOWN = 500


Cases = NDArray[np.int_]
# From an engine and case numbers to the readings of these cases.
Read = Callable[[Engine, Cases], Array]


@dataclass(frozen=True)
class Data:
    """Cases to read with packs on and off; ``said`` is None where nobody was asked."""

    name: str
    cases: int
    said: Array | None
    groups: Sequence[str]
    read: Read


def measure(every: int = 8, seed: int = 0) -> list[Table]:
    """Return the table of all sets; of CREMA-D and MDNS every so many-th case is read."""
    rows: list[tuple[Cell, ...]] = []
    notes: list[str] = []
    engines = _engines()
    for data in (*_crema_d(every, seed), *_mdns(every, seed), _models(), _demo()):
        print(f"ablation: {data.name}, {data.cases} cases", file=sys.stderr)
        found, silent = _ablated(data, engines)
        rows += found
        notes.append(f"{data.name}: no reading changes without {', '.join(silent) or 'no pack'}.")
    columns = ("", "cases", "pack off", "NLL", "Δ NLL", "agreement", "Δ agreement", "moved")
    notes += [
        f"moved: readings changed by more than {MOVED:.0%} of their probability. Δ: against all "
        f"packs, over the same draws. CREMA-D and MDNS: one case in {every}. FER+ is read by "
        "`conflict` alone, as MDNS is.",
        "models of units: faces with the units by which people in the West or in East Asia choose "
        "an emotion (see table1). demo: nobody was asked.",
    ]
    return [Table("Ablation: each interpret pack off", columns, tuple(rows), tuple(notes))]


def _engines() -> dict[str, Engine]:
    """Return an engine with all packs, under `none`, and one without each of them."""
    found = {"none": rulework.engine(["+conflict"])}
    for pack in shipped("interpret"):
        change = ["-conflict"] if pack == "conflict" else ["+conflict", f"-{pack}"]
        found[pack] = rulework.engine(change)
    return found


def _ablated(data: Data, engines: Mapping[str, Engine]) -> tuple[list[tuple[Cell, ...]], list[str]]:
    """Return the rows of a set and the packs that do nothing there."""
    everything = np.arange(data.cases)
    sample = everything[:: max(1, data.cases // SAMPLE)]
    probe = data.read(engines["none"], sample)
    full = data.read(engines["none"], everything)
    rows, silent = [_row(data, "none", full, full)], []
    for pack, using in engines.items():
        if pack == "none":
            continue
        if np.allclose(probe, data.read(using, sample), atol=1e-9):
            silent.append(pack)
        else:
            rows.append(_row(data, pack, data.read(using, everything), full))
    return rows, silent


def _row(data: Data, off: str, read: Array, full: Array) -> tuple[Cell, ...]:
    moved = np.abs(read - full).sum(axis=1) / 2 > MOVED
    changed: Cell = None if off == "none" else f"{moved.mean():.0%}"
    if data.said is None:
        return data.name, data.cases, off, None, None, None, None, changed
    draws = Bootstrap(data.groups)
    mixed, whole = ((1 - FLOOR) * r + FLOOR / r.shape[1] for r in (read, full))
    nll, base = cross_entropy(data.said, mixed), cross_entropy(data.said, whole)
    met, before = agreement(data.said, mixed), agreement(data.said, whole)
    apart = (None, None) if off == "none" else (draws.mean(nll - base), draws.mean(met - before))
    return (
        data.name, data.cases, off, draws.mean(nll), apart[0], draws.mean(met), apart[1], changed,
    )  # fmt: skip


def _crema_d(every: int, seed: int) -> list[Data]:
    votes = crema_d.read()
    given, actors = crema_d.traces(votes)[::every], votes.actor[::every]
    fold = crema_d.folds(actors, FOLDS, seed)
    return _voted("CREMA-D", given, shares(votes.both[::every]), actors, crema_d.LABELS, fold)


def _mdns(every: int, seed: int) -> list[Data]:
    rated = mdns.read()
    given, faces = mdns.traces(rated)[::every], rated.faces[::every]
    fold = crema_d.folds(faces, FOLDS, seed)
    return _voted("MDNS", given, shares(rated.means[::every]), faces, mdns.LABELS, fold)


def _voted(
    name: str,
    given: Sequence[Trace],
    said: Array,
    groups: Sequence[str],
    answers: Sequence[str],
    fold: Cases,
) -> list[Data]:
    """Return a set twice: read by house weights, and by weights of the other folds."""
    labels = (*answers, rulework.OTHER)
    known: dict[tuple[str, int], list[Example]] = {}

    def examples(using: Engine, cases: Cases) -> list[Example]:
        key = using.rulebook.digest, len(cases)
        if key not in known:
            known[key] = rulework.examples([given[i] for i in cases], using)
        return known[key]

    def unlearned(using: Engine, cases: Cases) -> Array:
        found = examples(using, cases)
        return rulework.predicted(found, using.weights, labels, using.vocabulary)

    def learned(using: Engine, cases: Cases) -> Array:
        found, words = examples(using, cases), using.vocabulary
        return rulework.learned(found, fold[cases], using.weights, labels, words, ridge=RIDGE)

    padded = np.pad(said, ((0, 0), (0, 1)))
    return [
        Data(name, len(given), padded, groups, unlearned),
        Data(f"{name}, learned", len(given), padded, groups, learned),
    ]


def _models() -> Data:
    """Return the faces that people's models of units describe: which emotion do we read in each."""
    models = snoek.read()
    given, named = [], []
    for (observers, emotion), of in sorted(models.shares.items()):
        units = {unit: share for unit, share in of.items() if share >= 0.5}
        if observers != snoek.ALL and units:
            given.append(_face(f"{emotion}_{observers}", units))
            named.append(emotion)
    labels = (*snoek.EMOTIONS, rulework.OTHER)
    said = np.array([[float(label == name) for label in labels] for name in named])
    return Data("models of units", len(given), said, named, _reasoned(given, labels))


def _face(name: str, units: dict[int, float]) -> Trace:
    """Return a face with these units, and the expressions that our perceivers name for them."""
    seen = [
        ActionUnit(unit=unit, intensity=SHOWN, confidence=round(rulework.FULL * share))
        for unit, share in sorted(units.items())
    ]
    named = sorted(expressions_of(dict.fromkeys(units, 1.0)))
    expressions = [SeenExpression(expression=e, confidence=rulework.FULL) for e in named]
    face = Face(id="f1", action_units=tuple(seen), expressions=tuple(expressions))
    seen_by = Observation(perceiver="people's models", faces=(face,), line=LineReading())
    return Trace(case=Case(id=name), observation=seen_by)


def _demo() -> Data:
    path = tables.shipped("").parent.parent / "demo" / "observations.jsonl"
    given = list(read_traces(path))
    words = rulework.engine(None).vocabulary
    return Data(
        "demo", len(given), None, [t.case.id for t in given], _reasoned(given, [*words.emotions])
    )


def _reasoned(given: Sequence[Trace], labels: Sequence[str]) -> Read:
    def read(using: Engine, cases: Cases) -> Array:
        found = [pipeline.reason(given[i], engine=using).reading or {} for i in cases]
        readings = [dict(of[min(of)].distribution) if of else {} for of in found]
        return rulework.over_labels(readings, labels, using.vocabulary)

    return read
