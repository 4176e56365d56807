"""95 % intervals and p-values by drawing whole groups: actors, faces, whatever goes together.

Predictions are not made anew in a draw, so an interval tells how a figure would move with other
groups, not with other training data. What is drawn are sums: any figure that is a function of sums
over cases (a mean, a ratio, an F1, a calibration error) is drawn without looking at a case again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import calibration
from .distributions import Array, Mask

DRAWS = 2000
SWAPS = 4999
LOW, HIGH = 2.5, 97.5
# Draws that are multiplied at once, to keep them small in memory.
_ROWS = 250

# From sums (draws, columns) to one figure a draw.
Of = Callable[[Array], Array]


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

    def __init__(
        self, groups: Sequence[Any] | NDArray[Any], draws: int = DRAWS, seed: int = 0
    ) -> None:
        names, self.group = np.unique(np.asarray(groups), return_inverse=True)
        self.groups = len(names)
        self.draws = draws
        self._times = _times(self.groups, draws, seed)

    def summed(self, values: Array) -> Array:
        """Return the sums of (cases, columns) over each group, (groups, columns)."""
        found = np.zeros((self.groups, values.shape[1]))
        for place, column in enumerate(values.T):
            found[:, place] = np.bincount(self.group, column, self.groups)
        return found

    def drawn(self, values: Array) -> Array:
        """Return the sums of (cases, columns) over each draw's cases, (draws, columns)."""
        return _product(self._times, self.summed(values))

    def figure(self, values: Array, of: Of) -> Interval:
        """Return the figure ``of`` sums over cases; a draw that has none (NaN) is left out."""
        return _interval(float(of(values.sum(axis=0)[None])[0]), of(self.drawn(values)))

    def mean(self, values: Array, among: Mask | None = None) -> Interval:
        """Return the mean over cases, or over those ``among`` marks."""
        kept = np.ones(len(values), bool) if among is None else among
        columns = np.stack([np.where(kept, values, 0.0), kept.astype(np.float64)], axis=1)
        found = self.figure(columns, ratio)
        # The mean of the kept ones alone is rounded as anybody else would round it.
        return Interval(float(values[kept].mean()), found.low, found.high) if kept.any() else found

    def calibration(self, confidence: Array, outcome: Array) -> Interval:
        """Return the expected calibration error; the bins are those of the whole set.

        Chance never lowers an error of this kind, so the draws lie above the figure itself; the
        interval is moved down by how far (the basic bootstrap), no lower than 0.
        """
        columns = np.column_stack([calibration.gaps(confidence, outcome), np.ones(len(outcome))])
        found = self.figure(columns, mean_gap)
        return basic(Interval(calibration.calibration_error(confidence, outcome), *_ends(found)))

    def of(self, statistic: Callable[[Any], float], draws: int = 400) -> Interval:
        """Return any figure of case indices, computed anew for ``draws`` of the draws."""
        members = [np.flatnonzero(self.group == g) for g in range(self.groups)]
        everything = np.arange(len(self.group))
        drawn = [
            statistic(np.concatenate([np.tile(members[g], int(n)) for g, n in _drawn(times)]))
            for times in self._times[:draws]
        ]
        return _interval(statistic(everything), np.array(drawn))


def ratio(sums: Array) -> Array:
    """Return the first column over the second, NaN where that is 0."""
    nothing: Array = np.full(len(sums), np.nan)
    return np.divide(sums[:, 0], sums[:, 1], out=nothing, where=sums[:, 1] != 0)


def mean_gap(sums: Array) -> Array:
    """Return the sizes of all columns but the last, summed and divided by the last."""
    return ratio(np.stack([np.abs(sums[:, :-1]).sum(axis=1), sums[:, -1]], axis=1))


def basic(found: Interval) -> Interval:
    """Turn an interval around its figure, as chance only raises it; no lower than 0."""
    low, high = 2 * found.value - found.high, 2 * found.value - found.low
    return Interval(found.value, max(0.0, min(found.value, low)), max(found.value, high))


