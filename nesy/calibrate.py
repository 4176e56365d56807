"""Calibration: one temperature for each group of fields, so that 70 % likely is so in 70 %.

A perceiver that knows the whole distribution of each field (`Soft`) is shown labelled pictures.
For each group (``action_units``, ``expressions``, ``emotion``, …) the temperature T is found under
which the labels are likeliest, probabilities being p^(1/T), normalised. Its figures are of cases
that it was not found on: cases are dealt into folds by cluster, and each fold is held against the
temperatures of the others. What is kept names the model and the hash of its weights, and is refused
for any other.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError
from scipy.optimize import minimize_scalar

from nesy import schema, strict_json
from nesy.diagnostics import Diagnostic, NesyError
from nesy.labelled import Labelled
from nesy.observation import Case, Value

Array = NDArray[np.float64]
Distributions = Mapping[schema.Path, Mapping[str, float]]
NAME = "calibration.json"
FOLDS, BINS = 5, 15
# What no temperature is believed beyond; a probability of 0 cannot be told from one this small.
COLDEST, HOTTEST, LEAST = 0.05, 20.0, 1e-6


@runtime_checkable
class Soft(Protocol):
    """A perceiver that can be calibrated."""

    def identity(self) -> dict[str, str]:
        """Return ``model``, ``weights`` (a hash) and ``soft_facts``: what a calibration is of."""

    def chances(
        self, cases: Sequence[Case], *, seed: int
    ) -> Iterator[tuple[schema.Schema, Distributions] | NesyError]:
        """Yield, for each case, the report's schema and what is known of each field, uncorrected.

        What the probabilities of a field lack to one is of the values that are not named.
        """


class Figures(Value):
    """How well the labels were foretold; ``ece`` in [0, 1], ``nll`` in nats, ``brier`` in [0, 2].

    Of a unit or an expression the event is that it is there; of a choice, the likeliest value.
    """

    ece: float
    nll: float
    brier: float


class Group(Value):
    """One group of fields: its temperature, and figures of held-out cases before and after."""

    temperature: float = Field(ge=COLDEST, le=HOTTEST, allow_inf_nan=False)
    fields: int
    before: Figures
    after: Figures


class Calibration(Value):
    """Temperatures by group of fields, and the one model that they are of."""

    format: Literal["nesy.calibration.v1"] = "nesy.calibration.v1"
    model: str
    weights: str
    soft_facts: str
    groups: dict[str, Group]
    labels: str
    cases: int
    clusters: int

    @property
    def name(self) -> str:
        """Return what an observation calls it: a hash of its temperatures and its model."""
        kept = {key: group.temperature for key, group in sorted(self.groups.items())}
        told = strict_json.dumps([self.model, self.weights, self.soft_facts, kept])
        return f"sha256:{hashlib.sha256(told.encode()).hexdigest()[:16]}"

    def applied(
        self, report_schema: schema.Schema, found: Distributions
    ) -> dict[schema.Path, dict[str, float]]:
        """Return the probabilities corrected; what is not known stays unknown."""
        values = dict(schema.fields(report_schema))
        corrected = {}
        for path, chances in found.items():
            group = self.groups.get(path[0])
            whole = dict(chances)
            if group is not None and chances:
                vector = tempered(vector_of(values[path], chances), group.temperature)
                paired = zip(values[path], vector.tolist(), strict=True)
                whole = {value: chance for value, chance in paired if value in chances}
            corrected[path] = whole
        return corrected


def vector_of(values: Sequence[str], chances: Mapping[str, float]) -> Array:
    """Return a distribution over all values; those that are not named share what is left."""
    missing = [value for value in values if value not in chances]
    rest = max(0.0, 1.0 - math.fsum(chances.values())) / max(1, len(missing))
    vector = np.array([chances.get(value, rest) for value in values])
    floor = np.maximum(vector, LEAST)
    return np.asarray(floor / floor.sum())


def tempered(vector: Array, temperature: float) -> Array:
    """Return a distribution at a temperature: flatter above 1, sharper below."""
    logs = np.log(vector) / temperature
    shares = np.exp(logs - logs.max())
    return np.asarray(shares / shares.sum())


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled field: its distribution, and which of its values each event is made of.

    ``events`` is (events, values) of 0 and 1, ``label`` the share of people for each event.
    """

    group: str
    cluster: str
    vector: Array
    events: Array
    label: Array

    def at(self, temperature: float) -> Array:
        """Return the probability of each event."""
        return np.asarray(self.events @ tempered(self.vector, temperature))


def examples(
    labelled: Labelled, report_schema: schema.Schema, found: Distributions
) -> Iterator[Example]:
    """Yield each field of a case that is labelled and of which something is known."""
    values = dict(schema.fields(report_schema))
    for path, label in labelled.of(values).items():
        if not found.get(path):
            continue
        events = [[float(value in event) for value in values[path]] for event in label]
        vector = vector_of(values[path], found[path])
        shares = np.array(list(label.values()))
        yield Example(path[0], labelled.cluster, vector, np.array(events), shares)


