"""What figures need of scores, in arrays: many figures are made of the same scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nesy.benchmarks.records import Score

from .distributions import Array, Mask

SCORED = -1


@dataclass(frozen=True, slots=True)
class Kept:
    """Scores as numbers, (samples, 1 + extras): the value and what stands beside it.

    ``why`` is SCORED, or the place in ``told`` of the reason that there is no value.
    """

    numbers: Array
    why: NDArray[np.int_]
    told: tuple[str, ...]

    @classmethod
    def of(cls, scores: Sequence[Score], extras: Sequence[str]) -> Kept:
        """Return what is needed of scores that keep these extras."""
        numbers = np.zeros((len(scores), 1 + len(extras)))
        why = np.full(len(scores), SCORED)
        told: dict[tuple[str, str | None], int] = {}
        for at, score in enumerate(scores):
            if score.value is None:
                why[at] = told.setdefault((score.status, score.reason), len(told))
                continue
            numbers[at, 0] = score.value
            if extras:
                more = score.model_extra or {}
                numbers[at, 1:] = [float(more[name]) for name in extras]
        return cls(numbers, why, tuple(reason(*each) for each in told))

    @property
    def scored(self) -> Mask:
        """Mark the samples that have a value."""
        return np.asarray(self.why == SCORED)

    def among(self, members: NDArray[np.int_]) -> Kept:
        """Return what is kept of these samples alone."""
        return Kept(self.numbers[members], self.why[members], self.told)

    def reasons(self) -> dict[str, int]:
        """Return how many were not scored, by reason."""
        counts = np.bincount(self.why[~self.scored], minlength=len(self.told)).tolist()
        found: dict[str, int] = {}
        for name, count in zip(self.told, counts, strict=True):
            if count:
                found[name] = found.get(name, 0) + count
        return dict(sorted(found.items()))


def reason(status: str, told: str | None) -> str:
    """Return a reason as it is counted: of an error its code, of a text its beginning."""
    first = (told or "no reason given").split("\n")[0].strip()
    if status == "skipped":
        return first
    code = first.split(" ")[0].rstrip(":")
    is_code = len(code) == 4 and code[0] == "N" and code[1:].isdigit()
    return f"{status}: {code if is_code else first[:80]}"
