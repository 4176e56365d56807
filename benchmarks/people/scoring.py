"""Score several predictions of the same cases, and ours against each of the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nesy.benchmarks.measures import distributions
from nesy.benchmarks.measures.distributions import Array, Mask
from nesy.benchmarks.measures.intervals import Bootstrap, Interval
from nesy.benchmarks.report.table import Cell, Table

VOTES = "the votes themselves"
HOW_TO_READ = (
    "NLL: cross-entropy of people's votes in nats, mean over cases; the votes' own is the floor.",
    "JSD: Jensen-Shannon divergence in bits. agreement: the top label is the majority's; a tied "
    "majority is met by any of its labels.",
    "ECE: expected calibration error of the top label's share, 15 bins of equal mass, against "
    "the share of votes it got (votes) and against being the majority's (majority).",
)


@dataclass(frozen=True)
class Scores:
    """The figures of one prediction."""

    nll: Interval
    jsd: Interval
    agreement: Interval
    conflicts: Interval
    ece_votes: Interval
    ece_majority: Interval


def scores(said: Array, predicted: Array, draws: Bootstrap, conflict: Mask | None = None) -> Scores:
    """Return the figures; ``conflict`` marks the cases where the two sources disagree."""
    agreed = distributions.agreement(said, predicted)
    sure, got = distributions.top_label(said, predicted)
    none = Interval(float("nan"), float("nan"), float("nan"))
    return Scores(
        nll=draws.mean(distributions.cross_entropy(said, predicted)),
        jsd=draws.mean(distributions.jensen_shannon(said, predicted)),
        agreement=draws.mean(agreed),
        conflicts=none if conflict is None else draws.mean(agreed, conflict),
        ece_votes=draws.calibration(sure, got),
        ece_majority=draws.calibration(sure, agreed),
    )


def scored(
    title: str,
    said: Array,
    predictions: Mapping[str, Array],
    draws: Bootstrap,
    conflict: Mask | None = None,
    notes: tuple[str, ...] = (),
) -> Table:
    """Return the table of all predictions, with the votes themselves as the last row."""
    rows: list[tuple[Cell, ...]] = []
    for name, predicted in {**predictions, VOTES: said}.items():
        found = scores(said, predicted, draws, conflict)
        cells = [found.nll, found.jsd, found.agreement]
        cells += [found.conflicts] if conflict is not None else []
        rows.append((name, *cells, found.ece_votes, found.ece_majority))
    columns = ["", "NLL", "JSD", "agreement"]
    columns += ["on conflicts"] if conflict is not None else []
    columns += ["ECE votes", "ECE majority"]
    return Table(title, tuple(columns), tuple(rows), (*notes, *HOW_TO_READ))


def paired(
    title: str,
    said: Array,
    predictions: Mapping[str, Array],
    ours: str,
    draws: Bootstrap,
    conflict: Mask | None = None,
) -> Table:
    """Return our figures minus each other prediction's, over the same draws."""
    nll = {n: distributions.cross_entropy(said, p) for n, p in predictions.items()}
    agreed = {n: distributions.agreement(said, p) for n, p in predictions.items()}
    rows: list[tuple[Cell, ...]] = []
    for name in predictions:
        if name != ours:
            cells = [draws.mean(nll[ours] - nll[name]), draws.mean(agreed[ours] - agreed[name])]
            if conflict is not None:
                cells.append(draws.mean(agreed[ours] - agreed[name], conflict))
            rows.append((name, *cells))
    columns = ["against", "NLL", "agreement"] + (["on conflicts"] if conflict is not None else [])
    note = "Better: NLL below 0, agreement above 0. An interval without 0 is a difference."
    return Table(title, tuple(columns), tuple(rows), (note,))
