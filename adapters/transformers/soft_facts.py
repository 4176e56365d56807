"""How confidences come about: recorded while writing, scored after it, or counted over samples.

``recorded`` reads the masked probabilities of the tokens as the answer was written; what leaves the
written path early stays unknown. ``scored`` writes the same answer and then asks for every value of
every field, given what was written before it, in one pass more. ``samples`` lets the model answer
several times, and the share of answers is the confidence. All may be corrected by a calibration.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from PIL import Image

from nesy import calibrate, schema
from nesy.diagnostics import Diagnostic, NesyError
from nesy.perceive import LEAST_MASS

from .probabilities import distributions, field_at
from .scorer import Distributions, Scorer, Unscorable

if TYPE_CHECKING:
    from .decoding import Constraint, Row
    from .loading import Loaded

Kind = Literal["recorded", "scored", "samples"]
Inputs = Callable[[], Mapping[str, Any]]
Report = Mapping[str, Any]
MOST_SAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """What a user asks for; without anything, confidences are recorded."""

    kind: Kind = "recorded"
    samples: int = 0
    calibration: Path | None = None

    @classmethod
    def of(cls, soft_facts: str, samples: str | int, calibration: str | Path | None) -> Asked:
        """Read options as they stand on a command line; raises NesyError N165."""
        if soft_facts not in ("recorded", "scored"):
            raise _option(f"soft_facts={soft_facts[:40]}", "write soft_facts=recorded or =scored")
        number = str(samples)
        if not number.isdecimal() or int(number) == 1 or int(number) > MOST_SAMPLES:
            raise _option(f"samples={str(samples)[:40]}", f"write samples=2 to {MOST_SAMPLES}")
        kind: Kind = "scored" if soft_facts == "scored" else "recorded"
        if int(samples) and kind == "scored":
            raise _option("soft_facts=scored and samples", "confidences come from one of the two")
        file = Path(calibration) if calibration else None
        return cls("samples" if int(samples) else kind, int(samples), file)


def _option(what: str, fix: str) -> NesyError:
    why = "the adapter transformers knows other values"
    return NesyError(Diagnostic("N165", f"{what} cannot be asked", why, fix))


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer: the report, what is known of each field, and how far the model was forced."""

    report: Report
    chances: Distributions
    kind: Kind
    mass: float
    forced_at: str | None
    thought: Mapping[str, Any]


class SoftFacts:
    """Reads what one model wrote; a model that cannot be scored is recorded, and says so."""

    def __init__(
        self,
        loaded: Loaded,
        constraint: Constraint,
        tokenizer: Any,
        asked: Asked,
        *,
        thinks: bool = False,
    ) -> None:
        self.loaded, self.constraint, self.asked, self.thinks = loaded, constraint, asked, thinks
        self.scorer = Scorer(loaded.model, tokenizer, constraint.texts)
        self.kind: Kind = asked.kind
        self.fault: str | None = None
        self.calibration: calibrate.Calibration | None = None

    def start(self, inputs: Callable[[Image.Image], Mapping[str, Any]], name: str) -> None:
        """Try the scorer on a picture, and read the calibration; raises NesyError N167-N169."""
        if self.asked.kind == "scored":
            self.fault = self._fault(inputs)
            if self.fault is not None:
                self.kind = "recorded"
                print(
                    f"warn: {name} cannot be scored, so its confidences are recorded: {self.fault}",
                    file=sys.stderr,
                )
        file, folder = self.asked.calibration, self.loaded.folder
        if file is not None:
            self.calibration = calibrate.read(file, self.identity(name))
        elif folder is not None and (folder / calibrate.NAME).is_file():
            found = calibrate.read(folder / calibrate.NAME, self.identity(name), kind=False)
            self.calibration = found if found.soft_facts == self.kind else None

    def _fault(self, inputs: Callable[[Image.Image], Mapping[str, Any]]) -> str | None:
        if self.thinks:
            return "it thinks before it answers, and a thought is no part of what is scored"
        noise = np.random.default_rng(0).integers(0, 256, (96, 128, 3), dtype=np.uint8)
        return self.scorer.fault(inputs(Image.fromarray(noise)), self.constraint.schema)

    def identity(self, name: str) -> dict[str, str]:
        """Return what a calibration is of; raises NesyError N169 where the weights have no name."""
        return {"model": name, "weights": weights_of(self.loaded), "soft_facts": self.kind}

    def seen(
        self,
        rows: Sequence[Row],
        check: Callable[[str], Report],
        inputs: Inputs,
        thought: Mapping[str, Any] | None = None,
    ) -> Seen:
        """Return what the answers to one case say; several are samples. Raises what check does."""
        reports = [check(row.text) for row in rows]
        least = min(rows, key=lambda row: row.mass)
        report, kind = reports[0], self.kind
        if kind == "samples":
            report, chances = counted(self.constraint.schema, reports)
        else:
            chances = {}
            if kind == "scored":
                try:
                    chances = self.scorer.score(inputs(), self.constraint.schema, report)
                except Unscorable:
                    kind = "recorded"
            if not chances:
                chances = distributions(self.constraint.schema, report, rows[0].steps())
        forced = None
        if least.mass < LEAST_MASS:
            forced = forced_at(self.constraint.schema, check(least.text), least)
        return Seen(report, chances, kind, least.mass, forced, thought or {})

    def said(self, seen: Seen) -> dict[str, Any]:
        """Return what an observation tells of how its confidences came about."""
        found: dict[str, Any] = {"forced_at": seen.forced_at}
        if self.asked.kind != "recorded":
            found["soft_facts"] = seen.kind
        if self.calibration is not None and self.calibration.soft_facts == seen.kind:
            found["calibration"] = self.calibration.name
        return found

    def corrected(self, seen: Seen) -> Distributions:
        """Return a case's probabilities, by the calibration if there is one for this kind."""
        if self.calibration is None or self.calibration.soft_facts != seen.kind:
            return seen.chances
        return self.calibration.applied(self.constraint.schema, seen.chances)


