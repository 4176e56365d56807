"""A person as a judge: ratings in a table, one file a rater.

Columns ``sample`` and ``condition``, then one a criterion; an empty cell is not rated. Several
raters are several judges, so that their agreement can be told.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nesy.benchmarks.people import tables
from nesy.benchmarks.samples import Sample
from nesy.diagnostics import Diagnostic, NesyError, nearest

from .questions import RATINGS, questions

PLACE = ("sample", "condition")


class PeopleJudge:
    """Ratings that a person gave; what they did not rate has no ratings."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ratings = read(path)

    def describe(self) -> dict[str, Any]:
        """Return what this judge is."""
        return {"name": "people", "file": self.path.name, "rated": len(self.ratings)}

    def rate_reply(
        self, sample: Sample, reply: str, *, condition: str, seed: int
    ) -> dict[str, int]:
        """Return the ratings of a sample's reply under a condition, empty where there are none."""
        del reply, seed
        return dict(self.ratings.get((sample.id, condition), {}))

    def rate_dialogue(self, sample: Sample, *, seed: int) -> dict[str, int]:
        """Return nothing: whoever rated replies was not asked for the experts' dialogues."""
        del sample, seed
        return {}


def read(path: Path) -> dict[tuple[str, str], dict[str, int]]:
    """Return the ratings of a table by sample and condition.

    Raises NesyError N112 (no such table, a column is missing) and every N743 (a cell, a column).
    """
    known = questions("likert").criteria
    found: dict[tuple[str, str], dict[str, int]] = {}
    faults: list[Diagnostic] = []
    unknown: set[str] = set()
    for line, row in tables.rows(path, PLACE):
        unknown |= set(row) - {*PLACE, *known}
        place = (row["sample"], row["condition"])
        if place in found:
            what, why = f"{' '.join(place)} is rated twice", "a file holds one rater's ratings"
            faults.append(_fault(path, line, what, why, "give each rater a file"))
        found[place] = {}
        for criterion in known:
            cell = row.get(criterion, "").strip()
            if cell in RATINGS:
                found[place][criterion] = int(cell)
            elif cell:
                what = f"{criterion} is {cell[:20]!r} and no rating"
                why = "the scale is the paper's Table 2: 1, 2, 3, 4 or 5"
                faults.append(_fault(path, line, what, why, "write one of them, or leave it empty"))
    for column in sorted(unknown):
        what, why = f"unknown column {column[:40]!r}", "it is no criterion"
        faults.append(_fault(path, 1, what, why, nearest(column[:40], known)))
    if faults:
        raise NesyError(faults)
    return found


def _fault(path: Path, line: int, what: str, why: str, fix: str) -> Diagnostic:
    return Diagnostic("N743", what, why, fix, str(path), line)
