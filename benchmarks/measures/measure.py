"""What a measure is: a score a sample, and a figure of many scores with its interval.

A measure whose figure is a function of sums over samples is an `Additive`: what it takes
from one sample, what it adds up, what it makes of the sums. Nothing is zero by having failed:
a sample that cannot be scored says why, and a figure of no scores has no value.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from nesy.benchmarks.records import Answer, Judgement, Score, short_key
from nesy.benchmarks.samples import Reference, Sample
from nesy.diagnostics import Diagnostic, MissingError

from . import intervals
from .distributions import Array
from .intervals import Bootstrap, Interval, Of
from .kept import Kept

Better = Literal["higher", "lower", "none"]
Judgements = Mapping[str, Judgement | Sequence[Judgement]]
# Scores, or what was kept of them for many figures of the same scores.
Scores = Sequence[Score] | Kept
Clusters = Sequence[Any] | NDArray[np.int_]
NOTHING = "nothing was scored"
ONE_CLUSTER = "one cluster: no interval"
ALL_ALIKE = "all clusters are alike: no interval"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of ``n`` scored samples with its 95 % interval, and who was not scored, by reason.

    ``value`` is None where nothing was scored or the figure is not defined; ``low`` and ``high``
    are None where no interval can be told. ``reason`` says which. ``sd`` is the standard deviation
    over samples, where the figure is their mean.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    not_scored: dict[str, int] = field(default_factory=dict)
    sd: float | None = None
    reason: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the fields, numbers rounded to 6 decimals."""
        return _rounded(asdict(self))


@dataclass(frozen=True, slots=True)
class Difference:
    """One system's figure minus another's over the ``n`` samples both were scored on."""

    value: float | None
    low: float | None
    high: float | None
    p: float | None
    n: int
    reason: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the fields, numbers rounded to 6 decimals."""
        return _rounded(asdict(self))


class Measure(Protocol):
    """A way to hold answers against samples; ``signature`` is printed with each figure."""

    @property
    def name(self) -> str:
        """Return what tasks and records call it."""

    @property
    def title(self) -> str:
        """Return what tables call it."""

    @property
    def better(self) -> Better:
        """Return which way is better, if any."""

    @property
    def signature(self) -> str:
        """Return library, version and settings: whatever changes a value."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Return the packages it needs."""

    def score(
        self,
        samples: Sequence[Sample],
        answers: Sequence[Answer],
        judgements: Judgements | None = None,
    ) -> list[Score]:
        """Return one score a sample, in order; samples and answers are paired by position."""

    def kept(self, scores: Scores) -> Kept:
        """Return what figures need of scores."""

    def figure(self, scores: Scores, clusters: Clusters) -> Figure:
        """Return the figure of scores; clusters are drawn whole."""

    def difference(self, one: Scores, other: Scores, clusters: Clusters) -> Difference:
        """Return one system's figure minus the other's, paired by position."""


class NotScored(Exception):
    """A sample cannot be scored, for a reason that counts are kept by."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A sample, what a system answered, and what judges said of the answer."""

    sample: Sample
    answer: Answer
    judgements: tuple[Judgement, ...] = ()

    @property
    def reference(self) -> Reference:
        """Return what the sample is held against; raises NotScored."""
        if self.sample.reference is None:
            raise NotScored("the sample has no reference")
        return self.sample.reference


@dataclass(frozen=True, slots=True)
class Scored:
    """A value, and what else the figure needs of this sample."""

    value: float
    extra: Mapping[str, Any] = field(default_factory=dict)


# From the numbers kept of scores (`Kept.numbers`) to what is added up over samples.
Columns = Callable[[Array], Array]


def values(numbers: Array) -> Array:
    """Return the value of each score and 1, so that sums make a mean."""
    found = np.ones((len(numbers), 2))
    found[:, 0] = numbers[:, 0]
    return found


def beside(numbers: Array) -> Array:
    """Return what scores keep beside the value."""
    return np.ascontiguousarray(numbers[:, 1:])


