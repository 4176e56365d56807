"""Every measure by name."""

from __future__ import annotations

from nesy.benchmarks.robustness import measures as robustness
from nesy.diagnostics import Diagnostic, NesyError, nearest

from . import explanations, labels, likert, sentiment, sets, similarity, text, votes
from .measure import Measure

_OURS = (votes, sets, labels, similarity, text, sentiment, likert, explanations)

MEASURES: dict[str, Measure] = {m.name: m for module in _OURS for m in module.MEASURES}
MEASURES |= robustness.MEASURES


def named(name: str) -> Measure:
    """Return a measure; raises NesyError N710 naming the nearest one."""
    if name not in MEASURES:
        what = f"unknown measure {name[:80]!r}"
        why = f"there are {len(MEASURES)} measures (`nesy bench list measures`)"
        raise NesyError(Diagnostic("N710", what, why, nearest(name[:80], MEASURES)))
    return MEASURES[name]
