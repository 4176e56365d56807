"""How far a judge agrees with experts: no rating of its own means anything without this."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nesy.benchmarks.measures.agreement import alpha_interval, quadratic_kappa
from nesy.benchmarks.samples import Sample
from nesy.diagnostics import MissingError, NesyError

from .questions import questions

if TYPE_CHECKING:
    from . import Judge

DIGITS = 6
NOTE = (
    "Experts rated whole dialogues in six dimensions; the judge rated the same. kappa: mean of "
    "Cohen's quadratic-weighted kappa with each expert; alpha: Krippendorff's ordinal alpha of "
    "the pairs of judge and expert. Agreement here says little of other criteria."
)


def calibrate(judge: Judge, samples: Sequence[Sample], *, seed: int = 0) -> dict[str, Any]:
    """Return a judge's agreement with the experts of rated dialogues, as JSON.

    By criterion: ``n`` dialogues that the judge rated, ``failed`` ones it did not, ``kappa`` and
    ``alpha`` with the judge, ``experts_kappa`` and ``experts_alpha`` among the experts. Raises
    MissingError where the judge can rate nothing on this machine.
    """
    rated = [_rated(judge, sample, seed) for sample in samples]
    found = {
        criterion: _agreement(criterion, samples, rated)
        for criterion in questions("empathy").criteria
    }
    return {"judge": judge.describe(), "note": NOTE, "criteria": found}


def _rated(judge: Judge, sample: Sample, seed: int) -> dict[str, int]:
    """Return the judge's ratings, none where it failed: a failure is not a number."""
    try:
        return judge.rate_dialogue(sample, seed=seed)
    except MissingError:
        raise
    except NesyError:
        return {}


def _agreement(
    criterion: str, samples: Sequence[Sample], rated: Sequence[dict[str, int]]
) -> dict[str, Any]:
    rows: list[list[float]] = []
    clusters: list[str] = []
    failed = 0
    for sample, ratings in zip(samples, rated, strict=True):
        said = (sample.reference.ratings or {}).get(criterion) if sample.reference else None
        if said is None:
            continue
        failed += criterion not in ratings
        own = float(ratings.get(criterion, math.nan))
        rows.append([own, *(math.nan if r is None else float(r) for r in said)])
        clusters.append(sample.groups.get("scenario", sample.id))
    raters = len(rows[0]) - 1 if rows else 0
    kept = [(row, c) for row, c in zip(rows, clusters, strict=True) if not math.isnan(row[0])]
    with_judge = [row for row, _ in kept]
    # Pairs, not one table of four raters: the experts' agreement among themselves is not its own.
    pairs = [[row[0], of] for row, _ in kept for of in row[1:]]
    paired = [cluster for row, cluster in kept for _ in row[1:]]
    experts = [row[1:] for row in rows]
    return {
        "n": len(kept),
        "failed": failed,
        "kappa": _mean(_kappas(with_judge, [(0, e + 1) for e in range(raters)])),
        "alpha": alpha_interval(pairs, "ordinal", paired).as_json() if kept else None,
        "experts_kappa": _mean(
            _kappas(experts, [(a, b) for a in range(raters) for b in range(a + 1, raters)])
        ),
        "experts_alpha": alpha_interval(experts, "ordinal", clusters).as_json() if rows else None,
    }


def _kappas(rows: Sequence[Sequence[float]], pairs: Sequence[tuple[int, int]]) -> list[float]:
    columns = list(zip(*rows, strict=True))
    return [float(quadratic_kappa(columns[a], columns[b])) for a, b in pairs] if columns else []


def _mean(values: Sequence[float]) -> float | None:
    """Return the mean of what is defined, None where nothing is (a constant judge)."""
    known = [v for v in values if not math.isnan(v)]
    return round(sum(known) / len(known), DIGITS) + 0.0 if known else None
