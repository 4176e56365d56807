"""What a set of samples holds: expressions, emotions and words, counted and correlated.

Works on any samples with references, so that a report can describe the set it was made on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nesy.benchmarks.samples import Sample
from nesy.vocabulary import Vocabulary

Matrix = list[list[float | None]]
LONGEST = 40  # words of a line; longer ones are counted as this long


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts and correlations of samples.

    ``correlation`` is Pearson's of two yes-no answers (phi) over the samples with expressions and
    emotions, a row an expression of ``expressions``, a column an emotion of ``emotions``; None
    where one of the two never varies. ``words_correlation`` is the same with what people said of
    the line, its columns ``line_emotions``. ``together`` counts samples with both expressions, on
    the diagonal with the one.
    """

    samples: int
    splits: dict[str, int]
    slices: dict[str, dict[str, int]]
    expressions: list[str]
    emotions: list[str]
    correlation: Matrix
    correlated: int
    line_emotions: list[str]
    words_correlation: Matrix
    words_correlated: int
    together: list[list[int]]
    emotion_counts: dict[str, int]
    origins: dict[str, int]
    words: dict[str, int]
    groups: dict[str, int]


def described(samples: Sequence[Sample], words: Vocabulary) -> Statistics:
    """Return the statistics of samples; what a sample does not say is not counted."""
    expressions = sorted(words.expressions)
    both = [s for s in samples if _expressions(s) is not None and _emotions(s) is not None]
    spoken = [s for s in samples if _expressions(s) is not None and _line_emotions(s)]
    emotions = sorted({name for s in both for name in _emotions(s) or ()})
    said = sorted({name for s in spoken for name in _line_emotions(s)})
    shown = _table(samples, expressions, lambda s: _expressions(s) or ())
    names = sorted({name for s in samples for name in s.slices})
    counted = Counter(name for s in samples for name in _emotions(s) or ())
    return Statistics(
        samples=len(samples),
        splits=_count(s.split or "none" for s in samples),
        slices={name: _count(s.slices.get(name, "none") for s in samples) for name in names},
        expressions=expressions,
        emotions=emotions,
        correlation=_phi(
            _table(both, expressions, lambda s: _expressions(s) or ()),
            _table(both, emotions, lambda s: _emotions(s) or ()),
        ),
        correlated=len(both),
        line_emotions=said,
        words_correlation=_phi(
            _table(spoken, expressions, lambda s: _expressions(s) or ()),
            _table(spoken, said, _line_emotions),
        ),
        words_correlated=len(spoken),
        together=(shown.T @ shown).astype(int).tolist(),
        emotion_counts=dict(sorted(counted.items(), key=lambda item: (-item[1], item[0]))),
        origins=_count(s.reference.origin if s.reference else "none" for s in samples),
        words=_lengths(samples),
        groups={name: len({s.groups.get(name) for s in samples}) for name in _groups(samples)},
    )


def _expressions(sample: Sample) -> tuple[str, ...] | None:
    return sample.reference.expressions if sample.reference else None


def _emotions(sample: Sample) -> tuple[str, ...] | None:
    return sample.reference.emotions if sample.reference else None


def _line_emotions(sample: Sample) -> tuple[str, ...]:
    expected = (sample.reference.expected if sample.reference else None) or {}
    return tuple(name for name in expected.get("line_emotions", "").split(",") if name)


def _groups(samples: Iterable[Sample]) -> list[str]:
    return sorted({name for s in samples for name in s.groups})


def _count(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


def _lengths(samples: Iterable[Sample]) -> dict[str, int]:
    found = Counter(min(LONGEST, len(s.case.line.split())) for s in samples)
    return {str(length): found[length] for length in sorted(found)}


def _table(
    samples: Sequence[Sample], names: Sequence[str], of: Callable[[Sample], Iterable[str]]
) -> NDArray[np.float64]:
    """Return (samples, names) of 0 and 1: which samples have which name."""
    at = {name: column for column, name in enumerate(names)}
    found = np.zeros((len(samples), len(names)))
    for row, sample in enumerate(samples):
        for name in of(sample):
            if name in at:
                found[row, at[name]] = 1.0
    return found


def _phi(rows: NDArray[np.float64], columns: NDArray[np.float64]) -> Matrix:
    """Return the correlation of each column of one table with each of the other."""
    if not len(rows):
        return [[None] * columns.shape[1] for _ in range(rows.shape[1])]
    x, y = rows - rows.mean(axis=0), columns - columns.mean(axis=0)
    scale: Any = np.sqrt(np.outer((x**2).sum(axis=0), (y**2).sum(axis=0)))
    with np.errstate(invalid="ignore", divide="ignore"):
        found = (x.T @ y) / scale
    return [[round(float(v), 4) if np.isfinite(v) else None for v in row] for row in found]