def figures(some: Sequence[Example], temperatures: Sequence[float]) -> Figures:
    """Return the figures of fields, each at a temperature."""
    nll, brier, confidence, outcome = [], [], [], []
    for example, temperature in zip(some, temperatures, strict=True):
        chance = np.clip(example.at(temperature), LEAST, 1.0)
        nll.append(-float(example.label @ np.log(chance)))
        brier.append(float(((chance - example.label) ** 2).sum()))
        # Of two events the second is that the thing is there; of more, the likeliest is told.
        told = 1 if len(chance) == 2 else int(chance.argmax())
        confidence.append(float(chance[told]))
        outcome.append(float(example.label[told]))
    ece = calibration_error(np.array(confidence), np.array(outcome))
    return Figures(ece=ece, nll=float(np.mean(nll)), brier=float(np.mean(brier)))


def calibration_error(confidence: Array, outcome: Array) -> float:
    """Return the expected calibration error over bins of about equal mass."""
    edges = np.unique(np.quantile(confidence, np.linspace(0, 1, BINS + 1)[1:-1]))
    bins = np.searchsorted(edges, confidence, side="right")
    gaps = np.bincount(bins, confidence - outcome, len(edges) + 1)
    return float(np.abs(gaps).sum() / len(confidence))


def temperature_of(some: Sequence[Example]) -> float:
    """Return the temperature under which the labels are likeliest."""

    def loss(log: float) -> float:
        chances = (np.clip(example.at(math.exp(log)), LEAST, 1.0) for example in some)
        logs = (float(e.label @ np.log(c)) for e, c in zip(some, chances, strict=True))
        # A normal prior of width 1: where every label is right, no temperature is known.
        return log * log / 2 - math.fsum(logs)

    bounds = (math.log(COLDEST), math.log(HOTTEST))
    found = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-3})
    return round(math.exp(found.x), 4)


def fit(
    some: Iterable[Example], identity: Mapping[str, str], *, labels: str, cases: int
) -> Calibration:
    """Find a temperature for each group; raises NesyError N166 where there are too few clusters.

    ``labels`` names the file they are from, ``cases`` counts its rows.
    """
    given = list(some)
    clusters = sorted({example.cluster for example in given}, key=_dealt)
    require_enough(clusters, labels)
    fold = {cluster: number % FOLDS for number, cluster in enumerate(clusters)}
    groups = {}
    for group in dict.fromkeys(example.group for example in given):
        own = [example for example in given if example.group == group]
        others = [
            temperature_of([e for e in own if fold[e.cluster] != part] or own)
            for part in range(FOLDS)
        ]
        groups[group] = Group(
            temperature=temperature_of(own),
            fields=len(own),
            before=figures(own, [1.0] * len(own)),
            after=figures(own, [others[fold[e.cluster]] for e in own]),
        )
    return Calibration(
        model=identity["model"],
        weights=identity["weights"],
        soft_facts=identity["soft_facts"],
        groups=groups,
        labels=labels,
        cases=cases,
        clusters=len(clusters),
    )


def require_enough(clusters: Collection[str], labels: str) -> None:
    """Raise NesyError N166 where there are too few clusters to hold some of them out in turn."""
    if len(clusters) < 2 * FOLDS:
        what = f"{len(clusters)} groups of cases are too few to calibrate with"
        why = f"{FOLDS} parts are held out in turn, and each needs two groups"
        fix = f"label at least {2 * FOLDS} faces; rows with one `group` count once"
        raise NesyError(Diagnostic("N166", what, why, fix, labels))


def _dealt(cluster: str) -> str:
    return hashlib.sha256(cluster.encode()).hexdigest()


def read(path: Path, identity: Mapping[str, str], *, kind: bool = True) -> Calibration:
    """Read a calibration; raises NesyError N167 (it is none) or N168 (it is another model's).

    Without ``kind`` it may be of soft facts that came about in another way.
    """
    try:
        found = Calibration.model_validate(
            strict_json.loads(strict_json.read_text(path), file=str(path))
        )
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        why = f"{'.'.join(map(str, first['loc'])) or 'it'}: {first['msg']}"
        fix = "write one with `nesy calibrate LABELLED.jsonl --with …`"
        what = "this is not a calibration"
        raise NesyError(Diagnostic("N167", what, why, fix, str(path))) from error
    for key in ("weights", "soft_facts") if kind else ("weights",):
        if getattr(found, key) != identity[key]:
            what = f"this calibration is of another model than {identity['model']}"
            why = f"its {key} are {getattr(found, key)}, and here they are {identity[key]}"
            fix = "calibrate this one with `nesy calibrate`, or take the file away"
            raise NesyError(Diagnostic("N168", what, why, fix, str(path)))
    return found


def write(path: Path, calibration: Calibration) -> None:
    """Write a calibration whole, or not at all; raises NesyError N151."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(calibration.model_dump_json(indent=1) + "\n", encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise unwritable(path, error) from error


def unwritable(path: Path, error: OSError) -> NesyError:
    """Return what is said of a file that cannot be written (N151)."""
    what, why = f"{path} cannot be written", error.strerror or str(error)
    return NesyError(Diagnostic("N151", what, why, "name another file with -o"))


def as_soft(perceiver: object, spec: str) -> Soft:
    """Return a perceiver as one that can be calibrated; raises NesyError N169 where it cannot."""
    if isinstance(perceiver, Soft):
        return perceiver
    what = f"{spec} cannot be calibrated"
    why = "it does not know the probability of each value that it could have reported"
    fix = "try --with embedded or --with transformers:NAME"
    raise NesyError(Diagnostic("N169", what, why, fix))