def counted(
    report_schema: schema.Schema, reports: Sequence[Report]
) -> tuple[Report, Distributions]:
    """Return the most usual values, and for each field the share of answers for each value.

    The text is that of the answer which has most of the usual values.
    """
    chances: Distributions = {}
    usual: dict[schema.Path, str] = {}
    for path, values in schema.fields(report_schema):
        said = [_at(report, path) for report in reports]
        chances[path] = {value: said.count(value) / len(said) for value in values}
        usual[path] = max(values, key=said.count)
    alike = [sum(_at(report, path) == value for path, value in usual.items()) for report in reports]
    nearest = reports[alike.index(max(alike))]
    report = _with(report_schema, nearest, usual)
    if not isinstance(report, dict):
        raise AssertionError("the schema of a report is an object")
    return report, chances


def _at(report: Report, path: schema.Path) -> Any:
    value: Any = report
    for key in path:
        value = value[key]
    return value


def _with(
    part: schema.Schema, value: Any, usual: Mapping[schema.Path, str], path: schema.Path = ()
) -> Any:
    if "properties" not in part:
        return usual.get(path, value)
    inner = part["properties"].items()
    return {key: _with(below, value[key], usual, (*path, key)) for key, below in inner}


def forced_at(report_schema: schema.Schema, report: Report, row: Row) -> str | None:
    """Return the field that was being written at the step of least mass."""
    if not row.masses:
        return None
    step = row.masses.index(min(row.masses))
    texts = row.constraint.texts
    return field_at(report_schema, report, sum(len(texts[t]) for t in row.tokens[:step]))


def weights_of(loaded: Loaded) -> str:
    """Return a hash of a folder's weights, or the commit of a hub's; raises NesyError N169."""
    commit = getattr(loaded.model.config, "_commit_hash", None)
    if loaded.folder is None and isinstance(commit, str):
        return f"commit:{commit}"
    files = sorted((loaded.folder or Path()).glob("*")) if loaded.folder else []
    kept = [file for file in files if file.suffix in (".safetensors", ".bin", ".pt")]
    if not kept:
        what = f"the weights of {loaded.name} cannot be named"
        why = "neither weight files nor the commit of a hub are there to tell them by"
        raise NesyError(Diagnostic("N169", what, why, "name the model by its folder"))
    sha = hashlib.sha256()
    for file in kept:
        sha.update(file.name.encode() + b"\0")
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                sha.update(block)
    return f"sha256:{sha.hexdigest()}"
