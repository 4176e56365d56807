"""From an answer's token probabilities to a probability for each value; or none, and said so.

The probabilities are read by the same code as those of a model that runs here
(`transformers.probabilities`), which weighs the legal answers alone. It reads a report written
without white space, so white space between the parts is taken out of the tokens first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nesy import schema

from ..transformers.probabilities import Step, distributions
from .wires import Token

# A house grade: how sure an answer is taken to be whose probability nobody tells.
UNMEASURED = 0.9


def chances(
    asked: schema.Schema, report: Mapping[str, Any], tokens: Sequence[Token] | None, text: str
) -> tuple[dict[schema.Path, dict[str, float]], bool]:
    """Return a probability for the values of each field, and whether any was measured.

    Where none was, the value that was written has `UNMEASURED` and no other has any.
    """
    steps = steps_of(tokens, text) if tokens else []
    measured: Mapping[schema.Path, Mapping[str, float]] = {}
    if steps and "".join(step.written for step in steps) == schema.write(report):
        measured = distributions(asked, report, steps)
    found: dict[schema.Path, dict[str, float]] = {}
    for path, values in schema.fields(asked):
        written: Any = report
        for key in path:
            written = written[key]
        flat = {value: UNMEASURED if value == written else 0.0 for value in values}
        found[path] = dict(measured.get(path) or flat)
    return found, any(measured.values())


def steps_of(tokens: Sequence[Token], text: str) -> list[Step]:
    """Return the tokens of an answer as steps without white space between the parts of JSON."""
    steps: list[Step] = []
    inside, seen = False, 0
    for token in tokens:
        # The token that ends an answer may be told, and is no part of it.
        if seen >= len(text):
            break
        seen += len(token.text)
        likely = tuple((_squeezed(other, inside)[0], chance) for other, chance in token.likely)
        written, inside = _squeezed(token.text, inside)
        steps.append(Step(written, likely))
    return steps


def _squeezed(text: str, inside: bool) -> tuple[str, bool]:
    """Drop white space outside of strings; say whether the text ends in one.

    No string of a report holds a backslash or a quotation mark.
    """
    kept = []
    for character in text:
        if character == '"':
            inside = not inside
        elif not inside and character in " \t\r\n":
            continue
        kept.append(character)
    return "".join(kept), inside