def share(groups: Sequence[Any], hits: Sequence[bool]) -> Interval:
    """Return a share of cases with its interval; cases of a group are drawn together.

    Where each case is its own group, or all came out alike, the interval is Wilson's over as many
    cases as there are groups: no draw can tell how far from 0 or 1 a share may lie.
    """
    if not len(hits):
        return Interval(math.nan, math.nan, math.nan)
    count, distinct = sum(hits), len(set(groups))
    if len(hits) > distinct and 0 < count < len(hits):
        return Bootstrap(groups).mean(np.array(hits, dtype=np.float64))
    # Imported here, so that what needs no share does not wait for it.
    from scipy.stats import binomtest

    found = binomtest(round(distinct * count / len(hits)), distinct)
    ends = found.proportion_ci(method="wilson")
    return Interval(count / len(hits), float(ends.low), float(ends.high))


def difference(one: Array, other: Array, of: Of, drawn: Bootstrap) -> Interval:
    """Return ``of`` one side minus ``of`` the other, over the same draws of (cases, columns)."""
    value = float((of(one.sum(axis=0)[None]) - of(other.sum(axis=0)[None]))[0])
    return _interval(value, of(drawn.drawn(one)) - of(drawn.drawn(other)))


def swapped(one: Array, other: Array, of: Of, seed: int = 0) -> float:
    """Return the two-sided p of a difference between paired sides, by swapping whole groups.

    Both are sums by group, (groups, columns). Of few groups all swaps are tried, of more
    ``SWAPS`` drawn ones and the one seen.
    """
    groups = len(one)
    change = other - one
    seen = float((of(one.sum(axis=0)[None]) - of(other.sum(axis=0)[None]))[0])
    tried, exact = swaps(groups, seed)
    moved = _product(tried, change)
    apart = np.abs(of(one.sum(axis=0) + moved) - of(other.sum(axis=0) - moved))
    # A swap that gives the same figure must not differ by rounding.
    beyond = int((apart >= abs(seen) - 1e-12 * max(1.0, abs(seen))).sum())
    return beyond / len(tried) if exact else (beyond + 1) / (len(tried) + 1)


def swaps(groups: int, seed: int = 0) -> tuple[NDArray[np.uint8], bool]:
    """Return which groups change sides, (tries, groups) of 0 and 1, and whether these are all."""
    exact = 2**groups <= SWAPS + 1
    return (_all_swaps(groups) if exact else _swaps(groups, seed)), exact


# One for each size of a task's slices: drawing takes longer than all else about a figure.
@lru_cache(maxsize=128)
def _times(groups: int, draws: int, seed: int) -> NDArray[np.uint16]:
    """Return how often each group is drawn, (draws, groups)."""
    chance = np.random.default_rng(seed)
    even = np.full(groups, 1 / groups)
    found = np.empty((draws, groups), dtype=np.uint16)
    for start in range(0, draws, _ROWS):
        rows = min(_ROWS, draws - start)
        found[start : start + rows] = chance.multinomial(groups, even, size=rows)
    found.flags.writeable = False
    return found


@lru_cache(maxsize=2)
def _swaps(groups: int, seed: int) -> NDArray[np.uint8]:
    found = np.random.default_rng(seed).integers(0, 2, (SWAPS, groups), dtype=np.uint8)
    found.flags.writeable = False
    return found


def _all_swaps(groups: int) -> NDArray[np.uint8]:
    numbers = np.arange(2**groups)
    return np.asarray((numbers[:, None] >> np.arange(groups)) & 1, dtype=np.uint8)


def _product(times: NDArray[Any], sums: Array) -> Array:
    parts = [
        times[start : start + _ROWS].astype(np.float64) @ sums
        for start in range(0, len(times), _ROWS)
    ]
    return np.concatenate(parts)


def _drawn(times: NDArray[Any]) -> list[tuple[int, float]]:
    return [(int(g), float(times[g])) for g in np.flatnonzero(times)]


def _interval(value: float, draws: Array) -> Interval:
    kept = draws[~np.isnan(draws)]
    if not len(kept):
        return Interval(value, math.nan, math.nan)
    low, high = np.percentile(kept, [LOW, HIGH])
    return Interval(value, float(low), float(high))


def _ends(found: Interval) -> tuple[float, float]:
    return found.low, found.high