@dataclass(frozen=True)
class Additive:
    """A measure whose figure is ``figure_of`` sums over samples, a mean unless said otherwise.

    ``of`` scores one pair or raises NotScored; ``extras`` names what ``columns`` need beside the
    value. ``needs`` are packages. ``share`` says that scores
    are 1 or 0, ``raised`` that chance only raises the figure (a calibration error).
    """

    name: str
    title: str
    better: Better
    signature: str
    of: Callable[[Pair], Scored | float]
    columns: Columns = values
    extras: tuple[str, ...] = ()
    figure_of: Of = intervals.ratio
    needs: tuple[str, ...] = ()
    share: bool = False
    raised: bool = False
    undefined: str = "the figure is not defined"

    def score(
        self,
        samples: Sequence[Sample],
        answers: Sequence[Answer],
        judgements: Judgements | None = None,
    ) -> list[Score]:
        """Return one score a sample; raises MissingError N902 where a package is not installed."""
        for package in self.needs:
            require(package, self.title)
        given = judgements or {}
        return [
            self._score(Pair(sample, answer, _listed(given.get(sample.id))))
            for sample, answer in zip(samples, answers, strict=True)
        ]

    def _score(self, pair: Pair) -> Score:
        answer = pair.answer
        kept: dict[str, Any] = {}
        if answer.status != "done":
            kept = {"status": answer.status, "reason": answer.reason or answer.status}
        else:
            try:
                found = self.of(pair)
            except NotScored as error:
                kept = {"status": "skipped", "reason": str(error)}
            else:
                scored = found if isinstance(found, Scored) else Scored(float(found))
                kept = {**scored.extra, "value": round(scored.value, 9)}
        judged = [j.key for j in pair.judgements]
        return Score(
            key=short_key(answer.key, answer.sample, self.signature, *judged),
            task=answer.task,
            sample=answer.sample,
            condition=answer.condition,
            measure=self.name,
            **kept,
        )

    def kept(self, scores: Scores) -> Kept:
        """Return what figures need of scores: the value, and the extras it is made of."""
        return scores if isinstance(scores, Kept) else Kept.of(scores, self.extras)

    def figure(self, scores: Scores, clusters: Clusters) -> Figure:
        """Return the figure with its interval; every state without a value says why."""
        kept = self.kept(scores)
        scored, missing = kept.scored, kept.reasons()
        some = kept.numbers[scored]
        if not len(some):
            return Figure(None, None, None, 0, missing, reason=NOTHING)
        columns = self.columns(some)
        value = float(self.figure_of(columns.sum(axis=0)[None])[0])
        if math.isnan(value):
            return Figure(None, None, None, len(some), missing, reason=self.undefined)
        found, why = self._interval(columns, some[:, 0], np.asarray(clusters)[scored])
        low, high = (None, None) if found is None else (found.low, found.high)
        means = self.figure_of is intervals.ratio and self.columns is values and len(some) > 1
        sd = float(np.std(columns[:, 0], ddof=1)) if means else None
        return Figure(value, low, high, len(some), missing, sd, why)

    def _interval(
        self, columns: Array, scores: Array, groups: NDArray[Any]
    ) -> tuple[Interval | None, str | None]:
        boot = Bootstrap(groups)
        if boot.groups < 2:
            return None, ONE_CLUSTER
        drawn = boot.figure(columns, self.figure_of)
        if math.isclose(drawn.low, drawn.high, rel_tol=1e-9, abs_tol=1e-12):
            # No draw can tell how far from here a figure may lie; of shares, Wilson's interval can.
            if self.share and set(scores.tolist()) in ({0.0}, {1.0}):
                return intervals.share(groups.tolist(), (scores == 1).tolist()), None
            return None, ALL_ALIKE
        return (intervals.basic(drawn) if self.raised else drawn), None

    def difference(self, one: Scores, other: Scores, clusters: Clusters) -> Difference:
        """Return one figure minus the other: bootstrap interval, p by swapping clusters."""
        kept = self.kept(one), self.kept(other)
        both = kept[0].scored & kept[1].scored
        a, b = (side.numbers[both] for side in kept)
        if not len(a):
            return Difference(None, None, None, None, 0, NOTHING)
        sides = self.columns(a), self.columns(b)
        ends = [float(self.figure_of(side.sum(axis=0)[None])[0]) for side in sides]
        value = ends[0] - ends[1]
        if math.isnan(value):
            return Difference(None, None, None, None, len(a), self.undefined)
        drawn = Bootstrap(np.asarray(clusters)[both])
        if drawn.groups < 2:
            return Difference(value, None, None, None, len(a), ONE_CLUSTER)
        found = intervals.difference(*sides, self.figure_of, drawn)
        # What is swapped must be added up alike: bins of a calibration error are common to both.
        common = self.columns(np.concatenate([a, b]))
        swapped = drawn.summed(common[: len(a)]), drawn.summed(common[len(a) :])
        p = intervals.swapped(*swapped, self.figure_of)
        return Difference(value, found.low, found.high, p, len(a))


def compare(measure: Measure, scores_a: Scores, scores_b: Scores, clusters: Clusters) -> Difference:
    """Return A's figure minus B's over samples scored in both, clusters drawn and swapped whole."""
    return measure.difference(scores_a, scores_b, clusters)


def corrected(ps: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number (Holm 1979), in the order given."""
    order = sorted(range(len(ps)), key=lambda i: ps[i])
    found = [0.0] * len(ps)
    most = 0.0
    for rank, i in enumerate(order):
        most = max(most, min(1.0, (len(ps) - rank) * ps[i]))
        found[i] = most
    return found


def require(package: str, what: str) -> None:
    """Raise MissingError N902 where a package of the extra ``bench`` is not installed."""
    if importlib.util.find_spec(package) is None:
        why = f"the Python package {package} is not installed"
        raise MissingError(
            Diagnostic("N902", f"{what} needs {package}", why, "pip install 'nesy[bench]'")
        )


def _listed(given: Judgement | Sequence[Judgement] | None) -> tuple[Judgement, ...]:
    if given is None:
        return ()
    return (given,) if isinstance(given, Judgement) else tuple(given)


def _rounded(fields: dict[str, Any]) -> dict[str, Any]:
    return {k: round(v, 6) if isinstance(v, float) else v for k, v in fields.items()}
