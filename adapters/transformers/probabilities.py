"""From recorded decoding steps to a probability for each value of each field.

A field's values share a start and part ways at some token. Where they do, the masked
probabilities of the tokens are the probabilities of the values: a token counts for a value when
it is compatible with that value alone, whichever way the value is cut into tokens. A token
compatible with several values is carried on along the written path; what leaves that path before
it is decided stays unknown, and so a field's probabilities may sum to less than one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nesy import schema


@dataclass(frozen=True, slots=True)
class Step:
    """One decoding step: the text of the token written, and (text, probability) of the likely."""

    written: str
    likely: tuple[tuple[str, float], ...]


def distributions(
    report_schema: schema.Schema, report: Mapping[str, Any], steps: Sequence[Step]
) -> dict[schema.Path, dict[str, float]]:
    """Return, for each enumerated field, the probabilities that are known."""
    text = schema.write(report)
    starts = [0]
    for step in steps:
        starts.append(starts[-1] + len(step.written))
    places = schema.spans(report_schema, report)
    found: dict[schema.Path, dict[str, float]] = {}
    first, before = 0, 0
    for path, values in schema.fields(report_schema):
        start, end = places[path]
        while starts[first + 1] <= before:
            first += 1
        last = first
        while starts[last] < end:
            last += 1
        field = [
            (step, text[at:start], text[start : max(start, at)])
            for step, at in zip(steps[first:last], starts[first:last], strict=True)
        ]
        found[path] = _distribution(values, field)
        before = end
    return found


def field_at(report_schema: schema.Schema, report: Mapping[str, Any], at: int) -> str | None:
    """Return the field in which, or before which, this character of the report stands.

    >>> field_at({"properties": {"a": {"enum": ["no"]}}}, {"a": "no"}, 0)
    'a'
    """
    ends = ((path, end) for path, (_, end) in schema.spans(report_schema, report).items())
    return next((".".join(path) for path, end in ends if at < end), None)


def _distribution(
    values: Sequence[str], steps: Sequence[tuple[Step, str, str]]
) -> dict[str, float]:
    """Follow the written path.

    Each step comes with the text before the value that it still has to write, and with the part
    of the value that is written already.
    """
    known: dict[str, float] = {}
    live = frozenset(values)
    weight = 1.0
    for step, lead, behind in steps:
        ahead = {value: lead + f'"{value}"'[len(behind) :] for value in live}
        groups: dict[frozenset[str], float] = {}
        for text, probability in step.likely:
            if group := _compatible(text, ahead):
                groups[group] = groups.get(group, 0.0) + probability
        # What was too unlikely to be kept, or was cut off, might have been compatible.
        lost = max(0.0, 1.0 - sum(probability for _, probability in step.likely))
        total = sum(groups.values()) + lost
        for group, probability in groups.items():
            if len(group) == 1:
                (value,) = group
                known[value] = known.get(value, 0.0) + weight * probability / total
        chosen = _compatible(step.written, ahead)
        if len(chosen) <= 1:
            break
        weight *= groups.get(chosen, 0.0) / total if total else 0.0
        live = chosen
    return known


def _compatible(token: str, ahead: Mapping[str, str]) -> frozenset[str]:
    """Return the values whose text from here on the token begins, or wholly contains."""
    return frozenset(
        value for value, text in ahead.items() if text.startswith(token) or token.startswith(text)
    )
