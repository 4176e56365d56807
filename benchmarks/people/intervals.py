"""95 % intervals by drawing whole groups again: actors, faces, whatever was sampled together.

Predictions are not made anew in a draw, so an interval tells how a figure would move with other
groups, not with other training data.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import measures
from .measures import Array, Mask

DRAWS = 2000
LOW, HIGH = 2.5, 97.5


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with the 2.5 % and 97.5 % quantiles of its draws."""

    value: float
    low: float
    high: float

    def as_json(self) -> dict[str, float]:
        """Return the three numbers, rounded to 6 decimals."""
        return {name: round(getattr(self, name), 6) for name in ("value", "low", "high")}


class Bootstrap:
    """Draws of groups with replacement, the same for every figure, so that figures pair up."""

    def __init__(self, groups: Sequence[Any], draws: int = DRAWS, seed: int = 0) -> None:
        names, self.group = np.unique(np.asarray(groups), return_inverse=True)
        self.groups = len(names)
        chance = np.random.default_rng(seed)
        # How often each group is drawn: (draws, groups).
        self.times = chance.multinomial(
            self.groups, np.full(self.groups, 1 / self.groups), size=draws
        ).astype(np.float64)

    def mean(self, values: Array, among: Mask | None = None) -> Interval:
        """Return the mean over cases, or over those ``among`` marks."""
        kept = np.ones(len(values), bool) if among is None else among
        if not kept.any():
            return Interval(float("nan"), float("nan"), float("nan"))
        sums = np.bincount(self.group[kept], values[kept], self.groups)
        counts = np.bincount(self.group[kept], minlength=self.groups).astype(np.float64)
        drawn = self.times @ counts
        means = (self.times @ sums)[drawn > 0] / drawn[drawn > 0]
        return _interval(float(values[kept].mean()), means)

    def calibration(self, confidence: Array, outcome: Array) -> Interval:
        """Return the expected calibration error; the bins are those of the whole set.

        Chance never lowers an error of this kind, so the draws lie above the figure itself; the
        interval is moved down by how far (the basic bootstrap), no lower than 0.
        """
        binned = measures.equal_mass(confidence)
        gaps = np.zeros((self.groups, binned.count))
        np.add.at(gaps, (self.group, binned.of), confidence - outcome)
        sizes = np.bincount(self.group, minlength=self.groups).astype(np.float64)
        drawn = np.abs(self.times @ gaps).sum(axis=1) / (self.times @ sizes)
        value = measures.calibration_error(confidence, outcome)
        low, high = np.percentile(drawn, [LOW, HIGH])
        low, high = 2 * value - float(high), 2 * value - float(low)
        return Interval(value, max(0.0, min(value, low)), max(value, high))

    def of(self, statistic: Callable[[Any], float], draws: int = 400) -> Interval:
        """Return any figure of case indices, computed anew for ``draws`` of the draws."""
        members = [np.flatnonzero(self.group == g) for g in range(self.groups)]
        everything = np.arange(len(self.group))
        drawn = [
            statistic(np.concatenate([np.tile(members[g], int(n)) for g, n in _drawn(times)]))
            for times in self.times[:draws]
        ]
        return _interval(statistic(everything), np.array(drawn))


def _drawn(times: Array) -> list[tuple[int, float]]:
    return [(int(g), float(times[g])) for g in np.flatnonzero(times)]


def _interval(value: float, draws: Array) -> Interval:
    low, high = np.percentile(draws, [LOW, HIGH])
    return Interval(value, float(low), float(high))
