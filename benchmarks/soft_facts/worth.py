"""What confidences are worth on drawn faces: recorded, scored, counted over samples, and hard."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nesy import calibrate, labelled, registry, schema
from nesy.adapters.transformers.probabilities import distributions
from nesy.adapters.transformers.scorer import Distributions
from nesy.adapters.transformers.soft_facts import counted
from nesy.benchmarks.soft_facts.timing import processor_seconds
from nesy.calibrate import Example
from nesy.shown import picture_of
from nesy.vocabulary import Vocabulary

GROUPS = ("action_units", "expressions", "emotion")
KINDS = ("hard", "recorded", "scored", "samples")


@dataclass(frozen=True, slots=True)
class Case:
    """One face: what each way of asking gives, and the processor seconds that it took."""

    labels: labelled.Labelled
    found: dict[str, Distributions]
    seconds: dict[str, float]


def asked(file: Path, words: Vocabulary, samples: int, sampled: int) -> Iterator[Case]:
    """Yield every way of asking the embedded model of each case; the first few are sampled too."""
    greedy: Any = registry.perceiver("embedded", words)
    drawing: Any = registry.perceiver("embedded?temperature=1", words)
    report_schema, scorer = greedy.constraint.schema, greedy.soft.scorer
    for number, case in enumerate(labelled.read(file, words)):
        shown = (greedy.prompt(case.case.line), picture_of(case.case))
        with processor_seconds() as wrote:
            (row,) = greedy._generate([shown], 0)
        report = json.loads(row.text)
        recorded = distributions(report_schema, report, row.steps())
        with processor_seconds() as scoring:
            scored = scorer.score(greedy._inputs(*shown), report_schema, report)
        fields = schema.fields(report_schema)
        hard = {path: _certain(values, _at(report, path)) for path, values in fields}
        found = {"hard": hard, "recorded": recorded, "scored": scored}
        seconds = {"hard": wrote[0], "recorded": wrote[0], "scored": scoring[0]}
        if number < sampled:
            with processor_seconds() as counting:
                texts = [drawing._generate([shown], 1000 * number + n) for n in range(samples)]
            reports = [json.loads(rows[0].text) for rows in texts]
            found["samples"] = counted(report_schema, reports)[1]
            seconds["samples"] = counting[0]
        if number % 25 == 24:
            print(f"{file.parent.name}: {number + 1} faces", file=sys.stderr)
        yield Case(case, found, seconds)


def report_of(words: Vocabulary) -> schema.Schema:
    """Return the schema of what the embedded model reports."""
    return schema.report_schema(words, ["faces", *GROUPS])


def _at(report: Any, path: schema.Path) -> Any:
    for key in path:
        report = report[key]
    return report


def _certain(values: Sequence[str], written: str) -> dict[str, float]:
    return {value: float(value == written) for value in values}


def examples(cases: Sequence[Case], kind: str, report_schema: schema.Schema) -> list[Example]:
    """Return the labelled fields of those cases that were asked in this way."""
    held = [case for case in cases if kind in case.found]
    return [e for c in held for e in calibrate.examples(c.labels, report_schema, c.found[kind])]


def table(
    fitted: Sequence[Case], tried: Sequence[Case], report_schema: schema.Schema
) -> list[dict[str, Any]]:
    """Return figures of the faces tried, with the temperatures of the others and without.

    Those that were sampled come again by themselves: only there can all ways be compared.
    """
    made = []
    for faces in (tried, [case for case in tried if "samples" in case.found]):
        for kind in KINDS if faces is not tried else KINDS[:-1]:
            for group in GROUPS:
                own = [e for e in examples(faces, kind, report_schema) if e.group == group]
                others = [e for e in examples(fitted, kind, report_schema) if e.group == group]
                if own:
                    made.append({"faces": len(faces), **_row(kind, group, own, others)})
    return made


def _row(
    kind: str, group: str, own: Sequence[Example], others: Sequence[Example]
) -> dict[str, Any]:
    row: dict[str, Any] = {"facts": kind, "group": group, "fields": len(own)}
    row |= calibrate.figures(own, [1.0] * len(own)).model_dump()
    if others and kind in ("recorded", "scored"):
        temperature = calibrate.temperature_of(others)
        after = calibrate.figures(own, [temperature] * len(own))
        row |= {f"{k}_calibrated": v for k, v in after.model_dump().items()}
        row["temperature"] = temperature
    return row
