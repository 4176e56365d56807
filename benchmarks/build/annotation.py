"""Ask people what cases mean (sheets), and keep the labels on which they agree.

The paper has 200 items annotated twice, drops labels of low confidence by their agreement with a
model's labels and with what the expressions suggest, and accepts alpha above 0.70.
"""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nesy.benchmarks.measures import Figure
from nesy.benchmarks.measures.agreement import alpha_interval
from nesy.benchmarks.people.tables import rows
from nesy.benchmarks.samples import Sample
from nesy.diagnostics import Diagnostic, NesyError, nearest
from nesy.vocabulary import Vocabulary

from . import about
from .lines import digit

COLUMNS = ("id", "picture", "line", "emotion", "note")
ACCEPTED = 0.70  # the paper's bound for alpha


@dataclass(frozen=True, slots=True)
class Label:
    """What people chose for one case; ``emotion`` is kept where ``reason`` says why it may be."""

    id: str
    votes: dict[str, int]
    emotion: str | None
    reason: str

    def as_row(self) -> tuple[str, str, str, str]:
        """Return the label as a row of a table."""
        votes = ";".join(f"{name}:{count}" for name, count in self.votes.items())
        return self.id, self.emotion or "", votes, self.reason


def sheets(folder: Path, samples: Sequence[Sample], items: int, people: int) -> list[Path]:
    """Write one sheet a person for the same cases, each in an order of its own.

    A sheet that is there already is left as it is: somebody may have filled it in.
    """
    chosen = sorted(samples, key=lambda s: digit(s.id))[:items]
    at = folder / "annotation"
    at.mkdir(parents=True, exist_ok=True)
    written = []
    for person in range(1, people + 1):
        path = at / f"annotator_{person}.csv"
        written.append(path)
        if path.exists():
            continue
        ordered = sorted(chosen, key=lambda s: digit(f"{person} {s.id}"))
        table = [(s.id, f"../{s.case.image}", s.case.line, "", "") for s in ordered]
        about.write(path, _csv(COLUMNS, table))
    return written


def read(paths: Iterable[Path], words: Vocabulary) -> dict[str, list[str]]:
    """Return for each case what each sheet says of it, in the order of the sheets, "" for nothing.

    Raises NesyError N702 with every unknown emotion, every case that a sheet tells twice and every
    sheet that is given twice: a person always agrees with themselves.
    """
    given = list(paths)
    found: dict[str, list[str]] = {}
    faults: list[Diagnostic] = []
    for at, path in enumerate(given):
        if path.resolve() in (before.resolve() for before in given[:at]):
            what, why = "this sheet is given twice", "alpha would be of a person with themselves"
            faults.append(Diagnostic("N702", what, why, "name each sheet once", str(path)))
        told: set[str] = set()
        for line, row in rows(path, ("id", "emotion")):
            name, emotion = row["id"], row["emotion"].strip().lower().replace(" ", "_")
            if name in told:
                what, why = f"{name[:60]} is told twice", "one person gives one label a case"
                faults.append(Diagnostic("N702", what, why, "keep one row", str(path), line))
            elif emotion and emotion not in words.emotions:
                what, why = f"unknown emotion {emotion[:60]!r}", "the ontology has no such term"
                fix = nearest(emotion[:60], words.emotions)
                faults.append(Diagnostic("N702", what, why, fix, str(path), line))
            else:
                told.add(name)
                found.setdefault(name, [""] * len(given))[at] = emotion
    if faults:
        raise NesyError(faults)
    return found


def agreement(told: Mapping[str, Sequence[str]]) -> Figure:
    """Return Krippendorff's nominal alpha of sheets, with its interval over cases."""
    codes = {name: at for at, name in enumerate(sorted({e for row in told.values() for e in row}))}
    ratings = [[codes[e] if e else math.nan for e in row] for row in told.values()]
    sheets = max((len(row) for row in ratings), default=0)
    return alpha_interval(np.array(ratings, float).reshape(-1, sheets), "nominal")


def kept(
    told: Mapping[str, Sequence[str]], heuristics: Mapping[str, Sequence[Iterable[str]]]
) -> Iterator[Label]:
    """Yield each case's label, or why it is dropped.

    A label all share is kept. One that most share is of low confidence: it is kept where one of the
    ``heuristics`` of its case (Table 1's emotions, a model's label) holds it too. Others go.
    """
    for name, row in told.items():
        votes = Counter(emotion for emotion in row if emotion)
        counted = dict(sorted(votes.items(), key=lambda item: (-item[1], item[0])))
        total = sum(votes.values())
        if total < 2:
            yield Label(name, counted, None, "fewer than two labels")
            continue
        top, most = next(iter(counted.items()))
        if most == total:
            yield Label(name, counted, top, "all agree")
        elif most * 2 <= total:
            yield Label(name, counted, None, "no majority")
        elif any(top in set(known) for known in heuristics.get(name, ())):
            yield Label(name, counted, top, "most agree, and so does the template or the model")
        else:
            yield Label(name, counted, None, "most agree, but neither the template nor the model")


def table(labels: Iterable[Label]) -> str:
    """Return labels as a CSV table."""
    return _csv(("id", "emotion", "votes", "reason"), [label.as_row() for label in labels])


def _csv(heading: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(heading)
    writer.writerows(body)
    return out.getvalue()
